//! borg: `list --json`, `info --json`, `create --json`, and `check -v` in words or as `--log-json`.

use super::stem;
use crate::document::Document;
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use crate::text;
use model::Time;
use serde_json::Value;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "borg",
    kind: "backup-jobs",
    about: "borg: `list --json`, `info --json`, `create --json`, `check -v` (also with `--log-json`)",
    looks_like: |head, _| {
        let text = String::from_utf8_lossy(&head[..head.len().min(16 << 10)]);
        let begins = text.trim_start().starts_with('{');
        let has = |word: &str| text.contains(word);
        // A long list names its repository only at its end: archives alone must do.
        let list = has("\"archives\"") && (has("\"start\"") || has("\"repository\"")) && !has("\"$schema\"");
        let create = has("\"archive\"") && has("\"original_size\"");
        let info = has("\"cache\"") && has("\"encryption\"") && has("\"repository\"");
        let json = begins && (list || create || info);
        let log = begins && text.contains("\"log_message\"") && text.contains("\"borg.");
        json || log || text.lines().take(20).any(|l| l.starts_with("Starting repository check"))
    },
    read,
};

fn read(raw: &[u8], name: &str, _hint: &Hint<'_>) -> Document {
    let text = match text::decode(raw) {
        Ok(text) => text,
        Err(why) => return Document::failed("borg", "backup-jobs", why),
    };
    let is_log = text.contains("\"log_message\"") || !text.trim_start().starts_with('{');
    let mut document = if is_log { checked(&text, name) } else { listed(&text, name) };
    document.tool = Some("borg".into());
    document
}

fn listed(text: &str, name: &str) -> Document {
    let json = match cut::json(text) {
        Ok(json) => json,
        Err(why) => return Document::failed("borg", "backup-jobs", why),
    };
    let mut document = Document::new("borg", "backup-jobs");
    if let Some(why) = json.cut {
        document.partial(why);
    }
    let value = json.value;
    let repository = value.get("repository").and_then(|r| cut::text(r, "location"));
    if repository.is_none() {
        document.partial("names no repository");
    }
    document.scope = Some(repository.map_or_else(|| stem(name), str::to_owned));
    let one = value.get("archive").filter(|a| a.is_object());
    let all: Vec<&Value> = one.into_iter().chain(cut::list(&value, "archives")).collect();
    if value.get("archives").is_none() && one.is_none() {
        document.kind = "backup-stores".into();
        let mode = value.get("encryption").and_then(|e| cut::text(e, "mode"));
        // The authenticated modes sign and do not hide.
        let encrypted = mode.map(|m| m != "none" && !m.starts_with("authenticated"));
        document.push(
            Row::of("backup_store")
                .with("repository", repository)
                .with("tool", "borg")
                .with("encrypted", encrypted),
        );
        return document;
    }
    let mut zoneless = false;
    for (number, archive) in all.into_iter().enumerate() {
        match job(archive, one.map(|_| stem(name)), &mut zoneless) {
            Ok((row, at)) => {
                document.saw(at);
                document.push(row.with("repository", repository));
            }
            Err(why) => document.defect(format!("archive {}: {why}", number + 1)),
        }
    }
    if zoneless {
        document.remark("its times name no zone and are read as UTC; run borg with TZ=UTC");
    }
    document
}

fn job(archive: &Value, system: Option<String>, zoneless: &mut bool) -> Result<(Row, Time), String> {
    let name = cut::text(archive, "name").or_else(|| cut::text(archive, "archive")).ok_or("has no `name`")?;
    let stamp = ["end", "time", "start"].into_iter().find_map(|member| cut::text(archive, member));
    let stamp = stamp.ok_or("has no time")?;
    let at = text::instant(stamp).ok_or("its time is no instant")?;
    *zoneless |= stamp.parse::<Time>().is_err();
    let system = cut::text(archive, "hostname").filter(|h| !h.is_empty()).map(text::name).or(system);
    let bytes = archive.get("stats").and_then(|s| cut::number(s, "original_size"));
    let row = Row::of("backup_job")
        .with("system", system)
        .with("tool", "borg")
        .with("snapshot", name)
        .with("bytes", bytes)
        // A checkpoint is what is left of a run that was interrupted.
        .with("succeeded", !name.contains(".checkpoint"))
        .with("finished_at", at);
    Ok((row, at))
}

