//! Names of ATT&CK: tactics, techniques, and which id took the place of an old one. Source and notice: `data/attack.md`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../data/attack.tsv");

/// The version whose names these are.
pub const VERSION: &str = "19";

/// A tactic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tactic {
    /// `TA0001`.
    pub id: &'static str,
    /// As tags write it: `initial-access`.
    pub tag: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// A technique, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technique {
    /// `T1059.001`.
    pub id: &'static str,
    /// Its name, without that of the technique of which it is a part.
    pub name: &'static str,
    /// Tags of its tactics.
    pub tactics: Vec<&'static str>,
}

#[derive(Debug, Default)]
struct Table {
    tactics: Vec<Tactic>,
    techniques: BTreeMap<&'static str, Technique>,
    aliases: BTreeMap<&'static str, &'static str>,
}

static KNOWN: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for line in TABLE.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["tactic", id, tag, name] => table.tactics.push(Tactic { id, tag, name }),
            ["technique", id, name, tactics] => {
                let technique = Technique { id, name, tactics: tactics.split(',').collect() };
                table.techniques.insert(id, technique);
            }
            ["alias", old, new] => {
                table.aliases.insert(old, new);
            }
            _ => {}
        }
    }
    table
});

/// All tactics, in the order of the matrix.
#[must_use]
pub fn tactics() -> &'static [Tactic] {
    &KNOWN.tactics
}

/// A tactic by its tag or its id, in any case, with `_` or `-`; by an old name too.
#[must_use]
pub fn tactic(word: &str) -> Option<Tactic> {
    let word = word.to_lowercase().replace(['_', ' '], "-");
    let word = KNOWN.aliases.get(word.as_str()).copied().unwrap_or(&word);
    KNOWN.tactics.iter().copied().find(|t| t.tag == word || t.id.eq_ignore_ascii_case(word))
}

/// A technique by its id, in any case; by an old id the one that took its place.
#[must_use]
pub fn technique(id: &str) -> Option<&'static Technique> {
    let id = id.to_uppercase();
    KNOWN.techniques.get(id.as_str()).or_else(|| KNOWN.techniques.get(KNOWN.aliases.get(id.as_str())?))
}

/// The techniques that tags of a rule name (`attack.t1059.001`), each once, those of old ids under their new one.
#[must_use]
pub fn techniques_of(tags: &[String]) -> Vec<&'static Technique> {
    let mut found: Vec<&Technique> =
        tags.iter().filter_map(|t| technique(t.to_lowercase().strip_prefix("attack.")?)).collect();
    found.sort_by_key(|t| t.id);
    found.dedup();
    found
}

/// Ids of techniques among tags (`attack.t9999`) that are of no technique.
#[must_use]
pub fn unknown_of(tags: &[String]) -> Vec<String> {
    let id = |tag: &String| tag.to_lowercase().strip_prefix("attack.").map(str::to_uppercase);
    let is_id =
        |id: &String| id.strip_prefix('T').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
    tags.iter().filter_map(id).filter(is_id).filter(|id| technique(id).is_none()).collect()
}

/// A technique's name with that of the one of which it is a part: `PowerShell (Command and Scripting Interpreter)`.
#[must_use]
pub fn whole_name(technique: &Technique) -> String {
    let whole = technique.id.split_once('.').and_then(|(of, _)| KNOWN.techniques.get(of));
    whole.map_or_else(|| technique.name.to_owned(), |of| format!("{} ({})", technique.name, of.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_hangs_together() {
        let table = &*KNOWN;
        let read = table.tactics.len() + table.techniques.len() + table.aliases.len();
        assert_eq!(read, TABLE.lines().filter(|l| !l.starts_with('#')).count());
        assert_eq!(table.tactics.len(), 15);
        for technique in table.techniques.values() {
            assert!(technique.tactics.iter().all(|t| tactic(t).is_some()), "{}", technique.id);
            assert!(technique.id.split_once('.').is_none_or(|(of, _)| table.techniques.contains_key(of)));
        }
        for (old, new) in &table.aliases {
            assert!(
                technique(new).is_some() || tactic(new).is_some(),
                "{old} leads to {new}, which is not there"
            );
            assert!(!table.techniques.contains_key(old), "{old} is old and new");
        }
    }

    #[test]
    fn old_names_lead_to_those_that_took_their_place() {
        let name = |id: &str| technique(id).map(|t| (t.id, t.name));
        assert_eq!(name("t1562.002"), Some(("T1685.001", "Disable or Modify Windows Event Log")));
        assert_eq!(name("T1086"), Some(("T1059.001", "PowerShell")));
        assert_eq!(name("T9999"), None);
        assert_eq!(tactic("defense_evasion").map(|t| t.name), Some("Stealth"));
        assert_eq!(tactic("ta0112").map(|t| t.tag), Some("defense-impairment"));
        let tags = ["attack.t1086", "attack.T1059.001", "attack.execution", "attack.t9999", "cve.2026-1"]
            .map(str::to_owned);
        assert_eq!(techniques_of(&tags).iter().map(|t| t.id).collect::<Vec<_>>(), ["T1059.001"]);
        assert_eq!(unknown_of(&tags), ["T9999"]);
        assert_eq!(
            whole_name(technique("T1059.001").expect("there")),
            "PowerShell (Command and Scripting Interpreter)"
        );
    }
}
