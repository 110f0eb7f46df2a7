//! From the fields of any format to what happened: maps that are data, one file for each family of products.
//!
//! A file names where its products nest fields (`inside`), and a list of maps. A map is tried when the text in its key
//! field is one of the key's values; it holds when every line of `when` fits and none of `unless`; then it says which
//! act this was and in which fields the names stand. The first map that holds decides.

use crate::routes::{Possible, Routes};
use crate::seen::{self, Act, Outcome, Seen};
use model::{Event, Fields};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Every file of maps that we wrote.
const FILES: [(&str, &str); 9] = [
    ("windows", include_str!("../vocabulary/windows.toml")),
    ("linux", include_str!("../vocabulary/linux.toml")),
    ("entra", include_str!("../vocabulary/entra.toml")),
    ("microsoft-365", include_str!("../vocabulary/microsoft-365.toml")),
    ("okta", include_str!("../vocabulary/okta.toml")),
    ("google", include_str!("../vocabulary/google.toml")),
    ("aws", include_str!("../vocabulary/aws.toml")),
    ("network", include_str!("../vocabulary/network.toml")),
    ("zeek", include_str!("../vocabulary/zeek.toml")),
];
/// Where formats say which machine wrote a record.
pub(crate) const HOSTS: [&str; 5] = ["host", "Computer", "_HOSTNAME", "winlog.computer_name", "hostname"];
/// Members of one array that are looked at.
const MEMBERS_LIMIT: usize = 64;
/// Bytes of a field that a pattern reads.
const READ_LIMIT_BYTES: usize = 8 << 10;

/// What is wrong with a file of maps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("vocabulary `{file}`: {why}")]
pub struct VocabularyError {
    /// Which file.
    pub file: String,
    /// What, and at which map.
    pub why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Which products, and which documents say so.
    about: String,
    #[serde(default)]
    inside: Vec<String>,
    map: Vec<Map>,
}

/// One text or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn each(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(list) => list,
        }
    }
}

impl Texts {
    fn lower(&mut self) {
        match self {
            Self::One(text) => *text = text.to_lowercase(),
            Self::Many(list) => list.iter_mut().for_each(|t| *t = t.to_lowercase()),
        }
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self::Many(vec![])
    }
}

type Lines = BTreeMap<String, Texts>;

/// A field whose value decides between yes and no.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decides {
    field: Texts,
    #[serde(default)]
    yes: Texts,
    #[serde(default)]
    no: Texts,
}

impl Decides {
    fn of(&self, found: &Found<'_>) -> Option<bool> {
        let text = found.first(&self.field)?.to_lowercase();
        let fits = |list: &Texts| list.each().iter().any(|p| is_like_low(&text, p));
        if fits(&self.yes) {
            Some(true)
        } else if fits(&self.no) {
            Some(false)
        } else {
            None
        }
    }
}

/// A pattern that reads fields out of a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reads {
    field: Texts,
    pattern: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Map {
    id: String,
    key: Lines,
    #[serde(default)]
    when: Lines,
    #[serde(default)]
    unless: Lines,
    reads: Option<Reads>,
    /// Nothing: the record only shows that its log is alive, and no later map is tried.
    act: Option<Act>,
    #[serde(default)]
    outcome: Outcome,
    /// Success where the field says yes, failure where it says no.
    succeeded: Option<Decides>,
    #[serde(default)]
    account: Texts,
    #[serde(default)]
    sid: Texts,
    #[serde(default)]
    by: Texts,
    #[serde(default)]
    from: Texts,
    #[serde(default)]
    agent: Texts,
    #[serde(default)]
    host: Texts,
    #[serde(default)]
    object: Texts,
    exists: Option<Decides>,
    providers: Option<Decides>,
    #[serde(default)]
    north: Texts,
    #[serde(default)]
    east: Texts,
    #[serde(default)]
    country: Texts,
    /// Two fields with times, before and after: the amount is how far they are apart.
    clock: Option<(String, String)>,
    /// A number of seconds: the amount.
    #[serde(default)]
    seconds: Texts,
    /// How many times it happened, where one record stands for several.
    #[serde(default)]
    times: Texts,
    #[serde(skip)]
    pattern: Option<Regex>,
}

