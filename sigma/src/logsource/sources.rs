//! What is known of log sources, ready to be asked: from a rule's log source to events, and from an event to its class.

use super::data::{self, FileText, FormText, PartName, SourcesError, Texts};
use super::{Class, LogSource};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

/// The files that come with the crate, in the order in which their forms are tried.
const FILES: [(&str, &str); 15] = [
    ("windows.toml", include_str!("../../sources/windows.toml")),
    ("sysmon-linux.toml", include_str!("../../sources/sysmon-linux.toml")),
    ("aws.toml", include_str!("../../sources/aws.toml")),
    ("zeek.toml", include_str!("../../sources/zeek.toml")),
    ("auditd.toml", include_str!("../../sources/auditd.toml")),
    // Makers whose messages come by syslog stand before syslog itself.
    ("cisco.toml", include_str!("../../sources/cisco.toml")),
    ("network.toml", include_str!("../../sources/network.toml")),
    ("syslog.toml", include_str!("../../sources/syslog.toml")),
    ("azure.toml", include_str!("../../sources/azure.toml")),
    ("m365.toml", include_str!("../../sources/m365.toml")),
    ("gcp.toml", include_str!("../../sources/gcp.toml")),
    ("identity.toml", include_str!("../../sources/identity.toml")),
    ("code.toml", include_str!("../../sources/code.toml")),
    ("application.toml", include_str!("../../sources/application.toml")),
    ("macos.toml", include_str!("../../sources/macos.toml")),
];

/// A log source that rules may name, and the events that belong to it.
#[derive(Debug)]
pub struct Source {
    /// The product, where it has one.
    pub product: Option<&'static str>,
    /// The kind of event.
    pub category: Option<&'static str>,
    /// The part of the product.
    pub service: Option<&'static str>,
    /// What it is, in words; may be empty.
    pub about: &'static str,
    /// The events: one of these.
    pub events: Vec<Wanted>,
    /// Names that rules may use for its fields, where all of them are known.
    pub fields: Option<Vec<&'static str>>,
    /// Why no event can be told to belong to it, where that is so.
    pub unknown: Option<&'static str>,
    /// The file that says so.
    pub file: &'static str,
}

/// Events by their keys, such as channel and event id.
#[derive(Debug)]
pub struct Wanted {
    /// Each key with the values of which one holds, as they are written.
    pub keys: BTreeMap<&'static str, Vec<&'static str>>,
    /// What rules call a field, and what these events call it.
    pub renames: Vec<(&'static str, &'static str)>,
}

impl Source {
    /// Whether a rule's log source names this one, or leaves it open.
    #[must_use]
    pub fn is_meant(&self, rule: &LogSource) -> bool {
        let meant = |rule: &Option<String>, own: Option<&str>| rule.as_deref().is_none_or(|r| own == Some(r));
        meant(&rule.product, self.product)
            && meant(&rule.category, self.category)
            && meant(&rule.service, self.service)
    }

    /// Product, category and service in short, `*` for what it leaves open: `windows/process_creation`,
    /// `linux/*/auditd`, `*/proxy`.
    #[must_use]
    pub fn name(&self) -> String {
        let parts = [self.product, self.category, self.service].map(|p| p.unwrap_or("*"));
        let name = parts.join("/");
        name.trim_end_matches("/*").to_owned()
    }
}

/// How an event is recognised, and the classes of such events.
#[derive(Debug)]
pub(super) struct Form {
    formats: Vec<&'static str>,
    has: Vec<&'static str>,
    values: Vec<(&'static str, Vec<&'static str>)>,
    keys: Vec<(&'static str, Vec<&'static str>)>,
    /// The key whose value is itself the name of a service.
    named_by: Option<usize>,
    root: Node,
}

