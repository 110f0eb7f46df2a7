//! The assessment that goes with a bundle for auditors: computed, then sealed in the customer's log with everything that it was
//! computed from and that does not lie there yet.

use crate::assess::{Asked, answer};
use crate::clock;
use crate::fault::Fault;
use ::assess::audit::{Audit, is_closing};
use custody::{Home, View};
use model::{CustomerId, Draft, Fields, Format, Kind, Source, Time};
use serde_json::Value;

/// Bytes that are sealed together, at most.
const BATCH_BYTES: usize = 32 << 20;

/// Where an assessment for auditors stands.
pub(crate) struct Placed {
    pub(crate) id: String,
    /// Its closing record.
    pub(crate) seq: u64,
    pub(crate) answers: u64,
    /// Whether the same one was there, with nothing behind it that answers stand on.
    pub(crate) known: bool,
}

/// Answers every check and seals the answers for auditors.
pub(crate) fn seal(home: &Home, customer: &CustomerId, asked: &Asked<'_>) -> Result<Placed, Fault> {
    let view = home.view_of_writer(customer)?;
    let assessment = answer(&view, asked)?;
    let answers = assessment.answers().count() as u64;
    let audit = Audit {
        profile: asked.profile.name.to_owned(),
        now: asked.now,
        parameters: asked.profile.parameters.clone(),
        checks: asked.set.texts().clone(),
        feeds: asked.feeds.to_vec(),
        parsers: evidence::PARSERS_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        answers: assessment.to_json().to_string().into_bytes(),
    };
    drop(assessment);
    let id = audit.id();
    if let Some(seq) = standing(&view, &id)? {
        return Ok(Placed { id, seq, answers, known: true });
    }
    drop(view);
    let seq = append(home, customer, audit.pack())?;
    Ok(Placed { id, seq, answers, known: false })
}

/// Where the same assessment closes already, if nothing that answers stand on was sealed since.
fn standing(view: &View, id: &str) -> Result<Option<u64>, Fault> {
    let others = view.others()?;
    let stands = |kind: Kind| matches!(kind, Kind::Evidence | Kind::Contract);
    let last = others
        .iter()
        .rev()
        .take_while(|r| !stands(r.kind))
        .find(|r| r.kind == Kind::Verdict && is_closing(&r.raw));
    let same = last.filter(|r| serde_json::from_slice::<Value>(&r.raw).is_ok_and(|v| v["id"] == id));
    Ok(same.map(|r| r.seq))
}

fn draft(raw: Vec<u8>, now: Time) -> (Draft, Fields) {
    let source = Source::lossy(Format::Own, "self");
    (Draft { kind: Kind::Verdict, source, happened: now, received: now, raw, defects: vec![] }, Fields::new())
}

/// Seals the bodies in their order; says where the last one stands.
fn append(home: &Home, customer: &CustomerId, bodies: Vec<Vec<u8>>) -> Result<u64, Fault> {
    let mut vault = home.vault(customer)?;
    let mut last = 0;
    let mut bodies = bodies.into_iter().peekable();
    while bodies.peek().is_some() {
        let now = clock::now();
        let (mut batch, mut bytes) = (vec![], 0);
        while let Some(body) = bodies.next_if(|body| bytes == 0 || bytes + body.len() <= BATCH_BYTES) {
            bytes += body.len();
            batch.push(draft(body, now));
        }
        let cursor = vault.cursor().map(<[u8]>::to_vec);
        let place = vault.append(batch, cursor, now)?.place().clone();
        last = place.first + place.count - 1;
    }
    vault.close(clock::now())?;
    Ok(last)
}
