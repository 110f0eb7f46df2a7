//! `rule show`: one rule, resolved and compiled, in readable lines.

use super::{Given, all, as_json, find, kind};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::Args;
use serde_json::{Value, json};
use sigma::{Literal, Outline, Rule, RuleSet, Source, Standing, Wanted, necessary, outline, relations};
use std::collections::BTreeMap;

pub(crate) const HELP: &str = "Examples:
  bailiwick rule show 'Login as root'
  bailiwick rule show --rules my-rules 5a1c2f3e-0000-4000-8000-000000000001 --json

RULE is an id (or its first eight characters), a name, a title, or a file that holds one rule.";

/// Literals and events of a log source that are told one by one; how many there are more is said.
const TOLD_LIMIT: usize = 12;

/// Arguments of `rule show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    given: Given,
    /// Id, name, title or file of the rule
    #[arg(value_name = "RULE")]
    rule: String,
}

/// What lets the matcher leave a rule alone.
struct Gate {
    literals: Option<Vec<Literal>>,
    shortest: usize,
    cost: &'static str,
}

/// Runs the verb.
pub(crate) fn run(config: &Config, args: &ShowArgs, out: Out) -> Result<Exit, Fault> {
    let loaded = all(config, &args.given.rules, out)?;
    let number = find(&loaded, &args.rule)?;
    let Some(rule) = loaded.rules.get(number) else { return Ok(Exit::Ok) };
    match out.form {
        Form::Text => out.text(&lines(&loaded.rules, number, rule).join("\n")),
        _ => out.document("rule", whole_json(&loaded.rules, number, rule)),
    }
    Ok(Exit::Ok)
}

fn gate(rule: &Rule) -> Gate {
    let literals = necessary(rule);
    let shortest = literals.iter().flatten().map(|l| l.text.chars().count()).min().unwrap_or(0);
    let numbers_only = literals.iter().flatten().all(|l| l.standing == Standing::Number);
    let cost = match (&literals, shortest) {
        (None, _) => "looked at for every event of its log source",
        (Some(list), _) if numbers_only && !list.is_empty() => {
            "opened by numbers: cheap where few events have them"
        }
        (Some(_), 0..=3) => "opened by short texts: often looked at for nothing",
        (Some(list), _) if list.len() > 200 => "opened by many texts: now and then looked at for nothing",
        (Some(_), 4..=7) => "cheap",
        (Some(_), _) => "very cheap: hardly looked at unless it matches",
    };
    Gate { literals, shortest, cost }
}

fn literal_in_words(literal: &Literal) -> String {
    let field = literal.field.as_deref().unwrap_or("any value");
    let verb = match literal.standing {
        Standing::Whole => "is",
        Standing::Start => "begins with",
        Standing::End => "ends with",
        Standing::Part => "contains",
        Standing::Number => "is the number",
    };
    format!("{field} {verb} `{}`", literal.text.chars().take(120).collect::<String>())
}

fn wanted_in_words(wanted: &Wanted) -> String {
    let keys: Vec<String> =
        wanted.keys.iter().map(|(key, list)| format!("{key} {}", list.join(" or "))).collect();
    let keys = if keys.is_empty() { "every event of its form".to_owned() } else { keys.join(", ") };
    match wanted.renames.len() {
        0 => keys,
        _ => {
            let names: Vec<String> = wanted.renames.iter().map(|(r, e)| format!("{r} is {e}")).collect();
            format!("{keys} ({})", names.join(", "))
        }
    }
}

