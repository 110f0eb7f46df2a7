//! GOLDEN: bytes of the third form, kept as they were written.
//!
//! They are read for as long as there is this program; they change only with a decision record, which adds a new one beside.
//! (The first and the second form were never released.)

use crate::{Reader, Row, Writer, query_terms};

/// A segment of 92 events of several shapes and a control record, written by the first program of this form.
const THIRD: &str = include_str!("golden/third.hex");

fn rows() -> Vec<Row> {
    let row = |kind: u8, raw: &[u8], defects: &[&str]| Row {
        kind,
        source: if kind == 0 { "syslog:fw-2" } else { "bailiwick:bailiwick" }.to_owned(),
        happened: (1_793_527_200, 250_000_000),
        received: (1_793_527_201, 0),
        raw: raw.to_vec(),
        defects: defects.iter().map(|d| (*d).to_owned()).collect(),
    };
    let mut rows = vec![
        row(0, b"link down", &["year-guessed"]),
        row(7, b"{\"control\":\"closed\"}", &[]),
        row(0, &[0, 255, 10], &[]),
    ];
    for n in 0..20u32 {
        let (user, hash) = (n % 3, n.wrapping_mul(0x9e37_79b9));
        let json = format!(
            "{{\"t\": \"2026-10-01T00:00:{n:02}Z\", \"u\": \"user{user}\", \"p\": \"C:\\\\x\", \"h\": \"{hash:08x}\", \"n\": {n}}}"
        );
        rows.push(row(0, json.as_bytes(), &[]));
        rows.push(row(0, format!("<e><a b='{n}'>t&amp;{user}</a></e>").as_bytes(), &[]));
    }
    // Words that follow from others, times beside times, identifiers, and runs of digits.
    for n in 0..50u32 {
        let (host, noise) = (n * n % 7, u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let json = format!(
            "{{\"t\":\"2026-11-01T10:20:{:02}.{:03}Z\",\"seen\":\"2026-11-01 10:20:{:02}\",\"host\":\"ws-{host}x\",\"role\":\"{}\",\"id\":\"{{{noise:016x}-0000}}\",\"sum\":\"{}MD5={noise:016X}\"}}",
            n,
            noise % 1000,
            n,
            ["server", "desk"][host as usize % 2],
            "SHA1=".repeat(n as usize % 2),
        );
        let happened =
            (1_793_528_400 + i64::from(n), u32::try_from(noise % 1000).expect("a part") * 1_000_000);
        rows.push(Row { happened, ..row(0, json.as_bytes(), &[]) });
    }
    rows
}

fn golden() -> Vec<u8> {
    let digits: Vec<u8> = THIRD.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|p| std::str::from_utf8(p).expect("digits"));
    pairs.map(|p| u8::from_str_radix(p, 16).expect("digits")).collect()
}

fn read(bytes: Vec<u8>) -> Vec<Row> {
    let reader = Reader::open(bytes).expect("opens");
    assert_eq!((reader.first(), reader.others().expect("reads").len()), (512, 1));
    reader.read_block(0).expect("reads").into_iter().map(|(_, row)| row).collect()
}

#[test]
fn the_third_form_is_still_read() {
    assert_eq!(read(golden()), rows());
    let reader = Reader::open(golden()).expect("opens");
    for (word, holds) in [("closed", true), ("user2", true), ("DOWN", true), ("0", true), ("nobody", false)] {
        assert_eq!(reader.candidates(query_terms(word)[0]).expect("reads"), [holds], "{word}");
    }
}

#[test]
fn what_is_written_today_is_the_same_bytes() {
    let mut writer = Writer::new(512);
    rows().into_iter().for_each(|r| writer.push(r).expect("fits"));
    let bytes = writer.finish().expect("packs");
    assert_eq!(read(bytes.clone()), rows());
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert!(bytes == golden(), "other bytes: {hex}");
}
