//! `rule coverage`: techniques of ATT&CK × log sources, and fields that rules ask and nobody delivers.

use super::supply::Supply;
use super::{Given, Sources, all};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::{Args, ValueEnum};
use detect::attack::{self, Technique};
use serde_json::{Value, json};
use sigma::{Rule, RuleKind, RuleSet, relations};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const HELP: &str = "Examples:
  bailiwick rule coverage
  bailiwick rule coverage --rules my-rules --customer acme
  bailiwick rule coverage --sources 'windows/*/sysmon,linux/*/auditd' --json
  bailiwick rule coverage --customer acme --format navigator > acme-layer.json

A rule covers the techniques that its tags name; a correlation also what the rules name that it counts. `rules` counts
the rules that are loaded, `live` those of them that can fire on the sources (all, where none are named). Fields are listed
without which a rule can never match and that no source delivers. The layer is for ATT&CK Navigator.";

/// Log sources of one technique that are told in a row.
const TOLD_LIMIT: usize = 6;

/// How to answer.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    /// Techniques, log sources and fields
    Matrix,
    /// A layer of ATT&CK Navigator, as JSON
    Navigator,
}

/// Arguments of `rule coverage`.
#[derive(Args)]
pub(crate) struct CoverageArgs {
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    sources: Sources,
    /// How to answer
    #[arg(long, value_name = "FORM", value_enum, default_value = "matrix")]
    format: As,
}

/// Rules, and how many of them can fire.
#[derive(Default, Clone, Copy)]
struct Count {
    rules: u64,
    live: u64,
}

/// Everything that is told.
#[derive(Default)]
struct Coverage {
    /// Technique, then log source.
    techniques: BTreeMap<&'static str, BTreeMap<String, Count>>,
    whole: BTreeMap<&'static str, Count>,
    /// Tactic by its tag.
    tactics: BTreeMap<&'static str, Count>,
    sources: BTreeMap<String, Count>,
    /// Fields that nobody delivers: ids of the rules that cannot do without.
    fields: BTreeMap<String, BTreeSet<String>>,
    untagged: u64,
    unknown: BTreeSet<String>,
    all: Count,
}

/// Runs the verb.
pub(crate) fn run(config: &Config, args: &CoverageArgs, out: Out) -> Result<Exit, Fault> {
    let loaded = all(config, &args.given.rules, out)?;
    let supply = Supply::read(&config.home.value, &args.sources, out)?;
    let coverage = Coverage::of(&loaded.rules, &supply);
    if args.format == As::Navigator {
        out.json_line(&coverage.layer(&supply));
        return Ok(Exit::Ok);
    }
    match out.form {
        Form::Text => coverage.text(&supply, out),
        Form::Json => out.document("rule-coverage", coverage.json(&supply)),
        Form::Jsonl => coverage.rows().iter().for_each(|row| out.json_line(row)),
    }
    Ok(Exit::Ok)
}

/// The log sources of a rule: its own, or those of the rules that it counts.
fn sources_of(rules: &RuleSet, number: usize, rule: &Rule, depth: usize) -> BTreeSet<String> {
    if rule.kind != RuleKind::Correlation || depth > 8 {
        return [rule.logsource.in_short()].into();
    }
    let counted = relations(rules, number).counts;
    counted
        .iter()
        .filter_map(|n| Some((*n, rules.get(*n)?)))
        .flat_map(|(n, r)| sources_of(rules, n, r, depth + 1))
        .collect()
}

impl Coverage {
    fn of(rules: &RuleSet, supply: &Supply) -> Self {
        let mut made = Self::default();
        let nevers: Vec<_> = rules.iter().map(|r| supply.never(r)).collect();
        for (number, rule) in rules.iter().enumerate().filter(|(_, r)| r.kind != RuleKind::Filter) {
            let counted =
                if rule.kind == RuleKind::Correlation { relations(rules, number).counts } else { vec![] };
            let dead = |n: &usize| nevers.get(*n).is_some_and(Option::is_some);
            let live = !dead(&number) && (counted.is_empty() || !counted.iter().all(dead));
            if let Some(never) = nevers[number].as_ref().filter(|n| n.code != "logsource") {
                for field in &never.fields {
                    made.fields.entry(field.clone()).or_default().insert(rule.id.clone());
                }
            }
            let tags: Vec<String> = std::iter::once(rule)
                .chain(counted.iter().filter_map(|n| rules.get(*n)))
                .flat_map(|r| r.tags.iter().cloned())
                .collect();
            made.take(rule, &tags, &sources_of(rules, number, rule, 0), live);
        }
        made
    }

    fn take(&mut self, rule: &Rule, tags: &[String], sources: &BTreeSet<String>, live: bool) {
        let add = |count: &mut Count| {
            count.rules += 1;
            count.live += u64::from(live);
        };
        add(&mut self.all);
        sources.iter().for_each(|s| add(self.sources.entry(s.clone()).or_default()));
        let techniques = attack::techniques_of(tags);
        self.untagged += u64::from(techniques.is_empty());
        self.unknown.extend(attack::unknown_of(&rule.tags));
        let tactics: BTreeSet<&'static str> =
            techniques.iter().flat_map(|t| t.tactics.iter().copied()).collect();
        tactics.into_iter().for_each(|t| add(self.tactics.entry(t).or_default()));
        for technique in techniques {
            add(self.whole.entry(technique.id).or_default());
            let row = self.techniques.entry(technique.id).or_default();
            sources.iter().for_each(|s| add(row.entry(s.clone()).or_default()));
        }
    }

