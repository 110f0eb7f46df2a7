//! Reads what is known of log sources from TOML, and refuses what is wrong with file, line and column.

use crate::refuse::did_you_mean;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// Largest file, in bytes.
const FILE_LIMIT_BYTES: usize = 1 << 20;

/// A file that says something wrong about log sources.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct SourcesError {
    /// The file, as given.
    pub file: String,
    /// Line of the fault, from 1.
    pub line: u64,
    /// Column of the fault in characters, from 1.
    pub column: u64,
    /// What is wrong, and what would be right where that can be said.
    pub message: String,
}

/// Where facts of a file come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CiteText {
    pub(super) document: String,
    pub(super) section: String,
}

/// A file as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileText {
    pub(super) product: Option<String>,
    #[serde(default)]
    pub(super) cite: Vec<CiteText>,
    #[serde(default)]
    pub(super) form: Vec<Spanned<FormText>>,
    #[serde(default)]
    pub(super) source: Vec<Spanned<SourceText>>,
}

/// One value, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text, a number, or a list of them")]
pub(super) enum Texts {
    Text(String),
    Number(i64),
    Several(Vec<OneText>),
}

/// A text or number of a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a number")]
pub(super) enum OneText {
    Text(String),
    Number(i64),
}

impl Texts {
    pub(super) fn list(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Number(number) => vec![number.to_string()],
            Self::Several(list) => list
                .iter()
                .map(|one| match one {
                    OneText::Text(text) => text.clone(),
                    OneText::Number(number) => number.to_string(),
                })
                .collect(),
        }
    }
}

/// Part of a log source that a form settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PartName {
    Product,
    Service,
    Category,
}

/// How events of a form are recognised, and where they keep what tells them apart.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormText {
    pub(super) name: String,
    #[serde(default)]
    pub(super) formats: Vec<String>,
    #[serde(default)]
    pub(super) has: Vec<String>,
    #[serde(default, rename = "where")]
    pub(super) values: BTreeMap<String, Texts>,
    #[serde(default)]
    pub(super) keys: BTreeMap<String, Texts>,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Texts>,
    pub(super) knows: Option<Vec<PartName>>,
    pub(super) named_by: Option<String>,
}

/// A log source and the events that belong to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceText {
    pub(super) product: Option<String>,
    pub(super) category: Option<String>,
    pub(super) service: Option<String>,
    #[serde(default)]
    pub(super) about: String,
    #[serde(default)]
    pub(super) from: Vec<FromText>,
    pub(super) fields: Option<Vec<String>>,
    pub(super) unknown: Option<String>,
}

/// Events that belong to a log source: keys with the values that one of them has.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct FromText {
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Texts>,
    #[serde(flatten)]
    pub(super) keys: BTreeMap<String, Texts>,
}

/// Reads one file.
pub(super) fn read(file: &str, text: &str) -> Result<FileText, SourcesError> {
    let fault = |at: usize, message: String| error(file, text, at, message);
    if text.len() > FILE_LIMIT_BYTES {
        return Err(fault(0, "the file is larger than 1 MiB".into()));
    }
    let read: FileText = toml::from_str(text)
        .map_err(|e| fault(e.span().map_or(0, |s| s.start), e.message().trim_end().to_owned()))?;
    if read.cite.is_empty() {
        return Err(fault(0, "the file cites nothing: add `[[cite]]` with `document` and `section`".into()));
    }
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for form in &read.form {
        let (at, form) = (form.span().start, form.get_ref());
        if form.formats.is_empty() && form.has.is_empty() && form.values.is_empty() {
            let what = format!(
                "nothing tells an event of the form `{}`: say `formats`, `has` or `where`",
                form.name
            );
            return Err(fault(at, what));
        }
        known.extend(form.keys.keys().map(String::as_str));
        if let Some(key) = form.named_by.as_ref().filter(|k| !form.keys.contains_key(*k)) {
            let mean = did_you_mean(key, form.keys.keys().map(String::as_str));
            return Err(fault(at, format!("`named_by` is one of the form's `keys`, not `{key}`{mean}")));
        }
        if let Some(name) = form.fields.iter().find(|(k, v)| stars_differ(k, v)).map(|(k, _)| k) {
            return Err(fault(
                at,
                format!("`{name}` and what it is called in events have a `*` each, or neither has one"),
            ));
        }
    }
    for source in &read.source {
        check_source(source, &known, &fault)?;
    }
    Ok(read)
}

