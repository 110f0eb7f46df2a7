//! Fixtures: raw files, what is said of them, and the answer that must come. They are a check's tests, its examples, and
//! what an outsider's script replays.
//!
//! A `case.toml` names the side and the verdict, the day, and the files. `like = "met"` takes another fixture and `cut`,
//! `empty`, `without` change its files, so that what happens with less evidence is said once and not copied.

use crate::assessment::Memory;
use crate::check::Check;
use crate::dossier::Dossier;
use crate::judge::{Answer, Circumstances, Exception, judge};
use crate::store::{Store, asked};
use crate::verdict::Verdict;
use contract::History;
use evidence::{Document, Envelope, Handed, Hint, Row, Side, text};
use model::{CustomerId, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use toml::Table;

/// One file of a fixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Its name.
    pub file: String,
    /// Its kind of evidence.
    pub kind: String,
    /// Whose.
    pub side: Side,
    /// When it was collected.
    pub collected: Time,
    /// Its bytes.
    pub raw: Vec<u8>,
}

/// A fixture.
#[derive(Debug, Clone, PartialEq)]
pub struct Fixture {
    /// Its name: `met`, `not-met`, …
    pub name: String,
    /// For which side the question is put.
    pub side: Side,
    /// The answer that must come.
    pub verdict: Verdict,
    /// The day.
    pub now: Time,
    /// The profile.
    pub profile: String,
    /// Exceptions in force.
    pub exceptions: Vec<Exception>,
    /// Its files, in their order.
    pub add: Vec<Added>,
    /// What must stand among the failing subjects.
    pub names: Vec<String>,
}

/// Files that were read already: a law asks about the same file in many variants of a fixture.
#[derive(Debug, Default)]
pub struct Shelf(BTreeMap<Shelved, Document>);

/// What a document is made of and nothing else: the name of a file, its kind and its bytes.
type Shelved = (String, String, Vec<u8>);

impl Shelf {
    fn read(&mut self, added: &Added) -> Document {
        let place = (added.file.clone(), added.kind.clone(), added.raw.clone());
        self.0.entry(place).or_insert_with(|| read(added)).clone()
    }
}

/// What is wrong with a fixture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FixtureError(pub String);

fn wrong<T>(what: impl Into<String>) -> Result<T, FixtureError> {
    Err(FixtureError(what.into()))
}

fn word<'t>(table: &'t Table, name: &str) -> Result<&'t str, FixtureError> {
    table.get(name).and_then(toml::Value::as_str).ok_or_else(|| FixtureError(format!("`{name}` is missing")))
}

fn side(table: &Table) -> Result<Side, FixtureError> {
    Side::from_word(word(table, "side")?).ok_or_else(|| FixtureError("`side` is provider or customer".into()))
}

fn time(table: &Table, name: &str) -> Result<Time, FixtureError> {
    text::instant(word(table, name)?).ok_or_else(|| FixtureError(format!("`{name}` is no time")))
}

fn names(table: &Table, name: &str) -> Vec<String> {
    let list = table.get(name).and_then(toml::Value::as_array).into_iter().flatten();
    list.filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

fn tables<'t>(table: &'t Table, name: &str) -> Result<Vec<&'t Table>, FixtureError> {
    let list = table.get(name).and_then(toml::Value::as_array).into_iter().flatten();
    list.map(|v| v.as_table().ok_or_else(|| FixtureError(format!("`{name}` is a list of tables")))).collect()
}

