//! `check new`: a check that works, to be made into another one.

use super::{Exit, Fault, Form, Out, empty};
use assess::CheckSet;
use custody::disk::{Disk, Folder};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

const CHECK: &str = r#"# A check is a question with the evidence that answers it. Everything here can be changed;
# `bailiwick check test DIR` says what does not hold.
id = "@ID@"
measure = "@MEASURE@"
title = "Every service account has an owner"
asks = "Does a person answer for every service account that can sign in?"
from = ["Our own rule, accounts"]
# Whom the question is put to: "provider", "customer", or both.
asked_of = ["customer"]
# Who can bring the evidence: C (customer), M (provider), X (anybody outside), B (both).
holder = "C"
# What to do when it is not met, for the person who must do it.
fix = "Name an owner for each account that is listed here, or disable it."
# What an empty population means: "unknown", or "not-applicable" where a whole inventory proves that it concerns nobody.
empty = "unknown"

# The evidence that it stands on; `bailiwick evidence kinds` lists the kinds.
[[needs]]
kind = "accounts"
# Whose: "asked" (the side that is asked), "provider", "customer", "both", "any".
of = "asked"
at_most_old = "7d"

# Queries in SQL over the tables of those kinds (`bailiwick evidence kinds` names them). One to three columns: who, why, and the
# document that shows it (`doc`). A cell that is null was not said: it is neither yes nor no.
[test]
population = "select name from account where kind = 'service' and enabled = 1"
failing = "select name, 'nobody is named as its owner', doc from account where kind = 'service' and enabled = 1 and owner = 'nobody'"
unknown = """
select name, 'the list does not say who owns it', doc from account where kind = 'service' and enabled = 1 and owner is null
union select name, 'the list does not say whether it can sign in', doc from account where kind = 'service' and enabled is null"""

# Ids of the same demand in other frameworks; leave out what does not fit.
[maps]
cis8 = ["5.5"]
"#;

const MET: &str = r#"# What must be answered from the files below, for which side, on which day.
side = "customer"
verdict = "met"
now = "2026-11-20T12:00:00Z"

[[add]]
file = "accounts.csv"
kind = "accounts"
side = "customer"
collected = "2026-11-20T06:00:00Z"
"#;

const NOT_MET: &str = r#"# `names` must stand among those who fail.
names = ["svc-backup"]
side = "customer"
verdict = "not-met"
now = "2026-11-20T12:00:00Z"

[[add]]
file = "accounts.csv"
kind = "accounts"
side = "customer"
collected = "2026-11-20T06:00:00Z"
"#;

const ROWS: &str = "name,directory,kind,enabled,owner\nsvc-scan,ad,service,yes,ana\nana,ad,person,yes,\n";

/// The files of a new check, by their place in its folder.
fn files(id: &str, measure: &str) -> BTreeMap<String, Vec<u8>> {
    let like = |verdict: &str, how: &str| {
        format!("# The same files with less in them.\nlike = \"met\"\nverdict = \"{verdict}\"\n{how}\n")
    };
    [
        ("check.toml", CHECK.replace("@ID@", id).replace("@MEASURE@", measure)),
        ("fixtures/met/case.toml", MET.to_owned()),
        ("fixtures/met/accounts.csv", format!("{ROWS}svc-backup,ad,service,yes,bo\n")),
        ("fixtures/not-met/case.toml", NOT_MET.to_owned()),
        ("fixtures/not-met/accounts.csv", format!("{ROWS}svc-backup,ad,service,yes,nobody\n")),
        ("fixtures/empty/case.toml", like("error", "empty = [\"accounts.csv\"]")),
        ("fixtures/truncated/case.toml", like("unknown", "cut = [\"accounts.csv\"]")),
        ("fixtures/stale/case.toml", like("stale", "now = \"2026-12-20T12:00:00Z\"")),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.into_bytes()))
    .collect()
}

/// Writes a check to begin with.
pub(crate) fn new(id: &str, measure: &str, to: &Path, out: Out) -> Result<Exit, Fault> {
    let files = files(id, measure);
    let mut set = CheckSet::default();
    set.add(id, &files).map_err(|error| {
        Fault::usage("BW-1016", error.to_string(), "write an id such as `acc.service-owner`")
    })?;
    empty(&to.join(id))?;
    let disk = Folder::new(to);
    for (name, bytes) in &files {
        disk.put(&format!("{id}/{name}"), bytes)?;
    }
    let folder = crate::out::path(&to.join(id));
    match out.form {
        Form::Text => out.text(&format!(
            "{folder} holds a check that works; change it, then `bailiwick check test {}`",
            crate::out::path(to)
        )),
        _ => out.document(
            "check-new",
            json!({"id": id, "folder": folder, "files": files.keys().collect::<Vec<_>>()}),
        ),
    }
    Ok(Exit::Ok)
}
