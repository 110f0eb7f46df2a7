//! A Windows event as XML: names as people who write rules know them, values as text.
//!
//! What stands in `System` and in `EventData` becomes a field of the top level (`EventID`, `Channel`, `TargetUserName`);
//! attributes of `System` elements become `Provider_Name`, `Execution_ProcessID` and the like, `TimeCreated` its
//! `SystemTime`. A name that stands twice becomes a list; nothing is lost.

use super::Parsed;
use crate::Limits;
use crate::time;
use model::{Defect, Fields};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::Value;

/// Reads one event.
pub(crate) fn parse(raw: &[u8], limits: &Limits) -> Parsed {
    let mut walk = Walk { limits, fields: Fields::new(), path: vec![], text: String::new(), many: 0 };
    let read = walk.read(raw);
    let when = walk.fields.get("TimeCreated").and_then(Value::as_str).map(time::read).unwrap_or_default();
    match read {
        Ok(()) => Parsed { fields: walk.fields, when, defects: vec![] },
        Err(defect @ (Defect::TooManyFields | Defect::TooDeep)) => {
            Parsed { when, defects: vec![defect], ..Parsed::default() }
        }
        Err(defect) => Parsed { fields: walk.fields, when, defects: vec![defect] },
    }
}

/// One element that is open.
struct Open {
    name: String,
    /// The `Name` attribute of a `Data` element.
    label: Option<String>,
    has_children: bool,
}

struct Walk<'a> {
    limits: &'a Limits,
    fields: Fields,
    path: Vec<Open>,
    text: String,
    many: usize,
}

