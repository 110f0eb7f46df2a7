//! The bytes that both sides sign: the same for the same contract however it is written, others for any other.

use super::{draft, read, with};
use contract::diff;
use proptest::prelude::*;

const BASE: &str = include_str!("base.toml");

#[test]
fn the_form_never_changes() {
    let bytes = read(BASE).canonical();
    assert_eq!(String::from_utf8(bytes).unwrap(), include_str!("golden/contract-form-1.txt"));
}

#[test]
fn how_it_is_written_changes_nothing() {
    let hash = read(BASE).hash();
    for (old, new) in [
        ("version = 3", "version   =   3   # the third"),
        ("version = 3", "version = 0x3"),
        ("review = 2026-12-31", "review = \"2026-12-31\""),
        (
            "[\"lg.retention-search\", \"lg.sealed\"]",
            "[\n  'lg.sealed', # first\n  \"lg.retention-search\",\n]",
        ),
        ("provider = \"Keeps the logs.\"", "\"provider\" = \"\"\"\nKeeps the logs.  \"\"\""),
        ("[contract]", "\r\n[contract]"),
    ] {
        assert_eq!(read(&with(BASE, old, new)).hash(), hash, "{new}");
    }
}

#[test]
fn every_word_that_counts_changes_the_hash() {
    let hash = read(BASE).hash();
    for (old, new) in [
        ("acme-security", "acme-securitys"),
        ("customer = \"acme\"", "customer = \"acm\""),
        ("version = 3", "version = 4"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-02"),
        ("valid_to = 2026-12-31\n", ""),
        ("alert-floor", "hipaa"),
        ("Northwind IT", "Northwind"),
        ("desk, +1 555 0100", "desk"),
        ("Acme Clinic", "Acme"),
        ("owed_by = \"both\"", "owed_by = \"provider\""),
        ("Keeps the logs.", "Keeps some logs."),
        ("\"Looks.\"", "\"Looks away.\""),
        ("threshold = 184", "threshold = 185"),
        ("threshold = 12\nunit = \"months\"", "threshold = 366\nunit = \"days\""),
        ("cadence = \"quarterly\"", "cadence = \"yearly\""),
        ("[\"lg.retention-search\", \"lg.sealed\"]", "[\"lg.retention-search\"]"),
        ("Mends it.", "Mends it soon."),
        ("remedy = \"Mends it.\"\n", ""),
        ("review = 2026-12-31", "review = 2026-12-30"),
        ("not_bought = true", "not_bought = false"),
        ("name = \"presence\"", "name = \"visits\""),
    ] {
        assert_ne!(read(&with(BASE, old, new)).hash(), hash, "{new}");
    }
}

#[test]
fn a_text_cannot_pretend_to_be_another_line() {
    let hash = read(BASE).hash();
    let forged = with(BASE, "\"Keeps the logs.\"", "\"Keeps the logs.\\n cadence \\\"never\\\"\"");
    let bytes = String::from_utf8(read(&forged).canonical()).unwrap();
    assert_eq!(bytes.lines().count(), String::from_utf8(read(BASE).canonical()).unwrap().lines().count());
    assert_ne!(read(&forged).hash(), hash);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_order_of_rows_changes_nothing(order in Just((0..35_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let contract = read(&draft("alert-floor"));
        let mut other = contract.clone();
        other.rows = order.iter().map(|at| contract.rows[*at].clone()).collect();
        prop_assert_eq!(other.canonical(), contract.canonical());
        prop_assert_eq!(diff(&contract, &other), vec![]);
    }

    #[test]
    fn comments_and_empty_lines_change_nothing(lines in proptest::collection::vec(0_usize..60, 0..12)) {
        let mut text: Vec<String> = BASE.lines().map(str::to_owned).collect();
        for at in lines {
            // Not inside a text of several lines: the small contract has none.
            text.insert(at.min(text.len()), "  # owed_by = \"nobody\"\n".to_owned());
        }
        let other = read(&(text.join("\n") + "\n"));
        prop_assert_eq!(other.hash(), read(BASE).hash());
    }
}
