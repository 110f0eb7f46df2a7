//! Statements as people write them, and what they may not say.

use super::*;
use crate::document::Status;
use proptest::prelude::*;

const STATEMENT: &str = r#"{"bailiwick": "statement/1",
 "signer": {"name": "Ana Ruiz", "role": "practice manager", "side": "customer"},
 "signed": "2026-11-20", "expires": "2027-05-20T00:00:00Z", "about": "recovery",
 "exercise": [{"id": "x-1", "kind": "recovery", "joint": true, "at_at": "2026-11-18T09:00:00Z", "restored_seconds": 5400}],
 "document": [{"id": "plan", "kind": "incident-plan", "dated_at": "2026-10-01"}, {"id": "map", "kind": "connection-map"}],
 "attestation": [{"id": "keys", "kind": "keys-separate", "statement": "the keys lie in the bank", "value": "yes"}]}
"#;

fn take(text: &str) -> Document {
    read(text.as_bytes(), "x.json", &Hint::default())
}

#[test]
fn a_statement_fills_its_tables_and_its_signer_stands_for_them() {
    assert!((FORMAT.looks_like)(STATEMENT.as_bytes(), ""));
    let document = take(STATEMENT);
    assert_eq!(document.status, Status::Complete, "{:?}", document.defects);
    assert_eq!(document.kind, "exercises");
    assert_eq!(document.scope.as_deref(), Some("customer exercise document attestation by Ana Ruiz"));
    assert_eq!(
        document.counts().into_iter().collect::<Vec<_>>(),
        [("attestation", 2), ("document", 2), ("exercise", 1)]
    );
    let find = |table: &str| document.rows.iter().find(|r| r.table().name == table).expect("there");
    assert_eq!(find("document").cell("signed_by_customer"), Some(&Cell::from("Ana Ruiz")));
    assert_eq!(find("document").cell("signed_by_provider"), Some(&Cell::Null));
    let keys = find("attestation");
    assert_eq!(
        (keys.cell("signer_role"), keys.cell("expires_at")),
        (Some(&Cell::from("practice manager")), Some(&Cell::Number(1_810_771_200)))
    );
    assert_eq!(document.rows.last().and_then(|r| r.cell("kind")), Some(&Cell::from("statement")));
}

#[test]
fn without_signer_date_or_expiry_it_is_no_statement() {
    for (from, to, why) in [
        ("\"signer\"", "\"signers\"", "nobody stands"),
        ("Ana Ruiz", " ", "no `name`"),
        ("\"customer\"", "\"both\"", "no `side`"),
        ("\"2026-11-20\"", "\"soon\"", "`signed`"),
        ("\"expires\"", "\"ends\"", "`expires`"),
        ("2027-05-20", "2026-05-20", "before it was signed"),
        ("statement/1", "statement/2", "known is"),
    ] {
        assert!(
            take(&STATEMENT.replacen(from, to, 1)).status.why().is_some_and(|w| w.contains(why)),
            "{why}"
        );
    }
    let empty = STATEMENT.split(",\n \"exercise\"").next().expect("a head").to_owned() + "}";
    assert!(take(&empty).status.why().is_some_and(|w| w.contains("states nothing")));
}

#[test]
fn what_it_may_not_say_is_left_out_and_told() {
    for (from, to, why) in [
        ("\"joint\"", "\"jont\"", "did you mean `joint`"),
        ("\"exercise\"", "\"exercises\"", "did you mean `exercise`"),
        ("\"exercise\"", "\"sign_in\"", "`sign_in` is not a table"),
        ("true", "\"yes\"", "`joint` holds true or false"),
        ("5400", "5.5", "`restored_seconds` holds a whole number"),
        ("\"id\": \"x-1\",", "", "has no `id`"),
        ("\"value\": \"yes\"", "\"signer\": \"Bo\"", "not that of the statement's signer"),
    ] {
        let document = take(&STATEMENT.replacen(from, to, 1));
        assert_eq!(document.status.as_str(), "partial", "{why}");
        assert!(document.defects.iter().any(|d| d.contains(why)), "{why}: {:?}", document.defects);
    }
    let probe = STATEMENT.replace(
        "\"exercise\": [{",
        "\"mail_domain\": [{\"domain\": \"clinic.example\", \"starttls\": true}], \"exercise\": [{",
    );
    let document = take(&probe);
    assert_eq!((document.kind.as_str(), document.status.clone()), ("mail-dns", Status::Complete));
    let lie = take(&probe.replace("\"starttls\": true", "\"dmarc_policy\": \"reject\""));
    assert_eq!(lie.status.as_str(), "partial");
    assert!(!lie.counts().contains_key("mail_domain"));
}

#[test]
fn a_cut_statement_is_never_complete_and_adds_nothing() {
    let whole = take(STATEMENT).rows;
    for at in 0..STATEMENT.trim_end().len() {
        let document = take(&STATEMENT[..at]);
        assert_ne!(document.status, Status::Complete, "cut at {at}");
        let rows = document.rows.split_last().map_or(&[][..], |(_, rows)| rows);
        assert!(rows.iter().all(|row| whole.contains(row)), "cut at {at}");
    }
}

#[test]
fn every_table_that_it_may_fill_exists_and_its_kind_takes_it() {
    for (table, kind) in TABLES {
        assert!(Table::named(table).is_some(), "{table}");
        assert!(crate::Kind::named(kind).is_some_and(|k| k.tables.contains(table)), "{table} {kind}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..800) {
        let mut bent = STATEMENT.to_owned();
        bent.insert_str(place.min(bent.len()), &text);
        let _ = (take(&text), take(&bent));
    }
}