/// A question about one key, or the answer.
#[derive(Debug)]
enum Node {
    Leaf(&'static Known),
    Ask { key: usize, values: BTreeMap<String, Node>, other: Box<Node> },
}

impl Node {
    fn leaves(&self, into: &mut Vec<&'static Known>) {
        match self {
            Self::Leaf(known) => into.push(known),
            Self::Ask { values, other, .. } => {
                values.values().for_each(|node| node.leaves(into));
                other.leaves(into);
            }
        }
    }
}

/// A part of a log source of which something is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing is known.
    Open,
    /// It is one of these.
    These(Vec<&'static str>),
    /// It is none of these, which other events are.
    NoneOf(Vec<&'static str>),
}

impl Part {
    pub(super) fn admits(&self, word: &str) -> bool {
        match self {
            Self::Open => true,
            Self::These(list) => list.contains(&word),
            Self::NoneOf(list) => !list.contains(&word),
        }
    }
}

/// What is known of all events of a class.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) number: usize,
    pub(super) form: &'static str,
    pub(super) product: Part,
    pub(super) services: Part,
    pub(super) categories: Part,
    /// What rules call a field, and what these events call it, in the order in which they are tried.
    pub(super) renames: Vec<(&'static str, &'static str)>,
    /// What stands before and behind the name of any field.
    pub(super) around: Vec<(&'static str, &'static str)>,
    /// Numbers of the sources to which the events belong.
    pub(super) sources: Vec<usize>,
}

/// What is known of log sources.
#[derive(Debug)]
pub struct Sources {
    sources: Vec<Source>,
    forms: Vec<Form>,
    /// Formats that a form names: an event of such a format is tried with no other form.
    formats: BTreeSet<&'static str>,
    citations: Vec<(&'static str, &'static str, &'static str)>,
    /// Everything that can be known of a class.
    classes: Vec<&'static Known>,
}

/// Other names that fields of rules of one log source may have, in events of any class.
#[derive(Debug, Default)]
pub(crate) struct OtherNames {
    renames: BTreeSet<(&'static str, &'static str)>,
    around: BTreeSet<(&'static str, &'static str)>,
}

impl OtherNames {
    pub(crate) fn of(&self, field: &str) -> impl Iterator<Item = Cow<'static, str>> {
        let exact = self
            .renames
            .iter()
            .filter(move |(rule, _)| *rule == field)
            .map(|(_, event)| Cow::Borrowed(*event));
        exact.chain(self.around.iter().map(move |(before, behind)| format!("{before}{field}{behind}").into()))
    }
}

pub(super) static NOTHING: LazyLock<&'static Known> = LazyLock::new(|| {
    Box::leak(Box::new(Known {
        number: 0,
        form: "",
        product: Part::Open,
        services: Part::Open,
        categories: Part::Open,
        renames: vec![],
        around: vec![],
        sources: vec![],
    }))
});

static CHOSEN: OnceLock<Sources> = OnceLock::new();

/// Texts that are kept.
static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Keeps a text as long as the program runs, each once, however often files are read.
fn keep(text: &str) -> &'static str {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text) {
        return known;
    }
    let new: &'static str = Box::leak(text.to_owned().into_boxed_str());
    kept.insert(new);
    new
}

fn keep_all(texts: &Texts) -> Vec<&'static str> {
    texts.list().iter().map(|t| keep(t)).collect()
}

fn keep_pairs(pairs: &BTreeMap<String, Texts>) -> Vec<(&'static str, &'static str)> {
    let pair = |(rule, event): (&String, &Texts)| {
        keep_all(event).into_iter().map(move |e| (rule.clone(), e)).collect::<Vec<_>>()
    };
    pairs.iter().flat_map(pair).map(|(rule, event)| (keep(&rule), event)).collect()
}

