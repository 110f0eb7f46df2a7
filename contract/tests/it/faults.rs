//! Every fault is said with its code, its place and a caret below what is wrong.

use super::{read, with};
use contract::{Code, Contract, ContractError};

const BASE: &str = include_str!("base.toml");

/// What the carets of an error stand below.
fn marked(error: &ContractError) -> String {
    error.excerpt.chars().skip(error.caret.0).take(error.caret.1).collect()
}

/// Exchanges one thing in the small contract; the answer must hold a fault of that code, at those characters, that
/// says those words.
fn check(old: &str, new: &str, code: Code, below: &str, says: &str) {
    let text = with(BASE, old, new);
    let errors = Contract::parse(&text).expect_err(new);
    let error = errors.iter().find(|error| error.code == code && marked(error) == below);
    let all =
        || errors.iter().map(|e| format!("{}\n[{}]", e.render("c.toml"), marked(e))).collect::<Vec<_>>();
    let error =
        error.unwrap_or_else(|| panic!("{new:?} wants {code} below {below:?}, has\n{}", all().join("\n")));
    let line = text.lines().nth(error.line - 1).unwrap();
    let there: String = line.chars().skip(error.column - 1).collect();
    assert!(there.starts_with(below), "{new:?}: line {} column {} is {there:?}", error.line, error.column);
    let rendered = error.render("c.toml");
    assert!(rendered.contains(says), "{new:?} lacks {says:?}:\n{rendered}");
    assert!(rendered.contains(&format!("c.toml:{}:{}", error.line, error.column)));
}

#[test]
fn the_small_contract_can_be_read() {
    let contract = read(BASE);
    assert_eq!(contract.rows.len(), 5);
    assert_eq!(contract.row("logging/presence").unwrap().line, 29);
    assert_eq!(
        contract.row("backups").unwrap().threshold.unwrap().parameter.unwrap().name,
        "bk.integrity.days"
    );
}

#[test]
fn what_is_no_toml_has_a_place() {
    check("version = 3", "version = ", Code::NotToml, "", "must be quoted");
    check("version = 3", "version = 3\nversion = 4", Code::NotToml, "version", "duplicate key");
}

#[test]
fn keys_that_nobody_reads_are_faults() {
    for (old, new, below, says) in [
        ("cadence = \"daily\"", "cadance = \"daily\"", "cadance", "did you mean `cadence`?"),
        ("version = 3", "version = 3\nverison = 4", "verison", "did you mean `version`?"),
        ("unit = \"days\"", "unit = \"days\"\nunits = \"days\"", "units", "did you mean `unit`?"),
        ("remedy = ", "penalty = ", "penalty", "known: measure, clause"),
        ("[contract]", "[extra]\n[contract]", "extra", "known: contract, parties"),
        ("contact = ", "kontakt = ", "kontakt", "did you mean `contact`?"),
        (
            "[parties.customer]",
            "[parties.lawyer]\nname = \"x\"\n[parties.customer]",
            "lawyer",
            "known: provider",
        ),
        ("name = \"presence\"", "Name = \"presence\"", "Name", "did you mean `name`?"),
    ] {
        check(old, new, Code::UnknownKey, below, says);
    }
}

#[test]
fn what_must_be_there_is_missed() {
    for (old, new, below, says) in [
        ("id = \"acme-security\"\n", "", "[contract]", "`[contract]` has no `id`"),
        ("customer = \"acme\"\n", "", "[contract]", "has no `customer`"),
        ("version = 3\n", "", "[contract]", "has no `version`"),
        ("valid_from = 2026-01-01\n", "", "[contract]", "has no `valid_from`"),
        ("profile = \"alert-floor\"\n", "", "[contract]", "has no `profile`"),
        ("name = \"Northwind IT\"\n", "", "[parties.provider]", "the party has no `name`"),
        ("owed_by = \"provider\"\n", "", "[[row]]", "the row has no `owed_by`"),
        ("cadence = \"daily\"\n", "", "[[row]]", "the row has no `cadence`"),
        ("review = 2026-12-31\n", "", "[[row]]", "the row has no `review`"),
        ("provider = \"Keeps the logs.\"\n", "", "[[row]]", "the row has no `provider`"),
        ("customer = \"Looks.\"\n", "", "[[row]]", "the row has no `customer`"),
        ("measure = \"backups\"\n", "", "[[row]]", "neither a measure nor a clause"),
    ] {
        check(old, new, Code::MissingKey, below, says);
    }
    let headless = with(BASE, "[contract]", "[kontract]");
    let codes: Vec<Code> = Contract::parse(&headless).unwrap_err().iter().map(|error| error.code).collect();
    assert!(codes.contains(&Code::MissingKey) && codes.contains(&Code::UnknownKey), "{codes:?}");
}

