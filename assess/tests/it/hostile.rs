//! The law of text: whatever stands in a field of evidence becomes neither markup nor a formula, SQL or a terminal escape,
//! over every check. Its twin has the same shape without the teeth: what the checks answer must not tell the two apart.

mod page;

use crate::each;
use assess::assessment::{Assessment, MeasureAnswer};
use assess::fixture::{Fixture, Shelf};
use assess::judge::{Answer, Word};
use assess::report::{self, Ending, Past, Report};
use assess::{Check, CheckSet, Verdict};
use evidence::records::Exhibit;
use evidence::{Cell, Envelope, Handed, Hint, Row, Status};
use model::{CustomerId, is_hidden};
use page::Seen;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a text could break: formulas, markup and attributes, CDATA and comments, SQL and its patterns, the terminal (C0, C1,
/// OSC), the direction of reading, lines, templates. In small letters, so that a query that folds case leaves it whole.
const HOSTILE: &str = "=cmd|' /c calc'!a0 </title></style><svg onload=alert(1)><script>alert(1)</script>\"><img src=x onerror='a'>]]>--><!--\
    ' or 1=1; drop table t_account; -- %_*?[a-z] \u{1b}[31m\u{1b}]0;x\u{7}\u{9b}2j\u{9d}0;y\u{9c}\u{7f}\u{202e}\u{2066}\u{61c}\u{200b}\u{e0041}\0\r\n\t{{7*7}} ${x} &lt;b&gt; %s\\";

/// The same without teeth: letters where a machine reads a sign, spaces where it reads a space.
fn harmless() -> String {
    let dull = |c: char| {
        if c.is_ascii_alphanumeric() || c == ' ' {
            c
        } else if c.is_whitespace() {
            ' '
        } else {
            'x'
        }
    };
    HOSTILE.chars().map(dull).collect()
}

/// What a query never sees of a text that is no contract any more: where its first fault stands.
const NO_CONTRACT: &str = "the text is no contract";

/// Checks that name nobody in evidence's own words, each with whom they name instead.
const NAMES_NOBODY: &[(&str, &str)] = &[
    (
        "ct.bound",
        "the clauses of the contract, by our names for them; a contract with a changed text is another one",
    ),
    ("ct.complete", "the measures that nobody owes, by our names for them"),
    ("ct.conflict", "the measures whose row is weaker than the floor, by our names for them"),
    ("ct.review", "the rows of the contract, by our names for their measures"),
];

/// The queries of a check.
fn queries(check: &Check) -> impl Iterator<Item = &str> {
    check.rules.iter().flat_map(|rule| {
        let more = [rule.unknown.as_deref(), rule.contradicted.as_deref()];
        [rule.population.as_str(), &rule.failing].into_iter().chain(more.into_iter().flatten())
    })
}

/// Words that the queries of a check compare texts with.
fn known_words(check: &Check) -> BTreeSet<String> {
    queries(check).flat_map(|query| query.split('\'').skip(1).step_by(2)).map(str::to_lowercase).collect()
}

/// How the texts of a fixture are spoiled.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// Behind every text.
    Everywhere,
    /// Before every text but the words that the check knows.
    ButWords,
    /// Behind the texts that name somebody whom the answer names: then it still finds whom it looks for.
    Named,
}

const WAYS: [Way; 3] = [Way::Everywhere, Way::ButWords, Way::Named];

/// Whether a text names one of these, or the first part of one that has several.
fn names(subjects: &BTreeSet<String>, text: &str) -> bool {
    let text = text.to_lowercase();
    text.len() > 2 && subjects.iter().any(|s| *s == text || s.split(' ').next() == Some(&text))
}

fn spoiled(row: &Row, spoil: &dyn Fn(&str) -> Option<String>) -> Row {
    let columns = row.table().columns.iter().zip(row.cells());
    columns.fold(row.clone(), |made, (column, cell)| match cell {
        Cell::Text(text) => spoil(text).map_or(made.clone(), |text| made.with(column.name, text)),
        _ => made,
    })
}

/// The fixtures that stand for a check: one that is good, one that is bad, one of whom nobody can say.
fn shown<'f>(set: &'f CheckSet, check: &Check) -> Vec<&'f Fixture> {
    let all = set.fixtures(&check.id);
    let first = |wanted: &dyn Fn(&Fixture) -> bool| all.iter().find(|f| wanted(f));
    let good = first(&|f| f.name == "met").or_else(|| first(&|f| f.verdict.is_good()));
    let bad = first(&|f| f.name == "not-met").or_else(|| first(&|f| f.verdict == Verdict::NotMet));
    let open = first(&|f| f.verdict == Verdict::Unknown && !f.names.is_empty());
    [good, bad, open].into_iter().flatten().collect()
}

