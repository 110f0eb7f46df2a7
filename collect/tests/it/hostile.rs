//! Inputs that mean no good, or that somebody cut, packed or named wrongly.

use super::taken;
use collect::{Arrival, Input, Options, Summary, read};
use flate2::{Compression, write::GzEncoder};
use model::Format;
use proptest::prelude::*;
use std::io::{Read, Write};
use std::ops::ControlFlow;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn codes(all: &[Arrival]) -> Vec<String> {
    let mut codes: Vec<_> =
        all.iter().flat_map(|a| a.draft.defects.iter().map(|d| d.code().to_owned())).collect();
    codes.sort();
    codes.dedup();
    codes
}

/// One line of the table: name, bytes, records, defects by code, whether reading stopped early.
fn check(name: &str, bytes: &[u8], records: usize, defects: &[&str], stopped: bool) {
    let (all, summary) = taken(name, bytes);
    assert_eq!(all.len(), records, "{name}: {summary:?}");
    assert_eq!(codes(&all), defects, "{name}");
    assert_eq!(summary.stopped.is_some(), stopped, "{name}: {summary:?}");
}

#[test]
fn each_hostile_input_gets_its_own_clear_word() {
    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let deep_line = format!("{}1{}\n", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let wide: String = (0..20_000).map(|n| format!("\"k{n}\":{n},")).collect();
    let zeros = gzip(&vec![0; 1 << 20]);
    for (name, bytes, records, defects, stopped) in [
        ("empty.log", vec![], 0, vec![], false),
        ("empty.evtx", vec![], 0, vec![], true),
        ("head.evtx", [b"ElfFile\0".to_vec(), vec![0; 4088]].concat(), 0, vec![], true),
        ("noise.evtx", vec![0xa7; 100_000], 3, vec!["no-time", "unreadable"], true),
        ("deep.json", deep, 1, vec!["no-time", "too-deep"], false),
        ("deep.ndjson", deep_line.into_bytes(), 1, vec!["no-time", "too-deep"], false),
        (
            "wide.ndjson",
            format!("{{{wide}\"z\":1}}\n").into_bytes(),
            1,
            vec!["no-time", "too-many-fields"],
            false,
        ),
        ("dup.json", b"{\"a\":1,\"a\":2}\n".to_vec(), 1, vec!["duplicate-key", "no-time"], false),
        ("half.json", b"{\"a\": \"x".to_vec(), 1, vec!["cut-short", "no-time"], false),
        ("half-list.json", b"[{\"a\":1},{\"b\"".to_vec(), 2, vec!["cut-short", "no-time"], true),
        ("text.json", b"plain text, not JSON\nat all\n".to_vec(), 2, vec!["malformed", "no-time"], false),
        ("number.ndjson", b"{\"a\":1}\n7\n".to_vec(), 2, vec!["malformed", "no-time"], false),
        ("nul.log", [vec![0; 100_000], b"\nok\n".to_vec()].concat(), 2, vec!["no-time"], false),
        (
            "latin.log",
            b"Nov 23 00:20:11 fw sshd[1]: gr\xfc\xdfe\n".repeat(100),
            100,
            vec!["not-text", "year-guessed"],
            false,
        ),
        ("liar.log.gz", b"Nov 23 00:20:11 fw app: no gzip\n".to_vec(), 1, vec!["year-guessed"], false),
        ("cut.log.gz", zeros[..zeros.len() / 2].to_vec(), 0, vec![], true),
        (
            "old.log",
            b"<34>1 1890-01-01T00:00:00Z h p - - - x\n<34>1 2990-01-01T00:00:00Z h p - - - x\n".to_vec(),
            2,
            vec!["ancient", "far-future"],
            false,
        ),
        ("never.log", b"<34>1 9999-99-99T00:00:00Z h p - - - x\n".to_vec(), 1, vec!["no-time"], false),
        ("short.csv", b"a,b\n1\n\"x\ny\",2\n\"open".to_vec(), 3, vec!["malformed", "no-time"], false),
    ] {
        // What was cut off by the packing may hold a part of a line.
        if name != "cut.log.gz" {
            check(name, &bytes, records, &defects, stopped);
        } else {
            assert!(taken(name, &bytes).1.stopped.is_some_and(|why| why.contains("gzip")));
        }
    }
}

#[test]
fn a_line_without_end_is_kept_in_pieces() {
    let bytes = [vec![b'x'; (5 << 20) + 9], b"\nnext\n".to_vec()].concat();
    let (all, summary) = taken("endless.log", &bytes);
    assert_eq!(summary.records, 7, "five full pieces, the rest, and the next line");
    let joined: Vec<u8> = all[..6].iter().flat_map(|a| a.draft.raw.clone()).collect();
    assert_eq!(joined, bytes[..(5 << 20) + 9]);
    assert_eq!(all[6].draft.raw, b"next");
}

#[test]
fn a_gzip_bomb_is_stopped_and_what_came_before_is_kept() {
    let bomb: Vec<u8> = gzip(&vec![b'a'; 1 << 20]).repeat(1024);
    let (_, summary) = taken("bomb.log.gz", &bomb);
    assert!(summary.unpacked < 20 << 20, "{summary:?}");
    assert!(summary.stopped.as_deref().is_some_and(|why| why.contains("100 times")), "{summary:?}");
    let members = [gzip(b"one\n"), gzip(b"two\n")].concat();
    assert_eq!(taken("two.log.gz", &members).0.len(), 2, "members one behind the other are one file");
    let zstd = zstd::bulk::compress(b"one\ntwo\n", 3).expect("memory");
    assert_eq!(taken("two.log.zst", &zstd).0.len(), 2);
}

#[test]
fn documents_give_their_members_byte_for_byte() {
    let (all, summary) =
        taken("list.json", b" [ {\"time\":\"2026-11-01T10:00:00Z\", \"a\": [1,2]} ,\n{\"b\":\"]}\\\"\"}, 3]");
    let raws: Vec<_> = all.iter().map(|a| String::from_utf8_lossy(&a.draft.raw).into_owned()).collect();
    assert_eq!(raws, ["{\"time\":\"2026-11-01T10:00:00Z\", \"a\": [1,2]}", "{\"b\":\"]}\\\"\"}", "3"]);
    assert_eq!(
        (summary.format, all[0].draft.happened.to_string().as_str()),
        (Some(Format::Json), "2026-11-01T10:00:00Z")
    );
    let (all, _) = taken("pretty.json", b"{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n");
    assert_eq!(all.len(), 2);
    let trail = br#"{"Records": [{"eventVersion":"1","eventSource":"s3","eventName":"x","eventID":"7","eventTime":"2026-11-01T10:00:00Z"}], "more": 1}"#;
    let (all, summary) = taken("trail.json", trail);
    assert_eq!((summary.format, all.len()), (Some(Format::Cloudtrail), 2));
    assert!(all[0].identity.is_some());
}

#[test]
fn tables_give_their_rows_as_objects() {
    let (all, _) = taken("t.csv", b"time;user;note\n2026-11-01 10:00:00;eve;\"a;b\"\n");
    assert_eq!(all[0].draft.raw, br#"{"time":"2026-11-01 10:00:00","user":"eve","note":"a;b"}"#);
    assert_eq!(all[0].draft.happened.to_string(), "2026-11-01T10:00:00Z");
}

#[test]
fn breaking_off_ends_the_reading() {
    let mut many = 0;
    let input = Input { name: "x".into(), modified: None, bytes: Box::new(&b"a\nb\nc\n"[..]) };
    let summary: Summary = read(input, &Options::at(super::arrived()), &mut |_| {
        many += 1;
        ControlFlow::Break(())
    });
    assert_eq!((many, summary.records), (1, 1));
}

#[test]
fn a_reader_that_fails_in_the_middle_keeps_what_came_before() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(std::io::Error::other("cable pulled"));
            }
            let line = b"a line\n";
            let many = into.len().min(line.len());
            into[..many].copy_from_slice(&line[..many]);
            self.0 -= 1;
            Ok(many)
        }
    }
    let mut many = 0;
    let input = Input { name: "x".into(), modified: None, bytes: Box::new(Failing(20_000)) };
    let summary = read(input, &Options::at(super::arrived()), &mut |_| {
        many += 1;
        ControlFlow::Continue(())
    });
    assert!(many > 19_000 && summary.stopped.is_some_and(|why| why.contains("cable pulled")));
}

