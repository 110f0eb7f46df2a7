//! Reports: what was answered, for people and for programs. Text from outside becomes neither markup nor a formula.

mod csv;
mod html;
mod oscal;
mod page;
mod picture;

use crate::assessment::Assessment;
use crate::checks::CheckSet;
use crate::verdict::Verdict;
use evidence::Side;
use evidence::records::Exhibit;
use model::Time;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub use csv::csv;
pub use html::html;
pub use oscal::{assessment_results, plan_of_action};

/// An earlier answer, as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The day.
    pub at: Time,
    /// The word for each measure and side.
    pub verdicts: BTreeMap<(String, Side), Verdict>,
}

/// Everything a report says.
pub struct Report<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// The customer's id.
    pub customer_id: &'a str,
    /// The customer's name.
    pub customer: &'a str,
    /// Id and title of the profile, and what is to be known about it (proposed, retiring).
    pub profile: (&'a str, String),
    /// The day.
    pub now: Time,
    /// The checks.
    pub set: &'a CheckSet,
    /// The answers.
    pub assessment: &'a Assessment,
    /// Earlier answers, oldest first.
    pub history: &'a [Past],
    /// The documents in the log.
    pub exhibits: &'a [Exhibit],
    /// Title and question of each measure.
    pub measures: BTreeMap<String, (String, String)>,
    /// Origin, size and root of the checkpoint that it all stands under.
    pub checkpoint: (String, u64, String),
}

impl Report<'_> {
    fn title<'r>(&'r self, measure: &'r str) -> &'r str {
        self.measures.get(measure).map_or(measure, |(title, _)| title)
    }

    /// How many checks have which word, for one side.
    fn tally(&self, side: Side) -> BTreeMap<Verdict, u64> {
        let mut tally = BTreeMap::new();
        for answer in self.assessment.answers().filter(|a| a.side == side) {
            *tally.entry(answer.verdict).or_insert(0) += 1;
        }
        tally
    }
}

/// Everything as JSON.
#[must_use]
pub fn json(report: &Report<'_>) -> Value {
    let exhibits = report.exhibits.iter().map(|e| e.envelope.to_json());
    let history = report.history.iter().map(|past| {
        let words = past
            .verdicts
            .iter()
            .map(|((m, s), v)| json!({"measure": m, "side": s.as_str(), "verdict": v.as_str()}));
        json!({"at": past.at.to_string(), "verdicts": words.collect::<Vec<_>>()})
    });
    let (origin, size, root) = &report.checkpoint;
    json!({
        "schema": "bailiwick-report/1",
        "provider": report.provider,
        "customer": report.customer_id,
        "customer_name": report.customer,
        "profile": report.profile.0,
        "now": report.now.to_string(),
        "checkpoint": {"origin": origin, "size": size, "root": root},
        "measures": report.assessment.to_json(),
        "history": history.collect::<Vec<_>>(),
        "evidence": exhibits.collect::<Vec<_>>(),
    })
}
