//! Why a rule does or does not match one event: every branch of its condition, with the values that were found.
//!
//! The plain evaluator decides each branch, none is left out because another settled the matter. Slow, and for people.

#[cfg(test)]
mod tests;
mod words;

use crate::compiled::Links;
use crate::condition::Expr;
use crate::detection::{Detection, Search};
use crate::event::View;
use crate::item::{Item, Test};
use crate::logsource::{Class, Sources};
use crate::rule::{Body, LogSource, Rule, RuleSet};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub use words::Outline;
use words::{short, subject, test_in_words};

/// Values of one line, or of one field, that are told; how many there are more is said.
const TOLD_LIMIT: usize = 20;
/// Correlations that may feed each other before telling ends.
const DEPTH_LIMIT: usize = 16;

/// What became of an event at a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The rule matches. A correlation: at least one of the rules that it counts does.
    Match,
    /// Its condition does not hold.
    NoMatch,
    /// Its condition holds, but a filter takes the event away.
    Filtered,
    /// Its log source contradicts the event's; the condition is told all the same.
    OtherSource,
}

impl Outcome {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "no-match",
            Self::Filtered => "filtered",
            Self::OtherSource => "other-source",
        }
    }
}

/// Why a rule does or does not match one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What became of the event.
    pub outcome: Outcome,
    /// The log source that the rule names, `product/category/service`.
    pub wants: String,
    /// The part of it that contradicts the event: `product`, `service` or `category`.
    pub refusal: Option<&'static str>,
    /// The form in which the event came, in words; empty where it is unknown.
    pub form: &'static str,
    /// The log sources to which the event belongs; empty where nothing is known.
    pub sources: Vec<String>,
    /// Its condition; none for a correlation.
    pub condition: Option<Branch>,
    /// Filters for this rule: id, title, and the condition, which takes the event away where it holds.
    pub filters: Vec<(String, String, Branch)>,
    /// What a correlation counts, each with its own explanation.
    pub counts: Vec<Explanation>,
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// What it asks.
    pub says: String,
    /// Whether it holds.
    pub holds: bool,
    /// What it is made of; empty for what one value asks.
    pub parts: Vec<Branch>,
    /// How many parts there are more than are told.
    pub untold: usize,
    /// What was found in the event, where it asks a field.
    pub found: Option<FieldLook>,
}

/// What an event holds under the name that a rule asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLook {
    /// The name; none where every value is looked at (keywords).
    pub field: Option<String>,
    /// What the event calls it, where that is another name.
    pub found_as: Option<String>,
    /// Whether it is there, also with a null value.
    pub present: bool,
    /// Its values as text, shortened, the first of them.
    pub values: Vec<String>,
    /// How many values there are more.
    pub more: usize,
}

/// Explains the rule of this number in the set on one event; `None` where there is no such rule.
#[must_use]
pub fn explain(
    rules: &RuleSet,
    number: usize,
    fields: &Map<String, Value>,
    class: &Class,
) -> Option<Explanation> {
    let view = View::new(fields, class);
    let links = Links::new(rules);
    let teller = Teller { rules, links: &links, view: &view, class };
    rules.get(number).map(|rule| teller.rule(number, rule, 0))
}

/// What a detection rule or filter asks, in lines; `None` for a correlation.
#[must_use]
pub fn outline(rule: &Rule) -> Option<Outline> {
    rule.any_detection().map(Outline::of)
}

/// How a rule stands to others of its set, by their numbers, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relations {
    /// Correlations that count its hits.
    pub feeds: Vec<usize>,
    /// Filters that take events away from it.
    pub filtered_by: Vec<usize>,
    /// Rules whose hits it counts.
    pub counts: Vec<usize>,
    /// Rules from which it takes events away.
    pub filters: Vec<usize>,
}

/// How the rule of this number stands to the others.
#[must_use]
pub fn relations(rules: &RuleSet, number: usize) -> Relations {
    let links = Links::new(rules);
    let of = |map: &BTreeMap<usize, Vec<usize>>| map.get(&number).cloned().unwrap_or_default();
    let back = |map: &BTreeMap<usize, Vec<usize>>| {
        map.iter().filter(|(_, to)| to.contains(&number)).map(|(from, _)| *from).collect()
    };
    let counted = |rule: usize| match rules.rules.get(rule).map(|r| &r.body) {
        Some(Body::Correlation(correlation)) => {
            let mut counted = correlation.rules.clone();
            counted.sort_unstable();
            counted.dedup();
            counted
        }
        _ => vec![],
    };
    Relations {
        feeds: (0..rules.rules.len()).filter(|other| counted(*other).contains(&number)).collect(),
        filtered_by: of(&links.filters),
        counts: counted(number),
        filters: back(&links.filters),
    }
}

