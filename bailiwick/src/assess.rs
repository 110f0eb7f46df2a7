//! The answer about one customer on one day: from its sealed records, the checks, a profile and the feeds; and what the
//! log keeps of it.

use crate::dossier::{self, Index};
use crate::fault::Fault;
use crate::profile::Profile;
use ::assess::assessment::{Assessment, assess, day};
use ::assess::judge::Circumstances;
use ::assess::{CheckSet, Counts, Verdict, exceptions, terms};
use custody::{Home, Vault, View};
use evidence::Side;
use evidence::records::Exhibit;
use model::{Fields, Kind, Time};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What an answer depends on beside the customer's own records.
pub(crate) struct Asked<'a> {
    pub(crate) set: &'a CheckSet,
    pub(crate) profile: &'a Profile,
    pub(crate) feeds: &'a [Exhibit],
    pub(crate) now: Time,
}

/// Answers every check for a customer.
pub(crate) fn answer(view: &View, asked: &Asked<'_>) -> Result<Assessment, Fault> {
    let agreed = dossier::pages(view, Kind::Contract)?;
    let contracts = terms::contracts(&agreed);
    let exceptions = exceptions::approved(&exceptions::of(&agreed));
    drop(agreed);
    let index = Index::of(view)?;
    let mut dossier = index.read(view, index.needed(asked.set, asked.now), false)?;
    dossier.add_feeds(asked.feeds.iter().cloned());
    let about = Circumstances {
        now: asked.now,
        parameters: &asked.profile.parameters,
        exceptions: &exceptions,
        contracts: &contracts,
    };
    assess(&dossier, asked.set, &about).map_err(|why| {
        let what = format!("the evidence cannot be loaded: {why}");
        Fault::new(crate::fault::Exit::Environment, "BW-5003", what, "look at the machine's memory")
    })
}

/// An answer that the log keeps: what was said on a day under a profile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Past {
    pub(crate) seq: u64,
    pub(crate) now: Time,
    /// SHA-256 of all that was answered, hex.
    pub(crate) digest: String,
    /// The words and counts of each measure, for each side.
    pub(crate) measures: BTreeMap<String, BTreeMap<Side, (Verdict, Counts)>>,
}

fn digest(assessment: &Assessment) -> String {
    let bytes = assessment.to_json().to_string();
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// The form of an answer in a log.
fn to_json(assessment: &Assessment, asked: &Asked<'_>) -> Value {
    let side = |(side, (verdict, c)): (&Side, &(Verdict, Counts))| {
        let told = json!({"verdict": verdict.as_str(), "met": c.met, "total": c.total, "unknown": c.unknown});
        (side.as_str().to_owned(), told)
    };
    let measures: serde_json::Map<String, Value> = assessment
        .measures
        .iter()
        .map(|m| (m.id.clone(), Value::Object(m.sides.iter().map(side).collect())))
        .collect();
    json!({
        "verdict": 1,
        "profile": asked.profile.name,
        "now": asked.now.to_string(),
        "digest": digest(assessment),
        "feeds": asked.feeds.iter().map(|f| f.envelope.sha256.clone()).collect::<Vec<_>>(),
        "measures": measures,
    })
}

fn from_json(seq: u64, value: &Value, profile: &str) -> Option<Past> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if value.get("verdict") != Some(&json!(1)) || text("profile") != Some(profile) {
        return None;
    }
    let one = |told: &Value| {
        let count = |name: &str| told.get(name).and_then(Value::as_u64);
        let counts = Counts { met: count("met")?, total: count("total")?, unknown: count("unknown")? };
        Some((Verdict::from_word(told.get("verdict")?.as_str()?)?, counts))
    };
    let sides = |told: &Value| {
        let all = told.as_object()?;
        all.iter().map(|(side, told)| Some((Side::from_word(side)?, one(told)?))).collect::<Option<_>>()
    };
    let measures = value.get("measures")?.as_object()?;
    Some(Past {
        seq,
        now: text("now")?.parse().ok()?,
        digest: text("digest")?.to_owned(),
        measures: measures
            .iter()
            .map(|(id, told)| Some((id.clone(), sides(told)?)))
            .collect::<Option<_>>()?,
    })
}

/// Every answer under a profile that a customer's log keeps, the oldest first.
pub(crate) fn history(view: &View, profile: &str) -> Result<Vec<Past>, Fault> {
    let sealed = dossier::pages(view, Kind::Verdict)?;
    Ok(dossier::bodies(&sealed, Kind::Verdict)
        .filter_map(|(seq, _, body)| from_json(seq, &body, profile))
        .collect())
}

