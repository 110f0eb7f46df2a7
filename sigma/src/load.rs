//! Reads files of rules. Every document is loaded, unarmed, or refused with a reason; none is skipped.

use crate::correlation::Correlation;
use crate::correlation::replaced::written_out;
use crate::detection::Detection;
use crate::item::Values;
use crate::refuse::{Fault, Refused, did_you_mean};
use crate::rule::{Body, LogSource, Rule, RuleKind, RuleSet, Targets};
use crate::yaml::{self, Node, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Documents in a file.
const DOCUMENTS_LIMIT: usize = 1000;
/// Bytes for each of two threads below which a second one is not worth its start.
const TWO_THREADS_BYTES: usize = 256 << 10;
const LEVELS: [&str; 5] = ["informational", "low", "medium", "high", "critical"];
const STATUSES: [&str; 5] = ["stable", "test", "experimental", "deprecated", "unsupported"];
const KEYS: [&str; 20] = [
    "title",
    "id",
    "name",
    "related",
    "taxonomy",
    "status",
    "description",
    "references",
    "author",
    "date",
    "modified",
    "logsource",
    "detection",
    "correlation",
    "filter",
    "fields",
    "falsepositives",
    "level",
    "tags",
    "license",
];

/// Values for `expand`, by the placeholder's name.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// A rule that is read and can never match as things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unarmed {
    /// Its file, as given.
    pub path: String,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it lacks: names of placeholders, or of rules that a correlation refers to.
    pub missing: Vec<String>,
}

/// What became of the files.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The rules that are armed.
    pub rules: RuleSet,
    /// Files that were read.
    pub files: u64,
    /// Documents in them; a file that cannot be read as YAML counts as one.
    pub documents: u64,
    /// Documents that became rules.
    pub loaded: u64,
    /// Documents that lack something.
    pub unarmed: Vec<Unarmed>,
    /// Documents that are wrong.
    pub refused: Vec<Refused>,
}

/// Reads files, each with its path and bytes, without values for placeholders.
pub fn load<I: IntoIterator<Item = (String, Vec<u8>)>>(files: I) -> Loaded {
    load_with(files, &Placeholders::new())
}

/// Reads files, each with its path and bytes. Many are read on two threads; what comes out is the same.
pub fn load_with<I: IntoIterator<Item = (String, Vec<u8>)>>(files: I, placeholders: &Placeholders) -> Loaded {
    let files: Vec<(String, Vec<u8>)> = files.into_iter().collect();
    let (mut loaded, waiting) = match middle(&files) {
        None => read(&files, placeholders),
        Some(middle) => std::thread::scope(|scope| {
            let (front, back) = files.split_at(middle);
            let back = scope.spawn(|| read(back, placeholders));
            let front = read(front, placeholders);
            joined(front, back.join().expect("reading does not panic, whatever the bytes"))
        }),
    };
    resolve(&mut loaded, waiting);
    loaded.loaded = loaded.rules.len() as u64;
    loaded
}

/// Where many files are cut in two parts of about the same size; none where one thread does as well.
fn middle(files: &[(String, Vec<u8>)]) -> Option<usize> {
    let half = files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() / 2;
    let mut sum = 0;
    let at = files.iter().position(|(_, bytes)| {
        sum += bytes.len();
        sum >= half
    })?;
    (half >= TWO_THREADS_BYTES).then_some(at + 1)
}

fn read(files: &[(String, Vec<u8>)], placeholders: &Placeholders) -> (Loaded, Vec<Waiting>) {
    let (mut loaded, mut waiting) = (Loaded::default(), vec![]);
    for (path, bytes) in files {
        loaded.files += 1;
        file(path, bytes, placeholders, &mut loaded, &mut waiting);
    }
    (loaded, waiting)
}

fn joined(front: (Loaded, Vec<Waiting>), back: (Loaded, Vec<Waiting>)) -> (Loaded, Vec<Waiting>) {
    let ((mut loaded, mut waiting), (more, more_waiting)) = (front, back);
    loaded.files += more.files;
    loaded.documents += more.documents;
    loaded.rules.rules.extend(more.rules.rules);
    loaded.unarmed.extend(more.unarmed);
    loaded.refused.extend(more.refused);
    waiting.extend(more_waiting);
    (loaded, waiting)
}

/// A correlation whose references are still names.
struct Waiting {
    rule: Rule,
    references: Vec<String>,
}

