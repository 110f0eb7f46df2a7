//! Catalogues that come with the program, so that a fresh clone can judge: rows in our own form, each with its source,
//! date and licence (`evidence/feeds/`). A newer catalogue that was handed in takes their place.

use crate::document::Document;
use crate::row::Row;
use crate::text;
use model::Time;
use std::collections::BTreeMap;
use std::io::Read;

/// One catalogue that comes with the program.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Its name.
    pub name: &'static str,
    /// Who makes it, and where.
    pub source: &'static str,
    /// The day of the edition.
    pub date: Time,
    /// Under which licence it may be handed on.
    pub licence: &'static str,
    /// Its rows.
    pub document: Document,
}

/// One packed file with what is said of it: name, kind, scope, source, date, licence, rows.
type Packed =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static [u8]);

const PACKED: &[Packed] = &[
    (
        "kev",
        "feed-kev",
        "cisa-kev",
        "CISA, Known Exploited Vulnerabilities Catalog 2025.08.25, github.com/cisagov/kev-data",
        "2025-08-25",
        "CC0-1.0",
        include_bytes!("../feeds/kev.jsonl.gz"),
    ),
    (
        "bod-26-04",
        "feed-decisions",
        "bod-26-04",
        "CERT/CC, SSVC decision table of CISA BOD 26-04 1.0.0, github.com/CERTCC/SSVC",
        "2026-07-20",
        "MIT (SEI)",
        include_bytes!("../feeds/bod-26-04.jsonl.gz"),
    ),
    (
        "lolrmm",
        "feed-remote-tools",
        "lolrmm",
        "LOLRMM, catalogue of remote-management tools, github.com/magicsword-io/LOLRMM",
        "2026-08-21",
        "Apache-2.0",
        include_bytes!("../feeds/lolrmm.jsonl.gz"),
    ),
];

/// The ids of the Information Security Manual that the Essential Eight asks for, with the maturity levels (1 to 3).
const ISM_E8: &str = include_str!("../feeds/ism-e8.toml");

/// Every catalogue that comes with the program, in the order of their kinds.
///
/// # Panics
/// Never: the tests of this file read what is built in.
#[must_use]
pub fn embedded() -> Vec<Feed> {
    PACKED.iter().map(|packed| feed(packed).expect("what is built in was read when it was made")).collect()
}

fn feed((name, kind, scope, source, date, licence, packed): &Packed) -> Result<Feed, String> {
    let mut lines = String::new();
    flate2::bufread::GzDecoder::new(*packed).read_to_string(&mut lines).map_err(|error| error.to_string())?;
    let date = text::instant(date).ok_or("a date")?;
    let mut document = Document::new("embedded", kind);
    document.scope = Some((*scope).to_owned());
    document.tool = Some((*source).to_owned());
    document.made = Some(date);
    for line in lines.lines() {
        document.push(Row::from_line(line)?);
    }
    Ok(Feed { name, source, date, licence, document })
}

/// The Essential Eight's controls: id, such as `ism-1507`, to the maturity levels that ask for it. CC BY 4.0,
/// © Commonwealth of Australia, Information Security Manual of December 2025.
#[must_use]
pub fn essential_eight() -> BTreeMap<String, Vec<u8>> {
    let table: toml::Table = ISM_E8.parse().unwrap_or_default();
    let levels = |value: &toml::Value| -> Vec<u8> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(|level| u8::try_from(level.as_integer()?).ok()).collect()
    };
    let controls = table.get("controls").and_then(toml::Value::as_table);
    controls.into_iter().flatten().map(|(id, value)| (id.clone(), levels(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;

    #[test]
    fn what_is_built_in_is_whole_and_small() {
        let feeds = embedded();
        assert_eq!(feeds.iter().map(|f| f.name).collect::<Vec<_>>(), ["kev", "bod-26-04", "lolrmm"]);
        for feed in &feeds {
            let kind = Kind::named(&feed.document.kind).expect("a kind");
            assert!(
                feed.document.rows.iter().all(|row| kind.tables.contains(&row.table().name)),
                "{}",
                feed.name
            );
            assert!(feed.document.rows.len() >= 16 && feed.document.status.why().is_none(), "{}", feed.name);
        }
        let bytes: usize = PACKED.iter().map(|p| p.6.len()).sum();
        assert!(bytes + ISM_E8.len() < 400_000, "{bytes}");
    }

    #[test]
    fn each_control_of_the_essential_eight_has_levels() {
        let controls = essential_eight();
        assert!(controls.len() > 100);
        for (id, levels) in controls {
            assert!(id.starts_with("ism-") && !levels.is_empty(), "{id}");
            assert!(levels.iter().all(|l| (1..=3).contains(l)), "{id}");
        }
    }
}
