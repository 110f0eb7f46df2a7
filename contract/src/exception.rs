//! Exceptions as data: what need not hold, for whom, why, until when, and who agreed. An exception that one side did
//! not approve does not hold.

use crate::contract::Known;
use crate::contract::row_name;
use crate::measure::CheckInfo;
use crate::place::{Code, ContractError, Text, did_you_mean, shown};
use crate::read::{At, Faults, Fields, Need, top};
use jiff::{ToSpan, civil::Date};
use model::Side;
use std::fmt;

/// Who need not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Everything that the check looks at.
    All,
    /// One account, device or service, as the check names it.
    One(String),
}

/// Who agreed, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Their name.
    pub name: String,
    /// The day.
    pub on: Date,
}

/// One exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Its name, one of a kind in its file.
    pub id: String,
    /// The check that need not hold.
    pub check: String,
    /// The side that is excused.
    pub side: Side,
    /// Who need not.
    pub subject: Subject,
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub compensating: String,
    /// The provider's approval, if given.
    pub approved_by_provider: Option<Approval>,
    /// The customer's approval, if given.
    pub approved_by_customer: Option<Approval>,
    /// The first day on which it holds.
    pub from: Date,
    /// The last day on which it holds, at most twelve months after the first.
    pub expires: Date,
    /// Its line in the file, from 1.
    pub line: usize,
}

/// Why an exception does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInForce {
    /// Its first day is still to come.
    Early(Date),
    /// Its last day is past.
    Expired(Date),
    /// That side did not approve it.
    Unapproved(Side),
    /// That side approved it later than the day that is asked about.
    ApprovedLater(Side, Date),
}

impl fmt::Display for NotInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Early(from) => write!(f, "it holds from {from} on"),
            Self::Expired(last) => write!(f, "it expired after {last}"),
            Self::Unapproved(side) => write!(f, "the {side} did not approve it"),
            Self::ApprovedLater(side, on) => write!(f, "the {side} approved it on {on} only"),
        }
    }
}

impl Exception {
    /// Reads a file of exceptions about checks of ours.
    ///
    /// # Errors
    /// Every fault with its place, at most fifty.
    pub fn parse(text: &str) -> Result<Vec<Self>, Vec<ContractError>> {
        Self::parse_knowing(text, &Known::default())
    }

    /// Reads a file of exceptions that may be about checks of the provider's own.
    ///
    /// # Errors
    /// Every fault with its place, at most fifty.
    pub fn parse_knowing(text: &str, known: &Known<'_>) -> Result<Vec<Self>, Vec<ContractError>> {
        let faults = Faults::new(Text::new(text));
        let read = top(&faults).map(|table| {
            let fields = Fields { faults: &faults, table: &table, span: 0..0, name: "the file" };
            fields.only(&["exception"]);
            let checks = known.all_checks();
            let mut all: Vec<Self> = vec![];
            for entry in fields.each("exception", "the exception", Need::May) {
                if faults.is_full() {
                    break;
                }
                let Some(exception) = exception(&entry, &checks) else { continue };
                if let Some(first) = all.iter().find(|other| other.id == exception.id) {
                    let what = format!("`{}` is the exception on line {} already", first.id, first.line);
                    let instead = "give it an `id` of its own".to_owned();
                    faults.say(&entry.span, Code::DuplicateRow, what, "", instead);
                } else {
                    all.push(exception);
                }
            }
            all
        });
        faults.done(read)
    }

    /// The approval of a side, if given.
    #[must_use]
    pub fn approved_by(&self, side: Side) -> Option<&Approval> {
        match side {
            Side::Provider => self.approved_by_provider.as_ref(),
            Side::Customer => self.approved_by_customer.as_ref(),
        }
    }

    /// Whether it holds on a day. It needs both approvals, given on that day at the latest, and ends by itself.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn in_force(&self, day: Date) -> Result<(), NotInForce> {
        for side in Side::BOTH {
            match self.approved_by(side) {
                None => return Err(NotInForce::Unapproved(side)),
                Some(approval) if approval.on > day => {
                    return Err(NotInForce::ApprovedLater(side, approval.on));
                }
                Some(_) => {}
            }
        }
        if day < self.from {
            return Err(NotInForce::Early(self.from));
        }
        if day > self.expires {
            return Err(NotInForce::Expired(self.expires));
        }
        Ok(())
    }

    /// Whether it is about that check, side and subject.
    #[must_use]
    pub fn covers(&self, check: &str, side: Side, subject: &str) -> bool {
        let meant = match &self.subject {
            Subject::All => true,
            Subject::One(one) => one == subject,
        };
        meant && self.check == check && self.side == side
    }
}

