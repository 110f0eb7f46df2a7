//! No alert of one customer holds a word of another: a marked word stands in every field that can bear one, of every
//! record of every customer, and all detections fire.

use super::Sealing;
use super::patterns::{Line, seal};
use super::plays;
use detect::{Across, DETECTIONS, Patterns, Vocabulary};
use model::{Alert, CustomerId, Event, Fields, Kind, Record, Source, Time};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

const CUSTOMERS: [&str; 3] = ["acme", "borealis", "clinic"];

/// A word that only this customer's records hold.
fn mark(customer: usize) -> &'static str {
    ["qzaqz", "qzbqz", "qzcqz"][customer]
}

/// What the customers share, for something to cross them; all else is each one's own.
#[derive(Debug, Clone, Copy)]
struct Shared {
    addresses: bool,
    agents: bool,
    accounts: bool,
}

/// An address as this customer's records have it: of the same network, and where it is not shared of this customer alone.
fn addressed(address: Ipv4Addr, customer: usize, shared: Shared) -> String {
    let [a, b, c, d] = address.octets();
    let own = 80 * u8::try_from(customer).expect("few") + d % 80;
    Ipv4Addr::new(a, b, c, if shared.addresses { d } else { own }).to_string()
}

struct Marking<'a> {
    vocabulary: &'a Vocabulary,
    customer: usize,
    shared: Shared,
}

impl Marking<'_> {
    /// What the record says happened, and the tool in it: no mark may change that.
    fn sense(&self, line: &Line, fields: &Fields) -> String {
        let time = Time::from_second(0).expect("a time");
        let source = Source::new(line.2, "x").expect("good");
        let (raw, defects) = (vec![], vec![]);
        let record =
            Record { seq: 0, kind: Kind::Event, source, happened: time, received: time, raw, defects };
        let seen = self.vocabulary.read(&Event { record, fields: fields.clone() });
        let tool = seen.object.as_deref().and_then(detect::tool);
        let map = self.vocabulary.decides(fields);
        format!("{map:?} {:?} {:?} {:?} {:?} {tool:?}", seen.act, seen.outcome, seen.exists, seen.amount)
    }

    /// The text with the mark in it, where the record still says the same; the text itself where it says something else.
    fn text(&self, text: &str, says_the_same: &dyn Fn(&str) -> bool) -> String {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return addressed(address, self.customer, self.shared);
        }
        let is_shared = (self.shared.agents && text == "tool/1")
            || (self.shared.accounts && text.starts_with("msp-"))
            || text.parse::<Time>().is_ok();
        let mark = mark(self.customer);
        let ways = [format!("{text}{mark}"), format!("{mark}\\{text}"), format!("{mark}{text}")];
        let kept = (!is_shared).then(|| ways.into_iter().find(|way| says_the_same(way))).flatten();
        kept.unwrap_or_else(|| text.to_owned())
    }

    fn paths(value: &Value, at: &str, into: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(name, inner)| Self::paths(inner, &format!("{at}/{name}"), into));
            }
            Value::Array(list) => {
                (0..)
                    .zip(list)
                    .for_each(|(n, inner): (usize, _)| Self::paths(inner, &format!("{at}/{n}"), into));
            }
            Value::String(_) => into.push(at.to_owned()),
            _ => {}
        }
    }

    /// The line with marks in its fields, in names of fields, and in fields that nobody knows.
    fn line(&self, line: &Line) -> Line {
        let mut fields = line.3.clone();
        let want = self.sense(line, fields.as_object().expect("an object"));
        let mut paths = vec![];
        Self::paths(&fields, "", &mut paths);
        for path in paths {
            let text = fields.pointer(&path).and_then(Value::as_str).expect("a text").to_owned();
            let says_the_same = |way: &str| {
                let mut tried = fields.clone();
                *tried.pointer_mut(&path).expect("there") = way.into();
                self.sense(line, tried.as_object().expect("an object")) == want
            };
            let marked = self.text(&text, &says_the_same);
            *fields.pointer_mut(&path).expect("there") = marked.into();
        }
        let mark = mark(self.customer);
        fields[mark] = json!([{mark: mark}, mark]);
        fields["comment"] = mark.into();
        (line.0, line.1, line.2, fields)
    }
}

/// Everything that one customer's records say, as text; its alerts; and all alerts across.
struct Told {
    own: BTreeMap<&'static str, Vec<Alert>>,
    across: Vec<Alert>,
    state: Vec<u8>,
    records: BTreeMap<&'static str, String>,
}

fn told(lines: &[Line], shared: Shared) -> Told {
    let vocabulary = Arc::new(Vocabulary::built_in());
    let mut across = Across::new([5; 32], plays::settings());
    let (mut own, mut records) = (BTreeMap::new(), BTreeMap::new());
    for (number, customer) in CUSTOMERS.into_iter().enumerate() {
        let marking = Marking { vocabulary: &vocabulary, customer: number, shared };
        let marked: Vec<Line> = lines.iter().map(|l| marking.line(l)).collect();
        let text: Vec<String> = marked.iter().map(|l| l.3.to_string()).collect();
        records.insert(customer, text.join("\n"));
        let mut sealing = Sealing::of(customer);
        let new = || {
            Patterns::new(
                CustomerId::parse(customer).expect("good"),
                Arc::clone(&vocabulary),
                plays::settings(),
            )
        };
        let mut patterns = new();
        let mut alerts: Vec<Alert> = vec![];
        // In three parts, with restarts: what grows is told again.
        for part in marked.chunks(marked.len() / 3 + 1) {
            patterns.observe(&seal(&mut sealing, part), 0);
            alerts.extend(patterns.take_alerts());
            alerts.extend(patterns.finish());
            across.observe(&sealing.customer, &patterns.take_crossings());
            let kept = patterns.to_bytes();
            patterns = new();
            patterns.restore(&kept).expect("its own state");
        }
        own.insert(customer, alerts);
    }
    let all = across.take_alerts();
    for (customer, alerts) in &mut own {
        let id = CustomerId::parse(customer).expect("good");
        let touched = all.iter().filter(|a| a.customers.contains(&id));
        alerts.extend(touched.map(|a| Across::part_of(a, &id)));
    }
    Told { own, across: all, state: across.to_bytes(), records }
}

