//! What is wrong with a contract that can be read: gaps, overlaps, rows below the floor, rows that nothing proves,
//! reviews that are due, signatures that lack.

use crate::clause::Clause;
use crate::contract::{About, Contract, Row, Signed};
use crate::measure::{CheckInfo, Measure};
use crate::profile::{Applies, Confidence, Profile};
use crate::side::Owner;
use crate::unit::{Quantity, Unit};
use jiff::{ToSpan, civil::Date};
use model::Side;
use std::collections::{BTreeMap, BTreeSet};

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// Nobody owes a measure, a clause, or some of a measure's checks.
    Gap,
    /// Two rows claim the same.
    Overlap,
    /// A number asks less than the profile or its floor: `ct.conflict`.
    Weaker,
    /// No check proves the row, or too few rows are proved.
    Unbound,
    /// A row's review is past, or too far away.
    ReviewDue,
    /// No side signed.
    Unsigned,
    /// One side signed.
    OneSided,
    /// A signature is over another text than the one that stands there.
    SignedOther,
    /// The contract does not hold yet.
    NotYet,
    /// The contract's last day is past.
    Expired,
}

impl FindingKind {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Overlap => "overlap",
            Self::Weaker => "weaker-than-floor",
            Self::Unbound => "unbound",
            Self::ReviewDue => "review-due",
            Self::Unsigned => "unsigned",
            Self::OneSided => "one-sided",
            Self::SignedOther => "signed-other-text",
            Self::NotYet => "not-yet",
            Self::Expired => "expired",
        }
    }
}

/// One fault of a contract, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind it is.
    pub kind: FindingKind,
    /// The key of the row, if it is about one.
    pub row: Option<String>,
    /// The line in the file, from 1; 1 where it is about the whole contract.
    pub line: usize,
    /// What is wrong, for people.
    pub sentence: String,
    /// What to write instead.
    pub instead: String,
    /// How sure we are of the number that it is measured by; `None` where no number is.
    pub confidence: Option<Confidence>,
}

/// What is wrong with a contract under a profile, on a day. `checks` are the checks that exist, and whether anything
/// answers them today ([`crate::checks`] counts each as answered). In a fixed order: by kind, then by line.
#[must_use]
pub fn findings(contract: &Contract, profile: &Profile, checks: &[CheckInfo], today: Date) -> Vec<Finding> {
    let mut found = gaps(contract, profile, checks);
    found.extend(overlaps(contract));
    found.extend(weaker(contract, profile, today));
    found.extend(unbound(contract, profile, checks, today));
    found.extend(reviews(contract, profile, today));
    found.extend(signatures(contract));
    found.extend(times(contract, today));
    found.sort_by(|a, b| (a.kind, a.line, &a.row, &a.sentence).cmp(&(b.kind, b.line, &b.row, &b.sentence)));
    found
}

fn of_row(kind: FindingKind, row: &Row, sentence: String, instead: String) -> Finding {
    Finding { kind, row: Some(row.key()), line: row.line, sentence, instead, confidence: None }
}

fn of_all(kind: FindingKind, sentence: String, instead: String) -> Finding {
    Finding { kind, row: None, line: 1, sentence, instead, confidence: None }
}

fn gaps(contract: &Contract, profile: &Profile, checks: &[CheckInfo]) -> Vec<Finding> {
    let mut found = vec![];
    for row in contract.rows.iter().filter(|row| row.owed_by == Owner::Nobody) {
        let bought = if row.not_bought { ", and it was not bought" } else { "" };
        let sentence = format!("nobody owes `{}` ({}){bought}", row.key(), row.about.title());
        let instead = "write `owed_by = \"provider\"`, `\"customer\"` or `\"both\"`, and what that side does";
        found.push(of_row(FindingKind::Gap, row, sentence, instead.to_owned()));
    }
    for measure in Measure::all() {
        found.extend(gap_of_measure(contract, profile, checks, measure));
    }
    let about = |id: &str| contract.rows.iter().any(|row| row.about.id() == id);
    for clause in Clause::all().iter().filter(|clause| clause.applies(profile) && !about(&clause.id)) {
        let sentence = format!("the contract lacks clause {} ({})", clause.id, clause.title);
        let instead =
            format!("add a `[[row]]` with `clause = \"{}\"` that states: {}", clause.id, clause.states);
        found.push(of_all(FindingKind::Gap, sentence, instead));
    }
    found
}

