//! Predicates: the same question about the same field, asked by any number of rules, is one number.

use crate::condition::Expr;
use crate::detection::{Detection, Search};
use crate::expression::Expression;
use crate::fields::{FieldId, Names};
use crate::gate::{Clause, at_least, both_or_one};
use crate::item::{Item, Order, Part, Place, Test};
use crate::pattern::Pattern;
use crate::quick::Seed;
use ipnet::IpNet;
#[expect(clippy::disallowed_types, reason = "looked up by key only; their order is never read")]
use std::collections::HashMap;

/// A question about one field, or about every value where there is none.
#[derive(Debug)]
pub(crate) struct Predicate {
    pub(crate) field: Option<FieldId>,
    pub(crate) ask: Ask,
    /// How many lines of rules ask it.
    pub(crate) popular: u32,
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Some value stands like this to a folded text.
    Text(Place, Box<str>),
    /// Some value is this number.
    Number(f64, Box<str>),
    /// Some value is an address of this network.
    Cidr(IpNet),
    /// Some value compares so.
    Compare(Order, f64),
    /// Decided when a rule asks, and only where one of the triggers was met, if there are any.
    Later(Box<Later>, Box<[u32]>),
}

/// What is decided when a rule asks.
#[derive(Debug)]
pub(crate) enum Later {
    Null,
    Exists(bool),
    /// Some value is not null.
    Valued,
    Pattern(Pattern),
    Regex(Expression),
    /// Some value is this number, whose text has letters.
    Number(f64, String),
    FieldRef {
        other: FieldId,
        place: Place,
        cased: bool,
    },
    Time(Part, Order, f64),
}

/// A condition over predicates.
#[derive(Debug)]
pub(crate) enum Formula {
    Is(u32),
    Not(Box<Formula>),
    AllOf(Box<[u32]>),
    AnyOf(Box<[u32]>),
    All(Box<[Formula]>),
    Any(Box<[Formula]>),
    AtLeast(usize, Box<[Formula]>),
}

/// All predicates of a set of rules.
#[derive(Debug, Default)]
#[expect(clippy::disallowed_types, reason = "looked up by key only; their order is never read")]
pub(crate) struct Predicates {
    pub(crate) all: Vec<Predicate>,
    known: HashMap<(Option<FieldId>, Kind, String), u32, Seed>,
}

/// Keeps questions apart that are written alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Text(Place),
    Number,
    Cidr,
    Compare(Order),
    Null,
    Exists(bool),
    Valued,
    Pattern(bool),
    Regex(crate::expression::Flags),
    FieldRef(Place, bool),
    Time(Part, Order),
}

impl Predicates {
    fn of(&mut self, names: &mut Names, field: Option<FieldId>, test: &Test) -> u32 {
        match test {
            Test::Null => self.later(field, Kind::Null, String::new(), |_| (Later::Null, vec![])),
            Test::Exists(wanted) => {
                self.later(field, Kind::Exists(*wanted), String::new(), |_| (Later::Exists(*wanted), vec![]))
            }
            Test::Text(pattern) => self.of_pattern(field, pattern),
            Test::Number(number, text) if text.bytes().any(|b| b.is_ascii_alphabetic()) => {
                let make = |_: &mut Self| (Later::Number(*number, text.clone()), vec![]);
                self.later(field, Kind::Number, text.clone(), make)
            }
            Test::Number(number, text) => {
                self.known(field, Kind::Number, text.clone(), |_| Ask::Number(*number, text.as_str().into()))
            }
            Test::Regex(expression) => {
                let (pattern, flags) = expression.key();
                self.later(field, Kind::Regex(flags), pattern.to_owned(), |all| {
                    let literals = expression.literals().unwrap_or(&[]);
                    let triggers = literals.iter().map(|l| all.text(field, Place::Contains, l)).collect();
                    (Later::Regex(expression.clone()), triggers)
                })
            }
            Test::Cidr(net) => self.known(field, Kind::Cidr, net.to_string(), |_| Ask::Cidr(*net)),
            Test::Compare(order, number) => {
                let key = number.to_bits().to_string();
                self.known(field, Kind::Compare(*order), key, |_| Ask::Compare(*order, *number))
            }
            Test::FieldRef { other, place, cased } => {
                let id = names.intern(other);
                let later = Later::FieldRef { other: id, place: *place, cased: *cased };
                self.later(field, Kind::FieldRef(*place, *cased), other.clone(), |_| (later, vec![]))
            }
            Test::Time(part, order, number) => {
                let key = number.to_bits().to_string();
                let later = Later::Time(*part, *order, *number);
                self.later(field, Kind::Time(*part, *order), key, |_| (later, vec![]))
            }
        }
    }

    fn of_pattern(&mut self, field: Option<FieldId>, pattern: &Pattern) -> u32 {
        if pattern.is_plain() && !pattern.cased() {
            let (text, place) = pattern.literal();
            return if text.is_empty() && place != Place::Whole {
                self.later(field, Kind::Valued, String::new(), |_| (Later::Valued, vec![]))
            } else {
                self.text(field, place, &text)
            };
        }
        self.later(field, Kind::Pattern(pattern.cased()), pattern.written(), |all| {
            let (text, place) = pattern.literal();
            let text = crate::pattern::fold(&text);
            let is_trigger = !text.is_empty() || place == Place::Whole;
            let triggers = if is_trigger { vec![all.text(field, place, &text)] } else { vec![] };
            (Later::Pattern(pattern.clone()), triggers)
        })
    }

