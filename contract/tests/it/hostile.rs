//! Bytes from outside: nothing panics, nothing hidden reaches a screen, everything ends.

use super::draft;
use contract::{Contract, ContractError, Exception, Profile, checks, diff, findings};
use jiff::civil::date;
use proptest::prelude::*;

/// An error must be fit for a screen, whatever stood in the file.
fn fit(errors: &[ContractError]) {
    assert!(!errors.is_empty() && errors.len() <= 50);
    for error in errors {
        let rendered = error.render("a\u{1b}[2J.toml");
        assert!(rendered.chars().all(|c| c == '\n' || !c.is_control()), "{rendered:?}");
        assert!(!rendered.contains('\u{202e}'), "{rendered:?}");
        assert!(rendered.len() < 8_000, "{} bytes", rendered.len());
        assert!(error.line >= 1 && error.column >= 1);
        assert!(error.caret.0 + error.caret.1 <= error.excerpt.chars().count() + 1, "{error:?}");
    }
}

fn swallow(text: &str) {
    match Contract::parse(text) {
        Ok(contract) => {
            for profile in Profile::all() {
                let _ = findings(&contract, profile, &checks(), date(2026, 6, 1));
            }
            assert_eq!(diff(&contract, &contract), vec![]);
            assert!(contract.hash().starts_with("sha256:"));
        }
        Err(errors) => fit(&errors),
    }
    if let Err(errors) = Exception::parse(text) {
        fit(&errors);
    }
    if let Err(errors) = Profile::parse(text) {
        fit(&errors);
    }
}

#[test]
fn what_is_hostile_is_refused_on_a_clean_screen() {
    for text in [
        "",
        "\u{feff}",
        "[contract]\nid = \"\u{202e}evil\"",
        "[[row]]\nmeasure = \"\u{1b}[31mred\"",
        "[contract]\n\"\\u001b[2J\" = 1",
        &format!("x = {}", "[".repeat(10_000)),
        &"a.".repeat(10_000),
        &format!("[{}]", "a".repeat(100_000)),
        &format!("row = [{}]", "{},".repeat(5_000)),
        "row = [[1]]\nsignature = 3\ncontract = []\nparties = 1",
        "[contract]\nversion = 0xffffffffffffffffffffffff",
        "[contract]\nvalid_from = 9999-12-31\nvalid_to = 0001-01-01",
    ] {
        swallow(text);
    }
}

#[test]
fn the_last_days_of_the_calendar_do_not_overflow() {
    let text = draft("alert-floor").replace("2026-12-31", "9999-12-31").replace("2026-01-01", "9999-12-30");
    let contract = Contract::parse(&text).unwrap();
    for day in [date(9999, 12, 31), date(-9999, 1, 1)] {
        let _ = findings(&contract, Profile::floor(), &checks(), day);
    }
}

#[test]
fn the_largest_files_end_in_bounded_answers() {
    let head = "[contract]\nid = \"a\"\ncustomer = \"a\"\nversion = 1\nvalid_from = 2026-01-01\nprofile = \"alert-floor\"\n[parties]\nprovider = { name = \"a\" }\ncustomer = { name = \"b\" }\n";
    let rows: String = (0..1_000)
        .map(|n| {
            let side = if n % 2 == 0 { "provider" } else { "customer" };
            format!("[[row]]\nmeasure = \"backups\"\nname = \"n{n}\"\nowed_by = \"{side}\"\n{side} = \"x\"\ncadence = \"x\"\nchecks = [\"bk.age\", \"bk.coverage\", \"bk.integrity\"]\nreview = 2026-12-31\n")
        })
        .collect();
    let contract = Contract::parse(&format!("{head}{rows}")).unwrap();
    let found = findings(&contract, Profile::floor(), &checks(), date(2026, 6, 1));
    assert!(found.len() < 600, "{} findings", found.len());
    assert!(found.iter().any(|finding| finding.sentence == "only the first 500 overlaps are shown"));

    let row = format!("[[row]]\nmeasure = \"backups\"\nchecks = [{}]\n", "\"bk.agee\", ".repeat(900));
    let errors = Contract::parse(&format!("{head}{}", row.repeat(100))).unwrap_err();
    assert_eq!(errors.len(), 50);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,400}") {
        swallow(&text);
    }

    #[test]
    fn a_draft_that_is_cut_anywhere_is_answered(at in 0_usize..30_000) {
        let text = draft("hipaa");
        let mut at = at % text.len();
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        swallow(&text[..at]);
    }

    #[test]
    fn a_draft_with_any_bytes_exchanged_is_answered(at in 0_usize..30_000, put in "[\\x00-\\x7f\u{202e}é]{1,4}") {
        let text = draft("alert-floor");
        let mut at = at % text.len();
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let mut end = (at + put.len()).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        swallow(&format!("{}{put}{}", &text[..at], &text[end..]));
    }
}
