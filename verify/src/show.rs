//! The answer as text: first the answer itself, then what was checked, then what is wrong.

use assess::audit::Reading;
use std::fmt::Write;
use std::path::Path;
use verify::{Assessed, Finding, KeyTrust, Report, clean};

/// The whole answer for one bundle.
pub(crate) fn text(path: &Path, report: &Report, colour: bool) -> String {
    let mut out = String::new();
    let (paint, plain) = match (colour, report.ok()) {
        (false, _) => ("", ""),
        (true, true) => ("\u{1b}[1;32m", "\u{1b}[0m"),
        (true, false) => ("\u{1b}[1;31m", "\u{1b}[0m"),
    };
    let _ = writeln!(out, "{paint}{}{plain}", answer(report));
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "  {name:<14}{value}");
    };
    row("bundle", &clean(&path.to_string_lossy()));
    row("log", report.origin.as_deref().unwrap_or("unknown"));
    row("records", &report.records.to_string());
    if let Some((first, last)) = report.received {
        row("received", &format!("{first} to {last}"));
    }
    if report.kind == "bundle" {
        of_log(report, &mut row);
    }
    if let Some(assessed) = &report.assessment {
        of_answers(assessed, &mut row);
    }
    if let Some(record) = &report.shown {
        row("record", &format!("{}, {}, {}", record.seq, record.kind, clean(&record.source.to_string())));
        row("happened", &record.happened.to_string());
        for line in String::from_utf8_lossy(&record.raw).lines().take(40) {
            row("", &clean(line));
        }
        if !report.day_checked {
            row("day's key", "not checked: there is no file `days` beside the proof (--days FILE)");
        }
    }
    if let Some(certainty) = report.certainty {
        row(
            "certainty",
            &format!(
                "if one record in a hundred were gone, this had been noticed with {:.1} %",
                certainty * 100.0
            ),
        );
    }
    match &report.checkpoint {
        Some(checkpoint) => row("signed state", &format!("{} records, {}", checkpoint.size, checkpoint.root)),
        None => row("signed state", "none that could be believed"),
    }
    match &report.key {
        KeyTrust::Pinned => row("key", "the one you gave"),
        KeyTrust::Believed { .. } => {
            row("key", "the bundle's own, believed. Compare its fingerprint with the one that your provider");
            row(
                "",
                "gave you on paper or by telephone: only if they are the same is this answer worth anything.",
            );
        }
        KeyTrust::Missing => row("key", "none: no signature could be checked"),
    }
    if let Some(vkey) = &report.vkey {
        row("fingerprint", &vkey.fingerprint());
    }
    for (at, finding) in report.findings.iter().enumerate() {
        let _ = write!(out, "\n{}. {}\n   {}\n", at + 1, title(finding), finding.message);
    }
    if report.left_out > 0 {
        let _ = writeln!(out, "\nAnd {} more findings, which are not listed.", report.left_out);
    }
    out
}

/// What the log says of itself.
fn of_log(report: &Report, row: &mut impl FnMut(&str, &str)) {
    if report.first > 0 {
        row(
            "not here",
            &format!("records 0 to {}, which came in an earlier bundle or were ended", report.first - 1),
        );
    }
    for ended in &report.ended {
        row(
            "ended",
            &format!(
                "records {} to {}, kept long enough, as the log says",
                ended.first,
                ended.first + ended.count - 1
            ),
        );
    }
    if let Some(days) = report.retention_days {
        row("kept for", &format!("{days} days at least"));
    }
    if report.day_keys > 0 {
        let hours = report.longest_key_seconds / 3_600;
        let long = if hours > 26 {
            format!(", the longest for {hours} hours: nothing ran in between")
        } else {
            String::new()
        };
        row("keys of days", &format!("{}{long}", report.day_keys));
    }
    if let Some(silence) = &report.longest_silence {
        let (many, hours) = (report.silences, silence.seconds() / 3_600);
        row(
            "silence",
            &format!("{many} times, the longest {hours} hours, from {} to {}", silence.from, silence.to),
        );
    }
    if report.heads > 0 {
        row("other heads", &report.heads.to_string());
    }
}

