//! Two opinions about one real tenant: what CISA's tool concluded, and what our checks conclude from the same settings and
//! from the same results. What differs stands in a list with its reason; a difference that nobody explained fails, and so
//! does an explanation that nothing needs any more.

use assess::fixture::{Added, Fixture};
use assess::judge::Answer;
use assess::{CheckSet, Verdict};
use evidence::{Cell, Hint, Side};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use toml::Table;

const MAP: &str = include_str!("../../compared/scuba.toml");
const EXPLAINED: &str = include_str!("../../compared/scuba-disagreements.toml");
const PAGE: &str = include_str!("../../../docs/evidence/directory-and-cloud.md");

/// The documents, as the explanations name them.
const DOCUMENTS: [(&str, &str); 3] = [
    ("results", "ScubaResults_fa5589b7-d528-4f80.json"),
    ("settings", "ProviderSettingsExport.json"),
    ("sheet", "ScubaResults.csv"),
];
/// What one of these documents can be handed in as.
const KINDS: [&str; 3] = ["tenant-settings", "mail-dns", "role-assignments"];

/// The folder of the tool's real output, if it is there.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpus() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from).join("evidence/scubagear");
    if !path.is_dir() {
        println!("skipped: no results of ScubaGear at hand");
        return None;
    }
    Some(path)
}

fn tables(text: &str, name: &str) -> Vec<Table> {
    let whole: Table = text.parse().expect("TOML");
    let list = whole.get(name).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    list.into_iter().map(|value| value.as_table().cloned().expect("a table")).collect()
}

fn word<'t>(table: &'t Table, name: &str) -> &'t str {
    table.get(name).and_then(toml::Value::as_str).unwrap_or_else(|| panic!("no `{name}` in {table:?}"))
}

fn words(table: &Table, name: &str) -> Vec<String> {
    let list = table.get(name).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    list.iter().map(|v| v.as_str().expect("text").to_owned()).collect()
}

/// A control of the map, one by one.
struct Mapped {
    id: String,
    check: String,
    side: Side,
    relation: String,
    from_settings: bool,
}

fn mapped() -> Vec<Mapped> {
    let one = |table: &Table, id: String| Mapped {
        id,
        check: word(table, "check").to_owned(),
        side: Side::from_word(word(table, "side")).expect("a side"),
        relation: word(table, "relation").to_owned(),
        from_settings: match word(table, "judged_from") {
            "settings" => true,
            "result" => false,
            other => panic!("judged_from `{other}`"),
        },
    };
    tables(MAP, "control").iter().flat_map(|t| words(t, "ids").into_iter().map(|id| one(t, id))).collect()
}

/// What the tool says of each control, by its id without the version, and its own words about it.
fn stored(results: &evidence::Document) -> BTreeMap<String, (String, String)> {
    let controls = results.rows.iter().filter(|r| r.table().name == "control");
    let text = |row: &evidence::Row, name: &str| match row.cell(name) {
        Some(Cell::Text(text)) => text.clone(),
        _ => String::new(),
    };
    controls
        .map(|row| {
            let id = text(row, "id");
            let plain = id.rsplit_once('v').map_or(id.as_str(), |(plain, _)| plain).to_owned();
            (plain, (text(row, "result"), text(row, "details")))
        })
        .collect()
}

/// The verdict that says the same as a result of the tool.
fn same_as(result: &str) -> Verdict {
    match result {
        "pass" => Verdict::Met,
        "fail" | "warning" => Verdict::NotMet,
        _ => Verdict::Unknown,
    }
}

/// The corpus told with the day of our fixtures instead of its own, so that nothing but its age changes.
struct Corpus {
    documents: BTreeMap<&'static str, (String, Vec<u8>)>,
    domain: String,
}

fn read_corpus(path: &std::path::Path) -> Corpus {
    let text = |file: &str| std::fs::read_to_string(path.join(file)).expect("it is there");
    let results: serde_json::Value =
        serde_json::from_str(text(DOCUMENTS[0].1).trim_start_matches('\u{feff}')).expect("JSON");
    let made = results["MetaData"]["TimestampZulu"].as_str().expect("an instant").to_owned();
    let domain = results["MetaData"]["DomainName"].as_str().expect("a domain").to_owned();
    let today = |file: &str| text(file).replace(&made, "2026-11-20T05:00:00.000Z").into_bytes();
    let documents = DOCUMENTS.iter().map(|(name, file)| (*name, ((*file).to_owned(), today(file)))).collect();
    Corpus { documents, domain }
}

