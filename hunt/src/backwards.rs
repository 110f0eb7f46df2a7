//! Hunts backwards: rules over what was sealed before they were written. The index of each segment says which blocks
//! can hold what a rule cannot do without; only those are read, and only records with such words are looked at.

use crate::search::Range;
use custody::{Page, Parse, ReadError, Unit, View};
use model::{Kind, Record};
use sigma::{Rule, RuleKind, RuleSet, necessary_words};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Different words that indexes are asked for; of rules that would need more, the words that come last are not asked.
const WORDS_LIMIT: usize = 20_000;
/// Words of one alternative that are looked at in a record.
const TOGETHER_LIMIT: usize = 64;
/// A rule for which more of the records have to be read than this is not selective.
const SELECTIVE: f64 = 0.5;

/// What one rule costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// Its number in the set.
    pub rule: usize,
    /// The words that it is looked for by: of these alternatives, one has all its words in each record that it matches.
    /// None: it can be told by no word, and every record is looked at.
    pub words: Option<Vec<Vec<String>>>,
    /// Records in the blocks that have to be read for it.
    pub records: u64,
    /// Whether that is less than half of all.
    pub is_selective: bool,
}

/// Looks at a page, and is told which of its records are wanted.
pub type Each<'a> = &'a mut dyn FnMut(&Page, &dyn Fn(&Record) -> bool) -> ControlFlow<()>;

/// What a hunt will read, known before it starts.
#[derive(Debug)]
pub struct Plan {
    /// Each detection rule, in the order of the set; correlations stand on these.
    pub costs: Vec<Cost>,
    /// Records in the range of time, as far as whole blocks tell.
    pub records: u64,
    /// Records in the blocks that will be read.
    pub to_read: u64,
    units: Vec<Unit>,
    range: Range,
    wanted: Option<Wanted>,
}

/// Which records can be matched by some rule.
#[derive(Debug)]
struct Wanted {
    /// For each term the alternatives that have it, with its place there.
    of: BTreeMap<u64, Vec<(u32, u32)>>,
    /// What is seen of each alternative when all of it is.
    all: Vec<u64>,
}

impl Wanted {
    fn new(alternatives: &BTreeSet<Vec<u64>>) -> Self {
        let mut made = Self { of: BTreeMap::new(), all: vec![] };
        for terms in alternatives {
            let number = u32::try_from(made.all.len()).expect("as many as rules hold values");
            for (place, term) in (0..).zip(terms) {
                made.of.entry(*term).or_default().push((number, place));
            }
            made.all.push(u64::MAX >> (64 - terms.len()));
        }
        made
    }

    /// Whether a raw has all words of some alternative.
    fn takes(&self, raw: &[u8]) -> bool {
        let mut seen: BTreeMap<u32, u64> = BTreeMap::new();
        let mut found = false;
        segment::terms(raw, &mut |term| {
            let Some(places) = self.of.get(&term).filter(|_| !found) else { return };
            for (number, place) in places {
                let bits = seen.entry(*number).or_default();
                *bits |= 1 << place;
                found |= self.all.get(*number as usize) == Some(bits);
            }
        });
        found
    }
}

/// What stands in a word of the index: see [`segment::terms`].
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// Words by the place of their bit.
#[derive(Default)]
struct Asked {
    places: BTreeMap<String, usize>,
    terms: Vec<u64>,
}

impl Asked {
    /// Every word that some rule could be looked for by.
    fn of(rules: &RuleSet, added: &BTreeSet<u64>) -> Self {
        let mut made = Self::default();
        for rule in rules.iter() {
            // What it chooses does not matter yet: it is asked about every word that there is.
            let _ = necessary_words(rule, is_word, &mut |words| {
                words.iter().for_each(|word| made.take(word, added));
                Some(1.0)
            });
        }
        made
    }

    fn take(&mut self, word: &str, added: &BTreeSet<u64>) {
        if self.terms.len() >= WORDS_LIMIT || self.places.contains_key(word) {
            return;
        }
        // One word is one term; what parsers add stands in no raw.
        if let [term] = segment::query_terms(word)[..]
            && !added.contains(&term)
        {
            self.places.insert(word.to_owned(), self.terms.len());
            self.terms.push(term);
        }
    }

    /// The places of the words that can be asked for.
    fn places(&self, words: &[String]) -> Vec<usize> {
        words.iter().filter_map(|w| self.places.get(w).copied()).take(TOGETHER_LIMIT).collect()
    }
}

fn has(bits: &[u64], place: &usize) -> bool {
    bits.get(place / 64).is_some_and(|b| b >> (place % 64) & 1 == 1)
}