fn checked(text: &str, name: &str) -> Document {
    let mut document = Document::new("borg", "backup-checks");
    document.scope = Some(stem(name));
    let mut at = None;
    let mut said = vec![];
    for (number, line) in cut::lines(text, &mut document).lines().enumerate() {
        if !line.starts_with('{') {
            said.push(line.trim_end().to_owned());
            continue;
        }
        match serde_json::from_str::<Value>(line) {
            Ok(message) => {
                at = cut::instant(&message, "time").or(at);
                said.extend(cut::text(&message, "message").map(str::to_owned));
            }
            Err(_) => document.defect(format!("line {}: not JSON", number + 1)),
        }
    }
    let has = |words: &str| said.iter().any(|line| line.contains(words));
    at.into_iter().for_each(|at| document.saw(at));
    document.made = at;
    let row =
        Row::of("backup_store").with("repository", stem(name)).with("tool", "borg").with("checked_at", at);
    let wrong = has("check, errors found")
        || has("check complete, errors found")
        || has("check complete, problems found");
    if wrong || has("integrity error") && !has("with 0 integrity errors") {
        document.push(row.with("check_ok", false));
        if !wrong {
            document.partial("the check does not say how it ended");
        }
    } else if has("Archive consistency check complete, no problems found") {
        document.push(row.with("check_ok", true).with("errors", 0_i64));
    } else if has("repository check, no problems found") {
        document.partial("only the repository was checked, or the check ended before its archives");
    } else if said.iter().any(|line| {
        line.contains("does not exist") || line.contains("passphrase") || line.contains("Failed to")
    }) {
        let last = said.iter().rev().find(|line| !line.trim().is_empty());
        let why = last.map_or("the check could not run", |line| line.trim());
        return Document::failed("borg", "backup-checks", why);
    } else {
        document.partial("the check does not say how it ended");
    }
    if has("Finished partial repository check") {
        document.partial("the check looked at a part of the repository");
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use proptest::prelude::*;

    const LIST: &str = r#"{"archives": [
 {"archive": "fs-1-20", "id": "aa", "name": "fs-1-20", "start": "2026-11-20T01:00:00.000000", "time": "2026-11-20T01:00:00.000000", "hostname": "FS-1"},
 {"archive": "fs-1-21.checkpoint", "id": "bb", "name": "fs-1-21.checkpoint", "time": "2026-11-21T01:00:00+00:00"}],
 "encryption": {"mode": "repokey"}, "repository": {"id": "cc", "last_modified": "2026-11-21T01:00:00.000000", "location": "ssh://nas/borg"}}
"#;
    const CREATE: &str = r#"{"archive": {"name": "fs-1-20", "duration": 2.5, "start": "2026-11-20T01:00:00.000000", "end": "2026-11-20T01:10:00.000000", "stats": {"nfiles": 3, "original_size": 60512}},
 "repository": {"id": "cc", "location": "/b1"}}
