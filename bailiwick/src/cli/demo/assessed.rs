//! The part of the demonstration that answers the seventeen measures: evidence made for it, for a customer where much is
//! proven, one with gaps, and one of whom almost nobody can say anything.

use super::super::contract::{parse, seal};
use super::{Trip, say};
use crate::assess::{Asked, answer};
use crate::evidence::{File, Given, add};
use crate::fault::Fault;
use crate::out::Out;
use crate::{checks, clock, feeds, profile};
use assess::{CheckSet, Verdict};
use custody::Home;
use custody::disk::{Disk, Folder};
use jiff::civil::{Date, date};
use model::Time;
use serde_json::json;
use std::path::Path;

/// The day of the evidence, and of the answers.
const DAY: &str = "2026-11-20T12:00:00Z";

/// The first day of the contract, on which both sides signed it.
const SIGNED: Date = date(2026, 1, 5);

/// Whose systems a fixture's documents are said to speak of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The side that the fixture names.
    AsItIs,
    /// The other side, which answers the same question with documents of the same form.
    TheOther,
}

/// A fixture of a check, by name, and whose its documents are said to be.
type Made = (&'static str, &'static str, Whose);

/// Fixtures that are handed in for a customer.
const EVIDENCE: &[(&str, &[Made])] = &[
    ("acme", PROVEN),
    (
        "borealis",
        &[
            ("ph.dmarc-reject", "met", Whose::AsItIs),
            ("bk.age", "met", Whose::AsItIs),
            ("ra.msp-mfa-100", "not-met", Whose::AsItIs),
            ("ob.dormant", "not-met", Whose::AsItIs),
            ("if.no-admin-exposed", "not-met", Whose::AsItIs),
        ],
    ),
    ("clinic", &[("lg.policy", "met", Whose::AsItIs)]),
];

/// Fixtures that go together: all of one made-up provider and customer. Where two of them contradict each other the
/// answer is worse for it, and is shown.
const PROVEN: &[Made] = &[
    ("ra.reenrol", "met-provider", Whose::AsItIs),
    ("if.no-admin-exposed", "met", Whose::AsItIs),
    ("vd.default-creds", "met", Whose::TheOther),
    ("ph.dmarc-reject", "met", Whose::AsItIs),
    ("bf.legacy-auth-off", "met", Whose::AsItIs),
    ("lp.separate-accounts", "met", Whose::AsItIs),
    ("ra.pr-mfa", "met", Whose::AsItIs),
    ("ta.floor", "met", Whose::TheOther),
    ("bf.lockout", "met", Whose::AsItIs),
    ("aa.asrep", "met-provider", Whose::AsItIs),
    ("lg.policy", "met", Whose::TheOther),
    ("aa.krbtgt", "met", Whose::TheOther),
    ("ob.unused-service", "met", Whose::AsItIs),
    ("aa.never-expires", "met", Whose::AsItIs),
    ("aa.failed-after-change", "met-provider", Whose::AsItIs),
    ("bf.canary", "met", Whose::AsItIs),
    ("ir.plan", "met", Whose::TheOther),
    ("ph.consent", "met", Whose::TheOther),
    ("aa.unique", "met-provider", Whose::AsItIs),
    ("lp.jit", "met", Whose::AsItIs),
    ("if.rule-justified", "met", Whose::TheOther),
    ("ir.lessons", "met", Whose::TheOther),
    ("ct.verified", "met", Whose::AsItIs),
    ("vd.edge-supported", "met", Whose::TheOther),
    ("ar.no-cred-reuse", "met", Whose::AsItIs),
    ("ir.lessons", "met", Whose::AsItIs),
    ("bf.canary", "met-provider", Whose::AsItIs),
    ("bk.age", "met", Whose::AsItIs),
    ("ar.tenant-isolation", "met", Whose::AsItIs),
    ("ob.unused-service", "met", Whose::TheOther),
    ("ar.map-current", "met", Whose::AsItIs),
    ("sc.tool-risk", "met", Whose::AsItIs),
    ("ta.profile", "met", Whose::AsItIs),
    ("bk.age", "met", Whose::TheOther),
    ("ph.training", "met-provider", Whose::AsItIs),
    ("tr.split-view", "met", Whose::AsItIs),
    ("ar.map-current", "met", Whose::TheOther),
    ("pa.ce14", "met", Whose::AsItIs),
    ("if.tls-valid", "met", Whose::AsItIs),
    ("ob.attack-surface-review", "met", Whose::AsItIs),
    ("ir.hardcopy", "met", Whose::AsItIs),
    ("lp.shortest-path", "met", Whose::AsItIs),
    ("aa.unique", "met", Whose::AsItIs),
    ("ta.hipaa-addressable", "met", Whose::AsItIs),
    ("ta.exception", "met", Whose::AsItIs),
    ("aa.krbtgt", "met", Whose::AsItIs),
    ("ar.flows-match", "met", Whose::AsItIs),
    ("ir.notify-test", "met", Whose::AsItIs),
    ("pa.ce14", "met", Whose::TheOther),
    ("aa.secret-storage", "met", Whose::TheOther),
    ("pa.bod2604", "met", Whose::AsItIs),
    ("ph.starttls", "met", Whose::AsItIs),
    ("vd.scan-cadence", "met", Whose::AsItIs),
    ("pa.policy-shared", "met", Whose::AsItIs),
    ("bk.integrity", "met", Whose::TheOther),
    ("bk.integrity", "met", Whose::AsItIs),
    ("sc.assess", "met", Whose::AsItIs),
    ("lp.review", "day-90", Whose::AsItIs),
    ("bk.offline-immutable", "attempt-92-days-ago", Whose::AsItIs),
    ("ph.pr-mfa-admins", "met", Whose::AsItIs),
    ("if.known-services", "met", Whose::TheOther),
    ("lg.retention-retrieve", "met", Whose::AsItIs),
    ("vd.scan-cadence", "met", Whose::TheOther),
    ("if.tls-valid", "met", Whose::TheOther),
];

