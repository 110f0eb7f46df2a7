//! Rows of every kind come back from a block, whatever form it takes.

use super::*;
use proptest::prelude::*;

fn row(raw: &[u8]) -> Row {
    let raw = raw.to_vec();
    let source = format!("text:{}", raw.len() % 3);
    Row { kind: EVENT, source, happened: (7, 5), received: (i64::MIN, 999_999_999), raw, defects: vec![] }
}

fn form(rows: &[Row]) -> u8 {
    let packed = pack(rows).expect("packs");
    assert!(unpack(&packed).expect("unpacks") == rows);
    packed[0]
}

#[test]
fn odd_rows_come_back_in_columns() {
    let big = vec![b'x'; 1 << 20];
    let raws: [&[u8]; 12] = [
        b"",
        b"{",
        b"{\"a\" : 1 ,\"a\":1}",
        b"{\"a\" : 22 ,\"a\":-0}",
        b"{\"a\": \"\\\"\\u00e4\"}\n",
        b"{\"a\": \"\xff\"}\n",
        b"<a b='1'>t</a>",
        b"<a b='22'>u</a>",
        b"<a b='22",
        &[0, 255, 10, 13],
        b"Nov 23 sshd[17]: from 10.0.0.1",
        &big,
    ];
    let rows: Vec<Row> = raws.iter().cycle().take(60).map(|r| row(r)).collect();
    assert_eq!(form(&rows), COLUMNS);
    assert_eq!(form(&[]), COLUMNS);
    raws.iter().for_each(|r| assert_eq!(form(&[row(r)]), COLUMNS));
}

#[test]
fn more_templates_than_there_is_room_for_come_back() {
    let letters = |n: u32| n.to_string().bytes().map(|b| char::from(b - b'0' + b'a')).collect::<String>();
    let rows: Vec<Row> =
        (0..12_000u32).map(|n| row(format!("{} then 17", letters(n % 6000)).as_bytes())).collect();
    assert_eq!(form(&rows), COLUMNS);
    let wide: String = (0..VARIABLES_LIMIT + 5).map(|n| format!("{n} ")).collect();
    assert_eq!(form(&vec![row(wide.as_bytes()); 5]), COLUMNS);
}

#[test]
fn what_columns_cannot_hold_is_packed_plainly() {
    let alert = Row { kind: 3, ..row(b"x") };
    assert_eq!(form(&[alert]), PLAIN);
}

/// A few bytes that speak of 65,536 rows with 1,024 variables each.
#[test]
fn a_block_that_grows_beyond_its_limit_is_refused() {
    let block = |variables: usize| {
        let mut sink = Sink::new().expect("a compressor");
        put(&mut sink.head, ROWS_LIMIT as u64);
        let fragment: &[u8] = b"";
        let shredded = Shredded {
            fragments: vec![fragment],
            templates: vec![
                Template { fragments: vec![0, 0], columns: vec![0] },
                Template { fragments: vec![0; variables + 1], columns: vec![1; variables] },
            ],
            of: vec![],
            columns: vec![],
            rows: vec![],
        };
        write_templates(&mut sink, &shredded).expect("packs");
        let same = |sink: &mut Sink, value: i64| numbers::write(sink, &[value]).expect("packs");
        same(&mut sink, 1);
        texts::write(&mut sink, &[b"source"]).expect("packs");
        (0..3).for_each(|_| same(&mut sink, 0));
        texts::write(&mut sink, &[b"value"]).expect("packs");
        put(&mut sink.head, 0);
        (0..2).for_each(|_| same(&mut sink, 0));
        [&[COLUMNS], &sink.finish().expect("packs").expect("small")[..]].concat()
    };
    assert_eq!(unpack(&block(1)).expect("unpacks").len(), ROWS_LIMIT);
    assert!(unpack(&block(VARIABLES_LIMIT)).is_err());
}

