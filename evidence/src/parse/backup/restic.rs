//! restic: `snapshots --json`, `backup --json`, `check`, `restore`, as JSON or in words.

use super::stem;
use crate::document::Document;
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use crate::text;
use serde_json::Value;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "restic",
    kind: "backup-jobs",
    about: "restic: `snapshots --json`, `backup --json`, `check`, `restore`",
    looks_like: |head, _| {
        let text = String::from_utf8_lossy(&head[..head.len().min(16 << 10)]);
        let begins = text.trim_start();
        let snapshots = begins.starts_with('[') && text.contains("\"short_id\"") && text.contains("\"tree\"");
        let lines = begins.starts_with('{') && text.contains("\"message_type\"");
        let words = |w: &str| text.lines().any(|line| line.starts_with(w));
        let check = words("check all packs") || words("check snapshots, trees and blobs");
        snapshots || lines || check || words("restoring <Snapshot ") || words("restoring snapshot ")
    },
    read,
};

fn read(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document {
    let text = match text::decode(raw) {
        Ok(text) => text,
        Err(why) => return Document::failed("restic", "backup-jobs", why),
    };
    let begins = text.trim_start();
    let mut document =
        if begins.starts_with('[') && begins.contains("\"short_id\"") || begins.starts_with("[]") {
            snapshots(&text, name)
        } else if begins.starts_with('{') {
            messages(&text, name, hint)
        } else if begins.contains("restoring ") {
            restore_words(&text, name)
        } else {
            check_words(&text, name)
        };
    document.tool = Some("restic".into());
    document.scope = Some(stem(name)).filter(|s| !s.is_empty());
    document
}

fn snapshots(text: &str, name: &str) -> Document {
    let json = match cut::json(text) {
        Ok(json) => json,
        Err(why) => return Document::failed("restic", "backup-jobs", why),
    };
    let mut document = Document::new("restic", "backup-jobs");
    if let Some(why) = json.cut {
        document.partial(why);
    }
    let repository = stem(name);
    for (number, entry) in json.value.as_array().into_iter().flatten().enumerate() {
        match snapshot(entry, &mut document) {
            Ok(row) => document.push(row.with("repository", repository.as_str())),
            Err(why) => document.defect(format!("snapshot {}: {why}", number + 1)),
        }
    }
    document
}

fn snapshot(entry: &Value, document: &mut Document) -> Result<Row, String> {
    let system = cut::text(entry, "hostname").filter(|h| !h.is_empty()).ok_or("has no `hostname`")?;
    let id = cut::text(entry, "id").ok_or("has no `id`")?;
    let summary = entry.get("summary").unwrap_or(&Value::Null);
    let at = cut::instant(summary, "backup_end")
        .or_else(|| cut::instant(entry, "time"))
        .ok_or("`time` is no instant")?;
    document.saw(at);
    let tool = cut::text(entry, "program_version").map(|v| v.trim_start_matches("restic ").to_owned());
    document.tool_version = tool.or(document.tool_version.take());
    let tag = cut::list(entry, "tags").iter().filter_map(Value::as_str).map(str::to_lowercase);
    let kind = tag.into_iter().find(|t| matches!(t.as_str(), "data" | "configuration" | "image"));
    Ok(Row::of("backup_job")
        .with("system", text::name(system))
        .with("tool", "restic")
        .with("kind", kind)
        .with("snapshot", id)
        .with("bytes", cut::number(summary, "total_bytes_processed"))
        // restic writes a snapshot when a run has reached its end, never before.
        .with("succeeded", true)
        .with("finished_at", at))
}

/// What the lines of `--json` say.
#[derive(Default)]
struct Said {
    summary: Option<Value>,
    errors: i64,
    exit: Option<String>,
}

fn messages(text: &str, name: &str, hint: &Hint<'_>) -> Document {
    let mut document = Document::new("restic", hint.kind.unwrap_or("backup-jobs"));
    let mut said = Said::default();
    for (number, line) in
        cut::lines(text, &mut document).lines().enumerate().filter(|(_, l)| !l.trim().is_empty())
    {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            // Words of the tool for people stand between the messages.
            if line.starts_with('{') {
                document.defect(format!("line {}: not JSON", number + 1));
            } else if line.starts_with("Fatal:") {
                said.exit = Some(line.to_owned());
            }
            continue;
        };
        match cut::text(&message, "message_type") {
            Some("summary") => said.summary = Some(message),
            Some("error") => said.errors += 1,
            Some("exit_error") => said.exit = cut::text(&message, "message").map(str::to_owned),
            Some(_) => {}
            None => document.defect(format!("line {}: has no `message_type`", number + 1)),
        }
    }
    let Some(summary) = said.summary.take() else {
        let why = said.exit.unwrap_or_else(|| "has no summary: the run did not end".into());
        return Document::failed("restic", hint.kind.unwrap_or("backup-jobs"), why);
    };
    let has = |member: &str| summary.get(member).is_some();
    let (kind, row) = if has("num_errors") {
        ("backup-checks", Ok(checked(&summary, name)))
    } else if has("snapshot_id") || has("data_blobs") {
        ("backup-jobs", backed_up(&summary, name, &said))
    } else if has("files_restored") || has("total_bytes") {
        ("restore-tests", restored(&summary, name, &said))
    } else {
        ("backup-jobs", Err("a summary of a kind that is not known here".into()))
    };
    document.kind = kind.into();
    match row {
        Ok(row) => document.push(row),
        Err(why) => document.defect(why),
    }
    document
}