const KEYS: &[&str] = &[
    "id",
    "check",
    "side",
    "subject",
    "all",
    "reason",
    "compensating",
    "from",
    "expires",
    "approved_by_provider",
    "approved_by_customer",
];

fn exception(entry: &Fields<'_, '_>, known: &[CheckInfo]) -> Option<Exception> {
    entry.only(KEYS);
    let id = entry.text("id", Need::Must).filter(|id| row_name(entry, id, "id"));
    let check = check(entry, known);
    let side = entry.word("side", Need::Must, &["provider", "customer"], Side::from_word);
    let subject = subject(entry);
    let reason = entry.text("reason", Need::Must);
    let compensating = entry.text("compensating", Need::Must);
    let from = entry.day("from", Need::Must);
    let expires = entry.day("expires", Need::Must);
    let approved_by_provider = approval(entry, "approved_by_provider");
    let approved_by_customer = approval(entry, "approved_by_customer");
    let (from, expires) = (from?, expires?);
    lifetime(entry, &from, &expires);
    Some(Exception {
        id: id?.value,
        check: check?,
        side: side?.value,
        subject: subject?,
        reason: reason?.value,
        compensating: compensating?.value,
        approved_by_provider,
        approved_by_customer,
        from: from.value,
        expires: expires.value,
        line: entry.faults.text.line(entry.span.start),
    })
}

fn check(entry: &Fields<'_, '_>, known: &[CheckInfo]) -> Option<String> {
    let id = entry.text("check", Need::Must)?;
    if !known.iter().any(|check| check.id == id.value) {
        let what = format!("there is no check `{}`", shown(&id.value));
        let instead = did_you_mean(&id.value, known.iter().map(|check| check.id.as_str()));
        entry.faults.say(&id.span, Code::UnknownCheck, what, "", instead);
        return None;
    }
    Some(id.value)
}

fn subject(entry: &Fields<'_, '_>) -> Option<Subject> {
    let one = entry.text("subject", Need::May);
    let all = entry.truth("all");
    match (one, all) {
        (Some(one), None) => Some(Subject::One(one.value)),
        (None, Some(At { value: true, .. })) => Some(Subject::All),
        (Some(_), Some(all)) => {
            let what = "the exception is about one subject and about all".to_owned();
            let instead = "write `subject = \"…\"` or `all = true`, one of them".to_owned();
            entry.faults.say(&all.span, Code::Contradiction, what, "", instead);
            None
        }
        (None, _) => {
            let what = "the exception does not say for whom it is".to_owned();
            let instead = "write `subject = \"…\"`, or `all = true`".to_owned();
            let why = "an exception for everybody must say so";
            entry.faults.say(&entry.span, Code::MissingKey, what, why, instead);
            None
        }
    }
}

fn approval(entry: &Fields<'_, '_>, key: &str) -> Option<Approval> {
    let fields = entry.inner(key, "the approval", Need::May)?;
    fields.only(&["name", "on"]);
    let name = fields.text("name", Need::Must);
    let on = fields.day("on", Need::Must);
    Some(Approval { name: name?.value, on: on?.value })
}

/// An exception ends, and within twelve months (`ta.exception`).
fn lifetime(entry: &Fields<'_, '_>, from: &At<Date>, expires: &At<Date>) {
    if expires.value < from.value {
        let what = format!("it expires on {}, before it begins on {}", expires.value, from.value);
        entry.faults.say(&expires.span, Code::WrongDate, what, "", String::new());
        return;
    }
    let latest = from.value.checked_add(1.year()).unwrap_or(Date::MAX);
    if expires.value > latest {
        let what = format!("it lives from {} to {}, longer than twelve months", from.value, expires.value);
        let why = "an exception is looked at again at least once a year";
        let instead = format!("write `expires = {latest}` or earlier");
        entry.faults.say(&expires.span, Code::TooLong, what, why, instead);
    }
}