    fn text(&mut self, field: Option<FieldId>, place: Place, text: &str) -> u32 {
        self.known(field, Kind::Text(place), text.to_owned(), |_| Ask::Text(place, text.into()))
    }

    fn later(
        &mut self,
        field: Option<FieldId>,
        kind: Kind,
        key: String,
        make: impl FnOnce(&mut Self) -> (Later, Vec<u32>),
    ) -> u32 {
        self.known(field, kind, key, |all| {
            let (later, triggers) = make(all);
            Ask::Later(Box::new(later), triggers.into())
        })
    }

    fn known(
        &mut self,
        field: Option<FieldId>,
        kind: Kind,
        key: String,
        make: impl FnOnce(&mut Self) -> Ask,
    ) -> u32 {
        let key = (field, kind, key);
        if let Some(number) = self.known.get(&key) {
            return *number;
        }
        let ask = make(self);
        let number = u32::try_from(self.all.len()).expect("rules are bounded far below so many values");
        self.all.push(Predicate { field, ask, popular: 0 });
        self.known.insert(key, number);
        number
    }

    /// The condition of a detection over numbers.
    pub(crate) fn formula(&mut self, names: &mut Names, detection: &Detection) -> Formula {
        self.of_expr(names, detection, &detection.condition)
    }

    fn of_expr(&mut self, names: &mut Names, detection: &Detection, expr: &Expr) -> Formula {
        let mut search = |all: &mut Self, n: &usize| all.of_search(names, &detection.searches[*n]);
        match expr {
            Expr::Is(number) => search(self, number),
            Expr::AtLeast(many, numbers) => {
                let parts: Vec<Formula> = numbers.iter().map(|n| search(self, n)).collect();
                match *many {
                    1 => Formula::any(parts),
                    all if all == parts.len() => Formula::all(parts),
                    many => Formula::AtLeast(many, parts.into()),
                }
            }
            Expr::Not(inner) => Formula::Not(Box::new(self.of_expr(names, detection, inner))),
            Expr::All(parts) => {
                Formula::all(parts.iter().map(|p| self.of_expr(names, detection, p)).collect())
            }
            Expr::Any(parts) => {
                Formula::any(parts.iter().map(|p| self.of_expr(names, detection, p)).collect())
            }
        }
    }

    fn of_search(&mut self, names: &mut Names, search: &Search) -> Formula {
        match search {
            Search::All(items) => Formula::all(items.iter().map(|i| self.of_item(names, i)).collect()),
            Search::Any(parts) => Formula::any(parts.iter().map(|p| self.of_search(names, p)).collect()),
        }
    }

    fn of_item(&mut self, names: &mut Names, item: &Item) -> Formula {
        let field = item.field.as_deref().map(|f| names.intern(f));
        let numbers: Vec<u32> = item.tests.iter().map(|t| self.of(names, field, t)).collect();
        numbers.iter().for_each(|n| self.all[*n as usize].popular += 1);
        let met = match (item.all, numbers.as_slice()) {
            (_, [one]) => Formula::Is(*one),
            (true, _) => Formula::AllOf(numbers.into()),
            (false, _) => Formula::AnyOf(numbers.into()),
        };
        if item.negated { Formula::Not(Box::new(met)) } else { met }
    }
}

impl Formula {
    fn all(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.swap_remove(0) } else { Self::All(parts.into()) }
    }

    fn any(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.swap_remove(0) } else { Self::Any(parts.into()) }
    }

    /// Puts what is decided with little effort before what takes more; says what all of it takes.
    pub(crate) fn arrange(&mut self, effort: &impl Fn(u32) -> u32) -> u32 {
        match self {
            Self::Is(number) => effort(*number),
            Self::Not(inner) => inner.arrange(effort),
            Self::AllOf(numbers) | Self::AnyOf(numbers) => {
                numbers.sort_by_key(|n| effort(*n));
                numbers.iter().fold(0, |sum, n| sum.saturating_add(effort(*n)))
            }
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                let mut known: Vec<(u32, Self)> =
                    std::mem::take(parts).into_iter().map(|mut p| (p.arrange(effort), p)).collect();
                known.sort_by_key(|(effort, _)| *effort);
                let sum = known.iter().fold(0, |sum: u32, (effort, _)| sum.saturating_add(*effort));
                *parts = known.into_iter().map(|(_, part)| part).collect();
                sum
            }
        }
    }

    /// What must hold where the condition says `wanted`.
    pub(crate) fn needs<T>(&self, wanted: bool, of: &impl Fn(u32) -> Option<Clause<T>>) -> Option<Clause<T>> {
        let leaf = |number: &u32| if wanted { of(*number) } else { None };
        match self {
            Self::Is(number) => leaf(number),
            Self::Not(inner) => inner.needs(!wanted, of),
            Self::AllOf(numbers) => both_or_one(wanted, numbers, leaf),
            Self::AnyOf(numbers) => both_or_one(!wanted, numbers, leaf),
            Self::All(parts) => both_or_one(wanted, parts, |p| p.needs(wanted, of)),
            Self::Any(parts) => both_or_one(!wanted, parts, |p| p.needs(wanted, of)),
            Self::AtLeast(many, parts) => {
                let many = if wanted { *many } else { (parts.len() + 1).saturating_sub(*many) };
                at_least(many, parts.iter().map(|p| p.needs(wanted, of)).collect())
            }
        }
    }
}