fn checked(summary: &Value, name: &str) -> Row {
    let errors = cut::number(summary, "num_errors");
    let broken = cut::list(summary, "broken_packs").len();
    Row::of("backup_store")
        .with("repository", stem(name))
        .with("tool", "restic")
        .with("check_ok", errors.map(|n| n == 0 && broken == 0))
        .with("errors", errors)
}

fn backed_up(summary: &Value, name: &str, said: &Said) -> Result<Row, String> {
    Ok(Row::of("backup_job")
        .with("system", stem(name))
        .with("tool", "restic")
        .with("snapshot", cut::text(summary, "snapshot_id").filter(|id| !id.is_empty()))
        .with(
            "bytes",
            cut::number(summary, "total_bytes_processed").ok_or("`total_bytes_processed` is no number")?,
        )
        .with("succeeded", said.errors == 0 && said.exit.is_none())
        .with("finished_at", cut::instant(summary, "backup_end")))
}

fn restored(summary: &Value, name: &str, said: &Said) -> Result<Row, String> {
    let count = |member: &str| cut::number(summary, member);
    let (total, files) =
        (count("total_files").ok_or("`total_files` is no number")?, count("files_restored").unwrap_or(0));
    let (all, bytes) =
        (count("total_bytes").ok_or("`total_bytes` is no number")?, count("bytes_restored").unwrap_or(0));
    let skipped = (count("files_skipped").unwrap_or(0), count("bytes_skipped").unwrap_or(0));
    let whole = files + skipped.0 >= total && bytes + skipped.1 >= all;
    Ok(Row::of("restore_test")
        .with("system", stem(name))
        .with("tool", "restic")
        .with("bytes", bytes)
        .with("files", files)
        .with("seconds", count("seconds_elapsed"))
        .with("succeeded", whole && said.errors == 0 && said.exit.is_none()))
}

fn check_words(text: &str, name: &str) -> Document {
    let mut document = Document::new("restic", "backup-checks");
    let lines = cut::lines(text, &mut document);
    let fatal = lines.lines().find(|line| line.starts_with("Fatal:"));
    let row = Row::of("backup_store").with("repository", stem(name)).with("tool", "restic");
    let errors_found = fatal.is_some_and(|f| f.contains("repository contains errors"));
    if lines.lines().any(|line| line.trim() == "no errors were found") && fatal.is_none() {
        document.push(row.with("check_ok", true).with("errors", 0_i64));
    } else if errors_found {
        document.push(row.with("check_ok", false));
    } else if let Some(why) = fatal {
        return Document::failed("restic", "backup-checks", why);
    } else {
        document.partial("the check does not say how it ended");
    }
    document
}