impl LogSource {
    /// Product, category and service, `*` for what is left open: `windows/process_creation`, `linux/*/auditd`, `*`.
    #[must_use]
    pub fn in_short(&self) -> String {
        let parts = [&self.product, &self.category, &self.service].map(|p| p.as_deref().unwrap_or("*"));
        let text = parts.join("/");
        let text = text.trim_end_matches("/*");
        text.to_owned()
    }
}

/// One event, and everything that is asked about it.
struct Teller<'a> {
    rules: &'a RuleSet,
    links: &'a Links,
    view: &'a View<'a>,
    class: &'a Class,
}

impl Teller<'_> {
    fn rule(&self, number: usize, rule: &Rule, depth: usize) -> Explanation {
        let refusal = self.class.refusal(&rule.logsource);
        let condition = rule.any_detection().map(|d| self.detection(d));
        let mut filters = vec![];
        for filter in self.links.filters.get(&number).into_iter().flatten().filter_map(|n| self.rules.get(*n))
        {
            if let Some(detection) = filter.any_detection() {
                filters.push((filter.id.clone(), filter.title.clone(), self.detection(detection)));
            }
        }
        let counts: Vec<Explanation> = match &rule.body {
            Body::Correlation(correlation) if depth < DEPTH_LIMIT => {
                let numbers = correlation.rules.iter().take(TOLD_LIMIT);
                let of = |n: &usize| self.rules.get(*n).map(|r| self.rule(*n, r, depth + 1));
                numbers.filter_map(of).collect()
            }
            _ => vec![],
        };
        let holds = condition
            .as_ref()
            .map_or_else(|| counts.iter().any(|c| c.outcome == Outcome::Match), |c| c.holds);
        let outcome = match (refusal, holds) {
            (Some(_), _) => Outcome::OtherSource,
            (None, false) => Outcome::NoMatch,
            (None, true) if filters.iter().any(|(_, _, branch)| branch.holds) => Outcome::Filtered,
            (None, true) => Outcome::Match,
        };
        Explanation {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            outcome,
            wants: rule.logsource.in_short(),
            refusal,
            form: self.class.form(),
            sources: Sources::known().of_class(self.class).iter().map(|s| s.name()).collect(),
            condition,
            filters,
            counts,
        }
    }

    fn detection(&self, detection: &Detection) -> Branch {
        self.expr(&detection.condition, detection)
    }

    fn expr(&self, expr: &Expr, detection: &Detection) -> Branch {
        let says = || words::condition(expr, detection, false);
        match expr {
            Expr::Is(number) => self.named(*number, detection),
            Expr::Not(inner) => {
                let inner = self.expr(inner, detection);
                Branch { holds: !inner.holds, ..Branch::of("not".to_owned(), vec![inner]) }
            }
            Expr::All(parts) => {
                let parts: Vec<Branch> = parts.iter().map(|p| self.expr(p, detection)).collect();
                Branch { holds: parts.iter().all(|p| p.holds), ..Branch::of(says(), parts) }
            }
            Expr::Any(parts) => {
                let parts: Vec<Branch> = parts.iter().map(|p| self.expr(p, detection)).collect();
                Branch { holds: parts.iter().any(|p| p.holds), ..Branch::of(says(), parts) }
            }
            Expr::AtLeast(many, of) => {
                let parts: Vec<Branch> = of.iter().map(|n| self.named(*n, detection)).collect();
                Branch {
                    holds: parts.iter().filter(|p| p.holds).count() >= *many,
                    ..Branch::of(says(), parts)
                }
            }
        }
    }

    fn named(&self, number: usize, detection: &Detection) -> Branch {
        let name = detection.names.get(number).map_or("?", |n| n).to_owned();
        match detection.searches.get(number) {
            Some(search) => Branch { says: name, ..self.search(search) },
            None => Branch::of(name, vec![]),
        }
    }

    fn search(&self, search: &Search) -> Branch {
        match search {
            Search::All(items) => {
                let parts: Vec<Branch> = items.iter().map(|i| self.item(i)).collect();
                Branch { holds: parts.iter().all(|p| p.holds), ..Branch::of("all of".to_owned(), parts) }
            }
            Search::Any(all) => {
                let parts: Vec<Branch> = all.iter().map(|p| self.search(p)).collect();
                let inner =
                    Branch { holds: parts.iter().any(|p| p.holds), ..Branch::of("one of".to_owned(), parts) };
                Branch { holds: inner.holds, ..Branch::of("one of".to_owned(), vec![inner.cut()]) }
            }
        }
    }

    fn item(&self, item: &Item) -> Branch {
        let keyword = item.field.is_none();
        let met = |test: &Test| match &item.field {
            Some(field) => {
                let found = self.view.field(field);
                test.met(&found.values, found.present, self.view)
            }
            None => test.met(self.view.everything(), true, self.view),
        };
        let told =
            |test: &Test| Branch { holds: met(test), ..Branch::of(test_in_words(test, keyword), vec![]) };
        let parts: Vec<Branch> = item.tests.iter().map(told).collect();
        let found = Some(self.look(item.field.as_deref()));
        let holds = item.fits(self.view);
        match &parts[..] {
            [one] => Branch { holds, found, ..Branch::of(format!("{}{}", subject(item), one.says), vec![]) },
            _ => {
                let says = format!(
                    "{}{} {}",
                    subject(item),
                    if item.all { "all of" } else { "one of" },
                    parts.len()
                );
                Branch { holds, found, ..Branch::of(says, parts).cut() }
            }
        }
    }

    fn look(&self, field: Option<&str>) -> FieldLook {
        let Some(name) = field else {
            let more = self.view.everything().len();
            return FieldLook { field: None, found_as: None, present: true, values: vec![], more };
        };
        let found = self.view.field(name);
        let values: Vec<String> = found.values.iter().take(TOLD_LIMIT).map(|l| short(&l.text)).collect();
        let more = found.values.len() - values.len();
        let found_as = self.view.found_as(name);
        FieldLook { field: Some(name.to_owned()), found_as, present: found.present, values, more }
    }
}

