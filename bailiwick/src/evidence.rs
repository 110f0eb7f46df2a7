//! Documents of evidence on their way in: read whole or not at all, recognised, put into their envelope, sealed.

use crate::clock;
use crate::dossier::Index;
use crate::fault::{Exit, Fault, near};
use custody::{Home, Vault};
use evidence::{
    BYTES_LIMIT, Document, Envelope, FORMATS, Handed, Hint, KINDS, Kind, MAPPINGS, Side, records,
};
use model::{CustomerId, Draft, Fields, Format, Kind as RecordKind, Source, Time};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes that are sealed together at most. A larger document is sealed in several steps, its envelope last: without the
/// envelope there is no document.
const BATCH_BYTES: usize = 32 << 20;
/// Bytes of a mapping file, at most.
const MAPPING_BYTES: usize = 256 * 1024;

/// What the one who hands documents in says of all of them.
pub(crate) struct Given {
    pub(crate) customer: CustomerId,
    pub(crate) side: Side,
    pub(crate) format: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) population: Option<String>,
    pub(crate) covers: Option<(Time, Time)>,
    /// The mapping: its name and its text.
    pub(crate) mapping: Option<(String, String)>,
}

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Its name, as it will stand in the envelope.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: Option<String>,
    pub(crate) collected: Time,
}

/// What became of one file.
pub(crate) struct Taken {
    pub(crate) path: String,
    pub(crate) envelope: Envelope,
    /// Place of its envelope in the log.
    pub(crate) seq: u64,
    /// Whether it was sealed before this.
    pub(crate) known: bool,
}

/// The kind of a word.
pub(crate) fn kind(word: &str) -> Result<&'static Kind, Fault> {
    Kind::named(word).ok_or_else(|| {
        let near = near(word, KINDS.iter().map(|k| k.name));
        let what = format!("there is no kind of evidence `{word}`{near}");
        Fault::usage("BW-1015", what, "`bailiwick evidence kinds` lists them")
    })
}

/// Refuses a format that is none.
pub(crate) fn check_format(word: &str) -> Result<(), Fault> {
    if FORMATS.iter().any(|f| f.name == word) {
        return Ok(());
    }
    let near = near(word, FORMATS.iter().map(|f| f.name));
    let what = format!("there is no format `{word}`{near}");
    Err(Fault::usage("BW-1015", what, "`bailiwick evidence formats` lists them"))
}

/// A mapping as named: a file, a name in the home's folder `mappings`, or one that comes with the program.
pub(crate) fn mapping(home: &Path, named: &str) -> Result<(String, String), Fault> {
    let own = home.join("mappings").join(format!("{named}.toml"));
    let given = PathBuf::from(named);
    let path = if given.exists() { given } else { own };
    if !path.exists() {
        if let Some((name, text)) = MAPPINGS.iter().find(|(name, _)| *name == named) {
            return Ok(((*name).to_owned(), (*text).to_owned()));
        }
        let ours: Vec<&str> = MAPPINGS.iter().map(|(name, _)| *name).collect();
        let what = format!(
            "there is no mapping `{named}`: neither a file, nor `{}`, nor one of ours ({})",
            path.display(),
            ours.join(", ")
        );
        return Err(Fault::usage(
            "BW-1008",
            what,
            "name the file that says which heading fills which column",
        ));
    }
    let bytes = bounded(&path, MAPPING_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Fault::usage("BW-1008", format!("the mapping `{}` is not UTF-8", path.display()), "write it as TOML")
    })?;
    let name = path.file_stem().map_or_else(|| named.to_owned(), |n| n.to_string_lossy().into_owned());
    Ok((name, text))
}

/// All bytes of a file, at most so many.
pub(crate) fn bounded(path: &Path, limit: usize) -> Result<Vec<u8>, Fault> {
    let failed = |error: std::io::Error| {
        let what = format!("`{}` cannot be read: {error}", crate::out::path(path));
        Fault::new(Exit::Environment, "BW-5003", what, "look at its rights; nothing of it was sealed")
    };
    let mut bytes = vec![];
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        let what = format!("`{}` has more than {limit} bytes", crate::out::path(path));
        return Err(Fault::usage("BW-1020", what, "export less at a time, and name the scope of each part"));
    }
    Ok(bytes)
}

/// Every file below these paths, with its kind and day.
pub(crate) fn files(
    paths: &[PathBuf],
    kind: Option<&str>,
    collected: &dyn Fn(&Path) -> Time,
) -> Result<Vec<File>, Fault> {
    let mut all = vec![];
    for path in paths {
        if !path.exists() {
            let what = format!("there is nothing at `{}`", crate::out::path(path));
            return Err(Fault::new(Exit::Environment, "BW-1008", what, "look for a typing mistake"));
        }
        let found = collect::walk(path);
        if let Some((place, error)) = found.failed.into_iter().next() {
            let what = format!("`{}` cannot be looked into: {error}", crate::out::path(&place));
            return Err(Fault::new(Exit::Environment, "BW-5003", what, "nothing was sealed"));
        }
        all.extend(found.files.into_iter().map(|(name, path)| File {
            name,
            collected: collected(&path),
            path,
            kind: kind.map(str::to_owned),
        }));
    }
    Ok(all)
}