struct Family {
    name: String,
    about: String,
    inside: Vec<String>,
    maps: Vec<Map>,
    /// Key fields, and for each of their values the maps to try.
    keys: Vec<(String, BTreeMap<String, Vec<usize>>)>,
    /// How many key fields stand in the families before this one.
    first_key: usize,
}

/// All maps, ready to be used.
pub struct Vocabulary {
    families: Vec<Family>,
    routes: Routes,
}

impl Vocabulary {
    /// The maps that come with the program.
    ///
    /// # Panics
    /// Never: a test reads every file.
    #[must_use]
    pub fn built_in() -> Self {
        let read = FILES.iter().map(|(name, text)| Family::read(name, text));
        Self::of(read.collect::<Result<_, _>>().expect("every file is read by a test"))
    }

    fn of(mut families: Vec<Family>) -> Self {
        let (mut routes, mut number) = (Routes::new(), 0);
        for family in &mut families {
            family.first_key = number;
            for (field, _) in &family.keys {
                routes.add(number, field, &family.inside);
                number += 1;
            }
        }
        Self { families, routes }
    }

    /// Reads further files of maps, which are tried before those that come with the program.
    ///
    /// # Errors
    /// [`VocabularyError`] naming the file and the map, when one is not what this page says.
    pub fn with(files: &[(String, String)]) -> Result<Self, VocabularyError> {
        let mut families = files.iter().map(|(n, t)| Family::read(n, t)).collect::<Result<Vec<_>, _>>()?;
        families.extend(Self::built_in().families);
        Ok(Self::of(families))
    }

    /// Each family: its name, what it is about, the ids of its maps with the act of each.
    pub fn families(&self) -> impl Iterator<Item = (&str, &str, Vec<(&str, Option<Act>)>)> {
        self.families.iter().map(|f| {
            (f.name.as_str(), f.about.as_str(), f.maps.iter().map(|m| (m.id.as_str(), m.act)).collect())
        })
    }

    /// What happened according to this record; without an act where nothing is known of it.
    #[must_use]
    pub fn read(&self, event: &Event) -> Seen {
        self.read_where(event, self.routes.of(&event.fields))
    }

    /// The same, asking for every key field of every family: what [`Vocabulary::read`] is held against.
    #[must_use]
    pub fn read_plainly(&self, event: &Event) -> Seen {
        self.read_where(event, Possible::ALL)
    }

    fn read_where(&self, event: &Event, possible: Possible) -> Seen {
        let mut seen = Seen {
            at: crate::detector::counted_at(&event.record).as_millisecond(),
            seq: event.record.seq,
            log: event.record.source.name().to_owned(),
            number: crate::numbers::number(&event.fields).map(|(channel, n)| (channel.into_owned(), n)),
            ..Seen::default()
        };
        // A relay carries the logs of many hosts, each with a life of its own, whatever its records are about.
        let hosts = HOSTS.iter().enumerate().filter(|(number, _)| possible.host(*number));
        let host = hosts.map(|(_, name)| name).find_map(|name| reach(&event.fields, name).and_then(as_text));
        seen.host = host.and_then(|h| seen::text_of(&h)).map(|h| h.to_lowercase());
        for family in &self.families {
            if let Some((map, found)) = family.holds(&event.fields, possible) {
                map.say(&found, &mut seen);
                break;
            }
        }
        seen
    }

    /// The id of the map that decides about these fields.
    #[must_use]
    pub fn decides<'a>(&'a self, fields: &'a Fields) -> Option<&'a str> {
        let possible = self.routes.of(fields);
        self.families.iter().find_map(|f| f.holds(fields, possible).map(|(map, _)| map.id.as_str()))
    }
}

