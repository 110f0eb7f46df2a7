//! The correlation that takes the place of an aggregation in a condition, which is no part of Sigma any more.

use crate::refuse::Fault;
use crate::yaml::{Node, Value};
use std::fmt::Write as _;

/// Code of the fault that a condition with an aggregation is.
const AGGREGATION: &str = "SG-022";
/// Longest rule that is written out, in bytes.
const LENGTH_LIMIT_BYTES: usize = 64 << 10;

/// A fault as it was; of an aggregation, with the documents written out that say the same.
pub(crate) fn written_out(mut fault: Fault, document: &Node) -> Fault {
    if fault.code != AGGREGATION {
        return fault;
    }
    let all = document.get("detection").and_then(|d| d.get("condition")).map(Node::list).unwrap_or_default();
    let texts = all.iter().filter_map(Node::scalar);
    let Some((before, behind)) = texts
        .filter_map(|t| t.split_once('|').map(|(a, b)| (a.trim().to_owned(), b.trim().to_owned())))
        .next()
    else {
        return fault;
    };
    let made = Old { document, before: &before };
    let written =
        if let Some(near) = behind.strip_prefix("near ") { made.near(near) } else { made.counted(&behind) };
    fault.message = match written.filter(|text| text.len() <= LENGTH_LIMIT_BYTES) {
        Some(text) => format!(
            "aggregation in a condition is no part of Sigma any more; these documents take the place of the rule:\n---\n{text}"
        ),
        None => "aggregation in a condition is no part of Sigma any more; a correlation takes its place, and what this one asks \
                 cannot be written out: see `event_count`, `value_count`, `temporal`"
            .to_owned(),
    };
    fault
}

/// A rule of old.
struct Old<'a> {
    document: &'a Node,
    /// Its condition before the aggregation.
    before: &'a str,
}

