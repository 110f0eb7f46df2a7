//! A check as data: `check.toml`. Everything that can be wrong with one is said with its place.

use crate::store::{self, Asked};
use evidence::{Kind, Side};
use model::Time;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Bytes of a `check.toml`, at most.
const FILE_BYTES: usize = 64 * 1024;
/// Longest time that evidence may be asked for, in days: what the law keeps longest is six years.
const DAYS_LIMIT: i64 = 2_200;

/// Who can bring the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The customer alone.
    Customer,
    /// The provider alone.
    Provider,
    /// Anybody outside.
    Outside,
    /// Both hold a copy, and the copies must agree.
    Both,
}

impl Holder {
    /// Its letter in the reference: C, M, X, B.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::Customer => "C",
            Self::Provider => "M",
            Self::Outside => "X",
            Self::Both => "B",
        }
    }
}

/// Whose evidence a need asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The side that the question is put to.
    Asked,
    /// This side, whoever is asked.
    Only(Side),
    /// Each side, at least one document.
    Both,
    /// Either side, or a public feed.
    Any,
}

/// One kind of evidence that a check stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// Its kind, as in [`evidence::KINDS`].
    pub kind: String,
    /// Whose.
    pub of: Of,
    /// Seconds that it may be old.
    pub at_most_old: i64,
    /// Seconds before the day of the assessment that it must cover; 0 for a state at one instant.
    pub covers: i64,
    /// Whether the check can be judged without it.
    pub optional: bool,
    /// Whether a list in it excuses subjects: then a part of it is no ground to call anybody failing.
    pub reference: bool,
}

/// A number or word that a profile may change.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its default.
    pub value: Value,
    /// Its unit.
    pub unit: String,
    /// Whether `less` or `more` is stricter; `none` for words.
    pub stricter: String,
    /// Where the default comes from: document and section.
    pub source: String,
}

/// The queries of a check, and from when to when they are the rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// First instant at which it is the rule.
    pub from: Option<Time>,
    /// First instant at which it no longer is.
    pub until: Option<Time>,
    /// Why the rule changed.
    pub why: String,
    /// Subjects; one column.
    pub population: String,
    /// Subjects that fail, why, and the record that shows it (column `doc` of a table), where there is one.
    pub failing: String,
    /// Subjects of which nobody can say, and why.
    pub unknown: Option<String>,
    /// What contradicts an attestation; any row makes it worthless.
    pub contradicted: Option<String>,
    /// Parameters by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// The tables that its queries speak of, with the columns that they can read.
    pub(crate) asked: Asked,
}

impl Rule {
    /// Its queries.
    pub(crate) fn queries(&self) -> impl Iterator<Item = &str> {
        let may = [self.unknown.as_deref(), self.contradicted.as_deref()];
        [self.population.as_str(), &self.failing].into_iter().chain(may.into_iter().flatten())
    }
}

/// A check.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its id, such as `ra.msp-mfa-100`.
    pub id: String,
    /// The measure that it belongs to.
    pub measure: String,
    /// Its name for people.
    pub title: String,
    /// The question in plain words.
    pub asks: String,
    /// Document and section that ask for it.
    pub from: Vec<String>,
    /// Whom it is put to.
    pub asked_of: Vec<Side>,
    /// Who can bring the evidence.
    pub holder: Holder,
    /// What it stands on.
    pub needs: Vec<Need>,
    /// Its rules, in the order of their days; empty while it waits.
    pub rules: Vec<Rule>,
    /// Whether an empty population, proven by complete evidence, means that it concerns nobody.
    pub may_not_apply: bool,
    /// Whether what it stands on is a person's word.
    pub attested: bool,
    /// What to do when it is not met.
    pub fix: String,
    /// Ids in other frameworks; empty where they are silent.
    pub maps: BTreeMap<String, Vec<String>>,
    /// The evidence that it waits for, when there is no rule yet.
    pub waits_for: Option<String>,
}