fn restore_words(text: &str, name: &str) -> Document {
    let mut document = Document::new("restic", "restore-tests");
    let lines = cut::lines(text, &mut document);
    let fatal = lines.lines().find(|line| line.starts_with("Fatal:"));
    let head = lines.lines().find(|line| line.starts_with("restoring ")).unwrap_or("");
    // `restoring <Snapshot 1a2b of [/data] at … by root@fs-1> to …`, later `restoring snapshot 1a2b of [/data] at … by root@fs-1 to …`
    let snapshot = head.split_whitespace().nth(2).map(str::to_owned);
    let system = head.rsplit_once('@').and_then(|(_, host)| host.split(['>', ' ']).next()).map(text::name);
    let row = Row::of("restore_test")
        .with("system", system.unwrap_or_else(|| stem(name)))
        .with("tool", "restic")
        .with("snapshot", snapshot);
    let summary = lines.lines().find(|line| line.starts_with("Summary: Restored "));
    match (summary, fatal) {
        (_, Some(_)) => document.push(row.with("succeeded", false)),
        (Some(summary), None) => {
            let whole = !summary.contains(" / ");
            let files = summary.split_whitespace().nth(2).and_then(|n| n.parse::<i64>().ok());
            let seconds = summary.rsplit_once(" in ").and_then(|(_, clock)| seconds(clock));
            document.push(row.with("files", files).with("seconds", seconds).with("succeeded", whole));
        }
        (None, None) => document.partial("the restore does not say how it ended: it has no summary"),
    }
    document
}

