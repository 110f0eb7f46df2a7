//! Ledger, retention, keys, continuations, Parquet: from outside, with right and wrong input.

use crate::program::Place;
use custody::disk::{Disk, Folder};
use std::path::Path;
use verify::Head;

fn filled() -> Place {
    let place = Place::with(&["acme"]);
    let lines: String = (0..700).map(|n| format!("2026-11-01T10:00:00Z line {n}\n")).collect();
    let log = place.file("a.log", lines.as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    place
}

fn refused(place: &Place, words: &[&str], code: &str) {
    let ran = place.run(words);
    assert_eq!(ran.code, 2, "{words:?}: {} {}", ran.out, ran.err);
    assert!(ran.err.contains(code), "{words:?}: {}", ran.err);
}

#[test]
fn a_log_shows_itself_and_proves_single_records() {
    let place = filled();
    let shown = place.run(&["ledger", "show", "--customer", "acme", "--json"]).json();
    assert_eq!((shown["retention_days"].as_u64(), shown["day_keys"].as_u64()), (Some(366), Some(1)));
    assert_eq!(
        shown["checkpoint"].as_str().expect("a note").matches("\n\u{2014} ").count(),
        2,
        "two keys signed"
    );
    let vkey = shown["vkey"].as_str().expect("a key").to_owned();
    let tail = place
        .run(&["ledger", "tail", "--customer", "acme", "--kind", "control", "-n", "1", "--jsonl"])
        .lines();
    assert_eq!(tail[0]["raw"]["control"], "closed");
    let to = place.path("proofs").display().to_string();
    assert_eq!(
        place.run(&["ledger", "prove", "--customer", "acme", "--seq", "5", "--seq", "600", "--to", &to]).code,
        0
    );
    let key = ledger::VerifierKey::parse(&vkey).expect("a key");
    for seq in [5, 600] {
        let file = Path::new(&to).join(format!("{seq:012}.tlog-proof"));
        assert!(std::fs::metadata(&file).expect("there").len() < 4096);
        let report = verify::proof(&file, Some(&key), None, &[]).expect("there");
        assert!(report.ok() && report.day_checked && report.shown.is_some_and(|r| r.seq == seq));
    }
    let to = place.path("audit").display().to_string();
    assert_eq!(
        place
            .run(&[
                "ledger",
                "prove",
                "--customer",
                "acme",
                "--sample",
                "50",
                "--seed",
                "x y",
                "--from",
                "600",
                "--to",
                &to
            ])
            .code,
        0
    );
    let sample = verify::Sample { draws: 50, first: 600, seed: "x y".into() };
    assert!(verify::audit(Path::new(&to), &sample, Some(&key), &[]).expect("there").ok());
    refused(&place, &["ledger", "prove", "--customer", "acme", "--seq", "5", "--to", &to], "BW-1012");
    refused(
        &place,
        &[
            "ledger",
            "prove",
            "--customer",
            "acme",
            "--seq",
            "99999",
            "--to",
            &place.path("p2").display().to_string(),
        ],
        "BW-1010",
    );
    refused(&place, &["ledger", "tail", "--customer", "acme", "--kind", "event"], "BW-1010");
    refused(&place, &["ledger", "show", "--customer", "amce"], "did you mean `acme`");
}

#[test]
fn retention_is_lengthened_and_never_shortened() {
    let place = filled();
    for days in ["0", "30", "183", "200", "365"] {
        refused(&place, &["retention", "set", "--customer", "acme", "--days", days], "BW-1013");
    }
    let set = place.run(&["retention", "set", "--customer", "acme", "--days", "2192", "--json"]).json();
    assert_eq!((set["before"].as_u64(), set["days"].as_u64()), (Some(366), Some(2192)));
    let shown = place.run(&["retention", "show", "--customer", "acme", "--json"]).json();
    assert_eq!((shown["days"].as_u64(), shown["floor_days"].as_u64()), (Some(2192), Some(184)));
    assert_eq!(
        place.run(&["retention", "apply", "--customer", "acme", "--json"]).json()["ended"],
        serde_json::json!([])
    );
    let ran = place.run(&["verify", "--json"]).json();
    assert_eq!((ran["ok"].as_bool(), ran["vaults"][0]["retention_days"].as_u64()), (Some(true), Some(2192)));
}

#[test]
fn keys_are_rotated_and_come_back_from_escrow() {
    let place = filled();
    let at = |name: &str| place.path(name).display().to_string();
    assert_eq!(place.run(&["key", "new", "--to", &at("pair")]).code, 0);
    refused(&place, &["key", "new", "--to", &at("pair")], "BW-1012");
    let (public, secret) = (at("pair/public.key"), at("pair/secret.key"));
    assert_eq!(place.run(&["key", "rotate", "--customer", "acme"]).code, 0);
    assert_eq!(
        place
            .run(&["key", "escrow", "--customer", "acme", "--for", &public, "--to", &at("acme.escrow")])
            .code,
        0
    );
    refused(
        &place,
        &["key", "escrow", "--customer", "acme", "--for", &secret, "--to", &at("other")],
        "BW-1014",
    );
    refused(
        &place,
        &["key", "restore", "--customer", "acme", "--from", &at("acme.escrow"), "--secret", &secret],
        "BW-1014",
    );
    lose(&place.path("home/keys/acme/customer.key"));
    assert_eq!(place.run(&["verify", "--json"]).code, 5);
    assert_eq!(
        place
            .run(&["key", "restore", "--customer", "acme", "--from", &at("acme.escrow"), "--secret", &secret])
            .code,
        0
    );
    assert_eq!(place.run(&["verify", "--json"]).code, 0);
}

#[expect(clippy::disallowed_methods, reason = "a test loses a key")]
fn lose(path: &Path) {
    std::fs::remove_file(path).expect("was there");
}

#[test]
fn a_continuation_verifies_with_what_came_before() {
    let place = filled();
    let at = |name: &str| place.path(name).display().to_string();
    assert_eq!(place.run(&["export", "--customer", "acme", "--to", &at("first")]).code, 0);
    let more = place.file("b.log", b"2026-11-02T10:00:00Z another line\n");
    assert_eq!(place.run(&["ingest", "--customer", "acme", &more]).code, 0);
    assert_eq!(place.run(&["export", "--customer", "acme", "--since", "600", "--to", &at("second")]).code, 0);
    let alone = verify::bundle(Path::new(&at("second")), None).expect("there");
    assert_eq!(alone.findings.iter().map(|f| f.threat).collect::<Vec<_>>(), ["A5"]);
    let head =
        Head { name: "first".into(), note: std::fs::read(place.path("first/checkpoint")).expect("there") };
    let report = verify::bundle_with(Path::new(&at("second")), None, &[head]).expect("there");
    assert!(report.ok() && report.first == 512, "{:?}", report.findings);
    refused(&place, &["export", "--customer", "acme", "--since", "99999", "--to", &at("third")], "BW-1010");
}

#[test]
fn parquet_holds_every_record() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    let place = filled();
    let to = place.path("acme.parquet").display().to_string();
    let written =
        place.run(&["export", "--customer", "acme", "--format", "parquet", "--to", &to, "--json"]).json();
    let file = SerializedFileReader::new(std::fs::File::open(&to).expect("there")).expect("Parquet");
    let rows: Vec<_> = file.get_row_iter(None).expect("rows").map(|r| r.expect("a row")).collect();
    assert_eq!(Some(rows.len() as u64), written["records"].as_u64());
    let events: Vec<_> = rows.iter().filter(|r| r.get_string(1).expect("a kind") == "event").collect();
    assert_eq!(events.len(), 700);
    for (n, row) in events.iter().enumerate() {
        assert_eq!(
            row.get_bytes(7).expect("raw").data(),
            format!("2026-11-01T10:00:00Z line {n}").as_bytes()
        );
        assert_eq!(row.get_timestamp_micros(3).expect("a time"), 1_793_527_200_000_000);
    }
    assert!(
        rows.iter()
            .enumerate()
            .all(|(n, row)| row.get_long(0).expect("a seq") == i64::try_from(n).expect("small"))
    );
    refused(&place, &["export", "--customer", "acme", "--format", "parquet", "--to", &to], "BW-1012");
}

