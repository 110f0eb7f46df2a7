//! Public lists that are used for all customers: those that come with the program, and newer ones in the home.

use crate::evidence::{File, Given, examine};
use crate::fault::{Exit, Fault};
use assess::CheckSet;
use custody::Home;
use evidence::records::Exhibit;
use evidence::{Envelope, Handed, Hint, KINDS, Side, Status};
use model::{CustomerId, Time};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Kinds of evidence that are public lists begin with this.
const PREFIX: &str = "feed-";
/// A feed lies in no log: it has no place there.
const NO_PLACE: u64 = u64::MAX;

/// The kinds that are public lists.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|k| k.name).filter(|n| n.starts_with(PREFIX))
}

/// The lists that come with the program, by kind. The one place where they join the home's.
fn embedded() -> BTreeMap<String, Exhibit> {
    let Ok(customer) = CustomerId::parse("public") else { return BTreeMap::new() };
    let exhibit = |feed: evidence::feeds::Feed| {
        let lines: String = feed.document.rows.iter().map(|row| row.line() + "\n").collect();
        let handed = Handed {
            customer: &customer,
            side: Side::Provider,
            file: feed.name,
            collected: feed.date,
            received: feed.date,
            scope: None,
            population: None,
            covers: None,
            mapping: None,
        };
        let envelope = Envelope::new(&handed, lines.as_bytes(), &feed.document);
        let kind = envelope.kind.clone();
        (kind, Exhibit { envelope, seq: NO_PLACE, rows: feed.document.rows.into(), raw: None })
    };
    evidence::feeds::embedded().into_iter().map(exhibit).collect()
}

fn card(kind: &str) -> String {
    format!("feeds/{kind}/feed.json")
}

fn raw_name(kind: &str, sha256: &str) -> String {
    format!("feeds/{kind}/{sha256}")
}

fn damaged(name: &str, why: &str) -> Fault {
    let what = format!("`{name}` is damaged: {why}");
    Fault::new(Exit::Environment, "BW-5004", what, "take the feed again: `bailiwick feed update PATH`")
}

/// What stands on the home's feed of a kind, if there is one.
pub(crate) fn envelope(home: &Home, kind: &str) -> Result<Option<Envelope>, Fault> {
    let name = card(kind);
    let bytes = match home.disk().read(&name) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let value: Value = serde_json::from_slice(&bytes).map_err(|e| damaged(&name, &e.to_string()))?;
    Envelope::from_json(&value).map(Some).map_err(|why| damaged(&name, &why))
}

/// The home's feed of a kind; its bytes are those that its card names, or it is none.
fn own(home: &Home, kind: &str) -> Result<Option<Exhibit>, Fault> {
    let Some(envelope) = envelope(home, kind)? else { return Ok(None) };
    let name = raw_name(kind, &envelope.sha256);
    let raw = home.disk().read(&name).map_err(|e| damaged(&name, &e.to_string()))?;
    if hex(&raw) != envelope.sha256 {
        return Err(damaged(&name, "its bytes are not those that were taken"));
    }
    let document = evidence::read(&raw, &envelope.file, &Hint { kind: Some(kind), ..Hint::default() });
    Ok(Some(Exhibit { envelope, seq: NO_PLACE, rows: document.rows.into(), raw: None }))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// The feeds of these kinds: the newer of the home's and ours.
pub(crate) fn load(home: &Home, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Exhibit>, Fault> {
    let mut ours = embedded();
    let mut found = vec![];
    for kind in kinds().filter(|k| wanted(k)) {
        let (own, ours) = (own(home, kind)?, ours.remove(kind));
        found.extend(match (own, ours) {
            (Some(own), Some(ours)) if ours.envelope.effective() > own.envelope.effective() => Some(ours),
            (Some(own), _) => Some(own),
            (None, ours) => ours,
        });
    }
    Ok(found)
}

/// The feeds that any of these checks stands on.
pub(crate) fn of_checks(home: &Home, set: &CheckSet) -> Result<Vec<Exhibit>, Fault> {
    load(home, &|kind| set.checks().any(|c| c.needs.iter().any(|n| n.kind == kind)))
}

/// Takes a feed: it takes the place of the one of its kind for all customers. One that is not whole takes nobody's.
pub(crate) fn update(home: &Home, file: &File, raw: &[u8], now: Time) -> Result<Envelope, Fault> {
    let customer = CustomerId::parse("public").map_err(|e| Fault::usage("BW-1006", e.to_string(), ""))?;
    let given = Given {
        customer,
        side: Side::Provider,
        format: None,
        scope: None,
        population: None,
        covers: None,
        mapping: None,
    };
    let (_, mut envelope) = examine(&given, file, raw, now);
    let shown = crate::out::path(&file.path);
    let refused = |why: String| {
        let what = format!("`{shown}`: {why}; nothing was changed");
        Fault::new(Exit::Incomplete, "BW-1019", what, "fetch it again; a CSV file needs `--kind`")
    };
    if envelope.status != Status::Complete {
        let why = envelope.status.why().unwrap_or_default().to_owned();
        return Err(refused(format!("{}: {why}", envelope.status.as_str())));
    }
    if !envelope.kind.starts_with(PREFIX) {
        return Err(refused(format!("holds evidence of the kind `{}`, which is no feed", envelope.kind)));
    }
    if envelope.rows.is_empty() {
        return Err(refused("is whole and names nothing".to_owned()));
    }
    let kind = envelope.kind.clone();
    let before = self::envelope(home, &kind)?;
    if let Some(newer) = before.as_ref().filter(|b| b.effective() > envelope.effective()) {
        let there = newer.effective();
        return Err(refused(format!("is of {}, and the one there is of {there}", envelope.effective())));
    }
    envelope.scope = kind.clone();
    home.disk().put(&raw_name(&kind, &envelope.sha256), raw)?;
    // Last, so that the card never names bytes that are not there.
    home.disk().put(&card(&kind), format!("{:#}\n", envelope.to_json()).as_bytes())?;
    if let Some(before) = before.filter(|b| b.sha256 != envelope.sha256) {
        home.disk().remove(&raw_name(&kind, &before.sha256))?;
    }
    Ok(envelope)
}

/// Every feed that is used, as it stands on its envelope, and whether it is the home's.
pub(crate) fn list(home: &Home) -> Result<Vec<(Envelope, bool)>, Fault> {
    let all = load(home, &|_| true)?;
    let mut told = vec![];
    for exhibit in all {
        let own =
            envelope(home, &exhibit.envelope.kind)?.is_some_and(|e| e.sha256 == exhibit.envelope.sha256);
        told.push((exhibit.envelope, own));
    }
    Ok(told)
}
