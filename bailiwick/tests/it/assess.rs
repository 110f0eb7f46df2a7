//! Evidence, assessments, checks, exceptions and feeds through the built program.

use crate::program::{Place, Ran};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const ACCOUNTS: &[u8] =
    b"name,directory,kind,enabled,owner,secret_ends_at\nana@acme.example,ad,person,yes,,\nsvc-scan,ad,service,yes,ana,2026-12-01\n";
const CHECK: &str = "ra.msp-mfa-100";
const SIDE: [&str; 4] = ["--customer", "acme", "--side", "customer"];

fn add(place: &Place, words: &[&str]) -> Ran {
    place.run(&[&["evidence", "add", "--json"][..], words].concat())
}

/// Adds a file of a kind, collected on a day, to the customer's side of acme.
fn added(place: &Place, kind: &str, collected: &str, path: &str) -> Value {
    let ran = add(place, &[&SIDE[..], &["--kind", kind, "--collected", collected, path]].concat());
    assert!(ran.code == 0 || ran.code == 3, "{} {}", ran.out, ran.err);
    ran.json()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("reads")
}

fn size(place: &Place, customer: &str) -> u64 {
    place.run(&["customer", "show", customer, "--json"]).json()["records"].as_u64().expect("a number")
}

#[test]
fn a_document_comes_back_as_it_was_given_and_is_noticed_the_second_time() {
    let place = Place::with(&["acme"]);
    let file = place.file("accounts.csv", ACCOUNTS);
    let first = added(&place, "accounts", "2026-11-20T08:00:00Z", &file);
    assert_eq!(
        (text(&first["kind"]), text(&first["status"]), &first["rows"]["account"]),
        ("accounts", "complete", &2.into())
    );
    assert_eq!(first["known"], false);
    let id = text(&first["id"]);
    let size_before = size(&place, "acme");
    let second = added(&place, "accounts", "2026-11-20T08:00:00Z", &file);
    assert_eq!(
        (&second["id"], &second["seq"], &second["known"]),
        (&first["id"], &first["seq"], &true.into())
    );
    assert_eq!(size(&place, "acme"), size_before, "nothing was sealed again");
    let to = place.path("back.csv").display().to_string();
    assert_eq!(place.run(&["evidence", "show", id, "--raw", "--to", &to]).code, 0);
    assert_eq!(read(Path::new(&to)), ACCOUNTS);
    let rows = place.run(&["evidence", "show", id, "--jsonl"]).lines();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[1]["table"], &rows[1]["name"], &rows[1]["enabled"], &rows[1]["secret_ends_at"]),
        (&"account".into(), &"svc-scan".into(), &true.into(), &"2026-12-01T00:00:00Z".into())
    );
    assert!(rows[0].get("owner").is_none(), "not said is not there");
    let shown = place.run(&["evidence", "show", id, "--json"]).json();
    assert_eq!(shown["envelope"]["seq"], first["seq"]);
    assert_eq!(shown["rows"].as_array().map(Vec::len), Some(2));
    assert_eq!(place.run(&["verify"]).code, 0);
}

#[test]
fn several_files_are_told_one_by_one_and_a_twin_among_them_is_noticed() {
    let place = Place::with(&["acme"]);
    place.file("in/accounts.csv", ACCOUNTS);
    let broken = place.file("in/cut.csv", &ACCOUNTS[..ACCOUNTS.len() - 1]);
    let folder = place.path("in").display().to_string();
    let ran = add(
        &place,
        &[&SIDE[..], &["--kind", "accounts", "--collected", "2026-11-20", &folder, &broken]].concat(),
    );
    assert_eq!(ran.code, 3, "{}", ran.err);
    let told = ran.json();
    let files = told["files"].as_array().expect("a list");
    let said = |n: usize| (text(&files[n]["status"]), files[n]["known"].as_bool());
    assert_eq!(
        (files.len(), said(0), said(1), said(2)),
        (3, ("complete", Some(false)), ("partial", Some(false)), ("partial", Some(true)))
    );
    assert!(told.get("kind").is_none(), "of several files nothing stands at the top");
    assert_eq!(files[1]["seq"], files[2]["seq"]);
    let listed = place.run(&["evidence", "ls", "--customer", "acme", "--now", "2026-11-21", "--json"]).json();
    let places: Vec<&Value> =
        listed["evidence"].as_array().expect("a list").iter().map(|e| &e["seq"]).collect();
    assert_eq!(places, [&files[0]["seq"], &files[1]["seq"]]);
}