/// Hands the evidence in and answers for each customer.
pub(super) fn play(home: &Home, folder: &Path, out: Out, trip: &mut Trip) -> Result<(), Fault> {
    let set = checks::armed(&[])?;
    let day: Time = DAY.parse().map_err(|e: jiff::Error| Fault::usage("BW-1009", e.to_string(), ""))?;
    for (customer, made) in EVIDENCE {
        for fixture in *made {
            hand_in(home, folder, customer, *fixture, &set)?;
        }
    }
    agree(home, super::CUSTOMERS[0].0, &set)?;
    let profile = profile::named(profile::DEFAULT, day)?;
    let feeds = feeds::of_checks(home, &set)?;
    say(out, "\nThe seventeen measures, answered from evidence made for this, on the day of that evidence:");
    for (id, name) in super::CUSTOMERS {
        let view = home.view(&super::super::customer_id(id)?)?;
        let told = answer(&view, &Asked { set: &set, profile: &profile, feeds: &feeds, now: day })?;
        let many = |wanted: fn(Verdict) -> bool| told.answers().filter(|a| wanted(a.verdict)).count();
        let (good, bad, open) =
            (many(Verdict::is_good), many(|v| v == Verdict::NotMet), many(Verdict::is_open));
        say(
            out,
            &format!(
                "  {id} ({name}): {good} answers met, {bad} not met, and of {open} questions nobody can say"
            ),
        );
        trip.assessed.push(json!({"customer": id, "met": good, "not_met": bad, "open": open}));
    }
    Ok(())
}

/// Seals a contract of the provider and this customer, signed for both: the draft that every customer gets.
fn agree(home: &Home, customer: &str, set: &CheckSet) -> Result<(), Fault> {
    let id = super::super::customer_id(customer)?;
    let data = profile::data(profile::DEFAULT)?;
    let mut text = contract::template(data, home.provider(), &home.customer(&id)?, SIGNED);
    let read =
        |text: &str| parse(text, set).map_err(|_| Fault::usage("BW-1021", "the draft is no contract", ""));
    let hash = read(&text)?.hash();
    for (side, name, role) in
        [("provider", "Toni Example", "managing director"), ("customer", "Ana Example", "owner")]
    {
        text.push_str(&format!(
            "\n[[signature]]\nside = \"{side}\"\nname = \"{name}\"\nrole = \"{role}\"\nsigned = {SIGNED}\nover = \"{hash}\"\n"
        ));
    }
    seal(home, &id, &read(&text)?, &text, clock::second())?;
    Ok(())
}

fn hand_in(
    home: &Home,
    folder: &Path,
    customer: &str,
    (id, name, whose): Made,
    set: &CheckSet,
) -> Result<(), Fault> {
    let disk = Folder::new(&folder.join("evidence"));
    let fixture = set.fixtures(id).iter().find(|f| f.name == name);
    let missing = || Fault::usage("BW-1010", format!("there is no fixture `{name}` of `{id}`"), "");
    for added in &fixture.ok_or_else(missing)?.add {
        let side = if whose == Whose::TheOther { added.side.other() } else { added.side };
        let path = format!("{customer}/{id}/{name}/{side}/{}", added.file);
        disk.put(&path, &added.raw)?;
        let given = Given {
            customer: super::super::customer_id(customer)?,
            side,
            format: None,
            scope: None,
            population: None,
            covers: None,
            mapping: None,
        };
        let file = File {
            name: added.file.clone(),
            path: folder.join("evidence").join(&path),
            kind: Some(added.kind.clone()),
            collected: added.collected,
        };
        add(home, &given, &[file])?;
    }
    Ok(())
}
