//! The plain evaluator: one rule on one event, as the specification says it. The measure for the faster one.

use crate::compiled::Links;
use crate::detection::{Detection, Search};
use crate::engine::EngineOptions;
use crate::event::{self, Kind, Leaf, View};
use crate::item::{Item, Part, Place, Test};
use crate::logsource::Class;
use crate::rule::{Rule, RuleSet};
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// Rules, evaluated one after the other.
#[derive(Debug)]
pub struct Evaluator {
    rules: RuleSet,
    options: EngineOptions,
    links: Links,
}

impl Evaluator {
    /// An evaluator of these rules.
    #[must_use]
    pub fn new(rules: RuleSet, options: EngineOptions) -> Self {
        let links = Links::new(&rules);
        Self { rules, options, links }
    }

    /// Numbers of the detection rules that match one event, filters taken into account.
    #[must_use]
    pub fn matches(&self, fields: &Map<String, Value>, class: &Class) -> Vec<usize> {
        let view = View::new(fields, class);
        let fits = |n: &usize| self.rules.rules[*n].any_detection().is_some_and(|d| d.fits(&view));
        let filtered = |n: &usize| self.links.filters.get(n).is_some_and(|f| f.iter().any(fits));
        let admitted = |r: &Rule| self.options.ignore_logsource || class.admits(&r.logsource);
        let rules = self.rules.rules.iter().enumerate();
        let rules = rules.filter(|(_, r)| r.detection().is_some() && admitted(r)).map(|(n, _)| n);
        rules.filter(|n| fits(n) && !filtered(n)).collect()
    }
}

impl Detection {
    pub(crate) fn fits(&self, view: &View<'_>) -> bool {
        self.condition.decide(&mut |number| self.searches.get(number).is_some_and(|s| s.fits(view)))
    }
}

impl Search {
    fn fits(&self, view: &View<'_>) -> bool {
        match self {
            Self::All(items) => items.iter().all(|i| i.fits(view)),
            Self::Any(parts) => parts.iter().any(|p| p.fits(view)),
        }
    }
}

impl Item {
    /// Whether an event fits.
    pub(crate) fn fits(&self, view: &View<'_>) -> bool {
        let met = match &self.field {
            Some(field) => {
                let found = view.field(field);
                let one = |test: &Test| test.met(&found.values, found.present, view);
                if self.all { self.tests.iter().all(one) } else { self.tests.iter().any(one) }
            }
            None => {
                let one = |test: &Test| test.met(view.everything(), true, view);
                if self.all { self.tests.iter().all(one) } else { self.tests.iter().any(one) }
            }
        };
        met != self.negated
    }
}

impl Test {
    pub(crate) fn met(&self, leaves: &[Leaf], present: bool, view: &View<'_>) -> bool {
        match self {
            Self::Null => !present || leaves.iter().any(|l| l.kind == Kind::Null),
            Self::Exists(wanted) => present == *wanted,
            Self::FieldRef { other, place, cased } => {
                let others = view.field(other);
                leaves.iter().any(|l| others.values.iter().any(|o| same(l, o, *place, *cased)))
            }
            _ => leaves.iter().any(|l| l.kind != Kind::Null && self.met_by(l)),
        }
    }

    fn met_by(&self, leaf: &Leaf) -> bool {
        match self {
            Self::Text(pattern) => pattern.matches(if pattern.cased() { &leaf.text } else { leaf.folded() }),
            Self::Number(number, text) => is_number(leaf.kind, &leaf.text, *number, text),
            Self::Regex(regex) => regex.is_match(&leaf.text),
            Self::Cidr(net) => address(&leaf.text).is_some_and(|a| inside(net, a)),
            Self::Compare(order, number) => leaf.number().is_some_and(|n| order.holds(n, *number)),
            Self::Time(part, order, number) => {
                part.of(leaf.kind, &leaf.text).is_some_and(|n| order.holds(n, *number))
            }
            Self::Null | Self::Exists(_) | Self::FieldRef { .. } => false,
        }
    }
}

fn same(left: &Leaf, right: &Leaf, place: Place, cased: bool) -> bool {
    if left.kind == Kind::Null || right.kind == Kind::Null {
        return left.kind == right.kind && place == Place::Whole;
    }
    let (left, right) =
        if cased { (left.text.as_str(), right.text.as_str()) } else { (left.folded(), right.folded()) };
    place.holds(left, right)
}

impl Place {
    /// Whether one text stands like this to another.
    pub(crate) fn holds(self, text: &str, other: &str) -> bool {
        match self {
            Self::Whole => text == other,
            Self::Contains => text.contains(other),
            Self::Start => text.starts_with(other),
            Self::End => text.ends_with(other),
        }
    }
}

/// Whether a value is a rule's number: the same number, or its text.
#[expect(clippy::float_cmp, reason = "a rule's number equals the event's number, not one near it")]
pub(crate) fn is_number(kind: Kind, text: &str, number: f64, written: &str) -> bool {
    match kind {
        Kind::Number(found) => found == number,
        _ => text == written,
    }
}

/// An address in any spelling, with a zone or in brackets; one of version 4 written as version 6 is of version 4.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let text = text.split('%').next().unwrap_or(text);
    text.parse::<IpAddr>().ok().map(|a| a.to_canonical())
}

pub(crate) fn inside(net: &IpNet, address: IpAddr) -> bool {
    let mapped = match (net, address) {
        (IpNet::V6(_), IpAddr::V4(v4)) => IpAddr::V6(v4.to_ipv6_mapped()),
        _ => address,
    };
    net.contains(&mapped)
}

impl Part {
    /// This part of a time in UTC, if the value is a time.
    pub(crate) fn of(self, kind: Kind, text: &str) -> Option<f64> {
        let at: Timestamp = match kind {
            Kind::Number(number) => epoch(number)?,
            _ => match text.trim().parse() {
                Ok(at) => at,
                Err(_) => match text.trim().parse::<jiff::civil::DateTime>() {
                    Ok(civil) => TimeZone::UTC.to_timestamp(civil).ok()?,
                    Err(_) => epoch(event::number(kind, text)?)?,
                },
            },
        };
        let civil = TimeZone::UTC.to_datetime(at);
        Some(match self {
            Self::Minute => f64::from(civil.minute()),
            Self::Hour => f64::from(civil.hour()),
            Self::Day => f64::from(civil.day()),
            // ISO 8601 week number.
            Self::Week => f64::from(civil.date().iso_week_date().week()),
            Self::Month => f64::from(civil.month()),
            Self::Year => f64::from(civil.year()),
        })
    }
}

/// Seconds, or milliseconds, since 1970.
fn epoch(number: f64) -> Option<Timestamp> {
    let seconds = if number.abs() >= 1e11 { number / 1000.0 } else { number };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a value out of range saturates and is refused by the type"
    )]
    Timestamp::from_millisecond((seconds * 1000.0) as i64).ok()
}
