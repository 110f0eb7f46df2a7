//! Alerts that grow: findings about the same thing, close in time, are one alert with one id.

use crate::about::{About, Settings, detection};
use crate::find::{EXCUSES, Finding};
use model::{Alert, AlertDetails, AlertRule, CustomerId, Level, RecordRef, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Alerts that may be open at a time; at the bound those that were touched longest ago are closed.
const OPEN_LIMIT: usize = 4_096;
/// Records of one alert that are told apart; beyond, they are only counted.
const RECORDS_LIMIT: usize = 10_000;
/// Names of one kind that an alert keeps; beyond, they are only counted.
const NAMES_LIMIT: usize = 2_000;
/// Names of one kind that an alert shows.
const SHOWN: usize = 20;

/// One alert that may still grow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Open {
    id: String,
    first: i64,
    last: i64,
    /// From when to when it holds every mark of its group that came.
    whole: Option<(i64, i64)>,
    /// Records as place in the log and time.
    records: BTreeMap<u64, i64>,
    more: u64,
    /// Of records that stand for the same several times: how many times more than once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    again: BTreeMap<u64, u64>,
    who: BTreeSet<String>,
    /// Those of `who` who did it, where it was done to others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    by: BTreeSet<String>,
    from: BTreeSet<String>,
    what: BTreeSet<String>,
    numbers: BTreeSet<String>,
    /// Why it probably is no attack, as long as nothing severe was found.
    excuses: BTreeSet<String>,
    /// Whether anything in it is as bad as the detection is at its worst.
    severe: bool,
    touched: u64,
    /// Whether it was handed out as it is now, and whether it was handed out at all.
    told: bool,
    known: bool,
}

/// All alerts of one customer that may still grow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Growing {
    /// By detection and group, written together; the JSON of a map wants one text.
    open: BTreeMap<String, Vec<Open>>,
    many: usize,
    touches: u64,
    /// Closed by the bound before they were told.
    closed: Vec<(String, Open)>,
}

fn key(id: &str, group: &str) -> String {
    [id, group].join("\n")
}

/// Which of some alerts lies nearest to what happened from `first` to `last`, and no further from it than `span`.
fn nearest(list: &[Open], first: i64, last: i64, span: i64) -> Option<usize> {
    let apart = |o: &Open| first.saturating_sub(o.last).max(o.first.saturating_sub(last)).max(0);
    let near = list.iter().map(apart).enumerate().filter(|(_, apart)| *apart <= span);
    near.min_by_key(|(_, apart)| *apart).map(|(place, _)| place)
}

impl Growing {
    /// The alert about this that is open nearest to a time, and no further from it than `span`.
    pub(crate) fn near(&self, id: &str, group: &str, at: i64, span: i64) -> Option<&Open> {
        let list = self.open.get(&key(id, group))?;
        nearest(list, at, at, span).map(|place| &list[place])
    }

    /// Takes a finding into the alert that it belongs to. `known`: an earlier run told it already.
    pub(crate) fn take(&mut self, customer: &CustomerId, about: &About, finding: Finding, known: bool) {
        let Some(first) = finding.records.iter().map(|r| r.0).min() else { return };
        let last = finding.records.iter().map(|r| r.0).max().unwrap_or(first);
        let quiet = about.quiet_seconds * 1000;
        self.touches += 1;
        let key = key(about.id, &finding.group);
        let list = self.open.entry(key).or_default();
        let at = nearest(list, first, last, quiet).unwrap_or_else(|| {
            let seq = finding.records.iter().map(|r| r.1).min().unwrap_or(0);
            let id = made_id(about.id, customer, &finding.group, seq);
            let (who, from, what, numbers, excuses) = Default::default();
            let records = BTreeMap::new();
            list.push(Open {
                id,
                first,
                last,
                whole: None,
                records,
                more: 0,
                again: BTreeMap::new(),
                who,
                by: BTreeSet::new(),
                from,
                what,
                numbers,
                excuses,
                severe: false,
                touched: 0,
                told: false,
                known,
            });
            self.many += 1;
            list.len() - 1
        });
        let open = &mut list[at];
        if open.grow(finding, self.touches) {
            open.told = known;
        }
        if self.many > OPEN_LIMIT {
            self.close_oldest();
        }
    }

    /// Closes the tenth that was touched longest ago.
    fn close_oldest(&mut self) {
        let mut touched: Vec<u64> = self.open.values().flatten().map(|o| o.touched).collect();
        touched.sort_unstable();
        let limit = touched[touched.len() / 10];
        for (key, list) in &mut self.open {
            let (gone, stay): (Vec<Open>, Vec<Open>) =
                std::mem::take(list).into_iter().partition(|o| o.touched <= limit);
            self.many -= gone.len();
            self.closed.extend(gone.into_iter().filter(|o| !o.told).map(|o| (key.clone(), o)));
            *list = stay;
        }
        self.open.retain(|_, list| !list.is_empty());
    }