/// Seals an answer when it differs from the last one of its profile, or a day has passed; says where it stands then.
pub(crate) fn keep(
    home: &Home,
    view: &View,
    customer: &model::CustomerId,
    assessment: &Assessment,
    asked: &Asked<'_>,
) -> Result<Option<u64>, Fault> {
    let last = history(view, asked.profile.name)?.pop();
    if last.is_some_and(|l| l.digest == digest(assessment) && day(l.now) == day(asked.now)) {
        return Ok(None);
    }
    let mut vault: Vault = home.vault(customer)?;
    let cursor = vault.cursor().map(<[u8]>::to_vec);
    let draft = Home::own(Kind::Verdict, &to_json(assessment, asked), asked.now);
    let sealed = vault.append(vec![(draft, Fields::new())], cursor, asked.now)?;
    let place = sealed.place();
    let seq = place.first + place.count - 1;
    vault.close(asked.now)?;
    Ok(Some(seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{File, Given, examine};
    use crate::profile;
    use ::assess::Dossier;
    use custody::disk::Memory;
    use model::{CustomerId, Draft, Format, Source};
    use std::path::PathBuf;
    use std::sync::Arc;

    const STATE: &[u8] = br#"
id = "t.owner"
measure = "least-privilege"
title = "Owners"
asks = "Has every account an owner?"
from = ["a test"]
asked_of = ["provider", "customer"]
holder = "C"
fix = "Name one."
[[needs]]
kind = "accounts"
of = "both"
at_most_old = "7d"
[[needs]]
kind = "reviews"
of = "any"
at_most_old = "10d"
covers = "30d"
[test]
population = "select name from account"
failing = "select name, 'no owner', doc from account where owner = 'nobody'"
"#;

    struct Counted(u64);

    impl custody::Chance for Counted {
        fn fill(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
            for byte in bytes {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (self.0 >> 33) as u8;
            }
            Ok(())
        }
    }

    fn at(text: &str) -> Time {
        text.parse().expect("a time")
    }

    fn seal(vault: &mut Vault, kind: &str, side: Side, scope: &str, day: &str, raw: &[u8]) {
        let (name, now) = (format!("{kind}.csv"), at("2026-11-20T08:00:00Z"));
        let given = Given {
            customer: CustomerId::parse("acme").expect("an id"),
            side,
            format: None,
            scope: Some(scope.to_owned()),
            population: None,
            covers: None,
            mapping: None,
        };
        let file = File { path: PathBuf::from(&name), name, kind: Some(kind.to_owned()), collected: at(day) };
        let (document, envelope) = examine(&given, &file, raw, now);
        for body in evidence::records::pack(&envelope, raw, &document.rows) {
            let source = Source::lossy(Format::Own, "evidence");
            let draft = Draft {
                kind: Kind::Evidence,
                source,
                happened: now,
                received: now,
                raw: body,
                defects: vec![],
            };
            vault.append(vec![(draft, Fields::new())], None, now).expect("seals");
        }
    }

    #[test]
    fn documents_that_are_left_unread_change_no_answer() {
        let now = at("2026-11-20T07:00:00Z");
        let home = Home::init(Arc::new(Memory::new()), "N", now, Box::new(Counted(7))).expect("a home");
        let acme = CustomerId::parse("acme").expect("an id");
        home.add_customer(&acme, "Acme", now).expect("a customer");
        let mut vault = home.vault(&acme).expect("opens");
        let days = ["2026-09-01", "2026-10-25", "2026-11-12", "2026-11-18", "2026-11-20", "2026-12-01"];
        for (n, day) in days.iter().enumerate() {
            let day = format!("{day}T06:00:00Z");
            let rows =
                format!("name,directory,owner\nana{n},ad,{}\n", if n % 2 == 0 { "nobody" } else { "bo" });
            let whole: &[u8] = if n == 3 { b"" } else { rows.as_bytes() };
            seal(&mut vault, "accounts", Side::Customer, if n == 1 { "other" } else { "ad" }, &day, whole);
            seal(&mut vault, "accounts", Side::Provider, "ad", &day, rows.as_bytes());
            let looks = format!("id,kind,at_at\nr{n},entitlement,{day}\n");
            seal(&mut vault, "reviews", Side::Customer, "all", &day, looks.as_bytes());
        }
        let mut set = CheckSet::default();
        let files = [("check.toml".to_owned(), STATE.to_vec())].into();
        set.add("t", &files).expect("a check");
        let profile = profile::named("alert-floor", at("2026-11-20T12:00:00Z")).expect("a profile");
        let view = home.view_of_writer(&acme).expect("opens");
        let all = Dossier::open(&dossier::pages(&view, Kind::Evidence).expect("reads"));
        let mut words = std::collections::BTreeSet::new();
        for day in [
            "2026-08-01",
            "2026-09-03",
            "2026-10-30",
            "2026-11-13",
            "2026-11-19",
            "2026-11-20",
            "2026-12-05",
            "2027-03-01",
        ] {
            let asked =
                Asked { set: &set, profile: &profile, feeds: &[], now: at(&format!("{day}T12:00:00Z")) };
            let about = Circumstances {
                now: asked.now,
                parameters: &profile.parameters,
                exceptions: &[],
                contracts: &contract::History::default(),
            };
            let whole = assess(&all, &set, &about).expect("answers");
            let less = answer(&view, &asked).unwrap_or_else(|f| panic!("{}", f.what));
            assert_eq!(less.to_json().to_string(), whole.to_json().to_string(), "{day}");
            words.extend(whole.answers().map(|a| a.verdict.to_string()));
        }
        assert!(words.len() >= 4, "the days tell little apart: {words:?}");
        let needed = Index::of(&view).expect("reads").needed(&set, at("2026-11-20T12:00:00Z"));
        assert!(needed.len() < all.exhibits().len(), "nothing was left unread");
    }
}
