//! `check`: the questions, their fixtures, and a provider's own.

mod template;

use crate::checks;
use crate::config::Config;
use crate::fault::{Exit, Fault, near};
use crate::out::{Form, Out};
use crate::profile;
use assess::assessment::MEASURES;
use assess::check::Rule;
use assess::fixture::Fixture;
use assess::{Check, CheckSet, Verdict};
use clap::{Args, Subcommand};
use custody::disk::{Disk, Folder};
use model::Time;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Seconds by which evidence is made older in a trial: two years.
const TWO_YEARS_SECONDS: i64 = 2 * 366 * 86_400;

/// Arguments of `check`.
#[derive(Args)]
pub(crate) struct CheckArgs {
    #[command(subcommand)]
    pub(crate) verb: CheckVerb,
}

/// What to do with checks.
#[derive(Subcommand)]
pub(crate) enum CheckVerb {
    /// List the checks that apply
    #[command(after_help = "Examples:\n  bailiwick check ls\n  bailiwick check ls --measure backups --json")]
    Ls {
        /// Only those of this measure
        #[arg(long, value_name = "ID")]
        measure: Option<String>,
    },
    /// Show a check: question, evidence, rule, parameters, crosswalk
    #[command(
        after_help = "Examples:\n  bailiwick check show ra.msp-mfa-100\n  bailiwick check show ra.msp-mfa-100 --json"
    )]
    Show {
        /// The check
        #[arg(value_name = "CHECK")]
        id: String,
    },
    /// Try checks on their own fixtures
    #[command(
        after_help = "Examples:\n  bailiwick check test\n  bailiwick check test my-checks --json\n\nEvery fixture must give its answer, and no check that is met may stay met with its first file missing, cut, empty or two\nyears old. Exit 1 when one does not hold."
    )]
    Test {
        /// Folders of checks beside ours and those of the configuration
        #[arg(value_name = "DIR")]
        folders: Vec<PathBuf>,
    },
    /// Write the fixtures as files that others can replay
    #[command(
        after_help = "Examples:\n  bailiwick check fixtures --out fixtures\n  bailiwick check fixtures --out /tmp/fixtures --json"
    )]
    Fixtures {
        /// An empty or new folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Write a check of one's own to begin with
    #[command(
        after_help = "Examples:\n  bailiwick check new acc.service-owner --measure least-privilege --out my-checks\n  bailiwick check test my-checks\n\nThen name the folder in config.toml of the home: checks = [\"my-checks\"]."
    )]
    New {
        /// Its id: a-z, 0-9, `.` and `-`
        #[arg(value_name = "ID")]
        id: String,
        /// The measure that it belongs to
        #[arg(long, value_name = "MEASURE")]
        measure: String,
        /// The folder in which its folder is made
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// Runs a verb.
pub(crate) fn run(config: &Config, verb: CheckVerb, out: Out) -> Result<Exit, Fault> {
    let own = &config.checks.value;
    match verb {
        CheckVerb::Ls { measure } => list(&checks::armed(own)?, measure.as_deref(), out),
        CheckVerb::Show { id } => {
            let set = checks::armed(own)?;
            show(checks::named(&set, &id)?, set.fixtures(&id), out);
            Ok(Exit::Ok)
        }
        CheckVerb::Test { folders } => test(&checks::armed(&[own.as_slice(), &folders].concat())?, out),
        CheckVerb::Fixtures { out: to } => fixtures(&checks::armed(own)?, &to, out),
        CheckVerb::New { id, measure, out: to } => template::new(&id, known_measure(&measure)?, &to, out),
    }
}

fn known_measure(word: &str) -> Result<&'static str, Fault> {
    MEASURES.into_iter().find(|m| *m == word).ok_or_else(|| {
        let what = format!("there is no measure `{word}`{}", near(word, MEASURES));
        Fault::usage("BW-1010", what, format!("the measures are {}", MEASURES.join(", ")))
    })
}

/// A check as JSON, without its queries.
pub(crate) fn as_json(check: &Check) -> Value {
    json!({
        "id": check.id,
        "measure": check.measure,
        "title": check.title,
        "asks": check.asks,
        "asked_of": check.asked_of.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        "holder": check.holder.letter(),
        "real": check.is_real(),
        "waits_for": check.waits_for,
        "from": check.from,
        "fix": check.fix,
        "maps": check.maps,
    })
}