/// Reads one document and puts it into its envelope. No clock: the times are given.
pub(crate) fn examine(given: &Given, file: &File, raw: &[u8], now: Time) -> (Document, Envelope) {
    let hint = Hint {
        kind: file.kind.as_deref(),
        format: given.format.as_deref(),
        mapping: given.mapping.as_ref().map(|(_, text)| text.as_str()),
    };
    let document = evidence::read(raw, &file.name, &hint);
    let handed = Handed {
        customer: &given.customer,
        side: given.side,
        file: &file.name,
        collected: file.collected,
        received: now,
        scope: given.scope.as_deref(),
        population: given.population.as_deref(),
        covers: given.covers,
        mapping: given.mapping.as_ref().map(|(_, text)| text.as_str()),
    };
    let envelope = Envelope::new(&handed, raw, &document);
    (document, envelope)
}

/// Seals what waits.
struct Desk<'a> {
    home: &'a Home,
    customer: &'a CustomerId,
    vault: Option<Vault>,
    batch: Vec<(Draft, Fields)>,
    bytes: usize,
    /// Documents of which the envelope waits: their place in the batch, and in the list of what was taken.
    waiting: Vec<(usize, usize)>,
}

impl Desk<'_> {
    fn put(&mut self, body: Vec<u8>, now: Time) {
        self.bytes += body.len();
        let source = Source::lossy(Format::Own, "evidence");
        let draft = Draft {
            kind: RecordKind::Evidence,
            source,
            happened: now,
            received: now,
            raw: body,
            defects: vec![],
        };
        self.batch.push((draft, Fields::new()));
    }

    fn flush(&mut self, taken: &mut [Taken], now: Time) -> Result<(), Fault> {
        if self.batch.is_empty() {
            return Ok(());
        }
        if self.vault.is_none() {
            self.vault = Some(self.home.vault(self.customer)?);
        }
        let Some(vault) = &mut self.vault else { return Ok(()) };
        let many = self.batch.len() as u64;
        let cursor = vault.cursor().map(<[u8]>::to_vec);
        let sealed = vault.append(std::mem::take(&mut self.batch), cursor, now)?;
        self.bytes = 0;
        // Records of the log itself, such as a new day, come before ours.
        let place = sealed.place();
        let first = place.first + place.count - many;
        for (at, document) in self.waiting.drain(..) {
            taken[document].seq = first + at as u64;
        }
        Ok(())
    }
}

/// Reads and seals documents, each whole or not at all. One that was sealed before is noticed, unless it is now read in another way.
pub(crate) fn add(home: &Home, given: &Given, files: &[File]) -> Result<Vec<Taken>, Fault> {
    // What cannot be opened is said before anything is sealed.
    for file in files {
        let large = std::fs::metadata(&file.path).is_ok_and(|m| m.len() > BYTES_LIMIT as u64);
        if large || std::fs::File::open(&file.path).is_err() {
            bounded(&file.path, BYTES_LIMIT)?;
        }
    }
    let index = Index::of(&home.view_of_writer(&given.customer)?)?;
    let mut known: BTreeMap<String, (u64, Envelope)> =
        index.envelopes.into_iter().map(|(seq, e)| (e.id.clone(), (seq, e))).collect();
    let mut taken: Vec<Taken> = vec![];
    let mut desk =
        Desk { home, customer: &given.customer, vault: None, batch: vec![], bytes: 0, waiting: vec![] };
    for file in files {
        let now = clock::now();
        if let Some(vault) = &mut desk.vault {
            // Reading may take long; meanwhile the log says that we are there.
            vault.beat(now)?;
        }
        let raw = bounded(&file.path, BYTES_LIMIT)?;
        let (document, envelope) = examine(given, file, &raw, now);
        let path = crate::out::path(&file.path);
        if let Some((seq, before)) = known.get(&envelope.id).filter(|(_, b)| is_same_reading(b, &envelope)) {
            taken.push(Taken { path, envelope: before.clone(), seq: *seq, known: true });
            continue;
        }
        for body in records::pack(&envelope, &raw, &document.rows) {
            if desk.bytes > 0 && desk.bytes + body.len() > BATCH_BYTES {
                desk.flush(&mut taken, now)?;
            }
            desk.put(body, now);
        }
        desk.waiting.push((desk.batch.len() - 1, taken.len()));
        known.insert(envelope.id.clone(), (0, envelope.clone()));
        taken.push(Taken { path, envelope, seq: 0, known: false });
    }
    let now = clock::now();
    desk.flush(&mut taken, now)?;
    if let Some(vault) = desk.vault {
        vault.close(now)?;
    }
    mend_twins(&mut taken);
    Ok(taken)
}

/// Whether a document was read in the same way before. With another mapping, format or parser it is read anew, and the new
/// reading takes the place of the old one, which stays in the log.
fn is_same_reading(before: &Envelope, now: &Envelope) -> bool {
    (&before.mapping, &before.format, before.parsers) == (&now.mapping, &now.format, now.parsers)
}

/// The same document twice in one command: the second one stands where the first one does.
fn mend_twins(taken: &mut [Taken]) {
    let places: BTreeMap<String, u64> =
        taken.iter().filter(|t| !t.known).map(|t| (t.envelope.id.clone(), t.seq)).collect();
    for twin in taken.iter_mut().filter(|t| t.known) {
        if let Some(seq) = places.get(&twin.envelope.id) {
            twin.seq = *seq;
        }
    }
}
