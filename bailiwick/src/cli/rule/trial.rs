//! `rule test`: rules on the examples kept beside them, which must match or must not.

use super::{is_examples, read, tell_refused};
use crate::clock;
use crate::config::Config;
use crate::fault::{Exit, Fault, near};
use crate::ingest::{Input, limits};
use crate::out::{Form, Out};
use clap::Args;
use collect::Options;
use model::{Fields, Format, Time};
use serde_json::{Value, json};
use sigma::{
    Branch, Class, Compiled, Engine, EngineOptions, Explanation, Loaded, Observed, Outcome, RuleKind,
    classify, explain,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) const HELP: &str = "Examples:
  bailiwick rule test my-rules/
  bailiwick rule test my-rules/root_login.yml --json
  bailiwick rule test my-rules/ --all-tested

Beside `NAME.yml` stand its examples: in `NAME.tests.yml`, or as files of events in the folder `NAME.tests`, where a name
that begins with `match` must make the rule fire, and one that begins with `silent` must not. In `NAME.tests.yml`:

  tests:
      - name: root comes in by ssh
        rule: login_root            # id or name; needed where NAME.yml has several
        match: true                 # true, false, or how often
        events:                     # objects; or lines as they stand in a log
            - \"Nov 23 00:20:11 fw-2 sshd[1]: Accepted password for root from 203.0.113.5 port 22 ssh2\"
        format: syslog              # what they are; default: ndjson for objects, else it is found out
      - name: a recording
        match: 2
        file: recordings/attack.evtx

Exit 1 when one fails. A rule without examples is said; with `--all-tested` it fails too.";

/// Records of one example.
const RECORDS_LIMIT: u64 = 100_000;
/// Examples of one file.
const EXAMPLES_LIMIT: usize = 10_000;
const KEYS: [&str; 6] = ["name", "rule", "match", "events", "file", "format"];

/// Arguments of `rule test`.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// More rules that apply meanwhile, such as filters: folders or files
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// A rule without examples fails
    #[arg(long)]
    all_tested: bool,
    /// Offer every event to every rule, whatever its log source says
    #[arg(long)]
    ignore_logsource: bool,
    /// Folders or files of rules, or a file of examples
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// How often a rule must fire.
#[derive(Clone, Copy)]
enum Want {
    Some,
    None,
    Exactly(u64),
}

/// One example.
struct Example {
    place: String,
    name: String,
    /// The rule as it is called; none: the one of the file beside.
    rule: Option<String>,
    beside: PathBuf,
    want: Want,
    format: Option<Format>,
    from: From,
}

enum From {
    Events(Vec<u8>),
    File(PathBuf),
}

/// What became of one.
struct Done {
    place: String,
    name: String,
    rule: String,
    passed: bool,
    why: String,
}

/// An event of an example.
struct Happening {
    fields: Fields,
    happened: Time,
    class: Class,
}

/// Runs the verb.
pub(crate) fn run(_config: &Config, args: &TestArgs, out: Out) -> Result<Exit, Fault> {
    let (mut files, mut done, mut examples) = (vec![], vec![], vec![]);
    let paths = with_rules_of_examples(&args.paths);
    for (path, bytes) in read(&paths)? {
        if !is_examples(Path::new(&path)) {
            gather(Path::new(&path), &mut examples, &mut done)?;
            files.push((path, bytes));
        }
    }
    let own: BTreeSet<String> = files.iter().map(|(path, _)| path.clone()).collect();
    let more = read(&args.rules)?
        .into_iter()
        .filter(|(path, _)| !own.contains(path) && !is_examples(Path::new(path)));
    files.extend(more);
    let loaded = sigma::load(files);
    tell_refused(&loaded, out);
    let options = EngineOptions { ignore_logsource: args.ignore_logsource };
    let trial =
        Trial { compiled: Arc::new(Compiled::new(loaded.rules.clone(), options)), loaded: &loaded, options };
    let mut tested = BTreeSet::new();
    for example in &examples {
        done.push(trial.run(example, &mut tested));
    }
    let untested: Vec<&sigma::Rule> = (0..)
        .zip(loaded.rules.iter())
        .filter(|(n, r)| own.contains(&r.path) && r.kind != RuleKind::Filter && !tested.contains(n))
        .map(|(_, r)| r)
        .collect();
    tell(&done, &untested, &loaded, out);
    let failed = done.iter().any(|d| !d.passed) || !loaded.refused.is_empty();
    Ok(if failed || (args.all_tested && !untested.is_empty()) { Exit::Findings } else { Exit::Ok })
}

