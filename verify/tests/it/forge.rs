//! A writer of bundles for tests, made from docs/formats.md §4 and nothing of the writing side.

use flate2::{Compression, write::GzEncoder};
use ledger::{Checkpoint, Hash, Salt, SigningKey, VerifierKey, commitment, leaf_hash, root_of, tile};
use model::{Draft, Format, Kind, Record, Source, Time, form};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A bundle in memory: names and bytes.
pub(crate) struct Bundle {
    pub(crate) origin: String,
    pub(crate) key: SigningKey,
    /// The key of the day that signs the checkpoint.
    pub(crate) day: SigningKey,
    pub(crate) begin: u64,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// How the parts are made; changed by tests that lie.
pub(crate) struct Recipe {
    pub(crate) customer: &'static str,
    pub(crate) seed: u8,
    pub(crate) forms: Vec<Vec<u8>>,
    pub(crate) pages_in_member: usize,
    /// Notes of the days behind the first.
    pub(crate) days: Vec<Vec<u8>>,
    /// First record in the bundle, a multiple of 256.
    pub(crate) begin: u64,
}

pub(crate) fn origin(customer: &str) -> String {
    format!("northwind-it/{customer}/records")
}

/// An invented record of a door that opens and closes.
pub(crate) fn door(seq: u64) -> Record {
    let at = |second: u64| Time::from_second(1_793_520_000 + second.cast_signed()).expect("in range");
    let name = ["door-north", "door-south", "gate"][usize::try_from(seq % 3).expect("small")];
    let badge = seq.wrapping_mul(2_654_435_761) % 9_973;
    Draft {
        kind: Kind::Event,
        source: Source::new(Format::Text, name).expect("good"),
        happened: at(seq * 3),
        received: at(seq * 3 + 1),
        raw: format!("door {name} opened by badge {badge:04} for {} seconds, visit {seq}", badge % 17)
            .into_bytes(),
        defects: vec![],
    }
    .at(seq)
}

pub(crate) fn salt(customer: &str, seq: u64) -> Salt {
    let hash = Sha256::new().chain_update(customer).chain_update(seq.to_be_bytes()).finalize();
    hash[..16].try_into().expect("16 of 32")
}

/// The key of a day: its number makes it.
pub(crate) fn day_key(customer: &str, seed: u8, day: u8) -> SigningKey {
    let name = format!("{}/day/2026-11-{:02}", origin(customer), day + 1);
    SigningKey::from_seed(&name, &[seed.wrapping_add(100).wrapping_add(day); 32]).expect("a good name")
}

/// The note that hands a log of this size and root over to the key of a day.
pub(crate) fn handover(customer: &str, seed: u8, day: u8, (size, root): (u64, Hash)) -> Vec<u8> {
    let origin = origin(customer);
    let stable = SigningKey::from_seed(&origin, &[seed; 32]).expect("a good name");
    let vkey = day_key(customer, seed, day).vkey();
    let date = format!("2026-11-{:02}", day + 1);
    let text = format!("bailiwick-day-key v1\norigin {origin}\nday {date}\nlog {size} {root}\nvkey {vkey}\n");
    let mut note = stable.sign(&text).expect("a good text");
    if let Some(before) = day.checked_sub(1) {
        note.merge(&day_key(customer, seed, before).sign(&text).expect("a good text")).expect("room");
    }
    note.to_bytes()
}

/// A record of the log itself.
pub(crate) fn control(seq: u64, raw: &str) -> Record {
    let source = Source::new(Format::Own, "self").expect("good");
    Record { kind: Kind::Control, source, raw: raw.as_bytes().to_vec(), ..door(seq) }
}

/// The record that announces a note.
pub(crate) fn announcing(seq: u64, note: &[u8]) -> Record {
    let note = String::from_utf8_lossy(note).replace('\n', "\\n");
    control(seq, &format!("{{\"control\":\"day-key\",\"note\":\"{note}\"}}"))
}

impl Recipe {
    pub(crate) fn doors(customer: &'static str, many: u64) -> Self {
        let mut forms: Vec<Vec<u8>> = (0..many).map(|seq| form::encode(&door(seq))).collect();
        if let Some(first) = forms.first_mut() {
            *first = Self::first(customer, 7);
        }
        Self { customer, seed: 7, forms, pages_in_member: 1, days: vec![], begin: 0 }
    }

    /// The record that announces the first key.
    fn first(customer: &str, seed: u8) -> Vec<u8> {
        form::encode(&announcing(0, &handover(customer, seed, 0, (0, root_of(&[])))))
    }

    /// Hands over to the key of another day before the record `at`, which announces it.
    pub(crate) fn new_day(&mut self, at: u64) {
        let day = u8::try_from(self.days.len() + 1).expect("few");
        let before = usize::try_from(at).expect("small");
        let note = handover(self.customer, self.seed, day, (at, root_of(&self.leaves()[..before])));
        self.forms[before] = form::encode(&announcing(at, &note));
        self.days.push(note);
    }

    pub(crate) fn leaves(&self) -> Vec<Hash> {
        let mut forms = self.forms.clone();
        self.own_first(&mut forms);
        let leaf = |(seq, form): (u64, &Vec<u8>)| leaf_hash(&commitment(&salt(self.customer, seq), form));
        (0..).zip(&forms).map(leaf).collect()
    }

