//! What `assess` and `why` print of hostile evidence, over every check.

use super::*;
use crate::out::heard;
use ::assess::judge::{Ground, Word};
use std::collections::BTreeMap;

/// What steers a terminal, turns the direction of reading, is not seen, or ends a line or a cell.
const HOSTILE: &str = "<b>\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}2J\u{9d}0;y\u{9c}\u{7f}\u{8}\r\n\t\u{202e}\u{2066}\u{61c}\u{200b}\u{feff}\u{e0041}\0 end";

/// An answer that holds a text wherever it holds text from outside.
fn spoiled(answer: &Answer, text: &str) -> Answer {
    let put = |said: &str| format!("{said}{text}");
    let subject = |s: &Subject| Subject {
        name: put(&s.name),
        why: put(&s.why),
        evidence: s.evidence.as_deref().map(put),
    };
    // Where nobody is named, somebody is.
    let nobody = Subject { name: String::new(), why: String::new(), evidence: Some(String::new()) };
    let subjects = |list: &[Subject]| list.iter().chain([&nobody]).map(subject).collect();
    let word = |w: &Word| Word { signer: put(&w.signer), role: put(&w.role), expires: w.expires };
    Answer {
        why: put(&answer.why),
        owed: put(&answer.owed),
        failing: subjects(&answer.failing),
        open: subjects(&answer.open),
        excepted: subjects(&answer.excepted),
        lacking: answer.lacking.iter().chain([&String::new()]).map(|l| put(l)).collect(),
        parameters: answer.parameters.iter().map(|(n, v)| (n.clone(), put(v))).collect(),
        words: answer.words.iter().map(word).collect(),
        because: answer.because.iter().map(|g| Ground { file: put(&g.file), ..g.clone() }).collect(),
        ..answer.clone()
    }
}

/// What `why` and `assess` print of an answer.
fn printed(check: &Check, answer: &Answer, asked: &Asked<'_>, form: Form) -> String {
    let out = Out { form, quiet: false, verbose: true, color: false };
    let customer = CustomerId::parse("acme").expect("an id");
    let sides = BTreeMap::from([(answer.side, (answer.verdict, answer.counts))]);
    let measures = vec![MeasureAnswer { id: check.measure.clone(), sides, checks: vec![answer.clone()] }];
    heard::of(|| {
        if form == Form::Text {
            explain(&customer, check, answer, out);
        }
        tell(&Told { customer, assessment: Assessment { measures }, record: Some(7) }, asked, out);
    })
}

/// What is wrong with what is printed of hostile text, where its twin holds a plain word.
fn complaint(text: &str, twin: &str) -> Option<String> {
    let breaks = |text: &str| text.chars().filter(|c| "\n\t".contains(*c)).count();
    if let Some(c) = text.chars().find(|c| model::is_hidden(*c) && !"\n\t".contains(*c)) {
        return Some(format!("{c:?} is printed"));
    }
    if !text.contains("<b>\\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{9b}2J") {
        return Some("the text is not shown".to_owned());
    }
    (breaks(text) != breaks(twin))
        .then(|| format!("{} lines and cells instead of {}", breaks(text), breaks(twin)))
}

#[test]
fn nothing_that_evidence_says_steers_a_terminal_over_every_check() {
    let set = ::assess::embedded();
    let now = "2026-11-20T12:00:00Z".parse().expect("a time");
    let profile = profile::named(DEFAULT, now).expect("ours");
    let asked = Asked { set: &set, profile: &profile, feeds: &[], now };
    let (mut complaints, mut seen) = (vec![], 0);
    for check in set.checks() {
        let names = ["met", "not-met", "truncated"];
        for fixture in set.fixtures(&check.id).iter().filter(|f| names.contains(&f.name.as_str())) {
            seen += 1;
            let plain = fixture.answer(check, &BTreeMap::new()).expect("evidence loads");
            let (hostile, twin) = (spoiled(&plain, HOSTILE), spoiled(&plain, "word"));
            let text = |answer| printed(check, answer, &asked, Form::Text);
            let at = |said: String| format!("{} {}: {said}", check.id, fixture.name);
            complaints.extend(complaint(&text(&hostile), &text(&twin)).map(at));
            for form in [Form::Json, Form::Jsonl] {
                let text = printed(check, &hostile, &asked, form);
                let line = text.lines().next().unwrap_or_default();
                let document: Value = serde_json::from_str(line).expect("JSON");
                if text.chars().any(|c| c != '\n' && model::is_hidden(c)) {
                    complaints.push(at(format!("something hidden in {form:?}")));
                }
                if strings(&document).matches(HOSTILE).count() < 10 {
                    complaints.push(at(format!("the text does not come back out of {form:?}")));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{} of {seen}:\n{}", complaints.len(), complaints.join("\n"));
    assert!(seen > 300, "only {seen} were looked at");
}

/// All strings of a document.
fn strings(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(strings).collect(),
        Value::Object(map) => map.values().map(strings).collect(),
        _ => String::new(),
    }
}