#[test]
fn values_of_another_kind_are_faults() {
    for (old, new, below, says) in [
        ("version = 3", "version = \"3\"", "\"3\"", "takes a whole number, this is string"),
        ("version = 3", "version = 0", "0", "is no version"),
        ("version = 3", "version = -1", "-1", "must lie between 0"),
        ("version = 3", "version = 4294967296", "4294967296", "is no version"),
        ("threshold = 184", "threshold = 184.5", "184.5", "takes a whole number, this is float"),
        ("threshold = 184", "threshold = 99999999999999", "99999999999999", "must lie between"),
        ("cadence = \"daily\"", "cadence = 1", "1", "takes a text in quotes"),
        (
            "checks = [\"bk.integrity\"]",
            "checks = \"bk.integrity\"",
            "\"bk.integrity\"",
            "takes a list of texts",
        ),
        ("checks = [\"bk.integrity\"]", "checks = [1]", "1", "takes texts"),
        ("review = 2026-12-31", "review = 20261231", "20261231", "takes a day"),
        ("not_bought = true", "not_bought = \"yes\"", "\"yes\"", "takes true or false"),
        ("name = \"Northwind IT\"", "name = true", "true", "takes a text in quotes"),
    ] {
        check(old, new, Code::WrongKind, below, says);
    }
    let one_row = "[contract]\n[row]\n";
    let errors = Contract::parse(one_row).unwrap_err();
    assert!(errors.iter().any(|error| error.what.contains("written `[[row]]`")), "{errors:?}");
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    for (old, new, code, below, says) in [
        ("\"backups\"", "\"backup\"", Code::UnknownMeasure, "\"backup\"", "did you mean `backups`?"),
        ("\"backups\"", "\"Backups\"", Code::UnknownMeasure, "\"Backups\"", "did you mean `backups`?"),
        ("\"backups\"", "\"zzz\"", Code::UnknownMeasure, "\"zzz\"", "known: vulnerable-devices"),
        ("\"C14\"", "\"c14\"", Code::UnknownClause, "\"c14\"", "did you mean `C14`?"),
        ("\"C14\"", "\"C21\"", Code::UnknownClause, "\"C21\"", "did you mean"),
        ("\"C14\"", "\"termination\"", Code::UnknownClause, "\"termination\"", "known: C1, C2"),
        ("\"lg.sealed\"", "\"lg.saeled\"", Code::UnknownCheck, "\"lg.saeled\"", "did you mean `lg.sealed`?"),
        ("\"lg.sealed\"", "\"nothing\"", Code::UnknownCheck, "\"nothing\"", "would never be proved"),
        ("unit = \"days\"", "unit = \"day\"", Code::UnknownUnit, "\"day\"", "did you mean `days`?"),
        ("unit = \"days\"", "unit = \"fortnights\"", Code::UnknownUnit, "\"fortnights\"", "known: seconds"),
        (
            "\"alert-floor\"",
            "\"alert-flor\"",
            Code::UnknownProfile,
            "\"alert-flor\"",
            "did you mean `alert-floor`?",
        ),
        ("\"alert-floor\"", "\"gdpr\"", Code::UnknownProfile, "\"gdpr\"", "known: alert-floor, hipaa"),
        ("\"provider\"", "\"providers\"", Code::UnknownWord, "\"providers\"", "did you mean `provider`?"),
        (
            "\"both\"",
            "\"shared\"",
            Code::UnknownWord,
            "\"shared\"",
            "known: provider, customer, both, nobody",
        ),
        (
            "\"lg.retention-search.days\"",
            "\"lg.retention-search.dais\"",
            Code::UnknownParameter,
            "\"lg.retention-search.dais\"",
            "did you mean `lg.retention-search.days`?",
        ),
        (
            "\"lg.retention-search.days\"",
            "\"bk.age.hours\"",
            Code::UnknownParameter,
            "\"bk.age.hours\"",
            "no check of the row reads `bk.age.hours`",
        ),
    ] {
        check(old, new, code, below, says);
    }
}