    /// Alerts that are new since the last call, those that were closed, and with `grown` those that have grown.
    pub(crate) fn tell(&mut self, customer: &CustomerId, settings: &Settings, grown: bool) -> Vec<Alert> {
        let mut told: Vec<Alert> = std::mem::take(&mut self.closed)
            .iter()
            .filter_map(|(k, o)| o.alert(k, customer, settings))
            .collect();
        for (key, list) in &mut self.open {
            for open in list.iter_mut().filter(|o| !o.told && (grown || !o.known)) {
                (open.told, open.known) = (true, true);
                told.extend(open.alert(key, customer, settings));
            }
        }
        told
    }
}

impl Open {
    /// From when to when it holds every mark of its group that came.
    pub(crate) fn whole(&self) -> Option<(i64, i64)> {
        self.whole
    }

    /// Whether anything in it is as bad as the detection is at its worst: no excuse changes it any more.
    pub(crate) fn is_severe(&self) -> bool {
        self.severe
    }

    /// Whether it names a record already.
    pub(crate) fn has(&self, seq: u64) -> bool {
        self.records.contains_key(&seq)
    }

    /// Whether anything about it is new.
    fn grow(&mut self, finding: Finding, touch: u64) -> bool {
        self.touched = touch;
        let before = (
            self.records.len(),
            self.more,
            self.who.len(),
            self.from.len(),
            self.what.len(),
            self.numbers.len(),
            self.excuses.len(),
            self.severe,
        );
        self.severe |= finding.excuses.is_empty() && !finding.is_more;
        if let Some((from, to)) = finding.whole {
            let joined = self.whole.filter(|w| w.0 <= to && from <= w.1);
            self.whole = Some(joined.map_or((from, to), |w| (from.min(w.0), to.max(w.1))));
        }
        let mut times: BTreeMap<u64, u64> = BTreeMap::new();
        finding.records.iter().for_each(|r| *times.entry(r.1).or_default() += 1);
        for (seq, times) in times.into_iter().filter(|(_, times)| *times > 1) {
            if self.again.len() < RECORDS_LIMIT || self.again.contains_key(&seq) {
                let again = self.again.entry(seq).or_default();
                *again = (*again).max(times - 1);
            }
        }
        for (at, seq) in finding.records {
            (self.first, self.last) = (self.first.min(at), self.last.max(at));
            if self.records.len() < RECORDS_LIMIT || self.records.contains_key(&seq) {
                self.records.insert(seq, at);
            } else {
                self.more += 1;
            }
        }
        let put = |into: &mut BTreeSet<String>, names: BTreeSet<String>| {
            // At the bound the first of the alphabet stay, whatever the order in which they come.
            for name in names {
                if into.insert(name) && into.len() > NAMES_LIMIT {
                    into.pop_last();
                }
            }
        };
        put(&mut self.who, finding.who);
        put(&mut self.by, finding.by);
        put(&mut self.from, finding.from);
        put(&mut self.what, finding.what);
        put(&mut self.numbers, finding.numbers);
        put(&mut self.excuses, finding.excuses.into_iter().map(str::to_owned).collect());
        before
            != (
                self.records.len(),
                self.more,
                self.who.len(),
                self.from.len(),
                self.what.len(),
                self.numbers.len(),
                self.excuses.len(),
                self.severe,
            )
    }

    fn alert(&self, key: &str, customer: &CustomerId, settings: &Settings) -> Option<Alert> {
        let (id, group) = key.split_once('\n')?;
        let about = detection(id)?;
        let time = |at: i64| Time::from_millisecond(at).ok();
        let reference = |seq: &u64| RecordRef { customer: customer.clone(), seq: *seq };
        let count = self.records.len() as u64 + self.more;
        Some(Alert {
            id: self.id.clone(),
            rule: AlertRule {
                id: about.id.to_owned(),
                title: about.title.to_owned(),
                level: if self.severe { about.level } else { about.level.min(Level::Medium) },
                tags: about.tags.iter().map(|t| (*t).to_owned()).collect(),
                version: None,
            },
            customers: vec![customer.clone()],
            records: self.records.keys().take(Alert::RECORDS_LIMIT).map(reference).collect(),
            count,
            first: time(self.first)?,
            last: time(self.last)?,
            summary: self.sentence(about, group),
            is_backwards: false,
            details: Some(AlertDetails {
                who: shown(&self.who),
                from: shown(&self.from),
                what: shown(&self.what),
                why: self.why(about, settings),
                paragraph: about.paragraph.to_owned(),
                next: about.next.iter().map(|n| (*n).to_owned()).collect(),
            }),
        })
    }

