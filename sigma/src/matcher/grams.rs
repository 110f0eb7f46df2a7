//! Texts by a few bytes of theirs: where those stand in a text, and only there, the whole is compared.
//!
//! Each position of a text is asked by itself, so a processor looks at several of them at once; an automaton would have
//! to wait for each byte before it can look at the next. Where texts are known by two grams that stand side by side,
//! every second position is enough: one of the two lies on it.

/// An odd number with bits everywhere: no two grams have the same product.
const SPREAD: u32 = 0x9e37_79b1;
/// Bits of the filter for each gram, of which it sets two: about one in seventy others passes it.
const BITS_A_GRAM: usize = 16;
/// Bits of the smallest filter, two words, and of the largest; as powers of two.
const FILTER_BITS: (u32, u32) = (7, 19);

/// A table of texts, known by `WIDE` bytes, of which every `STRIDE`-th position of a text is asked.
#[derive(Debug)]
pub(super) struct Grams<const WIDE: usize, const STRIDE: usize> {
    /// Two bits for each product of a gram that is there, in the word that its upper bits choose.
    filter: Vec<u64>,
    filter_shift: u32,
    /// Products of grams that are there, sorted, each with the beginning of its list.
    grams: Vec<(u32, u32)>,
    /// For each value of a product's upper bits where its grams begin.
    starts: Vec<u32>,
    starts_shift: u32,
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

/// Where a text is placed: under which product, how far into it, and which text.
type Placed = (u32, usize, usize);

/// The product of a gram of at most four bytes.
#[inline]
pub(super) fn product<const WIDE: usize>(gram: &[u8; WIDE]) -> u32 {
    let wide = gram.iter().rev().fold(0, |wide, byte| wide << 8 | u32::from(*byte));
    wide.wrapping_mul(SPREAD)
}

/// Two bits of a word that stand for a product, from below those that choose the word.
fn bits_of(product: u32) -> (u32, u32) {
    (product >> 13 & 63, product >> 7 & 63)
}

/// How far a product is shifted so that so many bits are left of it.
fn shift(bits: u32) -> u32 {
    32 - bits
}

impl<const WIDE: usize, const STRIDE: usize> Grams<WIDE, STRIDE> {
    /// The shortest text that is found at every position.
    pub(super) const SHORTEST: usize = WIDE + STRIDE - 1;

    /// Takes texts that are not too short; gives back those of which too many have no gram of their own, since they
    /// would be compared again and again.
    pub(super) fn new<'a>(texts: &[(&'a [u8], u32)], crowd: usize) -> (Self, Vec<(&'a [u8], u32)>) {
        let products = |text: &'a [u8]| text.array_windows().map(product::<WIDE>);
        let mut often: Vec<u32> = texts.iter().flat_map(|(text, _)| products(text)).collect();
        often.sort_unstable();
        let times = |gram: u32| often.partition_point(|g| *g <= gram) - often.partition_point(|g| *g < gram);
        let mut placed: Vec<Placed> = vec![];
        for (number, (text, _)) in texts.iter().enumerate() {
            let times: Vec<usize> = products(text).map(times).collect();
            let rarest = (0..).zip(times.windows(STRIDE)).min_by_key(|(_, t)| t.iter().sum::<usize>());
            let Some((offset, _)) = rarest else { continue };
            let places = products(text).enumerate().skip(offset).take(STRIDE);
            placed.extend(places.map(|(offset, gram)| (gram, offset, number)));
        }
        placed.sort_unstable();
        let (mut is_crowded, mut rest) = (vec![false; texts.len()], vec![]);
        for group in placed.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > crowd) {
            group.iter().for_each(|(.., number)| is_crowded[*number] = true);
        }
        rest.extend(texts.iter().zip(&is_crowded).filter(|(_, is)| **is).map(|(text, _)| *text));
        placed.retain(|(.., number)| !is_crowded[*number]);
        (Self::of(&placed, texts), rest)
    }

    /// The tables for what was placed, sorted.
    fn of(placed: &[Placed], texts: &[(&[u8], u32)]) -> Self {
        let many = placed.chunk_by(|a, b| a.0 == b.0).count();
        let bits = (many * BITS_A_GRAM).next_power_of_two().ilog2().clamp(FILTER_BITS.0, FILTER_BITS.1);
        let buckets = many.next_power_of_two().ilog2().clamp(1, FILTER_BITS.1);
        let mut made = Self {
            filter: vec![0; 1 << (bits - 6)],
            filter_shift: shift(bits - 6),
            grams: vec![],
            starts: vec![],
            starts_shift: shift(buckets),
            entries: vec![],
            texts: vec![],
        };
        let mut stands: Vec<Option<(u32, u32)>> = vec![None; texts.len()];
        for group in placed.chunk_by(|a, b| a.0 == b.0) {
            let gram = group[0].0;
            let (first, second) = bits_of(gram);
            made.filter[(gram >> made.filter_shift) as usize] |= 1 << first | 1 << second;
            made.grams.push((gram, short(made.entries.len())));
            for (_, offset, number) in group {
                let (text, told) = texts[*number];
                let (from, to) = *stands[*number].get_or_insert_with(|| {
                    made.texts.extend_from_slice(text);
                    (short(made.texts.len() - text.len()), short(made.texts.len()))
                });
                made.entries.push(Entry { offset: short(*offset), from, to, number: told });
            }
        }
        let grams = &made.grams;
        made.starts = (0..=1u32 << buckets)
            .map(|upper| short(grams.partition_point(|(g, _)| g >> made.starts_shift < upper)))
            .collect();
        made.grams.push((0, short(made.entries.len())));
        made
    }

    /// Every text that stands in this one; the same may be told several times.
    pub(super) fn search(&self, text: &[u8], met: &mut impl FnMut(u32)) {
        if self.entries.is_empty() {
            return;
        }
        let mut at = 0;
        for gram in text.array_windows::<WIDE>().step_by(STRIDE) {
            let gram = product(gram);
            let (first, second) = bits_of(gram);
            let word = self.filter[(gram >> self.filter_shift) as usize];
            if word >> first & word >> second & 1 == 1 {
                self.compare(gram, text, at, met);
            }
            at += STRIDE;
        }
    }

    fn compare(&self, gram: u32, text: &[u8], at: usize, met: &mut impl FnMut(u32)) {
        let upper = (gram >> self.starts_shift) as usize;
        let (from, to) = (self.starts[upper] as usize, self.starts[upper + 1] as usize);
        let Some(place) = self.grams[from..to].iter().position(|(g, _)| *g == gram) else { return };
        let place = from + place;
        let (first, end) = (self.grams[place].1 as usize, self.grams[place + 1].1 as usize);
        for entry in &self.entries[first..end] {
            let whole = &self.texts[entry.from as usize..entry.to as usize];
            let stands = at.checked_sub(entry.offset as usize).and_then(|s| text.get(s..s + whole.len()));
            // Most that do not fit end otherwise.
            if stands.is_some_and(|s| s.last() == whole.last() && s == whole) {
                met(entry.number);
            }
        }
    }
}

fn short(length: usize) -> u32 {
    u32::try_from(length).expect("rules are bounded far below four thousand million bytes")
}
