//! A complete draft of a contract, with a comment for every part: what `contract new` writes.

use crate::clause::{Clause, ClauseStatus};
use crate::measure::Measure;
use crate::parameter::Parameter;
use crate::profile::{Confidence, Profile, ProfileStatus};
use crate::side::Owner;
use jiff::{ToSpan, civil::Date};
use model::{Customer, Provider};
use std::fmt::Write as _;

/// Writes a draft under a profile that holds for a year from a day. It has a row for each of the seventeen measures
/// and for each clause that applies, with the profile's numbers; it parses, and all that [`crate::findings`] says of
/// it on its first day is that nobody signed.
#[must_use]
pub fn template(profile: &Profile, provider: &Provider, customer: &Customer, from: Date) -> String {
    let until = from.checked_add(1.year()).and_then(|day| day.yesterday()).unwrap_or(from);
    let mut out = head(profile, provider, customer, from, until);
    out.push_str(MEASURES);
    for measure in Measure::all() {
        row_of_measure(&mut out, profile, measure, from, until);
    }
    out.push_str(CLAUSES);
    for clause in Clause::all().iter().filter(|clause| clause.applies(profile)) {
        row_of_clause(&mut out, profile, clause, from, until);
    }
    out
}

const MEASURES: &str = "
# ---------------------------------------------------------------------------------------------------------------------
# The seventeen measures of AA22-131A. One row without a `name` is about the whole measure; to give some of its checks to
# somebody else, take them out here and add a second row with a `name` of its own and `checks` that list them.
#   owed_by     provider, customer, both or nobody. `nobody` is allowed and honest, and is shown first.
#   provider    what the provider does; customer: what the customer does. Plain sentences.
#   threshold   the number promised, with its `unit`; `parameter` says which number of the checks it is.
#   checks      what proves the row. A row without checks can only be believed.
#   remedy      what follows when it is not kept.   review    the day to look at the row again.
#   not_bought  true where the provider offered it and the customer did not buy it.
# ---------------------------------------------------------------------------------------------------------------------
";

const CLAUSES: &str = "
# ---------------------------------------------------------------------------------------------------------------------
# The clauses that every contract needs, whatever it sells.
# ---------------------------------------------------------------------------------------------------------------------
";

