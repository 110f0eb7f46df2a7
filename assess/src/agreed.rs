//! What a copy of the contract says, as rows: computed here from its text, so that nobody can leave a fault out of it.

use contract::{About, Contract, Profile, checks, findings};
use evidence::{Cell, Row};
use jiff::civil::Date;
use model::Time;

/// Tables that are computed from the text of a contract and that no document fills.
pub(crate) const COMPUTED: &[&str] = &["contract_finding", "contract_row", "contract_signature"];

/// The rows of a copy's text; a text that is no contract gives one finding that says so.
pub(crate) fn rows(text: &Row, now: Time) -> Vec<Row> {
    let Some(Cell::Text(text)) = text.cell("text") else { return vec![] };
    let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
    match Contract::parse(text) {
        Ok(contract) => of(&contract, today),
        Err(errors) => {
            let sentence = errors.first().map_or_else(|| "no contract".to_owned(), ToString::to_string);
            vec![finding("the whole text", "gap", "", &format!("the text is no contract: {sentence}"))]
        }
    }
}

fn finding(id: &str, kind: &str, row: &str, sentence: &str) -> Row {
    Row::of("contract_finding")
        .with("id", id)
        .with("kind", kind)
        .with("row_key", row)
        .with("sentence", sentence)
}

fn midnight(day: Date) -> Option<Time> {
    jiff::tz::TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

fn of(contract: &Contract, today: Date) -> Vec<Row> {
    let mut made: Vec<Row> = contract.rows.iter().map(row).collect();
    let profile = Profile::named(&contract.profile).unwrap_or_else(|| Profile::floor());
    for (number, found) in findings(contract, profile, &checks(), today).iter().enumerate() {
        let key = found.row.as_deref().unwrap_or("the whole contract");
        let sentence = format!("{}; {}", found.sentence, found.instead);
        made.push(finding(
            &format!("{key}: {} {}", found.kind.as_str(), number + 1),
            found.kind.as_str(),
            key,
            &sentence,
        ));
    }
    let hash = contract.hash();
    made.extend(contract.signatures.iter().map(|s| {
        Row::of("contract_signature")
            .with("signer", s.name.as_str())
            .with("side", s.side.as_str())
            .with("role", s.role.as_str())
            .with("over_text", s.over == hash)
            .with("signed_at", midnight(s.signed))
    }));
    made
}

fn row(row: &contract::Row) -> Row {
    Row::of("contract_row")
        .with("key", row.key())
        .with("about", row.about.id())
        .with("clause", matches!(row.about, About::Clause(_)))
        .with("owed_by", row.owed_by.as_str())
        .with("provider", row.provider.clone())
        .with("customer", row.customer.clone())
        .with("threshold", row.threshold.as_ref().map(|t| t.value.to_string()))
        .with("checks", row.checks.join(" "))
        .with("bound", !row.is_declarative())
        .with("not_bought", row.not_bought)
        .with("review_at", midnight(row.review))
}
