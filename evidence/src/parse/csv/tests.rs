//! What is read of tables as CSV: whole, cut and crooked.

use super::super::cuts::cut_everywhere;
use super::{FORMAT, MAPPINGS, read, whole_records};
use crate::document::{Document, Status};
use crate::parse::Hint;
use crate::row::Cell;

fn plain(kind: &str, text: &str) -> Document {
    read(text.as_bytes(), "x.csv", &Hint { kind: Some(kind), ..Hint::default() })
}

fn mapped(mapping: &str, raw: &[u8]) -> Document {
    read(raw, "x.csv", &Hint { mapping: Some(mapping), ..Hint::default() })
}

fn why(document: &Document) -> &str {
    document.status.why().unwrap_or("complete")
}

fn first(document: &Document, column: &str) -> Cell {
    document.rows.first().and_then(|row| row.cell(column)).cloned().expect("a row with that column")
}

#[test]
fn the_plain_form_names_our_columns_and_writes_names_in_lower_case() {
    for text in [
        "Name,directory,enabled\nAna@Clinic.example , vpn,Yes\n",
        "name;directory;enabled\r\n\"ANA@clinic.example\";vpn;true\r\n",
        "sep=\t\nname\tdirectory\tenabled\nana@clinic.example\tvpn\t1\n",
    ] {
        let document = plain("accounts", text);
        assert_eq!(document.status, Status::Complete, "{text}");
        assert_eq!(first(&document, "name"), Cell::from("ana@clinic.example"));
        assert_eq!(first(&document, "enabled"), Cell::from(true));
        assert_eq!(document.scope.as_deref(), Some("csv account vpn"));
    }
}

#[test]
fn what_does_not_fit_is_told_with_its_row() {
    let head = "name,enabled\n";
    for (rows, want) in [
        ("a\n", "row 2: 1 cells under 2 headings"),
        ("a,yes\nb,perhaps\n", "row 3: `perhaps` is no value of `enabled`"),
        ("a,yes\nb,yes", "the last line has no end"),
        ("a,yes\n\"b,yes\n", "the last line has no end"),
    ] {
        assert!(why(&plain("accounts", &format!("{head}{rows}"))).contains(want), "{rows}");
    }
    assert!(why(&plain("accounts", "name,NAME\na,b\n")).contains("twice"));
    assert!(why(&plain("accounts", "what,ever\na,b\n")).contains("no heading is a column"));
    assert!(why(&plain("accounts", "name,enabled")).contains("no heading line"));
    assert!(why(&plain("", "name,enabled\n")).contains("name its kind"));
    let long = format!("{head}{},yes\n", "x".repeat(70_000));
    assert!(why(&plain("accounts", &long)).contains("longer than"));
    for value in ["inf", "NaN", "1e999"] {
        assert!(
            why(&plain("feed-epss", &format!("cve,score\nx,{value}\n"))).contains("is no value"),
            "{value}"
        );
    }
}

#[test]
fn what_is_merely_odd_takes_nothing_away() {
    let document = plain("accounts", "name,enabeld\na,x\nname,enabeld\n,\nb,y\n");
    assert_eq!((document.status.as_str(), document.rows.len()), ("complete", 2));
    let told = document.defects.join("\n");
    assert!(told.contains("did you mean `enabled`?"), "{told}");
    assert!(told.contains("row 3: is the heading again") && told.contains("row 4: is empty"), "{told}");
    assert_eq!(plain("accounts", "name,enabled\n").status, Status::Complete, "nobody is an answer");
}

const MAPPING: &str = r##"
table = "backup_job"
kind = "backup-jobs"
tool = "Vaulter"
delimiter = ";"
encoding = "windows-1252"
decimal_comma = true
zone = "+02:00"
dates = ["%d/%m/%Y %H:%M", "%d/%m/%Y"]
optional = ["repository"]
[columns]
system = ["Maschine", "Gerät"]
repository = "Ziel"
bytes = "Größe"
succeeded = "Status"
finished_at = "Ende"
[constants]
tool = "vaulter"
kind = "data"
[values.succeeded]
Erfolg = true
"*" = false
"##;

#[test]
fn a_mapping_reads_somebody_elses_export() {
    let raw = b"Ger\xe4t;Gr\xf6\xdfe;Status;Ende;Rest\r\nSRV-1;1.234;erfolg;03/02/2026 12:30;x\r\nSRV-2;;Fehler;04/02/2026;\r\n";
    let document = mapped(MAPPING, raw);
    assert_eq!(document.status, Status::Complete, "{:?}", document.defects);
    assert_eq!((document.kind.as_str(), document.tool.as_deref()), ("backup-jobs", Some("Vaulter")));
    assert_eq!(first(&document, "system"), Cell::from("srv-1"));
    assert_eq!(first(&document, "bytes"), Cell::from(1234_i64));
    assert_eq!(first(&document, "succeeded"), Cell::from(true));
    assert_eq!(first(&document, "kind"), Cell::from("data"));
    // 10:30 UTC on 3 February: the day stands first, and the zone is two hours ahead.
    assert_eq!(first(&document, "finished_at"), Cell::from(1_770_114_600_i64));
    assert_eq!(document.rows[1].cell("succeeded"), Some(&Cell::from(false)));
    assert_eq!(document.rows[1].cell("bytes"), Some(&Cell::Null));
    assert!(
        why(&mapped(MAPPING, b"Maschine;Status;Ende\r\na;Erfolg;03/02/2026\r\n")).contains("is not there")
    );
}