fn list(set: &CheckSet, measure: Option<&str>, out: Out) -> Result<Exit, Fault> {
    let only = measure.map(known_measure).transpose()?;
    let all: Vec<&Check> = set.checks().filter(|c| only.is_none_or(|m| c.measure == m)).collect();
    match out.form {
        Form::Text => {
            let row = |c: &&Check| {
                let sides: Vec<&str> = c.asked_of.iter().map(|s| s.as_str()).collect();
                let waits = c.waits_for.clone().unwrap_or_else(|| "-".into());
                vec![
                    c.id.clone(),
                    c.measure.clone(),
                    sides.join(" "),
                    c.holder.letter().into(),
                    c.title.clone(),
                    waits,
                ]
            };
            let head = ["id", "measure", "asked of", "holder", "title", "waits for"];
            out.table(&head, all.iter().map(row).collect());
        }
        Form::Json => {
            let list: Vec<Value> = all.iter().map(|c| as_json(c)).collect();
            out.document("checks", json!({"checks": list}));
        }
        Form::Jsonl => all.iter().for_each(|c| out.json_line(&as_json(c))),
    }
    Ok(Exit::Ok)
}

fn rule_json(rule: &Rule) -> Value {
    let parameter = |(name, p): (&String, &assess::check::Parameter)| {
        let value = p.value.as_str().map_or_else(|| p.value.to_string(), str::to_owned);
        (name.clone(), json!({"value": value, "unit": p.unit, "stricter": p.stricter, "source": p.source}))
    };
    json!({
        "from": rule.from.map(|t| t.to_string()), "until": rule.until.map(|t| t.to_string()), "why": rule.why,
        "population": rule.population, "failing": rule.failing, "unknown": rule.unknown, "contradicted": rule.contradicted,
        "parameters": rule.parameters.iter().map(parameter).collect::<serde_json::Map<_, _>>(),
    })
}

fn full_json(check: &Check, fixtures: &[Fixture]) -> Value {
    let of = |need: &assess::Need| match need.of {
        assess::Of::Asked => "asked",
        assess::Of::Only(side) => side.as_str(),
        assess::Of::Both => "both",
        assess::Of::Any => "any",
    };
    let need = |n: &assess::Need| {
        json!({
            "kind": n.kind, "of": of(n), "at_most_old_seconds": n.at_most_old, "covers_seconds": n.covers,
            "optional": n.optional, "reference": n.reference,
        })
    };
    let mut told = as_json(check);
    told["needs"] = check.needs.iter().map(need).collect();
    told["rules"] = check.rules.iter().map(rule_json).collect();
    told["attested"] = check.attested.into();
    told["empty_means"] = if check.may_not_apply { "not-applicable" } else { "unknown" }.into();
    told["fixtures"] = fixtures
        .iter()
        .map(|f| json!({"name": f.name, "side": f.side.as_str(), "verdict": f.verdict.as_str()}))
        .collect();
    told
}

fn show(check: &Check, fixtures: &[Fixture], out: Out) {
    let told = full_json(check, fixtures);
    if out.form != Form::Text {
        return out.document("check", told);
    }
    out.text(&format!("{}: {}\n{}\n", check.id, check.title, check.asks));
    let text = |v: &Value| match v {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    };
    let rows = told.as_object().into_iter().flatten();
    let rows = rows.filter(|(name, _)| !["id", "title", "asks", "rules", "needs"].contains(&name.as_str()));
    let rows = rows.filter(|(name, _)| *name != "fixtures" && *name != "schema");
    out.table(&["what", "value"], rows.map(|(name, value)| vec![name.clone(), text(value)]).collect());
    let tried: Vec<String> = fixtures.iter().map(|f| format!("{} ({})", f.name, f.verdict)).collect();
    out.text(&format!("fixtures: {}", tried.join(", ")));
    for need in &check.needs {
        let covers =
            if need.covers > 0 { format!(", covering {} days", need.covers / 86_400) } else { String::new() };
        let role = if need.reference { ", a list that excuses" } else { "" };
        out.text(&format!(
            "needs {} at most {} hours old{covers}{role}",
            need.kind,
            need.at_most_old / 3_600
        ));
    }
    for rule in &check.rules {
        out.text(&format!(
            "\npopulation:\n  {}\nfailing:\n  {}",
            rule.population.trim(),
            rule.failing.trim()
        ));
        if let Some(unknown) = &rule.unknown {
            out.text(&format!("unknown:\n  {}", unknown.trim()));
        }
        for (name, p) in &rule.parameters {
            out.text(&format!("parameter {name} = {} {} ({})", p.value, p.unit, p.source));
        }
    }
}