/// What hunting with these rules will read. `added` are words that parsers put into fields and that stand in no raw; with
/// `every`, every record is looked at whatever the index says. `told` hears how many of how many segments were asked.
///
/// # Errors
/// [`ReadError`] when the index of a segment cannot be read.
#[expect(clippy::cast_precision_loss, reason = "a share of records")]
pub fn plan(
    view: &View,
    rules: &RuleSet,
    range: &Range,
    (added, every): (&[&str], bool),
    told: &mut dyn FnMut(usize, usize),
) -> Result<Plan, ReadError> {
    let added: BTreeSet<u64> = added.iter().flat_map(|word| segment::query_terms(word)).collect();
    let asked = if every { Asked::default() } else { Asked::of(rules, &added) };
    let mut units = view.units_by_term(&asked.terms, told)?;
    // A unit without events holds nothing that rules look at.
    units.retain(|(unit, _)| unit.happened.is_some() && range.may_hold(unit.happened));
    let records: u64 = units.iter().map(|(u, _)| u.count).sum();
    let share = |places: &[usize]| {
        let with = units.iter().filter(|(_, bits)| places.iter().all(|p| has(bits, p)));
        with.map(|(u, _)| u.count).sum::<u64>() as f64 / records.max(1) as f64
    };
    let mut known: BTreeMap<Vec<usize>, f64> = BTreeMap::new();
    let (mut costs, mut alternatives, mut reads) = (vec![], BTreeSet::new(), vec![false; units.len()]);
    let mut takes_all = false;
    for (number, rule) in rules.iter().enumerate().filter(|(_, r)| r.kind == RuleKind::Detection) {
        let words = words_of(rule, &asked, &mut |places| {
            *known.entry(places.to_vec()).or_insert_with(|| share(places))
        });
        let own: Option<Vec<Vec<usize>>> =
            words.as_ref().map(|all| all.iter().map(|words| asked.places(words)).collect());
        let mut to_read = 0;
        for ((unit, bits), read) in units.iter().zip(&mut reads) {
            let can =
                own.as_ref().is_none_or(|all| all.iter().any(|places| places.iter().all(|p| has(bits, p))));
            to_read += if can { unit.count } else { 0 };
            *read |= can;
        }
        takes_all |= own.is_none();
        for places in own.into_iter().flatten() {
            alternatives.insert(places.iter().map(|p| asked.terms[*p]).collect::<Vec<u64>>());
        }
        let is_selective = (to_read as f64) < SELECTIVE * records.max(1) as f64;
        costs.push(Cost { rule: number, words, records: to_read, is_selective });
    }
    let units: Vec<Unit> =
        units.into_iter().zip(reads).filter(|(_, read)| *read).map(|((u, _), _)| u).collect();
    let to_read = units.iter().map(|u| u.count).sum();
    let wanted = (!takes_all).then(|| Wanted::new(&alternatives));
    Ok(Plan { costs, records, to_read, units, range: *range, wanted })
}

/// The words of a rule that can be asked for, least read first.
fn words_of(rule: &Rule, asked: &Asked, share: &mut dyn FnMut(&[usize]) -> f64) -> Option<Vec<Vec<String>>> {
    let found = necessary_words(rule, is_word, &mut |words| {
        let places = asked.places(words);
        (!places.is_empty()).then(|| share(&places))
    })?;
    let askable = |words: Vec<String>| words.into_iter().filter(|w| asked.places.contains_key(w)).collect();
    Some(found.into_iter().map(askable).collect())
}

impl Plan {
    /// Hands out every page that holds a record which some rule can match, proved, in the order of the log, with what
    /// says which records those are; fields are read out of these only. `step` is told how many records were read. Gives
    /// how many records were looked at.
    ///
    /// # Errors
    /// [`ReadError`] when records cannot be read, or are not those that were sealed; what came before was handed out.
    pub fn run(
        &self,
        view: &View,
        parse: Parse<'_>,
        step: &mut dyn FnMut(u64),
        each: Each<'_>,
    ) -> Result<u64, ReadError> {
        let (mut read, mut looked) = (0, 0);
        let wanted = |record: &Record| {
            record.kind == Kind::Event
                && self.range.holds(record.happened)
                && self.wanted.as_ref().is_none_or(|w| w.takes(&record.raw))
        };
        for unit in &self.units {
            step(read);
            // What is wanted is asked once for each record, here and by whoever looks.
            let taken = std::cell::RefCell::new(BTreeSet::new());
            let takes = |record: &Record| {
                let is = wanted(record);
                if is {
                    taken.borrow_mut().insert(record.seq);
                }
                is
            };
            let pages = view.read_where(unit, &takes, parse)?;
            let taken = taken.into_inner();
            looked += taken.len() as u64;
            read += unit.count;
            for page in pages {
                if each(&page, &|record| taken.contains(&record.seq)).is_break() {
                    return Ok(looked);
                }
            }
        }
        step(read);
        Ok(looked)
    }
}

#[cfg(test)]
mod tests;
