//! Policies (C2SP tlog-policy): which logs are known, and which witnesses must have cosigned.

use crate::checkpoint::Checkpoint;
use crate::cosignature::{CosignerVkey, public_bytes};
use crate::note::{Note, NoteError, VerifierKey};
use std::collections::{BTreeMap, BTreeSet};

/// Longest policy, in bytes.
const LENGTH_LIMIT_BYTES: usize = 1 << 20;
/// Most logs, witnesses and groups each; the specification asks for at least 32.
const EACH_LIMIT: usize = 1_024;

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy, line {line}: {what}")]
pub struct PolicyError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// Why a checkpoint does not satisfy a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsatisfied {
    /// No log of the policy signed it, or a signature does not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signed text is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] crate::CheckpointError),
    /// Too few witnesses cosigned it.
    #[error("the quorum `{quorum}` is not reached; cosigned by: {}", if .by.is_empty() { "nobody".to_owned() } else { .by.join(", ") })]
    Quorum {
        /// Its name.
        quorum: String,
        /// Witnesses that did cosign, by their names in the policy.
        by: Vec<String>,
    },
}

#[derive(Debug, Clone)]
enum Member {
    Witness(CosignerVkey),
    Group { least: usize, members: Vec<String> },
}

/// A policy.
#[derive(Debug, Clone)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    members: BTreeMap<String, Member>,
    /// In the order of their lines: members stand before their groups.
    order: Vec<String>,
    /// `None` asks for no cosignature.
    quorum: Option<String>,
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    logs: Vec<VerifierKey>,
    members: BTreeMap<String, Member>,
    order: Vec<String>,
    quorum: Option<Option<String>>,
    log_keys: BTreeSet<[u8; 32]>,
    witness_keys: BTreeSet<[u8; 32]>,
    /// Names that are members of a group already.
    taken: BTreeSet<String>,
}

impl Reading {
    fn line(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            ["log", vkey] | ["log", vkey, _] => self.log(vkey),
            ["witness", name, vkey] | ["witness", name, vkey, _] => self.witness(name, vkey),
            ["group", name, least, members @ ..] => self.group(name, least, members),
            ["quorum", name] => self.quorum(name),
            [word, ..] if ["log", "witness", "group", "quorum"].contains(word) => {
                Err(format!("`{word}` has too few or too many parts"))
            }
            [word, ..] => Err(format!("`{word}` is none of `log`, `witness`, `group`, `quorum`")),
            [] => Ok(()),
        }
    }

    fn log(&mut self, vkey: &str) -> Result<(), String> {
        let key = VerifierKey::parse(vkey).map_err(|e| e.to_string())?;
        if !public_bytes(vkey).is_some_and(|bytes| self.log_keys.insert(bytes)) {
            return Err("this log's key stands here twice".into());
        }
        self.logs.push(key);
        if self.logs.len() > EACH_LIMIT { Err(format!("more than {EACH_LIMIT} logs")) } else { Ok(()) }
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), String> {
        if name == "none" || self.members.contains_key(name) {
            return Err(format!("the name `{name}` is taken"));
        }
        if self.members.len() >= 2 * EACH_LIMIT {
            return Err(format!("more than {} witnesses and groups", 2 * EACH_LIMIT));
        }
        self.members.insert(name.to_owned(), member);
        self.order.push(name.to_owned());
        Ok(())
    }

    fn witness(&mut self, name: &str, vkey: &str) -> Result<(), String> {
        let key = CosignerVkey::parse(vkey).map_err(|e| e.to_string())?;
        if !self.witness_keys.insert(key.bytes()) {
            return Err("this witness's key stands here twice".into());
        }
        self.define(name, Member::Witness(key))
    }

    fn group(&mut self, name: &str, least: &str, members: &[&str]) -> Result<(), String> {
        if members.is_empty() {
            return Err("the group has no members".into());
        }
        for member in members {
            if !self.members.contains_key(*member) {
                return Err(format!("`{member}` is not defined on a line before"));
            }
            if !self.taken.insert((*member).to_owned()) {
                return Err(format!("`{member}` is a member already"));
            }
        }
        let plain = |k: &str| !k.is_empty() && k.bytes().all(|b| b.is_ascii_digit());
        let least = match least {
            "all" => members.len(),
            "any" => 1,
            k => k.parse().ok().filter(|n| plain(k) && (1..=members.len()).contains(n)).ok_or_else(|| {
                format!("`{k}` is not `all`, `any`, or a number from 1 to {}", members.len())
            })?,
        };
        let members = members.iter().map(|m| (*m).to_owned()).collect();
        self.define(name, Member::Group { least, members })
    }

    fn quorum(&mut self, name: &str) -> Result<(), String> {
        if self.quorum.is_some() {
            return Err("there is a quorum already".into());
        }
        if name != "none" && !self.members.contains_key(name) {
            return Err(format!("`{name}` is not defined on a line before"));
        }
        self.quorum = Some((name != "none").then(|| name.to_owned()));
        Ok(())
    }
}