    fn each(&self) -> impl Iterator<Item = (&'static Technique, Count, &BTreeMap<String, Count>)> {
        let whole = |id: &str| self.whole.get(id).copied().unwrap_or_default();
        self.techniques.iter().filter_map(move |(id, row)| Some((attack::technique(id)?, whole(id), row)))
    }

    fn rows(&self) -> Vec<Value> {
        let row = |(technique, whole, row): (&Technique, Count, &BTreeMap<String, Count>)| {
            let sources: Vec<Value> = row
                .iter()
                .map(|(name, c)| json!({"logsource": name, "rules": c.rules, "live": c.live}))
                .collect();
            json!({"id": technique.id, "name": attack::whole_name(technique), "tactics": technique.tactics, "rules": whole.rules, "live": whole.live, "sources": sources})
        };
        self.each().map(row).collect()
    }

    fn json(&self, supply: &Supply) -> Value {
        let tactic = |t: &attack::Tactic| {
            let count = self.tactics.get(t.tag).copied().unwrap_or_default();
            json!({"id": t.id, "tag": t.tag, "name": t.name, "rules": count.rules, "live": count.live})
        };
        let source =
            |(name, c): (&String, &Count)| json!({"logsource": name, "rules": c.rules, "live": c.live});
        let field = |(name, rules): (&String, &BTreeSet<String>)| json!({"field": name, "rules": rules});
        json!({
            "attack": attack::VERSION, "against": supply.in_words(), "rules": self.all.rules, "live": self.all.live,
            "untagged": self.untagged, "unknown_techniques": self.unknown,
            "tactics": attack::tactics().iter().map(tactic).collect::<Vec<_>>(),
            "techniques": self.rows(),
            "sources": self.sources.iter().map(source).collect::<Vec<_>>(),
            "undelivered": self.fields.iter().map(field).collect::<Vec<_>>(),
        })
    }

    fn text(&self, supply: &Supply, out: Out) {
        let row = |(technique, whole, row): (&Technique, Count, &BTreeMap<String, Count>)| {
            let mut sources: Vec<(&String, &Count)> = row.iter().collect();
            sources.sort_by_key(|(name, c)| (std::cmp::Reverse(c.rules), *name));
            let mut told: Vec<String> = sources
                .iter()
                .take(TOLD_LIMIT)
                .map(|(name, c)| format!("{name} {}/{}", c.live, c.rules))
                .collect();
            told.extend(
                (sources.len() > TOLD_LIMIT).then(|| format!("and {} more", sources.len() - TOLD_LIMIT)),
            );
            let (id, name) = (technique.id.to_owned(), attack::whole_name(technique));
            vec![id, name, whole.rules.to_string(), whole.live.to_string(), told.join(", ")]
        };
        out.table(
            &["technique", "name", "rules", "live", "log sources (live/rules)"],
            self.each().map(row).collect(),
        );
        let tactic = |t: &attack::Tactic| {
            let count = self.tactics.get(t.tag).copied().unwrap_or_default();
            vec![t.id.to_owned(), t.name.to_owned(), count.rules.to_string(), count.live.to_string()]
        };
        out.text("");
        out.table(&["tactic", "name", "rules", "live"], attack::tactics().iter().map(tactic).collect());
        if !self.fields.is_empty() {
            let field =
                |(name, rules): (&String, &BTreeSet<String>)| vec![name.clone(), rules.len().to_string()];
            out.text("");
            out.table(
                &["field that nobody delivers", "rules that cannot do without"],
                self.fields.iter().map(field).collect(),
            );
        }
        out.say(&format!(
            "{} of {} rules can fire on {}; {} techniques of ATT&CK v{}; {} rules name none",
            self.all.live,
            self.all.rules,
            supply.in_words(),
            self.techniques.len(),
            attack::VERSION,
            self.untagged
        ));
        if !self.unknown.is_empty() {
            let names: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
            out.say(&format!("tags of no technique: {}", names.join(", ")));
        }
    }

    /// A layer of ATT&CK Navigator, form 4.5: score is how many rules can fire.
    fn layer(&self, supply: &Supply) -> Value {
        let most = self.whole.values().map(|c| c.live).max().unwrap_or(0).max(1);
        let technique = |(technique, whole, row): (&Technique, Count, &BTreeMap<String, Count>)| {
            let names: Vec<String> =
                row.iter().map(|(name, c)| format!("{name} {}/{}", c.live, c.rules)).collect();
            json!({
                "techniqueID": technique.id, "score": whole.live, "enabled": true, "showSubtechniques": true,
                "comment": format!("{} of {} rules can fire: {}", whole.live, whole.rules, names.join(", ")),
            })
        };
        json!({
            "name": "Bailiwick: rules", "description": format!("Rules that can fire on {}", supply.in_words()),
            "domain": "enterprise-attack",
            "versions": {"attack": attack::VERSION, "navigator": "5.1.0", "layer": "4.5"},
            "techniques": self.each().map(technique).collect::<Vec<_>>(),
            "gradient": {"colors": ["#ff6666", "#ffe766", "#8ec843"], "minValue": 0, "maxValue": most},
        })
    }
}
