//! The records of a file as a resolver: what they hold, and where their silence is proof.

use crate::dns::{Answer, Resolver};
use crate::document::{Document, Status};
use crate::text;
use model::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Aliases that are followed.
const ALIAS_LIMIT: usize = 8;

/// Stands for every type of a name that does not exist, and of all names below it.
const EVERYTHING: &str = "*";

/// One record, as far as mail needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    Soa,
    Txt(String),
    Mx(u16, String),
    Cname(String),
    Ns,
    /// A type that says nothing about mail, only that the name exists.
    Other,
}

/// One question of `dig` whose answer is being read.
#[derive(Debug, Default)]
struct Question {
    refused: bool,
    absent: bool,
    answers: Option<usize>,
    seen: usize,
    asked: Option<(String, String)>,
}

/// All records of a file.
#[derive(Debug, Default)]
pub(super) struct Answers {
    names: BTreeMap<String, Vec<Record>>,
    /// Names and types of which it was said that there is nothing.
    none: BTreeSet<(String, String)>,
    policies: BTreeMap<String, String>,
    /// The domain whose policy the comments are telling.
    telling: Option<String>,
    question: Option<Question>,
    /// Whether the file is whole, so that a zone's silence is proof.
    whole: bool,
    pub(super) dig: bool,
    pub(super) version: Option<String>,
    pub(super) made: Option<Time>,
}

impl Answers {
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.none.is_empty()
    }

    pub(super) fn add(&mut self, owner: String, record: Record) {
        if let Some(question) = &mut self.question {
            question.seen += 1;
        }
        let all = self.names.entry(owner).or_default();
        if !all.contains(&record) {
            all.push(record);
        }
    }

    /// What `dig` says around its answers, and policies that a person put there.
    pub(super) fn comment(&mut self, text: &str, document: &mut Document) {
        let words: Vec<&str> = text.split_whitespace().collect();
        if let Some(rest) = text.strip_prefix("mta-sts-policy ") {
            let (domain, policy) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
            let domain = text::name(domain).trim_end_matches('.').to_owned();
            self.policies.insert(domain.clone(), policy.to_owned());
            self.telling = Some(domain);
        } else if text.starts_with("<<>> DiG") {
            self.end_question(document);
            self.dig = true;
            self.version = words.get(2).map(|v| (*v).to_owned());
        } else if text.starts_with("->>HEADER<<-") {
            self.end_question(document);
            self.dig = true;
            let status = text.split("status: ").nth(1).and_then(|s| s.split(',').next()).unwrap_or("");
            self.question = Some(Question {
                refused: !matches!(status, "NOERROR" | "NXDOMAIN"),
                absent: status == "NXDOMAIN",
                ..Question::default()
            });
        } else if let (Some(question), Some(count)) = (&mut self.question, text.split("ANSWER: ").nth(1)) {
            question.answers = count.split(',').next().and_then(|n| n.trim().parse().ok());
        } else if let (Some(question), [name, "IN", kind]) = (&mut self.question, words.as_slice()) {
            question.asked = Some((text::name(name).trim_end_matches('.').to_owned(), (*kind).to_owned()));
        } else if text.contains("timed out")
            || text.contains("communications error")
            || text.contains("no servers could be reached")
        {
            document.partial(format!("a question was not answered: {text}"));
        } else if let Some(date) = text.strip_prefix("WHEN: ") {
            self.made = when(date).or(self.made);
        } else if let Some(policy) =
            self.telling.as_ref().filter(|_| text.contains(':')).and_then(|d| self.policies.get_mut(d))
        {
            policy.push(' ');
            policy.push_str(text);
        } else {
            self.telling = None;
        }
    }

    fn end_question(&mut self, document: &mut Document) {
        let Some(question) = self.question.take() else { return };
        let asked = question.asked.as_ref().map_or("a question", |(name, _)| name.as_str());
        if question.refused {
            document.partial(format!("`{asked}` was not answered by its server"));
        } else if question.answers.is_some_and(|many| many > question.seen) {
            document.partial(format!("`{asked}` has fewer answers than its heading says"));
        } else if let (Some((name, kind)), true) =
            (question.asked, question.absent || question.answers == Some(0))
        {
            // RFC 8020: below a name that does not exist there is nothing either.
            self.none.insert((name, if question.absent { EVERYTHING.into() } else { kind }));
        }
    }

    /// Ends the reading.
    pub(super) fn close(&mut self, document: &mut Document) {
        self.end_question(document);
        self.whole = document.status == Status::Complete;
    }

    /// Domains that take or send mail, or say how: those with MX or SPF, those below which the names of DMARC and DKIM hang, and
    /// the top of a zone. Names that are only included by others are not among them.
    pub(super) fn mail_domains(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        let questions = self.none.iter().map(|(name, _)| name);
        for name in self.names.keys().chain(questions) {
            let parent =
                ["_dmarc.", "_mta-sts.", "_smtp._tls."].into_iter().find_map(|p| name.strip_prefix(p));
            let parent = parent.or_else(|| name.split_once("._domainkey.").map(|p| p.1));
            found.extend(parent.map(str::to_owned));
        }
        let included = self.included();
        for (name, records) in &self.names {
            let is_mail = records.iter().any(|r| match r {
                Record::Soa | Record::Mx(..) => true,
                Record::Txt(text) => {
                    text.to_ascii_lowercase().starts_with("v=spf1") && !included.contains(name)
                }
                _ => false,
            });
            if is_mail {
                found.insert(name.clone());
            }
        }
        found.into_iter().filter(|name| !name.starts_with(['_', '*']) && !name.contains("._")).collect()
    }

    fn included(&self) -> BTreeSet<String> {
        let texts = self.names.values().flatten().filter_map(|r| match r {
            Record::Txt(text) => Some(text.to_ascii_lowercase()),
            _ => None,
        });
        let mut out = BTreeSet::new();
        for text in texts.filter(|t| t.starts_with("v=spf1")) {
            let names = text
                .split_whitespace()
                .filter_map(|t| t.split_once("include:").or_else(|| t.split_once("redirect=")));
            out.extend(names.map(|(_, name)| name.trim_end_matches('.').to_owned()));
        }
        out
    }

    /// Whether a zone of this file speaks for the name: it has the SOA above it, and nobody else is named below that.
    fn speaks_for(&self, name: &str) -> bool {
        let mut at = name;
        loop {
            let records = self.names.get(at).map_or(&[][..], Vec::as_slice);
            if records.contains(&Record::Soa) {
                return self.whole;
            }
            if records.contains(&Record::Ns) {
                return false;
            }
            match at.split_once('.') {
                Some((_, above)) => at = above,
                None => return false,
            }
        }
    }

    /// Whether somebody answered that there is no such record.
    fn denied(&self, name: &str, kind: &str) -> bool {
        let mut at = Some(name);
        while let Some(here) = at {
            if self.none.contains(&(here.to_owned(), EVERYTHING.into())) {
                return true;
            }
            at = here.split_once('.').map(|(_, above)| above);
        }
        self.none.contains(&(name.to_owned(), kind.into()))
    }

    /// The records of a name, through aliases and wildcards.
    fn records(&self, name: &str, kind: &str) -> Answer<Record> {
        let mut at = name.to_owned();
        for _ in 0..ALIAS_LIMIT {
            let held = self.names.get(&at).or_else(|| self.wildcard(&at));
            let Some(records) = held else {
                let absent = self.denied(&at, kind) || self.speaks_for(&at);
                return if absent { Answer::Absent } else { Answer::NotSaid };
            };
            let alias =
                records.iter().find_map(|r| if let Record::Cname(to) = r { Some(to.clone()) } else { None });
            match alias {
                Some(to) => at = to,
                None => {
                    let found: Vec<Record> = records.iter().filter(|r| is(r, kind)).cloned().collect();
                    let absent = self.denied(&at, kind) || self.speaks_for(&at);
                    return match (found.is_empty(), absent) {
                        (false, _) => Answer::Found(found),
                        (true, true) => Answer::Absent,
                        (true, false) => Answer::NotSaid,
                    };
                }
            }
        }
        Answer::NotSaid
    }

    fn wildcard(&self, name: &str) -> Option<&Vec<Record>> {
        let mut at = name;
        while let Some((_, above)) = at.split_once('.') {
            if let Some(records) = self.names.get(&format!("*.{above}")) {
                return Some(records);
            }
            if self.names.contains_key(above) {
                return None;
            }
            at = above;
        }
        None
    }
}