impl Fixture {
    /// Every fixture of a check's files. The error comes with the name of the folder.
    ///
    /// # Errors
    /// [`FixtureError`]
    pub fn all(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Self>, (String, FixtureError)> {
        let mut made: BTreeMap<String, Self> = BTreeMap::new();
        let mut later = vec![];
        for (path, raw) in files {
            let Some(name) = path.strip_prefix("fixtures/").and_then(|p| p.strip_suffix("/case.toml")) else {
                continue;
            };
            let failed = |e: FixtureError| (format!("fixtures/{name}"), e);
            let text = std::str::from_utf8(raw)
                .map_err(|_| failed(FixtureError("case.toml is not UTF-8".into())))?;
            let table: Table =
                text.parse().map_err(|e: toml::de::Error| failed(FixtureError(e.to_string())))?;
            if table.contains_key("like") {
                later.push((name.to_owned(), table));
            } else {
                made.insert(name.to_owned(), Self::whole(name, &table, files).map_err(failed)?);
            }
        }
        for (name, table) in later {
            let fixture = Self::like(&name, &table, &made).map_err(|e| (format!("fixtures/{name}"), e))?;
            made.insert(name, fixture);
        }
        Ok(made.into_values().collect())
    }

    fn whole(name: &str, table: &Table, files: &BTreeMap<String, Vec<u8>>) -> Result<Self, FixtureError> {
        let mut add = vec![];
        for entry in tables(table, "add")? {
            let file = word(entry, "file")?;
            let raw = files
                .get(&format!("fixtures/{name}/{file}"))
                .or_else(|| files.get(&format!("fixtures/{file}")));
            let Some(raw) = raw else {
                return wrong(format!("there is no file `{file}` beside case.toml or in fixtures/"));
            };
            add.push(Added {
                file: file.to_owned(),
                kind: word(entry, "kind")?.to_owned(),
                side: side(entry)?,
                collected: time(entry, "collected")?,
                raw: raw.clone(),
            });
        }
        if add.is_empty() {
            return wrong("`add` names no file: an answer that stands on nothing is no fixture");
        }
        let verdict = word(table, "verdict")?;
        Ok(Self {
            name: name.to_owned(),
            side: side(table)?,
            verdict: Verdict::from_word(verdict)
                .ok_or_else(|| FixtureError(format!("`{verdict}` is no verdict")))?,
            now: time(table, "now")?,
            profile: table.get("profile").and_then(toml::Value::as_str).unwrap_or("alert-floor").to_owned(),
            exceptions: tables(table, "exceptions")?.into_iter().map(exception).collect::<Result<_, _>>()?,
            add,
            names: names(table, "names"),
        })
    }

    fn like(name: &str, table: &Table, made: &BTreeMap<String, Self>) -> Result<Self, FixtureError> {
        let other = word(table, "like")?;
        let Some(other) = made.get(other) else {
            return wrong(format!("there is no fixture `{other}` to be like"));
        };
        let mut fixture = Self { name: name.to_owned(), names: names(table, "names"), ..other.clone() };
        let verdict = word(table, "verdict")?;
        fixture.verdict =
            Verdict::from_word(verdict).ok_or_else(|| FixtureError(format!("`{verdict}` is no verdict")))?;
        if table.contains_key("now") {
            fixture.now = time(table, "now")?;
        }
        if table.contains_key("exceptions") {
            fixture.exceptions =
                tables(table, "exceptions")?.into_iter().map(exception).collect::<Result<_, _>>()?;
        }
        let without = names(table, "without");
        let known = |file: &String| other.add.iter().any(|a| a.file == *file);
        for file in without.iter().chain(&names(table, "cut")).chain(&names(table, "empty")) {
            if !known(file) {
                return wrong(format!("`{file}` is no file of `{}`", other.name));
            }
        }
        fixture.add.retain(|a| !without.contains(&a.file));
        for added in &mut fixture.add {
            if names(table, "cut").contains(&added.file) {
                added.raw.truncate(added.raw.len() / 2);
            }
            if names(table, "empty").contains(&added.file) {
                added.raw.clear();
            }
        }
        Ok(fixture)
    }

    /// The answer that comes.
    ///
    /// # Errors
    /// When the evidence cannot be loaded; that is our fault, not the fixture's.
    pub fn answer(
        &self,
        check: &Check,
        parameters: &BTreeMap<String, toml::Value>,
    ) -> Result<Answer, String> {
        self.answer_with(check, parameters, &History::default(), &mut read)
    }

    /// The answer that comes, as [`Fixture::answer`], from files of which some were read already.
    ///
    /// # Errors
    /// As [`Fixture::answer`].
    pub fn answer_from(&self, shelf: &mut Shelf, check: &Check) -> Result<Answer, String> {
        self.answer_with(check, &BTreeMap::new(), &History::default(), &mut |added: &Added| shelf.read(added))
    }

    /// The answer under the numbers of these versions of a contract.
    ///
    /// # Errors
    /// In words, why the evidence of the fixture cannot be loaded.
    pub fn answer_under(
        &self,
        check: &Check,
        parameters: &BTreeMap<String, toml::Value>,
        contracts: &History,
    ) -> Result<Answer, String> {
        self.answer_with(check, parameters, contracts, &mut read)
    }

    /// The rows that are read out of each of its files, in the order of the files.
    #[must_use]
    pub fn rows(&self, shelf: &mut Shelf) -> Vec<Vec<Row>> {
        self.add.iter().map(|added| shelf.read(added).rows).collect()
    }

    /// The answer that comes when the rows of each file (by its place) are changed after they were read: how laws are tried
    /// on every format at once.
    ///
    /// # Errors
    /// As [`Fixture::answer`].
    pub fn answer_changed(
        &self,
        check: &Check,
        parameters: &BTreeMap<String, toml::Value>,
        change: &dyn Fn(usize, &mut Vec<Row>),
        shelf: &mut Shelf,
    ) -> Result<Answer, String> {
        let mut place = 0;
        self.answer_with(check, parameters, &History::default(), &mut |added: &Added| {
            let mut document = shelf.read(added);
            change(place, &mut document.rows);
            place += 1;
            document
        })
    }

    fn answer_with(
        &self,
        check: &Check,
        parameters: &BTreeMap<String, toml::Value>,
        contracts: &History,
        read: &mut dyn FnMut(&Added) -> Document,
    ) -> Result<Answer, String> {
        let customer = CustomerId::parse("acme").map_err(|e| e.to_string())?;
        let mut memory = Memory::new();
        for added in &self.add {
            let document = read(added);
            let handed = Handed {
                customer: &customer,
                side: added.side,
                file: &added.file,
                collected: added.collected,
                received: added.collected,
                scope: None,
                population: None,
                covers: None,
                mapping: None,
            };
            memory.add(&Envelope::new(&handed, &added.raw, &document), &added.raw, &document.rows);
        }
        let dossier = Dossier::open(&[memory.seal()?]);
        let store = Store::load(dossier.exhibits(), &asked([check]), self.now).map_err(|e| e.to_string())?;
        let about = Circumstances { now: self.now, parameters, exceptions: &self.exceptions, contracts };
        Ok(judge(&store, dossier.exhibits(), check, self.side, &about))
    }

    /// What is wrong with an answer, if anything is.
    #[must_use]
    pub fn complaint(&self, answer: &Answer) -> Option<String> {
        if answer.verdict != self.verdict {
            let first = answer
                .failing
                .first()
                .map(|s| format!("; fails: {} ({})", s.name, s.why))
                .unwrap_or_default();
            return Some(format!("{} instead of {}: {}{first}", answer.verdict, self.verdict, answer.why));
        }
        let missing = self
            .names
            .iter()
            .find(|name| !answer.failing.iter().chain(&answer.open).any(|s| s.name == **name));
        missing.map(|name| format!("`{name}` does not stand among those who fail or of whom nobody can say"))
    }

    /// `case.json`: the form that an outsider's script replays.
    #[must_use]
    pub fn case(&self) -> Value {
        let add = |a: &Added| json!({"file": a.file, "kind": a.kind, "side": a.side.as_str(), "collected": a.collected.to_string()});
        json!({
            "expect": {"side": self.side.as_str(), "verdict": self.verdict.as_str()},
            "now": self.now.to_string(),
            "profile": self.profile,
            "setup": self.exceptions.iter().map(exception_command).collect::<Vec<_>>(),
            "add": self.add.iter().map(add).collect::<Vec<_>>(),
        })
    }
}

fn read(added: &Added) -> Document {
    evidence::read(&added.raw, &added.file, &Hint { kind: Some(&added.kind), ..Hint::default() })
}

fn exception(table: &Table) -> Result<Exception, FixtureError> {
    Ok(Exception {
        check: word(table, "check")?.to_owned(),
        side: side(table)?,
        subject: table.get("subject").and_then(toml::Value::as_str).map(str::to_owned),
        reason: word(table, "reason")?.to_owned(),
        from: time(table, "from")?,
        expires: time(table, "expires")?,
    })
}

/// The command that makes an exception, as a user would type it.
fn exception_command(e: &Exception) -> Vec<String> {
    let mut words =
        ["exception", "add", "--customer", "acme", "--check", &e.check, "--side", e.side.as_str()]
            .map(str::to_owned)
            .to_vec();
    if let Some(subject) = &e.subject {
        words.extend(["--subject".to_owned(), subject.clone()]);
    }
    let (from, expires) = (e.from.to_string(), e.expires.to_string());
    let rest = [
        "--reason",
        &e.reason,
        "--compensating",
        "watched",
        "--provider-approval",
        "N. Ortega",
        "--customer-approval",
        "B. Lind",
        "--from",
        &from,
        "--expires",
        &expires,
    ];
    words.extend(rest.map(str::to_owned));
    words
}
