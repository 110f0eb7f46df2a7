//! Texts by four bytes of theirs: where those stand in a text, and only there, the whole is compared.
//!
//! Each position of a text is asked by itself, so a processor looks at several of them at once; an automaton would have
//! to wait for each byte before it can look at the next.

/// Bytes that a text is known by.
pub(super) const GRAM: usize = 4;
/// Bits of the filter: it stays in the nearest cache.
const FILTER_BITS: u32 = 16;
/// An odd number with bits everywhere.
const SPREAD: u32 = 0x9e37_79b1;

/// A table of texts.
#[derive(Debug, Default)]
pub(super) struct Grams {
    /// One bit for each hash of a gram that is there.
    filter: Vec<u64>,
    /// Grams that are there, sorted, each with the beginning of its list; found by the hash's upper bits first.
    grams: Vec<(u32, u32)>,
    starts: Vec<u32>,
    entries: Vec<Entry>,
    texts: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where the gram stands in the text.
    offset: u32,
    from: u32,
    to: u32,
    number: u32,
}

fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(SPREAD) >> (32 - FILTER_BITS)
}

fn gram_at(text: &[u8], at: usize) -> Option<u32> {
    text.get(at..at + GRAM)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

fn grams_of(text: &[u8]) -> impl Iterator<Item = u32> {
    text.windows(GRAM).filter_map(|four| gram_at(four, 0))
}

impl Grams {
    /// Takes texts of at least four bytes; gives back those of which too many have no gram of their own, since they
    /// would be compared again and again.
    pub(super) fn new<'a>(texts: &[(&'a [u8], u32)], crowd: usize) -> (Self, Vec<(&'a [u8], u32)>) {
        let mut often: Vec<u32> = texts.iter().flat_map(|(text, _)| grams_of(text)).collect();
        often.sort_unstable();
        let times = |gram: u32| often.partition_point(|g| *g <= gram) - often.partition_point(|g| *g < gram);
        let mut placed: Vec<(u32, usize, usize)> = vec![];
        for (number, (text, _)) in texts.iter().enumerate() {
            let rarest = (0..).zip(grams_of(text)).min_by_key(|(_, gram)| times(*gram));
            placed.extend(rarest.map(|(offset, gram)| (gram, offset, number)));
        }
        placed.sort_unstable();
        let (mut made, mut rest) =
            (Self { filter: vec![0; 1 << (FILTER_BITS - 6)], ..Self::default() }, vec![]);
        placed.sort_by_key(|(gram, ..)| (hash(*gram), *gram));
        for group in placed.chunk_by(|a, b| a.0 == b.0) {
            if group.len() > crowd {
                rest.extend(group.iter().map(|(.., number)| texts[*number]));
                continue;
            }
            made.add(group, texts);
        }
        made.close();
        (made, rest)
    }

    fn add(&mut self, group: &[(u32, usize, usize)], texts: &[(&[u8], u32)]) {
        let gram = group[0].0;
        self.filter[(hash(gram) >> 6) as usize] |= 1 << (hash(gram) & 63);
        self.grams.push((gram, short(self.entries.len())));
        for (_, offset, number) in group {
            let (text, told) = texts[*number];
            let from = short(self.texts.len());
            self.texts.extend_from_slice(text);
            let to = short(self.texts.len());
            self.entries.push(Entry { offset: short(*offset), from, to, number: told });
        }
    }

    /// Makes the index from the hash's upper eight bits to the grams, which are sorted by hash.
    fn close(&mut self) {
        let grams = &self.grams;
        self.starts = (0..=256)
            .map(|upper| short(grams.partition_point(|(g, _)| hash(*g) >> (FILTER_BITS - 8) < upper)))
            .collect();
        self.grams.push((0, short(self.entries.len())));
    }

    /// Every text that stands in this one; the same may be told several times.
    pub(super) fn search(&self, text: &[u8], met: &mut impl FnMut(u32)) {
        if self.entries.is_empty() {
            return;
        }
        for (at, four) in text.windows(GRAM).enumerate() {
            let Some(gram) = gram_at(four, 0) else { continue };
            let hash = hash(gram);
            if self.filter[(hash >> 6) as usize] >> (hash & 63) & 1 == 1 {
                self.compare(gram, hash, text, at, met);
            }
        }
    }

    fn compare(&self, gram: u32, hash: u32, text: &[u8], at: usize, met: &mut impl FnMut(u32)) {
        let upper = (hash >> (FILTER_BITS - 8)) as usize;
        let (from, to) = (self.starts[upper] as usize, self.starts[upper + 1] as usize);
        let Some(place) = self.grams[from..to].iter().position(|(g, _)| *g == gram) else { return };
        let place = from + place;
        let (first, end) = (self.grams[place].1 as usize, self.grams[place + 1].1 as usize);
        for entry in &self.entries[first..end] {
            let whole = &self.texts[entry.from as usize..entry.to as usize];
            let fits =
                at.checked_sub(entry.offset as usize).is_some_and(|start| text[start..].starts_with(whole));
            if fits {
                met(entry.number);
            }
        }
    }
}

fn short(length: usize) -> u32 {
    u32::try_from(length).expect("rules are bounded far below four thousand million bytes")
}