/// What an answer says of whom, for comparing: everything but the words.
fn tally(answer: &Answer) -> (Verdict, assess::Counts, u64, usize, usize, usize) {
    let lists = (answer.open.len(), answer.excepted.len(), answer.words.len());
    (answer.verdict, answer.counts, answer.failing_count, lists.0, lists.1, lists.2)
}

/// An answer to a fixture whose rows and file names hold a text.
fn answer(shelf: &mut Shelf, case: &Case<'_>, way: Way, put: &str) -> Answer {
    let spoil = |text: &str| match way {
        Way::Everywhere => Some(format!("{text}{put}")),
        Way::ButWords => (!case.words.contains(&text.to_lowercase())).then(|| format!("{put}{text}")),
        Way::Named => names(&case.subjects, text).then(|| format!("{text}{put}")),
    };
    let change = |_: usize, rows: &mut Vec<Row>| rows.iter_mut().for_each(|row| *row = spoiled(row, &spoil));
    let mut made =
        case.fixture.answer_changed(case.check, &BTreeMap::new(), &change, shelf).expect("evidence loads");
    // The name of a file and the reason of an exception are text from outside too, and enter behind the queries.
    made.because.iter_mut().for_each(|ground| ground.file.push_str(put));
    made.excepted.iter_mut().for_each(|subject| subject.why.push_str(put));
    made
}

/// A fixture of a check, the words that its queries know, and whom its answer names.
struct Case<'f> {
    check: &'f Check,
    fixture: &'f Fixture,
    words: BTreeSet<String>,
    subjects: BTreeSet<String>,
}

impl<'f> Case<'f> {
    fn of(shelf: &mut Shelf, check: &'f Check, fixture: &'f Fixture) -> Self {
        let whole = fixture.answer_from(shelf, check).expect("evidence loads");
        let subjects = whole.failing.iter().chain(&whole.open).map(|s| s.name.to_lowercase()).collect();
        Self { check, fixture, words: known_words(check), subjects }
    }
}

/// Whether a text of the answer holds the hostile one whole.
fn reached(answer: &Answer) -> bool {
    let all = answer.failing.iter().chain(&answer.open);
    let subjects = all.flat_map(|s| [s.name.as_str(), s.why.as_str()]);
    let words = answer.words.iter().flat_map(|Word { signer, role, .. }| [signer.as_str(), role.as_str()]);
    let mut texts = subjects.chain(words).chain([answer.why.as_str()]);
    // A query sees no NUL; what does not come out of one still has it.
    texts.any(|said| said.contains(HOSTILE) || said.contains(&HOSTILE.replace('\0', "\u{2400}")))
}

/// A document whose envelope says the text wherever it says anything of its own.
fn exhibit(fixture: &Fixture, text: &str) -> Exhibit {
    let added = &fixture.add[0];
    let customer = CustomerId::parse("acme").expect("an id");
    let handed = Handed {
        customer: &customer,
        side: added.side,
        file: text,
        collected: added.collected,
        received: added.collected,
        scope: Some(text),
        population: Some(text),
        covers: None,
        mapping: Some(text),
    };
    let document =
        evidence::read(&added.raw, &added.file, &Hint { kind: Some(&added.kind), ..Hint::default() });
    let envelope = Envelope::new(&handed, &added.raw, &document);
    let envelope = Envelope {
        id: format!("ev-{}", &envelope.sha256[..24]),
        tool: Some(text.to_owned()),
        tool_version: Some(text.to_owned()),
        status: Status::Partial { why: text.to_owned() },
        defects: vec![text.to_owned()],
        ..envelope
    };
    Exhibit { envelope, seq: 7, rows: Vec::new().into(), raw: None }
}

/// Every output of a report on these answers.
struct Printed {
    page: String,
    csv: String,
    documents: [Value; 3],
}

fn printed(set: &CheckSet, check: &Check, answers: &[Answer], exhibits: &[Exhibit], text: &str) -> Printed {
    let said = |answer: &Answer| Answer {
        owed: format!("{text}{}", answer.owed),
        lacking: answer.lacking.iter().map(|l| format!("{l}{text}")).collect(),
        parameters: answer.parameters.iter().map(|(n, v)| (n.clone(), format!("{v}{text}"))).collect(),
        ..answer.clone()
    };
    let checks: Vec<Answer> = answers.iter().map(said).collect();
    let sides = checks.iter().map(|a| (a.side, (a.verdict, a.counts))).collect();
    let verdicts = checks.iter().map(|a| ((check.measure.clone(), a.side), a.verdict)).collect();
    let now = "2026-11-20T12:00:00Z".parse().expect("a time");
    let report = Report {
        provider: text,
        customer_id: "acme",
        customer: text,
        profile: ("alert-floor", text.to_owned()),
        now,
        set,
        assessment: &Assessment {
            measures: vec![MeasureAnswer { id: check.measure.clone(), sides, checks }],
        },
        history: &[Past { at: now, verdicts }],
        dates: &[Ending { at: now, side: None, means: text.to_owned(), of: text.to_owned() }],
        exhibits,
        measures: BTreeMap::from([(check.measure.clone(), (text.to_owned(), text.to_owned()))]),
        checkpoint: (text.to_owned(), 7, text.to_owned()),
    };
    Printed {
        page: report::html(&report),
        csv: report::csv(&report),
        documents: [
            report::json(&report),
            report::assessment_results(&report),
            report::plan_of_action(&report),
        ],
    }
}