/// What was computed again, and from what.
fn of_answers(assessed: &Assessed, row: &mut impl FnMut(&str, &str)) {
    if let Some(why) = &assessed.why_not {
        row("answers", &format!("there is an assessment, and it was NOT computed again: {why}"));
    }
    let Some(replayed) = &assessed.replayed else { return };
    if let Some(kept) = assessed.kept() {
        let audit = &kept.audit;
        row("assessment", &format!("record {}, under {} on {}", kept.seq, clean(&audit.profile), audit.now));
        if let Ok(count) = replayed.computed {
            let same = match replayed.differences.len() as u64 + replayed.more {
                0 => "every one of them byte for byte as it was sealed".to_owned(),
                many => format!("{many} places differ from what was sealed"),
            };
            row("answers", &format!("{count} computed again from the sealed evidence: {same}"));
        }
        let words: Vec<String> =
            assessed.words().iter().map(|(word, many)| format!("{many} {word}")).collect();
        row("", &words.join(", "));
        let names = |list: &[String]| {
            let shown: Vec<String> = list.iter().take(10).map(|name| clean(name)).collect();
            format!("{}{}", shown.join(" "), if list.len() > 10 { " …" } else { "" })
        };
        let (other, absent) = (&replayed.other_checks, &replayed.absent_checks);
        let mut checks = format!("{} asked", audit.checks.len());
        if other.is_empty() && absent.is_empty() {
            checks.push_str(", all with the text that comes with this program, and none of those left out");
        }
        row("checks", &checks);
        if !other.is_empty() {
            row(
                "",
                &format!("{} have another text than ours, or are not ours: {}", other.len(), names(other)),
            );
        }
        if !absent.is_empty() {
            row("", &format!("{} of ours were left out: {}", absent.len(), names(absent)));
        }
        if !audit.feeds.is_empty() {
            let feed = |f: &evidence::records::Exhibit| {
                format!(
                    "{} {}",
                    clean(&f.envelope.kind),
                    clean(f.envelope.sha256.get(..16).unwrap_or_default())
                )
            };
            let feeds: Vec<String> = audit.feeds.iter().map(feed).collect();
            row("public lists", &format!("taken as they were sealed: {}", feeds.join(", ")));
        }
    }
    let other = replayed.documents.iter().filter(|d| matches!(d.reading, Reading::OtherParsers(_))).count();
    let read = replayed.documents.len() - other;
    row("documents", &format!("{read} read again from their bytes"));
    if other > 0 {
        row(
            "",
            &format!(
                "{other} were read by parsers of another version: their rows were taken as they were sealed"
            ),
        );
    }
    if replayed.later > 0 {
        row("", &format!("{} were sealed after the assessment and count for nothing in it", replayed.later));
    }
    if replayed.odd > 0 {
        row(
            "",
            &format!(
                "{} records of evidence are no documents of this version; nothing stands on them",
                replayed.odd
            ),
        );
    }
    if replayed.older > 0 {
        row("older ones", &format!("{} assessments before it were not computed again", replayed.older));
    }
}

fn answer(report: &Report) -> String {
    let whose =
        report.findings.iter().find_map(|f| f.customer.clone()).or_else(|| {
            report.origin.as_deref().and_then(|origin| origin.split('/').nth(1)).map(str::to_owned)
        });
    let of = whose.map_or(String::new(), |customer| format!(" of {customer}"));
    if report.ok() {
        let under = match report.key {
            KeyTrust::Pinned => "",
            _ => ", if the key below is the right one",
        };
        if report.kind == "audit" {
            return format!(
                "VERIFIED{under}: every record{of} that was drawn is there and is exactly what was sealed ({}).",
                report.records
            );
        }
        if report.first > 0 && report.kind == "bundle" {
            return format!(
                "VERIFIED{under}: the {} records{of} from record {} on are exactly what was sealed.",
                report.records, report.first
            );
        }
        return match report.records {
            0 => format!("VERIFIED{under}: the log{of} is empty, and that is what was signed."),
            1 => format!("VERIFIED{under}: the one record{of} is exactly what was sealed."),
            many => {
                format!("VERIFIED{under}: all {many} records{of} are there and are exactly what was sealed.")
            }
        };
    }
    match report.findings.len() as u64 + report.left_out {
        1 => format!("NOT VERIFIED: one thing is wrong with this bundle{of}."),
        many => format!("NOT VERIFIED: {many} things are wrong with this bundle{of}."),
    }
}

fn title(finding: &Finding) -> String {
    let kind = match finding.threat {
        "A1" => "changed",
        "A2" => "rewritten with later keys",
        "A5" => "kept too short",
        "A10" => "unexplained silence",
        "A3" => "missing",
        "A4" => "another log, key or history",
        _ => "wrong",
    };
    let mut title = format!("{kind} ({})", finding.threat);
    if let Some(path) = &finding.path {
        let _ = write!(title, ", {path}");
    }
    match (finding.from, finding.to) {
        (Some(from), Some(to)) if from == to => {
            let _ = write!(title, ", record {from}");
        }
        (Some(from), Some(to)) => {
            let _ = write!(title, ", records {from} to {to}");
        }
        _ => {}
    }
    title
}
