//! Whether a rule can match at all on the fields and values that sources deliver.

use crate::condition::Expr;
use crate::detection::{Detection, Search};
use crate::event::{Kind, Leaf};
use crate::item::{Item, Test};
use crate::rule::{Body, Rule};
use serde_json::Map;
use std::collections::BTreeSet;

/// What sources deliver under a name that rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered<'a> {
    /// No source ever has such a field.
    Never,
    /// It holds one of these texts.
    Values(&'a BTreeSet<String>),
    /// Nothing is known of what it may hold.
    Any,
}

/// What keeps a rule from ever matching.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hindrance {
    /// No source delivers the field.
    Field(String),
    /// Sources deliver the field, and never with a value that the rule asks.
    Value(String),
}

/// What may come of a part of a condition.
#[derive(Debug, Clone, Copy)]
struct May {
    hold: bool,
    fail: bool,
}

/// What keeps a detection rule from ever matching, sorted; empty when it can match, and for a correlation.
pub fn hindrances<'a>(rule: &Rule, delivered: &dyn Fn(&str) -> Delivered<'a>) -> Vec<Hindrance> {
    let Some(detection) = rule.detection() else { return vec![] };
    let mut judge = Judge { delivered, found: BTreeSet::new() };
    if judge.expr(&detection.condition, detection).hold {
        return vec![];
    }
    judge.found.into_iter().collect()
}

/// The fields that a rule asks, each once: in its detection, or to group and count what it counts.
pub(crate) fn asked(rule: &Rule) -> BTreeSet<&str> {
    let mut all = BTreeSet::new();
    if let Some(detection) = rule.any_detection() {
        detection.searches.iter().for_each(|s| asked_by(s, &mut all));
    }
    if let Body::Correlation(correlation) = &rule.body {
        all.extend(correlation.asked());
    }
    all
}

fn asked_by<'a>(search: &'a Search, into: &mut BTreeSet<&'a str>) {
    match search {
        Search::Any(parts) => parts.iter().for_each(|p| asked_by(p, into)),
        Search::All(items) => {
            for item in items {
                into.extend(item.field.as_deref());
                into.extend(item.tests.iter().filter_map(|test| match test {
                    Test::FieldRef { other, .. } => Some(other.as_str()),
                    _ => None,
                }));
            }
        }
    }
}

struct Judge<'a, 'd> {
    delivered: &'d dyn Fn(&str) -> Delivered<'a>,
    found: BTreeSet<Hindrance>,
}

impl Judge<'_, '_> {
    fn expr(&mut self, expr: &Expr, detection: &Detection) -> May {
        match expr {
            Expr::Is(number) => self.named(*number, detection),
            Expr::Not(inner) => {
                let May { hold, fail } = self.expr(inner, detection);
                May { hold: fail, fail: hold }
            }
            Expr::All(parts) => all(parts.iter().map(|p| self.expr(p, detection)).collect()),
            Expr::Any(parts) => any(parts.iter().map(|p| self.expr(p, detection)).collect()),
            Expr::AtLeast(many, of) => {
                let parts: Vec<May> = of.iter().map(|n| self.named(*n, detection)).collect();
                let hold = parts.iter().filter(|p| p.hold).count() >= *many;
                let forced = parts.iter().filter(|p| !p.fail).count();
                May { hold, fail: forced < *many }
            }
        }
    }

    fn named(&mut self, number: usize, detection: &Detection) -> May {
        detection.searches.get(number).map_or(May { hold: false, fail: true }, |s| self.search(s))
    }

    fn search(&mut self, search: &Search) -> May {
        match search {
            Search::All(items) => all(items.iter().map(|i| self.item(i)).collect()),
            Search::Any(parts) => any(parts.iter().map(|p| self.search(p)).collect()),
        }
    }

    fn item(&mut self, item: &Item) -> May {
        let Some(field) = &item.field else { return May { hold: true, fail: true } };
        let may = match (self.delivered)(field) {
            Delivered::Any => return May { hold: true, fail: true },
            Delivered::Never => {
                let holds = item_holds(item, &[], false);
                May { hold: holds, fail: !holds }
            }
            Delivered::Values(values) => {
                let leaf = |v: &String| [Leaf::new(Kind::Text, v.clone())];
                // A value may also be missing: then the field is as if it were never there.
                let mut truths: Vec<bool> = values.iter().map(|v| item_holds(item, &leaf(v), true)).collect();
                truths.push(item_holds(item, &[], false));
                May { hold: truths.contains(&true), fail: truths.contains(&false) }
            }
        };
        if !may.hold {
            let never = (self.delivered)(field) == Delivered::Never;
            let name = field.clone();
            self.found.insert(if never { Hindrance::Field(name) } else { Hindrance::Value(name) });
        }
        may
    }
}

/// Whether a line holds for these values; fields that it compares with are unknown, so that it may.
fn item_holds(item: &Item, leaves: &[Leaf], present: bool) -> bool {
    let nothing = Map::new();
    let class = crate::logsource::Class::default();
    let view = crate::event::View::new(&nothing, &class);
    let one = |test: &Test| match test {
        Test::FieldRef { .. } => present,
        _ => test.met(leaves, present, &view),
    };
    let met = if item.all { item.tests.iter().all(one) } else { item.tests.iter().any(one) };
    met != item.negated
}

fn all(parts: Vec<May>) -> May {
    May { hold: parts.iter().all(|p| p.hold), fail: parts.iter().any(|p| p.fail) }
}

fn any(parts: Vec<May>) -> May {
    May { hold: parts.iter().any(|p| p.hold), fail: parts.iter().all(|p| p.fail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(detection: &str, want: &[Hindrance]) {
        let yaml = format!("title: t\nlogsource: {{category: t}}\ndetection:\n{detection}");
        let loaded = crate::load([("r.yml".to_owned(), yaml.into_bytes())]);
        let ids: BTreeSet<String> = ["1", "4688"].map(str::to_owned).into();
        let delivered = |field: &str| match field {
            "never" | "none" => Delivered::Never,
            "EventID" => Delivered::Values(&ids),
            _ => Delivered::Any,
        };
        assert_eq!(hindrances(loaded.rules.get(0).expect("a rule"), &delivered), want, "{detection}");
    }

    #[test]
    fn a_rule_that_can_never_match_says_what_keeps_it() {
        let field = |name: &str| Hindrance::Field(name.to_owned());
        let id = || Hindrance::Value("EventID".to_owned());
        check("  s: {never: 1}\n  condition: s\n", &[field("never")]);
        check("  s: {never: null}\n  condition: s\n", &[]);
        check("  s: {never|exists: false}\n  condition: s\n", &[]);
        check("  s: {never|neq: 1}\n  condition: s\n", &[]);
        check("  s: {never: 1}\n  condition: not s\n", &[]);
        check("  s: {a: 1}\n  f: {never: 1}\n  condition: s and not f\n", &[]);
        check("  s: {a: 1}\n  t: {never: 1}\n  condition: s or t\n", &[]);
        check("  s: {a: 1}\n  t: {never: 1}\n  condition: all of them\n", &[field("never")]);
        check("  s: {none: 1}\n  t: {never: 1}\n  condition: 1 of them\n", &[field("never"), field("none")]);
        check("  s: [{a: 1}, {never: 1}]\n  condition: s\n", &[]);
        check("  s: {EventID: 4688}\n  condition: s\n", &[]);
        check("  s: {EventID: [4624, 4625], a: 1}\n  condition: s\n", &[id()]);
        check("  s: [word]\n  condition: s\n", &[]);
    }
}
