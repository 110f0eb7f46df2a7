//! What a rule cannot do without: predicates or literals of which at least one holds whenever the rule matches.
//!
//! A rule that needs none of the cheap ones has no gate; it is right to look at it always, and wrong to skip it ever.

use crate::condition::Expr;
use crate::detection::{Detection, Search};
use crate::item::{Item, Place, Test};
use crate::rule::{Body, Rule};

/// Literals in one gate; a rule that would need more says that it has none.
const LITERALS_LIMIT: usize = 50_000;

/// How a literal stands in its field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It is the value.
    Whole,
    /// The value begins with it.
    Start,
    /// The value ends in it.
    End,
    /// The value holds it.
    Part,
    /// The value is this number, in this or another spelling: `4688`, `"4688"`, `4688.0`.
    Number,
}

/// A text that the value of a field holds in some event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Literal {
    /// The field, under the name that the rule has for it; none: any value at any depth (keywords).
    pub field: Option<String>,
    /// The text, in the one form in which texts are compared without case ([`folded`]); never empty.
    pub text: String,
    /// How it stands there.
    pub standing: Standing,
}

/// The one form in which texts are compared without case, also outside ASCII.
#[must_use]
pub fn folded(text: &str) -> String {
    crate::pattern::fold(text)
}

/// The literals of which at least one stands in every event that a detection rule matches; none where no such list
/// exists. Of several lists the rarest is given, sorted: the longest texts, and few of them. A filter, and a correlation,
/// has none of its own.
#[must_use]
pub fn necessary(rule: &Rule) -> Option<Vec<Literal>> {
    let Body::Detection(detection) = &rule.body else { return None };
    let clause = detection.needs(true, &mut |item, test| literals(item, test))?;
    let mut all = clause.of;
    all.sort();
    all.dedup();
    Some(all)
}

/// Things of which one is necessary, with what they cost together: about the part of events in which one holds.
#[derive(Debug, Clone)]
pub(crate) struct Clause<T> {
    pub(crate) of: Vec<T>,
    pub(crate) cost: f64,
}

/// What a test needs, positively; none where nothing can be said.
pub(crate) type OfTest<'a, T> = &'a mut dyn FnMut(&Item, &Test) -> Option<Clause<T>>;

fn cheapest<T>(clauses: impl Iterator<Item = Option<Clause<T>>>) -> Option<Clause<T>> {
    clauses.flatten().min_by(|a, b| a.cost.total_cmp(&b.cost))
}

/// One of these holds: each must have a clause, and all of them together are one.
fn union<T>(clauses: impl Iterator<Item = Option<Clause<T>>>) -> Option<Clause<T>> {
    let mut all = Clause { of: vec![], cost: 0.0 };
    for clause in clauses {
        let clause = clause?;
        all.of.extend(clause.of);
        all.cost += clause.cost;
        if all.of.len() > LITERALS_LIMIT {
            return None;
        }
    }
    (!all.of.is_empty()).then_some(all)
}

/// At least `many` of these hold: of any so many that less than `many` are left over, one does.
pub(crate) fn at_least<T>(many: usize, clauses: Vec<Option<Clause<T>>>) -> Option<Clause<T>> {
    let enough = (clauses.len() + 1).checked_sub(many).filter(|n| *n > 0)?;
    let mut known: Vec<Clause<T>> = clauses.into_iter().flatten().collect();
    known.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    (known.len() >= enough).then_some(())?;
    known.truncate(enough);
    union(known.into_iter().map(Some))
}

impl Detection {
    /// What must hold where the condition says `wanted`.
    pub(crate) fn needs<T>(&self, wanted: bool, of: OfTest<'_, T>) -> Option<Clause<T>> {
        self.expr_needs(&self.condition, wanted, of)
    }

    fn expr_needs<T>(&self, expr: &Expr, wanted: bool, of: OfTest<'_, T>) -> Option<Clause<T>> {
        let search = |number: &usize, of: OfTest<'_, T>| self.searches.get(*number)?.needs(wanted, of);
        match expr {
            Expr::Is(number) => search(number, of),
            Expr::Not(inner) => self.expr_needs(inner, !wanted, of),
            Expr::All(parts) => both_or_one(wanted, parts, |p| self.expr_needs(p, wanted, of)),
            Expr::Any(parts) => both_or_one(!wanted, parts, |p| self.expr_needs(p, wanted, of)),
            Expr::AtLeast(many, numbers) => {
                // Where not so many hold, all but so many less one do not.
                let many = if wanted { *many } else { (numbers.len() + 1).saturating_sub(*many) };
                at_least(many, numbers.iter().map(|n| search(n, of)).collect())
            }
        }
    }
}

/// Of parts that all hold the cheapest, of parts of which one holds all of them.
pub(crate) fn both_or_one<P, T>(
    all_hold: bool,
    parts: &[P],
    needs: impl FnMut(&P) -> Option<Clause<T>>,
) -> Option<Clause<T>> {
    let clauses = parts.iter().map(needs);
    if all_hold { cheapest(clauses) } else { union(clauses) }
}

