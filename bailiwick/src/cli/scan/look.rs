//! One worker of `scan`: records of a part in, those that some rule matches out.
//!
//! A record's wanted values go from its bytes straight into the matcher. Only what matches is read in full, and what the
//! quick way declines.

use collect::{Arrival, Part, Scalar, Sink, Unread, Worktop};
use model::{Fields, Time};
use serde_json::Value;
use sigma::{
    At, Class, Compiled, Engine, Extent, FieldValue, Filling, Names, Route, Scratch, Sources, classify,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

/// Classes that are remembered, each by what decides it; more than any set of sources has.
const CLASSES_LIMIT: usize = 4096;

/// Longest text that decides a class quickly; names of channels are shorter.
const TEXT_BYTES: usize = 512;

/// Which way records take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Quickly where that is possible.
    Quick,
    /// Each in full: the measure for the other.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests hold the quick way against it"))]
    Full,
}

/// A record that some rule matches.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    /// Its number in the part, from 0.
    pub(crate) at: u64,
    /// Its fields, if a correlation may ask them; otherwise none.
    pub(crate) fields: Fields,
    pub(crate) happened: Time,
    pub(crate) class: Class,
    /// Numbers of the rules.
    pub(crate) matched: Vec<usize>,
}

/// What a part held.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) records: u64,
    pub(crate) unreadable: u64,
    pub(crate) found: Vec<Found>,
}

/// A worker.
pub(crate) struct Look {
    compiled: Arc<Compiled>,
    /// For each rule whether a correlation looks at what it matches.
    feeds: Vec<bool>,
    way: Way,
    fields: sigma::Fields,
    scratch: Scratch,
    worktop: Option<Worktop>,
    decides: Decides,
    deciding: Option<Deciding>,
    classes: BTreeMap<String, Arc<Known>>,
    /// The last of them that was asked.
    last: Option<(String, Arc<Known>)>,
    /// What the event before had to be filled with; the next is as a rule like it.
    extent: Extent,
}

/// A class and its rules.
struct Known {
    class: Class,
    route: Arc<Route>,
}

impl Look {
    pub(crate) fn new(compiled: &Arc<Compiled>, way: Way) -> Self {
        let engine = Engine::over(Arc::clone(compiled));
        Self {
            compiled: Arc::clone(compiled),
            feeds: (0..compiled.rules().len()).map(|rule| engine.feeds_correlation(rule)).collect(),
            way,
            fields: sigma::Fields::new(),
            scratch: Scratch::default(),
            worktop: Some(Worktop::default()),
            decides: Decides::default(),
            deciding: deciding(compiled.names()),
            classes: BTreeMap::new(),
            last: None,
            extent: Extent::Named,
        }
    }

    /// Looks at a part's records.
    pub(crate) fn part(&mut self, part: &Part) -> Seen {
        let mut worktop = self.worktop.take().unwrap_or_default();
        let (mut found, mut at) = (vec![], 0);
        let held = part.records(&mut worktop, &mut |mut unread| {
            found.extend(self.record(&mut unread, at));
            at += 1;
            ControlFlow::Continue(())
        });
        self.worktop = Some(worktop);
        Seen { records: held.records, unreadable: held.unreadable, found }
    }

    fn record(&mut self, unread: &mut Unread<'_>, at: u64) -> Option<Found> {
        if self.way == Way::Quick
            && let Some(known) = self.fill(unread)
        {
            let Known { class, route } = &*known;
            let matched = match route.is_empty() {
                true => &[],
                false => self.compiled.matches(route, &self.fields, &mut self.scratch),
            };
            if matched.is_empty() {
                return None;
            }
            let matched = matched.to_vec();
            let (fields, happened) = match is_correlated(&self.feeds, &matched) {
                true => unread.fields(),
                false => (Fields::new(), unread.happened()),
            };
            return Some(Found { at, fields, happened, class: class.clone(), matched });
        }
        let Arrival { draft, fields, .. } = unread.full();
        let class = classify(draft.source.format().as_str(), &fields);
        let route = self.compiled.route(&class);
        self.fields.take_map(self.compiled.names(), route.extent(), &fields);
        let matched = self.compiled.matches(&route, &self.fields, &mut self.scratch).to_vec();
        let fields = if is_correlated(&self.feeds, &matched) { fields } else { Fields::new() };
        (!matched.is_empty()).then_some(Found { at, fields, happened: draft.happened, class, matched })
    }

