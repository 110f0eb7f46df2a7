//! TLS reports (RFC 8460): how many sessions to the mail servers of a domain were encrypted, and how many failed.

use crate::document::Document;
use crate::parse::cut;
use crate::row::Row;
use crate::text;
use serde_json::Value;

pub(super) fn looks_like(head: &[u8]) -> bool {
    let head = &head[..head.len().min(8192)];
    let has = |word: &[u8]| head.windows(word.len()).any(|w| w == word);
    let begins = head.trim_ascii_start().first() == Some(&b'{') || head.starts_with(b"\xef\xbb\xbf");
    begins && has(b"\"organization-name\"") && (has(b"\"date-range\"") || has(b"\"policies\""))
}

pub(super) fn read(raw: &[u8]) -> Document {
    let mut document = Document::new("mail-report", "mail-reports");
    let json = match text::decode(raw).and_then(|text| cut::json(&text)) {
        Ok(json) => json,
        Err(why) => return Document::failed("mail-report", "mail-reports", why),
    };
    let report = json.value;
    if let Some(why) = json.cut {
        document.partial(why);
    }
    let reporter = cut::text(&report, "organization-name");
    document.tool = reporter.map(str::to_owned);
    let range = report.get("date-range").cloned().unwrap_or_default();
    let (from, to) = (cut::instant(&range, "start-datetime"), cut::instant(&range, "end-datetime"));
    for (at, which) in [(from, "start-datetime"), (to, "end-datetime")] {
        match at {
            Some(at) => document.saw(at),
            None => document.defect(format!("`date-range/{which}` is no instant")),
        }
    }
    document.made = to;
    if !report.get("policies").is_some_and(Value::is_array) {
        document.defect("has no list of `policies`");
    }
    let mut domains = std::collections::BTreeSet::new();
    for (number, policy) in cut::list(&report, "policies").iter().enumerate() {
        match row(policy) {
            Ok((domain, row)) => {
                document.push(row.with("reporter", reporter).with("from_at", from).with("to_at", to));
                domains.insert(domain);
            }
            Err(why) => document.defect(format!("policy {}: {why}", number + 1)),
        }
    }
    let domains: Vec<String> = domains.into_iter().collect();
    document.scope = (!domains.is_empty())
        .then(|| format!("tls {} by {}", domains.join(" "), reporter.unwrap_or("nobody")));
    document
}

fn row(entry: &Value) -> Result<(String, Row), String> {
    let policy = entry.get("policy").ok_or("has no `policy`")?;
    let domain = cut::text(policy, "policy-domain").ok_or("has no `policy-domain`")?;
    let domain = text::name(domain).trim_end_matches('.').to_owned();
    let summary = entry.get("summary").ok_or("has no `summary`")?;
    let count = |member: &str| {
        let count = cut::number(summary, member).filter(|n| *n >= 0);
        count.ok_or_else(|| format!("`{member}` is no count"))
    };
    let (good, failed) = (count("total-successful-session-count")?, count("total-failure-session-count")?);
    let row = Row::of("mail_report")
        .with("domain", domain.as_str())
        .with("kind", "tls")
        .with("messages", good.saturating_add(failed))
        .with("failed", failed);
    Ok((domain, row))
}
