//! Log sources: to which of them an event belongs, and which rules it is offered to.
//!
//! What is not known about an event contradicts no rule. What is known stands in `sources/*.toml`, with its citations.

mod data;
mod sources;

use crate::rule::LogSource;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

pub use data::SourcesError;
use sources::Known;
pub(crate) use sources::OtherNames;
pub use sources::{Source, Sources, Wanted};

/// The log sources of an event. Parts that nothing is known of are open.
#[derive(Debug, Clone)]
pub struct Class {
    known: &'static Known,
    /// A service that the event names itself, and of which nothing is known.
    named: Option<Box<str>>,
    /// Whether the event names no service where others of its form do: it may belong to any.
    unnamed: bool,
}

impl Default for Class {
    /// Nothing is known.
    fn default() -> Self {
        Self { known: *sources::NOTHING, named: None, unnamed: false }
    }
}

impl Class {
    fn key(&self) -> (usize, Option<&str>, bool) {
        (self.known.number, self.named.as_deref(), self.unnamed)
    }

    /// Whether a rule's log source does not contradict this one.
    #[must_use]
    pub fn admits(&self, source: &LogSource) -> bool {
        self.refusal(source).is_none()
    }

    /// The part of a rule's log source that contradicts this one: `product`, `service` or `category`.
    #[must_use]
    pub fn refusal(&self, source: &LogSource) -> Option<&'static str> {
        let service =
            |s: &str| self.unnamed || self.named.as_deref() == Some(s) || self.known.services.admits(s);
        let fits = |part: &Option<String>, admits: &dyn Fn(&str) -> bool| part.as_deref().is_none_or(admits);
        if !fits(&source.product, &|p| self.known.product.admits(p)) {
            return Some("product");
        }
        if !fits(&source.service, &service) {
            return Some("service");
        }
        (!fits(&source.category, &|c| self.known.categories.admits(c))).then_some("category")
    }

    /// What rules call a field, and what the event calls it, in the order in which they are tried.
    #[must_use]
    pub fn renames(&self) -> &'static [(&'static str, &'static str)] {
        &self.known.renames
    }

    /// What stands before and behind the name of any field in such an event: `winlog.event_data.` and nothing, say.
    #[must_use]
    pub fn around(&self) -> &'static [(&'static str, &'static str)] {
        &self.known.around
    }

    /// Other names that a field of a rule may have in such an event, in the order in which they are tried.
    pub fn other_names<'f>(&self, field: &'f str) -> impl Iterator<Item = Cow<'static, str>> + use<'f> {
        let exact = self.renames().iter().filter(move |(rule, _)| *rule == field);
        let around =
            self.around().iter().map(move |(before, behind)| format!("{before}{field}{behind}").into());
        exact.map(|(_, event)| Cow::Borrowed(*event)).chain(around)
    }

    /// The form in which such events come, in words; empty where nothing is known.
    #[must_use]
    pub fn form(&self) -> &'static str {
        self.known.form
    }
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Class {}

impl PartialOrd for Class {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Class {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Every name that events of some class have for a field of a rule of this log source.
pub(crate) fn other_names(source: &LogSource) -> OtherNames {
    Sources::known().other_names(source)
}

/// The class of an event of a format (`evtx`, `syslog`, `zeek`, `cloudtrail`, …) with these fields.
#[must_use]
pub fn classify(format: &str, fields: &Map<String, Value>) -> Class {
    Sources::known().classify(format, |name| text(fields, name))
}

/// The class of an event of which only some fields are at hand. `lookup` gives a field's text, of texts and numbers
/// alone; a dot in a name leads into an object where no key holds the dot itself. [`Sources::asked`] lists the names.
pub fn classify_with<'a>(format: &str, lookup: impl Fn(&str) -> Option<Cow<'a, str>>) -> Class {
    Sources::known().classify(format, lookup)
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<Cow<'a, str>> {
    let found = fields.get(name).or_else(|| {
        // Few names have dots, and those few of them.
        name.match_indices('.').find_map(|(dot, _)| below(fields.get(&name[..dot])?, &name[dot + 1..]))
    });
    match found? {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

fn below<'a>(value: &'a Value, rest: &str) -> Option<&'a Value> {
    let map = value.as_object()?;
    map.get(rest).or_else(|| {
        rest.match_indices('.').find_map(|(dot, _)| below(map.get(&rest[..dot])?, &rest[dot + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(format: &str, event: Value, source: (&str, &str, &str), want: bool) {
        let part = |t: &str| (!t.is_empty()).then(|| t.to_owned());
        let source = LogSource { category: part(source.0), product: part(source.1), service: part(source.2) };
        let class = classify(format, event.as_object().expect("an object"));
        assert_eq!(class.admits(&source), want, "{format} {event} for {source:?}");
    }

    #[test]
    fn events_are_offered_to_rules_of_their_sources() {
        let sysmon = json!({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": "1"});
        let audit = json!({"Channel": "Security", "EventID": "4688"});
        for (format, event, source, want) in [
            ("evtx", &sysmon, ("process_creation", "windows", ""), true),
            ("evtx", &sysmon, ("image_load", "windows", ""), false),
            ("evtx", &sysmon, ("", "windows", "sysmon"), true),
            ("evtx", &sysmon, ("", "windows", "security"), false),
            ("evtx", &sysmon, ("", "windows", ""), true),
            ("evtx", &sysmon, ("process_creation", "linux", ""), false),
            ("evtx", &audit, ("process_creation", "windows", ""), true),
            ("evtx", &audit, ("", "windows", "security"), true),
            ("ndjson", &audit, ("", "windows", "security"), true),
            ("ndjson", &json!({"a": 1}), ("process_creation", "windows", ""), true),
            ("evtx", &json!({"EventID": "1"}), ("process_creation", "windows", ""), false),
            ("syslog", &json!({"program": "sshd"}), ("", "linux", "sshd"), true),
            ("syslog", &json!({"program": "sshd"}), ("", "linux", "auth"), true),
            ("syslog", &json!({"program": "cron"}), ("", "linux", "sshd"), false),
            (
                "ndjson",
                &json!({"__REALTIME_TIMESTAMP": "1", "program": "cron"}),
                ("", "linux", "sshd"),
                false,
            ),
            ("ndjson", &json!({"__REALTIME_TIMESTAMP": "1", "program": "sshd"}), ("", "linux", "sshd"), true),
            ("zeek", &json!({"_path": "dns"}), ("", "zeek", "dns"), true),
            ("zeek", &json!({"_path": "dns"}), ("", "zeek", "ssh"), false),
            ("cloudtrail", &json!({}), ("", "aws", "cloudtrail"), true),
            ("cloudtrail", &json!({}), ("", "windows", "security"), false),
        ] {
            check(format, event.clone(), source, want);
        }
    }
}
