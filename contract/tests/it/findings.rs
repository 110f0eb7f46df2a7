//! What is wrong with a contract that can be read.

use super::{draft, first_day, read, with};
use contract::{Confidence, Finding, FindingKind, Profile, checks, findings};
use jiff::civil::{Date, date};
use proptest::prelude::*;

fn found_on(text: &str, profile: &str, today: Date) -> Vec<Finding> {
    findings(&read(text), Profile::named(profile).unwrap(), &checks(), today)
}

/// Findings of the floor's draft with one thing exchanged, but for the missing signatures.
fn after(old: &str, new: &str) -> Vec<Finding> {
    let found = found_on(&with(&draft("alert-floor"), old, new), "alert-floor", first_day());
    found.into_iter().filter(|finding| finding.kind != FindingKind::Unsigned).collect()
}

/// Exactly one finding of that kind, about that row, that says those words.
fn one(old: &str, new: &str, kind: FindingKind, row: Option<&str>, says: &str) -> Finding {
    let found = after(old, new);
    assert_eq!(found.len(), 1, "{new:?}: {found:#?}");
    assert_eq!((found[0].kind, found[0].row.as_deref()), (kind, row), "{new:?}");
    let all = format!("{} / {}", found[0].sentence, found[0].instead);
    assert!(all.contains(says), "{new:?} lacks {says:?}: {all}");
    found[0].clone()
}

/// The draft without the row that begins with that line.
fn without(text: &str, opens: &str) -> String {
    let at = text.find(&format!("[[row]]\n{opens}")).unwrap();
    let end = text[at + 1..].find("\n[[row]]").map_or(text.len(), |next| at + 1 + next);
    format!("{}{}", &text[..at], &text[end..])
}

#[test]
fn a_draft_under_every_profile_lacks_signatures_and_nothing_else() {
    for profile in Profile::all() {
        let text = draft(&profile.id);
        let found = found_on(&text, &profile.id, first_day());
        assert_eq!(found.len(), 1, "{}: {found:#?}", profile.id);
        assert_eq!(found[0].kind, FindingKind::Unsigned);
        let contract = read(&text);
        let clauses = match profile.id.as_str() {
            "hipaa" => 19,
            "hipaa-nprm" => 20,
            _ => 18,
        };
        assert_eq!(contract.rows.len(), 17 + clauses, "{}", profile.id);
        assert_eq!(contract.bound().rows - contract.bound().bound, 2, "C15 and C18 cannot be proved");
        assert!(contract.bound().percent() >= 94);
        assert_eq!(contract.customer_party.name, "Acme \"Clinic\" \\ Co");
    }
}

#[test]
fn what_nobody_owes_is_a_gap() {
    let text = draft("alert-floor");
    let nobody = with(
        &text,
        "measure = \"backups\"\nowed_by = \"provider\"",
        "measure = \"backups\"\nowed_by = \"nobody\"",
    );
    let found = found_on(&nobody, "alert-floor", first_day());
    assert!(found.iter().any(
        |f| f.kind == FindingKind::Gap && f.sentence == "nobody owes `backups` (Backups that come back)"
    ));
    let line = found.iter().find(|f| f.kind == FindingKind::Gap).unwrap().line;
    assert_eq!(nobody.lines().nth(line - 1), Some("[[row]]"));
    assert_eq!(nobody.lines().nth(line), Some("measure = \"backups\""));
}

#[test]
fn a_missing_measure_or_clause_is_a_gap() {
    let text = draft("hipaa");
    let ids = contract::Measure::all().iter().map(|measure| format!("measure = \"{}\"", measure.id));
    let ids = ids.chain((1..=19).map(|n| format!("clause = \"C{n}\"")));
    for opens in ids {
        let found = found_on(&without(&text, &opens), "hipaa", first_day());
        let gaps: Vec<&Finding> = found.iter().filter(|finding| finding.kind == FindingKind::Gap).collect();
        assert_eq!(gaps.len(), 1, "{opens}: {gaps:?}");
        assert!(gaps[0].instead.contains(&opens), "{opens}: {}", gaps[0].instead);
    }
    let found = found_on(&draft("alert-floor"), "hipaa", first_day());
    assert!(found.iter().any(|finding| finding.sentence.contains("clause C19")), "{found:?}");
}