/// What is wrong with a check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{what}")]
pub struct CheckError {
    /// Line and member, when they are known: `line 7: ` or `needs[0].kind: `.
    pub place: String,
    /// What is wrong, and what to write instead.
    pub what: String,
}

fn wrong<T>(place: &str, what: impl Into<String>) -> Result<T, CheckError> {
    Err(CheckError {
        place: if place.is_empty() { String::new() } else { format!("{place}: ") },
        what: what.into(),
    })
}

impl Check {
    /// Whether it can reach an answer.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.waits_for.is_none()
    }

    /// The rule of a day.
    #[must_use]
    pub fn rule(&self, day: Time) -> Option<&Rule> {
        self.rules
            .iter()
            .find(|r| r.from.is_none_or(|from| from <= day) && r.until.is_none_or(|until| day < until))
    }

    /// Reads a `check.toml`.
    ///
    /// # Errors
    /// [`CheckError`] says what is wrong, where, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, CheckError> {
        if text.len() > FILE_BYTES {
            return wrong("", format!("the file has {} bytes, the limit is {FILE_BYTES}", text.len()));
        }
        let table: Table = text.parse().map_err(|e: toml::de::Error| {
            let line = e.span().map_or(1, |s| text[..s.start.min(text.len())].matches('\n').count() + 1);
            CheckError { place: format!("line {line}: "), what: e.message().to_owned() }
        })?;
        known("", &table, MEMBERS)?;
        let waits_for = maybe(&table, "", "waits_for")?;
        let needs = tables(&table, "needs")?
            .iter()
            .enumerate()
            .map(|(n, t)| need(n, t))
            .collect::<Result<Vec<_>, _>>()?;
        let check = Self {
            id: required(&table, "", "id")?,
            measure: required(&table, "", "measure")?,
            title: required(&table, "", "title")?,
            asks: required(&table, "", "asks")?,
            from: words(&table, "", "from")?,
            asked_of: asked_of(&table)?,
            holder: holder(&table)?,
            needs,
            rules: rules(&table)?,
            may_not_apply: empty(&table)?,
            attested: truth(&table, "", "attested")?,
            fix: required(&table, "", "fix")?,
            maps: maps(&table)?,
            waits_for,
        };
        check.agrees()?;
        Ok(check)
    }

    fn agrees(&self) -> Result<(), CheckError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        if self.id.is_empty() || self.id.len() > 60 || !self.id.chars().all(plain) {
            return wrong("id", "an id has a-z, 0-9, `.` and `-`, at most 60, such as `ra.msp-mfa-100`");
        }
        if !self.asks.ends_with('?') {
            return wrong("asks", "a question ends in `?`");
        }
        if self.from.is_empty() {
            return wrong("from", "name the document and the section that ask for it");
        }
        match (self.waits_for.is_some(), self.rules.is_empty()) {
            (true, false) => wrong("waits_for", "a check that waits has no [test] yet"),
            (false, true) => {
                wrong("test", "write a [test], or say with `waits_for` which evidence is still missing")
            }
            (false, false) if self.needs.iter().all(|n| n.optional) => {
                wrong("needs", "name at least one kind of evidence without which nobody can say")
            }
            _ => Ok(()),
        }
    }
}

const MEMBERS: &[&str] = &[
    "id",
    "measure",
    "title",
    "asks",
    "from",
    "asked_of",
    "holder",
    "needs",
    "test",
    "empty",
    "attested",
    "fix",
    "maps",
    "waits_for",
];

fn known(place: &str, table: &Table, members: &[&str]) -> Result<(), CheckError> {
    match table.keys().find(|k| !members.contains(&k.as_str())) {
        Some(key) => wrong(place, format!("`{key}` is no member; known are {}", members.join(", "))),
        None => Ok(()),
    }
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn maybe(table: &Table, place: &str, name: &str) -> Result<Option<String>, CheckError> {
    match table.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
        Some(_) => wrong(&join(place, name), "is a text that is not empty"),
    }
}