    /// Fills the event quickly, as far as the rules of its class ask. `None`: it must be read in full.
    fn fill(&mut self, unread: &mut Unread<'_>) -> Option<Arc<Known>> {
        let known = self.fill_with(unread, self.extent)?;
        let filled = std::mem::replace(&mut self.extent, known.route.extent());
        match (filled, self.extent) {
            (Extent::Named, Extent::Everything) => self.fill_with(unread, Extent::Everything),
            // Who asks less than everything finds it there too.
            _ => Some(known),
        }
    }

    fn fill_with(&mut self, unread: &mut Unread<'_>, extent: Extent) -> Option<Arc<Known>> {
        let filling = self.fields.begin(self.compiled.names(), extent);
        self.decides.clear();
        let mut filler = Filler {
            filling,
            decides: &mut self.decides,
            deciding: self.deciding.as_deref(),
            takes_all: extent == Extent::Everything,
        };
        if !unread.quick(&mut filler) || self.decides.is_odd || self.fields.is_irregular() {
            return None;
        }
        Some(self.class(unread.format().as_str()))
    }

    fn class(&mut self, format: &str) -> Arc<Known> {
        self.decides.finish(format);
        // Records of one class stand together.
        if let Some((key, known)) = &self.last
            && *key == self.decides.key
        {
            return Arc::clone(known);
        }
        let known = self.known(format);
        match &mut self.last {
            Some((key, last)) => {
                key.clone_from(&self.decides.key);
                *last = Arc::clone(&known);
            }
            none => *none = Some((self.decides.key.clone(), Arc::clone(&known))),
        }
        known
    }

    fn known(&mut self, format: &str) -> Arc<Known> {
        if let Some(known) = self.classes.get(&self.decides.key) {
            return Arc::clone(known);
        }
        let class = classify(format, &self.decides.fields());
        let route = self.compiled.route(&class);
        let known = Arc::new(Known { class, route });
        if self.classes.len() >= CLASSES_LIMIT {
            self.classes.clear();
        }
        self.classes.insert(self.decides.key.clone(), Arc::clone(&known));
        known
    }
}

/// Whether a correlation looks at what some of these rules match.
fn is_correlated(feeds: &[bool], matched: &[usize]) -> bool {
    matched.iter().any(|rule| feeds.get(*rule).is_some_and(|feeds| *feeds))
}

/// The fields by which log sources are told apart.
struct ClassFields {
    names: Vec<&'static str>,
    /// By the length of the key: the keys of that length, and which field each is; none for an object in which fields
    /// lie, of which only the whole record tells.
    by_length: Vec<Vec<(&'static str, Option<u8>)>>,
}

fn class_fields() -> &'static ClassFields {
    static READ: OnceLock<ClassFields> = OnceLock::new();
    READ.get_or_init(|| {
        let names = Sources::known().asked();
        let mut by_length: Vec<Vec<(&'static str, Option<u8>)>> = vec![];
        let mut put = |key: &'static str, number: Option<u8>| {
            if by_length.len() <= key.len() {
                by_length.resize_with(key.len() + 1, Vec::new);
            }
            if !by_length[key.len()].iter().any(|(k, _)| *k == key) {
                by_length[key.len()].push((key, number));
            }
        };
        // Beyond so many a record is read whole.
        for (number, name) in names.iter().enumerate() {
            put(name, u8::try_from(number).ok().filter(|n| *n < 128));
        }
        for name in &names {
            name.split_once('.').into_iter().for_each(|(head, _)| put(head, None));
        }
        ClassFields { names, by_length }
    })
}

/// For each field by its number whether it tells log sources apart.
type Deciding = Vec<Option<Option<u8>>>;

/// The same for names among which all of these are; none where one is not.
fn deciding(names: &Names) -> Option<Deciding> {
    let mut all = vec![];
    for (key, found) in class_fields().by_length.iter().flatten() {
        let at = names.number(key)?.index();
        all.resize(all.len().max(at + 1), None);
        all[at] = Some(*found);
    }
    Some(all)
}

/// What decides the class of a record.
#[derive(Default)]
struct Decides {
    /// The texts, one behind the other, and where each stands.
    text: String,
    places: Vec<Option<(usize, usize)>>,
    /// Which of them were met, a bit each.
    met: u128,
    /// All of it as one text that no other texts give.
    key: String,
    /// Something stands there that only the whole record tells.
    is_odd: bool,
}