#[test]
fn checks_must_belong_to_what_the_row_is_about() {
    for (old, new, below, says) in [
        (
            "\"bk.integrity\"",
            "\"lg.sealed\"",
            "\"lg.sealed\"",
            "asks for `logging`, the row is about `backups`",
        ),
        ("\"ct.verified\"", "\"bk.age\"", "\"bk.age\"", "move it to the row of `backups`"),
    ] {
        check(old, new, Code::ForeignCheck, below, says);
    }
    check(
        "[\"bk.integrity\"]",
        "[\"bk.integrity\", \"bk.integrity\"]",
        Code::Contradiction,
        "\"bk.integrity\"",
        "twice",
    );
}

#[test]
fn a_number_has_a_unit_and_a_unit_has_a_number() {
    for (old, new, below, says) in [
        ("threshold = 90\nunit = \"days\"", "threshold = 90", "threshold", "has a `threshold` and no unit"),
        ("threshold = 90\nunit = \"days\"", "unit = \"days\"", "unit", "has a `unit` and no number"),
        ("threshold = 184\nunit = \"days\"\n", "", "parameter", "has a `parameter` and no number"),
    ] {
        check(old, new, Code::HalfThreshold, below, says);
    }
    for (old, new, below, says) in [
        (
            "threshold = 184\nunit = \"days\"",
            "threshold = 18\nunit = \"percent\"",
            "\"percent\"",
            "is counted in days, not in percent",
        ),
        (
            "threshold = 184\nunit = \"days\"",
            "threshold = 18\nunit = \"working-days\"",
            "\"working-days\"",
            "write `unit = \"days\"`",
        ),
    ] {
        check(old, new, Code::UnfitUnit, below, says);
    }
    let unclear = "parameter = \"lg.retention-search.days\"\n";
    check(unclear, "", Code::UnclearParameter, "\"days\"", "lg.retention-search.seconds");
    check(
        "threshold = 90\nunit = \"days\"",
        "threshold = 101\nunit = \"percent\"",
        Code::Contradiction,
        "\"percent\"",
        "more than all",
    );
}

#[test]
fn days_are_days_of_the_calendar_and_in_order() {
    for (old, new, below, says) in [
        ("review = 2026-12-31", "review = \"soon\"", "\"soon\"", "is not a day"),
        ("review = 2026-12-31", "review = \"2026-02-30\"", "\"2026-02-30\"", "is not a day"),
        (
            "review = 2026-12-31",
            "review = 2026-12-31T10:00:00Z",
            "2026-12-31T10:00:00Z",
            "counts in whole days",
        ),
        ("review = 2026-12-31", "review = 10:00:00", "10:00:00", "is not a day"),
        ("valid_to = 2026-12-31", "valid_to = 2025-12-31", "2025-12-31", "comes before the first"),
        ("valid_from = 2026-01-01", "valid_from = \"01.01.2026\"", "\"01.01.2026\"", "write a day such as"),
    ] {
        check(old, new, Code::WrongDate, below, says);
    }
    check("review = 2026-12-31", "review = 2026-02-30", Code::NotToml, "2026-02-30", "TOML");
}

#[test]
fn what_contradicts_itself_is_refused() {
    for (old, new, below, says) in [
        (
            "owed_by = \"nobody\"",
            "owed_by = \"both\"\nprovider = \"x\"\ncustomer = \"y\"",
            "true",
            "does not owe",
        ),
        (
            "measure = \"backups\"",
            "measure = \"backups\"\nclause = \"C8\"",
            "[[row]]",
            "both a measure and a clause",
        ),
    ] {
        check(old, new, Code::Contradiction, below, says);
    }
    check("name = \"presence\"\n", "", Code::DuplicateRow, "[[row]]", "a row `logging` already, on line 17");
    check(
        "clause = \"C14\"",
        "clause = \"C14\"\nname = \"No Name\"",
        Code::BadName,
        "\"No Name\"",
        "cannot stand",
    );
}