impl Walk<'_> {
    fn read(&mut self, raw: &[u8]) -> Result<(), Defect> {
        let text = String::from_utf8_lossy(raw);
        let mut reader = Reader::from_str(&text);
        reader.config_mut().check_end_names = true;
        loop {
            let at = reader.buffer_position();
            let malformed = |why: String| Defect::Malformed { why: format!("XML at byte {at}: {why}") };
            match reader.read_event().map_err(|e| malformed(e.to_string()))? {
                Event::Start(element) => self.open(&element)?,
                Event::Empty(element) => {
                    self.open(&element)?;
                    self.close()?;
                }
                Event::End(_) => self.close()?,
                Event::Text(part) => self.text.push_str(&part),
                Event::CData(part) => self.text.push_str(&part),
                Event::GeneralRef(part) => self.reference(&part),
                Event::Eof if self.path.is_empty() && self.many > 0 => return Ok(()),
                Event::Eof => return Err(Defect::CutShort),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    /// The five names and the numbers that XML itself knows; any other stays as it stands.
    fn reference(&mut self, part: &BytesRef<'_>) {
        if let Ok(Some(c)) = part.resolve_char_ref() {
            return self.text.push(c);
        }
        let name: &str = part;
        match quick_xml::escape::resolve_xml_entity(name) {
            Some(text) => self.text.push_str(text),
            None => self.text.push_str(&format!("&{name};")),
        }
    }

    fn section(&self) -> &str {
        self.path.get(1).map_or("", |open| open.name.as_str())
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), Defect> {
        if self.path.len() >= self.limits.depth {
            return Err(Defect::TooDeep);
        }
        if let Some(parent) = self.path.last_mut() {
            parent.has_children = true;
        }
        self.text.clear();
        self.many += 1;
        let name = element.local_name().as_ref().to_owned();
        let mut label = None;
        let depth = self.path.len();
        for attribute in element.attributes().with_checks(false).flatten() {
            let key = attribute.key.as_ref().to_owned();
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_or_else(|_| attribute.value.clone().into_owned(), |v| v.into_owned());
            match (self.section(), key.as_str()) {
                _ if key.starts_with("xmlns") || depth == 0 => {}
                ("System", "SystemTime") => self.add("TimeCreated", value)?,
                ("System", "ProcessID" | "ThreadID") => self.add(&format!("Execution_{key}"), value)?,
                ("System", _) => self.add(&format!("{name}_{key}"), value)?,
                (_, "Name") => label = Some(value),
                (_, _) if depth >= 2 => self.add(&format!("{name}_{key}"), value)?,
                _ => {}
            }
        }
        self.path.push(Open { name, label, has_children: false });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Defect> {
        let text = std::mem::take(&mut self.text);
        let Some(open) = self.path.pop() else { return Ok(()) };
        let section = if self.path.len() == 1 { open.name.clone() } else { self.section().to_owned() };
        if open.has_children || self.path.len() < 2 {
            return Ok(());
        }
        let in_system = section == "System";
        let name = open.label.unwrap_or(open.name);
        // An element of `System` without text has told all in its attributes.
        if in_system && text.trim().is_empty() {
            return Ok(());
        }
        let text = if in_system { text.trim().to_owned() } else { text };
        let name = if section == "RenderingInfo" { format!("RenderingInfo_{name}") } else { name };
        self.add(&name, text)
    }

    fn add(&mut self, name: &str, value: String) -> Result<(), Defect> {
        self.many += 1;
        if self.many > self.limits.fields {
            return Err(Defect::TooManyFields);
        }
        let value = Value::String(value);
        match self.fields.get_mut(name) {
            None => {
                self.fields.insert(name.to_owned(), value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(one) => {
                let first = one.take();
                *one = Value::Array(vec![first, value]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, want: &str) {
        let raw =
            format!("<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">{body}</Event>");
        let parsed = parse(raw.as_bytes(), &Limits::default());
        assert_eq!(parsed.defects, vec![]);
        assert_eq!(Value::Object(parsed.fields), serde_json::from_str::<Value>(want).expect("JSON"));
    }

    #[test]
    fn events_have_the_names_that_rules_use() {
        check(
            r#"<System><Provider Name="P" Guid="{1}"/><EventID Qualifiers="0">4625</EventID><TimeCreated SystemTime="2026-11-01T10:00:00Z"/><EventRecordID>7</EventRecordID><Correlation/><Execution ProcessID="4" ThreadID="8"/><Channel>Security</Channel><Computer>ws-1</Computer><Security UserID="S-1-5-18"/></System><EventData><Data Name="TargetUserName">eve &amp; &#97;dam</Data><Data Name="Empty"></Data></EventData>"#,
            r#"{"Channel":"Security","Computer":"ws-1","Empty":"","EventID":"4625","EventID_Qualifiers":"0","EventRecordID":"7","Execution_ProcessID":"4","Execution_ThreadID":"8","Provider_Guid":"{1}","Provider_Name":"P","Security_UserID":"S-1-5-18","TargetUserName":"eve & adam","TimeCreated":"2026-11-01T10:00:00Z"}"#,
        );
        check(
            "<EventData><Data>one</Data><Data>two</Data><Binary>00</Binary></EventData>",
            r#"{"Binary":"00","Data":["one","two"]}"#,
        );
        check(
            "<UserData><LogFileCleared xmlns='x'><SubjectUserName>eve</SubjectUserName></LogFileCleared></UserData>",
            r#"{"SubjectUserName":"eve"}"#,
        );
    }

    #[test]
    fn what_is_no_event_is_said() {
        let defects = |raw: &str| parse(raw.as_bytes(), &Limits::default()).defects;
        assert_eq!(defects("<Event><System>"), vec![Defect::CutShort]);
        assert_eq!(defects(""), vec![Defect::CutShort]);
        assert!(matches!(defects("<Event></System>")[..], [Defect::Malformed { .. }]));
        assert_eq!(defects(&"<a>".repeat(100)), vec![Defect::TooDeep]);
        let wide = format!("<Event><EventData>{}</EventData></Event>", "<Data>x</Data>".repeat(5000));
        assert_eq!(defects(&wide), vec![Defect::TooManyFields]);
    }
}