/// A text in TOML's quotes.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A comment of one paragraph; nothing in it can end it.
fn comment(out: &mut String, text: &str) {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut line = String::new();
    for word in plain.split_whitespace() {
        if line.chars().count() + word.chars().count() > 115 {
            let _ = writeln!(out, "# {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "# {line}");
}

fn head(profile: &Profile, provider: &Provider, customer: &Customer, from: Date, until: Date) -> String {
    let mut out = String::new();
    comment(
        &mut out,
        &format!("Draft of a security contract between {} and {}.", provider.name, customer.name),
    );
    out.push_str(
        "# Change what does not fit, then: `bailiwick contract check FILE` says what is missing, too weak or unproved,\n\
         # with line and caret. `bailiwick contract show FILE` prints the hash that both sides sign. This file settles who\n\
         # does what; it is no legal advice, and belongs beside the contract that your lawyer wrote.\n\n[contract]\n",
    );
    let _ = writeln!(out, "id = {}", quoted(&format!("{}-security", short(customer.id.as_str()))));
    let _ = writeln!(out, "customer = {}", quoted(customer.id.as_str()));
    let _ = writeln!(out, "version = 1          # the next version gets the next number; old ones are kept");
    let _ = writeln!(out, "valid_from = {from}\nvalid_to = {until}      # the last day");
    comment(&mut out, &format!("{} ({}).", profile.title, profile.source));
    if profile.status == ProfileStatus::Proposed {
        out.push_str("# PROPOSED: not in force.\n");
    }
    let _ = writeln!(out, "profile = {}", quoted(&profile.id));
    let contact = "# contact = \"who is told, at which number, at all hours\"";
    let _ = writeln!(out, "\n[parties.provider]\nname = {}\n{contact}", quoted(&provider.name));
    let _ = writeln!(out, "\n[parties.customer]\nname = {}\n{contact}", quoted(&customer.name));
    out.push_str(
        "\n# One signature of each side, over one hash. Whoever changes the text afterwards breaks both.\n\
         # [[signature]]\n# side = \"provider\"\n# name = \"…\"\n# role = \"managing director\"\n# signed = 2026-01-01\n\
         # over = \"sha256:…\"    # as `bailiwick contract show FILE` prints it\n",
    );
    out
}

/// Ids have at most 63 characters, the word behind included.
fn short(id: &str) -> &str {
    id.get(..54).unwrap_or(id)
}

/// What both kinds of rows have.
struct Entry<'a> {
    owed_by: Owner,
    provider: &'a str,
    customer: &'a str,
    parameter: Option<&'a str>,
    cadence: &'a str,
    checks: &'a [String],
    remedy: Option<&'a str>,
}

fn row_of_measure(out: &mut String, profile: &Profile, measure: &Measure, from: Date, until: Date) {
    out.push('\n');
    comment(out, &format!("{}. {}", measure.title, measure.question));
    comment(out, &format!("{} The contract: {}", measure.cites.join("; "), measure.contract));
    let _ = writeln!(out, "[[row]]\nmeasure = {}", quoted(&measure.id));
    let draft = &measure.draft;
    let entry = Entry {
        owed_by: draft.owed_by,
        provider: &measure.provider,
        customer: &measure.customer,
        parameter: Some(&draft.parameter),
        cadence: &draft.cadence,
        checks: &measure.checks,
        remedy: Some(&draft.remedy),
    };
    body(out, profile, &entry, from, until);
}

fn row_of_clause(out: &mut String, profile: &Profile, clause: &Clause, from: Date, until: Date) {
    out.push('\n');
    comment(out, &format!("{} {}. States: {}", clause.id, clause.title, clause.states));
    let unsure = if clause.unconfirmed { " (in part unconfirmed)" } else { "" };
    comment(out, &format!("Source: {}{unsure}.", clause.source));
    if clause.status == ClauseStatus::Proposed {
        comment(out, "Proposed only: nothing in force asks for it yet.");
    }
    if clause.declarative {
        comment(out, "No check can prove it before the day on which it is needed.");
    }
    let _ = writeln!(out, "[[row]]\nclause = {}", quoted(&clause.id));
    let entry = Entry {
        owed_by: clause.owed_by,
        provider: &clause.provider,
        customer: &clause.customer,
        parameter: clause.parameter.as_deref(),
        cadence: &clause.cadence,
        checks: &clause.checks,
        remedy: None,
    };
    body(out, profile, &entry, from, until);
}

fn body(out: &mut String, profile: &Profile, entry: &Entry<'_>, from: Date, until: Date) {
    let _ = writeln!(out, "owed_by = {}", quoted(entry.owed_by.as_str()));
    let _ = writeln!(out, "provider = {}", quoted(entry.provider));
    let _ = writeln!(out, "customer = {}", quoted(entry.customer));
    if let Some(parameter) = entry.parameter.and_then(Parameter::named)
        && let Some(asked) = profile.value(&parameter.name, from)
    {
        let setting = asked.setting;
        let sure = match setting.confidence {
            Confidence::Confirmed => "",
            Confidence::SecondHand => " (second-hand)",
            Confidence::Unconfirmed => " (unconfirmed)",
            Confidence::Own => " (our own choice)",
        };
        let bound = parameter.stricter.bound();
        let what = format!("{}: {bound} this. {}{sure}", parameter.asks, setting.source);
        comment(out, &what);
        let _ = writeln!(out, "threshold = {}", setting.value.number);
        let _ = writeln!(out, "unit = {}", quoted(setting.value.unit.as_str()));
        let _ = writeln!(out, "parameter = {}", quoted(&parameter.name));
    }
    let _ = writeln!(out, "cadence = {}", quoted(entry.cadence));
    if !entry.checks.is_empty() {
        out.push_str("checks = [\n");
        for check in entry.checks {
            let _ = writeln!(out, "  {},", quoted(check));
        }
        out.push_str("]\n");
    }
    if let Some(remedy) = entry.remedy {
        let _ = writeln!(out, "remedy = {}", quoted(remedy));
    }
    let _ = writeln!(out, "review = {until}");
}