impl Branch {
    fn of(says: String, parts: Vec<Self>) -> Self {
        Self { says, holds: false, parts, untold: 0, found: None }
    }

    /// Leaves out of many parts those that say least: what does not hold, from the end.
    fn cut(mut self) -> Self {
        let all = self.parts.len();
        if all > TOLD_LIMIT {
            let mut room = TOLD_LIMIT;
            let holding = self.parts.iter().filter(|p| p.holds).count().min(TOLD_LIMIT);
            let (mut yes, mut no) = (holding, TOLD_LIMIT - holding);
            self.parts.retain(|part| {
                let left = if part.holds { &mut yes } else { &mut no };
                let stays = *left > 0 && room > 0;
                *left -= usize::from(stays);
                room -= usize::from(stays);
                stays
            });
            self.untold = all - self.parts.len();
        }
        self
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut made = json!({"says": self.says, "holds": self.holds});
        if !self.parts.is_empty() {
            made["parts"] = self.parts.iter().map(Self::to_json).collect();
        }
        if self.untold > 0 {
            made["untold"] = self.untold.into();
        }
        if let Some(found) = &self.found {
            made["field"] = found.field.clone().into();
            made["found"] = json!({"as": found.found_as, "present": found.present, "values": found.values, "more": found.more});
        }
        made
    }
}

impl Explanation {
    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let filter = |(id, title, branch): &(String, String, Branch)| json!({"id": id, "title": title, "condition": branch.to_json()});
        json!({
            "rule": {"id": self.rule, "title": self.title},
            "outcome": self.outcome.as_str(),
            "logsource": {
                "rule": self.wants, "form": self.form, "event": self.sources,
                "admitted": self.refusal.is_none(), "refused_by": self.refusal,
            },
            "condition": self.condition.as_ref().map(Branch::to_json),
            "filters": self.filters.iter().map(filter).collect::<Vec<_>>(),
            "counts": self.counts.iter().map(Self::to_json).collect::<Vec<_>>(),
        })
    }
}
