//! What every parser must hold for any bytes. Two users: the fuzz targets beside this, and the test that replays the
//! seeds in `corpus/` (bailiwick/tests/it/corpus.rs).
//!
//! A property here is more than "does not panic": what is read back is what was read, nothing is lost between the
//! counts, no answer is larger than its limit.

mod audits;
mod bundles;
mod changed;
mod detections;
mod documents;
mod homes;
mod logs;
mod parts;
mod segments;

use collect::{Input, Limits, Options};
use documents::End;
use model::{Alert, CustomerId, Defect, Draft, Event, Fields, Format, Kind, Record, Source, Time};
use std::ops::ControlFlow;

/// A property: takes any bytes, panics where it does not hold, and tells whether it understood them.
pub type Property = fn(&[u8]) -> bool;

/// Every property by its name, which is also the name of its fuzz target and of its folder in `corpus/`.
pub const PROPERTIES: &[(&str, Property)] = &[
    ("record_form", record_form),
    ("words", words),
    ("across_state", across_state),
    ("detect_policy", detections::policy),
    ("detect_vocabulary", detections::vocabulary_file),
    ("detect_events", detections::events),
    ("detect_state", detections::state),
    ("note", logs::note),
    ("notes", logs::notes),
    ("checkpoint", logs::checkpoint),
    ("vkey", logs::vkey),
    ("cosignature", logs::cosignature),
    ("policy", logs::policy),
    ("proof_file", logs::proof_file),
    ("tile_path", logs::tile_path),
    ("segment", segments::segment),
    ("segment_part", segments::segment_part),
    ("segment_rows", segments::segment_rows),
    ("segment_block", segments::segment_block),
    ("home_file", homes::home_file),
    ("escrow", homes::escrow),
    ("checker", bundles::checker),
    ("manifest", bundles::manifest),
    ("signed_manifest", bundles::signed_manifest),
    ("unsigned_proof", bundles::unsigned_proof),
    ("log_content", bundles::log_content),
    ("bundle_file", bundles::bundle_file),
    ("witness_state", bundles::witness_state),
    ("sigma_rules", sigma_rules),
    ("sigma_condition", sigma_condition),
    ("sigma_value", sigma_value),
    ("sigma_correlation", sigma_correlation),
    ("sigma_events", sigma_events),
    ("hunt_query", hunt_query),
    ("collect_any", |bytes| collect(bytes, None)),
    ("collect_evtx", |bytes| collect(bytes, Some(Format::Evtx))),
    ("collect_ndjson", |bytes| collect(bytes, Some(Format::Ndjson))),
    ("collect_json", |bytes| collect(bytes, Some(Format::Json))),
    ("collect_syslog", |bytes| collect(bytes, Some(Format::Syslog))),
    ("collect_csv", |bytes| collect(bytes, Some(Format::Csv))),
    ("collect_cloudtrail", |bytes| collect(bytes, Some(Format::Cloudtrail))),
    ("collect_zeek", |bytes| collect(bytes, Some(Format::Zeek))),
    ("collect_text", |bytes| collect(bytes, Some(Format::Text))),
    ("fields_of_events", fields_of_events),
    ("contract", contract),
    ("evidence_bailiwick_contract", |bytes| documents::document(bytes, "bailiwick-contract", End::Written)),
    ("evidence_bailiwick_verified", |bytes| documents::document(bytes, "bailiwick-verified", End::Written)),
    ("evidence_borg", |bytes| documents::document(bytes, "borg", End::Line)),
    ("evidence_csv", |bytes| documents::document(bytes, "csv", End::Line)),
    ("evidence_cyclonedx", |bytes| documents::document(bytes, "cyclonedx", End::Written)),
    ("evidence_decision_table", |bytes| documents::document(bytes, "decision-table", End::Written)),
    ("evidence_epss", |bytes| documents::document(bytes, "epss", End::Line)),
    ("evidence_graph", |bytes| documents::document(bytes, "graph", End::Written)),
    ("evidence_grype", |bytes| documents::document(bytes, "grype", End::Written)),
    ("evidence_iptables", |bytes| documents::document(bytes, "iptables", End::Line)),
    ("evidence_kev", |bytes| documents::document(bytes, "kev", End::Line)),
    ("evidence_ldif", |bytes| documents::document(bytes, "ldif", End::Line)),
    ("evidence_lifecycle", |bytes| documents::document(bytes, "lifecycle", End::Written)),
    ("evidence_lolrmm", |bytes| documents::document(bytes, "lolrmm", End::Written)),
    ("evidence_lynis", |bytes| documents::document(bytes, "lynis", End::Written)),
    ("evidence_mail_dns", |bytes| documents::document(bytes, "mail-dns", End::Line)),
    ("evidence_mail_report", |bytes| documents::document(bytes, "mail-report", End::Written)),
    ("evidence_nessus", |bytes| documents::document(bytes, "nessus", End::Written)),
    ("evidence_nftables", |bytes| documents::document(bytes, "nftables", End::Written)),
    ("evidence_nmap", |bytes| documents::document(bytes, "nmap", End::Written)),
    ("evidence_openvas", |bytes| documents::document(bytes, "openvas", End::Written)),
    ("evidence_osquery", |bytes| documents::document(bytes, "osquery", End::Hidden)),
    ("evidence_osv_scanner", |bytes| documents::document(bytes, "osv-scanner", End::Written)),
    ("evidence_pingcastle", |bytes| documents::document(bytes, "pingcastle", End::Written)),
    ("evidence_restic", |bytes| documents::document(bytes, "restic", End::Line)),
    ("evidence_scuba", |bytes| documents::document(bytes, "scuba", End::Written)),
    ("evidence_scuba_csv", |bytes| documents::document(bytes, "scuba-csv", End::Line)),
    ("evidence_scuba_settings", |bytes| documents::document(bytes, "scuba-settings", End::Written)),
    ("evidence_secedit", |bytes| documents::document(bytes, "secedit", End::Written)),
    ("evidence_spdx", |bytes| documents::document(bytes, "spdx", End::Line)),
    ("evidence_ssvc", |bytes| documents::document(bytes, "ssvc", End::Line)),
    ("evidence_statement", |bytes| documents::document(bytes, "statement", End::Written)),
    ("evidence_testssl", |bytes| documents::document(bytes, "testssl", End::Line)),
    ("evidence_trivy", |bytes| documents::document(bytes, "trivy", End::Written)),
    ("evidence_vpc_flow", |bytes| documents::document(bytes, "vpc-flow", End::Line)),
    ("evidence_xccdf", |bytes| documents::document(bytes, "xccdf", End::Written)),
    ("evidence_zeek_conn", |bytes| documents::document(bytes, "zeek-conn", End::Line)),
    ("evidence_any", documents::any_document),
    ("evidence_mapping", documents::mapped),
    ("evidence_envelope", documents::envelope),
    ("evidence_records", documents::records),
    ("check_file", documents::check_file),
    ("case_file", documents::case_file),
    ("audit_records", audits::audit_records),
    ("exception_records", audits::exception_records),
];

