//! Reports of receivers about a mail domain: DMARC aggregate (RFC 7489, RFC 9990) and TLS (RFC 8460), plain, packed, mailed.

mod dmarc;
mod mime;
#[cfg(test)]
mod tests;
mod tls;

use super::unpack::{is_packed, peek, unpack};
use super::{Format, Hint};
use crate::document::{Document, Status};
use std::collections::BTreeSet;

pub(super) const FORMAT: Format = Format {
    name: "mail-report",
    kind: "mail-reports",
    about: "DMARC aggregate and TLS reports of receivers: XML or JSON, gzip, zip, a mail or a mailbox of them",
    looks_like: |head, name| {
        let report = |bytes: &[u8]| dmarc::looks_like(bytes) || tls::looks_like(bytes);
        let packed = is_packed(head) && (report(&peek(head)) || name.to_ascii_lowercase().contains(".xml."));
        packed || report(head) || mime::looks_like(head)
    },
    read,
};

/// How deep a packed report may stand in mails and packed files.
const DEPTH_LIMIT: usize = 4;

fn read(raw: &[u8], name: &str, _hint: &Hint<'_>) -> Document {
    let mut found = vec![];
    for mail in mime::mails(raw) {
        gather(mail, name, 0, &mut found);
    }
    joined(found)
}

/// Finds every report in bytes that are a report, a mail, or something packed.
fn gather(raw: &[u8], name: &str, depth: usize, found: &mut Vec<Document>) {
    if depth == DEPTH_LIMIT {
        return found.push(failed(format!("`{name}` is packed more than {DEPTH_LIMIT} times")));
    }
    if is_packed(raw) {
        let pieces = match unpack(raw, name) {
            Ok(pieces) => pieces,
            Err(why) => return found.push(failed(why)),
        };
        for piece in pieces {
            let before = found.len();
            gather(&piece.bytes, &piece.name, depth + 1, found);
            if let Some(why) = piece.cut {
                found[before..].iter_mut().for_each(|document| document.defect(why.clone()));
            }
        }
    } else if dmarc::looks_like(raw) {
        found.push(dmarc::read(raw));
    } else if tls::looks_like(raw) {
        found.push(tls::read(raw));
    } else if mime::looks_like(raw) {
        mailed(raw, depth, found);
    } else {
        found.push(failed(format!("`{name}` is no report that is known here")));
    }
}

fn mailed(raw: &[u8], depth: usize, found: &mut Vec<Document>) {
    let mail = mime::mail(raw);
    let before = found.len();
    for part in &mail.parts {
        let is_report = dmarc::looks_like(&part.bytes) || tls::looks_like(&part.bytes);
        if is_report || is_packed(&part.bytes) {
            gather(&part.bytes, "a part of the mail", depth + 1, found);
        }
    }
    if found.len() == before {
        found.push(failed(if is_failure_report(&mail) {
            "a failure report about one message, not an aggregate report: it counts nothing".into()
        } else {
            mail.cut.clone().unwrap_or_else(|| "a mail without a report in it".into())
        }));
    }
    if let Some(why) = mail.cut {
        found[before..].iter_mut().for_each(|document| document.defect(why.clone()));
    }
}

/// RFC 6591, also in the forms that say it only in words.
fn is_failure_report(mail: &mime::Mail) -> bool {
    let (kind, subject) = (mail.content_type.to_ascii_lowercase(), mail.subject.to_ascii_lowercase());
    kind.contains("feedback-report")
        || mail.parts.iter().any(|part| part.media == "message/feedback-report")
        || subject.contains("dmarc forensic report")
        || subject.contains("dmarc failure report")
}

fn failed(why: String) -> Document {
    Document::failed("mail-report", "mail-reports", why)
}

/// One document out of several reports. One that could not be read makes the whole partial.
fn joined(mut found: Vec<Document>) -> Document {
    if found.len() == 1 {
        return found.remove(0);
    }
    let usable = found.iter().any(|d| !matches!(d.status, Status::Failed { .. }));
    if !usable {
        let whys: BTreeSet<&str> = found.iter().filter_map(|d| d.status.why()).take(5).collect();
        return failed(if whys.is_empty() {
            "no report in it".into()
        } else {
            whys.into_iter().collect::<Vec<_>>().join("; ")
        });
    }
    let mut whole = Document::new("mail-report", "mail-reports");
    let (mut tools, mut scopes) = (BTreeSet::new(), BTreeSet::new());
    for (number, report) in found.into_iter().enumerate() {
        if let Some(why) = report.status.why() {
            whole.partial(format!("report {}: {why}", number + 1));
        }
        report.defects.into_iter().for_each(|d| whole.remark(format!("report {}: {d}", number + 1)));
        report.rows.into_iter().for_each(|row| whole.push(row));
        for at in report.covers.into_iter().flat_map(|(from, to)| [from, to]) {
            whole.saw(at);
        }
        whole.made = whole.made.max(report.made);
        tools.extend(report.tool);
        scopes.extend(report.scope);
    }
    whole.tool = Some(tools.into_iter().collect::<Vec<_>>().join(", ")).filter(|t| !t.is_empty());
    whole.scope = Some(scopes.into_iter().collect::<Vec<_>>().join(", ")).filter(|s| !s.is_empty());
    whole
}