impl Old<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.document.get(key).and_then(Node::scalar)
    }

    fn title(&self) -> String {
        self.text("title").unwrap_or_else(|| "untitled".to_owned())
    }

    /// The name by which the correlation calls the rule.
    fn name(&self) -> String {
        self.text("name").unwrap_or_else(|| {
            let lower = self.title().to_lowercase();
            let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
            let name = words.collect::<Vec<_>>().join("_");
            if name.is_empty() { "events".to_owned() } else { name }
        })
    }

    /// The rule with this condition only, to be called by name.
    fn base(&self, name: &str, condition: &str, with_id: bool) -> Option<String> {
        let quoted = |text: &str| Value::Text(text.to_owned());
        let mut out = format!("title: {}\n", flow(&quoted(&format!("{} (each event)", self.title()))));
        if let Some(id) = self.text("id").filter(|_| with_id) {
            let _ = writeln!(out, "id: {}", flow(&quoted(&id)));
        }
        let _ = writeln!(out, "name: {}", flow(&quoted(name)));
        let _ = writeln!(out, "logsource: {}", flow(&self.document.get("logsource")?.value));
        let _ = writeln!(out, "detection:");
        for (key, value) in self.document.get("detection")?.map()? {
            let key = key.scalar()?;
            if !["condition", "timeframe"].contains(&key.as_str()) {
                let _ = writeln!(out, "    {}: {}", flow(&quoted(&key)), flow(&value.value));
            }
        }
        let _ = writeln!(out, "    condition: {}", flow(&quoted(condition)));
        Some(out)
    }

    /// What is not the condition of the correlation.
    fn correlation(&self, kind: &str, rules: &[String], by: &[String]) -> String {
        let mut out = format!("---\ntitle: {}\n", flow(&Value::Text(self.title())));
        if let Some(level) = self.text("level") {
            let _ = writeln!(out, "level: {level}");
        }
        if let Some(tags) = self.document.get("tags") {
            let _ = writeln!(out, "tags: {}", flow(&tags.value));
        }
        let _ = write!(out, "correlation:\n    type: {kind}\n    rules:\n");
        for rule in rules {
            let _ = writeln!(out, "        - {}", flow(&Value::Text(rule.clone())));
        }
        if !by.is_empty() {
            out.push_str("    group-by:\n");
            for field in by {
                let _ = writeln!(out, "        - {}", flow(&Value::Text(field.clone())));
            }
        }
        let timeframe = self.document.get("detection").and_then(|d| d.get("timeframe"));
        let timeframe = timeframe.filter(|t| super::timespan(t).is_ok()).and_then(Node::scalar);
        let _ = match timeframe {
            Some(timeframe) => writeln!(out, "    timespan: {timeframe}"),
            None => writeln!(out, "    timespan: 1h # the rule named none: choose one"),
        };
        out
    }

    /// `count() by x > 5`, `sum(y) by x > 5` and their like.
    fn counted(&self, behind: &str) -> Option<String> {
        let (function, rest) = behind.split_once('(')?;
        let (field, rest) = rest.split_once(')')?;
        let from = rest.find(['<', '>', '=', '!'])?;
        let (by, comparison) = rest.split_at(from);
        let number = comparison.trim_start_matches(['<', '>', '=', '!', ' ']);
        let order = match comparison[..comparison.len() - number.len()].trim() {
            ">" => "gt",
            ">=" => "gte",
            "<" => "lt",
            "<=" => "lte",
            "=" | "==" => "eq",
            "!=" => "neq",
            _ => return None,
        };
        let number = number.split_whitespace().next().filter(|n| super::amount(n).is_some())?;
        let field = field.trim();
        let (kind, percentile) = match (function.trim().to_ascii_lowercase().as_str(), field) {
            ("count", "" | "*") => ("event_count", None),
            (_, "") => return None,
            ("count", _) => ("value_count", None),
            ("sum", _) => ("value_sum", None),
            ("avg", _) => ("value_avg", None),
            // The least is what none lies below, the greatest what all lie below.
            ("min", _) => ("value_percentile", Some(0)),
            ("max", _) => ("value_percentile", Some(100)),
            _ => return None,
        };
        let by = by.trim();
        let by = match by.get(..2) {
            Some(word) if word.eq_ignore_ascii_case("by") => &by[2..],
            None if by.is_empty() => "",
            _ => return None,
        };
        let by: Vec<String> =
            by.split([',', ' ']).map(str::trim).filter(|f| !f.is_empty()).map(str::to_owned).collect();
        let name = self.name();
        let mut out = self.base(&name, self.before, true)?;
        out.push_str(&self.correlation(kind, &[name], &by));
        out.push_str("    condition:\n");
        if kind != "event_count" {
            let _ = writeln!(out, "        field: {}", flow(&Value::Text(field.to_owned())));
        }
        if let Some(percentile) = percentile {
            let _ = writeln!(out, "        percentile: {percentile}");
        }
        let _ = writeln!(out, "        {order}: {number}");
        Some(out)
    }

    /// `near a and b`: all of them within the time. What must not be near cannot be said.
    fn near(&self, others: &str) -> Option<String> {
        let words: Vec<&str> = others.split_whitespace().collect();
        if words.iter().any(|w| w.eq_ignore_ascii_case("not") || w.eq_ignore_ascii_case("or")) {
            return None;
        }
        let others = words.into_iter().filter(|w| !w.eq_ignore_ascii_case("and"));
        let conditions: Vec<&str> = std::iter::once(self.before).chain(others).collect();
        if conditions.len() < 2 {
            return None;
        }
        let name = self.name();
        let names: Vec<String> = (1..=conditions.len()).map(|n| format!("{name}_{n}")).collect();
        let bases: Option<Vec<String>> = names
            .iter()
            .zip(&conditions)
            .map(|(name, condition)| self.base(name, condition, false))
            .collect();
        let mut out = bases?.join("---\n");
        out.push_str(&self.correlation("temporal", &names, &[]));
        Some(out)
    }
}