/// Runs one property by name and tells whether it understood the bytes.
///
/// # Panics
/// Where the property does not hold, or has another name.
pub fn run(name: &str, bytes: &[u8]) -> bool {
    let (_, property) = PROPERTIES.iter().find(|(known, _)| *known == name).expect("a property of that name");
    property(bytes)
}

/// A contract is judged under every profile, equals itself, and does not change its hash when it is read again; what
/// is refused is said on a clean screen.
fn contract(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let clean = |errors: Vec<contract::ContractError>| {
        assert!(!errors.is_empty() && errors.len() <= 50);
        for rendered in errors.iter().map(|error| error.render("contract.toml")) {
            assert!(rendered.chars().all(|c| c == '\n' || !c.is_control()), "{rendered:?}");
        }
    };
    let _ = contract::Exception::parse(text).map_err(clean);
    let _ = contract::Profile::parse(text).map_err(clean);
    let read = match contract::Contract::parse(text) {
        Ok(read) => read,
        Err(errors) => {
            clean(errors);
            return false;
        }
    };
    for profile in contract::Profile::all() {
        let _ = contract::findings(&read, profile, &contract::checks(), read.valid_from);
    }
    assert!(contract::diff(&read, &read).is_empty());
    let again = contract::Contract::parse(text).expect("it was read before");
    assert_eq!(again.hash(), read.hash());
    true
}

/// A record's form is read back as the same bytes, or not at all.
fn record_form(bytes: &[u8]) -> bool {
    let Ok(record) = model::form::decode(bytes) else { return false };
    assert_eq!(model::form::encode(&record), bytes);
    true
}

/// The words of a record and of an alert: what is read is written as it stood, and the sealed form of an alert is read
/// back as the same alert.
fn words(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    assert_eq!(Defect::parse(text).to_string(), text);
    if let Ok(id) = CustomerId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    if let Ok(source) = Source::parse(text) {
        assert_eq!(source.to_string(), text);
    }
    let Ok(value) = serde_json::from_slice(bytes) else { return false };
    let Some(alert) = Alert::from_json(&value) else { return false };
    assert_eq!(Alert::from_json(&alert.to_json()), Some(alert));
    true
}