fn is(record: &Record, kind: &str) -> bool {
    matches!((record, kind), (Record::Txt(_), "TXT") | (Record::Mx(..), "MX"))
}

/// `Wed Nov 25 13:42:14 UTC 2026`; another zone's letters name no offset and are not guessed.
fn when(text: &str) -> Option<Time> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, month, day, clock, "UTC" | "GMT", year] = words.as_slice() else { return None };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|m| m == month)? + 1;
    let day: u8 = day.parse().ok()?;
    text::instant(&format!("{year}-{month:02}-{day:02}T{clock}Z"))
}

impl Resolver for Answers {
    fn txt(&self, name: &str) -> Answer<String> {
        match self.records(name, "TXT") {
            Answer::Found(all) => Answer::Found(
                all.into_iter()
                    .filter_map(|r| if let Record::Txt(text) = r { Some(text) } else { None })
                    .collect(),
            ),
            Answer::Absent => Answer::Absent,
            Answer::NotSaid => Answer::NotSaid,
        }
    }

    fn mx(&self, name: &str) -> Answer<String> {
        match self.records(name, "MX") {
            Answer::Found(all) => {
                let servers = all
                    .into_iter()
                    .filter_map(|r| if let Record::Mx(p, host) = r { Some((p, host)) } else { None });
                let servers: BTreeSet<(u16, String)> = servers.collect();
                Answer::Found(servers.into_iter().map(|(_, host)| host).collect())
            }
            Answer::Absent => Answer::Absent,
            Answer::NotSaid => Answer::NotSaid,
        }
    }

    fn selectors(&self, domain: &str) -> (Vec<String>, bool) {
        let below = format!("._domainkey.{domain}");
        let asked = self.none.iter().map(|(name, _)| name);
        let names: BTreeSet<&str> =
            self.names.keys().chain(asked).filter_map(|name| name.strip_suffix(&below)).collect();
        let top = format!("_domainkey.{domain}");
        let all = self.speaks_for(&top) || self.denied(&top, EVERYTHING);
        (names.into_iter().map(str::to_owned).collect(), all)
    }

    fn mta_sts_policy(&self, domain: &str) -> Option<String> {
        self.policies.get(domain).cloned()
    }
}
