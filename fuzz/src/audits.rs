//! What stands in a log beside evidence: exceptions, versions of the contract, and assessments for auditors.

use assess::audit::Auditor;
use assess::exceptions::{DAYS_LIMIT, Register};
use ledger::{Hash, Log, Sealed, SigningKey, Tree, Unsealed, leaf_hash};
use model::{Draft, Event, Fields, Format, Kind, Source, Time, form};

struct Batch(Vec<Event>);

impl Unsealed for Batch {
    type Value = Vec<Event>;

    fn first(&self) -> u64 {
        0
    }

    fn leaf_hashes(&self) -> Vec<Hash> {
        self.0.iter().map(|event| leaf_hash(&form::encode(&event.record))).collect()
    }

    fn release(self) -> Vec<Event> {
        self.0
    }
}

fn sealed(bodies: &[(Kind, Vec<u8>)]) -> Sealed<Vec<Event>> {
    let at = Time::from_second(1_795_219_200).expect("within the years that there are");
    let event = |(seq, (kind, raw)): (u64, &(Kind, Vec<u8>))| {
        let source = Source::lossy(Format::Own, "self");
        let draft =
            Draft { kind: *kind, source, happened: at, received: at, raw: raw.clone(), defects: vec![] };
        Event { record: draft.at(seq), fields: Fields::new() }
    };
    seal((0..).zip(bodies).map(event).collect())
}

/// These events, sealed as the first of a log.
pub(crate) fn seal(events: Vec<Event>) -> Sealed<Vec<Event>> {
    let key = SigningKey::from_seed("fuzz", &[5; 32]).expect("a name");
    let mut log = Log::open("fuzz", Tree::new(), key).expect("a log");
    log.seal(Batch(events)).expect("at the end").0
}

/// Bodies with a NUL between them, each under the kind that its first words say.
fn bodies(bytes: &[u8]) -> Vec<(Kind, Vec<u8>)> {
    let kind = |body: &[u8]| match body {
        body if body.starts_with(b"{\"audit") => Kind::Verdict,
        body if body.starts_with(b"{\"evidence") => Kind::Evidence,
        _ => Kind::Contract,
    };
    bytes.split(|b| *b == 0).take(200).map(|body| (kind(body), body.to_vec())).collect()
}

/// Records of a stranger's log: there is an answer, and an assessment that is whole is written as it was read.
pub(super) fn audit_records(bytes: &[u8]) -> bool {
    let mut auditor = Auditor::new();
    assert!(auditor.take(&sealed(&bodies(bytes))), "so little is always held");
    let Some(told) = auditor.finish() else { return false };
    let Ok(kept) = told.kept else {
        assert!(told.computed.is_err() && told.differences.is_empty());
        return false;
    };
    let written = kept.audit.pack();
    let mut again = Auditor::new();
    let records: Vec<(Kind, Vec<u8>)> = written.iter().map(|body| (Kind::Verdict, body.clone())).collect();
    assert!(again.take(&sealed(&records)));
    let kept = again.finish().expect("one was written").kept.expect("it is whole");
    assert_eq!(kept.audit.pack(), written, "an assessment has one writing");
    assert_eq!(kept.id, kept.audit.id());
    true
}

/// Exceptions of a stranger's log: none lives longer than twelve months or needs the word of one side only, and each is
/// read back as it is written.
pub(super) fn exception_records(bytes: &[u8]) -> bool {
    let mut register = Register::default();
    (0..).zip(bodies(bytes)).for_each(|(seq, (_, body))| register.take(seq, &body));
    let all = register.before(u64::MAX);
    for kept in &all {
        let exception = &kept.exception;
        assert!(exception.expires.as_second() - exception.from.as_second() <= DAYS_LIMIT * 86_400);
        let said = exception.provider_approval.is_some() && exception.customer_approval.is_some();
        assert!(said || kept.state(exception.from) != "in-force", "one side alone lets nothing pass");
        let mut again = Register::default();
        again.take(0, exception.to_json(Some(&exception.id())).to_string().as_bytes());
        let written = again.before(u64::MAX);
        assert_eq!(written.len(), 1);
        assert_eq!(&written[0].exception, exception);
    }
    !all.is_empty()
}