/// What is kept of sign-ins across customers is read back as it was written.
fn across_state(bytes: &[u8]) -> bool {
    let Ok(state) = detect::Across::from_bytes([4; 32], detect::Settings::default(), bytes) else {
        return false;
    };
    let written = state.to_bytes();
    let again =
        detect::Across::from_bytes([4; 32], detect::Settings::default(), &written).expect("just written");
    assert_eq!(again.to_bytes(), written);
    true
}

/// Every document of a rule file is loaded, unarmed or refused, and every refusal has a place.
fn sigma_rules(bytes: &[u8]) -> bool {
    let loaded = sigma::load([("rules.yml".to_owned(), bytes.to_vec())]);
    let refused = loaded.refused.len() as u64;
    assert_eq!(loaded.loaded + loaded.unarmed.len() as u64 + refused, loaded.documents);
    assert!(loaded.refused.iter().all(|refused| refused.line > 0 && !refused.message.is_empty()));
    let mut engine = sigma::Engine::new(loaded.rules, sigma::EngineOptions { ignore_logsource: true });
    let fields = example();
    let class = sigma::classify("ndjson", &fields);
    let observed = sigma::Observed { fields: &fields, happened: now(), class: &class, seq: 0 };
    engine.observe(&observed);
    loaded.loaded > 0
}

/// The same for a condition in an otherwise good rule.
fn sigma_condition(bytes: &[u8]) -> bool {
    let Ok(condition) = std::str::from_utf8(bytes) else { return false };
    let quoted = condition.replace('\'', "''").replace(['\n', '\r'], " ");
    let rule = format!(
        "title: A rule\nlogsource:\n  category: test\ndetection:\n  one:\n    user: eve\n  two:\n    count: 3\n  condition: '{quoted}'\n"
    );
    sigma_rules(rule.as_bytes())
}

/// The same for a field, its modifiers and its value: the bytes up to the first newline, and those behind it.
fn sigma_value(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (field, value) = text.split_once('\n').unwrap_or((text, "eve"));
    let quote = |text: &str| text.replace('\'', "''").replace(['\n', '\r'], " ");
    let (field, value) = (quote(field), quote(value));
    let rule = format!(
        "title: A rule\nlogsource:\n  category: test\ndetection:\n  one:\n    '{field}': '{value}'\n  condition: one\n"
    );
    sigma_rules(rule.as_bytes())
}

/// Rules of the name `one` and `two` that look at the field `k`.
const TWO_RULES: &str = "title: One\nname: one\nlogsource: {category: test}\ndetection: {s: {k: 1}, condition: s}\n---\n\
                         title: Two\nname: two\nlogsource: {category: test}\ndetection: {s: {k: [1, 2]}, condition: s}\n---\n";

/// Events that the rules see, as lines of JSON; `t` is the second in which they happened, a line given twice is the same record.
fn observe_lines(rules: sigma::RuleSet, lines: &[u8]) -> usize {
    let mut engine = sigma::Engine::new(rules, sigma::EngineOptions { ignore_logsource: true });
    let mut seqs: std::collections::BTreeMap<&[u8], u64> = std::collections::BTreeMap::new();
    let mut understood = 0;
    for line in lines.split(|b| *b == b'\n').take(200) {
        let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(line) else { continue };
        understood += 1;
        let next = seqs.len() as u64;
        let seq = *seqs.entry(line).or_insert(next);
        let second = fields.get("t").and_then(serde_json::Value::as_i64).unwrap_or(0);
        let happened = Time::from_second(second).unwrap_or(now());
        let class = sigma::classify("ndjson", &fields);
        for hit in engine.observe(&sigma::Observed { fields: &fields, happened, class: &class, seq }) {
            assert!(hit.first <= hit.last && hit.count >= hit.seqs.len() as u64 && !hit.seqs.is_empty());
            assert!(hit.seqs.is_sorted() && hit.seqs.iter().all(|seq| *seq < seqs.len() as u64));
        }
    }
    understood
}

/// The section of a correlation over two rules is refused with a place, or can be asked of events.
fn sigma_correlation(bytes: &[u8]) -> bool {
    let Ok(section) = std::str::from_utf8(bytes) else { return false };
    let lines: String = section.lines().map(|l| format!("  {l}\n")).collect();
    let yaml = format!("{TWO_RULES}title: Many\nname: many\ncorrelation:\n{lines}");
    let loaded = sigma::load([("rules.yml".to_owned(), yaml.into_bytes())]);
    let refused = loaded.refused.len() as u64;
    assert_eq!(loaded.loaded + loaded.unarmed.len() as u64 + refused, loaded.documents);
    let understood = loaded.rules.find("many").is_some();
    let events: String = (0..40)
        .map(|n| format!("{{\"k\":{},\"t\":{},\"u\":\"{}\",\"n\":{n}.5}}\n", n % 3, n * 7 % 40, n % 4))
        .collect();
    observe_lines(loaded.rules, events.as_bytes());
    understood
}