impl Family {
    fn read(name: &str, text: &str) -> Result<Self, VocabularyError> {
        let wrong = |why: String| VocabularyError { file: name.to_owned(), why };
        let file: File = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let mut maps = file.map;
        let mut keys: Vec<(String, BTreeMap<String, Vec<usize>>)> = vec![];
        for (number, map) in maps.iter_mut().enumerate() {
            let mut lines = map.key.iter();
            let (Some((field, values)), None) = (lines.next(), lines.next()) else {
                return Err(wrong(format!("map `{}` has not exactly one key field", map.id)));
            };
            let at = keys.iter().position(|(f, _)| f == field).unwrap_or_else(|| {
                keys.push((field.clone(), BTreeMap::new()));
                keys.len() - 1
            });
            for value in values.each() {
                keys[at].1.entry(value.to_lowercase()).or_default().push(number);
            }
            map.lower();
            if let Some(reads) = &map.reads {
                let made = regex::RegexBuilder::new(&reads.pattern).size_limit(1 << 20).build();
                map.pattern = Some(made.map_err(|e| wrong(format!("map `{}`: {e}", map.id)))?);
            }
        }
        Ok(Self { name: name.to_owned(), about: file.about, inside: file.inside, maps, keys, first_key: 0 })
    }

    fn holds<'a>(&'a self, fields: &'a Fields, possible: Possible) -> Option<(&'a Map, Found<'a>)> {
        let plain = Found { fields, inside: &self.inside, read: BTreeMap::new() };
        let keys = self.keys.iter().zip(self.first_key..).filter(|(_, number)| possible.key(*number));
        for ((field, values), _) in keys {
            let Some(text) = plain.text(field) else { continue };
            let tried = values.get(text.as_ref()).or_else(|| {
                let has_upper = text.chars().any(char::is_uppercase);
                has_upper.then(|| values.get(&text.to_lowercase())).flatten()
            });
            for number in tried.into_iter().flatten() {
                let map = &self.maps[*number];
                if let Some(found) = map.fits(&plain) {
                    return Some((map, found));
                }
            }
        }
        None
    }
}

impl Map {
    /// Patterns in lower case, once for all records.
    fn lower(&mut self) {
        let lines = self.when.values_mut().chain(self.unless.values_mut());
        let decides = [&mut self.succeeded, &mut self.exists, &mut self.providers];
        let of_decides = decides.into_iter().flatten().flat_map(|d| [&mut d.yes, &mut d.no]);
        lines.chain(of_decides).for_each(Texts::lower);
    }

