//! The catalogue of remote-management tools (LOLRMM): what gives each one away.

use super::first_lines;
use crate::document::Document;
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use crate::text;
use serde_json::Value;
use std::collections::BTreeSet;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "lolrmm",
    kind: "feed-remote-tools",
    about: "the catalogue of remote-management tools LOLRMM, JSON",
    looks_like: |head, _| {
        let text = first_lines(head);
        text.trim_start().starts_with('[') && text.contains("\"PEMetadata\"") && text.contains("\"Name\"")
    },
    read,
};

fn read(raw: &[u8], _name: &str, _hint: &Hint<'_>) -> Document {
    let json = match text::decode(raw).and_then(|text| cut::json(&text)) {
        Ok(json) => json,
        Err(why) => return Document::failed("lolrmm", "feed-remote-tools", why),
    };
    let Some(tools) = json.value.as_array() else {
        return Document::failed("lolrmm", "feed-remote-tools", "is no list of tools");
    };
    let mut document = Document::new("lolrmm", "feed-remote-tools");
    document.tool = Some("LOLRMM".into());
    document.scope = Some("lolrmm".into());
    json.cut.into_iter().for_each(|why| document.partial(why));
    for (number, tool) in tools.iter().enumerate() {
        let Some(name) = cut::text(tool, "Name").map(str::trim).filter(|n| !n.is_empty()) else {
            document.defect(format!("entry {}: has no `Name`", number + 1));
            continue;
        };
        document.made = document.made.max(cut::instant(tool, "LastModified"));
        // Some entries have no mark yet; the name alone still tells an inventory's entry.
        document.push(
            Row::of("feed_remote_tool")
                .with("tool", name)
                .with("kind", "name")
                .with("mark", text::name(name)),
        );
        for (kind, mark) in marks(tool) {
            document
                .push(Row::of("feed_remote_tool").with("tool", name).with("kind", kind).with("mark", mark));
        }
    }
    document
}

/// What gives a tool away; entries that fit anything or nothing are left out.
fn marks(tool: &Value) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    let mut add = |kind: &'static str, mark: &str| {
        let mark = text::name(mark);
        let says = mark.chars().filter(|c| c.is_alphanumeric()).count() >= 2;
        if says && !matches!(mark.as_str(), "n/a" | "none" | "unknown" | "user_managed") {
            found.insert((kind, mark));
        }
    };
    let details = tool.get("Details").unwrap_or(&Value::Null);
    let binaries = details.get("PEMetadata").unwrap_or(&Value::Null);
    for binary in binaries.as_array().map_or(std::slice::from_ref(binaries), Vec::as_slice) {
        for member in ["Filename", "OriginalFileName"] {
            cut::text(binary, member).into_iter().for_each(|name| add("process", name));
        }
    }
    let paths = cut::list(details, "InstallationPaths").iter().chain(cut::list(tool, "InstallationPaths"));
    for path in paths.filter_map(Value::as_str) {
        let file = path.rsplit(['\\', '/']).next().unwrap_or(path).trim();
        let in_folder = path.contains(['\\', '/']);
        // A bare word is the name of a process; what has blanks and no ending is a remark of the catalogue's writers.
        if file.to_lowercase().ends_with(".exe") || (!in_folder && !file.contains(' ')) {
            add("process", file);
        }
        if in_folder {
            add("path", path);
        }
    }
    let signing = tool.get("CodeSigning").unwrap_or(&Value::Null);
    for signer in cut::list(signing, "certificates").iter().filter_map(|c| cut::text(c, "signer_name")) {
        add("signer", signer);
    }
    cut::list(signing, "signer_names")
        .iter()
        .filter_map(Value::as_str)
        .for_each(|signer| add("signer", signer));
    let network = tool.get("Artifacts").map_or(&[][..], |a| cut::list(a, "Network"));
    for domain in network.iter().flat_map(|n| cut::list(n, "Domains")).filter_map(Value::as_str) {
        if domain.contains('.') && !domain.trim().contains([' ', '/']) {
            add("domain", domain);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use proptest::prelude::*;

    const JSON: &str = r#"[{"Name":"FarHand","LastModified":"2026-06-01","Details":{"PEMetadata":{"Filename":"FarHand.exe","OriginalFileName":""},"InstallationPaths":["C:\\Program Files\\FarHand\\fh*.exe","*"]},
"Artifacts":{"Network":[{"Domains":["*.FarHand.example","user_managed"],"Ports":[443]}]},"CodeSigning":{"certificates":[{"signer_name":"Far Hand Ltd"}]}},
{"Name":"Other","Details":{"PEMetadata":[{"Filename":"other.exe"}]}}]
"#;

    fn take(text: &str) -> Document {
        read(text.as_bytes(), "x.json", &Hint::default())
    }

    #[test]
    fn marks_are_read_in_lower_case() {
        assert!((FORMAT.looks_like)(JSON.as_bytes(), ""));
        let document = take(JSON);
        assert_eq!(document.status, Status::Complete);
        let marks: Vec<String> = document.rows.iter().map(Row::line).collect();
        assert_eq!(
            marks,
            [
                r#"["feed_remote_tool","FarHand","name","farhand"]"#,
                r#"["feed_remote_tool","FarHand","domain","*.farhand.example"]"#,
                r#"["feed_remote_tool","FarHand","path","c:\\program files\\farhand\\fh*.exe"]"#,
                r#"["feed_remote_tool","FarHand","process","farhand.exe"]"#,
                r#"["feed_remote_tool","FarHand","process","fh*.exe"]"#,
                r#"["feed_remote_tool","FarHand","signer","far hand ltd"]"#,
                r#"["feed_remote_tool","Other","name","other"]"#,
                r#"["feed_remote_tool","Other","process","other.exe"]"#,
            ]
        );
        for at in 0..JSON.trim_end().len() {
            let cut = take(&JSON[..at]);
            assert!(cut.status != Status::Complete && document.rows.starts_with(&cut.rows), "cut at {at}");
        }
        assert_eq!(take(&JSON.replace("\"Name\":\"Other\"", "\"Name\":\"\"")).status.as_str(), "partial");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..400) {
            let mut bent = JSON.to_owned();
            bent.insert_str(place.min(bent.len()), &text);
            let _ = (take(&text), take(&bent));
        }
    }
}
