//! What log sources deliver: those that a customer's sealed records come from, or those that are named.

use super::Sources;
use crate::cli::{customer_id, look};
use crate::fault::{Fault, near};
use crate::out::Out;
use crate::progress::Progress;
use model::{Event, Kind};
use serde_json::{Map, Value};
use sigma::{Class, Delivered, Hindrance, Rule, Source, Wanted, classify, hindrances};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Newest records of a customer that are looked at; there is no need to read a year to know its sources.
const RECORDS_LIMIT: u64 = 200_000;
/// Names and event ids that are kept of one class of events; beyond, every name counts as delivered.
const NAMES_LIMIT: usize = 20_000;
/// Fields by which events are told apart, which every Windows event has.
const OF_EVERY_EVENT: [&str; 9] = [
    "EventID",
    "Channel",
    "Provider_Name",
    "Computer",
    "Level",
    "Task",
    "Opcode",
    "Keywords",
    "EventRecordID",
];

/// What there is.
pub(crate) enum Supply {
    /// Nobody said: everything that is known may come.
    All,
    /// What a customer's records hold.
    Seen(Seen),
    /// Log sources by name.
    Named(Vec<&'static Source>),
}

/// What was seen of a customer.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) customer: String,
    pub(crate) records: u64,
    pub(crate) of: u64,
    classes: BTreeMap<Class, OfClass>,
}

/// What was seen of one class of events.
#[derive(Default)]
struct OfClass {
    events: u64,
    names: BTreeSet<String>,
    ids: BTreeSet<String>,
    too_many: bool,
}

/// Why a rule can never fire.
pub(crate) struct Never {
    /// `logsource`, `field` or `value`.
    pub(crate) code: &'static str,
    pub(crate) why: String,
    pub(crate) fields: Vec<String>,
}

impl Supply {
    /// Reads what there is.
    pub(crate) fn read(home: &Path, args: &Sources, out: Out) -> Result<Self, Fault> {
        match (&args.customer, &args.sources[..]) {
            (Some(customer), _) => Ok(Self::Seen(Seen::read(home, customer, out)?)),
            (None, []) => Ok(Self::All),
            (None, names) => {
                let mut all = vec![];
                for name in names {
                    all.extend(named(name)?);
                }
                Ok(Self::Named(all))
            }
        }
    }

    /// What it is, in words.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::All => "every log source that is known".to_owned(),
            Self::Named(sources) => {
                let names: BTreeSet<String> = sources.iter().map(|s| s.name()).collect();
                format!("the log sources {}", names.into_iter().collect::<Vec<_>>().join(", "))
            }
            Self::Seen(seen) if seen.records < seen.of => {
                format!("the newest {} of {} records of {}", seen.records, seen.of, seen.customer)
            }
            Self::Seen(seen) => format!("the {} records of {}", seen.records, seen.customer),
        }
    }

    /// Why a detection rule can never fire on this; `None` when it can, and for other kinds of rules.
    pub(crate) fn never(&self, rule: &Rule) -> Option<Never> {
        if rule.kind != sigma::RuleKind::Detection {
            return None;
        }
        let known = sigma::Sources::known();
        let meant = known.meant(&rule.logsource);
        let wanted = rule.logsource.in_short();
        if meant.is_empty() && !matches!(self, Self::Seen(_)) {
            let near = near(
                &wanted,
                known.list().iter().map(Source::name).collect::<BTreeSet<_>>().iter().map(String::as_str),
            );
            let why = format!("no log source `{wanted}` is known{near}");
            return Some(Never { code: "logsource", why, fields: vec![] });
        }
        match self {
            Self::All => {
                self.judge(rule, &Static::of(&meant.iter().flat_map(|s| parts(s)).collect::<Vec<_>>()))
            }
            Self::Named(named) => {
                let mut both = vec![];
                for one in &meant {
                    for other in named {
                        both.extend(common(one, other));
                    }
                }
                if both.is_empty() {
                    let why = format!("none of the sources named delivers `{wanted}`");
                    return Some(Never { code: "logsource", why, fields: vec![] });
                }
                self.judge(rule, &Static::of(&both))
            }
            Self::Seen(seen) => seen.never(rule, &wanted),
        }
    }

    fn judge(&self, rule: &Rule, known: &Static) -> Option<Never> {
        told(&hindrances(rule, &|field| known.delivered(field)), &format!("by {}", self.in_words()))
    }
}

