//! The catalogue of exploited vulnerabilities (CISA KEV), as JSON and as CSV.

use super::{cve, first_lines};
use crate::document::Document;
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use crate::text;
use serde_json::Value;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "kev",
    kind: "feed-kev",
    about: "CISA's catalogue of known exploited vulnerabilities, JSON or CSV",
    looks_like: |head, _| {
        let text = first_lines(head);
        let json = text.starts_with('{') && text.contains("\"catalogVersion\"");
        json || text.lines().next().is_some_and(|l| l.contains("cveID") && l.contains("dateAdded"))
    },
    read,
};

fn read(raw: &[u8], _name: &str, _hint: &Hint<'_>) -> Document {
    let text = match text::decode(raw) {
        Ok(text) => text,
        Err(why) => return Document::failed("kev", "feed-kev", why),
    };
    let mut document = if text.trim_start().starts_with('{') { json(&text) } else { csv(&text) };
    document.tool = Some("CISA KEV".into());
    document.scope = Some("cisa-kev".into());
    document
}

fn json(text: &str) -> Document {
    let json = match cut::json(text) {
        Ok(json) => json,
        Err(why) => return Document::failed("kev", "feed-kev", why),
    };
    let mut document = Document::new("kev", "feed-kev");
    if let Some(why) = json.cut {
        document.partial(why);
    }
    let Some(entries) = json.value.get("vulnerabilities").and_then(Value::as_array) else {
        return Document::failed("kev", "feed-kev", "holds no list `vulnerabilities`");
    };
    document.tool_version = cut::text(&json.value, "catalogVersion").map(str::to_owned);
    document.made = cut::instant(&json.value, "dateReleased");
    match cut::number(&json.value, "count") {
        Some(count) if usize::try_from(count) == Ok(entries.len()) => {}
        count => document.partial(format!("holds {} entries, its count says {count:?}", entries.len())),
    }
    for (number, entry) in entries.iter().enumerate() {
        let field = |name: &str| cut::text(entry, name).map(str::to_owned);
        push(&field, &format!("entry {}", number + 1), &mut document);
    }
    document
}

fn csv(text: &str) -> Document {
    let mut document = Document::new("kev", "feed-kev");
    let lines = cut::lines(text, &mut document);
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(lines.as_bytes());
    let headings = reader.headers().cloned().unwrap_or_default();
    for (number, record) in reader.records().enumerate() {
        let place = format!("row {}", number + 2);
        let record = record.ok().filter(|r| r.len() == headings.len());
        let Some(record) = record else {
            document.defect(format!("{place}: not as many cells as headings"));
            continue;
        };
        let field = |name: &str| {
            let place = headings.iter().position(|h| h.trim_start_matches('\u{feff}') == name)?;
            record.get(place).map(str::to_owned)
        };
        push(&field, &place, &mut document);
    }
    document
}

fn push(field: &dyn Fn(&str) -> Option<String>, place: &str, document: &mut Document) {
    let Some(id) = field("cveID").and_then(|id| cve(&id)) else {
        return document.defect(format!("{place}: `cveID` is no CVE id"));
    };
    let Some(added) = field("dateAdded").and_then(|d| text::instant(&d)) else {
        return document.defect(format!("{place}: `dateAdded` is no date"));
    };
    let ransomware = field("knownRansomwareCampaignUse").and_then(|word| match text::name(&word).as_str() {
        "known" => Some(true),
        "unknown" => Some(false),
        _ => None,
    });
    document.saw(added);
    document.push(
        Row::of("feed_kev")
            .with("cve", id)
            .with("vendor", field("vendorProject"))
            .with("product", field("product"))
            .with("ransomware", ransomware)
            .with("added_at", added)
            .with("due_at", field("dueDate").and_then(|d| text::instant(&d))),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use proptest::prelude::*;

    const JSON: &str = r#"{"title":"K","catalogVersion":"2026.11.20","dateReleased":"2026-11-20T10:00:00.1Z","count":2,"vulnerabilities":[
{"cveID":"CVE-2026-1001","vendorProject":"Acme","product":"Gate","dateAdded":"2026-11-01","dueDate":"2026-11-22","knownRansomwareCampaignUse":"Known"},
{"cveID":"CVE-2026-1002","vendorProject":"Acme","product":"Door","dateAdded":"2026-11-02","dueDate":"2026-11-23","knownRansomwareCampaignUse":"Unknown"}]}
"#;
    const CSV: &str = "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\n\
        CVE-2026-1001,Acme,Gate,n,2026-11-01,\"a, b\",x,2026-11-22,Known,,\nCVE-2026-1002,Acme,Door,n,2026-11-02,y,x,2026-11-23,Unknown,,\n";

    fn take(text: &str) -> Document {
        read(text.as_bytes(), "kev", &Hint::default())
    }

    #[test]
    fn both_forms_give_the_same_rows() {
        let (json, csv) = (take(JSON), take(CSV));
        assert!((FORMAT.looks_like)(JSON.as_bytes(), "") && (FORMAT.looks_like)(CSV.as_bytes(), ""));
        assert_eq!((&json.status, &csv.status), (&Status::Complete, &Status::Complete));
        assert_eq!(json.rows, csv.rows);
        assert_eq!(
            json.rows[0].line(),
            r#"["feed_kev","CVE-2026-1001","Acme","Gate",1,1793491200,1795305600]"#
        );
    }

    #[test]
    fn what_is_cut_or_miscounted_is_partial() {
        let rows = take(JSON).rows;
        for (whole, by_line) in [(JSON, false), (CSV, true)] {
            for at in 0..whole.trim_end().len() {
                let document = take(&whole[..at]);
                let on_a_line = by_line && at > 0 && whole.as_bytes()[at - 1] == b'\n';
                assert!(on_a_line || at == 0 || document.status != Status::Complete, "cut at {at}");
                assert!(rows.starts_with(&document.rows), "cut at {at}");
            }
        }
        for (from, to) in [("\"count\":2", "\"count\":3"), ("CVE-2026-1002", "CVE-x"), ("2026-11-01", "soon")]
        {
            assert_eq!(take(&JSON.replace(from, to)).status.as_str(), "partial", "{to}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..600) {
            for sample in [JSON, CSV, ""] {
                let mut bent = sample.to_owned();
                bent.insert_str(place.min(bent.len()), &text);
                let _ = take(&bent);
            }
        }
    }
}