fn file(path: &str, bytes: &[u8], values: &Values, loaded: &mut Loaded, waiting: &mut Vec<Waiting>) {
    let text = String::from_utf8_lossy(bytes);
    let documents = yaml::documents(bytes).and_then(|documents| {
        let empty =
            Fault { line: 1, column: 1, code: "SG-003", message: "the file holds no document".into() };
        let many = format!("more than {DOCUMENTS_LIMIT} documents in one file");
        match documents.len() {
            0 => Err(empty),
            1..=DOCUMENTS_LIMIT => Ok(documents),
            _ => Err(Fault { line: 1, column: 1, code: "SG-002", message: many }),
        }
    });
    match documents {
        Err(fault) => {
            loaded.documents += 1;
            loaded.refused.push(fault.refuse(path, &text));
        }
        Ok(documents) => {
            for document in documents {
                loaded.documents += 1;
                let mut missing = vec![];
                match rule(path, &document, values, &mut missing) {
                    Err(fault) => loaded.refused.push(fault.refuse(path, &text)),
                    Ok((rule, _)) if !missing.is_empty() => {
                        let Rule { id, title, .. } = rule;
                        loaded.unarmed.push(Unarmed { path: path.to_owned(), id, title, missing });
                    }
                    Ok((rule, references)) if rule.kind == RuleKind::Correlation => {
                        waiting.push(Waiting { rule, references });
                    }
                    Ok((rule, _)) => loaded.rules.rules.push(rule),
                }
            }
        }
    }
}

fn text_of(document: &Node, key: &str) -> Result<Option<String>, Fault> {
    match document.get(key) {
        None => Ok(None),
        Some(node) => match node.scalar() {
            Some(text) => Ok(Some(text)),
            None if node.value == Value::Null => Ok(None),
            None => Err(Fault::at(node, "SG-012", format!("`{key}` is a text, not {}", node.kind()))),
        },
    }
}

fn word_of(document: &Node, key: &str, known: &[&str]) -> Result<Option<String>, Fault> {
    let Some(word) = text_of(document, key)? else { return Ok(None) };
    if known.contains(&word.as_str()) {
        return Ok(Some(word));
    }
    let node = document.get(key).unwrap_or(document);
    let mean = did_you_mean(&word, known.iter().copied());
    Err(Fault::at(node, "SG-012", format!("`{key}` is one of {}, not `{word}`{mean}", known.join(", "))))
}

fn rule(
    path: &str,
    document: &Node,
    values: &Values,
    missing: &mut Vec<String>,
) -> Result<(Rule, Vec<String>), Fault> {
    let Some(pairs) = document.map() else {
        return Err(Fault::at(document, "SG-004", format!("a rule is a map, not {}", document.kind())));
    };
    if let Some(action) = document.get("action") {
        return Err(Fault::at(action, "SG-005", "`action` is of Sigma 1; write each rule whole"));
    }
    let kinds = ["detection", "correlation", "filter"];
    let given: Vec<&str> = kinds.into_iter().filter(|k| document.get(k).is_some()).collect();
    let kind = match given[..] {
        ["detection"] => RuleKind::Detection,
        ["correlation"] => RuleKind::Correlation,
        ["filter"] => RuleKind::Filter,
        [] => {
            let near = pairs.iter().filter_map(|(k, _)| k.text()).filter(|k| !KEYS.contains(k));
            let near = near.map(|k| (k, did_you_mean(k, kinds))).find(|(_, mean)| !mean.is_empty());
            let hint = near.map_or_else(String::new, |(k, mean)| format!("; there is `{k}`{mean}"));
            return Err(Fault::at(
                document,
                "SG-010",
                format!("the rule has no `detection`, `correlation` or `filter`{hint}"),
            ));
        }
        _ => {
            return Err(Fault::at(
                document,
                "SG-010",
                format!("a rule is one of these, not several: {}", given.join(", ")),
            ));
        }
    };
    let title = text_of(document, "title")?.filter(|t| !t.trim().is_empty());
    let title = title.ok_or_else(|| Fault::at(document, "SG-013", "the rule has no `title`"))?;
    let id = text_of(document, "id")?.unwrap_or_else(|| made_id(&title));
    let logsource = logsource(document, kind)?;
    let mut references = vec![];
    let body = match kind {
        RuleKind::Detection => {
            let section = document.get("detection").unwrap_or(document);
            let read = Detection::read(section, values, missing);
            Body::Detection(read.map_err(|fault| written_out(fault, document))?)
        }
        RuleKind::Correlation => {
            let (correlation, names) =
                Correlation::read(document.get("correlation").unwrap_or(document), document)?;
            references = names;
            Body::Correlation(correlation)
        }
        RuleKind::Filter => {
            let section = document.get("filter").unwrap_or(document);
            Body::Filter { detection: Detection::read(section, values, missing)?, targets: targets(section)? }
        }
    };
    let tags = document.get("tags").filter(|t| t.value != Value::Null).map_or(&[][..], Node::list);
    let rule = Rule {
        id,
        name: text_of(document, "name")?,
        level: word_of(document, "level", &LEVELS)?,
        status: word_of(document, "status", &STATUSES)?,
        description: text_of(document, "description")?,
        tags: tags.iter().filter_map(Node::scalar).collect(),
        logsource,
        kind,
        path: path.to_owned(),
        line: document.line,
        silent: false,
        title,
        body,
    };
    Ok((rule, references))
}

