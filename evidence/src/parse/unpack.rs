//! Documents that come packed: gzip (RFC 1952) and zip, bounded in size and ratio, and read as far as they go.

use crate::document::BYTES_LIMIT;
use flate2::bufread::{DeflateDecoder, GzDecoder};
use std::io::{Cursor, Read};

/// Bytes that anything may unpack to, however small it came.
const FREE_BYTES: usize = 16 << 20;
/// Beyond [`FREE_BYTES`], how many times larger than it came something may become.
const RATIO_LIMIT: usize = 500;
/// Files that are taken out of one zip.
const FILES_LIMIT: usize = 10_000;

/// One unpacked file.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// Why it is not whole.
    pub(super) cut: Option<String>,
}

/// Whether the bytes begin as gzip or zip do.
pub(super) fn is_packed(raw: &[u8]) -> bool {
    raw.starts_with(b"\x1f\x8b") || raw.starts_with(b"PK\x03\x04") || raw.starts_with(b"PK\x05\x06")
}

/// The first bytes of what is packed, for recognising it.
pub(super) fn peek(head: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if head.starts_with(b"\x1f\x8b") {
        let _ = GzDecoder::new(head).take(8192).read_to_end(&mut out);
    } else if let Some(entry) = Local::read(head)
        && entry.method == 8
    {
        let _ = DeflateDecoder::new(&head[entry.start..]).take(8192).read_to_end(&mut out);
    } else if let Some(entry) = Local::read(head) {
        out.extend_from_slice(&head[entry.start..head.len().min(entry.start + 8192)]);
    }
    out
}

/// Unpacks gzip and zip; anything else is itself.
///
/// # Errors
/// Why nothing could be unpacked.
pub(super) fn unpack(raw: &[u8], name: &str) -> Result<Vec<Piece>, String> {
    if raw.starts_with(b"\x1f\x8b") {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        return gunzip(raw, name).map(|piece| vec![piece]);
    }
    if is_packed(raw) {
        return unzip(raw);
    }
    Ok(vec![Piece { name: name.to_owned(), bytes: raw.to_vec(), cut: None }])
}

fn limit(packed: usize) -> usize {
    packed.saturating_mul(RATIO_LIMIT).clamp(FREE_BYTES, BYTES_LIMIT)
}

/// Reads to the end or the limit. The second value says why it is not whole.
fn bounded(reader: &mut dyn Read, limit: usize, out: &mut Vec<u8>) -> Result<Option<String>, String> {
    let room = limit.saturating_sub(out.len()) as u64;
    let ended = reader.take(room + 1).read_to_end(out);
    if out.len() > limit {
        return Err(format!("unpacks to more than {limit} bytes"));
    }
    Ok(ended.err().map(|error| format!("the packed file ends early or is damaged: {error}")))
}

fn gunzip(raw: &[u8], name: &str) -> Result<Piece, String> {
    let (mut rest, mut bytes, mut cut) = (raw, Vec::new(), None);
    // Members stand one behind the other; what is no member behind them is padding or a line end of the mail.
    while rest.starts_with(b"\x1f\x8b") && cut.is_none() {
        let mut member = GzDecoder::new(rest);
        cut = bounded(&mut member, limit(raw.len()), &mut bytes)?;
        rest = member.into_inner();
    }
    if cut.is_none() && !rest.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        cut = Some(format!("{} bytes that are not gzip stand behind its end", rest.len()));
    }
    Ok(Piece { name: name.to_owned(), bytes, cut })
}

fn unzip(raw: &[u8]) -> Result<Vec<Piece>, String> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(raw)) else { return salvage(raw) };
    if archive.len() > FILES_LIMIT {
        return Err(format!("a zip of {} files, the limit is {FILES_LIMIT}", archive.len()));
    }
    let (mut pieces, mut room) = (Vec::new(), limit(raw.len()));
    for place in 0..archive.len() {
        let mut file =
            archive.by_index(place).map_err(|error| format!("file {place} of the zip: {error}"))?;
        if file.is_dir() {
            continue;
        }
        let name = file.name().map_or_else(|_| format!("file {place}"), |name| name.into_owned());
        let mut bytes = Vec::new();
        let cut = bounded(&mut file, room, &mut bytes)?;
        room -= bytes.len();
        pieces.push(Piece { name, bytes, cut });
    }
    Ok(pieces)
}

