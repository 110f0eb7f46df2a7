//! What changed between two versions, and in which direction.

use super::{draft, read, with};
use contract::{Direction, Profile, diff};

const BASE: &str = include_str!("base.toml");

/// Exactly one change of that field and direction; back again it is the opposite.
fn check(old: &str, new: &str, row: Option<&str>, field: &str, direction: Direction) {
    let (before, after) = (read(BASE), read(&with(BASE, old, new)));
    let changes = diff(&before, &after);
    assert_eq!(changes.len(), 1, "{new:?}: {changes:#?}");
    let change = &changes[0];
    assert_eq!((change.row.as_deref(), change.field, change.direction), (row, field, direction), "{new:?}");
    assert_ne!(change.old, change.new);
    let back = diff(&after, &before);
    let opposite = match direction {
        Direction::Stricter => Direction::Looser,
        Direction::Looser => Direction::Stricter,
        Direction::Neither => Direction::Neither,
    };
    assert_eq!(back[0].direction, opposite, "{new:?} backwards");
    assert_eq!((&back[0].old, &back[0].new), (&change.new, &change.old));
}

#[test]
fn nothing_changed_between_equals() {
    assert_eq!(diff(&read(BASE), &read(BASE)), vec![]);
    for profile in Profile::all() {
        let text = draft(&profile.id);
        assert_eq!(diff(&read(&text), &read(&text)), vec![], "{}", profile.id);
    }
}

#[test]
fn every_field_is_seen_and_judged() {
    use Direction::{Looser, Neither, Stricter};
    for (old, new, row, field, direction) in [
        ("version = 3", "version = 4", None, "version", Neither),
        ("valid_from = 2026-01-01", "valid_from = 2026-02-01", None, "valid_from", Neither),
        ("valid_to = 2026-12-31", "valid_to = 2027-12-31", None, "valid_to", Neither),
        ("\"alert-floor\"", "\"hipaa\"", None, "profile", Stricter),
        ("Northwind IT", "Northwind", None, "provider's name", Neither),
        ("desk, +1 555 0100", "desk", None, "provider's contact", Neither),
        ("Acme Clinic", "Acme", None, "customer's name", Neither),
        ("owed_by = \"provider\"", "owed_by = \"nobody\"", Some("logging"), "owed_by", Looser),
        ("owed_by = \"both\"", "owed_by = \"provider\"", Some("logging/presence"), "owed_by", Looser),
        ("Keeps the logs.", "Keeps all logs.", Some("logging"), "provider", Neither),
        ("threshold = 184", "threshold = 366", Some("logging"), "threshold", Stricter),
        ("threshold = 184", "threshold = 100", Some("logging"), "threshold", Looser),
        (
            "threshold = 90\nunit = \"days\"",
            "threshold = 30\nunit = \"days\"",
            Some("backups"),
            "threshold",
            Stricter,
        ),
        (
            "threshold = 12\nunit = \"months\"",
            "threshold = 2\nunit = \"years\"",
            Some("C14"),
            "threshold",
            Looser,
        ),
        (
            "threshold = 12\nunit = \"months\"",
            "threshold = 366\nunit = \"days\"",
            Some("C14"),
            "threshold",
            Neither,
        ),
        ("cadence = \"quarterly\"", "cadence = \"yearly\"", Some("backups"), "cadence", Neither),
        (
            "\"lg.retention-search\", \"lg.sealed\"",
            "\"lg.retention-search\"",
            Some("logging"),
            "checks",
            Looser,
        ),
        (
            "[\"lg.msp-presence\"]",
            "[\"lg.msp-presence\", \"lg.edr\"]",
            Some("logging/presence"),
            "checks",
            Stricter,
        ),
        ("[\"lg.msp-presence\"]", "[\"lg.edr\"]", Some("logging/presence"), "checks", Neither),
        ("remedy = \"Mends it.\"\n", "", Some("logging"), "remedy", Looser),
        ("review = 2026-12-31", "review = 2026-06-30", Some("logging"), "review", Stricter),
        ("not_bought = true\n", "", Some("phishing"), "not_bought", Stricter),
    ] {
        check(old, new, row, field, direction);
    }
}

#[test]
fn rows_that_come_and_go_are_one_change_each() {
    let at = BASE.find("[[row]]\nmeasure = \"backups\"").unwrap();
    let end = BASE.find("[[row]]\nclause").unwrap();
    let shorter = format!("{}{}", &BASE[..at], &BASE[end..]);
    let gone = diff(&read(BASE), &read(&shorter));
    assert_eq!(gone.len(), 1);
    assert_eq!(
        (gone[0].row.as_deref(), gone[0].field, gone[0].direction),
        (Some("backups"), "row", Direction::Looser)
    );
    let came = diff(&read(&shorter), &read(BASE));
    assert_eq!((came[0].direction, came[0].new.as_deref()), (Direction::Stricter, Some("owed by provider")));
}