fn told(hindrances: &[Hindrance], by: &str) -> Option<Never> {
    let name = |h: &Hindrance| match h {
        Hindrance::Field(name) | Hindrance::Value(name) => name.clone(),
    };
    let fields: Vec<String> = hindrances.iter().map(name).collect();
    let only_values = hindrances.iter().all(|h| matches!(h, Hindrance::Value(_)));
    let say = |h: &Hindrance| match h {
        Hindrance::Field(name) => format!("the field `{name}` is never delivered"),
        Hindrance::Value(name) => format!("`{name}` is never delivered with a value that it asks"),
    };
    let why = hindrances.iter().map(say).collect::<Vec<_>>().join("; ");
    let code = if only_values { "value" } else { "field" };
    (!hindrances.is_empty()).then(|| Never { code, why: format!("{why} ({by})"), fields })
}

/// The log sources of a name: each word in it stands in their product, category or service.
fn named(name: &str) -> Result<Vec<&'static Source>, Fault> {
    let words: Vec<String> =
        name.split('/').map(|w| w.trim().to_lowercase()).filter(|w| !w.is_empty() && w != "*").collect();
    let all = sigma::Sources::known().list();
    let has = |s: &Source, word: &String| [s.product, s.category, s.service].contains(&Some(word.as_str()));
    let found: Vec<&Source> =
        all.iter().filter(|s| !words.is_empty() && words.iter().all(|w| has(s, w))).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names: BTreeSet<String> = all
        .iter()
        .flat_map(|s| {
            [s.product, s.category, s.service].into_iter().flatten().map(str::to_owned).chain([s.name()])
        })
        .collect();
    let what = format!("there is no log source `{name}`{}", near(name, names.iter().map(String::as_str)));
    Err(Fault::usage(
        "BW-1010",
        what,
        "docs/log-sources.md lists them: product/category/service, `*` for any",
    ))
}

/// A log source and the events that are meant of it, with the ids to which they come down.
struct Part {
    source: &'static Source,
    wanted: Option<&'static Wanted>,
    ids: Option<BTreeSet<String>>,
}

fn ids(wanted: &Wanted) -> Option<BTreeSet<String>> {
    wanted.keys.get("event").map(|list| list.iter().map(|i| (*i).to_owned()).collect())
}

fn parts(source: &'static Source) -> Vec<Part> {
    if source.events.is_empty() {
        return vec![Part { source, wanted: None, ids: None }];
    }
    source.events.iter().map(|w| Part { source, wanted: Some(w), ids: ids(w) }).collect()
}

/// The events that belong to both.
fn common(one: &'static Source, other: &'static Source) -> Vec<Part> {
    if std::ptr::eq(one, other) {
        return parts(one);
    }
    let mut both = vec![];
    for wanted in one.events.iter().filter(|_| one.file == other.file) {
        for also in &other.events {
            let meet = |key: &&str, list: &Vec<&str>| {
                also.keys.get(*key).is_none_or(|o| {
                    o.contains(&"*") || list.contains(&"*") || list.iter().any(|v| o.contains(v))
                })
            };
            if wanted.keys.iter().all(|(key, list)| meet(key, list)) {
                let ids = match (ids(wanted), ids(also)) {
                    (Some(a), Some(b)) => Some(a.intersection(&b).cloned().collect()),
                    (a, b) => a.or(b),
                };
                both.push(Part { source: one, wanted: Some(wanted), ids });
            }
        }
    }
    both
}

/// What is known of the fields of some log sources, without having seen any event.
struct Static {
    /// All names, where every source says all of its own.
    names: Option<BTreeSet<String>>,
    ids: Option<BTreeSet<String>>,
}

impl Static {
    fn of(parts: &[Part]) -> Self {
        let mut made = Self { names: Some(BTreeSet::new()), ids: Some(BTreeSet::new()) };
        for Part { source, wanted, ids } in parts {
            made.names = made.names.zip(source.fields.as_ref()).map(|(mut names, own)| {
                let renames =
                    wanted.iter().flat_map(|w| w.renames.iter().flat_map(|(rule, event)| [*rule, *event]));
                names.extend(own.iter().copied().chain(renames).chain(OF_EVERY_EVENT).map(str::to_owned));
                names
            });
            made.ids = made.ids.zip(ids.as_ref()).map(|(mut all, own)| {
                all.extend(own.iter().cloned());
                all
            });
        }
        made
    }