/// Addresses in a text.
fn addresses(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|w| w.parse::<Ipv4Addr>().is_ok()).collect()
}

/// What must hold of all that was told.
fn holds_no_word_of_another(told: &Told) -> Result<(), String> {
    for (number, customer) in CUSTOMERS.into_iter().enumerate() {
        let mine = addresses(&told.records[customer]);
        for alert in &told.own[customer] {
            let text = alert.to_json().to_string();
            let foreign = (0..CUSTOMERS.len()).filter(|n| *n != number).find(|n| text.contains(mark(*n)));
            let strange: Vec<&str> = addresses(&text).difference(&mine).copied().collect();
            // A network of the customer's own addresses is the customer's own.
            let strange: Vec<&&str> = strange.iter().filter(|a| !a.ends_with(".0")).collect();
            let named = CUSTOMERS.iter().find(|c| **c != customer && text.contains(**c));
            if foreign.is_some() || !strange.is_empty() || named.is_some() {
                return Err(format!("{customer}: {foreign:?} {strange:?} {named:?} in {text}"));
            }
            if alert.customers.len() != 1 || alert.records.iter().any(|r| r.customer.as_str() != customer) {
                return Err(format!("{customer}: records of others in {text}"));
            }
        }
    }
    let kept = String::from_utf8_lossy(&told.state);
    let across: String = told.across.iter().map(|a| a.to_json().to_string()).collect();
    for text in [&*kept, &across] {
        let marked = (0..CUSTOMERS.len()).find(|n| text.contains(mark(*n)));
        if marked.is_some() || !addresses(text).is_empty() || text.contains("msp-") || text.contains("tool/1")
        {
            return Err(format!("{marked:?} crosses customers: {text}"));
        }
    }
    // Nor cut off and written as numbers.
    for word in [mark(0), mark(1), mark(2), "203.0.11", "192.0.2.", "AnyDesk", "msp-kim", "tool/1"] {
        let hex: String = word.bytes().map(|b| format!("{b:02x}")).collect();
        if kept.contains(&hex) || across.contains(&hex) {
            return Err(format!("{word} crosses customers: {kept}"));
        }
    }
    Ok(())
}

#[test]
fn every_record_is_marked_in_every_field_that_can_bear_it_and_still_says_the_same() {
    let vocabulary = Vocabulary::built_in();
    let shared = Shared { addresses: false, agents: false, accounts: false };
    let marking = Marking { vocabulary: &vocabulary, customer: 1, shared };
    // Fields that say what the record is.
    let bare = [
        "EventID",
        "Channel",
        "action",
        "outcome",
        "result",
        "program",
        "errorCode",
        "activityDisplayName",
        "Operation",
        "LogonType",
        "eventType",
        "TargetSid",
        "PreviousTime",
        "NewTime",
        "message",
        "MESSAGE",
        "Name",
    ];
    for line in plays::all().lines {
        let marked = marking.line(&line).3;
        let mut paths = vec![];
        Marking::paths(&marked, "", &mut paths);
        for path in paths {
            let text = marked.pointer(&path).and_then(Value::as_str).expect("a text");
            let name = path.rsplit('/').next().unwrap_or("");
            let is_marked = text.contains(mark(1)) || text.parse::<Ipv4Addr>().is_ok();
            assert!(is_marked || bare.contains(&name), "{path} bears no mark in {marked}");
        }
    }
}

#[test]
fn all_detections_fire_over_marked_records_and_each_kind_of_thing_crosses() {
    let mut crossed = BTreeSet::new();
    for (addresses, agents, accounts) in [(true, false, false), (false, true, false), (false, false, true)] {
        let told = told(&plays::all().lines, Shared { addresses, agents, accounts });
        holds_no_word_of_another(&told).expect("each customer's own");
        crossed.extend(told.across.iter().map(|a| a.summary.clone()));
        for (number, customer) in CUSTOMERS.into_iter().enumerate() {
            let fired: BTreeSet<&str> = told.own[customer].iter().map(|a| a.rule.id.as_str()).collect();
            assert_eq!(fired, DETECTIONS.iter().map(|d| d.id).collect(), "{customer}");
            // The customer's own words are in its alerts: the law would see another's.
            let own = told.own[customer].iter().filter(|a| a.to_json().to_string().contains(mark(number)));
            assert!(own.count() >= 15, "{customer}");
        }
    }
    for kind in ["source", "network", "user agent", "tool", "account of the provider"] {
        assert!(crossed.iter().any(|s| s.contains(kind)), "{kind} crosses: {crossed:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_alert_of_one_customer_holds_a_word_of_another(
        mix in plays::mixes(), addresses in any::<bool>(), agents in any::<bool>(), accounts in any::<bool>()
    ) {
        let held = holds_no_word_of_another(&told(&mix.lines, Shared { addresses, agents, accounts }));
        prop_assert!(held.is_ok(), "{}", held.expect_err("a breach"));
    }
}