impl Sources {
    /// What comes with the crate, or what was put before it by [`Sources::install`].
    #[must_use]
    pub fn known() -> &'static Self {
        CHOSEN.get_or_init(|| Self::read(&[]).expect("a test reads the files that come with the crate"))
    }

    /// Reads files of the same form as those of the crate. Their forms are tried before the crate's own.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn read(files: &[(String, String)]) -> Result<Self, SourcesError> {
        let own = FILES.iter().map(|(name, text)| (*name, *text));
        let given = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let mut made = Self {
            sources: vec![],
            forms: vec![],
            formats: BTreeSet::new(),
            citations: vec![],
            classes: vec![],
        };
        let mut numbers = 1;
        for (file, text) in given.chain(own) {
            let read = data::read(file, text)?;
            made.add(keep(file), &read, &mut numbers);
        }
        Ok(made)
    }

    /// Makes these apply from now on, in the whole program.
    ///
    /// # Errors
    /// Gives them back when others apply already: an event was classified, or this was called before.
    pub fn install(self) -> Result<(), Self> {
        CHOSEN.set(self)
    }

    /// Every log source, in the order of the files.
    #[must_use]
    pub fn list(&self) -> &[Source] {
        &self.sources
    }

    /// Document, section and file of everything that is cited.
    pub fn citations(&self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        self.citations.iter().copied()
    }

    /// The log sources that a rule's log source means.
    #[must_use]
    pub fn meant(&self, rule: &LogSource) -> Vec<&Source> {
        self.sources.iter().filter(|s| s.is_meant(rule)).collect()
    }

    /// The log sources to which events of a class belong.
    #[must_use]
    pub fn of_class(&self, class: &Class) -> Vec<&Source> {
        class.known.sources.iter().filter_map(|n| self.sources.get(*n)).collect()
    }

    pub(crate) fn other_names(&self, source: &LogSource) -> OtherNames {
        let mut made = OtherNames::default();
        for known in
            self.classes.iter().filter(|known| Class { known, named: None, unnamed: false }.admits(source))
        {
            made.renames.extend(known.renames.iter().copied());
            made.around.extend(known.around.iter().copied());
        }
        made
    }

    /// Every field that [`Sources::classify`] may ask for, sorted.
    #[must_use]
    pub fn asked(&self) -> Vec<&'static str> {
        let of_form = |form: &Form| -> Vec<&'static str> {
            let values = form.values.iter().map(|(name, _)| *name);
            form.has
                .iter()
                .copied()
                .chain(values)
                .chain(form.keys.iter().flat_map(|(_, f)| f.iter().copied()))
                .collect()
        };
        let all: BTreeSet<&str> = self.forms.iter().flat_map(of_form).collect();
        all.into_iter().collect()
    }

    /// The class of an event of a format. `lookup` gives a field's text, of texts and numbers alone; a dot in a name
    /// leads into an object where no key holds the dot itself.
    pub fn classify<'a>(&self, format: &str, lookup: impl Fn(&str) -> Option<Cow<'a, str>>) -> Class {
        let named = self.formats.contains(format);
        let form = self.forms.iter().find(|form| form.is_form_of(format, named, &lookup));
        form.map_or_else(Class::default, |form| form.class(&lookup))
    }

    fn add(&mut self, file: &'static str, read: &FileText, numbers: &mut usize) {
        self.citations.extend(read.cite.iter().map(|c| (keep(&c.document), keep(&c.section), file)));
        let product = read.product.as_deref().map(keep);
        let first = self.sources.len();
        for source in &read.source {
            let text = source.get_ref();
            let kept = |part: &Option<String>| part.as_deref().map(keep);
            let wanted = |from: &data::FromText| Wanted {
                keys: from.keys.iter().map(|(key, values)| (keep(key), keep_all(values))).collect(),
                renames: keep_pairs(&from.fields),
            };
            self.sources.push(Source {
                product: kept(&text.product).or(product),
                category: kept(&text.category),
                service: kept(&text.service),
                about: keep(&text.about),
                events: text.from.iter().map(wanted).collect(),
                fields: text.fields.as_ref().map(|list| list.iter().map(|f| keep(f)).collect()),
                unknown: kept(&text.unknown),
                file,
            });
        }
        for form in &read.form {
            let plan = Plan { form: form.get_ref(), product, sources: &self.sources, first };
            let made = plan.make(numbers);
            made.root.leaves(&mut self.classes);
            self.forms.push(made);
            self.formats.extend(form.get_ref().formats.iter().map(|f| keep(f)));
        }
    }
}

