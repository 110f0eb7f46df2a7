//! Exceptions hold when both sides agreed, within their days, and not a day longer.

use super::with;
use contract::{Code, Exception, NotInForce, Side, Subject};
use jiff::civil::date;

const BASE: &str = r#"
[[exception]]
id = "old-scanner"
check = "vd.edge-supported"
side = "customer"
subject = "fw-2"
reason = "The maker delivers the new one in May."
compensating = "It is cut off from the internet."
from = 2026-02-01
expires = 2026-05-31
approved_by_provider = { name = "Ana", on = 2026-01-30 }
approved_by_customer = { name = "Bo", on = 2026-02-03 }
"#;

fn one(text: &str) -> Exception {
    let mut all = Exception::parse(text).unwrap_or_else(|errors| panic!("{}", errors[0].render("e.toml")));
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn refused(old: &str, new: &str, code: Code, says: &str) {
    let errors = Exception::parse(&with(BASE, old, new)).expect_err(new);
    let all: Vec<String> = errors.iter().map(|error| error.render("e.toml")).collect();
    let found = errors.iter().any(|error| error.code == code && error.render("e.toml").contains(says));
    assert!(found, "{new:?} wants {code} with {says:?}:\n{}", all.join("\n"));
}

#[test]
fn it_holds_from_its_first_day_to_its_last_once_both_agreed() {
    let exception = one(BASE);
    for (day, wanted) in [
        (date(2026, 1, 29), Err(NotInForce::ApprovedLater(Side::Provider, date(2026, 1, 30)))),
        (date(2026, 2, 1), Err(NotInForce::ApprovedLater(Side::Customer, date(2026, 2, 3)))),
        (date(2026, 2, 3), Ok(())),
        (date(2026, 5, 31), Ok(())),
        (date(2026, 6, 1), Err(NotInForce::Expired(date(2026, 5, 31)))),
    ] {
        assert_eq!(exception.in_force(day), wanted, "{day}");
    }
    let early = one(&with(BASE, "from = 2026-02-01", "from = 2026-03-01"));
    assert_eq!(early.in_force(date(2026, 2, 28)), Err(NotInForce::Early(date(2026, 3, 1))));
}

#[test]
fn without_one_approval_it_does_not_hold_and_says_whose() {
    for (line, side) in [
        ("approved_by_provider = { name = \"Ana\", on = 2026-01-30 }\n", Side::Provider),
        ("approved_by_customer = { name = \"Bo\", on = 2026-02-03 }\n", Side::Customer),
    ] {
        let exception = one(&with(BASE, line, ""));
        let refusal = exception.in_force(date(2026, 3, 1)).unwrap_err();
        assert_eq!(refusal, NotInForce::Unapproved(side));
        assert_eq!(refusal.to_string(), format!("the {side} did not approve it"));
    }
}

#[test]
fn it_covers_its_own_subject_or_says_that_it_covers_all() {
    let exception = one(BASE);
    assert!(exception.covers("vd.edge-supported", Side::Customer, "fw-2"));
    for (check, side, subject) in [
        ("vd.edge-supported", Side::Customer, "fw-20"),
        ("vd.edge-supported", Side::Provider, "fw-2"),
        ("vd.edr", Side::Customer, "fw-2"),
    ] {
        assert!(!exception.covers(check, side, subject));
    }
    let all = one(&with(BASE, "subject = \"fw-2\"", "all = true"));
    assert_eq!(all.subject, Subject::All);
    assert!(all.covers("vd.edge-supported", Side::Customer, "anything"));
}

#[test]
fn faults_are_said_with_their_place() {
    refused(
        "expires = 2026-05-31",
        "expires = 2027-02-02",
        Code::TooLong,
        "write `expires = 2027-02-01` or earlier",
    );
    refused("expires = 2026-05-31", "expires = 2026-01-31", Code::WrongDate, "before it begins");
    refused("subject = \"fw-2\"\n", "", Code::MissingKey, "does not say for whom");
    refused("subject = \"fw-2\"", "all = false", Code::MissingKey, "does not say for whom");
    refused("subject = \"fw-2\"", "subject = \"fw-2\"\nall = true", Code::Contradiction, "one of them");
    refused("vd.edge-supported", "vd.edge-suported", Code::UnknownCheck, "did you mean `vd.edge-supported`?");
    refused("\"customer\"", "\"client\"", Code::UnknownWord, "known: provider, customer");
    refused("reason = ", "reasons = ", Code::UnknownKey, "did you mean `reason`?");
    refused(
        "compensating = \"It is cut off from the internet.\"\n",
        "",
        Code::MissingKey,
        "no `compensating`",
    );
    refused("name = \"Bo\", ", "", Code::MissingKey, "the approval has no `name`");
    refused("\"old-scanner\"", "\"Old Scanner\"", Code::BadName, "cannot stand in an id");
    let twice = Exception::parse(&format!("{BASE}{BASE}")).unwrap_err();
    assert_eq!((twice[0].code, twice[0].line), (Code::DuplicateRow, 14));
    assert_eq!(one(&with(BASE, "expires = 2026-05-31", "expires = 2027-02-01")).line, 2);
}