#[test]
fn texts_hide_nothing() {
    for (new, says) in [
        ("provider = \"\"", "is empty"),
        ("provider = \"   \"", "is empty"),
        ("provider = \"pays \\u202enothing\"", "U+202E"),
        ("provider = \"a\\u0007b\"", "U+0007"),
        ("provider = \"a\\u200bb\"", "U+200B"),
        ("provider = \"a\\u001b[2Jb\"", "U+001B"),
    ] {
        let below = new.strip_prefix("provider = ").unwrap();
        check("provider = \"Keeps the logs.\"", new, Code::BadText, below, says);
    }
    for (id, says) in [("Acme", "A"), ("../acme", "."), ("a b", " "), (&"x".repeat(64), "64 bytes")] {
        let (new, below) = (format!("customer = \"{id}\""), format!("\"{id}\""));
        check("customer = \"acme\"", &new, Code::BadName, &below, says);
    }
}

#[test]
fn signatures_are_whole_and_one_of_each_side() {
    let hash = format!("sha256:{}", "a".repeat(64));
    let signature = |side: &str, over: &str| {
        format!(
            "[[signature]]\nside = \"{side}\"\nname = \"Ana\"\nrole = \"owner\"\nsigned = 2026-01-01\nover = \"{over}\"\n\n[[row]]"
        )
    };
    let good = with(BASE, "[[row]]", &signature("provider", &hash));
    assert_eq!(read(&good).signatures.len(), 1);
    let both = format!(
        "{}{}",
        signature("provider", &hash).trim_end_matches("[[row]]"),
        signature("provider", &hash)
    );
    check("[[row]]", &both, Code::DoubleSignature, "[[signature]]", "signed already, on line 17");
    check(
        "[[row]]",
        &signature("lawyer", &hash),
        Code::UnknownWord,
        "\"lawyer\"",
        "known: provider, customer",
    );
    for over in ["sha256:", "md5:00", &hash[..70], &hash.to_uppercase(), &format!("{hash}0")] {
        check("[[row]]", &signature("customer", over), Code::WrongKind, &format!("\"{over}\""), "64 digits");
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let long = "x".repeat(4_001);
    let text = with(BASE, "Keeps the logs.", &long);
    assert!(Contract::parse(&text).unwrap_err().iter().any(|error| error.code == Code::TooLarge));
    let text = format!("{BASE}#{}", "x".repeat(1 << 20));
    assert_eq!(Contract::parse(&text).unwrap_err()[0].code, Code::TooLarge);
    let row = "[[row]]\nmeasure = \"backups\"\n";
    let errors = Contract::parse(&format!("{BASE}{}", row.repeat(1_001))).unwrap_err();
    assert!(errors.iter().any(|error| error.code == Code::TooLarge && error.what.contains("1006 of `row`")));
    let errors = Contract::parse(&format!("{BASE}{}", row.repeat(900))).unwrap_err();
    assert_eq!(errors.len(), 50);
}

#[test]
fn an_error_is_rendered_with_a_caret_and_says_what_to_write() {
    let text = with(BASE, "\"lg.sealed\"", "\"lg.saeled\"");
    let errors = Contract::parse(&text).unwrap_err();
    assert_eq!(errors.len(), 1);
    let wanted = "error[CT-008]: there is no check `lg.saeled`
   --> acme.toml:25:34
   |
25 | checks = [\"lg.retention-search\", \"lg.saeled\"]
   |                                  ^^^^^^^^^^^
   = why: a row bound to a check that is not there would never be proved
   = instead: did you mean `lg.sealed`?";
    assert_eq!(errors[0].render("acme.toml"), wanted);
}

#[test]
fn a_long_line_is_shown_around_its_fault() {
    let text = with(BASE, "\"lg.sealed\"]", &format!("{} \"lg.saeled\"]", " ".repeat(500)));
    let errors = Contract::parse(&text).unwrap_err();
    assert_eq!(marked(&errors[0]), "\"lg.saeled\"");
    assert!(errors[0].excerpt.chars().count() <= 122 && errors[0].column > 500);
}

#[test]
fn every_code_has_a_number_and_a_sentence_of_its_own() {
    let codes: std::collections::BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), Code::ALL.len());
    assert!(Code::ALL.iter().all(|code| code.about().ends_with('.')));
}