/// The cells of CSV as RFC 4180 has them, by line.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell, mut quoted) = (vec![], vec![], String::new(), false);
    let mut rest = csv.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quoted) {
            ('"', true) if rest.peek() == Some(&'"') => cell.extend(rest.next()),
            ('"', _) => quoted = !quoted,
            (',', false) => line.push(std::mem::take(&mut cell)),
            ('\n', false) => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            ('\r', false) => {}
            (c, _) => cell.push(c),
        }
    }
    assert!(cell.is_empty() && line.is_empty() && !quoted, "it ends in the middle of a line");
    lines
}

/// How a text that holds the marked one is seen where controls are shown.
fn visible(text: &str, line_end: &str) -> String {
    let mut made = String::new();
    for c in text.chars() {
        match c {
            '\n' => made.push(' '),
            '\r' | '\t' if !line_end.is_empty() => made.push(' '),
            c if is_hidden(c) => made.extend(c.escape_unicode()),
            c => made.push(c),
        }
    }
    made
}

/// What is wrong with the outputs that hold hostile text, when their twins hold none.
fn complaints(hostile: &Printed, twin: &Printed, lines: usize) -> Vec<String> {
    let mut said = vec![];
    match (page::read(&hostile.page), page::read(&twin.page)) {
        (Ok(seen), Ok(other)) => {
            let Seen { tags, texts } = &seen;
            if *tags != other.tags {
                said.push(format!("other markup than its twin: {}", page::differing(tags, &other.tags)));
            }
            if !texts.iter().any(|t| t.contains(&visible(HOSTILE, ""))) {
                said.push("the page does not show the text whole".to_owned());
            }
        }
        (Err(why), _) => said.push(format!("no page of ours: {why}")),
        (_, Err(why)) => said.push(format!("the twin is no page of ours: {why}")),
    }
    if let Some(c) = hostile.page.chars().find(|c| *c != '\n' && is_hidden(*c)) {
        said.push(format!("{c:?} in the page"));
    }
    let table = cells(&hostile.csv);
    if table.len() != lines + 1 || table.iter().any(|line| line.len() != table[0].len()) {
        said.push(format!("{} lines of CSV for {lines} answers", table.len()));
    }
    for cell in table.iter().flatten() {
        if cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.chars().any(is_hidden) {
            said.push(format!("a cell of CSV is `{}`", cell.escape_debug()));
        }
    }
    if !table.iter().flatten().any(|cell| cell.contains(&visible(HOSTILE, "\r"))) {
        said.push("the CSV does not hold the text whole".to_owned());
    }
    let names = ["JSON", "OSCAL results", "OSCAL plan"];
    for ((document, other), name) in hostile.documents.iter().zip(&twin.documents).zip(names) {
        let text = document.to_string();
        if serde_json::from_str::<Value>(&text).ok().as_ref() != Some(document) {
            said.push(format!("{name} does not come back as it was"));
        }
        if text.chars().any(|c| c < ' ') {
            said.push(format!("a control character in {name}"));
        }
        let (here, there) = (strings(document, HOSTILE), strings(other, &harmless()));
        if let Some((a, b)) = here.iter().zip(&there).find(|(a, b)| a != b) {
            said.push(format!("{name} does not hold the text whole: `{}` and `{b}`", a.escape_debug()));
        }
    }
    said
}

/// Every string of a document in their order, with a sign instead of the text that was put in.
fn strings(value: &Value, put: &str) -> Vec<String> {
    let nul_shown = put.replace('\0', "\u{2400}");
    let one = |text: &str| match text.split_once(NO_CONTRACT) {
        Some((before, _)) => format!("{before}{NO_CONTRACT}"),
        None => text.replace(put, "\u{25cf}").replace(&nul_shown, "\u{25cf}"),
    };
    let mut made = match value {
        Value::String(text) => vec![one(text)],
        Value::Array(list) => list.iter().flat_map(|v| strings(v, put)).collect(),
        Value::Object(map) => map.values().flat_map(|v| strings(v, put)).collect(),
        _ => vec![],
    };
    made.sort();
    made
}

