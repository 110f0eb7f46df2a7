//! The part of the demonstration that answers the seventeen measures: evidence made for it, for a customer where much is
//! proven, one with gaps, and one of whom almost nobody can say anything.

use super::{Trip, say};
use crate::assess::{Asked, answer};
use crate::evidence::{File, Given, add};
use crate::fault::Fault;
use crate::out::Out;
use crate::{checks, feeds, profile};
use assess::{CheckSet, Verdict};
use custody::Home;
use custody::disk::{Disk, Folder};
use model::Time;
use serde_json::json;
use std::path::Path;

/// The day of the evidence, and of the answers.
const DAY: &str = "2026-11-20T12:00:00Z";

/// Checks whose fixture is handed in for a customer, and which fixture.
const EVIDENCE: &[(&str, &str, &[&str])] = &[
    ("acme", "met", PROVEN),
    ("borealis", "met", &["ph.dmarc-reject", "bk.age"]),
    ("borealis", "not-met", &["ra.msp-mfa-100", "ob.dormant", "if.no-admin-exposed"]),
    ("clinic", "met", &["lg.policy"]),
];

/// Fixtures that go together: each is of one made-up customer, and none of them contradicts another.
const PROVEN: &[&str] = &[
    "tr.customer-view",
    "ct.review",
    "ar.map-current",
    "ra.msp-mfa-100",
    "bk.gold-image",
    "ph.macros",
    "vd.edge-supported",
    "lg.segregated",
    "lp.separate-accounts",
    "lg.silent-source",
    "ar.trusts",
    "ph.mta-sts",
    "ph.training",
    "ra.dedicated-path",
    "lp.msp-not-admin-group",
    "ph.consent",
    "bk.restore-tested",
    "aa.unique",
    "ir.exercise",
    "aa.failed-after-change",
    "vd.scan-cadence",
    "pa.ce14",
    "ar.flows-match",
    "lp.review",
    "ir.lessons",
    "ob.unused-service",
    "ta.profile",
    "lp.role-change",
    "pa.policy-shared",
    "sc.tool-risk",
    "ph.starttls",
    "ct.verified",
    "tr.split-view",
    "ta.exception",
    "bf.canary",
    "lp.shortest-path",
];

/// Hands the evidence in and answers for each customer.
pub(super) fn play(home: &Home, folder: &Path, out: Out, trip: &mut Trip) -> Result<(), Fault> {
    let set = checks::armed(&[])?;
    let day: Time = DAY.parse().map_err(|e: jiff::Error| Fault::usage("BW-1009", e.to_string(), ""))?;
    for (customer, fixture, ids) in EVIDENCE {
        for id in *ids {
            hand_in(home, folder, (customer, id, fixture), &set)?;
        }
    }
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

fn hand_in(
    home: &Home,
    folder: &Path,
    (customer, id, name): (&str, &str, &str),
    set: &CheckSet,
) -> Result<(), Fault> {
    let disk = Folder::new(&folder.join("evidence"));
    let fixture = set.fixtures(id).iter().find(|f| f.name == name);
    let missing = || Fault::usage("BW-1010", format!("there is no fixture `{name}` of `{id}`"), "");
    for added in &fixture.ok_or_else(missing)?.add {
        let path = format!("{customer}/{id}/{}/{}", added.side, added.file);
        disk.put(&path, &added.raw)?;
        let given = Given {
            customer: super::super::customer_id(customer)?,
            side: added.side,
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