/// A form whose classes are being worked out.
struct Plan<'a> {
    form: &'a FormText,
    product: Option<&'static str>,
    sources: &'a [Source],
    /// The number of the file's first source.
    first: usize,
}

impl Plan<'_> {
    fn make(&self, numbers: &mut usize) -> Form {
        let form = self.form;
        let kept = |list: &[String]| list.iter().map(|t| keep(t)).collect();
        let pairs = |map: &BTreeMap<String, Texts>| map.iter().map(|(k, v)| (keep(k), keep_all(v))).collect();
        let keys: Vec<(&'static str, Vec<&'static str>)> = pairs(&form.keys);
        let live: Vec<(usize, &Wanted)> = (self.first..self.sources.len())
            .flat_map(|n| self.sources[n].events.iter().map(move |w| (n, w)))
            // Events by a key that this form has not are of another form of the file.
            .filter(|(_, w)| w.keys.keys().all(|k| keys.iter().any(|(own, _)| own == k)))
            .collect();
        let root = self.node(&keys, 0, &live, numbers);
        let named_by = form.named_by.as_ref().and_then(|by| keys.iter().position(|(k, _)| k == by));
        Form {
            formats: kept(&form.formats),
            has: kept(&form.has),
            values: pairs(&form.values),
            keys,
            named_by,
            root,
        }
    }

    fn node(
        &self,
        keys: &[(&'static str, Vec<&'static str>)],
        key: usize,
        live: &[(usize, &Wanted)],
        numbers: &mut usize,
    ) -> Node {
        let Some((name, _)) = keys.get(key) else { return Node::Leaf(self.leaf(live, numbers)) };
        let told: BTreeSet<String> = live
            .iter()
            .filter_map(|(_, w)| w.keys.get(name))
            .flatten()
            .filter(|v| **v != "*")
            .map(|v| v.to_lowercase())
            .collect();
        if told.is_empty() {
            return self.node(keys, key + 1, live, numbers);
        }
        let mut branch = |value: Option<&str>| {
            let fits = |w: &Wanted| {
                w.keys.get(name).is_none_or(|list| {
                    value.is_some_and(|v| list.iter().any(|l| l.to_lowercase() == v)) || list.contains(&"*")
                })
            };
            let rest: Vec<_> = live.iter().filter(|(_, w)| fits(w)).copied().collect();
            self.node(keys, key + 1, &rest, numbers)
        };
        let other = Box::new(branch(None));
        let values = told.iter().map(|value| (value.clone(), branch(Some(value)))).collect();
        Node::Ask { key, values, other }
    }

    fn leaf(&self, live: &[(usize, &Wanted)], numbers: &mut usize) -> &'static Known {
        let knows = |part| self.form.knows.as_ref().is_none_or(|list| list.contains(&part));
        let own = || &self.sources[self.first..];
        let numbers_of: BTreeSet<usize> = live.iter().map(|(n, _)| *n).collect();
        let part = |name: PartName, of: &dyn Fn(&Source) -> Option<&'static str>, named: bool| {
            if !knows(name) {
                return Part::Open;
            }
            if numbers_of.is_empty() && !named {
                let listed: BTreeSet<&'static str> = own().iter().filter_map(of).collect();
                return Part::NoneOf(listed.into_iter().collect());
            }
            let these: BTreeSet<&'static str> =
                numbers_of.iter().filter_map(|n| of(&self.sources[*n])).collect();
            Part::These(these.into_iter().collect())
        };
        let product = match self.product.filter(|_| knows(PartName::Product)) {
            Some(product) => Part::These(vec![product]),
            None if knows(PartName::Product) => part(PartName::Product, &|s| s.product, true),
            None => Part::Open,
        };
        let known = Known {
            number: *numbers,
            form: keep(&self.form.name),
            product,
            services: part(PartName::Service, &|s| s.service, self.form.named_by.is_some()),
            categories: part(PartName::Category, &|s| s.category, false),
            renames: self.renames(live),
            around: self.around(),
            sources: numbers_of.into_iter().collect(),
        };
        *numbers += 1;
        Box::leak(Box::new(known))
    }

    fn around(&self) -> Vec<(&'static str, &'static str)> {
        let stars = self.form.fields.iter().filter(|(name, _)| *name == "*").flat_map(|(_, to)| keep_all(to));
        stars.filter_map(|to| to.split_once('*')).collect()
    }

    fn renames(&self, live: &[(usize, &Wanted)]) -> Vec<(&'static str, &'static str)> {
        let mut made = vec![];
        let of_form: Vec<_> =
            keep_pairs(&self.form.fields).into_iter().filter(|(name, _)| *name != "*").collect();
        for (rule, event) in live.iter().flat_map(|(_, w)| w.renames.iter().copied()) {
            made.push((rule, event));
            // What the event calls it may itself stand elsewhere in this form.
            made.extend(of_form.iter().filter(|(name, _)| *name == event).map(|(_, to)| (rule, *to)));
            made.extend(self.around().iter().map(|(a, b)| (rule, keep(&format!("{a}{event}{b}")))));
        }
        made.extend(of_form);
        made.dedup();
        made
    }
}