/// `1:02:03` or `2:03`.
fn seconds(clock: &str) -> Option<i64> {
    clock.split(':').try_fold(0_i64, |sum, part| {
        let part = part.trim().parse::<i64>().ok().filter(|n| (0..100_000).contains(n))?;
        sum.checked_mul(60)?.checked_add(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use proptest::prelude::*;

    const SNAPSHOTS: &str = r#"[{"time":"2026-11-20T02:00:01.5+01:00","tree":"aa","paths":["/srv"],"hostname":"FS-1","username":"root","tags":["data"],"program_version":"restic 0.17.3","id":"11aa","short_id":"11","summary":{"backup_end":"2026-11-20T01:10:00Z","total_bytes_processed":60000}},
{"time":"2026-11-20T03:00:00Z","tree":"bb","paths":["/etc"],"hostname":"gw","id":"22bb","short_id":"22"}]
"#;
    const BACKUP: &str = "{\"message_type\":\"status\",\"percent_done\":0}\n{\"message_type\":\"summary\",\"files_new\":3,\"data_blobs\":3,\"total_bytes_processed\":60000,\"backup_end\":\"2026-11-20T01:10:00Z\",\"snapshot_id\":\"11aa\"}\n";
    const RESTORE: &str = "{\"message_type\":\"status\",\"percent_done\":0}\n{\"message_type\":\"summary\",\"seconds_elapsed\":61,\"total_files\":4,\"files_restored\":4,\"total_bytes\":60000,\"bytes_restored\":60000}\n";
    const CHECK: &str = "{\"message_type\":\"summary\",\"num_errors\":0,\"broken_packs\":null,\"suggest_repair_index\":false,\"suggest_prune\":false}\n";
    const WORDS: &str = "create exclusive lock for repository\nload indexes\ncheck all packs\ncheck snapshots, trees and blobs\n[0:00] 100.00%  1 / 1 snapshots\n\nno errors were found\n";
    const RESTORED: &str = "restoring <Snapshot 11aa of [/srv] at 2026-11-20 02:00:01 +0000 UTC by root@fs-1> to /tmp/r\nSummary: Restored 4 files/dirs (58.594 KiB) in 1:01\n";

    fn take(text: &str) -> Document {
        read(text.as_bytes(), "out/NAS-1.json", &Hint::default())
    }

    fn check(text: &str, kind: &str, want: &[&str]) {
        let document = take(text);
        assert!((FORMAT.looks_like)(text.as_bytes(), "x"), "{text}");
        assert_eq!(
            (document.kind.as_str(), document.status.clone()),
            (kind, Status::Complete),
            "{:?}",
            document.defects
        );
        assert_eq!(document.rows.iter().map(Row::line).collect::<Vec<_>>(), want);
        assert_eq!(document.scope.as_deref(), Some("nas-1"));
    }

    #[test]
    fn each_command_fills_its_table() {
        check(
            SNAPSHOTS,
            "backup-jobs",
            &[
                r#"["backup_job","fs-1","restic","nas-1","data","11aa",60000,1,1795137000]"#,
                r#"["backup_job","gw","restic","nas-1",null,"22bb",null,1,1795143600]"#,
            ],
        );
        assert_eq!(take(SNAPSHOTS).tool_version.as_deref(), Some("0.17.3"));
        check(
            BACKUP,
            "backup-jobs",
            &[r#"["backup_job","nas-1","restic",null,null,"11aa",60000,1,1795137000]"#],
        );
        check(
            RESTORE,
            "restore-tests",
            &[r#"["restore_test","nas-1","restic",null,60000,4,61,null,null,null,1,null]"#],
        );
        check(
            CHECK,
            "backup-checks",
            &[r#"["backup_store","nas-1","restic",null,null,null,null,null,null,null,null,1,0,null]"#],
        );
        check(
            WORDS,
            "backup-checks",
            &[r#"["backup_store","nas-1","restic",null,null,null,null,null,null,null,null,1,0,null]"#],
        );
        check(
            RESTORED,
            "restore-tests",
            &[r#"["restore_test","fs-1","restic","11aa",null,4,61,null,null,null,1,null]"#],
        );
        assert_eq!((take("[]\n").status, take("[]\n").rows.len()), (Status::Complete, 0));
    }

    #[test]
    fn what_went_wrong_is_never_good_news() {
        let bad = |text: &str, column: &str| {
            let document = take(text);
            let cell = document.rows.first().and_then(|r| r.cell(column)).cloned();
            assert_eq!(cell, Some(crate::Cell::Number(0)), "{text}: {document:?}");
        };
        bad(&CHECK.replace("\"num_errors\":0", "\"num_errors\":2"), "check_ok");
        bad(&CHECK.replace("null", "[\"aa\"]"), "check_ok");
        bad(&WORDS.replace("no errors were found", "Fatal: repository contains errors"), "check_ok");
        bad(&RESTORE.replace("\"files_restored\":4", "\"files_restored\":3"), "succeeded");
        bad(&format!("{{\"message_type\":\"error\",\"during\":\"restore\"}}\n{RESTORE}"), "succeeded");
        bad(&format!("{BACKUP}Fatal: unable to save\n"), "succeeded");
        bad(&RESTORED.replace("Restored 4", "Restored 3 / 4"), "succeeded");
        bad(&format!("{RESTORED}Fatal: There were 2 errors\n"), "succeeded");
        for text in [
            "{\"message_type\":\"exit_error\",\"code\":1,\"message\":\"Fatal: wrong password\"}\n",
            "load indexes\ncheck all packs\nFatal: unable to open\n",
        ] {
            assert_eq!(take(text).status.as_str(), "failed", "{text}");
        }
        assert_eq!(take(&SNAPSHOTS.replace("\"FS-1\"", "\"\"")).status.as_str(), "partial");
    }

    #[test]
    fn what_is_cut_is_never_complete_and_adds_nothing() {
        for whole in [SNAPSHOTS, BACKUP, RESTORE, CHECK, WORDS, RESTORED] {
            let rows = take(whole).rows;
            for at in 0..whole.trim_end().len() {
                let document = take(&whole[..at]);
                assert_ne!(document.status, Status::Complete, "cut at {at} of {whole}");
                assert!(rows.starts_with(&document.rows), "cut at {at} of {whole}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..600) {
            for sample in [SNAPSHOTS, BACKUP, RESTORE, CHECK, WORDS, RESTORED, ""] {
                let mut bent = sample.to_owned();
                bent.insert_str(place.min(bent.len()), &text);
                let _ = take(&bent);
            }
        }
    }
}