/// A measure without a row, or whose rows, each about some checks only, leave others to nobody.
fn gap_of_measure(
    contract: &Contract,
    profile: &Profile,
    checks: &[CheckInfo],
    measure: &Measure,
) -> Option<Finding> {
    let rows: Vec<&Row> = contract.rows.iter().filter(|row| row.about.id() == measure.id).collect();
    if rows.is_empty() {
        let sentence = format!("no row says who owes `{}` ({})", measure.id, measure.title);
        let instead = format!(
            "add a `[[row]]` with `measure = \"{}\"`, who owes it, and what each side does; the alert asks of the contract: {}",
            measure.id, measure.contract
        );
        return Some(of_all(FindingKind::Gap, sentence, instead));
    }
    // A row without a name of its own is about the whole measure.
    if rows.iter().any(|row| row.name.is_none()) {
        return None;
    }
    let owed: BTreeSet<&str> = rows.iter().flat_map(|row| &row.checks).map(String::as_str).collect();
    let asked = checks.iter().filter(|check| check.measure == measure.id);
    let asked = asked.filter(|check| profile.applies(&check.id) != Applies::Silent);
    let left: Vec<&str> = asked.map(|check| check.id.as_str()).filter(|id| !owed.contains(id)).collect();
    if left.is_empty() {
        return None;
    }
    let sentence = format!("no row of `{}` says who owes {}", measure.id, left.join(", "));
    let instead = format!(
        "add them to the `checks` of a row, or add a row of `{}` without a `name`, which is about the whole measure",
        measure.id
    );
    Some(of_row(FindingKind::Gap, rows[0], sentence, instead))
}

/// Most overlaps that are said: pairs of rows grow with the square of their number.
const OVERLAPS_LIMIT: usize = 500;

fn overlaps(contract: &Contract) -> Vec<Finding> {
    let mut found = vec![];
    for (at, second) in contract.rows.iter().enumerate() {
        for first in &contract.rows[..at] {
            found.extend(overlap(first, second));
            if found.len() >= OVERLAPS_LIMIT {
                let sentence = format!("only the first {OVERLAPS_LIMIT} overlaps are shown");
                found.push(of_all(FindingKind::Overlap, sentence, "mend these, then look again".to_owned()));
                return found;
            }
        }
    }
    found
}

/// The checks that two rows share, at most five by name. Both lists are sorted.
fn shared(first: &Row, second: &Row) -> Option<String> {
    let both: Vec<&str> = first
        .checks
        .iter()
        .filter(|id| second.checks.binary_search(id).is_ok())
        .map(String::as_str)
        .collect();
    match both.len() {
        0 => None,
        1..=5 => Some(both.join(", ")),
        more => Some(format!("{} and {} more", both[..5].join(", "), more - 5)),
    }
}

