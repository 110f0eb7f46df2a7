//! One customer's bytes never stand in another's vault, answer, export, error or log line: N customers, every command, every pair.

use crate::program::Place;
use std::path::{Path, PathBuf};

const CUSTOMERS: [&str; 4] = ["acme", "borealis", "clinic", "dairy"];

/// A word that only this customer's records hold.
fn mark(customer: &str) -> String {
    format!("mark{}zq", customer.chars().rev().collect::<String>())
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { walk(&entry.path(), into) } else { into.push(entry.path()) }
    }
}

/// Marks of other customers that stand in a text.
fn foreign<'a>(own: &str, text: &str) -> Vec<&'a str> {
    CUSTOMERS.into_iter().filter(|c| *c != own && text.contains(&mark(c))).collect()
}

fn filled() -> Place {
    let place = Place::with(&CUSTOMERS);
    for customer in CUSTOMERS {
        let word = mark(customer);
        // One source fails at all of them, so that something crosses customers.
        let lines: String = (0..40u32)
            .map(|n| format!("2026-11-01T10:{:02}:{:02}+00:00 gate-{word} sshd[{n}]: Failed password for {word} from 203.0.113.9 port {} ssh2\n", n / 60, n % 60, 4000 + n))
            .chain((0..600).map(|n| format!("2026-11-01T11:00:00+00:00 gate-{word} app[1]: {word} line {n}\n")))
            .collect();
        let log = place.file(&format!("{customer}.log"), lines.as_bytes());
        assert_eq!(place.run(&["ingest", "--customer", customer, "--source", "ssh", &log]).code, 0);
        let accounts = format!(
            "name,directory,kind,enabled,owner,secret_ends_at\n{word},ad,service,yes,{word},2026-12-01\n"
        );
        let accounts = place.file(&format!("{customer}.csv"), accounts.as_bytes());
        let about = ["--customer", customer, "--side", "customer", "--kind", "accounts", "--scope", &word];
        assert_eq!(place.run(&[&["evidence", "add"][..], &about, &[&accounts]].concat()).code, 0);
        let except = [
            "exception",
            "add",
            "--check",
            "ra.msp-mfa-100",
            "--side",
            "provider",
            "--expires",
            "2027-03-01",
            "--from",
            "2026-11-01",
        ];
        let why = ["--customer", customer, "--reason", &word, "--compensating", &word, "--subject", &word];
        assert_eq!(place.run(&[&except[..], &why].concat()).code, 0);
    }
    place
}

