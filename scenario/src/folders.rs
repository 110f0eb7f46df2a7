//! The folders of `scenarios/`, embedded: the story that people read, and what must and must not be found, in one place.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// One folder, as it lies in the tree.
pub(crate) struct Folder {
    pub(crate) name: &'static str,
    /// Its `story.md`.
    pub(crate) story: &'static str,
    /// Its `alerts.toml`.
    pub(crate) alerts: &'static str,
}

macro_rules! folder {
    ($name:literal) => {
        $crate::folders::Folder {
            name: $name,
            story: include_str!(concat!("../../scenarios/", $name, "/story.md")),
            alerts: include_str!(concat!("../../scenarios/", $name, "/alerts.toml")),
        }
    };
}
pub(crate) use folder;

/// Scenarios whose records lie in their folder, instead of being made.
pub(crate) const RECORDED: &[Folder] = &[
    folder!("event-log-cleared"),
    folder!("one-password-three-customers"),
    folder!("success-after-many-failures"),
];

/// A detection that must fire, and the customers that its alert must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Must {
    /// The detection.
    pub rule: String,
    /// The customers.
    pub customers: Vec<String>,
}

/// What a folder's `alerts.toml` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// What the scenario is about, in a sentence.
    pub about: String,
    /// What must fire.
    pub must: Vec<Must>,
    /// What lies near and must not fire: in a made scenario nothing beside `must` may, and in a quiet twin nothing at all.
    pub must_not: Vec<String>,
}

/// What must and must not be found in the scenario of this folder.
pub(crate) fn expected(folder: &Folder) -> &'static Expected {
    static READ: OnceLock<BTreeMap<&'static str, Expected>> = OnceLock::new();
    static NOTHING: Expected = Expected { about: String::new(), must: vec![], must_not: vec![] };
    let all = READ.get_or_init(|| crate::folders().map(|f| (f.name, read(f.alerts))).collect());
    all.get(folder.name).unwrap_or(&NOTHING)
}

/// Reads an `alerts.toml`. What is missing in it stays empty; a test holds that nothing is.
fn read(text: &str) -> Expected {
    let table: toml::Table = text.parse().unwrap_or_default();
    let word =
        |value: Option<&toml::Value>| value.and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let words = |value: Option<&toml::Value>| -> Vec<String> {
        list(value).iter().filter_map(|w| w.as_str().map(str::to_owned)).collect()
    };
    let must = |m: &toml::Value| Must { rule: word(m.get("rule")), customers: words(m.get("customers")) };
    Expected {
        about: word(table.get("about")),
        must: list(table.get("must")).iter().map(must).collect(),
        must_not: words(table.get("must_not").and_then(|m| m.get("rules"))),
    }
}

fn list(value: Option<&toml::Value>) -> &[toml::Value] {
    value.and_then(toml::Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_and_must_not_be_found_is_read_from_the_file() {
        let text = "about = 'a thing'\n[[must]]\nrule = 'bw.x'\ncustomers = ['acme', 'clinic']\n[must_not]\nrules = ['bw.y']\n";
        let must = Must { rule: "bw.x".into(), customers: vec!["acme".into(), "clinic".into()] };
        let want = Expected { about: "a thing".into(), must: vec![must], must_not: vec!["bw.y".into()] };
        assert_eq!(read(text), want);
        assert_eq!(read("no TOML at all"), Expected::default());
    }

    #[test]
    fn every_folder_says_what_it_is_about_and_what_must_and_must_not_be_found() {
        for folder in crate::folders() {
            let said = expected(folder);
            assert!(said.about.len() > 20 && !said.about.ends_with('.'), "{}", folder.name);
            assert!(!said.must.is_empty() && !said.must_not.is_empty(), "{}", folder.name);
            for must in &said.must {
                assert!(!must.customers.is_empty() && !said.must_not.contains(&must.rule), "{}", folder.name);
            }
            assert!(folder.story.starts_with("# ") && folder.story.len() > 300, "{}", folder.name);
        }
    }
}