/// Our answer: the check's own good fixture, with this document in place of everything that it can answer for. Whatever
/// else the check asks for is in order, so that the answer turns on the document alone.
fn ours(set: &CheckSet, control: &Mapped, corpus: &Corpus, document: &str) -> Answer {
    let check = set.get(&control.check).unwrap_or_else(|| panic!("no check `{}`", control.check));
    let met = set.fixtures(&check.id).iter().find(|f| f.name == "met").expect("each check has one");
    let mut fixture = Fixture { side: control.side, ..met.clone() };
    let (file, raw) = &corpus.documents[document];
    let mut replaced = BTreeSet::new();
    for added in &mut fixture.add {
        if KINDS.contains(&added.kind.as_str()) {
            replaced.insert(added.kind.clone());
            *added = Added { file: file.clone(), raw: raw.clone(), ..added.clone() };
        } else {
            // The accounts of the fixture are of its own domain: here they are of the tenant's.
            let text =
                String::from_utf8_lossy(&added.raw).replace("@acme.example", &format!("@{}", corpus.domain));
            added.raw = text.into_bytes();
        }
    }
    assert!(!replaced.is_empty(), "{} takes none of these documents", check.id);
    fixture.answer(check, &BTreeMap::new()).expect("evidence loads")
}

/// What our answer says about a control.
fn said(answer: &Answer, control: &Mapped, controls: &BTreeSet<String>) -> (Verdict, String) {
    if control.from_settings {
        let first = answer.failing.first().or(answer.open.first());
        let first = first.map_or_else(String::new, |s| format!("; {}: {}", s.name, s.why));
        return (answer.verdict, format!("{}{first}", answer.why));
    }
    let about = |name: &str| {
        name == control.id || name.rsplit_once('v').is_some_and(|(plain, _)| plain == control.id)
    };
    if let Some(subject) = answer.failing.iter().find(|s| about(&s.name)) {
        return (Verdict::NotMet, subject.why.clone());
    }
    if let Some(subject) = answer.open.iter().find(|s| about(&s.name)) {
        return (Verdict::Unknown, subject.why.clone());
    }
    // A subject that no document names is not among those who pass.
    if !controls.contains(&control.id) {
        return (Verdict::Unknown, "no result tells of it".into());
    }
    (Verdict::Met, "passes".into())
}

fn read(corpus: &Corpus, document: &str) -> evidence::Document {
    let (file, raw) = &corpus.documents[document];
    evidence::read(raw, file, &Hint::default())
}

#[test]
fn every_control_of_the_results_is_mapped_or_set_apart_exactly_once() {
    let Some(path) = corpus() else { return };
    let corpus = read_corpus(&path);
    let ids: BTreeSet<String> = stored(&read(&corpus, "results")).into_keys().collect();
    assert!(ids.len() > 80, "only {} controls", ids.len());
    let mut places: BTreeMap<&str, usize> = ids.iter().map(|id| (id.as_str(), 0)).collect();
    let named = tables(MAP, "control").into_iter().chain(tables(MAP, "near")).flat_map(|t| words(&t, "ids"));
    for id in named {
        let place = ids.get(&id).unwrap_or_else(|| panic!("`{id}` is in no result"));
        *places.get_mut(place.as_str()).expect("counted") += 1;
    }
    for group in tables(MAP, "apart").iter().flat_map(|t| words(t, "groups")) {
        let inside: Vec<&String> = ids
            .iter()
            .filter(|id| **id == group || (group.ends_with('.') && id.starts_with(&group)))
            .collect();
        assert!(!inside.is_empty(), "`{group}` stands for no control");
        inside.into_iter().for_each(|id| *places.get_mut(id.as_str()).expect("counted") += 1);
    }
    let odd: Vec<_> = places.iter().filter(|(_, many)| **many != 1).collect();
    assert!(odd.is_empty(), "not named once: {odd:?}");
}

#[test]
fn the_map_names_checks_and_sides_that_there_are() {
    let set = assess::embedded();
    for control in mapped() {
        let check = set.get(&control.check).unwrap_or_else(|| panic!("no check `{}`", control.check));
        assert!(check.asked_of.contains(&control.side), "{} is not put to the {}", check.id, control.side);
        assert!(["same", "narrower", "wider"].contains(&control.relation.as_str()), "{}", control.relation);
    }
    for near in tables(MAP, "near") {
        assert!(set.get(word(&near, "check")).is_some(), "no check `{}`", word(&near, "check"));
    }
    for table in ["control", "near", "apart"] {
        tables(MAP, table).iter().for_each(|t| assert!(word(t, "reason").len() > 20, "{t:?}"));
    }
}

