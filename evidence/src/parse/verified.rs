//! What our own verifiers say of a log: `bailiwick-verify --json` and `bailiwick-witness check --json`.

use super::{Format, Hint, cut};
use crate::document::Document;
use crate::row::Row;
use crate::text;
use serde_json::Value;

pub(super) const FORMAT: Format = Format {
    name: "bailiwick-verified",
    kind: "log-stores",
    about: "a log that was verified: `bailiwick-verify --json`, `bailiwick-witness check --json`",
    looks_like: |head, _| {
        let text = String::from_utf8_lossy(&head[..head.len().min(16 << 10)]);
        let names = |schema: &str| text.contains(&format!("\"{schema}\""));
        text.trim_start().starts_with('{') && text.contains("\"schema\"") && (names(VERIFY) || names(WITNESS))
    },
    read,
};

const VERIFY: &str = "bailiwick-verify/1";
const WITNESS: &str = "bailiwick-witness/1";

fn read(raw: &[u8], _name: &str, _hint: &Hint<'_>) -> Document {
    let json = match text::decode(raw).and_then(|text| cut::json(&text)) {
        Ok(json) => json,
        Err(why) => return Document::failed("bailiwick-verified", "log-stores", why),
    };
    let mut document = Document::new("bailiwick-verified", "log-stores");
    if let Some(why) = json.cut {
        // Findings stand at the end: half a report could look better than the whole.
        document.partial(why);
        return document;
    }
    match row(&json.value) {
        Ok(row) => {
            let program = row.cell("verified_by").cloned();
            let origin = cut::text(&json.value, "origin").unwrap_or_default();
            if let Some(crate::row::Cell::Text(program)) = program {
                // What a witness saw stands beside what the verifier saw and does not take its place.
                document.scope = Some(format!("{origin} by {program}"));
                document.tool = Some(program);
            }
            document.push(row);
            document
        }
        Err(why) => Document::failed("bailiwick-verified", "log-stores", why),
    }
}

fn row(report: &Value) -> Result<Row, String> {
    let program = match cut::text(report, "schema") {
        Some(VERIFY) => "bailiwick-verify",
        Some(WITNESS) => "bailiwick-witness",
        other => return Err(format!("its schema is {other:?}, which is not known here")),
    };
    let origin = cut::text(report, "origin").ok_or("names no log")?;
    let ok = report.get("ok").and_then(Value::as_bool).ok_or("does not say whether it holds")?;
    let left_out = cut::number(report, "findings_left_out").unwrap_or(0);
    if ok && (!cut::list(report, "findings").is_empty() || left_out > 0) {
        return Err("says that all holds and lists findings".into());
    }
    let checkpoint = report.get("checkpoint").filter(|c| c.is_object());
    // The proof of one record says nothing about the chain, and neither does a report without a signed state.
    let whole = cut::text(report, "kind") != Some("proof") && checkpoint.is_some();
    Ok(Row::of("log_store")
        .with("store", text::name(origin))
        .with("chain_ok", if ok && !whole { None } else { Some(ok) })
        .with("records", checkpoint.and_then(|c| cut::number(c, "size")))
        .with("root", checkpoint.and_then(|c| cut::text(c, "root")))
        .with("verified_by", program)
        .with("retention_days", cut::number(report, "retention_days")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use proptest::prelude::*;

    const REPORT: &str = r#"{"schema": "bailiwick-verify/1", "kind": "bundle", "ok": true, "records": 7, "retention_days": 400, "origin": "msp.example/clinic/records",
 "checkpoint": {"origin": "msp.example/clinic/records", "size": 9, "root": "q83v"}, "findings": [], "findings_left_out": 0}
"#;

    fn take(text: &str) -> Document {
        read(text.as_bytes(), "x.json", &Hint::default())
    }

    fn chain(text: &str) -> String {
        let document = take(text);
        document
            .rows
            .first()
            .map_or_else(|| document.status.as_str().into(), |row| format!("{:?}", row.cell("chain_ok")))
    }

    #[test]
    fn a_report_becomes_a_row() {
        assert!((FORMAT.looks_like)(REPORT.as_bytes(), ""));
        let document = take(REPORT);
        assert_eq!((document.status, document.tool.as_deref()), (Status::Complete, Some("bailiwick-verify")));
        assert_eq!(
            document.rows[0].line(),
            r#"["log_store","msp.example/clinic/records",null,null,null,1,9,"q83v","bailiwick-verify",null,400,null,null,null]"#
        );
        let seen = take(&REPORT.replace("verify/1", "witness/1"));
        assert_eq!(seen.tool.as_deref(), Some("bailiwick-witness"));
        assert_ne!(seen.scope, document.scope, "a witness's report takes no verifier's place");
    }

    #[test]
    fn less_than_the_whole_is_never_an_unbroken_chain() {
        assert_eq!(chain(&REPORT.replace("true", "false")), "Some(Number(0))");
        assert_eq!(chain(&REPORT.replace("bundle", "proof")), "Some(Null)");
        assert_eq!(chain(&REPORT.replace("\"checkpoint\": {", "\"x\": {")), "Some(Null)");
        assert_eq!(chain(&REPORT.replace("[]", "[{\"threat\": \"A1\"}]")), "failed");
        assert_eq!(chain(&REPORT.replace("/1\"", "/2\"")), "failed");
        assert_eq!(chain(&REPORT.replace("\"ok\": true,", "")), "failed");
        for at in 0..REPORT.trim_end().len() {
            let cut = take(&REPORT[..at]);
            assert!(cut.status != Status::Complete && cut.rows.is_empty(), "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..300) {
            let mut bent = REPORT.to_owned();
            bent.insert_str(place.min(bent.len()), &text);
            let _ = (take(&text), take(&bent));
        }
    }
}