proptest! {
    #[test]
    fn any_bytes_in_any_format_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..3000), format in 0usize..8) {
        let mut options = Options::at(super::arrived());
        options.format = Some(Format::ALL[format]);
        let input = Input { name: "x".into(), modified: None, bytes: Box::new(&bytes[..]) };
        let mut all = 0;
        let summary = read(input, &options, &mut |_| { all += 1; ControlFlow::Continue(()) });
        prop_assert!(summary.records + summary.unreadable >= all);
    }

    #[test]
    fn lines_put_together_again_are_the_input(lines in prop::collection::vec("[^\\n\\r]{0,40}", 0..40)) {
        let text = lines.join("\n");
        let mut options = Options::at(super::arrived());
        options.format = Some(Format::Text);
        let mut back = vec![];
        let input = Input { name: "x".into(), modified: None, bytes: Box::new(text.as_bytes()) };
        read(input, &options, &mut |a| { back.push(a.draft.raw); ControlFlow::Continue(()) });
        let kept: Vec<_> = lines.iter().filter(|l| !l.bytes().all(|b| b.is_ascii_whitespace())).map(|l| l.as_bytes().to_vec()).collect();
        prop_assume!(!text.starts_with('\u{feff}'));
        prop_assert_eq!(back, kept);
    }

    #[test]
    fn damaged_documents_lose_nothing(at in 0usize..200, bits in 1u8..) {
        let mut bytes = br#"[{"time":"2026-11-01T10:00:00Z","user":"eve"},{"time":"2026-11-01T10:00:00Z","user":"adam"},{"n":[1,2,{"x":null}]}]"#.to_vec();
        let at = at % bytes.len();
        bytes[at] ^= bits;
        let (all, _) = taken("x.json", &bytes);
        let kept: usize = all.iter().map(|a| a.draft.raw.len()).sum();
        prop_assert!(kept + 8 >= bytes.len().saturating_sub(4), "{kept} of {}", bytes.len());
    }
}
