//! Properties of what the room `segment` reads: whole segments, their parts, blocks of rows, terms.

use segment::{Reader, Row, Writer, block, query_terms, terms};

/// Bytes behind the table: its offset, length and sum, be64 each, and the last magic.
const TAIL: usize = 32;

/// The sum of docs/formats.md §6, written a second time, so that bytes of strangers get past it.
fn sum(seed: u64, bytes: &[u8]) -> u64 {
    let step = |sum: u64, word: u64| {
        let mixed = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 32)
    };
    let mut total = seed ^ bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        total = step(total, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    step(total, u64::from_le_bytes(last))
}

fn row(number: usize, raw: &[u8]) -> Row {
    let second = i64::try_from(number).unwrap_or(0);
    Row {
        kind: if number % 7 == 3 { 1 } else { 0 },
        source: if number.is_multiple_of(2) { "text:one" } else { "ndjson:two" }.to_owned(),
        happened: (1_793_527_200 + second, 5),
        received: (1_793_527_201 + second, 0),
        raw: raw.to_vec(),
        defects: if number % 11 == 5 { vec!["year-guessed".to_owned()] } else { vec![] },
    }
}

/// Reads everything there is. What it gives has the numbers that the segment speaks of.
fn read_all(reader: &Reader<Vec<u8>>) -> Option<Vec<(u64, Row)>> {
    let mut rows = vec![];
    for number in 0..reader.blocks().len() {
        let (info, read) = (reader.blocks()[number], reader.read_block(number).ok()?);
        assert_eq!(read.len() as u64, info.count);
        assert_eq!(read.first().map(|row| row.0), Some(info.first));
        rows.extend(read);
    }
    assert_eq!(rows.len() as u64, reader.count());
    Some(rows)
}

fn ask(reader: &Reader<Vec<u8>>) {
    for term in [0, 1, u64::MAX, 0x8000_0000_0000_0000].into_iter().chain(query_terms("user2 down")) {
        if let Ok(blocks) = reader.candidates(term) {
            assert_eq!(blocks.len(), reader.blocks().len());
        }
    }
}

/// Any bytes are a segment or are refused, also when the sum of their table is made to fit.
pub(super) fn segment(bytes: &[u8]) -> bool {
    let mut read = false;
    let mut mended = bytes.to_vec();
    if let Some(at) = bytes.len().checked_sub(TAIL) {
        let number = |from: usize| bytes[from..from + 8].iter().fold(0u64, |v, &b| v << 8 | u64::from(b));
        let offset = usize::try_from(number(at)).ok().filter(|offset| *offset <= at);
        let table = offset.map(|offset| sum(offset as u64, &bytes[offset..at]));
        mended[at + 16..at + 24].copy_from_slice(&table.unwrap_or_default().to_be_bytes());
    }
    for bytes in [bytes.to_vec(), mended] {
        let Ok(reader) = Reader::open(bytes) else { continue };
        ask(&reader);
        read |= read_all(&reader).is_some();
    }
    read
}

fn written(raws: &[&[u8]]) -> Vec<u8> {
    let mut writer = Writer::new(512);
    raws.iter().enumerate().for_each(|(n, raw)| writer.push(row(n, raw)).expect("few and small"));
    writer.finish().expect("packs")
}

/// Places in a segment's table where the offset, length and sum of a part stand, with the bytes that they take.
fn parts(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let at = bytes.len() - TAIL;
    let begin = bytes[at..at + 8].iter().fold(0usize, |v, &b| v << 8 | usize::from(b));
    let number = |mut from: usize| {
        let (mut value, mut shift) = (0usize, 0);
        while shift < 28 && from < at {
            value |= usize::from(bytes[from] & 0x7f) << shift;
            from += 1;
            if bytes[from - 1] & 0x80 == 0 {
                return Some((value, from));
            }
            shift += 7;
        }
        None
    };
    let part = |from: usize| {
        let (offset, next) = number(from)?;
        let (length, next) = number(next)?;
        let part = bytes.get(offset..offset.checked_add(length)?).filter(|p| !p.is_empty())?;
        let stands = bytes.get(next..next + 8)? == sum(offset as u64, part).to_be_bytes();
        stands.then_some(from..next + 8)
    };
    (begin..at).filter_map(part).collect()
}

/// The first byte chooses a part of a sound segment, the others take its place, with a sum that fits: it is read or refused.
pub(super) fn segment_part(bytes: &[u8]) -> bool {
    let raws: [&[u8]; 5] = [b"{\"user\": \"user2\", \"n\": 1}", b"link down", b"<e a='1'/>", b"an act", b""];
    let sound = written(&raws);
    let Some((choice, part)) = bytes.split_first() else { return false };
    let places = parts(&sound);
    assert!(places.len() >= 2, "a segment has its rows, and those of other kinds");
    let place = places[usize::from(*choice) % places.len()].clone();
    let end = sound.len() - TAIL;
    let begin = sound[end..end + 8].iter().fold(0usize, |v, &b| v << 8 | usize::from(b));
    let mut made = [&sound[..begin], part].concat();
    let table_at = made.len();
    made.extend(&sound[begin..place.start]);
    for mut value in [begin, part.len()] {
        while value >= 0x80 {
            made.push(u8::try_from(value & 0x7f).expect("seven bits") | 0x80);
            value >>= 7;
        }
        made.push(u8::try_from(value).expect("seven bits"));
    }
    made.extend(sum(begin as u64, part).to_be_bytes());
    made.extend(&sound[place.end..end]);
    let check = sum(table_at as u64, &made[table_at..]);
    let length = made.len() - table_at;
    for number in [table_at as u64, length as u64, check] {
        made.extend(number.to_be_bytes());
    }
    made.extend(&sound[end + 24..]);
    let reader = Reader::open(made).expect("only a part is another one");
    ask(&reader);
    read_all(&reader).is_some()
}

/// Lines become rows of a segment and come back bit for bit; the index knows the block of each of their terms.
pub(super) fn segment_rows(bytes: &[u8]) -> bool {
    let raws: Vec<&[u8]> = bytes.split(|&b| b == b'\n').take(2_000).collect();
    let mut reader = Reader::open(written(&raws)).expect("what was written is read");
    let rows = read_all(&reader).expect("what was written is read");
    for (number, raw) in raws.iter().enumerate() {
        assert_eq!(rows[number], (512 + number as u64, row(number, raw)));
    }
    for _ in 0..2 {
        for (number, raw) in raws.iter().enumerate() {
            let seq = 512 + number as u64;
            let of = reader.blocks().iter().position(|b| (b.first..b.first + b.count).contains(&seq));
            let of = of.expect("every row lies in a block");
            terms(raw, &mut |term| {
                assert!(reader.candidates(term).expect("sound")[of], "a term of row {number}")
            });
        }
        let index = reader.rebuilt_index().expect("every block is read");
        reader = reader.with_index(std::sync::Arc::new(index));
    }
    raws.len() > 1
}

/// A block of rows packs into rows that unpack to the same again, or is refused.
pub(super) fn segment_block(bytes: &[u8]) -> bool {
    let Ok(rows) = block::unpack(bytes) else { return false };
    let again = block::pack(&rows).expect("they were packed before");
    assert_eq!(block::unpack(&again).expect("just packed"), rows);
    true
}
