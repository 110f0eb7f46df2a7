//! Answers of osquery: `osqueryi --json "select …"` and the result log of osqueryd (differential, snapshot, events),
//! one JSON object a line.
//!
//! A single answer does not say which table it is of: its columns tell it, which osquery names always alike.

mod rows;
#[cfg(test)]
mod tests;

use super::pages::{self, Entry};
use super::{Format, Hint};
use crate::document::Document;
use crate::text;
use rows::{SHAPES, Shape};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const FORMAT: Format = Format {
    name: "osquery",
    kind: "devices",
    about: "answers of osqueryi --json and result logs of osqueryd: host, programs, packages, patches, ports, users, \
            disk encryption",
    looks_like,
    read,
};

fn looks_like(head: &[u8], _name: &str) -> bool {
    let text = pages::glance(head);
    let tight: String = text.chars().filter(|c| !c.is_whitespace()).take(8192).collect();
    let logged = tight.starts_with('{')
        && tight.contains("\"hostIdentifier\":")
        && ["\"action\":", "\"diffResults\":", "\"snapshot\":"].iter().any(|key| tight.contains(key));
    let first = tight.strip_prefix("[{").and_then(|rest| rest.split('}').next());
    let answer = first.is_some_and(|first| {
        let keys = |shape: &Shape| shape.marks.iter().all(|mark| first.contains(&format!("\"{mark}\":\"")));
        SHAPES.iter().any(keys)
    });
    logged || answer
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let (text, odd) = pages::decode(raw);
    let mut document = Document::new(FORMAT.name, hint.kind.unwrap_or(FORMAT.kind));
    document.tool = Some("osquery".into());
    if let Some(why) = odd {
        document.partial(why);
    }
    let mut told = Told::default();
    if text.trim_start().starts_with('[') {
        told.answers(&text, &mut document);
    } else {
        told.log(&text, &mut document);
    }
    if told.shapes.is_empty() {
        let why = document.status.why().unwrap_or("holds no answer that is known here").to_owned();
        return Document::failed(FORMAT.name, &document.kind, why);
    }
    if hint.kind.is_none() {
        // Answers about one thing only are evidence of that.
        let only =
            |table: &str| !document.rows.is_empty() && document.rows.iter().all(|r| r.table().name == table);
        let kind = if only("account") {
            "accounts"
        } else if only("service") {
            "network-scan"
        } else {
            FORMAT.kind
        };
        document.kind = kind.to_owned();
    }
    let hosts = if told.hosts.len() == 1 { told.hosts.first().cloned() } else { None };
    let shapes = told.shapes.iter().copied().collect::<Vec<_>>().join(" ");
    document.scope = Some(match hosts {
        Some(host) => format!("osquery {host} {shapes}"),
        None => format!("osquery {shapes}"),
    });
    document
}

#[derive(Default)]
struct Told {
    hosts: BTreeSet<String>,
    shapes: BTreeSet<&'static str>,
}

impl Told {
    /// One or several answers of `osqueryi`: each is an array of rows. The host is the one that an answer names.
    fn answers(&mut self, text: &str, document: &mut Document) {
        let read = pages::values(text, |_| 1);
        if let Some(why) = read.broken {
            document.partial(why);
        }
        let all = || read.values.iter().filter_map(Value::as_array).flatten();
        let names = all().filter_map(|v| v.get("hostname").or(v.get("computer_name"))?.as_str());
        self.hosts.extend(names.map(text::name).filter(|n| !n.is_empty()));
        let host = if self.hosts.len() == 1 { self.hosts.first().cloned() } else { None };
        if host.is_none() {
            document.remark("no answer names the host: its rows name no device");
        }
        for (number, answer) in read.values.iter().enumerate() {
            let Some(list) = answer.as_array() else {
                document.defect(format!("answer {}: is no list", number + 1));
                continue;
            };
            for (at, value) in list.iter().enumerate() {
                let place = format!("answer {}, row {}", number + 1, at + 1);
                self.one(value, host.as_deref(), &place, document);
            }
        }
    }

    /// A result log: a line for each row that came or went, or for a whole snapshot. What went is not there.
    fn log(&mut self, text: &str, document: &mut Document) {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            if at + 1 == lines.len() && !text.ends_with('\n') {
                document.partial("the last line has no end: the file may have been cut, and it was left out");
                break;
            }
            let place = format!("line {}", at + 1);
            let value: Value = match serde_json::from_str(line) {
                Ok(value) => value,
                Err(error) => {
                    document.defect(format!("{place}: is no JSON: {error}"));
                    continue;
                }
            };
            if let Err(why) = self.line(&value, &place, document) {
                document.defect(format!("{place}: {why}"));
            }
        }
    }

    fn line(&mut self, value: &Value, place: &str, document: &mut Document) -> Result<(), String> {
        let line = Entry::of(value)?;
        let mut host = line.name("hostIdentifier")?;
        if let Some(decorations) = line.entry("decorations")?
            && let Some(name) = decorations.name("hostname")?
        {
            host = Some(name);
        }
        self.hosts.extend(host.clone());
        if let Some(at) = line.number("unixTime")?.and_then(|s| model::Time::from_second(s).ok()) {
            document.saw(at);
            document.made = document.made.max(Some(at));
        }
        let mut rows: Vec<&Value> = line.list("snapshot").iter().collect();
        if let Some(diff) = line.entry("diffResults")? {
            rows.extend(diff.list("added"));
            document.partial("a log of changes tells what came and went, not everything that is there");
        }
        if let Some(columns) = line.value("columns") {
            match line.text("action")? {
                Some("snapshot") => rows.push(columns),
                Some("added") => {
                    rows.push(columns);
                    document
                        .partial("a log of changes tells what came and went, not everything that is there");
                }
                Some("removed") => {}
                _ => return Err("says no action that is known here".into()),
            }
        }
        for value in rows {
            self.one(value, host.as_deref(), place, document);
        }
        Ok(())
    }

    fn one(&mut self, value: &Value, host: Option<&str>, place: &str, document: &mut Document) {
        let told = Entry::of(value).and_then(|entry| {
            let shape = SHAPES.iter().find(|shape| shape.marks.iter().all(|mark| entry.names(mark)));
            let shape = shape.ok_or("is of no table that is known here")?;
            Ok((shape.name, (shape.row)(entry, host)?))
        });
        match told {
            Err(why) => document.defect(format!("{place}: {why}")),
            Ok((name, rows)) => {
                self.shapes.insert(name);
                rows.into_iter().for_each(|row| document.push(row));
            }
        }
    }
}