#[test]
fn checks_that_no_named_row_lists_are_a_gap() {
    let found = after("measure = \"backups\"", "measure = \"backups\"\nname = \"all\"");
    assert_eq!(found, vec![]);
    let text = with(&draft("alert-floor"), "measure = \"backups\"", "measure = \"backups\"\nname = \"most\"");
    let found = found_on(&with(&text, "  \"bk.gold-image\",\n", ""), "alert-floor", first_day());
    let gap = found.iter().find(|finding| finding.kind == FindingKind::Gap).unwrap();
    assert_eq!(gap.sentence, "no row of `backups` says who owes bk.gold-image");
    assert_eq!(gap.row.as_deref(), Some("backups/most"));
}

#[test]
fn a_number_below_the_floor_is_found_in_every_row_that_has_one() {
    let contract = read(&draft("alert-floor"));
    let numbers = contract.rows.iter().filter_map(|row| Some((row, row.threshold?.parameter?)));
    let mut seen = 0;
    for (row, parameter) in numbers {
        let value = row.threshold.unwrap().value;
        let loose = match parameter.stricter {
            contract::Stricter::Less => value.number + 1,
            contract::Stricter::More => value.number - 1,
        };
        let line = format!("\nparameter = \"{}\"", parameter.name);
        let old = format!("threshold = {}\nunit = \"{}\"{line}", value.number, value.unit);
        let new = format!("threshold = {loose}\nunit = \"{}\"{line}", value.unit);
        let says = format!("write `threshold = {}` and `unit = \"{}\"`", value.number, value.unit);
        one(&old, &new, FindingKind::Weaker, Some(&row.key()), &says);
        seen += 1;
    }
    assert_eq!(seen, 20);
}

#[test]
fn six_months_are_enough_and_a_hundred_and_eighty_days_are_not() {
    let old = "threshold = 184\nunit = \"days\"";
    assert_eq!(after(old, "threshold = 6\nunit = \"months\""), vec![]);
    let finding = one(
        old,
        "threshold = 180\nunit = \"days\"",
        FindingKind::Weaker,
        Some("logging"),
        "promises 180 days (age of the oldest record that can be searched); `alert-floor` asks for at least 184 days",
    );
    assert_eq!(finding.confidence, Some(Confidence::Confirmed));
}

#[test]
fn a_contract_of_the_floor_can_be_too_weak_for_a_law() {
    let found = found_on(&draft("alert-floor"), "us-cpg2", first_day());
    let weak: Vec<&str> =
        found.iter().filter(|f| f.kind == FindingKind::Weaker).filter_map(|f| f.row.as_deref()).collect();
    assert_eq!(weak, ["obsolete"]);
    let found = found_on(&draft("hipaa"), "hipaa-nprm", first_day());
    let weak = found.iter().find(|finding| finding.row.as_deref() == Some("backups")).unwrap();
    assert!(weak.sentence.contains("this number is unconfirmed"), "{}", weak.sentence);
}

#[test]
fn two_claims_to_the_same_are_an_overlap() {
    let second = |owed_by: &str, duty: &str, rest: &str| {
        format!(
            "[[row]]\nmeasure = \"backups\"\nname = \"second\"\nowed_by = \"{owed_by}\"\n{duty} = \"Does it.\"\ncadence = \"daily\"\nchecks = [\"bk.age\"]\nreview = 2026-12-31\n{rest}\n[[row]]\nmeasure = \"backups\""
        )
    };
    let old = "[[row]]\nmeasure = \"backups\"";
    let found = after(old, &second("customer", "customer", ""));
    assert!(
        found.iter().any(|f| f.kind == FindingKind::Overlap && f.sentence.contains("to the customer alone")),
        "{found:#?}"
    );
    let found = after(old, &second("provider", "provider", ""));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].sentence.contains("both claim bk.age"));
    let number = "threshold = 12\nunit = \"hours\"\nparameter = \"bk.age.hours\"";
    let found = after(old, &second("provider", "provider", number));
    let says =
        |words: &str| found.iter().any(|f| f.kind == FindingKind::Overlap && f.sentence.contains(words));
    assert!(says("says 12 hours for `bk.age.hours`, `C8` says 24 hours"), "{found:#?}");
}

