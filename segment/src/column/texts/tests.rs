//! Whatever a column holds comes back, in the form that was meant for it.

use super::super::Parts;
use super::*;
use proptest::prelude::*;

/// Writes and reads a column; gives its form and its size.
fn round(texts: &[Vec<u8>]) -> (u8, usize) {
    let slices: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let mut sink = Sink::new().expect("a compressor");
    write(&mut sink, &slices).expect("packs");
    let form = sink.head.first().copied().unwrap_or(255);
    let bytes = sink.finish().expect("packs").expect("small");
    let (parts, alone) = Parts::open(&bytes).expect("opens");
    let mut source = parts.source(alone).expect("opens");
    let mut column = read(&mut source, texts.len()).expect("reads");
    assert!(source.is_empty());
    for text in texts {
        let mut out = vec![];
        column.give(&mut out).expect("gives");
        assert_eq!(&out, text);
    }
    (form, bytes.len())
}

fn column(text: impl Fn(u64) -> String) -> Vec<Vec<u8>> {
    (0..5000).map(|n| text(sum(n, b"")).into_bytes()).collect()
}

#[test]
fn each_content_has_its_form() {
    assert_eq!(round(&column(|_| "same".into())).0, SAME);
    assert_eq!(round(&column(|n| format!("host-{}", n % 200))).0, WORDS);
    assert_eq!(round(&column(|n| format!("{}", n >> 20))).0, WHOLE);
    assert_eq!(round(&column(|n| format!("0x{:x}", n >> 20))).0, HEX_NUMBERS);
    let (form, size) = round(&column(|n| format!("{n:016x}{:016x}", n.wrapping_mul(n | 1))));
    assert!(form == HEX && size < 5000 * 16 + 200, "{form} {size}");
    assert_eq!(round(&column(|n| format!("{{{:08X}-0000}}", n >> 32))).0, HEX);
    let second = |n: u64| format!("2026-10-01T00:{:02}:{:02}.{:03}Z", n % 60, n / 60 % 60, n % 1000);
    assert_eq!(round(&column(second)).0, TIMES);
    let letters = |n: u64| n.to_string().bytes().map(|b| char::from(b + b'x' - b'9')).collect::<String>();
    assert_eq!(round(&column(|n| format!("word {}{}", letters(n), "x".repeat(n as usize % 9)))).0, ENDED);
    assert_eq!(round(&column(|n| format!("{}\0{}", letters(n), "x".repeat(n as usize % 9)))).0, SIZED);
    let (form, size) = round(&column(|n| format!("{}:MD5={n:016X}{n:016X},x", "y".repeat(n as usize % 9))));
    assert!(form == RUNS && size < 5000 * 18, "{form} {size}");
}

#[test]
fn a_column_that_is_nearly_of_a_form_comes_back_too() {
    for odd in ["007", "-0", "", "+5", "0x", "0xg", "9999999999999999999", "ABCD", "é"] {
        for base in ["17", "-3", "0x1f", "00ab", "2026-10-01T00:00:00Z", "u1x"] {
            let mut texts: Vec<Vec<u8>> = (0..40).map(|n| format!("{base}{n}").into_bytes()).collect();
            texts.insert(20, odd.as_bytes().to_vec());
            round(&texts);
            round(&[base.as_bytes().to_vec(), odd.as_bytes().to_vec()]);
            round(&[odd.as_bytes().to_vec(), base.as_bytes().to_vec()]);
        }
    }
    round(&[b"0x7fffffffffffffff".to_vec(), b"0x0".to_vec()]);
}

/// An identifier costs its bytes once, however many columns it stands in.
#[test]
fn the_same_identifiers_lie_alike_in_every_column() {
    let id = |n: u64| format!("{{{:08x}-{:04x}-0000-4{:03x}}}", n >> 32, n & 0xffff, n >> 20 & 0xfff);
    let (one, two) = (column(id), column(id).split_off(4000));
    let size = |columns: &[&[Vec<u8>]]| {
        let mut sink = Sink::new().expect("a compressor");
        for column in columns {
            write(&mut sink, &column.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("packs");
        }
        sink.finish().expect("packs").expect("small").len()
    };
    let (alone, both) = (size(&[&one]), size(&[&one, &two]));
    assert!(both - alone < 1000 * 4, "{alone} {both}");
}

#[test]
fn a_few_bytes_that_speak_of_many_words_are_refused() {
    let block = |length: usize| {
        let mut sink = Sink::new().expect("a compressor");
        sink.head.push(WORDS);
        put(&mut sink.head, WORDS_LIMIT as u64);
        sink.head.push(SAME);
        put(&mut sink.head, length as u64);
        sink.head.extend(vec![b'x'; length]);
        put(&mut sink.head, 0);
        numbers::write(&mut sink, &vec![1; WORDS_LIMIT]).expect("packs");
        let bytes = sink.finish().expect("packs").expect("small");
        let (parts, alone) = Parts::open(&bytes).expect("opens");
        read(&mut parts.source(alone).expect("opens"), WORDS_LIMIT).map(drop)
    };
    assert!(block(1).is_ok());
    assert!(block(UNPACKED_LIMIT_BYTES / WORDS_LIMIT + 1).is_err());
}

proptest! {
    #[test]
    fn long_runs_of_digits_survive(
        texts in prop::collection::vec("(([0-9a-f]{14,40}|[0-9A-F]{500,530}|[\u{1}x ,]{0,2}){0,4})", 1..30),
    ) {
        round(&texts.into_iter().map(String::into_bytes).collect::<Vec<_>>());
    }

    #[test]
    fn any_texts_survive(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..60),
        look in prop::collection::vec("(-?[0-9]{1,3}|0x[0-9a-f]{1,3}|[0-9A-F]{4}|user[0-9])", 0..60),
    ) {
        round(&texts);
        round(&look.into_iter().map(String::into_bytes).collect::<Vec<_>>());
    }
}