    /// Who did it, or whoever is named when the record does not tell them apart.
    fn doer(&self) -> &BTreeSet<String> {
        if self.by.is_empty() { &self.who } else { &self.by }
    }

    /// How many times it happened: more often than there are records where one stands for several.
    fn tries(&self) -> u64 {
        self.records.len() as u64 + self.more + self.again.values().sum::<u64>()
    }

    /// What happened, in one sentence of plain words.
    fn sentence(&self, about: &About, group: &str) -> String {
        // Who did it is named behind, unless they did it to themselves.
        let whom: BTreeSet<String> = self.who.difference(&self.by).cloned().collect();
        let whom = if whom.is_empty() { &self.who } else { &whom };
        let who = named(&self.who, "account", "accounts");
        let from = named(&self.from, "source", "sources");
        let what = listed(&self.what);
        let span = span(self.last.saturating_sub(self.first));
        let tries = self.tries();
        match about.id {
            "bw.spray-fast" => format!("{from} failed to sign in on {who} within {span}"),
            "bw.spray-slow" => {
                format!("{who} failed to sign in within {span}, from {from} where none of them is at home")
            }
            "bw.brute-force" => format!("{tries} sign-ins to {who} failed within {span}, from {from}"),
            "bw.success-after-failures" => {
                format!("{who} was signed in to from {from} after {} failures", tries.saturating_sub(1))
            }
            "bw.failed-after-change" if self.who.len() > 1 => {
                format!(
                    "After many changed their passwords, sign-ins to {who} failed from {from}, never seen for them before"
                )
            }
            "bw.failed-after-change" => {
                format!(
                    "After a change of its password, a sign-in to {who} failed from {from}, never seen for it before"
                )
            }
            "bw.mfa-fatigue" => format!(
                "{who} refused or left unanswered {} prompts within {span}, then one was accepted",
                tries.saturating_sub(1)
            ),
            "bw.impossible-travel" => {
                format!("{who} signed in from places too far apart: {}", listed(&self.numbers))
            }
            "bw.dormant-account" => format!("{who} signed in from {from}; {}", listed(&self.numbers)),
            "bw.log-tampering" if !self.severe => {
                format!(
                    "A log stopped or a clock was set on {what}, which a machine that was off explains as well"
                )
            }
            "bw.log-tampering" => {
                // A cloud's logs are of no machine.
                let on = if group.is_empty() { String::new() } else { format!(" on {group}") };
                format!("Logging was tampered with{on}{}: {}", by(&self.by), listed(&self.numbers))
            }
            "bw.silent-source" => format!("{what} has written nothing since {}", clock(self.last)),
            "bw.unapproved-remote-tool" => format!(
                "A remote tool that nobody approved: {what} on {}{}",
                listed(&self.from),
                by(&self.who)
            ),
            "bw.provider-out-of-bounds" => {
                format!(
                    "The provider's account {} signed in from {}: {}",
                    listed(&self.who),
                    listed(&self.from),
                    listed(&self.numbers)
                )
            }
            "bw.new-administrator" => {
                let made =
                    if whom.len() > 1 { "were made administrators" } else { "was made an administrator" };
                format!("{} {made}{}{}", listed(whom), of(&self.what), by(&self.by))
            }
            "bw.new-consent" => {
                format!("An application was granted rights{}{}", of(&self.what), by(self.doer()))
            }
            "bw.new-forwarding-rule" => {
                format!("Mail of {} is passed on{}", listed(&self.who), of(&self.what))
            }
            "bw.new-federation" => {
                format!("Sign-ins of somebody else are trusted{}{}", of(&self.what), by(self.doer()))
            }
            _ => format!("{}: {who}", about.title),
        }
    }

