//! What scanners write: hosts and ports, vulnerabilities, parts of software, settings of hosts, ends of support.

pub(super) mod cyclonedx;
pub(super) mod grype;
mod json;
pub(super) mod lifecycle;
pub(super) mod lynis;
pub(super) mod nessus;
pub(super) mod nmap;
pub(super) mod openvas;
pub(super) mod osv;
pub(super) mod pingcastle;
pub(super) mod spdx;
#[cfg(test)]
mod tests;
pub(super) mod testssl;
pub(super) mod trivy;
pub(super) mod xccdf;
mod xml;

use crate::document::{Document, Status};
use crate::row::{Cell, Row};
use crate::text;
use std::collections::BTreeSet;
use std::fmt::Arguments;

/// Bytes that one cell may hold.
const CELL_BYTES: usize = 64 * 1024;
/// Bytes of a scope that are kept as they are; of a longer one the rest stands as a hash.
const SCOPE_BYTES: usize = 512;
/// Bytes of a title.
const TITLE_BYTES: usize = 300;

/// Adds a row, unless one of its cells is beyond all measure.
fn put(document: &mut Document, row: Row, place: Arguments<'_>) {
    let long = |cell: &Cell| matches!(cell, Cell::Text(text) if text.len() > CELL_BYTES);
    match row.cells().iter().position(long) {
        Some(at) => {
            let column = row.table().columns[at].name;
            document.defect(format!("{place}: `{column}` is longer than {CELL_BYTES} bytes"));
        }
        None => document.push(row),
    }
}

/// Closes a document of which the text broke off: partial when something was read, else failed.
fn broke_off(document: &mut Document, why: String) {
    if document.rows.is_empty() {
        document.status = Status::Failed { why };
    } else {
        document.partial(why);
    }
}

/// The text of bytes as far as they are text, and where they stop being it.
fn decode(raw: &[u8]) -> (String, Option<String>) {
    if raw.starts_with(&[0xff, 0xfe]) || raw.starts_with(&[0xfe, 0xff]) {
        return decode_wide(raw);
    }
    let raw = raw.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(raw);
    match std::str::from_utf8(raw) {
        Ok(text) => (text.to_owned(), None),
        Err(_) if says_latin(raw) => (raw.iter().copied().map(char::from).collect(), None),
        Err(error) => {
            let end = error.valid_up_to();
            let text = std::str::from_utf8(&raw[..end]).expect("valid up to there");
            (text.to_owned(), Some(format!("not UTF-8 from byte {end} on")))
        }
    }
}

fn decode_wide(raw: &[u8]) -> (String, Option<String>) {
    if let Ok(text) = text::decode(raw) {
        return (text, None);
    }
    let pair = if raw[0] == 0xff { u16::from_le_bytes } else { u16::from_be_bytes };
    let units = raw[2..].chunks_exact(2).map(|c| pair([c[0], c[1]]));
    let text: String = char::decode_utf16(units).map_while(Result::ok).collect();
    (text, Some("UTF-16 that breaks off or is none".to_owned()))
}

/// Whether an XML declaration names an encoding of one byte a character.
fn says_latin(raw: &[u8]) -> bool {
    let head: Vec<u8> = raw.iter().take(120).map(u8::to_ascii_lowercase).collect();
    let declares = |name: &str| head.windows(name.len()).any(|w| w == name.as_bytes());
    head.starts_with(b"<?xml") && (declares("iso-8859-1") || declares("windows-1252"))
}

/// Whether the bytes hold a word; UTF-16 is looked at without its empty halves.
fn holds(head: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        let narrow: Vec<u8> = head.iter().copied().filter(|b| *b != 0).collect();
        return narrow.windows(word.len()).any(|w| w == word);
    }
    head.windows(word.len()).any(|w| w == word)
}

/// The first byte that is no space and no byte-order mark.
fn opens_with(head: &[u8]) -> Option<u8> {
    head.iter()
        .copied()
        .find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xef | 0xbb | 0xbf | 0xff | 0xfe | 0))
}

/// A scope of bounded length: what is too long ends in its hash, so that different ones stay different.
fn scope(text: &str) -> Option<String> {
    use sha2::{Digest, Sha256};
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return None;
    }
    if text.len() <= SCOPE_BYTES {
        return Some(text);
    }
    let hash = Sha256::digest(text.as_bytes());
    let hash: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
    Some(format!("{} … {hash}", until(&text, SCOPE_BYTES)))
}

/// A title: one line, of bounded length.
fn title(text: &str) -> String {
    until(text.trim().lines().next().unwrap_or("").trim(), TITLE_BYTES).to_owned()
}

/// The longest beginning of a text that has at most so many bytes.
fn until(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    &text[..end]
}

/// The CVE ids among words, each once, in order, joined with spaces.
fn cves<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let split = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    let found: BTreeSet<String> = words
        .into_iter()
        .flat_map(|w| w.split(split))
        .map(|w| w.trim().to_ascii_uppercase())
        .filter(|w| is_cve(w))
        .collect();
    (!found.is_empty()).then(|| found.into_iter().collect::<Vec<_>>().join(" "))
}

fn is_cve(word: &str) -> bool {
    let mut parts = word.split('-');
    let digits = |part: Option<&str>, at_least: usize| {
        part.is_some_and(|p| p.len() >= at_least && p.len() < 20 && p.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(parts.next(), Some("CVE" | "CAN"))
        && digits(parts.next(), 4)
        && digits(parts.next(), 4)
        && parts.next().is_none()
}

/// A severity as a maker states it, in lower case; `unknown` and the like are not said.
fn severity(word: &str) -> Option<String> {
    match word.trim().to_ascii_lowercase().as_str() {
        "" | "unknown" | "unassigned" | "undefined" | "n/a" => None,
        "moderate" => Some("medium".to_owned()),
        "important" => Some("high".to_owned()),
        "info" | "informational" | "log" | "none" => Some("none".to_owned()),
        word => Some(until(word, 40).to_owned()),
    }
}

/// A CVSS score; anything outside 0 to 10 is none.
fn score(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|s| (0.0..=10.0).contains(s))
}