"#;
    const CHECK: &str = "Starting repository check\nFinished full repository check, no problems found.\nStarting archive consistency check...\nArchive consistency check complete, no problems found.\n";
    const LOG: &str = "{\"type\": \"log_message\", \"time\": 1795137000.5, \"message\": \"Starting repository check\", \"levelname\": \"INFO\", \"name\": \"borg.repository\"}\n\
        {\"type\": \"log_message\", \"time\": 1795137001.5, \"message\": \"Archive consistency check complete, no problems found.\", \"levelname\": \"INFO\", \"name\": \"borg.archive\"}\n";

    fn take(text: &str) -> Document {
        read(text.as_bytes(), "nas-1.json", &Hint::default())
    }

    fn seen(document: &Document) -> Vec<String> {
        document.rows.iter().map(Row::line).collect()
    }

    #[test]
    fn each_command_fills_its_table() {
        let list = take(LIST);
        for sample in [LIST, CREATE, CHECK, LOG] {
            assert!((FORMAT.looks_like)(sample.as_bytes(), ""), "{sample}");
        }
        assert_eq!((list.status.clone(), list.scope.as_deref()), (Status::Complete, Some("ssh://nas/borg")));
        assert_eq!(
            seen(&list),
            [
                r#"["backup_job","fs-1","borg","ssh://nas/borg",null,"fs-1-20",null,1,1795136400]"#,
                r#"["backup_job",null,"borg","ssh://nas/borg",null,"fs-1-21.checkpoint",null,0,1795222800]"#,
            ]
        );
        assert!(list.defects[0].contains("zone"));
        assert_eq!(
            seen(&take(CREATE)),
            [r#"["backup_job","nas-1","borg","/b1",null,"fs-1-20",60512,1,1795137000]"#]
        );
        for (mode, encrypted) in [("repokey", 1), ("authenticated-blake2", 0), ("none", 0)] {
            let info = take(&format!(
                "{{\"cache\": {{}}, \"encryption\": {{\"mode\": \"{mode}\"}}, \"repository\": {{\"location\": \"/b1\"}}}}\n"
            ));
            assert_eq!(
                (info.kind.as_str(), info.rows[0].cell("encrypted")),
                ("backup-stores", Some(&crate::Cell::Number(encrypted)))
            );
        }
        assert_eq!(take(CHECK).status, Status::Complete);
        assert_eq!(
            seen(&take(LOG)),
            [r#"["backup_store","nas-1","borg",null,null,null,null,null,null,null,1795137001,1,0,null]"#]
        );
    }

    #[test]
    fn a_check_that_could_not_run_says_why_also_when_its_last_message_is_empty() {
        let line = |message: &str| {
            format!(
                "{{\"type\": \"log_message\", \"message\": \"{message}\", \"name\": \"borg.repository\"}}\n"
            )
        };
        let failed = take(&(line("passphrase supplied is incorrect") + &line("")));
        assert_eq!(failed.status, Status::Failed { why: "passphrase supplied is incorrect".into() });
    }

    #[test]
    fn what_went_wrong_is_never_good_news() {
        let broken = take(
            &CHECK
                .replace("check, no problems", "check, errors")
                .replace("complete, no problems", "complete, errors"),
        );
        assert_eq!(
            (broken.status, broken.rows[0].cell("check_ok")),
            (Status::Complete, Some(&crate::Cell::Number(0)))
        );
        let damaged = take(&format!(
            "Data integrity error: Segment entry checksum mismatch\n{}",
            CHECK.lines().next().expect("one")
        ));
        assert_eq!(damaged.rows[0].cell("check_ok"), Some(&crate::Cell::Number(0)));
        let half = take(&CHECK.lines().take(2).map(|l| format!("{l}\n")).collect::<String>());
        assert_eq!((half.status.as_str(), half.rows.len()), ("partial", 0));
        assert_eq!(take("Repository /x does not exist.\n").status.as_str(), "failed");
        assert_eq!(
            take(&LIST.replace("\"time\": \"2026-11-21T01:00:00+00:00\"", "\"time\": \"later\""))
                .status
                .as_str(),
            "partial"
        );
    }

    #[test]
    fn what_is_cut_is_never_complete_and_says_less() {
        for whole in [LIST, CREATE, CHECK, LOG] {
            let rows = take(whole).rows;
            for at in 0..whole.trim_end().len() {
                let document = take(&whole[..at]);
                assert_ne!(document.status, Status::Complete, "cut at {at} of {whole}");
                for (row, full) in
                    document.rows.iter().zip(&rows).filter(|(r, f)| r.table().name == f.table().name)
                {
                    let less =
                        row.cells().iter().zip(full.cells()).all(|(c, f)| c == f || *c == crate::Cell::Null);
                    assert!(less, "cut at {at}: {row:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..600) {
            for sample in [LIST, CREATE, CHECK, LOG, ""] {
                let mut bent = sample.to_owned();
                bent.insert_str(place.min(bent.len()), &text);
                let _ = take(&bent);
            }
        }
    }
}
