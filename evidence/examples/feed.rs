//! Makes a file of `evidence/feeds/` out of a catalogue: `cargo run -p bailiwick-evidence --example feed -- FILE > OUT`.

use evidence::{Hint, Status, read};
use std::io::Write;

fn main() {
    let path = std::env::args().nth(1).expect("the path of a catalogue");
    let raw = std::fs::read(&path).expect("a file that can be read");
    let document = read(&raw, &path, &Hint::default());
    assert_eq!(document.status, Status::Complete, "{:?}", document.defects);
    let out = std::io::stdout().lock();
    let mut packed = flate2::GzBuilder::new().write(out, flate2::Compression::best());
    for row in &document.rows {
        writeln!(packed, "{}", row.line()).expect("standard output takes it");
    }
    packed.finish().expect("standard output takes it").flush().expect("standard output takes it");
}