/// What two rows both claim: one number twice, one check by each side alone, or one check of a measure twice.
fn overlap(first: &Row, second: &Row) -> Option<Finding> {
    let line = first.line;
    let (a, b) = (first.key(), second.key());
    let number = |row: &Row| row.threshold.and_then(|t| Some((t.parameter?.name.as_str(), t.value)));
    if let (Some((name, one)), Some((other, two))) = (number(first), number(second))
        && name == other
        && one.base() != two.base()
    {
        let sentence = format!("`{a}` on line {line} says {one} for `{name}`, `{b}` says {two}");
        let instead = "keep the number in one row, and take it out of the other".to_owned();
        return Some(of_row(FindingKind::Overlap, second, sentence, instead));
    }
    let shared = shared(first, second)?;
    if let (Some(one), Some(two)) = (first.owed_by.alone(), second.owed_by.alone())
        && one != two
    {
        let sentence =
            format!("`{a}` on line {line} gives {shared} to the {one} alone, `{b}` to the {two} alone");
        let instead =
            "write `owed_by = \"both\"` in each and what each side does, or leave it to one".to_owned();
        return Some(of_row(FindingKind::Overlap, second, sentence, instead));
    }
    let both_measures = matches!((first.about, second.about), (About::Measure(_), About::Measure(_)));
    // Two numbers of one check, owed by the same, are two promises and no overlap.
    let two_numbers = match (number(first), number(second)) {
        (Some((one, _)), Some((two, _))) => one != two && first.owed_by == second.owed_by,
        _ => false,
    };
    if both_measures && !two_numbers {
        let sentence = format!("`{a}` on line {line} and `{b}` both claim {shared}");
        let instead = "name each check in one row of the measure only".to_owned();
        return Some(of_row(FindingKind::Overlap, second, sentence, instead));
    }
    None
}

fn weaker(contract: &Contract, profile: &Profile, today: Date) -> Vec<Finding> {
    contract.rows.iter().filter_map(|row| weaker_row(row, profile, today)).collect()
}

fn weaker_row(row: &Row, profile: &Profile, today: Date) -> Option<Finding> {
    let threshold = row.threshold?;
    let parameter = threshold.parameter?;
    let asked = profile.value(&parameter.name, today)?;
    let (setting, whose) = (asked.setting, asked.profile);
    if !parameter.stricter.is_weaker(threshold.value, setting.value) {
        return None;
    }
    let bound = parameter.stricter.bound();
    let sure = match setting.confidence {
        Confidence::Unconfirmed => "; this number is unconfirmed",
        Confidence::SecondHand => "; this number is second-hand",
        Confidence::Own => "; this number is our own choice",
        Confidence::Confirmed => "",
    };
    let sentence = format!(
        "`{}` promises {} ({}); `{}` asks for {bound} {} ({}{sure})",
        row.key(),
        threshold.value,
        parameter.asks,
        whose.id,
        setting.value,
        setting.source
    );
    let Quantity { number, unit } = setting.value;
    let instead = format!("write `threshold = {number}` and `unit = \"{unit}\"`");
    let confidence = Some(setting.confidence);
    Some(Finding { confidence, ..of_row(FindingKind::Weaker, row, sentence, instead) })
}

fn unbound(contract: &Contract, profile: &Profile, checks: &[CheckInfo], today: Date) -> Vec<Finding> {
    let answered: BTreeMap<&str, bool> =
        checks.iter().map(|check| (check.id.as_str(), check.answers)).collect();
    let proved = |row: &Row| row.checks.iter().any(|id| answered.get(id.as_str()) == Some(&true));
    let mut found = vec![];
    for row in contract.rows.iter().filter(|row| !proved(row)) {
        // Some clauses can only be kept or broken on the day; the catalogue says which.
        let cannot = matches!(row.about, About::Clause(clause) if clause.declarative);
        if cannot && row.is_declarative() {
            continue;
        }
        let (sentence, instead) = if row.is_declarative() {
            let sentence = format!("no check proves `{}`: what it says can only be believed", row.key());
            (sentence, format!("add `checks = [{}]`, or those of them that fit", fitting(row)))
        } else {
            let checks = row.checks.join(", ");
            let sentence = format!("nothing answers the checks of `{}` ({checks}) today", row.key());
            (sentence, "add a check whose evidence can be read".to_owned())
        };
        found.push(of_row(FindingKind::Unbound, row, sentence, instead));
    }
    let bound = contract.rows.iter().filter(|row| proved(row)).count() as u64;
    let rows = contract.rows.len() as u64;
    let asked = profile.value("ct.bound.percent", today);
    if let Some(asked) = asked.filter(|asked| bound * 100 < asked.setting.value.number * rows) {
        let least = asked.setting.value;
        let sentence =
            format!("checks prove {bound} of {rows} rows; `{}` asks for {least}", asked.profile.id);
        let instead = "bind more rows to checks".to_owned();
        let confidence = Some(asked.setting.confidence);
        found.push(Finding { confidence, ..of_all(FindingKind::Unbound, sentence, instead) });
    }
    found
}

