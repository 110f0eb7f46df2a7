//! Controls and what the tool said about each.

use super::super::pages::{CELL_BYTES, Entry};
use crate::document::Document;
use crate::row::Row;
use serde_json::Value;
use std::collections::BTreeSet;

/// All controls of a results file, held against the file's own summary.
pub(super) fn read(value: &Value, meta: Entry<'_>, document: &mut Document) {
    let Some(products) = value.get("Results").and_then(Value::as_object) else {
        document.partial("has no `Results`");
        return;
    };
    let mut seen = BTreeSet::new();
    for (product, groups) in products {
        let before = document.rows.len();
        let groups = match groups {
            Value::Array(groups) => groups.as_slice(),
            single => std::slice::from_ref(single),
        };
        for (number, group) in groups.iter().enumerate() {
            let place = format!("{product}, group {}", number + 1);
            let Some(controls) = Entry::of(group).ok().filter(|g| g.names("Controls")) else {
                document.defect(format!("{place}: has no `Controls`"));
                continue;
            };
            for (at, control) in controls.list("Controls").iter().enumerate() {
                let place = format!("{place}, control {}", at + 1);
                one(product, control, &place, &mut seen, document);
            }
        }
        let told = value.pointer("/Summary").and_then(|s| s.get(product)).and_then(summed);
        let here = (document.rows.len() - before) as u64;
        if let Some(told) = told.filter(|told| *told > here) {
            document.partial(format!("{product}: the summary counts {told} controls, {here} are here"));
        }
    }
    for name in missing(meta, products) {
        document.partial(format!("`{name}` was assessed, and its results are not here"));
    }
    if document.rows.is_empty() {
        document.partial("holds no control");
    }
}

fn summed(summary: &Value) -> Option<u64> {
    let counts = summary.as_object()?.values();
    Some(counts.filter_map(Value::as_u64).fold(0, u64::saturating_add))
}

/// Products that the file says it assessed and has no results of.
fn missing(meta: Entry<'_>, products: &serde_json::Map<String, Value>) -> Vec<String> {
    let short = meta.entry("ProductAbbreviationMapping").ok().flatten();
    let named = meta.list("ProductsAssessed").iter().filter_map(Value::as_str);
    named
        .filter(|name| {
            let short = short.and_then(|s| s.value(name)?.as_str()).unwrap_or(name);
            !products.keys().any(|key| key.eq_ignore_ascii_case(short) || key.eq_ignore_ascii_case(name))
        })
        .map(|name| name.chars().take(100).collect())
        .collect()
}

fn one(product: &str, value: &Value, place: &str, seen: &mut BTreeSet<String>, document: &mut Document) {
    let row = Entry::of(value).and_then(|control| {
        let text = |key: &str| control.text(key).map(Option::unwrap_or_default);
        let said = Said {
            id: control.needed("Control ID")?,
            requirement: text("Requirement")?,
            result: control.needed("Result")?,
            criticality: text("Criticality")?,
            details: text("Details")?,
            omitted: text("OmittedEvaluationResult")?,
            original: text("OriginalResult")?,
            incorrect: text("IncorrectResult")?,
        };
        said.row(product)
    });
    match row {
        Err(why) => document.defect(format!("{place}: {why}")),
        Ok(row) => push(row, place, seen, document),
    }
}

/// Adds a control; one that did not run, or that stands there twice, leaves the document partial.
pub(super) fn push(row: Row, place: &str, seen: &mut BTreeSet<String>, document: &mut Document) {
    let text = |column: &str| match row.cell(column) {
        Some(crate::row::Cell::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let id = text("id");
    if !seen.insert(id.clone()) {
        document.remark(format!("{place}: `{id}` stands there twice"));
    }
    if text("result") == "error" {
        document.partial(format!("`{id}` did not run"));
    }
    document.push(row);
}

/// What a file says about one control, in its own words.
pub(super) struct Said<'a> {
    pub(super) id: &'a str,
    pub(super) requirement: &'a str,
    pub(super) result: &'a str,
    pub(super) criticality: &'a str,
    pub(super) details: &'a str,
    pub(super) omitted: &'a str,
    pub(super) original: &'a str,
    pub(super) incorrect: &'a str,
}

impl Said<'_> {
    /// The row.
    pub(super) fn row(&self, product: &str) -> Result<Row, String> {
        let (result, note) = self.result()?;
        let details = format!("{note}{}", plain(self.details));
        if details.len() > CELL_BYTES {
            return Err(format!("its details are longer than {CELL_BYTES} bytes"));
        }
        let criticality = self.criticality.split('/').next().unwrap_or("").trim().to_lowercase();
        let some = |text: String| (!text.is_empty()).then_some(text);
        Ok(Row::of("control")
            .with("id", self.id)
            .with("title", some(plain(self.requirement)))
            .with("product", product)
            .with("result", result)
            .with("criticality", some(criticality))
            .with("details", some(details)))
    }

    /// Our word. A result that the tenant left out or called wrong in the tool's configuration is told as the tool
    /// found it: whether the exception holds is not for that configuration to say.
    fn result(&self) -> Result<(&'static str, String), String> {
        let said = self.result.to_ascii_lowercase();
        let manual = self.criticality.contains('/');
        let found = |other: &str| word(&other.to_ascii_lowercase(), manual).unwrap_or("manual");
        Ok(match said.as_str() {
            "omitted" | "omit" => (found(self.omitted), "Left out by the tenant's configuration. ".into()),
            "incorrect result" | "incorrect" => {
                let first = if word(&self.incorrect.to_ascii_lowercase(), manual).is_some() {
                    self.incorrect
                } else {
                    self.original
                };
                (found(first), "Called incorrect by the tenant's configuration. ".into())
            }
            said => match word(said, manual) {
                Some(word) => (word, String::new()),
                None => {
                    return Err(format!(
                        "`{}` is no result",
                        self.result.chars().take(60).collect::<String>()
                    ));
                }
            },
        })
    }
}

/// The tools mark what they cannot check with a second word behind how binding it is, such as `Should/Not-Implemented`.
fn word(said: &str, manual: bool) -> Option<&'static str> {
    Some(match said {
        "pass" => "pass",
        "fail" => "fail",
        "warning" => "warning",
        "n/a" | "-" if manual => "manual",
        "n/a" | "not applicable" => "not-applicable",
        "manual" | "no events found" => "manual",
        said if said.starts_with("error") => "error",
        _ => return None,
    })
}

/// The text of a cell in which a report's markup stands. The badges behind a requirement are no part of it.
fn plain(html: &str) -> String {
    let html = html.split("<div class='policy-indicators'").next().unwrap_or(html);
    let (mut text, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let tag = behind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match behind.find('>').filter(|_| tag) {
            Some(end) => {
                text.push(' ');
                rest = &behind[end + 1..];
            }
            None => {
                text.push('<');
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{plain, word};

    #[test]
    fn markup_of_the_report_is_no_text() {
        let badge = "Legacy SHALL be off.<div class='policy-indicators'><a href='x'>BOD</a></div>";
        assert_eq!(plain(badge), "Legacy SHALL be off.");
        assert_eq!(plain("a<br/>b <a href='#x'>c</a>."), "a b c .");
        assert_eq!(plain("1 < 2 and <"), "1 < 2 and <");
    }

    #[test]
    fn what_a_tool_cannot_check_is_left_to_a_person() {
        assert_eq!(word("n/a", true), Some("manual"));
        assert_eq!(word("n/a", false), Some("not-applicable"));
        assert_eq!(word("error - test results missing", false), Some("error"));
        assert_eq!(word("great", false), None);
    }
}
