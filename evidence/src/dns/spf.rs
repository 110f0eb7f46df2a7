//! SPF (RFC 7208): how many records, how they end, and how many look-ups they cost.

use super::{Answer, Resolver};
use crate::row::Row;

/// Look-ups after which counting stops: far beyond the ten of RFC 7208 §4.6.4, and an end for every loop.
const COUNT_LIMIT: u32 = 100;
/// What RFC 7208 §4.6.4 allows.
const ALLOWED: u32 = 10;

/// What the SPF records of a domain say.
#[derive(Debug, Default)]
pub(super) struct Spf {
    /// The record, or all of them.
    record: Option<String>,
    records: Option<u64>,
    all: Option<String>,
    lookups: Option<u32>,
    sends: Option<bool>,
}

impl Spf {
    /// Fills the row, and says whether the domain states that it sends mail.
    pub(super) fn fill(self, row: Row) -> (Row, Option<bool>) {
        let row = row
            .with("spf", self.record)
            .with("spf_records", self.records)
            .with("spf_all", self.all)
            .with("spf_lookups", self.lookups.map(i64::from));
        (row, self.sends)
    }
}

pub(super) fn judge(domain: &str, resolver: &dyn Resolver) -> Spf {
    let records = match records(domain, resolver) {
        Answer::Found(records) => records,
        Answer::Absent => return Spf { records: Some(0), ..Spf::default() },
        Answer::NotSaid => return Spf::default(),
    };
    let many = Some(records.len() as u64);
    if records.len() > 1 {
        // RFC 7208 §4.5: with more than one, none counts.
        return Spf { record: Some(records.join(" | ")), records: many, ..Spf::default() };
    }
    let record = &records[0];
    let mut count = Count { lookups: 0, whole: true };
    count.record(record, domain, resolver, 0);
    let nobody =
        matches!(terms(record).collect::<Vec<_>>().as_slice(), [only] if only.eq_ignore_ascii_case("-all"));
    Spf {
        all: ending(record, resolver),
        // What is known beyond the limit is enough to know that it is exceeded.
        lookups: (count.whole || count.lookups > ALLOWED).then_some(count.lookups),
        sends: Some(!nobody),
        records: many,
        record: Some(record.clone()),
    }
}

fn records(name: &str, resolver: &dyn Resolver) -> Answer<String> {
    let Answer::Found(all) = resolver.txt(name) else { return resolver.txt(name) };
    let is_spf = |record: &String| {
        let lower = record.to_ascii_lowercase();
        lower == "v=spf1" || lower.starts_with("v=spf1 ")
    };
    let found: Vec<String> = all.into_iter().filter(is_spf).collect();
    if found.is_empty() { Answer::Absent } else { Answer::Found(found) }
}

fn terms(record: &str) -> impl Iterator<Item = &str> {
    record.split_whitespace().skip(1)
}

/// A mechanism or modifier with what stands behind its colon or equals sign.
fn parts(term: &str) -> (String, &str) {
    let term = term.trim_start_matches(['+', '-', '~', '?']);
    let end = term.find([':', '=', '/']).unwrap_or(term.len());
    (term[..end].to_ascii_lowercase(), term[end..].trim_start_matches([':', '=']))
}

/// The name that a term points at; none where a macro makes it.
fn target(value: &str) -> Option<String> {
    let name = value.split('/').next().unwrap_or("").trim_end_matches('.').to_ascii_lowercase();
    (!name.is_empty() && !name.contains('%')).then_some(name)
}

/// How the record ends, also where it hands on to another. One without any end is neutral (RFC 7208 §4.7).
fn ending(record: &str, resolver: &dyn Resolver) -> Option<String> {
    let mut record = record.to_owned();
    for _ in 0..=ALLOWED {
        if let Some(all) = terms(&record).find(|term| parts(term).0 == "all") {
            let sign = all.chars().next().filter(|c| "-~?+".contains(*c)).unwrap_or('+');
            return Some(format!("{sign}all"));
        }
        let redirect = terms(&record).find(|term| parts(term).0 == "redirect").map(|term| parts(term).1);
        let Some(next) = redirect else { return Some("?all".into()) };
        match records(&target(next)?, resolver) {
            Answer::Found(all) if all.len() == 1 => record = all[0].clone(),
            _ => return None,
        }
    }
    None
}

struct Count {
    lookups: u32,
    /// Whether everything that it leads to was said.
    whole: bool,
}

impl Count {
    fn record(&mut self, record: &str, domain: &str, resolver: &dyn Resolver, depth: u32) {
        let has_all = terms(record).any(|term| parts(term).0 == "all");
        for term in terms(record) {
            let (name, value) = parts(term);
            match name.as_str() {
                "a" | "mx" | "ptr" | "exists" => self.lookups += 1,
                "include" => self.follow(value, domain, resolver, depth),
                // RFC 7208 §6.1: with `all`, it is not looked at.
                "redirect" if !has_all => self.follow(value, domain, resolver, depth),
                _ => {}
            }
            if self.lookups >= COUNT_LIMIT {
                self.lookups = COUNT_LIMIT;
                return;
            }
        }
    }

    fn follow(&mut self, value: &str, domain: &str, resolver: &dyn Resolver, depth: u32) {
        self.lookups += 1;
        let next = target(value);
        let answer = next.as_deref().map_or(Answer::NotSaid, |name| records(name, resolver));
        match answer {
            Answer::Found(all) if depth < COUNT_LIMIT && all.len() == 1 => {
                self.record(&all[0], next.as_deref().unwrap_or(domain), resolver, depth + 1);
            }
            Answer::NotSaid => self.whole = false,
            Answer::Found(_) | Answer::Absent => {}
        }
    }
}
