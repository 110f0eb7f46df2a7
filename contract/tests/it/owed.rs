//! Who owes a check on a day, in every version.

use super::{draft, read, with};
use contract::{Contract, History, Owed, Side, Signed, checks};
use jiff::civil::date;

const BASE: &str = include_str!("base.toml");

#[test]
fn the_row_that_is_about_a_check_says_who_owes_it() {
    let contract = read(BASE);
    let day = date(2026, 5, 1);
    for (check, side, wanted) in [
        ("lg.retention-search", Side::Provider, "owed by the provider (row `logging`, line 17)"),
        ("lg.retention-search", Side::Customer, "owed by the provider (row `logging`, line 17)"),
        // A row without a name is about its whole measure, whatever it lists.
        ("lg.edr", Side::Provider, "owed by the provider (row `logging`, line 17)"),
        ("lg.msp-presence", Side::Customer, "owed by both sides (row `logging/presence`, line 29)"),
        ("ph.dkim", Side::Provider, "not bought, owed by nobody (row `phishing`, line 60)"),
        ("ct.verified", Side::Customer, "owed by both sides (row `C14`, line 49)"),
        ("pa.ce14", Side::Provider, "the contract does not say who owes it"),
    ] {
        assert_eq!(contract.owner_of(check, side, day).sentence(), wanted, "{check}");
    }
    assert_eq!(contract.owner_of("lg.edr", Side::Provider, day).as_str(), "here");
    assert_eq!(contract.owner_of("lg.edr", Side::Customer, day).as_str(), "there");
    assert_eq!(
        contract.owner_in("own.check", "backups", Side::Provider, day).row().unwrap().key(),
        "backups"
    );
}

#[test]
fn outside_its_days_nobody_owes_anything() {
    let contract = read(BASE);
    for (day, holds) in [
        (date(2025, 12, 31), false),
        (date(2026, 1, 1), true),
        (date(2026, 12, 31), true),
        (date(2027, 1, 1), false),
    ] {
        let none = contract.owner_of("lg.edr", Side::Provider, day) == Owed::NoContract;
        assert_eq!(!none, holds, "{day}");
    }
    let endless = read(&with(BASE, "valid_to = 2026-12-31\n", ""));
    assert!(endless.holds_on(date(2040, 1, 1)));
}

#[test]
fn a_draft_leaves_no_check_without_an_owner() {
    let contract = read(&draft("alert-floor"));
    for check in checks() {
        for side in Side::BOTH {
            let owed = contract.owner_of(&check.id, side, date(2026, 3, 1));
            assert!(matches!(owed, Owed::Here(_) | Owed::There(_)), "{} {side}: {owed:?}", check.id);
        }
    }
}

/// A version of the small contract from a day on, signed by those sides.
fn version(number: u32, from: &str, sides: &[&str]) -> Contract {
    let text = with(BASE, "version = 3", &format!("version = {number}"));
    let text = with(&text, "valid_from = 2026-01-01", &format!("valid_from = {from}"));
    let hash = read(&text).hash();
    let signature = |side: &&str| {
        format!(
            "[[signature]]\nside = \"{side}\"\nname = \"A\"\nrole = \"r\"\nsigned = 2026-01-01\nover = \"{hash}\"\n"
        )
    };
    read(&format!("{text}{}", sides.iter().map(signature).collect::<String>()))
}

#[test]
fn the_newest_version_that_both_signed_is_in_force() {
    let both: &[&str] = &["provider", "customer"];
    let history = History::new(vec![
        version(3, "2026-06-01", both),
        version(1, "2026-01-01", both),
        version(4, "2026-07-01", &["provider"]),
        version(2, "2026-03-01", both),
    ]);
    let on = |month, day| history.on(date(2026, month, day)).map(|contract| contract.version);
    assert_eq!(history.on(date(2025, 12, 31)), None);
    assert_eq!(on(1, 1), Some(1));
    assert_eq!(on(2, 28), Some(1));
    assert_eq!(on(3, 1), Some(2));
    assert_eq!(on(6, 1), Some(3));
    assert_eq!(
        on(8, 1),
        Some(3),
        "a version that one side signed does not take the place of one that both signed"
    );
    assert_eq!(history.versions().len(), 4);
    assert_eq!(history.owner_of("lg.edr", Side::Provider, date(2025, 1, 1)), Owed::NoContract);

    let unsigned = History::new(vec![version(1, "2026-01-01", &[])]);
    assert_eq!(unsigned.on(date(2026, 2, 1)).unwrap().signed(), Signed::Not);
}