/// Events in lines of JSON are counted by correlations of every type, some chained, whatever they hold and when.
fn sigma_events(bytes: &[u8]) -> bool {
    let correlation = |name: &str, kind: &str, rules: &str, condition: &str| {
        format!(
            "title: {name}\nname: {name}\ncorrelation:\n  type: {kind}\n  rules: [{rules}]\n  group-by: [u]\n  timespan: 10s\n  condition: {{{condition}}}\n---\n"
        )
    };
    let yaml = [
        TWO_RULES.to_owned(),
        correlation("a", "event_count", "one, two", "gte: 2"),
        correlation("b", "value_count", "two", "field: [n, u], lt: 3"),
        correlation("c", "temporal", "one, two, a", "gte: 2"),
        correlation("d", "temporal_ordered", "one, two, one", "gt: 1"),
        correlation("e", "value_sum", "two", "field: n, gt: 5"),
        correlation("f", "value_avg", "two", "field: n, neq: 1"),
        correlation("g", "value_percentile", "two", "field: n, percentile: 90, gte: 1"),
        correlation("h", "event_count", "a, d", "eq: 1"),
    ]
    .concat();
    let yaml = yaml.trim_end_matches("---\n").as_bytes().to_vec();
    let loaded = sigma::load([("rules.yml".to_owned(), yaml)]);
    assert_eq!((loaded.refused, loaded.unarmed), (vec![], vec![]));
    observe_lines(loaded.rules, bytes) > 0
}

/// A query is refused with a place inside of it, or can be asked of an event.
fn hunt_query(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(query) = hunt::Query::parse(text) else { return false };
    let event = Event { record: event(Format::Ndjson, br#"{"user":"eve","count":3}"#), fields: example() };
    assert_eq!(query.matches(&event), query.matches(&event));
    true
}

/// What comes in is bounded, counted, and never lost: each record keeps its bytes, offsets only grow, the counts agree.
fn collect(bytes: &[u8], format: Option<Format>) -> bool {
    let limits = Limits::default();
    let options = Options { format, ..Options::at(now()) };
    let input = Input { name: "in.log".into(), modified: Some(now()), bytes: Box::new(bytes) };
    let (mut records, mut unreadable, mut end, mut understood) = (0, 0, 0, false);
    let mut whole = std::collections::VecDeque::new();
    let summary = collect::read(input, &options, &mut |arrival| {
        assert!(arrival.end >= end, "records stand in order");
        end = arrival.end;
        records += u64::from(arrival.unreadable == 0);
        unreadable += arrival.unreadable;
        if arrival.unreadable == 0 {
            whole.push_back((arrival.draft.clone(), arrival.fields.clone()));
        }
        let record = arrival.draft.at(records);
        let form = model::form::encode(&record);
        assert_eq!(model::form::decode(&form).as_ref(), Ok(&record), "what came in can be sealed");
        understood |= record.defects.is_empty() && !collect::fields(&record, &limits).is_empty();
        ControlFlow::Continue(())
    });
    assert_eq!((summary.records, summary.unreadable), (records, unreadable));
    assert!(end <= summary.unpacked, "no record ends behind the input");
    parts::hold(bytes, format, whole);
    understood
}

/// Sealed bytes of any format give fields, or none, twice the same.
fn fields_of_events(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let mut understood = false;
    for format in [
        Format::Evtx,
        Format::Ndjson,
        Format::Json,
        Format::Syslog,
        Format::Csv,
        Format::Cloudtrail,
        Format::Zeek,
        Format::Text,
        Format::Own,
    ] {
        let record = event(format, bytes);
        let fields = collect::fields(&record, &limits);
        assert_eq!(fields, collect::fields(&record, &limits));
        understood |= !fields.is_empty();
    }
    understood
}

fn now() -> Time {
    Time::from_second(1_793_527_200).expect("within the years that there are")
}

fn event(format: Format, raw: &[u8]) -> Record {
    let source = Source::new(format, "in.log").expect("a short name");
    Draft { kind: Kind::Event, source, happened: now(), received: now(), raw: raw.to_vec(), defects: vec![] }
        .at(0)
}

fn example() -> Fields {
    let value = serde_json::json!({ "user": "eve", "count": 3, "list": ["a", "b"], "ip": "203.0.113.9" });
    value.as_object().cloned().unwrap_or_default()
}