impl Policy {
    /// Reads a policy. (Names must be UTF-8 here, which the specification recommends.)
    ///
    /// # Errors
    /// [`PolicyError`] names the line and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > LENGTH_LIMIT_BYTES {
            return Err(PolicyError { line: 1, what: "it is longer than 1 MiB".into() });
        }
        let mut reading = Reading::default();
        let mut last = 0;
        for (number, line) in (1..).zip(text.split('\n')) {
            last = number;
            let at = |what: String| PolicyError { line: number, what };
            if let Some(c) = line.chars().find(|c| c.is_ascii_control() && *c != '\t') {
                return Err(at(format!("it holds the control character {}", c.escape_debug())));
            }
            let words: Vec<&str> = line.split([' ', '\t']).filter(|w| !w.is_empty()).collect();
            if words.first().is_none_or(|w| w.starts_with('#')) {
                continue;
            }
            reading.line(&words).map_err(at)?;
        }
        let Reading { logs, members, order, quorum, .. } = reading;
        let quorum =
            quorum.ok_or_else(|| PolicyError { line: last, what: "there is no `quorum` line".into() })?;
        Ok(Self { logs, members, order, quorum })
    }

    /// The logs it knows.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// Checks a checkpoint: signed by a log that is known, or by `log` where the caller knows it from elsewhere, and cosigned by the
    /// quorum. Gives it with the names of the witnesses that cosigned.
    ///
    /// # Errors
    /// [`Unsatisfied`] says what is missing.
    pub fn satisfied(
        &self,
        note: &Note,
        log: Option<&VerifierKey>,
    ) -> Result<(Checkpoint, Vec<String>), Unsatisfied> {
        let checkpoint = Checkpoint::parse(note.text())?;
        let mut logs = self.logs.iter().chain(log).filter(|key| key.name() == checkpoint.origin);
        if !logs.any(|key| note.verify(std::slice::from_ref(key)).is_ok()) {
            return Err(NoteError::Unsigned { name: checkpoint.origin }.into());
        }
        let mut holds: BTreeSet<&str> = BTreeSet::new();
        let mut by = vec![];
        for name in &self.order {
            let held = match &self.members[name] {
                Member::Witness(key) => {
                    let held = key.cosigned(note)?.is_some();
                    if held {
                        by.push(name.clone());
                    }
                    held
                }
                Member::Group { least, members } => {
                    members.iter().filter(|m| holds.contains(m.as_str())).count() >= *least
                }
            };
            if held {
                holds.insert(name);
            }
        }
        match &self.quorum {
            Some(quorum) if !holds.contains(quorum.as_str()) => {
                Err(Unsatisfied::Quorum { quorum: quorum.clone(), by })
            }
            _ => Ok((checkpoint, by)),
        }
    }
}