/// The checks that would fit a row, quoted.
fn fitting(row: &Row) -> String {
    let ids = match row.about {
        About::Measure(measure) => &measure.checks,
        About::Clause(clause) => &clause.checks,
    };
    ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ")
}

fn reviews(contract: &Contract, profile: &Profile, today: Date) -> Vec<Finding> {
    let limit = profile.value("ct.review.days", today).map(|asked| asked.setting.value);
    let start = today.max(contract.valid_from);
    let latest = limit.and_then(|limit| limit.in_unit(Unit::Days)).and_then(|days| {
        let days = i64::try_from(days).ok()?;
        start.checked_add(days.days()).ok()
    });
    let finding = |row: &Row| {
        if row.review < today {
            let sentence = format!("the review of `{}` was due on {}", row.key(), row.review);
            return Some((sentence, "review it with the other side, and write the next day".to_owned()));
        }
        let latest = latest.filter(|latest| row.review > *latest)?;
        let sentence =
            format!("`{}` is reviewed on {} only, more than twelve months away", row.key(), row.review);
        Some((sentence, format!("write `review = {latest}` or earlier")))
    };
    let of =
        |row| finding(row).map(|(sentence, instead)| of_row(FindingKind::ReviewDue, row, sentence, instead));
    contract.rows.iter().filter_map(of).collect()
}

fn signatures(contract: &Contract) -> Vec<Finding> {
    let hash = contract.hash();
    let mut found = vec![];
    for signature in contract.signatures.iter().filter(|signature| signature.over != hash) {
        let side = signature.side;
        let sentence =
            format!("{} signed another text for the {side}: this one has the hash {hash}", signature.name);
        let instead = "bring back the text that was signed, or let that side sign this one".to_owned();
        let line = signature.line;
        found.push(Finding { line, ..of_all(FindingKind::SignedOther, sentence, instead) });
    }
    match contract.signed() {
        Signed::Both => {}
        Signed::OneSide(side) => {
            let sentence = format!("only the {side} signed; the {} did not", side.other());
            found.push(of_all(FindingKind::OneSided, sentence, how_to_sign(side.other(), &hash)));
        }
        Signed::Not => {
            let sentence = "neither side signed".to_owned();
            found.push(of_all(FindingKind::Unsigned, sentence, how_to_sign(Side::Provider, &hash)));
        }
    }
    found
}

fn how_to_sign(side: Side, hash: &str) -> String {
    format!(
        "add a `[[signature]]` with `side = \"{side}\"`, `name`, `role`, `signed` and `over = \"{hash}\"`"
    )
}

fn times(contract: &Contract, today: Date) -> Vec<Finding> {
    let mut found = vec![];
    if today < contract.valid_from {
        let sentence = format!("the contract holds from {} on", contract.valid_from);
        let instead = "until then the version before it holds, if there is one".to_owned();
        found.push(of_all(FindingKind::NotYet, sentence, instead));
    }
    if let Some(last) = contract.valid_to.filter(|last| *last < today) {
        let sentence = format!("the contract ended on {last}: since then nobody owes anything");
        let instead = "agree on a new version, and let the provider's access end until then".to_owned();
        found.push(of_all(FindingKind::Expired, sentence, instead));
    }
    found
}