#[test]
fn a_vault_whose_customer_nobody_knows_any_more_is_not_passed_over() {
    let place = filled();
    let disk = Folder::new(&place.path("home"));
    let file = "customers/acme.json";
    let kept = disk.read(file).expect("there");
    disk.remove(file).expect("ours");
    let ran = place.run(&["verify"]);
    assert_eq!(ran.code, 4, "{} {}", ran.out, ran.err);
    assert!(ran.err.contains(file) && ran.err.contains("BW-4001"), "{}", ran.err);
    disk.put(file, &kept).expect("ours");
    assert_eq!(place.run(&["verify"]).code, 0);
}

fn threats(place: &Place) -> Vec<(String, String)> {
    let ran = place.run(&["verify", "--json"]);
    assert_eq!(ran.code, 4, "{} {}", ran.out, ran.err);
    let findings = ran.json()["findings"].as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    findings.iter().map(|finding| (text(&finding["threat"]), text(&finding["path"]))).collect()
}

#[test]
fn a_rolled_back_vault_and_a_missing_checkpoint_are_called_missing() {
    let place = filled();
    let disk = Folder::new(&place.path("home"));
    let journals = || disk.list("vaults/acme/journal").expect("lists");
    let yesterday: Vec<String> =
        ["checkpoint", "days"].iter().map(|name| format!("vaults/acme/{name}")).chain(journals()).collect();
    let kept: Vec<_> = yesterday.iter().map(|name| (name, disk.read(name).expect("there"))).collect();
    let log = place.file("b.log", b"2026-11-02T10:00:00Z one more\n");
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    journals().iter().for_each(|name| disk.remove(name).expect("ours"));
    kept.iter().for_each(|(name, bytes)| disk.put(name, bytes).expect("ours"));
    let found = threats(&place);
    assert!(found.iter().any(|(threat, path)| threat == "A3" && path.contains("journal")), "{found:?}");
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 4, "nobody writes on");
    disk.remove("vaults/acme/checkpoint").expect("ours");
    let found = threats(&place);
    assert!(found.contains(&("A3".into(), "vaults/acme/checkpoint".into())), "{found:?}");
}

