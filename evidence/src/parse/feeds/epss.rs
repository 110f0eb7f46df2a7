//! Probabilities of exploitation (FIRST EPSS), CSV, also gzip.

use super::{cve, first_lines};
use crate::document::Document;
use crate::parse::unpack::unpack;
use crate::parse::{Format, Hint, cut};
use crate::row::Row;
use crate::text;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "epss",
    kind: "feed-epss",
    about: "FIRST's probabilities of exploitation (EPSS), CSV or CSV in gzip",
    looks_like: |head, _| {
        let text = first_lines(head);
        text.starts_with("#model_version:")
            || text.lines().next().is_some_and(|l| l.trim_end() == "cve,epss,percentile")
    },
    read,
};

fn read(raw: &[u8], name: &str, _hint: &Hint<'_>) -> Document {
    let mut document = Document::new("epss", "feed-epss");
    document.tool = Some("FIRST EPSS".into());
    document.scope = Some("first-epss".into());
    let pieces = match unpack(raw, name) {
        Ok(pieces) => pieces,
        Err(why) => return Document::failed("epss", "feed-epss", why),
    };
    for piece in pieces {
        if let Some(why) = piece.cut {
            document.partial(why);
        }
        match text::decode(&piece.bytes) {
            Ok(text) => scores(cut::lines(&text, &mut document), &mut document),
            Err(why) => document.defect(why),
        }
    }
    document
}

fn scores(lines: &str, document: &mut Document) {
    let mut headed = false;
    for (number, line) in lines.lines().enumerate() {
        if let Some(comment) = line.strip_prefix('#') {
            for (name, value) in comment.split(',').filter_map(|part| part.split_once(':')) {
                match name {
                    "model_version" => document.tool_version = Some(value.to_owned()),
                    "score_date" => {
                        document.made = text::instant(value).or_else(|| text::instant(value.get(..10)?))
                    }
                    _ => {}
                }
            }
        } else if !headed && line.starts_with("cve,") {
            headed = true;
        } else if !line.is_empty() {
            match row(line) {
                Some(row) => document.push(row),
                None => {
                    document.defect(format!("line {}: not a CVE id and two numbers from 0 to 1", number + 1))
                }
            }
        }
    }
    if !headed {
        document.partial("has no heading `cve,epss,percentile`");
    }
}

fn row(line: &str) -> Option<Row> {
    let mut cells = line.split(',');
    let id = cve(cells.next()?)?;
    let mut part = || cells.next()?.trim().parse::<f64>().ok().filter(|n| (0.0..=1.0).contains(n));
    let (score, percentile) = (part()?, part()?);
    cells
        .next()
        .is_none()
        .then(|| Row::of("feed_epss").with("cve", id).with("score", score).with("percentile", percentile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use crate::parse::unpack::gzip;
    use proptest::prelude::*;

    const CSV: &str = "#model_version:v2026.03.14,score_date:2026-11-20T12:00:00Z\ncve,epss,percentile\nCVE-2026-1001,0.94,0.999\nCVE-2026-1002,0.00012,0.01\n";

    fn take(raw: &[u8]) -> Document {
        read(raw, "epss.csv", &Hint::default())
    }

    #[test]
    fn scores_are_read_plain_and_packed() {
        for raw in [CSV.as_bytes().to_vec(), gzip(CSV.as_bytes())] {
            assert!((FORMAT.looks_like)(&raw, ""));
            let document = take(&raw);
            assert_eq!((document.status, document.rows.len()), (Status::Complete, 2));
            assert_eq!(document.rows[0].line(), r#"["feed_epss","CVE-2026-1001",0.94,0.999]"#);
            assert_eq!(
                (document.tool_version.as_deref(), document.made.is_some()),
                (Some("v2026.03.14"), true)
            );
        }
        for (from, to) in [("0.94", "1.2"), ("0.94", "NaN"), ("CVE-2026-1001", "x"), ("0.999", "0.999,1")] {
            let document = take(CSV.replace(from, to).as_bytes());
            assert_eq!((document.status.as_str(), document.rows.len()), ("partial", 1), "{to}");
        }
    }

    #[test]
    fn what_is_cut_is_partial() {
        let packed = gzip(CSV.as_bytes());
        for at in 3..packed.len() {
            assert_ne!(take(&packed[..at]).status, Status::Complete, "cut at {at}");
        }
        for at in (1..CSV.len()).filter(|at| CSV.as_bytes()[at - 1] != b'\n') {
            assert_ne!(take(&CSV.as_bytes()[..at]).status, Status::Complete, "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (take(&raw), take(&[CSV.as_bytes(), &raw].concat()));
        }
    }
}
