//! Other heads of the same log: what a witness, a colleague or an older bundle holds. A log that was shown differently to two
//! people, or that shrank, shows here.

use crate::checker::Checker;
use crate::report::{CHANGED, MISSING, OTHER, Stage, clean};
use crate::words;
use ledger::{Checkpoint, Note, PAGE};

/// A checkpoint that somebody else holds.
#[derive(Debug, Clone)]
pub struct Head {
    /// Where it comes from, for people.
    pub name: String,
    /// The signed note as it stands.
    pub note: Vec<u8>,
}

/// A head whose signature holds.
#[derive(Debug)]
pub(crate) struct Known {
    name: String,
    pub(crate) checkpoint: Checkpoint,
}

impl Checker {
    /// Takes heads in, before the first record: those that this log's key signed are compared at the end.
    pub fn heads(&mut self, heads: &[Head]) {
        for head in heads {
            let (name, read) = (clean(&head.name), self.head(&head.note));
            match read {
                Ok(checkpoint) => {
                    self.pages.want(checkpoint.size);
                    self.known.push(Known { name, checkpoint });
                }
                Err((threat, why)) => {
                    let next = if threat == OTHER { words::OTHER_NEXT } else { words::CHANGED_NEXT };
                    let message = format!("The other head `{name}` cannot be used: {why}. {next}");
                    self.findings.add(Stage::Heads, threat, None, Some(&name), message);
                }
            }
        }
    }

    fn head(&self, bytes: &[u8]) -> Result<Checkpoint, (&'static str, String)> {
        let note = Note::parse(bytes).map_err(|e| (CHANGED, e.to_string()))?;
        let key = self.vkey().ok_or((OTHER, "there is no key to check it with".to_owned()))?;
        let text = note.verify(std::slice::from_ref(key)).map_err(|e| (OTHER, clean(&e.to_string())))?;
        let checkpoint = Checkpoint::parse(text).map_err(|e| (CHANGED, e.to_string()))?;
        let own = self.origin.as_deref() == Some(checkpoint.origin.as_str());
        if own {
            Ok(checkpoint)
        } else {
            Err((OTHER, format!("it is of the log `{}`", clean(&checkpoint.origin))))
        }
    }

    /// Holds the log against every head; gives the greatest size that fits.
    pub(crate) fn compare_heads(&mut self) -> Option<u64> {
        let goal = self.goal?;
        let mut fitting = None;
        let mut told = vec![];
        for Known { name, checkpoint } in &self.known {
            let have = if checkpoint.size == goal.size {
                Some(goal.root)
            } else {
                self.pages.root_at(checkpoint.size)
            };
            let size = checkpoint.size;
            if size > goal.size {
                told.push((MISSING, name.clone(), format!(
                    "This log has {} records, but it had {size} before, as the other head `{name}` shows: it shrank, was set back to an older state, or these files are an older copy. {}",
                    goal.size, words::MISSING_NEXT
                )));
            } else if have == Some(checkpoint.root) {
                fitting = fitting.max(Some(size));
            } else if have.is_some() {
                told.push((OTHER, name.clone(), format!(
                    "At {size} records this log is not the one that the other head `{name}` shows: two histories of one log stand side by side. {}",
                    words::OTHER_NEXT
                )));
            } else {
                let from = size / PAGE * PAGE;
                told.push((OTHER, name.clone(), format!(
                    "This log cannot be held against the other head `{name}` of {size} records: that takes the records from {from} on, and they are not here or are damaged. Ask for a bundle that begins at record {from} or before."
                )));
            }
        }
        for (threat, name, message) in told {
            self.findings.add(Stage::Heads, threat, None, Some(&name), message);
        }
        self.report_heads = self.known.len() as u64;
        fitting
    }
}