fn required(table: &Table, place: &str, name: &str) -> Result<String, CheckError> {
    match maybe(table, place, name)? {
        Some(text) => Ok(text),
        None => wrong(&join(place, name), "is missing"),
    }
}

fn truth(table: &Table, place: &str, name: &str) -> Result<bool, CheckError> {
    match table.get(name) {
        None => Ok(false),
        Some(Value::Boolean(yes)) => Ok(*yes),
        Some(_) => wrong(&join(place, name), "is true or false"),
    }
}

fn words(table: &Table, place: &str, name: &str) -> Result<Vec<String>, CheckError> {
    let Some(value) = table.get(name) else { return Ok(vec![]) };
    let list = value.as_array().and_then(|all| all.iter().map(|v| v.as_str().map(str::to_owned)).collect());
    list.map_or_else(|| wrong(&join(place, name), "is a list of texts"), Ok)
}

fn tables(table: &Table, name: &str) -> Result<Vec<Table>, CheckError> {
    let Some(value) = table.get(name) else { return Ok(vec![]) };
    let list = match value {
        Value::Table(one) => Some(vec![one.clone()]),
        Value::Array(all) => all.iter().map(|v| v.as_table().cloned()).collect(),
        _ => None,
    };
    list.map_or_else(|| wrong(name, "is a list of tables"), Ok)
}

fn asked_of(table: &Table) -> Result<Vec<Side>, CheckError> {
    let sides = words(table, "", "asked_of")?;
    let found: Option<Vec<Side>> = sides.iter().map(|w| Side::from_word(w)).collect();
    match found {
        Some(found) if !found.is_empty() => Ok(found),
        _ => wrong("asked_of", "names `provider`, `customer`, or both"),
    }
}

fn holder(table: &Table) -> Result<Holder, CheckError> {
    match required(table, "", "holder")?.as_str() {
        "C" => Ok(Holder::Customer),
        "M" => Ok(Holder::Provider),
        "X" => Ok(Holder::Outside),
        "B" => Ok(Holder::Both),
        other => wrong(
            "holder",
            format!("`{other}` is none of C (customer), M (provider), X (anybody outside), B (both)"),
        ),
    }
}

fn empty(table: &Table) -> Result<bool, CheckError> {
    match maybe(table, "", "empty")?.as_deref() {
        None | Some("unknown") => Ok(false),
        Some("not-applicable") => Ok(true),
        Some(_) => wrong("empty", "is `unknown` or `not-applicable`"),
    }
}

fn maps(table: &Table) -> Result<BTreeMap<String, Vec<String>>, CheckError> {
    let Some(value) = table.get("maps") else { return Ok(BTreeMap::new()) };
    let Some(maps) = value.as_table() else { return wrong("maps", "is a table of lists") };
    maps.keys().map(|name| Ok((name.clone(), words(maps, "maps", name)?))).collect()
}

/// `30d`, `12h`, `15m`: seconds.
fn duration(text: &str, place: &str) -> Result<i64, CheckError> {
    let unit = match text.chars().last() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        _ => return wrong(place, "is a time such as `30d`, `12h` or `15m`"),
    };
    match text[..text.len() - 1].parse::<i64>() {
        Ok(n) if n > 0 && n <= DAYS_LIMIT * 86_400 / unit => Ok(n * unit),
        _ => wrong(place, format!("is a time such as `30d`, at most {DAYS_LIMIT} days")),
    }
}