/// A value on one line, quoted wherever it is a text.
fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::List(list) => {
            format!("[{}]", list.iter().map(|n| flow(&n.value)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(pairs) => {
            let pair = |(key, value): &(Node, Node)| format!("{}: {}", flow(&key.value), flow(&value.value));
            format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Engine, EngineOptions, Observed, load};
    use serde_json::json;

    /// What is written out for a rule of old with this condition.
    fn written(condition: &str, timeframe: &str) -> Option<String> {
        let yaml = format!(
            "title: 'Old: \"rule\"'\nid: 00000000-0000-4000-8000-000000000001\nstatus: test\nlevel: high\ntags: [attack.t1110]\nlogsource: {{category: test, product: windows}}\ndetection:\n  sel:\n    K|contains: ['a\\b', \"c\\t'd\"]\n    N: 5\n  other: [{{X: null}}, {{Y: 1.5, Z: true}}]\n{timeframe}  condition: {condition}\n"
        );
        let loaded = load([("old.yml".to_owned(), yaml.into_bytes())]);
        assert_eq!((loaded.loaded, loaded.refused.len()), (0, 1), "{condition}");
        let refused = &loaded.refused[0];
        assert_eq!(refused.code, "SG-022", "{}", refused.message);
        refused.message.split_once("\n---\n").map(|(_, documents)| documents.to_owned())
    }

    #[test]
    fn what_takes_the_place_of_an_aggregation_is_written_out_and_loads() {
        for (condition, documents, kind) in [
            ("sel | count() > 5", 2, "type: event_count"),
            ("sel and not other | count() by User >= 5", 2, "- \"User\""),
            ("sel | count(User) by Ip, Host <= 5", 2, "field: \"User\""),
            ("sel | sum(Bytes) by Ip > 1.5", 2, "type: value_sum"),
            ("sel | avg(Bytes) > 5", 2, "type: value_avg"),
            ("sel | min(Bytes) by Ip < 5", 2, "percentile: 0"),
            ("sel | max(Bytes) by Ip != 5", 2, "percentile: 100"),
            ("sel | near other", 3, "type: temporal"),
            ("1 of them | near other and sel", 4, "type: temporal"),
        ] {
            let text = written(condition, "  timeframe: 5m\n").expect(condition);
            assert!(text.contains(kind) && text.contains("timespan: 5m"), "{text}");
            let loaded = load([("new.yml".to_owned(), text.clone().into_bytes())]);
            assert_eq!(loaded.loaded, documents, "{condition}: {:?}\n{text}", loaded.refused);
        }
        assert!(written("sel | count() > 5", "").expect("written").contains("timespan: 1h #"));
        for condition in ["sel | near other and not sel", "sel | count() by", "sel | what(x) > 1"] {
            assert_eq!(written(condition, ""), None, "{condition}");
        }
    }

    #[test]
    fn what_is_written_out_counts_what_the_old_rule_counted() {
        let text = written("sel | count() by User > 1", "  timeframe: 5m\n").expect("written");
        let rules = load([("new.yml".to_owned(), text.into_bytes())]).rules;
        let mut engine = Engine::new(rules, EngineOptions { ignore_logsource: true });
        let mut told = vec![];
        for (seq, (second, key, user)) in (0..).zip([
            (0, "a\\b", "u"),
            (10, "c\t'd", "u"),
            (20, "a\\b", "v"),
            (400, "a\\b", "v"),
            (410, "no", "v"),
        ]) {
            let event = json!({"K": key, "N": 5, "User": user});
            let fields = event.as_object().expect("an object");
            let happened = jiff::Timestamp::from_second(second).expect("a time");
            let class = crate::classify("ndjson", fields);
            told.extend(engine.observe(&Observed { fields, happened, class: &class, seq }));
        }
        assert_eq!(told.iter().map(|h| &h.seqs[..]).collect::<Vec<_>>(), [[0, 1]]);
    }
}