fn stars_differ(name: &str, others: &Texts) -> bool {
    let stars = |text: &str| text.matches('*').count();
    // Only a whole name may be a star.
    (name.contains('*') && name != "*") || others.list().iter().any(|o| stars(o) != stars(name))
}

fn check_source(
    source: &Spanned<SourceText>,
    known: &BTreeSet<&str>,
    fault: &dyn Fn(usize, String) -> SourcesError,
) -> Result<(), SourcesError> {
    let (at, source) = (source.span().start, source.get_ref());
    if source.category.is_none() && source.service.is_none() && source.product.is_none() {
        return Err(fault(at, "a source names a `category`, a `service` or a `product`".into()));
    }
    let parts = [&source.product, &source.category, &source.service];
    if let Some(part) =
        parts.into_iter().flatten().find(|p| p.chars().any(char::is_uppercase) || p.trim().is_empty())
    {
        return Err(fault(at, format!("`{part}`: the parts of a log source are words in lower case")));
    }
    if source.from.is_empty() == source.unknown.is_none() {
        let what = "a source says `from` which events it comes, or why that is `unknown`: one of the two";
        return Err(fault(at, what.into()));
    }
    for from in &source.from {
        if let Some(key) = from.keys.keys().find(|k| !known.contains(k.as_str())) {
            let mean = did_you_mean(key, known.iter().copied());
            return Err(fault(at, format!("no form of this file has the key `{key}`{mean}")));
        }
        if let Some(name) =
            from.fields.iter().find(|(k, v)| k.contains('*') || stars_differ(k, v)).map(|(k, _)| k)
        {
            return Err(fault(at, format!("`{name}`: only a form renames by `*`")));
        }
    }
    Ok(())
}

fn error(file: &str, text: &str, at: usize, message: String) -> SourcesError {
    let before = &text[..text.floor_char_boundary(at.min(text.len()))];
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() as u64 + 1;
    SourcesError { file: file.to_owned(), line, column, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "product = \"p\"\n[[cite]]\ndocument = \"d\"\nsection = \"s\"\n";
    const FORM: &str = "[[form]]\nname = \"f\"\nhas = [\"Channel\"]\nkeys = { channel = \"Channel\" }\n";

    fn check(rest: &str, want: &str) {
        let said = read("s.toml", &format!("{HEAD}{FORM}{rest}")).expect_err(rest).to_string();
        assert!(said.contains(want), "{rest}: {said}");
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_place_and_what_would_be_right() {
        check("[[source]]\nservice = \"a\"\nfrom = [{ chanel = \"A\" }]\n", "did you mean `channel`?");
        check("[[source]]\nservise = \"a\"\n", "s.toml:10:1: unknown field `servise`");
        check("[[source]]\nservice = \"a\"\n", "one of the two");
        check("[[source]]\nservice = \"a\"\nunknown = \"x\"\nfrom = [{ channel = 1 }]\n", "one of the two");
        check("[[source]]\nabout = \"a\"\nunknown = \"x\"\n", "names a `category`");
        check("[[source]]\nservice = \"Sysmon\"\nunknown = \"x\"\n", "lower case");
        check("[[source]]\nservice = \"a\"\nfrom = [{ channel = true }]\n", "a text, a number, or a list");
        check(
            "[[source]]\nservice = \"a\"\nfrom = [{ channel = 1, fields = { \"*\" = \"b.*\" } }]\n",
            "only a form",
        );
        check("[[form]]\nname = \"g\"\n", "nothing tells an event");
        check("[[form]]\nname = \"g\"\nhas = [\"a\"]\nnamed_by = \"b\"\n", "`named_by`");
        check("[[form]]\nname = \"g\"\nhas = [\"a\"]\nfields = { \"*\" = \"b\" }\n", "a `*` each");
        check("[[form]\n", "s.toml:9:");
        assert!(read("s.toml", FORM).expect_err("uncited").message.contains("cites nothing"));
        assert!(read("s.toml", &"#".repeat(2 << 20)).expect_err("large").message.contains("1 MiB"));
        assert!(read("s.toml", &format!("{HEAD}{FORM}")).is_ok());
    }
}
