//! A directory as LDIF (RFC 2849): what `ldifde -f` and `ldapsearch -LLL` write about an Active Directory.
//!
//! The form has no closing mark. With the trailer of `ldapsearch` (`# search result`) the end is known; without it a
//! file is whole when its last entry ends with an empty line, as both tools write it.

mod entry;
mod rows;
#[cfg(test)]
mod tests;

use super::pages;
use super::{Format, Hint};
use crate::document::Document;
use entry::Entry;
use std::collections::BTreeSet;

pub(super) const FORMAT: Format = Format {
    name: "ldif",
    kind: "directory",
    about: "LDIF of an Active Directory (ldifde, ldapsearch): accounts, groups, trusts, password policies, computers",
    looks_like: |head, _| {
        let text = pages::glance(head);
        let mut lines = text.lines().map(str::trim_end).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let starts = |line: &str, word: &str| {
            line.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
        };
        let first = lines.next().unwrap_or("");
        starts(first, "dn:") || (starts(first, "version:") && lines.next().is_some_and(|line| starts(line, "dn:")))
            // An answer of a search that found nothing, or that was refused.
            || (starts(first, "search:") && lines.next().is_some_and(|line| starts(line, "result:")))
            || text.starts_with("# extended LDIF")
    },
    read,
};

/// What the comments and the trailer of `ldapsearch` say.
#[derive(Default)]
struct Trailer {
    /// The words behind `result:`, or in the comment that `-LLL` leaves out.
    result: Option<String>,
    /// Entries that it counts.
    entries: Option<u64>,
    /// `# base <…>`.
    base: Option<String>,
    /// Whether its opening comment is there, which promises a trailer.
    extended: bool,
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(FORMAT.kind);
    let (text, odd) = pages::decode(raw);
    let mut document = Document::new(FORMAT.name, kind);
    if let Some(why) = odd {
        document.partial(why);
    }
    // The entry that the file ends in is whole only with its empty line.
    let end = whole_entries(&text);
    let mut trailer = Trailer::default();
    let mut directory = rows::Directory::default();
    let mut seen = BTreeSet::new();
    for block in blocks(&text[..end]) {
        comments(&block, &mut trailer);
        let lines: Vec<&(usize, String)> = block.iter().filter(|(_, l)| !l.starts_with('#')).collect();
        let Some((line, first)) = lines.first().map(|l| (l.0, l.1.as_str())) else { continue };
        if first.starts_with("search:") || first.starts_with("result:") {
            let told = lines.iter().find_map(|l| l.1.strip_prefix("result:"));
            trailer.result = told.map(|t| t.trim().to_owned()).or(trailer.result);
            continue;
        }
        match Entry::read(lines.iter().map(|l| l.1.as_str())) {
            Ok(None) => {}
            Ok(Some(entry)) => {
                if !seen.insert(entry.dn.to_lowercase()) {
                    document.remark(format!("line {line}: `{}` stands there twice", entry.dn));
                }
                if let Err(why) = directory.take(&entry, &mut document) {
                    document.defect(format!("line {line}: `{}`: {why}", entry.dn));
                }
            }
            Err(why) => document.defect(format!("line {line}: {why}")),
        }
    }
    if end < text.len() && !text[end..].trim().is_empty() {
        document.partial("the last entry does not end with an empty line: the file may have been cut");
    }
    directory.finish(&mut document);
    judge(&trailer, seen.len() as u64, &mut document);
    document.scope = trailer.base.or_else(|| directory.base()).map(|b| b.to_lowercase());
    document.tool = trailer.extended.then(|| "ldapsearch".to_owned());
    document
}

/// Where the last entry ends that an empty line follows. A trailer ends with a line end.
fn whole_entries(text: &str) -> usize {
    let empty = |pair: &str| text.rfind(pair).map_or(0, |at| at + pair.len());
    let end = empty("\n\n").max(empty("\n\r\n"));
    let rest = &text[end..];
    let trailer =
        rest.lines().all(|l| l.starts_with('#') || l.starts_with("search:") || l.starts_with("result:"));
    if trailer && rest.ends_with('\n') { text.len() } else { end }
}

/// Entries as logical lines with the number of their first line: folded lines are joined, empty lines part entries.
fn blocks(text: &str) -> impl Iterator<Item = Vec<(usize, String)>> {
    let mut blocks: Vec<Vec<(usize, String)>> = vec![];
    let mut block: Vec<(usize, String)> = vec![];
    for (number, line) in text.lines().enumerate() {
        if line.is_empty() {
            blocks.push(std::mem::take(&mut block));
        } else if let (Some(folded), Some(last)) = (line.strip_prefix(' '), block.last_mut()) {
            last.1.push_str(folded);
        } else {
            block.push((number + 1, line.to_owned()));
        }
    }
    blocks.push(block);
    blocks.into_iter().filter(|b| !b.is_empty())
}

fn comments(block: &[(usize, String)], trailer: &mut Trailer) {
    for (_, line) in block {
        let Some(words) = line.strip_prefix('#').map(str::trim) else { continue };
        if words == "extended LDIF" {
            trailer.extended = true;
        } else if let Some(base) = words.strip_prefix("base <") {
            trailer.base = base.split('>').next().filter(|b| !b.is_empty()).map(str::to_owned);
        } else if let Some(count) = words.strip_prefix("numEntries:") {
            trailer.entries = count.trim().parse().ok();
        } else if let Some(result) = words.strip_prefix("result:") {
            trailer.result = Some(result.trim().to_owned());
        }
    }
}

fn judge(trailer: &Trailer, entries: u64, document: &mut Document) {
    match &trailer.result {
        Some(result) if result.starts_with('0') => {
            if let Some(told) = trailer.entries.filter(|told| *told != entries) {
                document.partial(format!("the search counts {told} entries, {entries} are here"));
            }
        }
        Some(result) => {
            let why = format!("the search ended with `{}`", result.chars().take(200).collect::<String>());
            if entries == 0 {
                *document = Document::failed(FORMAT.name, &document.kind, why);
            } else {
                document.partial(why);
            }
        }
        None if trailer.extended => {
            document.partial("the search does not say how it ended: the file may have been cut")
        }
        None if entries == 0 => {
            *document = Document::failed(FORMAT.name, &document.kind, "holds no entry");
        }
        None => {}
    }
}
