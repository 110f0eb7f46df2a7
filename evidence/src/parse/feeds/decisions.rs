//! Decision tables for remediation (BOD 26-04 as CERT/CC writes it down): which vulnerability by when.

use super::first_lines;
use crate::document::Document;
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use crate::text;
use std::collections::BTreeSet;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "decision-table",
    kind: "feed-decisions",
    about: "the decision table of CISA BOD 26-04, CSV",
    looks_like: |head, _| {
        let text = first_lines(head);
        let first = text.lines().next().unwrap_or("");
        NAMES.iter().all(|name| first.contains(name)) && first.contains("Remediation")
    },
    read,
};

/// How the headings of the four questions begin.
const NAMES: [&str; 4] = ["In KEV", "Publicly Exposed", "Automatable", "Technical Impact"];

fn read(raw: &[u8], _name: &str, _hint: &Hint<'_>) -> Document {
    let text = match text::decode(raw) {
        Ok(text) => text,
        Err(why) => return Document::failed("decision-table", "feed-decisions", why),
    };
    let mut document = Document::new("decision-table", "feed-decisions");
    document.scope = Some("bod-26-04".into());
    let lines = cut::lines(&text, &mut document);
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(lines.as_bytes());
    let headings = reader.headers().cloned().unwrap_or_default();
    let place = |name: &str| {
        headings.iter().position(|h| h.trim().starts_with(name) || h.contains(name) && name == "Remediation")
    };
    let places: Option<Vec<usize>> = NAMES.iter().chain(&["Remediation"]).map(|name| place(name)).collect();
    let Some(places) = places else {
        return Document::failed("decision-table", "feed-decisions", "lacks one of its headings");
    };
    let mut asked = BTreeSet::new();
    for (number, record) in reader.records().enumerate() {
        let cells: Option<Vec<String>> =
            record.ok().and_then(|r| places.iter().map(|p| r.get(*p).map(text::name)).collect());
        let made = cells.as_deref().and_then(|cells| row(number, cells));
        match made {
            Some(row) if asked.insert(cells.map(|c| c[..4].to_vec())) => document.push(row),
            Some(_) => document.defect(format!("row {}: answers the same questions again", number + 2)),
            None => document.defect(format!("row {}: is no row of this table", number + 2)),
        }
    }
    if document.rows.len() != 16 {
        document.partial(format!("holds {} of 16 combinations", document.rows.len()));
    }
    document
}

fn row(number: usize, cells: &[String]) -> Option<Row> {
    let [exploited, exposed, automatable, impact, remedy] = cells else { return None };
    let days = match remedy.split_once(" days") {
        Some((days, _)) => Some(days.parse::<i64>().ok().filter(|n| (0..=3650).contains(n))?),
        None if remedy.contains("upgrade") => None,
        None => return None,
    };
    Some(
        Row::of("decision")
            .with("id", number.to_string())
            .with("exploited", text::truth(exploited)?)
            .with("exposed", text::truth(exposed)?)
            .with("automatable", text::truth(automatable)?)
            .with("impact", Some(impact.as_str()).filter(|i| matches!(*i, "partial" | "total"))?)
            .with("due_days", days)
            .with("forensic", remedy.contains("forensic")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use proptest::prelude::*;

    fn table() -> String {
        let mut text =
            "row,In KEV v1,Publicly Exposed v1,Automatable v2,Technical Impact v1,Remediation Timelines v1\n"
                .to_owned();
        for number in 0..16 {
            let word = |bit: u32| if number >> bit & 1 == 1 { "yes" } else { "no" };
            let impact = if number & 8 == 8 { "total" } else { "partial" };
            let remedy = ["fix on system upgrade", "14 days", "3 days & forensic investigation"][number % 3];
            text += &format!("{number},{},{},{},{impact},{remedy}\n", word(0), word(1), word(2));
        }
        text
    }

    fn take(text: &str) -> Document {
        read(text.as_bytes(), "t.csv", &Hint::default())
    }

    #[test]
    fn sixteen_rows_are_the_whole_table() {
        assert!((FORMAT.looks_like)(table().as_bytes(), ""));
        let document = take(&table());
        assert_eq!((document.status, document.rows.len()), (Status::Complete, 16));
        assert_eq!(document.rows[0].line(), r#"["decision","0",0,0,0,"partial",null,0]"#);
        assert_eq!(document.rows[2].line(), r#"["decision","2",0,1,0,"partial",3,1]"#);
        for at in 0..table().len() - 1 {
            assert_ne!(take(&table()[..at]).status, Status::Complete, "cut at {at}");
        }
        for (from, to) in [("14 days", "soon"), ("total", "all"), ("2,no,yes", "2,no,no")] {
            assert_eq!(take(&table().replacen(from, to, 1)).status.as_str(), "partial", "{to}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}") {
            let _ = (take(&text), take(&(table() + &text)));
        }
    }
}
