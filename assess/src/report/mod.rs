//! Reports: what was answered, for people and for programs. Text from outside becomes neither markup nor a formula.

mod csv;
mod html;
mod oscal;
mod page;
mod picture;
mod short;

use crate::assessment::{Assessment, MeasureAnswer};
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

/// A day on which something ends or goes stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Time,
    /// Whose; none for both.
    pub side: Option<Side>,
    /// What happens then.
    pub means: String,
    /// Of what.
    pub of: String,
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
    /// What ends or goes stale soon, by date; what is past stands first.
    pub dates: &'a [Ending],
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

    /// The name of a side.
    fn who(&self, side: Side) -> String {
        match side {
            Side::Provider => self.provider.to_owned(),
            Side::Customer => self.customer.to_owned(),
        }
    }
}

/// How many questions of a measure are put to a side, and how many of them are met, not met, and open.
fn questions(measure: &MeasureAnswer, side: Side) -> Questions {
    let mine = measure.checks.iter().filter(|a| a.side == side);
    let many = |wanted: fn(Verdict) -> bool| mine.clone().filter(|a| wanted(a.verdict)).count();
    Questions {
        all: mine.clone().count(),
        met: many(Verdict::is_good),
        not_met: many(|v| v == Verdict::NotMet),
        open: many(Verdict::is_open),
    }
}

/// Counts of questions.
struct Questions {
    all: usize,
    met: usize,
    not_met: usize,
    open: usize,
}

/// `1 day`, `2 days`.
fn plural(many: usize, what: &str) -> String {
    format!("{many} {what}{}", if many == 1 { "" } else { "s" })
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
    let dates = report.dates.iter().map(
        |d| json!({"at": d.at.to_string(), "side": d.side.map(Side::as_str), "what": d.means, "of": d.of}),
    );
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
        "due": dates.collect::<Vec<_>>(),
        "evidence": exhibits.collect::<Vec<_>>(),
    })
}