    fn delivered(&self, field: &str) -> Delivered<'_> {
        match (&self.names, &self.ids) {
            (_, Some(ids)) if field == "EventID" && !ids.is_empty() => Delivered::Values(ids),
            (Some(names), _) if !names.contains(field) => Delivered::Never,
            _ => Delivered::Any,
        }
    }
}

impl Seen {
    fn read(home: &Path, customer: &str, out: Out) -> Result<Self, Fault> {
        let home = look(home)?;
        let id = customer_id(customer)?;
        home.customer(&id)?;
        let view = home.view(&id)?;
        let mut seen = Self { customer: customer.to_owned(), ..Self::default() };
        let units = view.units()?;
        let progress = Progress::new(out, units.iter().map(|u| u.count).sum(), false);
        for unit in units.iter().rev() {
            seen.of += unit.count;
            if seen.records >= RECORDS_LIMIT {
                continue;
            }
            for event in view.read(unit, &crate::watch::fields)?.value().iter().rev() {
                if seen.records < RECORDS_LIMIT {
                    seen.take(event);
                }
            }
            progress.at(seen.records);
        }
        Ok(seen)
    }

    fn take(&mut self, event: &Event) {
        if event.record.kind != Kind::Event {
            // What we wrote ourselves comes from no log source.
            self.of = self.of.saturating_sub(1);
            return;
        }
        self.records += 1;
        let class = classify(event.record.source.format().as_str(), &event.fields);
        let of_class = self.classes.entry(class.clone()).or_default();
        of_class.events += 1;
        let ids = ["EventID"].into_iter().map(Into::into).chain(class.other_names("EventID"));
        let id = ids.filter_map(|name: std::borrow::Cow<'_, str>| text_at(&event.fields, &name)).next();
        of_class.ids.extend(id.filter(|_| of_class.ids.len() < NAMES_LIMIT));
        of_class.take(&event.fields, "", 0);
    }

    /// Log sources that were seen, each with how many records are of it; records of none stand under `unknown`.
    pub(crate) fn by_source(&self) -> BTreeMap<String, u64> {
        let mut made = BTreeMap::new();
        for (class, of_class) in &self.classes {
            let sources = sigma::Sources::known().of_class(class);
            let names: BTreeSet<String> = sources.iter().map(|s| s.name()).collect();
            let names = if names.is_empty() { ["unknown".to_owned()].into() } else { names };
            for name in names {
                *made.entry(name).or_insert(0) += of_class.events;
            }
        }
        made
    }

    fn never(&self, rule: &Rule, wanted: &str) -> Option<Never> {
        let admitted: Vec<(&Class, &OfClass)> =
            self.classes.iter().filter(|(class, _)| class.admits(&rule.logsource)).collect();
        if admitted.is_empty() {
            let why = format!(
                "no record of {} is of `{wanted}` ({} records looked at)",
                self.customer, self.records
            );
            return Some(Never { code: "logsource", why, fields: vec![] });
        }
        let ids: BTreeSet<String> = admitted.iter().flat_map(|(_, c)| c.ids.iter().cloned()).collect();
        let any = |field: &str| {
            admitted.iter().any(|(class, seen)| {
                seen.too_many
                    || seen.names.contains(field)
                    || class.other_names(field).any(|other| seen.names.contains(&*other))
            })
        };
        let delivered = |field: &str| match any(field) {
            false => Delivered::Never,
            true if field == "EventID" => Delivered::Values(&ids),
            true => Delivered::Any,
        };
        told(&hindrances(rule, &delivered), &format!("in {} records of {}", self.records, self.customer))
    }
}

/// The text at a name: a key that holds the dots, or a path.
fn text_at(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let value = fields.get(name).or_else(|| {
        let mut at: Option<&Value> = None;
        for key in name.split('.') {
            at = Some(match at {
                None => fields.get(key)?,
                Some(value) => value.get(key)?,
            });
        }
        at
    });
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl OfClass {
    fn take(&mut self, fields: &Map<String, Value>, before: &str, depth: usize) {
        for (key, value) in fields {
            let name = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
            if self.names.len() >= NAMES_LIMIT || depth > 32 {
                self.too_many = true;
                return;
            }
            self.take_value(value, &name, depth);
            self.names.insert(name);
        }
    }

    fn take_value(&mut self, value: &Value, name: &str, depth: usize) {
        match value {
            Value::Object(map) => self.take(map, name, depth + 1),
            Value::Array(list) => list.iter().take(100).for_each(|v| self.take_value(v, name, depth + 1)),
            _ => {}
        }
    }
}