    fn fits<'a>(&self, plain: &Found<'a>) -> Option<Found<'a>> {
        let mut found = Found { fields: plain.fields, inside: plain.inside, read: BTreeMap::new() };
        if let (Some(pattern), Some(reads)) = (&self.pattern, &self.reads) {
            let text = plain.first(&reads.field)?;
            let mut end = text.len().min(READ_LIMIT_BYTES);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let caught = pattern.captures(&text[..end])?;
            for name in pattern.capture_names().flatten() {
                if let Some(one) = caught.name(name) {
                    found.read.insert(name.to_owned(), one.as_str().to_owned());
                }
            }
        }
        let fits = |(field, patterns): (&String, &Texts)| {
            let text = found.text(field).unwrap_or_default().to_lowercase();
            patterns.each().iter().any(|p| is_like_low(&text, p))
        };
        (self.when.iter().all(fits) && !self.unless.iter().any(fits)).then_some(found)
    }

    fn say(&self, found: &Found<'_>, seen: &mut Seen) {
        seen.act = self.act;
        seen.outcome = match self.succeeded.as_ref().map(|d| d.of(found)) {
            Some(Some(true)) => Outcome::Success,
            Some(Some(false)) => Outcome::Failure,
            Some(None) => Outcome::Untold,
            None => self.outcome,
        };
        let name = |fields: &Texts| found.first(fields).and_then(|t| seen::text_of(&t));
        let id = |text: String| {
            let is_sid = text.starts_with("S-1-");
            if is_sid { Some(text) } else { seen::account(&text) }
        };
        seen.account = name(&self.account).and_then(id);
        seen.sid = name(&self.sid).or_else(|| seen.account.clone().filter(|a| a.starts_with("S-1-")));
        seen.by = name(&self.by).and_then(id);
        seen.from = found.first(&self.from).and_then(|t| seen::address(&t));
        seen.agent = name(&self.agent);
        seen.host = name(&self.host).map(|h| h.to_lowercase()).or(seen.host.take());
        seen.object = name(&self.object);
        if self.act == Some(Act::ForwardingRule) {
            let owner = found.first(&self.account).or_else(|| found.first(&self.by));
            let to = found.first(&self.object);
            seen.stays_inside = owner.zip(to).is_some_and(|(owner, to)| seen::is_same_domain(&owner, &to));
        }
        seen.exists = self.exists.as_ref().and_then(|d| d.of(found));
        seen.is_providers = self.providers.as_ref().and_then(|d| d.of(found)).unwrap_or(false);
        let number = |fields: &Texts| found.first(fields)?.parse::<f64>().ok().filter(|n| n.is_finite());
        seen.place = number(&self.north)
            .zip(number(&self.east))
            .filter(|(n, e)| n.abs() <= 90.0 && e.abs() <= 180.0 && (*n, *e) != (0.0, 0.0));
        seen.country = name(&self.country).map(|c| c.to_uppercase());
        seen.amount = self.clock.as_ref().and_then(|(before, after)| {
            let time = |field: &str| found.text(field)?.parse::<model::Time>().ok();
            Some(time(after)?.as_millisecond().saturating_sub(time(before)?.as_millisecond()))
        });
        seen.times = found.first(&self.times).and_then(|t| t.parse().ok()).unwrap_or(0);
        #[expect(clippy::cast_possible_truncation, reason = "a saturating cast of a finite number")]
        let milliseconds = |seconds: f64| (seconds * 1000.0) as i64;
        seen.amount = seen.amount.or_else(|| number(&self.seconds).map(milliseconds));
    }
}

/// The fields of a record, where a family of products nests them.
struct Found<'a> {
    fields: &'a Fields,
    inside: &'a [String],
    read: BTreeMap<String, String>,
}

impl<'a> Found<'a> {
    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(read) = self.read.get(name) {
            return Some(Cow::Borrowed(read));
        }
        let direct = reach(self.fields, name).and_then(as_text);
        direct.or_else(|| {
            let nested = |outer: &String| match walk(self.fields, outer)? {
                Value::Object(map) => reach(map, name).and_then(as_text),
                _ => None,
            };
            self.inside.iter().find_map(nested)
        })
    }

    fn first(&self, names: &Texts) -> Option<Cow<'_, str>> {
        names.each().iter().find_map(|name| self.text(name).filter(|t| seen::text_of(t).is_some()))
    }
}

fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
        Value::Array(list) => list.iter().take(MEMBERS_LIMIT).find_map(as_text),
        Value::Null | Value::Object(_) => None,
    }
}

/// A field by its name, or by a path.
fn reach<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields.get(name).or_else(|| if name.contains(['.', '[']) { walk(fields, name) } else { None })
}

