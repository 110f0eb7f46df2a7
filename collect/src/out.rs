//! On the way out: times are resolved, defects and records counted, the caller asked whether to go on.

use crate::parse::Parsed;
use crate::time::When;
use crate::{Arrival, Options, Summary, identity, time};
use model::{Defect, Draft, Format, Kind, Source, Time};
use std::ops::ControlFlow;

/// Records from before this second are remarked on: 1990-01-01.
const ANCIENT_BEFORE: i64 = 631_152_000;
/// Clocks that are ahead by up to a day are not remarked on.
const FUTURE_SECONDS: i64 = 86_400;

pub(crate) struct Out<'a> {
    pub(crate) options: &'a Options,
    modified: Option<Time>,
    name: String,
    format: Format,
    source: Source,
    each: &'a mut dyn FnMut(Arrival) -> ControlFlow<()>,
    pub(crate) summary: Summary,
}

impl<'a> Out<'a> {
    pub(crate) fn new(
        options: &'a Options,
        modified: Option<Time>,
        name: &str,
        format: Format,
        each: &'a mut dyn FnMut(Arrival) -> ControlFlow<()>,
    ) -> Self {
        let name = options.source.as_deref().unwrap_or(name).to_owned();
        let source = Source::lossy(format, &name);
        Self { options, modified, name, format, source, each, summary: Summary::default() }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// From now on records are of another format of the same source.
    pub(crate) fn switch(&mut self, format: Format) {
        if self.format != format {
            self.format = format;
            self.source = Source::lossy(format, &self.name);
        }
    }

    /// Hands out a record.
    pub(crate) fn record(&mut self, raw: Vec<u8>, parsed: Parsed, end: u64) -> ControlFlow<()> {
        self.emit(raw, parsed, end, 0)
    }

    /// Hands out bytes that stand for `many` records that could not be read.
    pub(crate) fn unreadable(&mut self, raw: Vec<u8>, why: String, many: u64, end: u64) -> ControlFlow<()> {
        let parsed = Parsed { defects: vec![Defect::Unreadable { why }], ..Parsed::default() };
        self.emit(raw, parsed, end, many)
    }

    /// Says what ended the reading early.
    pub(crate) fn stopped(&mut self, why: String) {
        self.summary.stopped.get_or_insert(why);
    }

    fn emit(&mut self, raw: Vec<u8>, parsed: Parsed, end: u64, unreadable: u64) -> ControlFlow<()> {
        let source = self.source.clone();
        let mut arrival = arrival(raw, parsed, (self.options, self.modified), source);
        (arrival.end, arrival.unreadable) = (end, unreadable);
        for defect in &arrival.draft.defects {
            *self.summary.defects.entry(defect.code().to_owned()).or_default() += 1;
        }
        if unreadable == 0 {
            self.summary.records += 1;
        } else {
            self.summary.unreadable += unreadable;
        }
        (self.each)(arrival)
    }
}

/// A record with its time resolved, and remarks on it. Where it ends is not known here.
pub(crate) fn arrival(
    raw: Vec<u8>,
    parsed: Parsed,
    (options, modified): (&Options, Option<Time>),
    source: Source,
) -> Arrival {
    let Parsed { fields, when, mut defects } = parsed;
    let arrived = options.arrived;
    let (happened, remarks) = happened(&when, options, modified);
    defects.extend(remarks);
    let identity = identity::of(source.format(), &raw, &fields);
    let draft = Draft { kind: Kind::Event, source, happened, received: arrived, raw, defects };
    Arrival { draft, fields, end: 0, identity, unreadable: 0 }
}

/// When a record happened, and remarks on its time.
pub(crate) fn happened(when: &When, options: &Options, modified: Option<Time>) -> (Time, Vec<Defect>) {
    let arrived = options.arrived;
    let reference = modified.filter(|m| *m <= arrived).unwrap_or(arrived);
    let Some((at, guessed)) = time::resolve(when, options.zone, reference) else {
        return (arrived, vec![Defect::NoTime]);
    };
    let far = at.as_second() > arrived.as_second().saturating_add(FUTURE_SECONDS);
    let ancient = at.as_second() < ANCIENT_BEFORE;
    let remarks = [(guessed, Defect::YearGuessed), (far, Defect::FarFuture), (ancient, Defect::Ancient)];
    (at, remarks.into_iter().filter(|(is, _)| *is).map(|(_, remark)| remark).collect())
}