#[test]
fn no_answer_about_one_customer_holds_a_byte_of_another() {
    let place = filled();
    for own in CUSTOMERS {
        let to = |name: &str| place.path(&format!("{name}-{own}")).display().to_string();
        let (bundle, proofs) = (to("bundle"), to("proofs"));
        let mut asked: Vec<Vec<String>> = vec![
            vec!["customer", "show", own, "--json"],
            vec!["verify", "--customer", own, "--json"],
            vec!["ledger", "show", "--customer", own],
            vec!["ledger", "tail", "--customer", own, "--count", "500", "--jsonl"],
            vec!["retention", "show", "--customer", own],
            vec!["alert", "ls", "--customer", own, "--json"],
            vec!["hunt", "--customer", own, "*", "--jsonl"],
            vec!["hunt", "--customer", own, "_kind:*", "--jsonl"],
            vec!["export", "--customer", own, "--to", &bundle],
            vec!["ledger", "prove", "--customer", own, "--seq", "9", "--to", &proofs],
            vec!["retention", "set", "--customer", own, "--days", "10"],
            vec!["evidence", "ls", "--customer", own, "--json"],
            vec!["assess", "--customer", own, "--json"],
            vec!["assess", "--customer", own, "--now", "2026-11-21", "--json"],
            vec!["why", "ra.msp-mfa-100", "--customer", own, "--json"],
            vec!["exception", "ls", "--customer", own, "--json"],
            vec!["due", "--customer", own, "--days", "3000", "--json"],
            vec!["impact", "--customer", own, "ad", "--json"],
            vec!["hunt", "--customer", own, "(("],
            vec!["ledger", "tail", "--customer", own, "--kind", "nothing"],
        ]
        .into_iter()
        .map(|words| words.into_iter().map(str::to_owned).collect())
        .collect();
        let alerts = place.run(&["alert", "ls", "--customer", own, "--json"]).json();
        for alert in alerts["alerts"].as_array().expect("a list") {
            assert!(!alert["customers"].as_array().expect("a list").is_empty());
        }
        let documents = place.run(&["evidence", "ls", "--customer", own, "--json"]).json();
        let document = documents["evidence"][0]["id"].as_str().expect("an id").to_owned();
        for other in CUSTOMERS.into_iter().filter(|c| *c != own) {
            let theirs = place.run(&["evidence", "show", "--customer", other, &document]);
            assert!(
                theirs.code == 2 && !theirs.err.contains(&mark(own)),
                "{other} shows a document of {own}"
            );
            let word = mark(other);
            let reached = place.run(&["impact", "--customer", own, &word, "--json"]).json();
            assert_eq!(reached["rows"], serde_json::json!([]), "{own} was asked for {other}'s word");
            let hunted = place.run(&["hunt", "--customer", own, &word, "--jsonl"]);
            assert_eq!((hunted.code, hunted.out.as_str()), (0, ""), "{own} was asked for {other}'s word");
            asked.push(
                ["hunt", "--customer", own, &format!("user:{word}"), "--jsonl"].map(str::to_owned).to_vec(),
            );
            asked.push(
                ["hunt", "--customer", own, &format!("*{}*", &word[4..]), "--jsonl"]
                    .map(str::to_owned)
                    .to_vec(),
            );
        }
        asked.push(["evidence", "show", &document, "--json"].map(str::to_owned).to_vec());
        for words in &asked {
            let ran = place.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
            // The words of the question itself are the asker's.
            let text = format!("{}{}", ran.out, ran.err);
            let found: Vec<&str> =
                foreign(own, &text).into_iter().filter(|c| !words.concat().contains(&mark(c)[4..])).collect();
            assert!(found.is_empty(), "{words:?} shows bytes of {found:?}");
        }
        for folder in [&bundle, &proofs] {
            let checked = verify::bundle(Path::new(folder), None);
            assert!(checked.is_ok(), "{folder}");
            let mut files = vec![];
            walk(Path::new(folder), &mut files);
            assert!(files.len() >= 3);
            for file in files {
                let bytes = std::fs::read(&file).expect("reads");
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let unpacked =
                    if file.extension().is_some_and(|e| e == "gz") { unpack(&bytes) } else { text };
                assert_eq!(foreign(own, &unpacked), Vec::<&str>::new(), "{}", file.display());
            }
        }
        assert_eq!(
            place.run(&["hunt", "--customer", own, &mark(own), "--jsonl", "--last", "3"]).lines().len(),
            3
        );
    }
}

fn unpack(bytes: &[u8]) -> String {
    use std::io::Read;
    let mut out = vec![];
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).expect("gzip");
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn no_vault_opens_with_anothers_files_keys_or_name() {
    let place = filled();
    for own in CUSTOMERS {
        let mut files = vec![];
        walk(&place.vault(own), &mut files);
        for file in &files {
            let bytes = std::fs::read(file).expect("reads");
            let text = String::from_utf8_lossy(&bytes);
            let marked: Vec<_> = CUSTOMERS.into_iter().filter(|c| text.contains(&mark(c))).collect();
            assert!(marked.is_empty(), "{} holds plain words of {marked:?}", file.display());
        }
    }
    // Every vault in the place of every other: none verifies, nothing of it is shown.
    let stash = place.path("stash");
    for own in CUSTOMERS {
        for other in CUSTOMERS.into_iter().filter(|c| *c != own) {
            let (vault, foreign_vault) = (place.vault(own), place.vault(other));
            rename(&vault, &stash);
            copy(&foreign_vault, &vault);
            assert_eq!(place.run(&["verify", "--customer", own, "--json"]).code, 4, "{other} as {own}");
            let ran = place.run(&["hunt", "--customer", own, "*", "--jsonl"]);
            assert!(ran.code != 0 && !ran.out.contains(&mark(other)) && !ran.err.contains(&mark(other)));
            remove(&vault);
            rename(&stash, &vault);
        }
        assert_eq!(place.run(&["verify", "--customer", own, "--json"]).code, 0);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test moves folders about")]
fn rename(from: &Path, to: &Path) {
    std::fs::rename(from, to).expect("moves");
}

#[expect(clippy::disallowed_methods, reason = "a test moves folders about")]
fn remove(path: &Path) {
    std::fs::remove_dir_all(path).expect("removes");
}

#[expect(clippy::disallowed_methods, reason = "a test moves folders about")]
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("reads").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}