fn need(number: usize, table: &Table) -> Result<Need, CheckError> {
    let place = format!("needs[{number}]");
    known(&place, table, &["kind", "of", "at_most_old", "covers", "optional", "reference"])?;
    let kind = required(table, &place, "kind")?;
    if Kind::named(&kind).is_none() {
        return wrong(
            &join(&place, "kind"),
            format!("`{kind}` is no kind of evidence; `bailiwick evidence kinds` lists them"),
        );
    }
    let of = match maybe(table, &place, "of")?.as_deref() {
        None | Some("asked") => Of::Asked,
        Some("provider") => Of::Only(Side::Provider),
        Some("customer") => Of::Only(Side::Customer),
        Some("both") => Of::Both,
        Some("any") => Of::Any,
        Some(_) => return wrong(&join(&place, "of"), "is asked, provider, customer, both or any"),
    };
    let at_most_old = duration(&required(table, &place, "at_most_old")?, &join(&place, "at_most_old"))?;
    let covers =
        maybe(table, &place, "covers")?.map(|t| duration(&t, &join(&place, "covers"))).transpose()?;
    let (optional, reference) = (truth(table, &place, "optional")?, truth(table, &place, "reference")?);
    if optional && !reference {
        // Else whoever removes it could remove a failing subject.
        return wrong(&join(&place, "optional"), "only a `reference` that excuses subjects may be optional");
    }
    Ok(Need { kind, of, at_most_old, covers: covers.unwrap_or(0), optional, reference })
}

fn rules(table: &Table) -> Result<Vec<Rule>, CheckError> {
    let all = tables(table, "test")?;
    let rules = all.iter().enumerate().map(|(n, t)| rule(n, t)).collect::<Result<Vec<_>, _>>()?;
    for (n, pair) in rules.windows(2).enumerate() {
        if pair[0].until.is_none() || pair[0].until != pair[1].from {
            return wrong(
                &format!("test[{}]", n + 1),
                "several rules follow one another: `until` of one is `from` of the next",
            );
        }
    }
    Ok(rules)
}

fn day(table: &Table, place: &str, name: &str) -> Result<Option<Time>, CheckError> {
    let Some(text) = maybe(table, place, name)? else { return Ok(None) };
    evidence::text::instant(&text)
        .map_or_else(|| wrong(&join(place, name), "is a date such as `2026-06-10`"), |t| Ok(Some(t)))
}

fn rule(number: usize, table: &Table) -> Result<Rule, CheckError> {
    let place = format!("test[{number}]");
    known(
        &place,
        table,
        &["from", "until", "why", "population", "failing", "unknown", "contradicted", "parameters"],
    )?;
    let parameters = match table.get("parameters") {
        None => BTreeMap::new(),
        Some(Value::Table(all)) => all
            .iter()
            .map(|(n, v)| Ok((n.clone(), parameter(n, v, &place)?)))
            .collect::<Result<_, CheckError>>()?,
        Some(_) => return wrong(&join(&place, "parameters"), "is a table of tables"),
    };
    let mut rule = Rule {
        from: day(table, &place, "from")?,
        until: day(table, &place, "until")?,
        why: maybe(table, &place, "why")?.unwrap_or_default(),
        population: required(table, &place, "population")?,
        failing: required(table, &place, "failing")?,
        unknown: maybe(table, &place, "unknown")?,
        contradicted: maybe(table, &place, "contradicted")?,
        parameters,
        asked: Asked::new(),
    };
    rule.asked = store::asked_by(rule.queries());
    Ok(rule)
}

fn parameter(name: &str, value: &Value, place: &str) -> Result<Parameter, CheckError> {
    let place = join(&join(place, "parameters"), name);
    let Some(table) = value.as_table() else {
        return wrong(&place, "is a table of value, unit, stricter, source");
    };
    known(&place, table, &["value", "unit", "stricter", "source"])?;
    let value = match table.get("value") {
        Some(v @ (Value::Integer(_) | Value::Float(_) | Value::String(_))) => v.clone(),
        _ => return wrong(&join(&place, "value"), "is a number or a text"),
    };
    let stricter = maybe(table, &place, "stricter")?.unwrap_or_else(|| "none".to_owned());
    if !["less", "more", "none"].contains(&stricter.as_str()) {
        return wrong(&join(&place, "stricter"), "is less, more or none");
    }
    Ok(Parameter {
        value,
        unit: required(table, &place, "unit")?,
        stricter,
        source: required(table, &place, "source")?,
    })
}