/// A time that stands in the row is not written twice.
#[test]
fn when_a_row_happened_costs_nothing_where_the_row_says_it() {
    let size = |shift: &dyn Fn(i64) -> i64| {
        let row = |n: i64| {
            let (second, part) = (n * n % 60, n * 7919 % 1_000_000);
            let raw = format!("{{\"t\":\"2026-10-01T00:00:{second:02}.{part:06}Z\",\"n\":{n}}}");
            let at = (1_790_812_800 + second + shift(n), u32::try_from(part * 1000).expect("a part"));
            Row { happened: at, ..row(raw.as_bytes()) }
        };
        let rows: Vec<Row> = (0..3000).map(row).collect();
        assert_eq!(form(&rows), COLUMNS);
        pack(&rows).expect("packs").len()
    };
    let (same, zone, noise) = (size(&|_| 0), size(&|_| 7200), size(&|n| n * n % 1013));
    assert!(zone <= same + 4 && noise > same + 3000, "{same} {zone} {noise}");
}

fn raw() -> impl Strategy<Value = Vec<u8>> {
    let value = "([a-c]{0,3}|-?[0-9]{1,4}|\"[a-z\\\\\"0-9é]{0,6}\"|0x[0-9a-f]{2}|2026-0[1-3]-[0-3][0-9]T0[0-9]:00:00Z)";
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..30),
        (value, "[ \t]{0,2}", value)
            .prop_map(|(a, s, b)| format!("{{\"k\":{s}{a},{s}\"k\":{b}}}").into_bytes()),
        (value, value).prop_map(|(a, b)| format!("<e n='{a}'><x>{b}</x></e>").into_bytes()),
        (value, value).prop_map(|(a, b)| format!("link {a} of user={b} down").into_bytes()),
        ("[0-9A-F]{30,36}", value)
            .prop_map(|(a, b)| format!("{{\"h\":\"MD5={a},\\u0001\",\"k\":{b}}}").into_bytes()),
    ]
}

proptest! {
    #[test]
    fn any_rows_survive(raws in prop::collection::vec(raw(), 0..120), repeat in 1usize..4) {
        let rows: Vec<Row> = raws.iter().cycle().take(raws.len() * repeat).map(|r| row(r)).collect();
        prop_assert_eq!(form(&rows), COLUMNS);
    }

    #[test]
    fn any_times_survive(
        times in prop::collection::vec((any::<i64>(), 0u32..1_000_000_000, 0i64..3, any::<bool>()), 0..80),
    ) {
        let row = |&(second, nanos, near, follows): &(i64, u32, i64, bool)| {
            let (of_minute, part) = (second.rem_euclid(60), nanos / 1000);
            let raw = format!("{{\"t\":\"2026-10-01T00:00:{of_minute:02}.{part:06}Z\",\"u\":\"2026-10-01 00:00:{:02}\"}}", (of_minute + near) % 60);
            let happened = if follows { (1_790_812_800 + of_minute + near, part * 1000) } else { (second, nanos) };
            Row { happened, received: (second.wrapping_add(near), nanos), ..row(raw.as_bytes()) }
        };
        let rows: Vec<Row> = times.iter().map(row).collect();
        prop_assert_eq!(form(&rows), COLUMNS);
    }

    #[test]
    fn a_changed_block_never_panics(raws in prop::collection::vec(raw(), 1..40), at in any::<prop::sample::Index>(), bits in 1u8..) {
        let rows: Vec<Row> = raws.iter().cycle().take(raws.len() * 3).map(|r| row(r)).collect();
        let mut packed = pack(&rows).expect("packs");
        let at = at.index(packed.len());
        packed[at] ^= bits;
        let _ = unpack(&packed);
        let _ = unpack(&packed[..at]);
    }

    /// Damage behind the compression: what a sum or zstd would tell never gets this far.
    #[test]
    fn a_changed_head_never_panics(raws in prop::collection::vec(raw(), 1..40), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let rows: Vec<Row> = raws.iter().cycle().take(raws.len() * 3).map(|r| row(r)).collect();
        let packed = pack(&rows).expect("packs");
        let (mut parts, alone) = Parts::open(&packed[1..]).expect("opens");
        parts.change(at, byte);
        let mut source = parts.source(alone).expect("opens");
        let _ = read(&mut source);
    }
}