/// A path of names with dots; `list[name=value]` takes the member of an array that has this, `list[=value]` the text in it
/// that is like this, plain `list` the first.
fn walk<'a>(fields: &'a Fields, path: &str) -> Option<&'a Value> {
    let mut at: Option<&Value> = None;
    let mut open = false;
    let ends = |c: char| {
        open = (open || c == '[') && c != ']';
        c == '.' && !open
    };
    for step in path.split(ends) {
        let (name, chosen) = match step.split_once('[') {
            Some((name, choice)) => (name, choice.trim_end_matches(']').split_once('=')),
            None => (step, None),
        };
        let map = match at {
            None => Some(fields),
            Some(Value::Object(map)) => Some(map),
            Some(Value::Array(list)) => {
                list.iter().take(MEMBERS_LIMIT).find_map(|m| m.as_object().filter(|o| o.contains_key(name)))
            }
            Some(_) => None,
        }?;
        let mut next = map.get(name)?;
        if let Some((key, value)) = chosen {
            let is_it = |m: &&Value| {
                let one = if key.is_empty() { Some(*m) } else { m.get(key) };
                one.and_then(as_text).is_some_and(|t| is_like(&t, value))
            };
            next = next.as_array()?.iter().take(MEMBERS_LIMIT).find(is_it)?;
        }
        at = Some(next);
    }
    at
}

/// Whether a text is like a pattern in which `*` is any text; without case.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    is_like_low(&text.to_lowercase(), &pattern.to_lowercase())
}

/// The same of texts that are in lower case already.
fn is_like_low(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else { return false };
    // Nearly all patterns are plain texts, and nearly none fits.
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    let (last, middle) = parts.split_last().map_or(("", &[][..]), |(l, m)| (*l, m));
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_comes_along_is_read_and_says_what_it_is_about() {
        for (name, text) in FILES {
            let family = Family::read(name, text).expect(name);
            assert!(family.about.len() > 20 && !family.maps.is_empty(), "{name}");
        }
        let all = Vocabulary::built_in();
        let mut ids: Vec<&str> =
            all.families().flat_map(|(_, _, maps)| maps.into_iter().map(|m| m.0)).collect();
        let many = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), many, "an id stands twice");
    }

    #[test]
    fn a_wrong_file_says_which_map_is_wrong() {
        for (text, want) in [
            ("about = 1", "about"),
            ("about='x'\n[[map]]\nid='m'\nkey={A='1',B='2'}", "map `m` has not exactly one key field"),
            ("about='x'\n[[map]]\nid='m'\nkey={A='1'}\nact='dance'", "dance"),
            ("about='x'\n[[map]]\nid='m'\nkey={A='1'}\nreads={field='a',pattern='('}", "map `m`"),
        ] {
            let error = Vocabulary::with(&[("mine".into(), text.into())]).err().expect(text).to_string();
            assert!(error.contains(want) && error.contains("`mine`"), "{error}");
        }
    }

    #[test]
    fn patterns_are_any_text_at_stars_and_nothing_else() {
        for (text, pattern, want) in [
            ("abc", "abc", true),
            ("ABC", "abc", true),
            ("abc", "ab", false),
            ("abc", "a*", true),
            ("abc", "*c", true),
            ("abc", "a*c", true),
            ("ac", "a*c", true),
            ("a", "a*a", false),
            ("abab", "*ab", true),
            ("", "*", true),
            ("", "", true),
            ("x", "", false),
        ] {
            assert_eq!(is_like(text, pattern), want, "{text} {pattern}");
        }
    }

    #[test]
    fn paths_choose_members_of_lists() {
        let fields = serde_json::json!({"p": [{"Name": "A", "Value": 1}, {"Name": "B", "Value": "two"}], "x": {"y": "z"}, "d.e": "f"});
        let fields = fields.as_object().expect("an object");
        let text = |path: &str| reach(fields, path).and_then(as_text).map(Cow::into_owned);
        assert_eq!(text("p[Name=B].Value").as_deref(), Some("two"));
        assert_eq!(text("p.Value").as_deref(), Some("1"));
        assert_eq!(text("x.y").as_deref(), Some("z"));
        assert_eq!(text("d.e").as_deref(), Some("f"));
        assert_eq!(text("p[Name=C].Value"), None);
        assert_eq!(text("p[Name=*.x].Value"), None);
    }
}