/// What one check gave.
struct Tried {
    answers: usize,
    reached: bool,
    complaints: Vec<String>,
}

/// The answer to one more fixture, with hostile names.
fn named(check: &Check, fixture: &Fixture) -> Answer {
    let mut shelf = Shelf::default();
    let case = Case::of(&mut shelf, check, fixture);
    answer(&mut shelf, &case, Way::Named, HOSTILE)
}

fn tried(set: &CheckSet, check: &Check) -> Tried {
    let dull = harmless();
    let (mut hostile, mut twins, mut wrong) = (vec![], vec![], vec![]);
    let fixtures = shown(set, check);
    for fixture in &fixtures {
        let mut shelf = Shelf::default();
        let case = Case::of(&mut shelf, check, fixture);
        for way in WAYS {
            let bad = answer(&mut shelf, &case, way, HOSTILE);
            let twin = answer(&mut shelf, &case, way, &dull);
            let at = format!("{} {} {way:?}", check.id, fixture.name);
            if tally(&bad) != tally(&twin) {
                let (here, there) = (tally(&bad), tally(&twin));
                wrong.push(format!(
                    "{at}: {here:?} `{}` and {there:?} `{}`",
                    bad.why.escape_debug(),
                    twin.why
                ));
            }
            if bad.why.starts_with("the check could not be computed") {
                wrong.push(format!("{at}: {}", bad.why));
            }
            hostile.push(bad);
            twins.push(twin);
        }
    }
    let texts = |text: &str| fixtures.iter().map(|f| exhibit(f, text)).collect::<Vec<_>>();
    let rest = set.fixtures(&check.id).iter().filter(|f| !fixtures.contains(f));
    let reached = hostile.iter().any(reached) || rest.into_iter().any(|f| reached(&named(check, f)));
    let of_hostile = printed(set, check, &hostile, &texts(HOSTILE), HOSTILE);
    let of_twins = printed(set, check, &twins, &texts(&dull), &dull);
    wrong.extend(
        complaints(&of_hostile, &of_twins, hostile.len())
            .into_iter()
            .map(|said| format!("{}: {said}", check.id)),
    );
    Tried { answers: hostile.len(), reached, complaints: wrong }
}

#[test]
fn hostile_text_in_any_field_stays_text_over_every_check() {
    let set = assess::embedded();
    let all: Vec<(String, Tried)> = each(&set, |check| (check.id.clone(), tried(&set, check)));
    let complaints: Vec<&str> = all.iter().flat_map(|(_, t)| &t.complaints).map(String::as_str).collect();
    assert!(complaints.is_empty(), "{}:\n{}", complaints.len(), complaints.join("\n"));
    let nobody: Vec<&str> = all.iter().filter(|(_, t)| !t.reached).map(|(id, _)| id.as_str()).collect();
    let expected: Vec<&str> = NAMES_NOBODY.iter().map(|(id, _)| *id).collect();
    assert_eq!(nobody, expected, "checks whose answers the text did not reach");
    let answers: usize = all.iter().map(|(_, t)| t.answers).sum();
    assert!(answers > 1_000, "only {answers} answers were looked at");
}

/// The pattern that a `like` or `glob` is followed by, when it is not the query's own.
fn foreign_pattern<'q>(behind: &'q str, columns: &BTreeSet<&str>) -> Option<&'q str> {
    let behind = behind.trim_start();
    if let Some(literal) = behind.strip_prefix('\'') {
        let (_, more) = literal.split_once('\'')?;
        return more.trim_start().starts_with("||").then_some(behind);
    }
    let word = behind.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').next()?;
    let column = word.rsplit('.').next()?;
    (word.is_empty() || columns.contains(column)).then_some(behind)
}

#[test]
fn no_query_takes_a_text_of_evidence_for_a_pattern() {
    let set = assess::embedded();
    let columns: BTreeSet<&str> =
        evidence::schema::TABLES.iter().flat_map(|t| t.columns).map(|c| c.name).collect();
    let (mut seen, mut complaints) = (0, vec![]);
    for check in set.checks() {
        for query in queries(check) {
            for sign in [" like ", " glob "] {
                for (at, _) in query.match_indices(sign) {
                    seen += 1;
                    let found = foreign_pattern(&query[at + sign.len()..], &columns);
                    complaints.extend(
                        found.map(|p| format!("{}: `{}`", check.id, p.chars().take(50).collect::<String>())),
                    );
                }
            }
        }
    }
    assert!(seen > 50, "only {seen} were looked at");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