#[test]
fn a_hunt_in_a_rolled_back_vault_gives_what_is_there_and_says_what_it_is() {
    let place = filled();
    let disk = Folder::new(&place.path("home"));
    let names = || disk.list("vaults/acme").expect("lists");
    let kept: Vec<_> =
        names().into_iter().map(|name| (name.clone(), disk.read(&name).expect("there"))).collect();
    let log = place.file("b.log", b"2026-11-02T10:00:00Z line of today\n");
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    let hunt = |form: &str| place.run(&["hunt", "--customer", "acme", "line", form]);
    assert_eq!((hunt("--jsonl").code, hunt("--jsonl").lines().len()), (0, 701));
    let today: Vec<_> =
        names().into_iter().map(|name| (name.clone(), disk.read(&name).expect("there"))).collect();
    let only = |what: &'static str| move |(name, _): &&(String, Vec<u8>)| name.ends_with(what);
    for (whole, put_back) in
        [(true, kept.iter().collect::<Vec<_>>()), (false, kept.iter().filter(only("/checkpoint")).collect())]
    {
        if whole {
            names().iter().for_each(|name| disk.remove(name).expect("ours"));
        }
        put_back.iter().for_each(|(name, bytes)| disk.put(name, bytes).expect("ours"));
        let ran = hunt("--jsonl");
        assert_eq!((ran.code, ran.lines().len()), (4, 700), "whole: {whole} {}", ran.err);
        assert!(ran.err.contains("older") && ran.err.contains("BW-4001"), "{}", ran.err);
        let ran = hunt("--json");
        let document = ran.json();
        assert_eq!((ran.code, document["hits"].as_u64()), (4, Some(700)));
        assert!(document["doubt"].as_str().is_some_and(|why| why.contains("older")), "{document}");
        assert!(threats(&place).iter().any(|(threat, _)| threat == "A3"), "whole: {whole}");
        today.iter().for_each(|(name, bytes)| disk.put(name, bytes).expect("ours"));
        let extra = names().into_iter().filter(|name| !today.iter().any(|(there, _)| there == name));
        extra.for_each(|name| disk.remove(&name).expect("ours"));
        assert_eq!((hunt("--jsonl").code, place.run(&["verify"]).code), (0, 0), "today's state is back");
    }
}