/// What cannot be explained: where a part fails, the whole is not met; where the whole passes, no part fails.
fn is_impossible(relation: &str, stored: Verdict, ours: Verdict) -> bool {
    let (failed, passed) = (stored == Verdict::NotMet, stored == Verdict::Met);
    match relation {
        "narrower" => failed && ours.is_good(),
        "wider" => passed && ours == Verdict::NotMet,
        _ => (failed && ours.is_good()) || (passed && ours == Verdict::NotMet),
    }
}

#[test]
fn every_disagreement_with_the_stored_verdicts_is_explained_and_no_explanation_is_left_over() {
    let Some(path) = corpus() else { return };
    let corpus = read_corpus(&path);
    let theirs = stored(&read(&corpus, "results"));
    let set = assess::embedded();
    let explained = tables(EXPLAINED, "disagreement");
    let mut needed = BTreeSet::new();
    let mut complaints = vec![];
    let mut agreed = 0;
    for (document, _) in DOCUMENTS {
        let controls: BTreeSet<String> = stored(&read(&corpus, document)).into_keys().collect();
        for control in mapped() {
            let (result, _) = &theirs[&control.id];
            let (verdict, why) = said(&ours(&set, &control, &corpus, document), &control, &controls);
            let here = format!(
                "{} from the {document}: stored {result}, {} says {verdict} ({why})",
                control.id, control.check
            );
            if is_impossible(&control.relation, same_as(result), verdict) {
                complaints.push(format!("cannot be: {here}"));
            }
            let found: Vec<usize> = (0..explained.len())
                .filter(|&n| {
                    let e = &explained[n];
                    words(e, "documents").iter().any(|d| d == document)
                        && words(e, "controls").contains(&control.id)
                        && word(e, "stored") == result
                        && word(e, "ours") == verdict.as_str()
                })
                .collect();
            match (same_as(result) == verdict, found.as_slice()) {
                (true, []) => agreed += 1,
                (false, [one]) => {
                    needed.insert((*one, document.to_owned(), control.id.clone()));
                }
                (true, _) => complaints.push(format!("explained and agreed: {here}")),
                (false, _) => complaints.push(format!("{} explanations for {here}", found.len())),
            }
        }
    }
    for (number, e) in explained.iter().enumerate() {
        assert!(word(e, "why").len() > 40, "no reason: {e:?}");
        for document in words(e, "documents") {
            for id in words(e, "controls") {
                if !needed.contains(&(number, document.clone(), id.clone())) {
                    complaints.push(format!("not needed any more: {id} from the {document}"));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{} of them:\n{}", complaints.len(), complaints.join("\n"));
    assert!(agreed >= 30, "only {agreed} answers agree");
}

#[test]
fn the_roles_that_never_end_are_the_ones_that_the_tool_names() {
    let Some(path) = corpus() else { return };
    let corpus = read_corpus(&path);
    let theirs = stored(&read(&corpus, "results"));
    let (_, details) = &theirs["MS.AAD.7.4"];
    let named: BTreeSet<&str> = details
        .split_once(": ")
        .expect("a list")
        .1
        .split(", ")
        .map(|role| role.trim_end_matches('.').trim())
        .collect();
    let set = assess::embedded();
    let control = mapped().into_iter().find(|c| c.id == "MS.AAD.7.4").expect("mapped");
    for document in ["settings", "results"] {
        let answer = ours(&set, &control, &corpus, document);
        let roles: BTreeSet<&str> =
            answer.failing.iter().filter_map(|s| s.name.split_once(" as ")).map(|(_, role)| role).collect();
        assert_eq!(roles, named, "from the {document}");
    }
}

#[test]
fn the_page_shows_the_map_and_every_disagreement() {
    let flat = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    for table in tables(MAP, "control").iter().chain(&tables(MAP, "near")) {
        for id in words(table, "ids") {
            assert!(flat.contains(&format!("`{id}`")), "{id} stands not on the page");
        }
        assert!(flat.contains(&format!("`{}`", word(table, "check"))), "{}", word(table, "check"));
        assert!(flat.contains(word(table, "reason")), "the page lacks: {}", word(table, "reason"));
    }
    for e in tables(EXPLAINED, "disagreement") {
        assert!(flat.contains(word(&e, "why")), "the page lacks: {}", word(&e, "why"));
    }
}