/// The paths given; for a file of examples the rules beside it.
fn with_rules_of_examples(paths: &[PathBuf]) -> Vec<PathBuf> {
    let rules_of = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        let stem = name.strip_suffix(".tests.yml").or_else(|| name.strip_suffix(".tests.yaml"))?;
        let beside = ["yml", "yaml"].map(|end| path.with_file_name(format!("{stem}.{end}")));
        beside.into_iter().find(|p| p.is_file())
    };
    paths.iter().map(|p| rules_of(p).unwrap_or_else(|| p.clone())).collect()
}

/// The examples beside a file of rules.
fn gather(rules: &Path, examples: &mut Vec<Example>, done: &mut Vec<Done>) -> Result<(), Fault> {
    for end in ["tests.yml", "tests.yaml"] {
        let file = rules.with_extension(end);
        if file.is_file() {
            let place = crate::out::path(&file);
            let read = read_examples(&file, rules, &std::fs::read(&file)?);
            match read {
                Ok(more) => examples.extend(more),
                Err(why) => done.push(Done {
                    place,
                    name: "the file".into(),
                    rule: String::new(),
                    passed: false,
                    why,
                }),
            }
        }
    }
    let folder = rules.with_extension("tests");
    if !folder.is_dir() {
        return Ok(());
    }
    for (_, file) in collect::walk(&folder).files {
        let place = crate::out::path(&file);
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let want = match (name.starts_with("match"), name.starts_with("silent")) {
            (true, _) => Want::Some,
            (_, true) => Want::None,
            _ => {
                let why = "its name begins with neither `match` nor `silent`".to_owned();
                done.push(Done { place, name, rule: String::new(), passed: false, why });
                continue;
            }
        };
        let beside = rules.to_owned();
        examples.push(Example {
            place,
            name,
            rule: None,
            beside,
            want,
            format: None,
            from: From::File(file),
        });
    }
    Ok(())
}

fn read_examples(file: &Path, rules: &Path, bytes: &[u8]) -> Result<Vec<Example>, String> {
    let shown = crate::out::path(file);
    let documents = sigma::values(&shown, bytes)
        .map_err(|r| format!("line {}, column {}: {}\n{}", r.line, r.column, r.message, r.caret))?;
    let mut made = vec![];
    for document in &documents {
        let list = document.get("tests").and_then(Value::as_array);
        let list = list.ok_or("there is no list `tests`; `bailiwick rule test --help` shows one")?;
        for (number, test) in (1..).zip(list) {
            let example = one_example(test, file, rules, number);
            made.push(example.map_err(|why| format!("test {number}: {why}"))?);
        }
    }
    if made.len() > EXAMPLES_LIMIT {
        return Err(format!("more than {EXAMPLES_LIMIT} tests in one file"));
    }
    if made.is_empty() { Err("the list `tests` is empty".to_owned()) } else { Ok(made) }
}

fn one_example(test: &Value, file: &Path, rules: &Path, number: usize) -> Result<Example, String> {
    let map = test.as_object().ok_or("a test is a map")?;
    if let Some(key) = map.keys().find(|k| !KEYS.contains(&k.as_str())) {
        return Err(format!("there is no key `{key}`{}", near(key, KEYS)));
    }
    let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    let want = match map.get("match") {
        Some(Value::Bool(true)) => Want::Some,
        Some(Value::Bool(false)) => Want::None,
        Some(Value::Number(many)) => {
            Want::Exactly(many.as_u64().ok_or("`match` is true, false, or how often")?)
        }
        _ => return Err("`match` is true, false, or how often".to_owned()),
    };
    let format = match text("format") {
        None => None,
        Some(word) => match Format::from_word(&word) {
            Some(format) => Some(format),
            None => {
                return Err(format!(
                    "there is no format `{word}`{}",
                    near(&word, Format::ALL.map(Format::as_str))
                ));
            }
        },
    };
    let (from, format) = match (map.get("events"), text("file")) {
        (Some(events), None) => bytes_of(events, format)?,
        (None, Some(name)) => (From::File(file.with_file_name(name)), format),
        _ => return Err("a test has `events` or a `file`: one of the two".to_owned()),
    };
    let name = text("name").unwrap_or_else(|| format!("test {number}"));
    let place = format!("{}, test {number}", crate::out::path(file));
    Ok(Example { place, name, rule: text("rule"), beside: rules.to_owned(), want, format, from })
}

/// Events as they would stand in a file.
fn bytes_of(events: &Value, format: Option<Format>) -> Result<(From, Option<Format>), String> {
    let list = match events {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let objects = list.iter().all(|e| e.is_object());
    if list.is_empty() || !(objects || list.iter().all(|e| e.is_string())) {
        return Err("`events` are objects, or lines of text: at least one".to_owned());
    }
    let lines =
        list.iter().map(|e| e.as_str().map_or_else(|| e.to_string(), |line| line.trim_end().to_owned()));
    let bytes = lines.map(|l| l + "\n").collect::<String>().into_bytes();
    Ok((From::Events(bytes), format.or(objects.then_some(Format::Ndjson))))
}

/// Rules, ready to be tried.
struct Trial<'a> {
    compiled: Arc<Compiled>,
    loaded: &'a Loaded,
    options: EngineOptions,
}