    /// Why it fired: numbers against thresholds.
    fn why(&self, about: &About, settings: &Settings) -> Vec<String> {
        let count = self.tries();
        let of = |name: &str| settings.of(about.id, name);
        let seconds = |name: &str| span(of(name).saturating_mul(1000));
        let (accounts, sources) = (self.who.len(), self.from.len());
        let mut why = match about.id {
            "bw.spray-fast" => vec![format!(
                "{accounts} accounts failed; it fires at {} within {}",
                of("accounts"),
                seconds("window")
            )],
            "bw.spray-slow" => vec![format!(
                "{accounts} accounts failed from {sources} sources; it fires at {} within {}",
                of("accounts"),
                seconds("window")
            )],
            "bw.brute-force" => vec![format!(
                "{count} failures; it fires at {} within {}, or at {} within {}",
                of("failures"),
                seconds("window"),
                of("slow-failures"),
                seconds("slow-window")
            )],
            "bw.success-after-failures" => vec![format!(
                "{} failures before it; it fires at {} on the account, or at spraying from the source, within {}",
                count.saturating_sub(1),
                of("failures"),
                seconds("within")
            )],
            "bw.failed-after-change" => vec![format!(
                "the failure came within {} of the change, from a source not seen for the account in {} days",
                seconds("within"),
                of("known-days")
            )],
            "bw.mfa-fatigue" => vec![format!(
                "{} prompts were refused; it fires at {} within {} before one is accepted",
                count.saturating_sub(1),
                of("refused"),
                seconds("window")
            )],
            "bw.impossible-travel" => {
                vec![format!(
                    "it fires above {} km/h, over at least {} km; or at two countries within {}",
                    of("speed"),
                    of("distance"),
                    seconds("country-within")
                )]
            }
            "bw.dormant-account" => vec![format!("it fires at {} days", of("days"))],
            "bw.silent-source" => vec![format!(
                "it fires after the longer of {} and {} times its usual gaps",
                seconds("least"),
                of("factor")
            )],
            _ => {
                let rest = about.fires.strip_prefix(char::is_uppercase).unwrap_or(about.fires);
                let head = about.fires.strip_suffix(rest).unwrap_or("").to_lowercase();
                vec![format!("it fires at once: {head}{rest}")]
            }
        };
        why.extend(self.numbers.iter().cloned());
        let voided = |excuse: &String| {
            EXCUSES.iter().skip_while(|e| *e != excuse).skip(1).any(|e| self.excuses.contains(*e))
        };
        why.extend(self.excuses.iter().filter(|e| !self.severe && !voided(e)).cloned());
        if !self.again.is_empty() {
            let many = self.again.len();
            let stand = if many == 1 { "1 record stands" } else { &format!("{many} records stand") };
            why.push(format!("{stand} for the same thing several times (`message repeated`)"));
        }
        why
    }
}

fn shown(names: &BTreeSet<String>) -> Vec<String> {
    let mut list: Vec<String> = names.iter().take(SHOWN).cloned().collect();
    if names.len() > SHOWN {
        list.push(format!("and {} more", names.len() - SHOWN));
    }
    list
}

fn listed(names: &BTreeSet<String>) -> String {
    let list: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    match names.len() {
        0 => "somebody".to_owned(),
        1..=3 => list.join(", "),
        many => format!("{} and {} more", list.join(", "), many - 3),
    }
}

/// One by its name, several by their number.
fn named(names: &BTreeSet<String>, one: &str, several: &str) -> String {
    match names.len() {
        0 => format!("an unknown {one}"),
        1 => listed(names),
        many => format!("{many} {several}"),
    }
}

fn by(names: &BTreeSet<String>) -> String {
    if names.is_empty() { String::new() } else { format!(", by {}", listed(names)) }
}

fn of(names: &BTreeSet<String>) -> String {
    if names.is_empty() { String::new() } else { format!(": {}", listed(names)) }
}

/// A time in the greatest unit of which there are at least two, or in seconds.
pub(crate) fn span(milliseconds: i64) -> String {
    let seconds = milliseconds / 1000;
    let (many, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if many == 1 { format!("1 {unit}") } else { format!("{many} {unit}s") }
}

fn clock(at: i64) -> String {
    Time::from_second(at.div_euclid(1000)).map_or_else(|_| at.to_string(), |t| t.to_string())
}

/// The same detection, customer, thing and first record give the same id, also when the input comes in two runs.
pub(crate) fn made_id(rule: &str, customer: &CustomerId, group: &str, first_seq: u64) -> String {
    let mut hash = Sha256::new();
    for part in [rule, customer.as_str(), group] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(first_seq.to_be_bytes());
    let full: [u8; 32] = hash.finalize().into();
    let hex: String = full[..6].iter().map(|b| format!("{b:02x}")).collect();
    format!("al-{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_bound_the_first_names_of_the_alphabet_stay_in_whatever_order_they_come() {
        let names: Vec<String> = (0..NAMES_LIMIT + 50).map(|n| format!("x{n:05}")).collect();
        let kept = |names: &mut dyn Iterator<Item = &String>| {
            let (mut growing, customer) = (Growing::default(), CustomerId::parse("acme").expect("good"));
            for (seq, name) in (0..).zip(names) {
                let mut finding = Finding::of("bw.spray-fast", "g");
                finding.records.push((0, seq));
                finding.who.insert(name.clone());
                growing.take(&customer, detection("bw.spray-fast").expect("ours"), finding, false);
            }
            growing.near("bw.spray-fast", "g", 0, 0).expect("open").who.iter().cloned().collect::<Vec<_>>()
        };
        assert_eq!(kept(&mut names.iter()), names[..NAMES_LIMIT]);
        assert_eq!(kept(&mut names.iter().rev()), names[..NAMES_LIMIT]);
    }
}
