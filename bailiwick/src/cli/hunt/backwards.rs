//! `hunt --rules`: rules over what was sealed before they were written.

use super::HuntArgs;
use crate::cli::ingest::stop_flag;
use crate::cli::rule;
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::progress::Progress;
use crate::{alerts, clock, watch};
use custody::{Home, View};
use detect::Detector;
use hunt::{Cost, Plan, Range, plan};
use model::{Alert, CustomerId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sigma::{Rule, RuleSet};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;

/// Rules that are told not to be selective, each in a line.
const TOLD: usize = 20;

/// Runs the command.
pub(super) fn run(home_path: &Path, args: &HuntArgs, out: Out) -> Result<Exit, Fault> {
    let customer = crate::cli::customer_id(&args.customer)?;
    let home = crate::cli::look(home_path)?;
    home.customer(&customer)?;
    let (rules, versions) = rules(args, out)?;
    let view = home.view(&customer)?;
    let range = Range { from: args.from, to: args.to, last: None };
    let added: Vec<&str> = collect::added_words().collect();
    let asking = Progress::new(out, 0, false);
    let plan =
        plan(&view, &rules, &range, (&added, args.every_record), &mut |done, _| asking.at(done as u64))?;
    drop(asking);
    tell_plan(&plan, &rules, out);
    let (found, looked, closed) = look(&view, &plan, (customer.clone(), rules.clone()), out)?;
    let found: Vec<Alert> = found.into_iter().map(|a| backwards(a, &versions)).collect();
    let sealed =
        if args.no_seal || found.is_empty() { 0 } else { seal((&home, home_path), &customer, &found, out)? };
    tell(&found, out, &|| {
        json!({
            "customer": customer.as_str(), "records": plan.records, "to_read": plan.to_read, "looked_at": looked,
            "sealed": sealed, "closed_early": closed,
            "rules": plan.costs.iter().map(|c| cost_as_json(c, &rules)).collect::<Vec<_>>(),
        })
    });
    if closed > 0 {
        out.insist(&format!(
            "correlations reached their bound {closed} times: what they count may be too little"
        ));
    }
    out.say(&format!(
        "{} alerts found backwards in {looked} records looked at of {} of {customer}; {sealed} sealed",
        found.len(),
        plan.records
    ));
    Ok(match (stop_flag().load(Ordering::Relaxed), found.is_empty()) {
        (true, _) => Exit::Interrupted,
        (_, false) => Exit::Findings,
        _ => Exit::Ok,
    })
}

/// The rules, of which one can match a record at least, and the version of each by its id.
fn rules(args: &HuntArgs, out: Out) -> Result<(RuleSet, BTreeMap<String, String>), Fault> {
    let files = rule::read(&args.rules)?;
    let version = |bytes: &[u8]| {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        format!("sha256:{}", hash.iter().map(|b| format!("{b:02x}")).collect::<String>())
    };
    let by_file: BTreeMap<String, String> =
        files.iter().map(|(path, bytes)| (path.clone(), version(bytes))).collect();
    let loaded = sigma::load(files);
    rule::tell_refused(&loaded, out);
    if !loaded.rules.iter().any(|r| r.kind == sigma::RuleKind::Detection) {
        let what = format!(
            "none of the rules given can be used: {} documents, {} refused, {} lack something",
            loaded.documents,
            loaded.refused.len(),
            loaded.unarmed.len()
        );
        return Err(Fault::usage("BW-1101", what, "`bailiwick rule check PATH` says why, for each"));
    }
    let of = |rule: &Rule| Some((rule.id.clone(), by_file.get(&rule.path)?.clone()));
    let versions = loaded.rules.iter().filter_map(of).collect();
    Ok((loaded.rules, versions))
}

/// Says what will be read, before it is.
fn tell_plan(plan: &Plan, rules: &RuleSet, out: Out) {
    let many = plan.costs.len();
    out.say(&format!(
        "hunting backwards with {many} rules that look at events: {} of {} records lie in blocks that will be read",
        plan.to_read, plan.records
    ));
    let broad: Vec<&Cost> = plan.costs.iter().filter(|c| !c.is_selective && plan.records > 0).collect();
    for cost in broad.iter().take(TOLD) {
        let title = rules.get(cost.rule).map_or("", |r| r.title.as_str());
        let why = match &cost.words {
            None => "no whole word tells where it can match, so every record is looked at".to_owned(),
            Some(_) => format!("its words stand in blocks with {} of {} records", cost.records, plan.records),
        };
        out.say(&format!("not selective: {title}: {why}"));
    }
    if broad.len() > TOLD {
        out.say(&format!("not selective: {} rules more", broad.len() - TOLD));
    }
}

/// Looks at what can match; gives the alerts, how many records were looked at, and what correlations closed early.
fn look(
    view: &View,
    plan: &Plan,
    (customer, rules): (CustomerId, RuleSet),
    out: Out,
) -> Result<(Vec<Alert>, u64, u64), Fault> {
    let mut detector = Detector::new(customer, rules);
    let mut found: BTreeMap<String, Alert> = BTreeMap::new();
    let progress = Progress::new(out, plan.to_read, false);
    let stop = stop_flag();
    let looked = plan.run(view, &watch::fields, &mut |done| progress.at(done), &mut |page, wanted| {
        detector.observe_where(page, 0, wanted);
        found.extend(detector.take_alerts().into_iter().map(|a| (a.id.clone(), a)));
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    drop(progress);
    // What has grown since takes the place of what was told.
    found.extend(detector.finish().into_iter().map(|a| (a.id.clone(), a)));
    let mut found: Vec<Alert> = found.into_values().collect();
    found.sort_by(|a, b| (a.first, &a.id).cmp(&(b.first, &b.id)));
    let closed = detector.closed();
    Ok((found, looked, closed))
}

fn backwards(mut alert: Alert, versions: &BTreeMap<String, String>) -> Alert {
    alert.is_backwards = true;
    alert.rule.version = versions.get(&alert.rule.id).cloned();
    alert
}

/// Seals the alerts that do not stand in the log yet, or have grown; where the home cannot be written, says so.
fn seal(
    (looked, path): (&Home, &Path),
    customer: &CustomerId,
    found: &[Alert],
    out: Out,
) -> Result<usize, Fault> {
    let there = alerts::all(looked, std::slice::from_ref(customer))?;
    let there: BTreeMap<&str, u64> = there.iter().map(|a| (a.id.as_str(), a.count)).collect();
    let new: Vec<Alert> = found
        .iter()
        .filter(|a| there.get(a.id.as_str()).is_none_or(|count| *count < a.count))
        .cloned()
        .collect();
    if new.is_empty() {
        return Ok(0);
    }
    let home = match crate::cli::open(path, "hunt") {
        Ok(home) => home,
        Err(fault) => {
            out.insist(&format!("not sealed: {}; --no-seal leaves it out on purpose", fault.what));
            return Ok(0);
        }
    };
    let now = clock::now();
    let mut vault = home.vault(customer)?;
    watch::seal(&mut vault, &new, now)?;
    vault.close(now)?;
    Ok(new.len())
}

fn cost_as_json(cost: &Cost, rules: &RuleSet) -> Value {
    let of = |part: fn(&Rule) -> &str| rules.get(cost.rule).map_or("", part).to_owned();
    json!({
        "id": of(|r| &r.id), "title": of(|r| &r.title), "to_read": cost.records, "is_selective": cost.is_selective,
        "words": cost.words,
    })
}

fn tell(found: &[Alert], out: Out, rest: &dyn Fn() -> Value) {
    match out.form {
        Form::Text => found.iter().for_each(|alert| {
            let (level, many) = (alert.rule.level.as_str(), alert.count.to_string());
            out.row(&[
                &alert.id,
                level,
                &many,
                &alert.first.to_string(),
                &alert.last.to_string(),
                &alert.summary,
            ]);
        }),
        Form::Json => {
            let mut listing = out.listing("hunt-backwards", "alerts");
            found.iter().for_each(|alert| listing.push(&alert.to_json()));
            listing.end(&rest());
        }
        Form::Jsonl => found.iter().for_each(|alert| out.json_line(&alert.to_json())),
    }
}