impl Trial<'_> {
    fn run(&self, example: &Example, tested: &mut BTreeSet<usize>) -> Done {
        let done = |rule: String, result: Result<(), String>| {
            let (place, name) = (example.place.clone(), example.name.clone());
            Done { place, name, rule, passed: result.is_ok(), why: result.err().unwrap_or_default() }
        };
        let number = match self.rule_of(example) {
            Ok(number) => number,
            Err(why) => return done(example.rule.clone().unwrap_or_default(), Err(why)),
        };
        tested.insert(number);
        let id = self.loaded.rules.get(number).map_or_else(String::new, |r| r.id.clone());
        let result = events(example).and_then(|events| {
            let fired = self.fired(number, &events);
            match (example.want, fired) {
                (Want::Some, 1..) | (Want::None, 0) => Ok(()),
                (Want::Exactly(want), got) if want == got => Ok(()),
                (Want::Some, 0) => {
                    Err(format!("must match and does not{}", self.why(number, &events, false)))
                }
                (Want::None, got) => {
                    Err(format!("must not match and fires {}{}", times(got), self.why(number, &events, true)))
                }
                (Want::Exactly(want), got) => {
                    Err(format!("must fire {}, and fires {}", times(want), times(got)))
                }
            }
        });
        done(id, result)
    }

    fn rule_of(&self, example: &Example) -> Result<usize, String> {
        let rules = &self.loaded.rules;
        let beside = crate::out::path(&example.beside);
        if let Some(wanted) = &example.rule {
            let unarmed = self.loaded.unarmed.iter().find(|u| u.id == *wanted);
            return rules.find(wanted).ok_or_else(|| match unarmed {
                Some(u) => format!("the rule is not armed: it lacks {}", u.missing.join(", ")),
                None => {
                    let known = rules.iter().flat_map(|r| [Some(r.id.as_str()), r.name.as_deref()]);
                    format!("there is no rule `{wanted}`{}", near(wanted, known.flatten()))
                }
            });
        }
        let own: Vec<usize> = (0..)
            .zip(rules.iter())
            .filter(|(_, r)| r.path == beside && r.kind != RuleKind::Filter)
            .map(|(n, _)| n)
            .collect();
        match own[..] {
            [one] => Ok(one),
            [] => match self.loaded.unarmed.iter().find(|u| u.path == beside) {
                Some(u) => Err(format!("the rule is not armed: it lacks {}", u.missing.join(", "))),
                None => Err(format!("`{beside}` has no rule that can be tried")),
            },
            _ => Err(format!("`{beside}` has {} rules; say which one with `rule`", own.len())),
        }
    }

    /// How often a rule fires on events, one after the other.
    fn fired(&self, number: usize, events: &[Happening]) -> u64 {
        // What only feeds a correlation says nothing of its own; here it is asked itself.
        if self.loaded.rules.get(number).is_some_and(|r| r.silent && r.kind == RuleKind::Detection) {
            let outcome = |e: &&Happening| self.told(number, e).is_some_and(|t| self.is_hit(&t));
            return events.iter().filter(outcome).count() as u64;
        }
        let mut engine = Engine::over(Arc::clone(&self.compiled));
        let mut fired = 0;
        for (seq, event) in (0..).zip(events) {
            let seen = Observed { fields: &event.fields, happened: event.happened, class: &event.class, seq };
            fired += engine.observe(&seen).iter().filter(|h| h.rule == number && !h.goes_on).count() as u64;
        }
        fired
    }

    fn is_hit(&self, told: &Explanation) -> bool {
        let filtered = told.filters.iter().any(|(_, _, b)| b.holds);
        let holds = told.condition.as_ref().is_some_and(|c| c.holds) && !filtered;
        told.outcome == Outcome::Match || (self.options.ignore_logsource && holds)
    }

    fn told(&self, number: usize, event: &Happening) -> Option<Explanation> {
        explain(&self.loaded.rules, number, &event.fields, &event.class)
    }

    /// The reason that is nearest: of the first event that fires, or of the last one that does not.
    fn why(&self, number: usize, events: &[Happening], fires: bool) -> String {
        let told = (1..).zip(events).filter_map(|(place, event)| Some((place, self.told(number, event)?)));
        let mut told = told.filter(|(_, t)| self.is_hit(t) == fires).take(100);
        let Some((place, told)) = told.next() else { return String::new() };
        format!(": event {place}: {}", reason(&told, fires))
    }
}