    /// Another key's log announces another key's day.
    fn own_first(&self, forms: &mut [Vec<u8>]) {
        if let Some(first) = forms.first_mut().filter(|first| **first == Self::first(self.customer, 7)) {
            *first = Self::first(self.customer, self.seed);
        }
    }

    /// The records file of some records.
    pub(crate) fn packed(&self, forms: &[Vec<u8>]) -> Vec<u8> {
        let mut file = Vec::new();
        for member in forms.chunks(256 * self.pages_in_member) {
            file.extend(gzip(&framed(member)));
        }
        file
    }

    /// The whole bundle, signed.
    pub(crate) fn bake(&self) -> Bundle {
        let origin = origin(self.customer);
        let key = SigningKey::from_seed(&origin, &[self.seed; 32]).expect("a good name");
        let day = u8::try_from(self.days.len()).expect("few");
        let day = day_key(self.customer, self.seed, day);
        let mut bundle = Bundle { origin, key, day, begin: self.begin, files: BTreeMap::new() };
        let leaves = self.leaves();
        let mut forms = self.forms.clone();
        self.own_first(&mut forms);
        let mut first = usize::try_from(self.begin).expect("small");
        while first < forms.len() {
            let end = ((first / 65_536 + 1) * 65_536).min(forms.len());
            let forms = &forms[first..end];
            bundle.files.insert(format!("records/{first:012}.gz"), self.packed(forms));
            let salts = (first..end).flat_map(|seq| salt(self.customer, seq as u64)).collect();
            bundle.files.insert(format!("salts/{first:012}"), salts);
            first = end;
        }
        let first_day = handover(self.customer, self.seed, 0, (0, root_of(&[])));
        bundle.files.insert("days".into(), [first_day, self.days.concat()].concat());
        bundle.tiles(&leaves);
        bundle.checkpoint(leaves.len() as u64, root_of(&leaves));
        bundle.vkey();
        bundle.manifest();
        bundle
    }
}

impl Bundle {
    pub(crate) fn pinned(&self) -> VerifierKey {
        self.key.vkey()
    }

    pub(crate) fn vkey(&mut self) {
        self.files.insert("vkey".into(), format!("{}\n", self.key.vkey()).into_bytes());
    }

    pub(crate) fn tiles(&mut self, leaves: &[Hash]) {
        let (pages, _) = leaves.as_chunks::<256>();
        let roots: Vec<Hash> = pages.iter().map(|page| root_of(page)).collect();
        for (index, part) in (0..).zip(roots.chunks(256)) {
            let width = u16::try_from(part.len()).expect("at most 256");
            self.files.insert(tile::path(1, index, width), part.iter().flat_map(|hash| hash.0).collect());
        }
    }

    pub(crate) fn checkpoint(&mut self, size: u64, root: Hash) {
        let text = Checkpoint { origin: self.origin.clone(), size, root }.text();
        let mut note = self.key.sign(&text).expect("a good text");
        note.merge(&self.day.sign(&text).expect("a good text")).expect("room");
        self.files.insert("checkpoint".into(), note.to_bytes());
    }

    /// Writes the manifest that fits the files.
    pub(crate) fn manifest(&mut self) {
        let text = self.manifest_text();
        self.sign_manifest(&text);
    }

    pub(crate) fn sign_manifest(&mut self, text: &str) {
        self.files.insert("manifest".into(), self.key.sign(text).expect("a good text").to_bytes());
    }

    pub(crate) fn manifest_text(&self) -> String {
        let note = ledger::Note::parse(&self.files["checkpoint"]).expect("ours");
        let head = Checkpoint::parse(note.text()).expect("ours");
        let mut text = format!(
            "bailiwick-bundle v1\norigin {}\ncheckpoint {} {}\nrecords {} {}\n",
            self.origin,
            head.size,
            head.root,
            self.begin,
            head.size - self.begin
        );
        for (name, bytes) in self.files.iter().filter(|(name, _)| *name != "manifest") {
            text.push_str(&format!(
                "file {name} {} {}\n",
                bytes.len(),
                Hash(Sha256::digest(bytes).into()).to_hex()
            ));
        }
        text
    }

    /// Lays the bundle into a new folder.
    pub(crate) fn lay(&self) -> Laid {
        let folder = tempfile::tempdir().expect("a place for tests");
        let laid = Laid { folder };
        for (name, bytes) in &self.files {
            laid.write(name, bytes);
        }
        laid
    }
}

/// A bundle in a folder, gone when dropped.
pub(crate) struct Laid {
    folder: tempfile::TempDir,
}

impl Laid {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    #[expect(clippy::disallowed_methods, reason = "tests make the bundles that they damage")]
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let place = self.place(name);
        std::fs::create_dir_all(place.parent().expect("inside")).expect("a folder");
        std::fs::write(place, bytes).expect("a file");
    }

    #[expect(clippy::disallowed_methods, reason = "tests make the bundles that they damage")]
    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.place(name)).expect("was there");
    }
}

pub(crate) fn framed(forms: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for form in forms {
        out.extend(u32::try_from(form.len()).expect("short").to_be_bytes());
        out.extend(form);
    }
    out
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

impl Laid {
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a place for tests") }
    }
}

/// Threat, records and file of each finding.
pub(crate) type Short<'a> = (&'a str, Option<(u64, u64)>, &'a str);

pub(crate) fn short(report: &verify::Report) -> Vec<Short<'_>> {
    let each = report.findings.iter();
    each.map(|f| (f.threat, f.from.zip(f.to), f.path.as_deref().unwrap_or(""))).collect()
}