/// A zip that was cut has no list at its end: its files are read from their own headings, as far as they go.
fn salvage(raw: &[u8]) -> Result<Vec<Piece>, String> {
    let (mut place, mut pieces, mut room) = (0, Vec::new(), limit(raw.len()));
    while let Some(entry) = Local::read(&raw[place..]).filter(|_| pieces.len() < FILES_LIMIT) {
        let body = &raw[place + entry.start..];
        let mut bytes = Vec::new();
        let used = if entry.method == 8 {
            let mut reader = DeflateDecoder::new(body);
            bounded(&mut reader, room, &mut bytes)?;
            usize::try_from(reader.total_in()).unwrap_or(body.len())
        } else {
            bytes.extend_from_slice(&body[..body.len().min(entry.packed).min(room)]);
            bytes.len()
        };
        room -= bytes.len();
        pieces.push(Piece { name: entry.name, bytes, cut: Some("the zip file has no end".into()) });
        place += entry.start + used.max(1).min(body.len());
    }
    if pieces.is_empty() { Err("a zip file that cannot be opened".into()) } else { Ok(pieces) }
}

/// The heading that stands before a file in a zip.
struct Local {
    name: String,
    method: u16,
    packed: usize,
    start: usize,
}

impl Local {
    fn read(raw: &[u8]) -> Option<Self> {
        let two = |at: usize| Some(u16::from_le_bytes([*raw.get(at)?, *raw.get(at + 1)?]));
        if !raw.starts_with(b"PK\x03\x04") {
            return None;
        }
        let packed = usize::from(two(18)?) | usize::from(two(20)?) << 16;
        let (name, extra) = (usize::from(two(26)?), usize::from(two(28)?));
        let start = 30 + name + extra;
        let text = raw.get(30..30 + name)?;
        (raw.len() >= start).then(|| Self {
            name: String::from_utf8_lossy(text).into_owned(),
            method: two(8).unwrap_or(0),
            packed,
            start,
        })
    }
}

/// Packs bytes for tests.
#[cfg(test)]
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut reader = flate2::bufread::GzEncoder::new(bytes, flate2::Compression::best());
    let mut out = vec![];
    reader.read_to_end(&mut out).expect("memory is there");
    out
}

/// Packs files into a zip for tests.
#[cfg(test)]
pub(super) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(Cursor::new(vec![]));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory is there");
        writer.write_all(bytes).expect("memory is there");
    }
    writer.finish().expect("memory is there").into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_and_a_cut_is_told_wherever_it_is() {
        let text = "one line and another\n".repeat(50);
        for packed in [gzip(text.as_bytes()), zipped(&[("a.txt", text.as_bytes())])] {
            let whole = unpack(&packed, "a.gz").expect("whole");
            assert_eq!(whole[0].bytes, text.as_bytes());
            assert!(whole[0].cut.is_none() && text.as_bytes().starts_with(&peek(&packed)));
            for at in 2..packed.len() {
                if let Ok(pieces) = unpack(&packed[..at], "a.gz").map(|p| p.into_iter().next()) {
                    let piece = pieces.expect("one");
                    let plain = !is_packed(&packed[..at]);
                    assert!(plain || piece.cut.is_some(), "cut at {at}");
                    assert!(plain || text.as_bytes().starts_with(&piece.bytes), "cut at {at}");
                }
            }
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = gzip(&vec![0; 40 << 20]);
        assert!(bomb.len() < 80 << 10);
        assert!(unpack(&bomb, "b.gz").is_err_and(|e| e.contains("more than")));
        let bomb = zipped(&[("b", &vec![0; 40 << 20])]);
        assert!(unpack(&bomb, "b.zip").is_err_and(|e| e.contains("more than")));
    }

    #[test]
    fn padding_behind_gzip_is_no_cut_and_members_follow_each_other() {
        let mut two = gzip(b"one ");
        two.extend(gzip(b"two"));
        two.extend(b"\r\n");
        let piece = unpack(&two, "a").expect("whole").remove(0);
        assert_eq!((piece.bytes.as_slice(), piece.cut), (b"one two".as_slice(), None));
        two.extend(b"more");
        assert!(unpack(&two, "a").expect("read").remove(0).cut.is_some());
    }
}
