//! The built program as a stranger's script sees it: right and wrong input for every command.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder of its own, and a home in it.
pub(crate) struct Place {
    folder: TempDir,
}

/// How a finished program ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {} {}", self.out, self.err))
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect()
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// With a provider and customers.
    pub(crate) fn with(customers: &[&str]) -> Self {
        let place = Self::new();
        assert_eq!(place.run(&["init", "--provider", "Northwind IT"]).code, 0);
        for id in customers {
            assert_eq!(place.run(&["customer", "add", id, "--name", id]).code, 0);
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[expect(clippy::disallowed_methods, reason = "a test writes its input")]
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, bytes).expect("writes");
        path.display().to_string()
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.fed(words, b"")
    }

    #[expect(clippy::disallowed_methods, reason = "a test of the program starts it")]
    fn fed(&self, words: &[&str], input: &[u8]) -> Ran {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
            .args(words)
            .env("BAILIWICK_HOME", self.path("home"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        // A program that does not read its input closes it; that is no fault of the test.
        let _ = child.stdin.take().expect("piped").write_all(input);
        let Output { status, stdout, stderr } = child.wait_with_output().expect("ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let ran = Ran { code: status.code().expect("no signal"), out: text(stdout), err: text(stderr) };
        assert!(!ran.err.contains("panicked"), "{words:?}: {}", ran.err);
        ran
    }

    pub(crate) fn vault(&self, customer: &str) -> PathBuf {
        let shown = self.run(&["customer", "show", customer, "--json"]).json();
        Path::new(shown["vault"].as_str().expect("a folder")).to_owned()
    }
}

#[test]
fn a_log_of_several_segments_and_a_journal_behind_them_verifies() {
    let place = Place::with(&["acme"]);
    let lines: String = (0..67_000).map(|n| format!("2026-11-01T10:00:00Z line {n}\n")).collect();
    let log = place.file("long.log", lines.as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    let files = walk(&place.vault("acme"));
    for folder in ["segments", "journal", "tile"] {
        assert!(files.iter().any(|f| f.to_string_lossy().contains(folder)), "{folder}: {files:?}");
    }
    let ran = place.run(&["verify"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let bundle = place.path("bundle");
    assert_eq!(place.run(&["export", "--customer", "acme", "--to", &bundle.display().to_string()]).code, 0);
    assert!(verify::bundle(&bundle, None).expect("reads").ok());
    assert_eq!(
        place.run(&["hunt", "--customer", "acme", "--jsonl", "line", "--last", "1"]).lines()[0]["fields"]["message"],
        "line 66999"
    );
}

#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::disallowed_methods, reason = "a test gives the program an output that is full")]
fn an_answer_that_cannot_be_written_is_no_success() {
    let place = Place::with(&["acme"]);
    let full =
        std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is always full");
    let ended = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
        .args(["customer", "ls", "--json"])
        .env("BAILIWICK_HOME", place.path("home"))
        .stdout(full)
        .output()
        .expect("ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(5) && said.contains("BW-5003"), "{said}");
}

/// Wrong words, the exit code, and what the answer must say.
#[test]
fn wrong_input_is_answered_with_code_reason_and_what_to_do() {
    let place = Place::with(&["acme"]);
    let log = place.file("x.log", b"a line\n");
    let faulty = place.file("faulty.yml", b"title: x\n");
    for (words, code, said) in [
        (&["ingset"][..], 2, "ingest"),
        (&["customer"], 2, "Examples"),
        (&["hunt", "--customer", "acme"], 2, "QUERY"),
        (&["init", "--provider", "Another"], 2, "BW-1003"),
        (&["customer", "add", "acme", "--name", "x"], 2, "BW-1005"),
        (&["customer", "add", "Bad Id", "--name", "x"], 2, "BW-1006"),
        (&["customer", "add", "good", "--name", "\u{1b}[2J"], 2, "BW-1006"),
        (&["customer", "show", "acne"], 2, "did you mean `acme`"),
        (&["ingest", "--customer", "../acme", &log], 2, "BW-1006"),
        (&["ingest", "--customer", "nobody", &log], 2, "nobody"),
        (&["ingest", "--customer", "acme", "/no/such/file"], 5, "BW-1008"),
        (&["ingest", "--customer", "acme", "--format", "evt", &log], 2, "evtx"),
        (&["ingest", "--customer", "acme", "--zone", "Berlin", &log], 2, "offset from UTC"),
        (&["hunt", "--customer", "acme", "a (b"], 2, "column 3"),
        (&["hunt", "--customer", "acme", "--from", "yesterday", "x"], 2, "2026-11-01"),
        (&["alert", "show", "al-0"], 2, "BW-1010"),
        (&["rule", "check", &faulty], 1, "faulty.yml:1:1"),
        (&["scan", "--rules", &faulty, &log], 2, "BW-1101"),
        (&["explain", "BW-1044"], 2, "did you mean"),
    ] {
        let ran = place.run(words);
        assert_eq!(ran.code, code, "{words:?}: {} {}", ran.out, ran.err);
        assert!(ran.err.contains(said), "{words:?}: {}", ran.err);
        assert!(!ran.err.contains('\u{1b}'), "{words:?}");
    }
    let none = Place::new();
    for words in
        [&["customer", "ls"][..], &["ingest", "--customer", "acme", &log], &["verify"], &["alert", "ls"]]
    {
        let ran = none.run(words);
        assert!(ran.code == 2 && ran.err.contains("bailiwick init"), "{words:?}: {}", ran.err);
    }
}

#[test]
fn what_was_given_before_is_noticed_record_by_record() {
    let place = Place::with(&["acme"]);
    let ingest = |path: &str| {
        let ran = place.run(&["ingest", "--customer", "acme", "--json", path]);
        let told = ran.json();
        (told["records"].as_u64().expect("a number"), told["duplicates"].as_u64().expect("a number"))
    };
    let line = |n: u32| format!("2026-11-01T10:00:{:02}Z app said {}\n", n % 60, n / 3);
    let text = |to: u32| (0..to).map(line).collect::<String>();
    let log = place.file("app.log", text(500).as_bytes());
    assert_eq!(ingest(&log), (500, 0));
    assert_eq!(ingest(&log), (0, 500), "the same again");
    let grown = place.file("app.log", text(700).as_bytes());
    assert_eq!(ingest(&grown), (200, 500), "grown");
    assert_eq!(ingest(&grown), (0, 700), "grown, again");
    let renamed = place.file("old/app.log.1", text(700).as_bytes());
    assert_eq!(ingest(&renamed), (0, 700), "renamed");
    let changed = place.file("app.log", format!("{}another line\n{}", text(300), text(10)).as_bytes());
    assert_eq!(ingest(&changed), (11, 300), "new from the first record that differs");
    let other = place.file("other.log", format!("first\n{}", text(20)).as_bytes());
    assert_eq!(ingest(&other), (21, 0), "equal lines of another file are other records");
    let twins = place.file("twins/a.log", b"same\nsame\n");
    place.file("twins/b.log", b"same\nsame\n");
    assert_eq!(
        ingest(&place.path("twins").display().to_string()),
        (4, 0),
        "files of one run are not compared"
    );
    assert_eq!(ingest(&twins), (0, 2));
    let fed = place.fed(&["ingest", "--customer", "acme", "--json", "-"], text(700).as_bytes());
    assert_eq!(fed.json()["duplicates"], 700, "by standard input");
    let hits = place.run(&["hunt", "--customer", "acme", "--jsonl", "*"]).lines();
    assert_eq!(hits.len(), 500 + 200 + 11 + 21 + 4);
    assert_eq!(place.run(&["verify"]).code, 0);
}

#[test]
fn a_customers_records_are_found_in_its_own_log_only() {
    let place = Place::with(&["acme", "clinic"]);
    let log = place.file("a.ndjson", b"{\"time\":\"2026-11-01T10:00:00Z\",\"user\":\"needle-77\",\"n\":7}\n{\"user\":\"x\",\"t\":\"\\u001b[2J\"}\n");
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    let found =
        |customer: &str, query: &str| place.run(&["hunt", "--customer", customer, "--jsonl", query]).lines();
    let own = found("acme", "needle-77");
    assert_eq!((own.len(), found("clinic", "needle-77").len()), (1, 0));
    assert_eq!(own[0]["fields"]["n"], 7);
    assert_eq!(own[0]["happened"], "2026-11-01T10:00:00Z");
    assert_eq!(found("acme", "n:>6 user:needle*").len(), 1);
    assert_eq!(
        place.run(&["hunt", "--customer", "acme", "--last", "1", "--jsonl", "*"]).lines()[0]["fields"]["user"],
        "x"
    );
    assert_eq!(
        place.run(&["hunt", "--customer", "acme", "--to", "2026-11-02", "--jsonl", "*"]).lines().len(),
        1
    );
    let shown = place.run(&["hunt", "--customer", "acme", "user:x"]);
    assert!(!shown.out.contains('\u{1b}'), "{}", shown.out);
    assert_eq!(shown.out.trim_end().split('\t').count(), 4, "four cells with tabs between: {}", shown.out);
    for (folder, _) in [(place.vault("acme"), 0), (place.vault("clinic"), 0)] {
        for file in walk(&folder) {
            let bytes = std::fs::read(&file).expect("reads");
            assert!(!bytes.windows(9).any(|w| w == b"needle-77"), "{}", file.display());
        }
    }
}

#[test]
fn a_name_in_a_record_forges_no_line_of_what_is_shown_about_it() {
    let place = Place::with(&["acme"]);
    let line = |n: usize| {
        format!(
            "{{\"time\":\"2026-11-01T02:0{}:{:02}Z\",\"program\":\"app\",\"action\":\"sign-in\",\"outcome\":\"failure\",\"src_ip\":\"203.0.113.9\",\
             \"user\":\"eve\\nforged\\r\\u001b[2J\\u2028\\tcell\",\"host\":\"gate\\nforged\"}}\n",
            n / 6,
            n % 6 * 10
        )
    };
    let log = place.file("a.ndjson", (0..30).map(line).collect::<String>().as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    let alerts = place.run(&["alert", "ls", "--json"]).json();
    let id = alerts["alerts"][0]["id"].as_str().expect("an alert");
    for words in [
        &["alert", "ls"][..],
        &["alert", "show", id],
        &["alert", "explain", id],
        &["hunt", "--customer", "acme", "forged"],
        &["ledger", "tail", "--customer", "acme"],
    ] {
        let shown = place.run(words);
        assert!(shown.code == 0 && !shown.out.is_empty(), "{words:?}: {}", shown.err);
        let text = shown.out + &shown.err;
        assert!(!text.contains(['\u{1b}', '\r', '\u{2028}']), "{words:?}: {text}");
        let forged = text.lines().find(|line| line.trim_start().starts_with("forged"));
        assert_eq!(forged, None, "{words:?}: {text}");
    }
}

#[test]
fn the_customer_of_a_record_is_who_brought_it_in_never_what_it_says() {
    let place = Place::with(&["acme", "clinic"]);
    let lines = b"{\"customer\":\"clinic\",\"tenant\":\"clinic\",\"origin\":\"northwind-it/clinic/records\",\"user\":\"liar-9\"}\n";
    let log = place.file("clinic/clinic.ndjson", lines);
    assert_eq!(place.run(&["ingest", "--customer", "acme", "--source", "clinic", &log]).code, 0);
    let found =
        |customer: &str| place.run(&["hunt", "--customer", customer, "--jsonl", "liar-9"]).lines().len();
    assert_eq!((found("acme"), found("clinic")), (1, 0));
    let records =
        |customer: &str| place.run(&["customer", "show", customer, "--json"]).json()["records"].clone();
    assert!(records("acme").as_u64() > records("clinic").as_u64());
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() { files.extend(walk(&entry.path())) } else { files.push(entry.path()) }
    }
    files
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test damages what it made")]
fn every_damaged_file_of_vault_and_bundle_is_named_with_exit_4() {
    let place = Place::with(&["acme"]);
    let lines: String =
        (0..3000).map(|n| format!("Nov  1 10:00:{:02} h app[{n}]: line {n}\n", n % 60)).collect();
    let log = place.file("a.log", lines.as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    let bundle = place.path("bundle").display().to_string();
    assert_eq!(place.run(&["export", "--customer", "acme", "--to", &bundle]).code, 0);
    assert_eq!(
        place.run(&["export", "--customer", "acme", "--to", &bundle]).code,
        2,
        "into a folder that is not empty"
    );
    let vkey =
        place.run(&["customer", "show", "acme", "--json"]).json()["vkey"].as_str().expect("a key").to_owned();
    let pinned = ledger::VerifierKey::parse(&vkey).expect("a key");
    let checks = |bundle: &str| verify::bundle(Path::new(bundle), Some(&pinned)).expect("reads");
    assert!(checks(&bundle).ok());
    for file in walk(Path::new(&bundle)) {
        let bytes = std::fs::read(&file).expect("reads");
        for at in [0, bytes.len() / 3, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&file, &changed).expect("writes");
            assert!(!checks(&bundle).ok(), "byte {at} of {}", file.display());
        }
        std::fs::write(&file, &bytes).expect("writes");
    }
    for file in walk(&place.vault("acme")) {
        let bytes = std::fs::read(&file).expect("reads");
        for at in [0, bytes.len() / 3, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&file, &changed).expect("writes");
            let ran = place.run(&["verify", "--customer", "acme", "--json"]);
            let told = ran.json();
            assert_eq!((ran.code, &told["ok"]), (4, &Value::Bool(false)), "byte {at} of {}", file.display());
            assert!(!told["findings"].as_array().expect("a list").is_empty());
            // Nothing else that reads or writes the vault takes it for sound and gives other records.
            let hunted = place.run(&["hunt", "--customer", "acme", "--jsonl", "line"]);
            assert!(hunted.code == 4 || hunted.lines().len() == 3000, "byte {at} of {}", file.display());
        }
        std::fs::remove_file(&file).expect("removes");
        let gone = place.run(&["verify", "--customer", "acme", "--json"]);
        assert!(gone.code == 4 || file.to_string_lossy().contains("/tile/"), "without {}", file.display());
        std::fs::write(&file, &bytes).expect("writes");
    }
    assert_eq!(place.run(&["verify"]).code, 0, "whole again");
    let stray = place.vault("acme").join("stray");
    std::fs::write(&stray, b"x").expect("writes");
    assert_eq!(place.run(&["verify"]).code, 4, "a file that does not belong there");
}

#[test]
fn what_cannot_be_read_is_kept_counted_and_told() {
    let place = Place::with(&["acme"]);
    for (name, bytes, code, records, defects) in [
        ("good.ndjson", &b"{\"a\":1}\n"[..], 0, 1, 0),
        ("half.json", b"{\"a\": \"x", 3, 1, 1),
        ("latin.log", b"Nov  1 10:00:00 h p: gr\xfc\xdfe\n", 0, 1, 1),
        ("empty.log", b"", 0, 0, 0),
        ("empty.evtx", b"", 3, 0, 0),
        ("far.log", b"<34>1 2990-01-01T00:00:00Z h p - - - far\n", 0, 1, 1),
    ] {
        let path = place.file(name, bytes);
        let dry = place.run(&["ingest", "--customer", "acme", "--json", "--dry-run", &path]);
        assert_eq!(dry.json()["records"], records, "{name}");
        let ran = place.run(&["ingest", "--customer", "acme", "--json", &path]);
        let told = ran.json();
        assert_eq!(
            (ran.code, &told["records"], &told["defects"]),
            (code, &records.into(), &defects.into()),
            "{name}: {told}"
        );
        assert_eq!(ran.code == 3, ran.err.contains("incomplete"), "{name}: {}", ran.err);
    }
    let raw = place.run(&["hunt", "--customer", "acme", "--jsonl", "defect:not-text"]).lines();
    assert_eq!(raw[0]["raw_hex"].as_str().map(|h| h.contains("fc")), Some(true));
}

#[test]
fn scan_finds_keeps_nothing_and_tells_the_record() {
    let place = Place::new();
    let rule = place.file("r/r.yml", b"title: t\nid: r\nlogsource: {category: any}\ndetection:\n  s: {user: eve}\n  condition: s\nlevel: high\n");
    let log = place.file("a.ndjson", b"{\"user\":\"adam\"}\n{\"user\":\"Eve\"}\n");
    let ran = place.run(&["scan", "--rules", &rule, &log, "--jsonl"]);
    let hits = ran.lines();
    assert_eq!((ran.code, hits.len()), (1, 1));
    assert_eq!(
        (&hits[0]["rule"]["id"], &hits[0]["record"], hits[0]["path"].as_str()),
        (&"r".into(), &2.into(), Some(log.as_str()))
    );
    assert!(ran.err.contains("keeps nothing") && !place.path("home").exists());
    let silent = place.file("b.ndjson", b"{\"user\":\"adam\"}\n");
    assert_eq!(place.run(&["scan", "--rules", &rule, &silent]).code, 0);
    let cut = place.file("c.evtx", b"ElfFile\0");
    assert_eq!(place.run(&["scan", "--rules", &rule, &cut]).code, 3);
}

#[test]
fn scan_tells_in_the_order_of_the_files_whatever_its_threads_do() {
    let place = Place::new();
    let rule = place.file(
        "r/r.yml",
        b"title: t\nid: r\nlogsource: {category: any}\ndetection:\n  s: {user: eve}\n  condition: s\n",
    );
    let options = ["scan", "--jsonl", "--format", "ndjson", "--rules"];
    let mut words: Vec<String> = options.into_iter().map(str::to_owned).chain([rule]).collect();
    let mut wanted: Vec<(String, u64)> = vec![];
    for (number, many) in [6_000, 0, 3, 4_000].into_iter().enumerate() {
        // Every third record fits, and none of a line that is no JSON.
        let line = |n: u64| if n.is_multiple_of(3) { "{\"user\":\"eve\"}\n" } else { "{\"user\":\"Eve\"\n" };
        let text: String = (1..=many).map(line).collect();
        let path = place.file(&format!("{number}.ndjson"), text.as_bytes());
        wanted.extend((1..=many).filter(|n| n.is_multiple_of(3)).map(|n| (path.clone(), n)));
        words.push(path);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told: Vec<(String, u64)> = place
        .run(&words)
        .lines()
        .iter()
        .map(|hit| {
            (hit["path"].as_str().expect("a text").to_owned(), hit["record"].as_u64().expect("a number"))
        })
        .collect();
    assert_eq!(told, wanted);
}

#[test]
fn rules_of_the_configuration_apply_and_faulty_ones_are_told() {
    let place = Place::with(&["acme"]);
    place.file("home/config.toml", b"rules = [\"mine\"]\n");
    place.file("home/mine/r.yml", b"title: t\nid: mine-1\nlogsource: {category: any}\ndetection:\n  s: {user: eve}\n  condition: s\n---\ntitle: faulty\n");
    let log = place.file("a.ndjson", b"{\"user\":\"eve\"}\n");
    let ran = place.run(&["ingest", "--customer", "acme", "--json", &log]);
    assert!(ran.json()["alerts"] == 1 && ran.err.contains("refused"), "{}", ran.err);
    let alerts = place.run(&["alert", "ls", "--json"]).json();
    assert_eq!(alerts["alerts"][0]["rule"]["id"], "mine-1");
    let id = alerts["alerts"][0]["id"].as_str().expect("an id");
    let shown = place.run(&["alert", "show", id]);
    assert!(
        shown.code == 0 && shown.out.contains("eve") && shown.out.contains("bailiwick hunt"),
        "{}",
        shown.out
    );
    let config = place.run(&["config", "show", "--origin", "--json"]).json();
    assert!(config["rules"]["origin"].as_str().expect("text").ends_with("config.toml"));
    place.file("home/config.toml", b"ruels = []\n");
    let doctor = place.run(&["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("did you mean `rules`"), "{}", doctor.out);
    let faulty = place.run(&["rule", "ls"]);
    assert!(faulty.code == 2 && faulty.err.contains("did you mean `rules`"), "{}", faulty.err);
}

#[test]
fn an_interrupted_run_is_caught_up_with() {
    let place = Place::with(&["acme"]);
    let line = |n: u32| {
        format!(
            "2026-11-01T10:{:02}:{:02}Z h sshd[{n}]: Failed password for root from 203.0.113.9 port {n} ssh2\n",
            n / 60,
            n % 60
        )
    };
    let text: String = (0..400).map(line).collect();
    let log = place.file("auth.log", text.as_bytes());
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
    let before = place.run(&["alert", "ls", "--json"]).json();
    assert!(!before["alerts"].as_array().expect("a list").is_empty());
    let again = place.run(&["ingest", "--customer", "acme", "--json", &log]).json();
    assert_eq!((&again["records"], &again["alerts"]), (&0.into(), &0.into()), "nothing is told twice");
    assert_eq!(place.run(&["alert", "ls", "--json"]).json()["alerts"], before["alerts"]);
}

#[test]
fn the_same_log_in_two_runs_gives_the_same_alerts() {
    let line = |n: u32| {
        format!(
            "2026-11-01T10:{:02}:{:02}Z h sshd[{n}]: Failed password for u{} from 203.0.113.9 port {n} ssh2\n",
            n / 60,
            n % 60,
            n % 14
        )
    };
    let lines: Vec<String> = (0..300).map(line).collect();
    let key = |place: &Place| {
        let alerts =
            place.run(&["alert", "ls", "--json"]).json()["alerts"].as_array().cloned().expect("a list");
        let of = |a: &Value| format!("{} {} {} {}", a["rule"]["id"], a["first"], a["last"], a["count"]);
        let mut all: Vec<String> = alerts.iter().map(of).collect();
        all.sort();
        all
    };
    let whole = Place::with(&["acme"]);
    whole.run(&["ingest", "--customer", "acme", &whole.file("a.log", lines.concat().as_bytes())]);
    let parts = Place::with(&["acme"]);
    for (n, part) in lines.chunks(130).enumerate() {
        parts.run(&[
            "ingest",
            "--customer",
            "acme",
            "--source",
            "ssh",
            &parts.file(&format!("{n}.log"), part.concat().as_bytes()),
        ]);
    }
    assert!(key(&whole).len() >= 2);
    assert_eq!(key(&whole), key(&parts));
}

#[test]
fn demo_doctor_and_papers_work_without_questions() {
    let place = Place::with(&["acme"]);
    let demo = place.run(&["demo", "--json"]).json();
    assert_eq!(
        (&demo["customers"], &demo["verified"], &demo["tampered"]["exit"]),
        (&3.into(), &true.into(), &4.into())
    );
    assert!(
        demo["alerts"].as_u64() >= Some(4)
            && !demo["tampered"]["findings"].as_array().expect("a list").is_empty()
    );
    // One customer is mostly in order, so that the report of it shows what that looks like; one is not known at all.
    let [acme, _, clinic] = [0, 1, 2].map(|n| {
        let answers = |word: &str| demo["assessed"][n][word].as_u64().expect("a count");
        (answers("met"), answers("not_met"), answers("open"))
    });
    assert!(acme.0 > acme.1 + acme.2 && acme.1 > 0, "{acme:?}");
    assert!(clinic.2 > 100 * clinic.0, "{clinic:?}");
    let shown = place.run(&["demo"]);
    assert!(shown.code == 0 && shown.out.lines().next().is_some_and(|l| l.contains("made")), "{}", shown.out);
    let log = place.file("own.log", b"Nov  1 10:00:00 h app: one\n");
    let own = place.run(&["demo", &log, "--json"]).json();
    assert_eq!((&own["records"], &own["made"], &own["verified"]), (&1.into(), &false.into(), &true.into()));
    let kept = place.path("kept").display().to_string();
    let keeping = place.run(&["demo", "--keep", &kept]);
    assert_eq!(keeping.code, 0, "{}", keeping.err);
    assert_eq!(place.run(&["--home", &format!("{kept}/home"), "verify"]).code, 0);
    assert_eq!(place.run(&["demo", "--keep", &kept]).code, 5, "a folder that is there");
    let doctor = place.run(&["doctor", "--json"]);
    assert!(doctor.code == 0 && doctor.json()["ok"] == true, "{}", doctor.out);
    assert_eq!(place.run(&["explain", "bw-4002"]).code, 0);
    assert!(place.run(&["completions", "bash"]).out.contains("_bailiwick"));
    let man = place.path("man").display().to_string();
    assert_eq!(place.run(&["man", "--out", &man]).code, 0);
    assert!(walk(Path::new(&man)).len() >= 15);
}

#[test]
fn a_second_writer_is_told_who_holds_the_home() {
    use custody::disk::{Disk, Folder};
    let place = Place::with(&["acme"]);
    let log = place.file("a.log", b"one\n");
    let guard = Folder::new(&place.path("home")).lock("`somebody else`").expect("free");
    let ran = place.run(&["ingest", "--customer", "acme", &log]);
    assert!(ran.code == 5 && ran.err.contains("somebody else") && ran.err.contains("BW-5001"), "{}", ran.err);
    assert_eq!(place.run(&["verify"]).code, 0, "reading goes on");
    drop(guard);
    assert_eq!(place.run(&["ingest", "--customer", "acme", &log]).code, 0);
}