impl Search {
    fn needs<T>(&self, wanted: bool, of: OfTest<'_, T>) -> Option<Clause<T>> {
        match self {
            Self::All(items) => both_or_one(wanted, items, |i| i.needs(wanted, of)),
            Self::Any(parts) => both_or_one(!wanted, parts, |p| p.needs(wanted, of)),
        }
    }
}

impl Item {
    fn needs<T>(&self, wanted: bool, of: OfTest<'_, T>) -> Option<Clause<T>> {
        // That a test does not hold needs nothing that could be looked for.
        if wanted == self.negated {
            return None;
        }
        both_or_one(self.all, &self.tests, |t| of(self, t))
    }
}

/// About how often a text of so many characters stands somewhere by chance: short ones often.
pub(crate) fn chance(characters: usize) -> f64 {
    let long = u32::try_from(characters.min(64)).unwrap_or(64);
    1.0 / f64::from(1 + long).powi(2)
}

fn literals(item: &Item, test: &Test) -> Option<Clause<Literal>> {
    let one = |text: String, standing: Standing| {
        let cost = chance(text.chars().count());
        let of = vec![Literal { field: item.field.clone(), text, standing }];
        (!of[0].text.is_empty()).then_some(Clause { of, cost })
    };
    match test {
        Test::Text(pattern) => {
            let (text, place) = pattern.literal();
            one(folded(&text), place.into())
        }
        Test::Number(_, text) => one(folded(text), Standing::Number),
        Test::Regex(regex) => union(regex.literals()?.iter().map(|t| one(t.clone(), Standing::Part))),
        // Whatever it is compared with stands elsewhere in the event.
        Test::FieldRef { .. } => None,
        Test::Null | Test::Exists(_) | Test::Cidr(_) | Test::Compare(..) | Test::Time(..) => None,
    }
}

impl From<Place> for Standing {
    fn from(place: Place) -> Self {
        match place {
            Place::Whole => Self::Whole,
            Place::Start => Self::Start,
            Place::End => Self::End,
            Place::Contains => Self::Part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(detection: &str, want: Option<&[(&str, &str, Standing)]>) {
        let yaml = format!("title: t\nlogsource: {{category: t}}\ndetection:\n{detection}");
        let loaded = crate::load([("r.yml".to_owned(), yaml.clone().into_bytes())]);
        let rule = loaded.rules.get(0).unwrap_or_else(|| panic!("{yaml}: {:?}", loaded.refused));
        let got = necessary(rule);
        let got: Option<Vec<_>> = got.as_ref().map(|all| {
            all.iter().map(|l| (l.field.as_deref().unwrap_or(""), l.text.as_str(), l.standing)).collect()
        });
        assert_eq!(got.as_deref(), want, "{detection}");
    }

    #[test]
    fn a_rule_names_the_rarest_literals_that_it_cannot_do_without() {
        use Standing::{End, Number, Part, Start, Whole};
        for (detection, want) in [
            ("  a: {X: 1, Y|endswith: '\\Cmd.EXE'}\n  condition: a", Some(&[("Y", "\\cmd.exe", End)][..])),
            ("  a: {X: 4688}\n  condition: a", Some(&[("X", "4688", Number)])),
            ("  a: {X: ['ÄB*', foo]}\n  condition: a", Some(&[("X", "foo", Whole), ("X", "äb", Start)])),
            ("  a: {X: 'ab*longer?z'}\n  condition: a", Some(&[("X", "longer", Part)])),
            ("  a: {X|contains|all: [abc, defgh]}\n  condition: a", Some(&[("X", "defgh", Part)])),
            ("  a: [word, other]\n  condition: a", Some(&[("", "other", Part), ("", "word", Part)])),
            ("  a: {X|re: 'a(bc|d)longer'}\n  condition: a", Some(&[("X", "longer", Part)])),
            ("  a: {X|neq: abc}\n  condition: a", None),
            ("  a: {X|neq: abc}\n  condition: not a", Some(&[("X", "abc", Whole)])),
            ("  a: {X: abc}\n  b: {Y: null}\n  condition: a or b", None),
            ("  a: {X: abc}\n  b: {Y: null}\n  condition: a and not b", Some(&[("X", "abc", Whole)])),
            ("  a: {X: '*'}\n  condition: a", None),
            (
                "  a: {X: abc}\n  b: {Y: de}\n  c: {Z: f}\n  condition: 2 of them",
                Some(&[("X", "abc", Whole), ("Y", "de", Whole)]),
            ),
            ("  a: {X: abc}\n  b: {Y: de}\n  condition: not (not a or not b)", Some(&[("X", "abc", Whole)])),
            (
                "  a: {X|neq: abc}\n  b: {Y|neq: de}\n  condition: not 2 of them",
                Some(&[("X", "abc", Whole), ("Y", "de", Whole)]),
            ),
            (
                "  a: [{X: abc}, {Y: [de, f]}]\n  condition: a",
                Some(&[("X", "abc", Whole), ("Y", "de", Whole), ("Y", "f", Whole)]),
            ),
            ("  a: {X: ''}\n  condition: a", None),
        ] {
            check(detection, want);
        }
    }
}
