//! Decision points of vulnerabilities (SSVC): CVE records with CISA's container (Vulnrichment), and the NVD's answers.

use super::{cve, first_lines};
use crate::document::Document;
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use crate::text;
use serde_json::Value;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "ssvc",
    kind: "feed-ssvc",
    about: "decision points (SSVC) in CVE records of Vulnrichment, or in answers of the NVD: one record, a list, or a line each",
    looks_like: |head, _| {
        let text = first_lines(head);
        let json = text.trim_start().starts_with(['{', '[']);
        json && ((text.contains("\"CVE_RECORD\"") && text.contains("\"cveMetadata\""))
            || text.contains("\"NVD_CVE\""))
    },
    read,
};

fn read(raw: &[u8], _name: &str, _hint: &Hint<'_>) -> Document {
    let text = match text::decode(raw) {
        Ok(text) => text,
        Err(why) => return Document::failed("ssvc", "feed-ssvc", why),
    };
    let mut document = Document::new("ssvc", "feed-ssvc");
    let mut entries = vec![];
    // A record a line: the second line begins as the first does.
    if text.lines().filter(|line| line.starts_with('{') && line.ends_with('}')).nth(1).is_some() {
        for (number, line) in cut::lines(&text, &mut document).lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(entry) => entries.push(entry),
                Err(_) => document.defect(format!("line {}: not JSON", number + 1)),
            }
        }
    } else {
        match cut::json(&text) {
            Ok(json) => {
                json.cut.into_iter().for_each(|why| document.partial(why));
                match json.value {
                    Value::Array(all) => entries = all,
                    Value::Object(mut one) => match one.remove("vulnerabilities") {
                        Some(Value::Array(all)) => {
                            counted(&one, all.len(), &mut document);
                            entries = all;
                        }
                        _ => entries.push(Value::Object(one)),
                    },
                    _ => document.partial("holds no record"),
                }
            }
            Err(why) => return Document::failed("ssvc", "feed-ssvc", why),
        }
    }
    for (number, entry) in entries.iter().enumerate() {
        if let Err(why) = record(entry, &mut document) {
            document.defect(format!("record {}: {why}", number + 1));
        }
    }
    let only =
        (entries.len() == 1).then(|| document.rows.first().and_then(|r| r.cell("cve").cloned())).flatten();
    document.scope = Some(match only {
        Some(crate::row::Cell::Text(id)) => format!("ssvc {id}"),
        _ => "ssvc".into(),
    });
    document
}

/// An answer of the NVD is one page of several: only all of them are everything.
fn counted(answer: &serde_json::Map<String, Value>, here: usize, document: &mut Document) {
    let total = answer.get("totalResults").and_then(Value::as_u64);
    if total.is_some_and(|total| total > here as u64) {
        document.partial(format!("one page of {here} out of {} results", total.unwrap_or(0)));
    }
}

fn record(entry: &Value, document: &mut Document) -> Result<(), String> {
    let held = entry.get("cve").unwrap_or(entry);
    let id = held.get("cveMetadata").and_then(|m| cut::text(m, "cveId")).or_else(|| cut::text(held, "id"));
    let id = id.and_then(cve).ok_or("names no CVE")?;
    let mut points = Points::default();
    points.find(held);
    if points.automatable.is_some() || points.impact.is_some() {
        document.push(
            Row::of("feed_ssvc")
                .with("cve", id.as_str())
                .with("automatable", points.automatable)
                .with("impact", points.impact),
        );
    }
    if let Some(added) = points.exploited {
        document.push(Row::of("feed_kev").with("cve", id).with("added_at", text::instant(&added)));
    }
    Ok(())
}

/// Decision points, wherever in a record they stand and however their names are spelled.
#[derive(Default)]
struct Points {
    automatable: Option<bool>,
    impact: Option<String>,
    exploited: Option<String>,
}

impl Points {
    fn find(&mut self, value: &Value) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.find(one)),
            Value::Object(members) => {
                if members.get("type").and_then(Value::as_str) == Some("kev") {
                    let content = members.get("content").unwrap_or(&Value::Null);
                    self.exploited = cut::text(content, "dateAdded").map(str::to_owned);
                }
                cut::list(value, "options").iter().filter_map(Value::as_object).for_each(|o| self.options(o));
                members.values().filter(|v| v.is_object() || v.is_array()).for_each(|v| self.find(v));
            }
            _ => {}
        }
    }

    fn options(&mut self, option: &serde_json::Map<String, Value>) {
        for (name, value) in option {
            let name: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
            let value = value.as_str().map(text::name).unwrap_or_default();
            match name.as_str() {
                "automatable" => self.automatable = text::truth(&value).or(self.automatable),
                "technicalimpact" if matches!(value.as_str(), "partial" | "total") => {
                    self.impact = Some(value)
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use proptest::prelude::*;

    const CVE: &str = r#"{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-1001"},"containers":{"adp":[{"title":"x","metrics":[
{"other":{"type":"ssvc","content":{"id":"CVE-2026-1001","options":[{"Exploitation":"active"},{"Automatable":"yes"},{"Technical Impact":"total"}]}}},
{"other":{"type":"kev","content":{"dateAdded":"2026-11-01"}}}]}]}}
"#;
    const NVD: &str = r#"{"resultsPerPage":1,"totalResults":1,"format":"NVD_CVE","vulnerabilities":[{"cve":{"id":"CVE-2026-1002","metrics":{"ssvcV203":[{"ssvcData":{"options":[{"automatable":"no"},{"technicalImpact":"partial"}]}}]}}}]}
"#;

    fn take(text: &str) -> Document {
        read(text.as_bytes(), "x.json", &Hint::default())
    }

    #[test]
    fn decision_points_are_found_in_both_spellings() {
        let (cve, nvd) = (take(CVE), take(NVD));
        assert!((FORMAT.looks_like)(CVE.as_bytes(), "") && (FORMAT.looks_like)(NVD.as_bytes(), ""));
        assert_eq!(cve.rows[0].line(), r#"["feed_ssvc","CVE-2026-1001",1,"total"]"#);
        assert_eq!(cve.rows[1].line(), r#"["feed_kev","CVE-2026-1001",null,null,null,1793491200,null]"#);
        assert_eq!(nvd.rows[0].line(), r#"["feed_ssvc","CVE-2026-1002",0,"partial"]"#);
        assert_eq!((cve.status, cve.scope.as_deref()), (Status::Complete, Some("ssvc CVE-2026-1001")));
        let line = CVE.replace('\n', "");
        assert_eq!(take(&format!("{line}\n{line}\n")).rows.len(), 4);
        assert_eq!(take(&NVD.replace("\"totalResults\":1", "\"totalResults\":9")).status.as_str(), "partial");
        assert_eq!(
            take(&CVE.replace("\"cveId\":\"CVE-2026-1001\"", "\"cveId\":1")).status.as_str(),
            "partial"
        );
    }

    #[test]
    fn what_is_cut_is_never_complete() {
        for whole in [CVE, NVD] {
            let rows = take(whole).rows;
            for at in 0..whole.trim_end().len() {
                let document = take(&whole[..at]);
                assert_ne!(document.status, Status::Complete, "cut at {at}");
                assert!(rows.starts_with(&document.rows), "cut at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..400) {
            let mut bent = CVE.to_owned();
            bent.insert_str(place.min(bent.len()), &text);
            let _ = (take(&text), take(&bent));
        }
    }
}