impl Decides {
    fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
        self.places.resize(class_fields().names.len(), None);
        (self.is_odd, self.met) = (false, 0);
    }

    /// One of the fields is met; of two the last holds, which only the whole record tells.
    fn meet(&mut self, number: u8) {
        let bit = 1u128.checked_shl(number.into()).unwrap_or(0);
        self.is_odd |= self.met & bit != 0;
        self.met |= bit;
    }

    fn put(&mut self, number: usize, value: Scalar<'_>) {
        let text = match value {
            Scalar::Null | Scalar::Bool(_) => return,
            Scalar::Text(text) => text,
            // Other numbers are written in several ways.
            Scalar::Number(text) if text.len() > 15 || !text.bytes().all(|b| b.is_ascii_digit()) => {
                self.is_odd = true;
                return;
            }
            Scalar::Number(text) => text,
        };
        self.is_odd |= text.len() > TEXT_BYTES;
        let from = self.text.len();
        self.text.push_str(text);
        if let Some(place) = self.places.get_mut(number) {
            *place = Some((from, self.text.len()));
        }
    }

    fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        self.places.iter().map(|place| self.text.get(place.as_ref()?.0..place.as_ref()?.1))
    }

    fn finish(&mut self, format: &str) {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.push_str(format);
        for text in self.texts() {
            match text {
                None => key.push('-'),
                // The length before it keeps what stands behind apart.
                Some(text) => {
                    let length = u32::try_from(text.len()).ok().and_then(char::from_u32);
                    key.extend(['+', length.unwrap_or(char::MAX)]);
                    key.push_str(text);
                    key.push('\u{1f}');
                }
            }
        }
        self.key = key;
    }

    fn fields(&self) -> Fields {
        let named = class_fields().names.iter().zip(self.texts());
        named.filter_map(|(n, t)| Some(((*n).to_owned(), Value::String(t?.to_owned())))).collect()
    }
}

/// Hands values on to the matcher, and keeps what decides the class.
struct Filler<'a> {
    filling: Filling<'a>,
    decides: &'a mut Decides,
    deciding: Option<&'a [Option<Option<u8>>]>,
    takes_all: bool,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place {
    /// In the event as the matcher sees it, if it looks there.
    at: Option<At>,
    is_top: bool,
    /// Which of the fields that tell log sources apart it is.
    decides: Option<u8>,
}

impl Sink for Filler<'_> {
    type Place = Place;

    fn top(&mut self) -> Place {
        Place { at: Some(self.filling.top()), is_top: true, decides: None }
    }

    fn enter(&mut self, object: Place, key: &str) -> Option<Place> {
        let at = self.filling.enter(object.at?, key);
        let found = match self.deciding {
            _ if !object.is_top => None,
            Some(of) => at.and_then(At::field).and_then(|field| of.get(field.index()).copied()).flatten(),
            None => decides(key),
        };
        self.decides.is_odd |= found == Some(None);
        let decides = found.flatten();
        decides.into_iter().for_each(|number| self.decides.meet(number));
        (at.is_some() || decides.is_some()).then_some(Place { at, is_top: false, decides })
    }

    fn goes_on(&self, place: Place) -> bool {
        place.at.is_some_and(|at| self.filling.goes_on(at))
    }

    fn object(&mut self, place: Place) -> Place {
        Place { at: place.at.map(|at| self.filling.object(at)), is_top: false, decides: None }
    }

    fn list(&mut self, place: Place) {
        self.decides.is_odd |= place.decides.is_some();
    }

    fn put(&mut self, place: Place, value: Scalar<'_>) {
        if let Some(number) = place.decides {
            self.decides.put(usize::from(number), value);
        }
        let Some(at) = place.at else { return };
        self.filling.put(
            at,
            match value {
                Scalar::Null => FieldValue::Null,
                Scalar::Bool(truth) => FieldValue::Bool(truth),
                Scalar::Number(text) => FieldValue::Number(text),
                Scalar::Text(text) => FieldValue::Text(text),
            },
        );
    }

    fn takes_all(&self) -> bool {
        self.takes_all
    }
}

/// Which of the fields a key is, if it is one, or an object in which some lie.
fn decides(key: &str) -> Option<Option<u8>> {
    let same = class_fields().by_length.get(key.len())?;
    same.iter().find(|(k, _)| *k == key).map(|(_, number)| *number)
}
