//! What does a segment cost? Bytes and time of a row when it is written, time of a block that is read, of a term that
//! is looked up, and of opening; for generated lines, or for the lines of the file in `CORPUS`.

use segment::{ReadAt, Reader, Row, Writer, query_terms};
use std::hint::black_box;
use std::time::Instant;

/// Rows of a segment.
const SEGMENT: usize = 65_536;
/// Lines that are generated.
const LINES: u64 = 200_000;

fn main() {
    #[expect(clippy::disallowed_methods, reason = "a measurement of what the caller names")]
    let corpus = std::env::var_os("CORPUS");
    let lines: Vec<Vec<u8>> = match corpus {
        Some(path) => {
            let text = std::fs::read(path).expect("reads");
            text.split(|&b| b == b'\n').filter(|l| !l.is_empty()).map(<[u8]>::to_vec).collect()
        }
        None => (0..LINES).map(line).collect(),
    };
    let raw: usize = lines.iter().map(|l| l.len() + 1).sum();
    tell(&format!("{} rows of {} bytes", lines.len(), raw / lines.len()));
    let (plain, seconds) = timed(|| zstd::bulk::compress(&lines.join(&b'\n'), 3).expect("packs").len());
    let each = |bytes: usize| bytes as f64 / lines.len() as f64;
    tell(&format!(
        "zstd -3 of the file  {:>7.2} bytes a row  {:.2} µs a row",
        each(plain),
        seconds * 1e6 / lines.len() as f64
    ));
    let rows: Vec<Row> = (0..).zip(&lines).map(|(n, l)| row(n, l)).collect();
    let written = |index: bool| {
        let taken = rows.clone();
        timed(|| segments(taken, index))
    };
    let (_, bare_seconds) = written(false);
    let (segments, seconds) = written(true);
    let (bare, _) = written(false);
    let micros = |s: f64| s * 1e6 / lines.len() as f64;
    let size = |all: &[Vec<u8>]| all.iter().map(Vec::len).sum::<usize>();
    tell(&format!(
        "segments             {:>7.2} bytes a row  {:.2} µs a row",
        each(size(&segments)),
        micros(seconds)
    ));
    tell(&format!(
        "  without the index  {:>7.2} bytes a row  {:.2} µs a row",
        each(size(&bare)),
        micros(bare_seconds)
    ));
    reading(&segments, rows.len());
    looking_up(&segments);
    needle(&segments, &rows[rows.len() / 2].raw);
}

fn reading(segments: &[Vec<u8>], rows: usize) {
    let mut slowest = 0f64;
    let ((), all) = timed(|| {
        for bytes in segments {
            let reader = Reader::open(bytes.clone()).expect("opens");
            for block in 0..reader.blocks().len() {
                let (_, seconds) = timed(|| black_box(reader.read_block(block).expect("reads")).len());
                slowest = slowest.max(seconds);
            }
        }
    });
    let ns = all * 1e9 / rows as f64;
    tell(&format!("reading all: {ns:.0} ns a row; slowest block {:.2} ms", slowest * 1e3));
}

fn looking_up(segments: &[Vec<u8>]) {
    let reader = Reader::open(segments[0].clone()).expect("opens");
    let absent: Vec<u64> = (0..10_000).map(|n| query_terms(&format!("absent{n}"))[0]).collect();
    let (granted, seconds) =
        timed(|| absent.iter().filter(|&&t| reader.candidates(t).expect("reads").contains(&true)).count());
    tell(&format!(
        "looking up: {:.1} µs; {:.2} % of absent terms granted",
        seconds * 1e6 / absent.len() as f64,
        granted as f64 * 100.0 / absent.len() as f64
    ));
    struct Lent<'a>(&'a Vec<u8>);
    impl ReadAt for Lent<'_> {
        fn size(&self) -> std::io::Result<u64> {
            self.0.size()
        }
        fn read_at(&self, offset: u64, length: u64) -> std::io::Result<Vec<u8>> {
            self.0.read_at(offset, length)
        }
    }
    let ((), seconds) =
        timed(|| (0..1000).for_each(|_| drop(Reader::open(Lent(&segments[0])).expect("opens"))));
    tell(&format!("opening: {:.1} µs", seconds * 1e3));
}

/// Looks for the terms of one row in all segments and reads every block that can hold them all.
fn needle(segments: &[Vec<u8>], wanted: &[u8]) {
    let mut asked = vec![];
    segment::terms(wanted, &mut |term| asked.push(term));
    let readers: Vec<_> = segments.iter().map(|s| Reader::open(s.clone()).expect("opens")).collect();
    let ((read, found), seconds) = timed(|| {
        let (mut read, mut found) = (0, 0);
        for reader in &readers {
            let mut held = vec![true; reader.blocks().len()];
            for &term in &asked {
                let can = reader.candidates(term).expect("reads");
                held.iter_mut().zip(can).for_each(|(held, can)| *held &= can);
            }
            for block in (0..held.len()).filter(|&b| held[b]) {
                read += 1;
                found +=
                    reader.read_block(block).expect("reads").iter().filter(|r| r.1.raw == wanted).count();
            }
        }
        (read, found)
    });
    assert!(found > 0, "the row is there");
    tell(&format!("needle of {} terms: {read} blocks read, {:.2} ms", asked.len(), seconds * 1e3));
}

fn segments(rows: Vec<Row>, index: bool) -> Vec<Vec<u8>> {
    let (mut out, mut rows, mut first) = (vec![], rows.into_iter().peekable(), 0);
    while rows.peek().is_some() {
        let mut writer = if index { Writer::new(first) } else { Writer::without_index(first) };
        rows.by_ref().take(SEGMENT).for_each(|r| writer.push(r).expect("fits"));
        first += writer.count();
        out.push(writer.finish().expect("packs"));
    }
    out
}

fn row(n: i64, raw: &[u8]) -> Row {
    let happened = (1_790_812_800 + n / 50, 0);
    let received = (1_790_812_802 + n / 50, 0);
    Row { kind: 0, source: "json:bench".into(), happened, received, raw: raw.to_vec(), defects: vec![] }
}

/// A line whose values are noise: 200 hosts, 5 kinds of event, 900 users, 4 programs, a hash.
fn line(n: u64) -> Vec<u8> {
    let noise = |salt: u64| {
        let mixed = (n ^ salt << 40).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ mixed >> 29
    };
    let program = ["cmd", "svchost", "powershell", "lsass"][(noise(4) % 4) as usize];
    format!(
        "{{\"time\": \"2026-10-01T{:02}:{:02}:{:02}Z\", \"host\": \"ws-{:03}\", \"event_id\": {}, \"user\": \"user{}\", \
         \"process\": \"C:\\\\Windows\\\\System32\\\\{program}.exe\", \"hash\": \"{:016x}{:016x}\", \"n\": {n}}}",
        n / 50 / 3600 % 24,
        n / 50 / 60 % 60,
        n / 50 % 60,
        noise(1) % 200,
        4624 + noise(2) % 5,
        noise(3) % 900,
        noise(5),
        noise(6),
    )
    .into_bytes()
}

#[expect(clippy::disallowed_methods, reason = "a measurement needs the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let from = Instant::now();
    let result = work();
    (result, from.elapsed().as_secs_f64())
}

#[expect(clippy::print_stdout, reason = "a measurement tells what it found")]
fn tell(text: &str) {
    println!("{text}");
}
