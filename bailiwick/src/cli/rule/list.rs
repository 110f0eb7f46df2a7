//! `rule ls`: the rules that apply, and those that lack something.

use super::{Given, all, as_json, kind};
use crate::config::Config;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use clap::Args;
use serde_json::{Value, json};
use sigma::{Rule, Unarmed};

pub(crate) const HELP: &str = "Examples:
  bailiwick rule ls
  bailiwick rule ls --rules my-rules --level high --product windows
  bailiwick rule ls --tag t1059 --status stable --json
  bailiwick rule ls --rules my-rules --unarmed

Filters join: a rule is listed when all of them say so.";

const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];

/// Arguments of `rule ls`.
#[derive(Args)]
pub(crate) struct LsArgs {
    #[command(flatten)]
    given: Given,
    /// Of this level or a worse one
    #[arg(long, value_name = "LEVEL", value_parser = LEVELS)]
    level: Option<String>,
    /// With a tag that begins so, with or without `attack.`; old ids of ATT&CK find their new ones
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// For this product
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// For this category
    #[arg(long, value_name = "NAME")]
    category: Option<String>,
    /// For this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Of this status
    #[arg(long, value_name = "STATUS", value_parser = ["stable", "test", "experimental", "deprecated", "unsupported"])]
    status: Option<String>,
    /// Of this kind
    #[arg(long, value_name = "KIND", value_parser = ["detection", "correlation", "filter"])]
    kind: Option<String>,
    /// With these words in title, description, id or file
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Only rules that are armed
    #[arg(long, conflicts_with = "unarmed")]
    armed: bool,
    /// Only rules that lack something, and what
    #[arg(long, conflicts_with_all = ["level", "tag", "product", "category", "service", "status", "kind"])]
    unarmed: bool,
}

/// Runs the verb.
pub(crate) fn run(config: &Config, args: &LsArgs, out: Out) -> Result<Exit, Fault> {
    let loaded = all(config, &args.given.rules, out)?;
    let rules: Vec<&Rule> = loaded.rules.iter().filter(|r| !args.unarmed && wanted(r, args)).collect();
    // What lacks something was not kept: of it only title, id and file are known.
    let filters =
        [&args.level, &args.tag, &args.product, &args.category, &args.service, &args.status, &args.kind];
    let plain = !args.armed && filters.iter().all(|f| f.is_none());
    let says = |u: &&Unarmed| has_words(&[&u.title, &u.id, &u.path], args.text.as_deref());
    let lacking: Vec<&Unarmed> = loaded.unarmed.iter().filter(|u| plain && says(u)).collect();
    match out.form {
        Form::Text => text(&rules, &lacking, out),
        Form::Json => {
            let rules: Vec<Value> = rules.iter().map(|r| armed_json(r)).collect();
            out.document("rules", json!({"rules": rules, "unarmed": lacking.iter().map(|u| unarmed_json(u)).collect::<Vec<_>>()}));
        }
        Form::Jsonl => {
            rules.iter().for_each(|r| out.json_line(&armed_json(r)));
            lacking.iter().for_each(|u| out.json_line(&unarmed_json(u)));
        }
    }
    out.say(&format!("{} rules, {} lack something", rules.len(), lacking.len()));
    Ok(Exit::Ok)
}

fn wanted(rule: &Rule, args: &LsArgs) -> bool {
    let rank = |level: &str| LEVELS.iter().position(|l| *l == level);
    let level = args.level.as_deref().is_none_or(|least| rule.level.as_deref().and_then(rank) >= rank(least));
    let same = |wanted: &Option<String>, own: Option<&str>| {
        wanted.as_deref().is_none_or(|w| own.is_some_and(|o| o.eq_ignore_ascii_case(w)))
    };
    level
        && args.tag.as_deref().is_none_or(|tag| has_tag(rule, tag))
        && same(&args.product, rule.logsource.product.as_deref())
        && same(&args.category, rule.logsource.category.as_deref())
        && same(&args.service, rule.logsource.service.as_deref())
        && same(&args.status, rule.status.as_deref())
        && same(&args.kind, Some(kind(rule)))
        && has_words(
            &[&rule.title, &rule.id, &rule.path, rule.description.as_deref().unwrap_or("")],
            args.text.as_deref(),
        )
}

fn has_tag(rule: &Rule, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let bare = wanted.strip_prefix("attack.").unwrap_or(&wanted);
    let begins = |tag: &String| {
        let tag = tag.to_lowercase();
        tag.starts_with(&wanted) || tag.strip_prefix("attack.").is_some_and(|t| t.starts_with(bare))
    };
    let technique = detect::attack::technique(bare).map(|t| t.id);
    let is_same =
        technique.is_some_and(|id| detect::attack::techniques_of(&rule.tags).iter().any(|t| t.id == id));
    rule.tags.iter().any(begins) || is_same
}

fn has_words(places: &[&str], words: Option<&str>) -> bool {
    let all = places.join("\n").to_lowercase();
    words.is_none_or(|w| w.to_lowercase().split_whitespace().all(|word| all.contains(word)))
}

fn armed_json(rule: &Rule) -> Value {
    let mut made = as_json(rule);
    made["armed"] = true.into();
    made
}

fn unarmed_json(unarmed: &Unarmed) -> Value {
    json!({"id": unarmed.id, "title": unarmed.title, "path": unarmed.path, "armed": false, "missing": unarmed.missing})
}

fn text(rules: &[&Rule], lacking: &[&Unarmed], out: Out) {
    let row = |r: &&Rule| {
        let level = r.level.clone().unwrap_or_else(|| "-".into());
        vec![r.id.clone(), level, kind(r).to_owned(), r.title.clone(), r.path.clone()]
    };
    let lacks = |u: &&Unarmed| {
        let lacks = format!("unarmed: lacks {}", u.missing.join(", "));
        vec![u.id.clone(), "-".to_owned(), lacks, u.title.clone(), u.path.clone()]
    };
    let rows = rules.iter().map(row).chain(lacking.iter().map(lacks)).collect();
    out.table(&["id", "level", "kind", "title", "file"], rows);
}