#[test]
fn a_row_that_nothing_proves_is_said_and_the_share_is_counted() {
    let text = draft("alert-floor");
    let at = text.find("measure = \"patching\"").unwrap();
    let from = at + text[at..].find("threshold").unwrap();
    let to = at + text[at..].find("remedy").unwrap();
    let bare = format!("{}cadence = \"weekly\"\n{}", &text[..from], &text[to..]);
    let found = found_on(&bare, "alert-floor", first_day());
    let unbound: Vec<&Finding> =
        found.iter().filter(|finding| finding.kind == FindingKind::Unbound).collect();
    assert_eq!(unbound.len(), 1);
    assert!(
        unbound[0].sentence.starts_with("no check proves `patching`")
            && unbound[0].instead.contains("\"pa.bod2604\"")
    );
    assert_eq!(read(&bare).bound().bound, read(&text).bound().bound - 1);

    let silent: Vec<_> =
        checks().into_iter().map(|check| contract::CheckInfo { answers: false, ..check }).collect();
    let found = findings(&read(&text), Profile::floor(), &silent, first_day());
    assert!(found.iter().any(|finding| finding.sentence == "checks prove 0 of 35 rows; `alert-floor` asks for 80 percent"));
    assert!(found.iter().any(|finding| finding.sentence.contains("nothing answers the checks of `backups`")));
}

#[test]
fn reviews_and_ends_are_noticed_on_their_day() {
    let text = draft("alert-floor");
    let kinds = |today| {
        let mut kinds: Vec<FindingKind> =
            found_on(&text, "alert-floor", today).iter().map(|f| f.kind).collect();
        kinds.dedup();
        kinds
    };
    use FindingKind::{Expired, NotYet, ReviewDue, Unsigned};
    assert_eq!(kinds(date(2025, 12, 31)), [Unsigned, NotYet]);
    assert_eq!(kinds(date(2026, 1, 1)), [Unsigned]);
    assert_eq!(kinds(date(2026, 12, 31)), [Unsigned]);
    assert_eq!(kinds(date(2027, 1, 1)), [ReviewDue, Unsigned, Expired]);
    one(
        "review = 2026-12-31",
        "review = 2027-12-31",
        ReviewDue,
        Some("vulnerable-devices"),
        "write `review = 2027-01-02`",
    );
}

#[test]
fn signatures_of_one_side_or_of_another_text_are_said() {
    let text = draft("alert-floor");
    let hash = read(&text).hash();
    let sign = |side: &str, over: &str| {
        format!(
            "[[signature]]\nside = \"{side}\"\nname = \"Ana\"\nrole = \"owner\"\nsigned = 2026-01-01\nover = \"{over}\"\n"
        )
    };
    let kinds = |text: &str| -> Vec<FindingKind> {
        found_on(text, "alert-floor", first_day()).iter().map(|finding| finding.kind).collect()
    };
    let one = format!("{text}\n{}", sign("customer", &hash));
    assert_eq!(kinds(&one), [FindingKind::OneSided]);
    let both = format!("{one}{}", sign("provider", &hash));
    assert_eq!(kinds(&both), []);
    let altered = with(&both, "cadence = \"fortnightly\"", "cadence = \"sometimes\"");
    assert_eq!(kinds(&altered), [FindingKind::Unsigned, FindingKind::SignedOther, FindingKind::SignedOther]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever number is promised for whatever row: asking more of it never adds a finding.
    #[test]
    fn tightening_never_makes_a_finding(pick in 0_usize..20, loose in 0_u64..400, more in 0_u64..400) {
        let mut contract = read(&draft("hipaa-nprm"));
        let profile = Profile::named("hipaa-nprm").unwrap();
        let rows: Vec<usize> = (0..contract.rows.len())
            .filter(|at| contract.rows[*at].threshold.is_some_and(|t| t.parameter.is_some())).collect();
        let at = rows[pick % rows.len()];
        let mut threshold = contract.rows[at].threshold.unwrap();
        threshold.value.number = loose;
        contract.rows[at].threshold = Some(threshold);
        let weak = |contract: &contract::Contract| findings(contract, profile, &checks(), first_day())
            .iter().filter(|finding| finding.kind == FindingKind::Weaker).count();
        let before = weak(&contract);
        threshold.value.number = match threshold.parameter.unwrap().stricter {
            contract::Stricter::Less => loose.saturating_sub(more),
            contract::Stricter::More => loose + more,
        };
        contract.rows[at].threshold = Some(threshold);
        prop_assert!(weak(&contract) <= before);
    }
}
