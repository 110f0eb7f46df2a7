//! One entry: a distinguished name and its attributes.

use super::super::pages::CELL_BYTES;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Time;
use std::collections::BTreeMap;

/// Attributes that hold many values and may be long: their number is bounded by the document, not here.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its distinguished name.
    pub(super) dn: String,
    values: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    /// Reads the logical lines of one entry; nothing where it is no entry of a directory, such as `version: 1`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Option<Self>, String> {
        let mut entry = Self::default();
        let mut named = false;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                return Err(format!("`{}` is no attribute", line.chars().take(60).collect::<String>()));
            };
            let value = match value.strip_prefix(':') {
                Some(coded) => STANDARD.decode(coded.trim()).map_err(|_| format!("`{name}` is no base64"))?,
                // A value behind `:<` lies in another file; nothing here may open it.
                None if value.starts_with('<') => continue,
                None => value.trim_start().as_bytes().to_vec(),
            };
            let name = name.split(';').next().unwrap_or(name).trim().to_ascii_lowercase();
            match name.as_str() {
                "dn" if !named => {
                    entry.dn = String::from_utf8(value).map_err(|_| "its name is not UTF-8".to_owned())?;
                    named = true;
                }
                "version" if !named => {}
                "changetype" if value.eq_ignore_ascii_case(b"add") => {}
                "changetype" => return Err("is a change, not an entry".into()),
                "ref" if !named => {}
                _ => entry.values.entry(name).or_default().push(value),
            }
        }
        if !named && !entry.values.is_empty() {
            return Err("has no `dn`".into());
        }
        Ok(named.then_some(entry))
    }

    /// The first value as text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        let Some(value) = self.values.get(name).and_then(|v| v.first()) else { return Ok(None) };
        if value.len() > CELL_BYTES {
            return Err(format!("`{name}` is longer than {CELL_BYTES} bytes"));
        }
        let text = std::str::from_utf8(value).map_err(|_| format!("`{name}` is not UTF-8"))?.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// All values as text; what is not UTF-8 is an error.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let values = self.values.get(name).map_or(&[][..], Vec::as_slice);
        let text = |v: &Vec<u8>| {
            if v.len() > CELL_BYTES {
                return Err(format!("`{name}` is longer than {CELL_BYTES} bytes"));
            }
            String::from_utf8(v.clone()).map_err(|_| format!("`{name}` is not UTF-8"))
        };
        values.iter().map(text).collect()
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("`{name}` is no whole number"))
    }

    /// Hundreds of nanoseconds since 1601; 0 and the largest one are "never".
    pub(super) fn filetime(&self, name: &str) -> Result<Option<Time>, String> {
        let Some(ticks) = self.number(name)?.filter(|t| *t > 0 && *t != i64::MAX) else { return Ok(None) };
        // 11,644,473,600 seconds lie between 1601 and 1970.
        let at = Time::from_second(ticks / 10_000_000 - 11_644_473_600);
        at.map(Some).map_err(|_| format!("`{name}` is no instant"))
    }

    /// A length of time, written as negative hundreds of nanoseconds, in seconds; the smallest one is "for ever" (-1).
    pub(super) fn span(&self, name: &str) -> Result<Option<i64>, String> {
        let ticks = self.number(name)?;
        Ok(ticks.map(|t| if t == i64::MIN { -1 } else { t.saturating_abs() / 10_000_000 }))
    }

    /// `20240102030405.0Z`.
    pub(super) fn generalized(&self, name: &str) -> Result<Option<Time>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let digits = text.get(..14).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let at = digits.and_then(|d| {
            let part = |from: usize, to: usize| &d[from..to];
            let date = (part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14));
            let text = format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, date.3, date.4, date.5);
            text.parse::<Time>().ok()
        });
        at.map(Some).ok_or_else(|| format!("`{name}` is no instant"))
    }

    /// Whether it is of a class.
    pub(super) fn is(&self, class: &str) -> bool {
        let classes = self.values.get("objectclass").map_or(&[][..], Vec::as_slice);
        classes.iter().any(|c| c.eq_ignore_ascii_case(class.as_bytes()))
    }

    /// Whether the attribute is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }
}

/// The value of the first part of a distinguished name, without its escapes.
pub(super) fn first_name(dn: &str) -> String {
    let (mut name, mut chars) = (String::new(), dn.chars());
    for c in chars.by_ref() {
        if c == '=' {
            break;
        }
    }
    while let Some(c) = chars.next() {
        match c {
            ',' => break,
            '\\' => name.extend(chars.next()),
            c => name.push(c),
        }
    }
    name
}

/// The domain part of a distinguished name, `dc=quay,dc=example`.
pub(super) fn base(dn: &str) -> Option<String> {
    let dn = dn.to_lowercase();
    let at = if dn.starts_with("dc=") { 0 } else { dn.find(",dc=")? + 1 };
    dn.get(at..).map(str::to_owned)
}