/// FNV-1a over the title: an id that stays while the title does.
fn made_id(title: &str) -> String {
    let hash = title
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("untitled-{hash:016x}")
}

fn logsource(document: &Node, kind: RuleKind) -> Result<LogSource, Fault> {
    let Some(section) = document.get("logsource") else {
        return match kind {
            RuleKind::Detection => Err(Fault::at(document, "SG-014", "the rule has no `logsource`")),
            RuleKind::Correlation | RuleKind::Filter => Ok(LogSource::default()),
        };
    };
    if section.map().is_none() {
        return Err(Fault::at(
            section,
            "SG-014",
            format!("`logsource` is a map of category, product and service, not {}", section.kind()),
        ));
    }
    let part = |key: &str| text_of(section, key).map(|t| t.map(|t| t.to_lowercase()));
    Ok(LogSource { category: part("category")?, product: part("product")?, service: part("service")? })
}

fn targets(section: &Node) -> Result<Targets, Fault> {
    let Some(rules) = section.get("rules") else { return Ok(Targets::Every) };
    let names = rules
        .list()
        .iter()
        .map(|n| n.scalar().ok_or_else(|| Fault::at(n, "SG-015", "a rule is called by id or name")));
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    Ok(if names.iter().any(|n| n.eq_ignore_ascii_case("any")) {
        Targets::Every
    } else {
        Targets::Named(names)
    })
}

/// Binds correlations to the rules that they call, in as many rounds as they are chained; what is left lacks something.
fn resolve(loaded: &mut Loaded, mut waiting: Vec<Waiting>) {
    loop {
        let before = waiting.len();
        let mut still = vec![];
        for Waiting { mut rule, references } in waiting {
            let numbers: Option<Vec<usize>> = references.iter().map(|r| loaded.rules.find(r)).collect();
            match numbers {
                Some(numbers) => {
                    let bound = match &mut rule.body {
                        Body::Correlation(correlation) => correlation.bind(&numbers, &loaded.rules),
                        _ => Ok(()),
                    };
                    match bound {
                        Ok(()) => loaded.rules.rules.push(rule),
                        Err(message) => {
                            let fault = Fault { line: rule.line, column: 1, code: "SG-046", message };
                            loaded.refused.push(fault.refuse(&rule.path, ""));
                        }
                    }
                }
                None => still.push(Waiting { rule, references }),
            }
        }
        waiting = still;
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    for Waiting { rule, references } in waiting {
        let missing = references.into_iter().filter(|r| loaded.rules.find(r).is_none()).collect();
        loaded.unarmed.push(Unarmed { path: rule.path, id: rule.id, title: rule.title, missing });
    }
    let mut silent = BTreeSet::new();
    for rule in &loaded.rules.rules {
        if let Body::Correlation(correlation) = &rule.body
            && !correlation.generate
        {
            silent.extend(correlation.rules.iter().copied());
        }
    }
    for number in silent {
        if let Some(rule) = loaded.rules.rules.get_mut(number) {
            rule.silent = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<(String, Vec<u8>)> {
        let text = |n: usize| match n % 7 {
            0 => "title: [".to_owned(),
            1 => format!(
                "title: {n}\nlogsource: {{}}\ndetection:\n  s: {{a|expand: '%who%'}}\n  condition: s\n"
            ),
            2 => String::new(),
            3 => format!(
                "title: {n}\ncorrelation: {{type: event_count, rules: [r{}], group-by: [a], timespan: 1m, condition: {{gte: 2}}}}\n",
                n + 1
            ),
            _ => format!(
                "title: {n}\nname: r{n}\nlogsource: {{}}\ndetection:\n  s: {{a: {n}}}\n  condition: s\n---\ntitle: other {n}\n"
            ),
        };
        // Long enough that a second thread is worth its start.
        let comment = "# x\n".repeat(500);
        (0..300).map(|n| (format!("{n}.yml"), (text(n) + &comment).into_bytes())).collect()
    }

    #[test]
    fn files_read_by_two_threads_give_what_they_give_one_by_one() {
        let together = load(files());
        let mut apart = Loaded::default();
        for one in files() {
            let one = load([one]);
            apart.documents += one.documents;
            apart.refused.extend(one.refused);
        }
        assert_eq!((together.files, together.documents), (300, apart.documents));
        assert_eq!(together.refused, apart.refused);
        let places = |kind: RuleKind| -> Vec<usize> {
            let some = together.rules.iter().filter(|r| r.kind == kind);
            some.map(|r| r.title.parse().expect("a number")).collect()
        };
        for kind in [RuleKind::Detection, RuleKind::Correlation] {
            assert!(places(kind).len() > 40 && places(kind).is_sorted(), "{kind:?}");
        }
        assert!(!together.unarmed.is_empty() && !together.refused.is_empty());
    }
}
