//! One record with its proof: what a customer or auditor checks without the rest of the log.

use crate::rows::leaf;
use crate::view::{ReadError, View};
use ledger::{Hash, Note, PAGE, ProofFile};
use model::form;

/// Proves that a record stands under the view's checkpoint: a proof file whose extra data is the salt and the record
/// (docs/formats.md §4).
///
/// # Errors
/// [`ReadError`] when there is no such record, or it cannot be read.
pub fn prove(view: &View, seq: u64) -> Result<ProofFile, ReadError> {
    let failed = |why: &str| ReadError { from: seq, to: seq, name: String::new(), why: why.into() };
    let size = view.checkpoint().size;
    if seq >= size {
        return Err(failed(&format!("the log has {size} records")));
    }
    if seq < view.begin() {
        return Err(failed("it was kept long enough and was ended"));
    }
    let first = seq / PAGE * PAGE;
    let mut page: Vec<Hash> = vec![];
    let mut extra = None;
    for unit in view.units()?.iter().filter(|u| u.first < first + PAGE && u.first + u.count > first) {
        for (record, salt) in view.read_salted(unit)? {
            if !(first..first + PAGE).contains(&record.seq) {
                continue;
            }
            let bytes = form::encode(&record);
            page.push(leaf(&salt, &bytes));
            if record.seq == seq {
                extra = Some([salt.as_slice(), &bytes].concat());
            }
        }
    }
    let path = view.tree().inclusion_proof(seq, &page).ok_or_else(|| failed("its page is not whole"))?;
    let checkpoint = Note::parse(view.note()).map_err(|e| failed(&e.to_string()))?;
    Ok(ProofFile { extra, index: seq, path, checkpoint })
}