/// What did not hold.
struct Failed {
    check: String,
    fixture: String,
    why: String,
}

/// A fixture with less evidence, and what was done to it.
fn lessened(fixture: &Fixture) -> Vec<(&'static str, Fixture)> {
    let changed = |what, change: &dyn Fn(&mut Fixture)| {
        let mut less = fixture.clone();
        change(&mut less);
        (what, less)
    };
    let older = |at: Time| Time::from_second(at.as_second() - TWO_YEARS_SECONDS).unwrap_or(at);
    vec![
        changed("its first file gone", &|f| drop(f.add.drain(..1))),
        changed("its first file cut in half", &|f| {
            let raw = &mut f.add[0].raw;
            raw.truncate(raw.len() / 2);
        }),
        changed("its first file empty", &|f| f.add[0].raw.clear()),
        changed("two years older", &|f| f.add.iter_mut().for_each(|a| a.collected = older(a.collected))),
    ]
}

fn try_fixture(check: &Check, fixture: &Fixture, failed: &mut Vec<Failed>) -> Result<(), Fault> {
    let profile = profile::named(&fixture.profile, fixture.now)?;
    let mut fails =
        |fixture: String, why: String| failed.push(Failed { check: check.id.clone(), fixture, why });
    match fixture.answer(check, &profile.parameters) {
        Ok(answer) => {
            if let Some(why) = fixture.complaint(&answer) {
                fails(fixture.name.clone(), why);
            }
        }
        Err(why) => fails(fixture.name.clone(), why),
    }
    if fixture.verdict != Verdict::Met {
        return Ok(());
    }
    for (what, less) in lessened(fixture) {
        let still = less.answer(check, &profile.parameters).is_ok_and(|a| a.verdict.is_good());
        if still {
            fails(format!("{}, {what}", fixture.name), "stays good news without its evidence".to_owned());
        }
    }
    Ok(())
}

fn test(set: &CheckSet, out: Out) -> Result<Exit, Fault> {
    let (mut failed, mut many) = (vec![], 0u64);
    for check in set.checks() {
        for fixture in set.fixtures(&check.id) {
            many += 1;
            try_fixture(check, fixture, &mut failed)?;
        }
        if check.is_real() {
            let has = |verdict| set.fixtures(&check.id).iter().any(|f| f.verdict == verdict);
            for verdict in [Verdict::Met, Verdict::NotMet].into_iter().filter(|v| !has(*v)) {
                let why = format!("no fixture shows it {verdict}: nobody saw that it can be");
                failed.push(Failed { check: check.id.clone(), fixture: "-".to_owned(), why });
            }
        }
    }
    let checks = set.checks().count();
    let line = |f: &Failed| json!({"check": f.check, "fixture": f.fixture, "why": f.why});
    match out.form {
        Form::Text => {
            for f in &failed {
                out.text(&format!("{}: {}: {}", f.check, f.fixture, f.why));
            }
            out.text(&format!("{checks} checks, {many} fixtures, {} do not hold", failed.len()));
        }
        _ => out.document("check-test", json!({"checks": checks, "fixtures": many, "failed": failed.iter().map(line).collect::<Vec<_>>()})),
    }
    if failed.is_empty() {
        return Ok(Exit::Ok);
    }
    out.say("checks fail their own fixtures (BW-1102)");
    Ok(Exit::Findings)
}

/// Refuses a folder that holds something.
pub(crate) fn empty(folder: &Path) -> Result<(), Fault> {
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let what = format!("`{}` is not empty", crate::out::path(folder));
        return Err(Fault::usage("BW-1012", what, "name an empty or new folder"));
    }
    Ok(())
}

fn fixtures(set: &CheckSet, to: &Path, out: Out) -> Result<Exit, Fault> {
    empty(to)?;
    let disk = Folder::new(to);
    let mut many = 0u64;
    for check in set.checks() {
        for fixture in set.fixtures(&check.id) {
            let place = format!("{}/{}", check.id, fixture.name);
            for added in &fixture.add {
                disk.put(&format!("{place}/{}", added.file), &added.raw)?;
            }
            disk.put(&format!("{place}/case.json"), format!("{:#}\n", fixture.case()).as_bytes())?;
            many += 1;
        }
    }
    match out.form {
        Form::Text => out.text(&format!("{many} fixtures written to {}", crate::out::path(to))),
        _ => out.document("check-fixtures", json!({"fixtures": many, "out": crate::out::path(to)})),
    }
    Ok(Exit::Ok)
}
