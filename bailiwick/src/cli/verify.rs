//! `verify` over vaults.

use super::{customer_id, look};
use crate::fault::{Exit, Fault};
use crate::out::{Form, Out};
use crate::progress::Progress;
use clap::Args;
use custody::{Audited, Home, audit};
use model::CustomerId;
use serde_json::{Value, json};
use std::path::Path;
use verify::{Checker, Finding, Report};

/// Arguments of `verify`.
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Only this customer's vault
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
}

/// Verifies vaults.
pub(crate) fn run(home: &Path, args: &VerifyArgs, out: Out) -> Result<Exit, Fault> {
    let home = look(home)?;
    let customers: Vec<CustomerId> = match &args.customer {
        Some(text) => {
            let id = customer_id(text)?;
            home.customer(&id)?;
            vec![id]
        }
        None => home.customers()?.into_iter().map(|c| c.id).collect(),
    };
    let mut reports = vec![];
    for customer in customers {
        let report = vault(&home, &customer, out)?;
        reports.push((customer, report));
    }
    let ok = reports.iter().all(|(_, r)| r.ok());
    match out.form {
        Form::Text => reports.iter().for_each(|(c, r)| in_words(c, r, out)),
        Form::Json => out.document("verify", as_json(&reports)),
        Form::Jsonl => reports.iter().for_each(|(_, r)| out.json_line(&r.to_json())),
    }
    // Only where all were asked for: a vault that nobody would verify any more is the quietest of all losses.
    let forgotten = if args.customer.is_none() { home.forgotten()? } else { vec![] };
    if let Some(id) = forgotten.first() {
        let message = format!("`customers/{id}.json` is missing, and keys or a vault of `{id}` are here");
        return Err(Fault::new(
            Exit::Tampered,
            "BW-4001",
            message,
            "bring the file back from a backup, then verify again",
        ));
    }
    if !ok {
        out.say("verification failed (BW-4002): `bailiwick explain BW-4002` says what to do");
    }
    Ok(if ok { Exit::Ok } else { Exit::Tampered })
}

/// Checks every record and every byte of a customer's vault with the verifier that the customer has.
pub(crate) fn vault(home: &Home, customer: &CustomerId, out: Out) -> Result<Report, Fault> {
    let mut checker: Option<Checker> = None;
    let mut files: Vec<Finding> = vec![];
    let (mut done, mut pages, mut size) = (0u64, 0u64, 0u64);
    let mut progress: Option<Progress> = None;
    audit(home, customer, &mut |met| {
        match met {
        Audited::Checkpoint { note, vkey, origin, path } => {
            if note.is_empty() {
                files.push(Finding {
                    threat: "A3",
                    customer: Some(customer.to_string()),
                    from: None,
                    to: None,
                    path: Some(path.to_owned()),
                    message: format!("The signed state of the log, `{path}`, is missing or empty: without it nobody can say how long the log was. Keep the vault as it is, and compare with the customer's copy and its witness."),
                });
            }
            checker = Some(Checker::new(note, vkey, origin));
            size = std::str::from_utf8(note).ok().and_then(|n| n.lines().nth(1)?.parse().ok()).unwrap_or(0);
            progress = Some(Progress::new(out, size, false));
        }
        Audited::Days { notes, first, path } => {
            if let Some(checker) = &mut checker {
                checker.begin(first);
                checker.days(notes, path);
            }
        }
        Audited::Record { form, salt, path } => {
            if let Some(checker) = &mut checker {
                checker.record(form, salt, path);
            }
            done += 1;
            if let Some(progress) = progress.as_ref().filter(|_| done.is_multiple_of(1024)) {
                progress.at(done);
            }
        }
        Audited::Damaged { from, to, missing, path, why } => {
            if let Some(checker) = &mut checker {
                checker.damaged(from, to, path, if missing { "A3" } else { "A1" }, why);
            }
        }
        Audited::File { path, missing, why } => files.push(Finding {
            threat: if missing { "A3" } else { "A1" },
            customer: Some(customer.to_string()),
            from: None,
            to: None,
            path: Some(path.to_owned()),
            message: format!("The file `{path}` is not what was written: {why}. Someone or something changed the vault; keep it as it is and compare with the customer's copy."),
        }),
        Audited::Pages { first, roots, path } => {
            // A narrower tile may still lie beside the one that replaced it.
            let skip = usize::try_from(pages.saturating_sub(first)).unwrap_or(usize::MAX);
            let new = roots.get(skip..).filter(|_| first <= pages).unwrap_or(&[]);
            pages += new.len() as u64;
            if let Some(checker) = &mut checker {
                checker.page_roots(new, path);
            }
        }
    }
    })?;
    drop(progress);
    // Pages that still lie in the journal have no stored root yet.
    if let Some(checker) = &mut checker {
        checker.lose_page_roots((size / ledger::PAGE).saturating_sub(pages));
    }
    let mut report = checker
        .map(Checker::finish)
        .ok_or_else(|| Fault::new(Exit::Tampered, "BW-4001", "the vault has no checkpoint", ""))?;
    report.findings.extend(files);
    Ok(report)
}

fn as_json(reports: &[(CustomerId, Report)]) -> Value {
    let findings: Vec<Value> = reports.iter().flat_map(|(_, r)| r.findings.iter().map(finding)).collect();
    let one = |(customer, report): &(CustomerId, Report)| {
        let mut value = report.to_json();
        value["customer"] = customer.as_str().into();
        value
    };
    json!({
        "ok": reports.iter().all(|(_, r)| r.ok()),
        "records": reports.iter().map(|(_, r)| r.records).sum::<u64>(),
        "findings": findings,
        "vaults": reports.iter().map(one).collect::<Vec<_>>(),
    })
}

/// A finding as JSON.
pub(crate) fn finding(f: &Finding) -> Value {
    json!({"threat": f.threat, "customer": f.customer, "from": f.from, "to": f.to, "path": f.path, "message": f.message})
}

fn in_words(customer: &CustomerId, report: &Report, out: Out) {
    if report.ok() {
        out.verdict(
            "ok",
            true,
            &format!("  {customer}: {} records, every byte as it was sealed", report.records),
        );
        return;
    }
    out.verdict("NOT AS SEALED", false, &format!("  {customer}: {} findings", report.findings.len()));
    for finding in report.findings.iter().take(50) {
        let range = finding
            .from
            .zip(finding.to)
            .map_or_else(String::new, |(from, to)| format!(" records {from} to {to}"));
        let path = finding.path.as_deref().unwrap_or("");
        out.text(&format!("  {}{range} {path}\n    {}", finding.threat, finding.message));
    }
}
