//! Writes the lines of a file as events of one segment, for readers that are not ours.
//!
//!     lines_to_segment LINES > SEGMENT

use segment::{Row, Writer};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let from = std::env::args_os().nth(1).ok_or("the name of a file with lines is needed")?;
    let text = std::fs::read(from)?;
    let mut writer = Writer::new(0);
    for (n, line) in (0i64..).zip(text.split(|&b| b == b'\n').filter(|l| !l.is_empty())) {
        let (happened, received) = ((1_793_527_200 + n, 250_000_000), (1_793_527_201 + n, 0));
        // Each hundredth is a row of another kind, with a defect.
        let odd = n % 100 == 99;
        writer.push(Row {
            kind: if odd { 7 } else { 0 },
            source: "ndjson:lines".into(),
            happened,
            received,
            raw: line.to_vec(),
            defects: if odd { vec!["year-guessed".into()] } else { vec![] },
        })?;
    }
    std::io::stdout().lock().write_all(&writer.finish()?)?;
    Ok(())
}