fn times(many: u64) -> String {
    match many {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        many => format!("{many} times"),
    }
}

/// One sentence out of an explanation.
fn reason(told: &Explanation, fires: bool) -> String {
    if fires {
        return "its condition holds".to_owned();
    }
    match told.outcome {
        Outcome::OtherSource => {
            let event = if told.sources.is_empty() { told.form.to_owned() } else { told.sources.join(", ") };
            format!(
                "its {} is another: the rule wants {}, the event is of {event}",
                told.refusal.unwrap_or("log source"),
                told.wants
            )
        }
        Outcome::Filtered => "a filter takes it away".to_owned(),
        Outcome::Match | Outcome::NoMatch => {
            told.condition.as_ref().map_or_else(|| "nothing that it counts matches".to_owned(), first_failing)
        }
    }
}

fn first_failing(branch: &Branch) -> String {
    match branch.parts.iter().find(|p| !p.holds && branch.found.is_none()) {
        Some(part) if !branch.holds => first_failing(part),
        _ => {
            let values = branch.found.as_ref().map(|f| match (f.present, &f.values[..]) {
                (false, _) => " (no such field)".to_owned(),
                (true, []) => String::new(),
                (true, values) => format!(" (found `{}`)", values.join("`, `")),
            });
            let negated = if branch.says == "not" { "what it excludes holds" } else { "" };
            let says = if negated.is_empty() {
                format!("`{}` does not hold", branch.says)
            } else {
                negated.to_owned()
            };
            format!("{says}{}", values.unwrap_or_default())
        }
    }
}

/// The events of an example, read as `scan` reads them.
fn events(example: &Example) -> Result<Vec<Happening>, String> {
    let options = Options {
        format: example.format,
        source: None,
        arrived: clock::now(),
        zone: jiff::tz::Offset::UTC,
        limits: limits(),
    };
    let input = match &example.from {
        From::Events(bytes) => collect::Input {
            name: example.name.clone(),
            modified: None,
            bytes: Box::new(std::io::Cursor::new(bytes.clone())),
        },
        From::File(path) => {
            let shown = crate::out::path(path);
            let input = Input { shown: shown.clone(), name: shown.clone(), path: Some(path.clone()) };
            crate::ingest::open(&input).map_err(|e| format!("`{shown}` cannot be opened: {e}"))?
        }
    };
    let (mut made, mut broken, mut seen) = (vec![], 0u64, 0u64);
    let summary = collect::read(input, &options, &mut |arrival| {
        seen += 1;
        let has_defect = arrival.draft.defects.iter().any(|d| !d.is_remark());
        broken += u64::from(arrival.unreadable > 0 || has_defect && arrival.fields.is_empty());
        let class = classify(arrival.draft.source.format().as_str(), &arrival.fields);
        made.push(Happening { fields: arrival.fields, happened: arrival.draft.happened, class });
        if seen < RECORDS_LIMIT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    match (summary.stopped, broken, made.len()) {
        (Some(why), ..) => Err(format!("its events cannot be read: {why}")),
        (None, 1.., _) => Err(format!("{broken} of its {seen} events cannot be read")),
        (None, 0, 0) => Err("it has no event".to_owned()),
        _ if seen >= RECORDS_LIMIT => Err(format!("it has more than {RECORDS_LIMIT} events")),
        _ => Ok(made),
    }
}

fn tell(done: &[Done], untested: &[&sigma::Rule], loaded: &Loaded, out: Out) {
    let passed = done.iter().filter(|d| d.passed).count();
    let one = |d: &Done| json!({"place": d.place, "name": d.name, "rule": d.rule, "passed": d.passed, "why": d.why});
    match out.form {
        Form::Text => {
            for d in done {
                let word = if d.passed { "ok  " } else { "FAIL" };
                let why = if d.passed { String::new() } else { format!(": {}", d.why) };
                out.verdict(word, d.passed, &format!(" {} ({}){why}", d.name, d.place));
            }
            for rule in untested {
                out.text(&format!("no example: {} ({}:{})", rule.title, rule.path, rule.line));
            }
            out.text(&format!(
                "{passed} of {} examples as they must be; {} rules have none",
                done.len(),
                untested.len()
            ));
        }
        Form::Json => {
            let bare: Vec<Value> =
                untested.iter().map(|r| json!({"id": r.id, "title": r.title, "path": r.path})).collect();
            out.document("rule-test", json!({
                "passed": passed, "failed": done.len() - passed, "tests": done.iter().map(one).collect::<Vec<_>>(),
                "untested": bare, "refused": loaded.refused.len(),
            }));
        }
        Form::Jsonl => done.iter().for_each(|d| out.json_line(&one(d))),
    }
}