#[test]
fn a_mapping_that_is_wrong_says_where() {
    for (mapping, want) in [
        ("", "names no `table`"),
        ("table = \"nope\"", "no table"),
        ("table = 7", "is no text"),
        ("table = \"zone\"", "no `[columns]`"),
        ("table = \"zone\"\n[columns]\nnope = \"a\"", "no column of `zone`"),
        ("table = \"zone\"\n[columns]\nname = 7", "no heading"),
        ("table = \"zone\"\nsurprise = 1\n[columns]\nname = \"a\"", "`surprise` is no key"),
        ("table = \"zone\"\ndelimiter = \"ab\"\n[columns]\nname = \"a\"", "delimiter"),
        ("table = \"zone\"\nencoding = \"ebcdic\"\n[columns]\nname = \"a\"", "encoding"),
        ("table = \"zone\"\nzone = \"Mars\"\n[columns]\nname = \"a\"", "zone"),
        (
            "table = \"account\"\n[columns]\nname = \"a\"\n[constants]\nenabled = \"perhaps\"",
            "constants.enabled",
        ),
        (
            "table = \"account\"\n[columns]\nname = \"a\"\n[values.enabled]\nX = \"perhaps\"",
            "values.enabled.X",
        ),
        ("= broken", "mapping"),
    ] {
        let document = mapped(mapping, b"a,b\n1,2\n");
        assert_eq!(document.status.as_str(), "failed", "{mapping}");
        assert!(why(&document).contains(want), "{mapping}: {}", why(&document));
    }
}

#[test]
fn mappings_that_come_with_the_program_are_found_by_name() {
    for (name, headings, rows) in [
        ("psa-people", "Member ID,Full Name,Username,Title,Termination Date", "7,Ana,Ana.R,Tech,02/28/2026"),
        (
            "rmm-devices",
            "Hostname,Operating System,Device Type,Last Seen",
            "PC-1,Windows 11,Laptop,02/28/2026 01:05:00 PM",
        ),
        (
            "vpn-sessions",
            "User,Source IP,Login Time,Logout Time",
            "ana,203.0.113.4,2026-02-28 10:00:00,2026-02-28 11:00:00",
        ),
        ("vendor-register", "Vendor,Service,Last Assessment", "Prov,Backup,28/02/2026"),
        ("backup-jobs", "VM Name,Status,End Time", "SRV-1,Success,02/28/2026 01:05:00 PM"),
    ] {
        let document = mapped(name, format!("{headings}\n{rows}\n").as_bytes());
        assert_eq!(document.status, Status::Complete, "{name}: {:?}", document.defects);
        assert_eq!(document.rows.len(), 1, "{name}");
        assert!(document.scope.is_some() && !document.kind.is_empty(), "{name}");
    }
    assert!(MAPPINGS.windows(2).all(|m| m[0].0 < m[1].0));
    let running = mapped("backup-jobs", b"VM Name,Status,End Time\nSRV-1,Running,\n");
    assert_eq!(first(&running, "succeeded"), Cell::Null);
    assert!(why(&mapped("backup-jobs", b"VM Name,Status,End Time\nSRV-1,Odd,\n")).contains("`Odd`"));
}

#[test]
fn a_cut_file_never_passes_for_a_whole_one_but_behind_a_line() {
    let text = "name,display,enabled\na,\"two\nlines, \"\"x\"\"\",yes\nbc,d,no\n";
    let hint = Hint { kind: Some("accounts"), ..Hint::default() };
    cut_everywhere(&FORMAT, &hint, text.as_bytes(), |before, _| {
        std::str::from_utf8(before).is_ok_and(|before| whole_records(before, b',') == before.len())
    });
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(raw: Vec<u8>, text in "[a,;\"\n\r\t=é]{0,60}", mapping in ".{0,60}") {
        let _ = mapped(MAPPING, &raw);
        let _ = mapped(&mapping, &raw);
        let _ = plain("accounts", &format!("name,enabled\n{text}"));
        let _ = plain("accounts", &text);
        let _ = read(&raw, "x", &Hint { kind: Some("accounts"), ..Hint::default() });
    }
}
