//! An input in parts gives what it gives as a whole.

use super::{arrived, corpora::corpora};
use collect::{Arrival, Input, Options, Part, Scalar, Sink, Summary, Worktop, read, split, walk};
use std::ops::ControlFlow;

fn options() -> Options {
    Options::at(arrived())
}

fn input<'a>(name: &str, bytes: &'a [u8]) -> Input<'a> {
    Input { name: name.into(), modified: None, bytes: Box::new(bytes) }
}

/// Records as a whole; only what a reader of parts can know as well.
fn whole(name: &str, bytes: &[u8]) -> (Vec<Arrival>, Summary) {
    let mut all = vec![];
    let summary = read(input(name, bytes), &options(), &mut |arrival| {
        all.push(arrival);
        ControlFlow::Continue(())
    });
    (all, summary)
}

fn check(name: &str, bytes: &[u8]) {
    let (all, summary) = whole(name, bytes);
    let mut readable = all.iter().filter(|a| a.unreadable == 0);
    let (mut worktop, mut unreadable, mut records) = (Worktop::default(), 0, 0);
    let told = split(input(name, bytes), &options(), &mut |part: Part| {
        let held = part.records(&mut worktop, &mut |unread| {
            let (got, want) = (unread.full(), readable.next().expect("no record more than as a whole"));
            assert_eq!(
                (&got.draft, &got.fields, got.identity),
                (&want.draft, &want.fields, want.identity),
                "{name}"
            );
            ControlFlow::Continue(())
        });
        unreadable += held.unreadable;
        records += held.records;
        ControlFlow::Continue(())
    });
    assert!(readable.next().is_none(), "{name}: no record less");
    assert_eq!((records, unreadable), (summary.records, summary.unreadable), "{name}");
    assert_eq!(
        (told.stopped, told.bytes, told.format),
        (summary.stopped, summary.bytes, summary.format),
        "{name}"
    );
}

#[test]
fn an_input_in_parts_gives_its_records() {
    let lines: String = (0..20_000).map(|n| format!("{{\"n\":{n},\"text\":\"row {n}\"}}\n\n \n")).collect();
    check("many.ndjson", lines.as_bytes());
    check("marked.ndjson", "\u{feff}{\"a\":1}\r\n{\"a\":".as_bytes());
    check("none.ndjson", b"");
    check(
        "long.ndjson",
        format!("{{\"a\":1}}\n{{\"b\":\"{}\"}}\n\u{feff}{{\"a\":2}}\n", "x".repeat(3 << 20)).as_bytes(),
    );
    check("edge.ndjson", format!("{}\n{{\"a\":2}}", "x".repeat(1 << 20)).as_bytes());
    check("edge2.ndjson", format!("{}\n{{\"a\":2}}", "x".repeat((1 << 20) + 1)).as_bytes());
    check("list.json", b"[{\"a\":1},{\"a\":2}");
    check("table.csv", b"a,b\n1,2\n3,4\n");
    check("log.evtx", b"ElfFile\0 and nothing");
    check(
        "gate.log",
        b"Nov 23 00:20:11 gate sshd[4]: Failed password for root from 203.0.113.9 port 7 ssh2\n",
    );
}

#[test]
fn every_log_at_hand_gives_its_records_in_parts() {
    let Some(corpora) = corpora() else { return };
    for folder in ["evtx/attack-samples", "logs"] {
        for (name, path) in walk(&corpora.join(folder)).files {
            let bytes = std::fs::read(path).expect("there");
            check(&name, &bytes);
            check(&name, &bytes[..bytes.len() * 2 / 3]);
        }
    }
}

/// Counts values, and takes all.
struct Count(u64);

impl Sink for Count {
    type Place = ();
    fn top(&mut self) {}
    fn enter(&mut self, (): (), _: &str) -> Option<()> {
        Some(())
    }
    fn goes_on(&self, (): ()) -> bool {
        true
    }
    fn object(&mut self, (): ()) {}
    fn list(&mut self, (): ()) {}
    fn put(&mut self, (): (), _: Scalar<'_>) {
        self.0 += 1;
    }
    fn takes_all(&self) -> bool {
        true
    }
}

fn leaves(value: &serde_json::Value) -> u64 {
    match value {
        serde_json::Value::Array(list) => list.iter().map(leaves).sum(),
        serde_json::Value::Object(map) => map.values().map(leaves).sum(),
        _ => 1,
    }
}

#[test]
fn almost_every_windows_event_at_hand_is_read_quickly() {
    let Some(corpora) = corpora() else { return };
    let (mut quick, mut all, mut worktop) = (0u32, 0u32, Worktop::default());
    for (name, path) in walk(&corpora.join("evtx/attack-samples")).files {
        let bytes = std::fs::read(path).expect("there");
        split(input(&name, &bytes), &options(), &mut |part| {
            part.records(&mut worktop, &mut |mut unread| {
                let mut count = Count(0);
                all += 1;
                if unread.quick(&mut count) {
                    quick += 1;
                    let full = unread.full();
                    assert_eq!(full.fields.values().map(leaves).sum::<u64>(), count.0, "{name}");
                }
                ControlFlow::Continue(())
            });
            ControlFlow::Continue(())
        });
    }
    assert!(quick * 100 >= all * 95 && all > 8000, "{quick} of {all}");
}