fn lines(rules: &RuleSet, number: usize, rule: &Rule) -> Vec<String> {
    let mut made = vec![rule.title.clone()];
    let mut add = |what: &str, text: String| made.push(format!("  {what:<12} {text}"));
    add("id", rule.id.clone());
    add("kind", kind(rule).to_owned());
    add("level", rule.level.clone().unwrap_or_else(|| "-".into()));
    add("status", rule.status.clone().unwrap_or_else(|| "-".into()));
    add("file", format!("{}:{}", rule.path, rule.line));
    if let Some(text) = &rule.description {
        add("about", text.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    for technique in detect::attack::techniques_of(&rule.tags) {
        let tactics: Vec<&str> =
            technique.tactics.iter().filter_map(|t| detect::attack::tactic(t)).map(|t| t.name).collect();
        add(
            "ATT&CK",
            format!("{} {} ({})", technique.id, detect::attack::whole_name(technique), tactics.join(", ")),
        );
    }
    for id in detect::attack::unknown_of(&rule.tags) {
        add("ATT&CK", format!("{id}: no technique of v{}", detect::attack::VERSION));
    }
    made.extend(source_lines(rule));
    if let Some(outline) = outline(rule) {
        made.extend(outline_lines(&outline));
    }
    made.extend(gate_lines(rule));
    made.extend(relation_lines(rules, number, rule));
    made
}

fn source_lines(rule: &Rule) -> Vec<String> {
    let mut made = vec![String::new(), format!("log source: {}", rule.logsource.in_short())];
    let meant = sigma::Sources::known().meant(&rule.logsource);
    if meant.is_empty() {
        made.push("  not known: events of an unknown form are offered to it, no others".to_owned());
    }
    for source in meant.iter().take(TOLD_LIMIT) {
        made.push(format!("  {}{}", source.name(), about(source)));
        made.extend(source.events.iter().map(|w| format!("    {}", wanted_in_words(w))));
        made.extend(source.unknown.map(|why| format!("    no event is known to belong to it: {why}")));
    }
    if meant.len() > TOLD_LIMIT {
        made.push(format!("  and {} more", meant.len() - TOLD_LIMIT));
    }
    made
}

fn about(source: &Source) -> String {
    if source.about.is_empty() { String::new() } else { format!(": {}", source.about) }
}

fn outline_lines(outline: &Outline) -> Vec<String> {
    let mut made = vec![String::new(), format!("condition: {}", outline.condition)];
    for (name, lines) in &outline.searches {
        made.push(format!("  {name}:"));
        made.extend(lines.iter().map(|l| format!("    {l}")));
    }
    made
}

fn gate_lines(rule: &Rule) -> Vec<String> {
    if rule.kind != sigma::RuleKind::Detection {
        return vec![];
    }
    let gate = gate(rule);
    let mut made = vec![String::new()];
    match &gate.literals {
        None => made.push("gate: none".to_owned()),
        Some(list) => {
            let texts =
                if list.len() == 1 { "one text".to_owned() } else { format!("one of {} texts", list.len()) };
            made.push(format!("gate: {texts}, the shortest of {} characters", gate.shortest));
            made.extend(list.iter().take(TOLD_LIMIT).map(|l| format!("  {}", literal_in_words(l))));
            if list.len() > TOLD_LIMIT {
                made.push(format!("  and {} more", list.len() - TOLD_LIMIT));
            }
        }
    }
    made.push(format!("cost: {}", gate.cost));
    made
}

fn relation_lines(rules: &RuleSet, number: usize, rule: &Rule) -> Vec<String> {
    let mut made = vec![];
    let all = relations(rules, number);
    let groups = [
        ("counted by", &all.feeds),
        ("filtered by", &all.filtered_by),
        ("counts", &all.counts),
        ("filters", &all.filters),
    ];
    for (what, list) in groups.into_iter().filter(|(_, list)| !list.is_empty()) {
        made.push(format!("{what}:"));
        let shown = list.iter().filter_map(|n| rules.get(*n)).take(TOLD_LIMIT);
        made.extend(shown.map(|r| format!("  {} ({})", r.title, r.id)));
        if list.len() > TOLD_LIMIT {
            made.push(format!("  and {} more", list.len() - TOLD_LIMIT));
        }
    }
    if rule.silent {
        made.push("it is silent: only what counts it speaks".to_owned());
    }
    if !made.is_empty() {
        made.insert(0, String::new());
    }
    made
}

fn whole_json(rules: &RuleSet, number: usize, rule: &Rule) -> Value {
    let mut made = as_json(rule);
    let source = |s: &&Source| {
        let events = s.events.iter().map(
            |w| json!({"keys": w.keys, "renames": w.renames.iter().copied().collect::<BTreeMap<_, _>>()}),
        );
        json!({"name": s.name(), "about": s.about, "events": events.collect::<Vec<_>>(), "unknown": s.unknown})
    };
    made["name"] = rule.name.clone().into();
    made["sources"] = sigma::Sources::known().meant(&rule.logsource).iter().map(source).collect();
    if let Some(outline) = outline(rule) {
        let search = |(name, lines): &(String, Vec<String>)| json!({"name": name, "lines": lines});
        made["condition"] = outline.condition.into();
        made["searches"] = outline.searches.iter().map(search).collect();
        made["fields"] = json!(outline.fields);
        made["keywords"] = outline.has_keywords.into();
        made["values"] = outline.values.into();
    }
    if rule.kind == sigma::RuleKind::Detection {
        let gate = gate(rule);
        let list = gate.literals.as_ref().map(|l| l.iter().map(literal_in_words).collect::<Vec<_>>());
        made["gate"] = json!(list);
        made["cost"] = gate.cost.into();
    }
    let technique =
        |t: &&detect::attack::Technique| json!({"id": t.id, "name": t.name, "tactics": t.tactics});
    made["attack"] = detect::attack::techniques_of(&rule.tags).iter().map(technique).collect();
    made["attack_unknown"] = json!(detect::attack::unknown_of(&rule.tags));
    let all = relations(rules, number);
    let ids =
        |list: &[usize]| list.iter().filter_map(|n| rules.get(*n)).map(|r| r.id.clone()).collect::<Vec<_>>();
    made["counted_by"] = json!(ids(&all.feeds));
    made["filtered_by"] = json!(ids(&all.filtered_by));
    made["counts"] = json!(ids(&all.counts));
    made["filters"] = json!(ids(&all.filters));
    made
}