impl Form {
    fn is_form_of<'a>(
        &self,
        format: &str,
        named: bool,
        lookup: &impl Fn(&str) -> Option<Cow<'a, str>>,
    ) -> bool {
        let format = if self.formats.is_empty() { !named } else { self.formats.contains(&format) };
        format
            && self.has.iter().all(|name| lookup(name).is_some())
            && self
                .values
                .iter()
                .all(|(name, list)| lookup(name).is_some_and(|v| list.iter().any(|l| is_like(l, &v))))
    }

    fn class<'a>(&self, lookup: &impl Fn(&str) -> Option<Cow<'a, str>>) -> Class {
        let value = |key: usize| -> Option<Cow<'a, str>> {
            let (name, fields) = self.keys.get(key)?;
            let found = fields.iter().find_map(|f| lookup(f))?;
            Some(if *name == "program" { bare(&found).to_owned().into() } else { found })
        };
        let mut node = &self.root;
        let known = loop {
            match node {
                Node::Leaf(known) => break *known,
                Node::Ask { key, values, other } => {
                    let found = value(*key).and_then(|v| find(values, &v));
                    node = found.unwrap_or(other);
                }
            }
        };
        let named = self.named_by.map(value);
        let unnamed = named.as_ref().is_some_and(|n| n.as_deref().is_none_or(str::is_empty));
        let named =
            named.flatten().map(|n| n.to_lowercase()).filter(|n| !n.is_empty() && !known.services.admits(n));
        Class { known, named: named.map(String::into_boxed_str), unnamed }
    }
}

/// Looks a value up without case, and without a new text for it.
fn find<'n>(values: &'n BTreeMap<String, Node>, value: &str) -> Option<&'n Node> {
    let mut small = [0; 128];
    match small.get_mut(..value.len()) {
        Some(room) if value.is_ascii() => {
            room.copy_from_slice(value.as_bytes());
            room.make_ascii_lowercase();
            values.get(std::str::from_utf8(room).ok()?)
        }
        _ => values.get(&value.to_lowercase()),
    }
}

/// `a*` is like everything that begins so; others are equal, without case.
fn is_like(want: &str, value: &str) -> bool {
    match want.strip_suffix('*') {
        Some(begin) => value.get(..begin.len()).is_some_and(|v| v.eq_ignore_ascii_case(begin)),
        None => value.eq_ignore_ascii_case(want),
    }
}

/// A program's bare name: `/usr/sbin/CRON(pam_unix)[71]` is `CRON`.
fn bare(program: &str) -> &str {
    let name = program.rsplit('/').next().unwrap_or("");
    name.split(['(', '[']).next().unwrap_or("")
}
