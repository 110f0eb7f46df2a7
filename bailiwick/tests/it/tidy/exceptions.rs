//! Holds that every exception in deny.toml says why it is one, and on which day somebody looks again.

use super::{content, notices, root};

/// Where deny.toml keeps exceptions: a section and a list in it.
const LISTS: [(&str, &str); 4] =
    [("bans", "skip"), ("bans", "skip-tree"), ("advisories", "ignore"), ("licenses", "exceptions")];

/// A day after these words, as in `look again on 2027-05-24`.
fn has_a_day(reason: &str) -> bool {
    let Some((_, behind)) = reason.split_once("look again on ") else { return false };
    behind.get(..10).is_some_and(|day| day.parse::<toml::value::Datetime>().is_ok())
}

fn exceptions(text: &str) -> Vec<String> {
    let deny: toml::Table = text.parse().expect("deny.toml is TOML");
    let list = |section: &str, name: &str| deny.get(section)?.get(name)?.as_array().cloned();
    let mut entries: Vec<toml::Value> =
        LISTS.iter().filter_map(|(section, name)| list(section, name)).flatten().collect();
    let opened = |entry: &toml::Value| entry.get("wrappers").is_some();
    entries.extend(list("bans", "deny").unwrap_or_default().into_iter().filter(opened));
    let silent = entries.iter().filter(|entry| {
        let reason = entry.get("reason").and_then(toml::Value::as_str).unwrap_or_default();
        // A licence's exception has no field for a reason; it stands in a comment on the same line.
        let name = entry.get("crate").and_then(toml::Value::as_str).unwrap_or_default();
        let line = text.lines().find(|line| line.contains(&format!("crate = \"{name}\"")));
        !has_a_day(reason) && !line.is_some_and(has_a_day)
    });
    silent.map(|entry| format!("deny.toml: an exception without the day to look again: {entry}")).collect()
}

#[test]
fn every_exception_in_deny_toml_has_a_reason_and_a_day() {
    content(exceptions(&std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml is there")));
}

#[test]
fn an_exception_for_ever_is_noticed() {
    let good = "[bans]\nskip = [{ crate = \"a@1\", reason = \"old; look again on 2027-05-24\" }]\n[licenses]\nexceptions = [\n  { crate = \"b\", allow = [\"MPL-2.0\"] }, # a file of its own; look again on 2027-05-24\n]\n";
    for broken in [
        "[bans]\nskip = [\"a@1\"]\n",
        "[bans]\nskip-tree = [{ crate = \"a\", reason = \"old\" }]\n",
        "[bans]\ndeny = [{ crate = \"a\", wrappers = [\"b\"], reason = \"old; look again on some day\" }]\n",
        "[advisories]\nignore = [{ id = \"X-1\", reason = \"we do not use it\" }]\n",
        "[licenses]\nexceptions = [{ crate = \"b\", allow = [\"MPL-2.0\"] }]\n",
    ] {
        notices(exceptions(broken), "without the day", exceptions(good));
    }
}