#[test]
fn what_cannot_be_read_is_sealed_as_failed_and_what_cannot_be_meant_changes_nothing() {
    let place = Place::with(&["acme"]);
    let before = size(&place, "acme");
    let file = place.file("a.csv", ACCOUNTS);
    let to = |more: &[&'static str]| [&["evidence", "add"][..], more].concat();
    for (words, code, said) in [
        (
            to(&["--customer", "acme", "--side", "customer", "--kind", "acounts"]),
            2,
            "did you mean `accounts`",
        ),
        (to(&["--customer", "acme", "--side", "customer", "--format", "cvs"]), 2, "did you mean `csv`"),
        (to(&["--customer", "acne", "--side", "customer"]), 2, "did you mean `acme`"),
        (to(&["--customer", "acme"]), 2, "--side"),
        (
            to(&["--customer", "acme", "--side", "customer", "--covers", "2026-11-02/2026-11-01"]),
            2,
            "later than",
        ),
        (to(&["--customer", "acme", "--side", "customer", "--mapping", "nowhere"]), 2, "BW-1008"),
        (to(&["--customer", "acme", "--side", "customer", "/no/such/file"]), 5, "BW-1008"),
        (vec!["evidence", "show", "ev-0"], 2, "BW-1010"),
        (vec!["assess", "--customer", "acme", "--profile", "hippa"], 2, "did you mean `hipaa`"),
        (vec!["assess"], 2, "--customer"),
        (vec!["why", "ra.msp-mfa-10", "--customer", "acme"], 2, "did you mean `ra.msp-mfa-100`"),
        (vec!["why", CHECK, "--customer", "acme", "--side", "customer"], 2, "not asked of"),
        (vec!["check", "ls", "--measure", "backup"], 2, "did you mean `backups`"),
        (vec!["impact", "x"], 2, "2 to 256"),
        (vec!["exception", "end", "ex-0"], 2, "BW-1010"),
    ] {
        let mut words = words;
        if words.contains(&"add") && !words.contains(&"/no/such/file") {
            words.push(&file);
        }
        let ran = place.run(&words);
        assert_eq!(ran.code, code, "{words:?}: {} {}", ran.out, ran.err);
        assert!(ran.err.contains(said), "{words:?}: {}", ran.err);
    }
    assert_eq!(size(&place, "acme"), before, "a wrong command changes nothing");
    for (name, bytes) in
        [("empty.json", &b""[..]), ("noise.bin", b"\x00\xffnoise\x1b[2J"), ("list.json", b"[]")]
    {
        let file = place.file(name, bytes);
        let ran = add(&place, &[&SIDE[..], &["--collected", "2026-11-20", &file]].concat());
        assert_eq!((ran.code, text(&ran.json()["status"])), (3, "failed"), "{name}: {}", ran.out);
        assert!(
            !text(&ran.json()["why"]).is_empty()
                && !ran.out.contains('\u{1b}')
                && !ran.err.contains('\u{1b}')
        );
    }
    assert!(size(&place, "acme") > before, "a collection that failed is evidence");
}

#[test]
fn two_documents_are_compared_by_subject() {
    let place = Place::with(&["acme"]);
    let one = added(&place, "accounts", "2026-11-01", &place.file("1/a.csv", ACCOUNTS));
    let other = place.file(
        "2/a.csv",
        b"name,directory,kind,enabled,owner\nsvc-scan,ad,service,no,ana\nbo@acme.example,ad,person,yes,\n",
    );
    let two = added(&place, "accounts", "2026-11-08", &other);
    let told = place.run(&["evidence", "diff", text(&one["id"]), text(&two["id"]), "--json"]).json();
    let subjects = |what: &str| {
        told[what]
            .as_array()
            .expect("a list")
            .iter()
            .map(|t| text(&t["subject"]).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(subjects("added"), ["bo@acme.example"]);
    assert_eq!(subjects("removed"), ["ana@acme.example"]);
    assert_eq!(subjects("changed"), ["svc-scan"]);
    assert_eq!(told["changed"][0]["change"]["enabled"], serde_json::json!([true, false]));
    let same = place.run(&["evidence", "diff", text(&one["id"]), text(&one["id"]), "--jsonl"]);
    assert_eq!((same.code, same.out.as_str()), (0, ""));
}

#[test]
fn a_folder_is_watched_by_name_and_bytes() {
    let place = Place::with(&["acme"]);
    place.file("drop/accounts/ad.csv", ACCOUNTS);
    place.file("drop/accounts/half.csv.part", b"name");
    place.file("drop/.hidden", b"x");
    let folder = place.path("drop").display().to_string();
    let watch = || {
        let ran = place.run(&[&["evidence", "watch", &folder, "--json"][..], &SIDE].concat());
        (ran.code, ran.json()["files"].as_array().expect("a list").clone())
    };
    let (code, files) = watch();
    assert_eq!((code, files.len(), text(&files[0]["kind"])), (0, 1, "accounts"), "the folder says the kind");
    let size_before = size(&place, "acme");
    assert_eq!(watch(), (0, vec![]));
    assert_eq!(size(&place, "acme"), size_before);
    place.file("drop/accounts/ad.csv", &ACCOUNTS[..60]);
    let (code, files) = watch();
    assert_eq!(
        (code, files.len(), text(&files[0]["status"])),
        (3, 1, "partial"),
        "new bytes under an old name"
    );
}

/// The sign-ins of a check's fixture as it comes with the program.
fn fixtures(place: &Place) -> BTreeMap<String, Value> {
    let to = place.path("fixtures");
    assert_eq!(place.run(&["check", "fixtures", "--out", &to.display().to_string()]).code, 0);
    let mut all = BTreeMap::new();
    for check in std::fs::read_dir(&to).expect("reads").flatten() {
        for fixture in std::fs::read_dir(check.path()).expect("reads").flatten() {
            let name = format!("{}/{}", check.file_name().display(), fixture.file_name().display());
            let case = serde_json::from_slice(&read(&fixture.path().join("case.json"))).expect("JSON");
            all.insert(name, case);
        }
    }
    all
}

/// Plays a fixture on a fresh home, as a stranger's script does, and gives the verdict of its check.
fn play(at: &Place, name: &str, case: &Value) -> String {
    let home = Place::with(&["acme"]);
    let check = name.split('/').next().expect("a check");
    let file = |file: &str| at.path("fixtures").join(name).join(file).display().to_string();
    for words in case["setup"].as_array().expect("a list") {
        let words: Vec<&str> = words.as_array().expect("words").iter().map(text).collect();
        let ran = home.run(&words);
        assert_eq!(ran.code, 0, "{name}: {words:?}: {}", ran.err);
    }
    for add in case["add"].as_array().expect("a list") {
        let path = file(text(&add["file"]));
        let ran = home.run(&[
            "evidence",
            "add",
            "--customer",
            "acme",
            "--side",
            text(&add["side"]),
            "--kind",
            text(&add["kind"]),
            "--collected",
            text(&add["collected"]),
            &path,
            "--json",
        ]);
        assert!(matches!(ran.code, 0 | 3), "{name}: {}", ran.err);
    }
    let profile = text(&case["profile"]);
    let told = home
        .run(&["assess", "--customer", "acme", "--profile", profile, "--now", text(&case["now"]), "--json"])
        .json();
    let answers = told["measures"]
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|m| m["checks"].as_array().expect("a list"));
    let mine = answers.filter(|a| a["id"] == check && a["side"] == case["expect"]["side"]);
    mine.map(|a| text(&a["verdict"]).to_owned()).next().expect("an answer")
}

#[test]
fn fixtures_that_were_written_give_their_verdicts_from_outside() {
    let place = Place::with(&["acme"]);
    let all = fixtures(&place);
    assert!(all.len() >= 5);
    // Every check has its own fixtures tried elsewhere; here the way from outside is tried, on a part of them.
    for (name, case) in all.iter().step_by(all.len() / 12 + 1) {
        assert_eq!(play(&place, name, case), text(&case["expect"]["verdict"]), "{name}");
    }
}

#[test]
fn every_check_holds_on_its_own_fixtures() {
    let ran = Place::new().run(&["check", "test", "--json"]);
    let told = ran.json();
    assert_eq!((ran.code, told["failed"].as_array().map(Vec::len)), (0, Some(0)), "{}", ran.out);
    assert!(told["checks"].as_u64() >= Some(1) && told["fixtures"].as_u64() >= Some(5));
}

#[test]
fn without_evidence_nothing_is_met_and_the_exit_code_says_that_nobody_knows() {
    let place = Place::with(&["acme", "clinic"]);
    let ran = place.run(&["assess", "--customer", "clinic", "--profile", "hipaa", "--json"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let told = ran.json();
    let measures = told["measures"].as_array().expect("a list");
    assert_eq!(measures.len(), 17);
    for measure in measures {
        for side in ["provider", "customer"] {
            // Stale where the only ground is a public list that came with the program.
            let word = measure["sides"][side]["verdict"].as_str().expect("a word");
            assert!(["unknown", "stale"].contains(&word), "{measure}");
        }
    }
    let all = place.run(&["assess", "--all", "--json"]);
    assert_eq!((all.code, all.json()["customers"].as_array().map(Vec::len)), (3, Some(2)));
}

/// A home whose acme has sign-ins that do not meet the check, and the day of the fixture.
fn not_met() -> (Place, String) {
    let place = Place::with(&["acme"]);
    let case = &fixtures(&place)[&format!("{CHECK}/not-met")];
    let now = text(&case["now"]).to_owned();
    for entry in case["add"].as_array().expect("a list") {
        let path = place.path("fixtures").join(CHECK).join("not-met").join(text(&entry["file"]));
        added(&place, text(&entry["kind"]), text(&entry["collected"]), &path.display().to_string());
    }
    (place, now)
}

fn answer(place: &Place, now: &str) -> Value {
    let ran = place.run(&["why", CHECK, "--customer", "acme", "--now", now, "--json"]);
    ran.json()["answers"][0].clone()
}

#[test]
fn the_same_evidence_and_day_give_the_same_bytes_and_write_nothing() {
    let (place, now) = not_met();
    let before = size(&place, "acme");
    let ask = || place.run(&["assess", "--customer", "acme", "--now", &now, "--json"]);
    let (one, two) = (ask(), ask());
    assert_eq!((one.code, &one.out), (1, &two.out), "{}", one.err);
    assert_eq!(size(&place, "acme"), before);
    let later = place.run(&["assess", "--customer", "acme", "--now", "2029-01-01", "--json"]);
    assert_eq!(later.code, 3, "old evidence says nothing any more");
    let why = place.run(&["why", CHECK, "--customer", "acme", "--now", &now]);
    assert_eq!(why.code, 1);
    for said in ["not-met, 1 of 2 met (provider)", "fails: ", "stands on: ev-", "to do: ", "asked by: "] {
        assert!(why.out.contains(said), "{said}: {}", why.out);
    }
}

#[test]
fn why_names_the_command_that_hands_in_what_is_lacking_before_anything_else() {
    let place = Place::with(&["acme"]);
    let why = place.run(&["why", "ra.msp-mfa-100", "--customer", "acme"]);
    assert_eq!(why.code, 3);
    let command = "hand in: bailiwick evidence add --customer acme --side customer --kind sign-ins FILE";
    assert!(why.out.contains(command) && !why.out.contains("to do: "), "{}", why.out);
}

#[test]
fn an_answer_is_kept_once_a_day_unless_it_changes() {
    let place = Place::with(&["acme"]);
    let kept =
        || place.run(&["ledger", "tail", "--customer", "acme", "--kind", "verdict", "--jsonl"]).lines();
    let ask = || place.run(&["assess", "--customer", "acme", "--json"]).json()["record"].clone();
    assert!(ask().is_u64());
    assert_eq!(ask(), Value::Null, "nothing changed");
    assert!(kept().len() <= 2, "a second one only across midnight");
    place.run(&["assess", "--customer", "acme", "--no-record"]);
    place.run(&["assess", "--customer", "acme", "--now", "2026-11-20"]);
    let before = kept();
    added(&place, "sign-ins", "2026-11-20", &place.file("s.csv", b""));
    assert!(ask().is_u64(), "the answer changed");
    let after = kept();
    assert_eq!(after.len(), before.len() + 1);
    let record = &after[after.len() - 1]["raw"];
    assert_eq!((&record["verdict"], &record["profile"]), (&1.into(), &"alert-floor".into()));
    assert_eq!(record["measures"].as_object().map(serde_json::Map::len), Some(17));
    assert!(
        place.run(&["assess", "--customer", "acme", "--profile", "hipaa", "--json"]).json()["record"]
            .is_u64()
    );
    assert_eq!(place.run(&["verify"]).code, 0);
}

#[test]
fn an_exception_needs_both_sides_and_returns_by_itself() {
    let (place, now) = not_met();
    assert_eq!(answer(&place, &now)["verdict"], "not-met");
    let add = |more: &[&str]| {
        let words = [
            "exception",
            "add",
            "--customer",
            "acme",
            "--check",
            CHECK,
            "--side",
            "provider",
            "--reason",
            "old scanner",
            "--compensating",
            "watched",
            "--json",
        ];
        place.run(&[&words[..], more].concat())
    };
    let both = ["--provider-approval", "N. Ortega", "--customer-approval", "B. Lind"];
    let time = ["--from", "2026-11-01", "--expires", "2027-03-01"];
    let proposed = add(&time).json();
    assert_eq!(proposed["state"], "proposed");
    assert_eq!(add(&[&time[..], &both[..2]].concat()).json()["state"], "proposed", "one side is not enough");
    assert_eq!(answer(&place, &now)["verdict"], "not-met", "what is proposed excuses nobody");
    let in_force = add(&[&time[..], &both].concat()).json();
    assert_eq!((&in_force["state"], &in_force["known"]), (&"in-force".into(), &false.into()));
    assert_eq!(add(&[&time[..], &both].concat()).json()["known"], true);
    let excepted = answer(&place, &now);
    assert_ne!(excepted["verdict"], "not-met");
    assert!(excepted["excepted"].as_array().is_some_and(|all| !all.is_empty()), "{excepted}");
    let listed =
        place.run(&["exception", "ls", "--customer", "acme", "--now", "2027-03-01", "--json"]).json();
    let states: Vec<&str> =
        listed["exceptions"].as_array().expect("a list").iter().map(|e| text(&e["state"])).collect();
    assert_eq!(states, ["expired", "expired", "expired"], "they end by themselves");
    assert_eq!(answer(&place, "2026-10-31T12:00:00Z")["excepted"], serde_json::json!([]), "not yet");
    for (words, said) in [
        (&["--from", "2026-01-01", "--expires", "2027-03-01"][..], "twelve months"),
        (&["--from", "2026-11-01", "--expires", "2026-11-01"], "before it begins"),
    ] {
        let ran = add(words);
        assert!(ran.code == 2 && ran.err.contains("BW-1018") && ran.err.contains(said), "{}", ran.err);
    }
    assert_eq!(place.run(&["exception", "end", text(&in_force["id"])]).code, 0);
    assert_eq!(answer(&place, &now)["verdict"], "met-with-exception", "the past stays as it was");
    assert_eq!(answer(&place, &now)["verdict"], excepted["verdict"]);
    let listed = place.run(&["exception", "ls", "--customer", "acme", "--json"]).json();
    assert_eq!(listed["exceptions"][2]["state"], "ended");
}

#[test]
fn a_providers_own_check_is_written_tried_and_used() {
    let place = Place::with(&["acme"]);
    let folder = place.path("home/own").display().to_string();
    let new = |id: &str| place.run(&["check", "new", id, "--measure", "least-privilege", "--out", &folder]);
    assert_eq!(new("own.service-owner").code, 0);
    assert!(new("own.service-owner").err.contains("BW-1012"), "what is there stays");
    assert!(new("Own Check").err.contains("BW-1016"));
    let tried = place.run(&["check", "test", &folder, "--json"]);
    assert_eq!(tried.code, 0, "{}", tried.out);
    let none = place.run(&["check", "ls", "--json"]).json()["checks"].as_array().map(Vec::len);
    place.file("home/config.toml", b"checks = [\"own\"]\n");
    let listed = place.run(&["check", "ls", "--measure", "least-privilege", "--json"]).json();
    assert!(
        listed["checks"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|c| c["id"] == "own.service-owner" && c["real"] == true)
    );
    assert_eq!(
        place.run(&["check", "ls", "--json"]).json()["checks"].as_array().map(Vec::len),
        none.map(|n| n + 1)
    );
    added(&place, "accounts", "2026-11-20", &place.file("a.csv", ACCOUNTS));
    let ran = place.run(&["why", "own.service-owner", "--customer", "acme", "--now", "2026-11-21", "--json"]);
    assert_eq!(ran.json()["answers"][0]["verdict"], "met", "{}", ran.out);
    let check = place.path("home/own/own.service-owner/check.toml");
    let broken = String::from_utf8(read(&check)).expect("text").replace("owner = 'nobody'", "owner = 'ana'");
    place.file("home/own/own.service-owner/check.toml", broken.as_bytes());
    let failed = place.run(&["check", "test", "--json"]);
    assert_eq!(failed.code, 1);
    assert!(
        failed.json()["failed"]
            .as_array()
            .expect("a list")
            .iter()
            .any(|f| f["check"] == "own.service-owner" && f["fixture"] == "met")
    );
    place.file("home/own/own.service-owner/check.toml", b"id = 7\n");
    let ran = place.run(&["assess", "--customer", "acme"]);
    assert!(ran.code == 2 && ran.err.contains("BW-1016") && ran.err.contains("check.toml"), "{}", ran.err);
}

#[test]
fn a_feed_is_taken_for_all_and_a_broken_one_takes_nobodys_place() {
    let place = Place::with(&["acme"]);
    let good = b"cve,vendor,product\nCVE-2024-1709,ConnectWise,ScreenConnect\n";
    let update = |name: &str, bytes: &[u8], more: &[&str]| {
        place.run(
            &[&["feed", "update", "--kind", "feed-kev", &place.file(name, bytes), "--json"][..], more]
                .concat(),
        )
    };
    let list = || place.run(&["feed", "ls", "--json"]).json()["feeds"].clone();
    let before = list();
    assert_eq!(update("cut.csv", &good[..good.len() - 1], &[]).code, 3);
    assert_eq!(update("empty.csv", b"cve,vendor,product\n", &[]).code, 3);
    assert_eq!(list(), before, "nothing was changed");
    let taken = update("kev.csv", good, &["--collected", "2026-11-20"]);
    assert_eq!((taken.code, &taken.json()["rows"]["feed_kev"]), (0, &1.into()), "{}", taken.err);
    assert_eq!(update("older.csv", good, &["--collected", "2026-11-01"]).code, 3);
    let other = place.run(&["feed", "update", "--kind", "accounts", &place.file("a.csv", ACCOUNTS)]);
    assert!(other.code == 3 && other.err.contains("no feed"), "{}", other.err);
    let hit = place.run(&["impact", "screenconnect", "--json"]).json();
    assert_eq!(hit["rows"][0]["table"], "feed_kev");
    let feeds = list();
    let kev = feeds.as_array().expect("a list").iter().find(|f| f["kind"] == "feed-kev").expect("taken");
    let name = kev["sha256"].as_str().expect("a hash").to_owned();
    place.file(&format!("home/feeds/feed-kev/{name}"), b"cve\nCVE-0\n");
    let ran = place.run(&["impact", "screenconnect"]);
    assert!(ran.code == 5 && ran.err.contains("BW-5004"), "{}", ran.err);
}

#[test]
fn a_tool_is_found_at_every_customer_and_silence_is_said() {
    let place = Place::with(&["acme", "borealis", "clinic"]);
    for (customer, tool) in [("acme", "screenconnect"), ("borealis", "anydesk")] {
        let file = place.file(
            &format!("{customer}.csv"),
            format!("device,tool,process\npc-1,{tool},{tool}.exe\n").as_bytes(),
        );
        let ran = add(
            &place,
            &[
                "--customer",
                customer,
                "--side",
                "customer",
                "--kind",
                "remote-tools",
                "--scope",
                "all",
                &file,
            ],
        );
        assert_eq!(ran.code, 0);
    }
    let told = place.run(&["impact", "ScreenConnect", "--json"]).json();
    assert_eq!(told["customers"], serde_json::json!(["acme"]));
    let row = &told["rows"][0];
    assert_eq!(
        (&row["on"], &row["side"], &row["table"]),
        (&"pc-1".into(), &"customer".into(), &"remote_tool".into())
    );
    let silent = told["nobody_can_say"].as_array().expect("a list");
    let of = |customer: &str| {
        silent.iter().find(|s| s["customer"] == customer).expect("said")["tables"].to_string()
    };
    assert!(of("clinic").contains("remote_tool") && !of("borealis").contains("remote_tool"));
    let broken = add(
        &place,
        &[
            "--customer",
            "borealis",
            "--side",
            "customer",
            "--kind",
            "remote-tools",
            "--scope",
            "all",
            &place.file("e.csv", b""),
        ],
    );
    assert_eq!(broken.code, 3);
    let told = place.run(&["impact", "AnyDesk", "--json"]).json();
    assert_eq!(told["customers"], serde_json::json!(["borealis"]), "what was seen last is still told");
    let silent = told["nobody_can_say"].as_array().expect("a list");
    let tables = silent.iter().find(|s| s["customer"] == "borealis").expect("said")["tables"].to_string();
    assert!(tables.contains("remote_tool"), "a collection that failed says nothing");
}

#[test]
fn what_goes_stale_or_ends_is_listed_by_date() {
    let place = Place::with(&["acme"]);
    added(&place, "accounts", "2026-11-20", &place.file("a.csv", ACCOUNTS));
    let words = b"id,kind,subject,signer,signer_side,signed_at,expires_at\n1,keys,store,B. Lind,customer,2025-12-01,2026-12-01\n";
    let anew = b"id,kind,subject,signer,signer_side,signed_at,expires_at\n2,keys,store,B. Lind,customer,2026-11-01,2027-11-01\n";
    added(&place, "attestation", "2025-12-02", &place.file("w.csv", words));
    let due = |days: &str| {
        let told =
            place.run(&["due", "--customer", "acme", "--now", "2026-11-21", "--days", days, "--json"]).json();
        told["due"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|d| format!("{} {}", text(&d["what"]), text(&d["at"])))
            .collect::<Vec<_>>()
    };
    let (secret, stale) = ("secret ends 2026-12-01T00:00:00Z", "evidence goes stale 2026-11-27T00:00:00Z");
    assert_eq!(
        due("30"),
        [stale, secret, "statement ends 2026-12-01T00:00:00Z", "evidence goes stale 2026-12-03T00:00:00Z"]
    );
    assert_eq!(due("6"), [stale]);
    added(&place, "attestation", "2026-11-02", &place.file("n.csv", anew));
    assert_eq!(due("30"), [stale, secret], "a statement that was given anew ends anew");
}

#[test]
fn while_another_process_writes_it_is_answered_and_not_kept() {
    use custody::disk::{Disk, Folder};
    let place = Place::with(&["acme"]);
    let held = Folder::new(&place.path("home")).lock("`somebody else`").expect("free");
    let ran = place.run(&["assess", "--customer", "acme", "--json"]);
    assert_eq!((ran.code, &ran.json()["record"]), (3, &Value::Null));
    assert!(ran.err.contains("not kept") && ran.err.contains("somebody else"), "{}", ran.err);
    drop(held);
}

#[test]
fn a_document_with_another_mapping_is_read_anew_and_the_old_reading_stays_in_the_log() {
    let place = Place::with(&["acme"]);
    let file = place.file("a.csv", ACCOUNTS);
    let first = added(&place, "accounts", "2026-11-20", &file);
    let mapping = place.file("home/mappings/vpn.toml", b"");
    let again = add(
        &place,
        &[&SIDE[..], &["--kind", "accounts", "--collected", "2026-11-20", "--mapping", "vpn", &file]]
            .concat(),
    )
    .json();
    assert_eq!((&again["id"], &again["known"]), (&first["id"], &false.into()), "{mapping}");
    let listed = place.run(&["evidence", "ls", "--customer", "acme", "--json"]).json();
    assert_eq!(listed["evidence"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["evidence"][0]["seq"], again["seq"]);
    let kept = place.run(&["ledger", "tail", "--customer", "acme", "--kind", "evidence", "--jsonl"]).lines();
    assert_eq!(kept.iter().filter(|r| r["raw"]["id"] == first["id"]).count(), 2);
    // For people a document is named, and nothing of what stands in it is shown.
    let shown = place.run(&["ledger", "tail", "--customer", "acme", "--kind", "evidence"]).out;
    let id = first["id"].as_str().expect("an id");
    assert!(shown.contains(&format!("{id}: bytes of a document")), "{shown}");
    assert!(shown.contains(&format!("{id}: accounts of the customer, ")), "{shown}");
    assert!(!shown.contains("evidence_piece"), "{shown}");
}
