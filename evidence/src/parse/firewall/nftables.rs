//! nftables: what `nft -j list ruleset` prints (libnftables-json(5)).

use super::{Rule, fill};
use crate::document::Document;
use crate::parse::{Format, Hint, cut};
use crate::text;
use serde_json::Value;
use std::collections::BTreeMap;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "nftables",
    kind: "firewall-rules",
    about: "the rules of nftables: `nft -j list ruleset`",
    looks_like: |head, _| {
        let head = &head[..head.len().min(512)];
        head.trim_ascii_start().starts_with(b"{") && head.windows(10).any(|w| w == b"\"nftables\"")
    },
    read,
};

/// Names in sets that are written out; a longer set is named instead.
const SET_LIMIT: usize = 64;

/// What the rules refer to.
#[derive(Default)]
struct Known<'a> {
    /// Hook of base chains by family, table and name.
    hooks: BTreeMap<[&'a str; 3], &'a str>,
    /// Elements of sets by family, table and name.
    sets: BTreeMap<[&'a str; 3], String>,
}

fn read(raw: &[u8], name: &str, _hint: &Hint<'_>) -> Document {
    let json = match text::decode(raw).and_then(|text| cut::json(&text)) {
        Ok(json) => json,
        Err(why) => return Document::failed("nftables", "firewall-rules", why),
    };
    let Some(entries) = json.value.get("nftables").and_then(Value::as_array) else {
        return Document::failed("nftables", "firewall-rules", "holds no list `nftables`");
    };
    let mut document = Document::new("nftables", "firewall-rules");
    document.tool = Some("nft".into());
    if let Some(why) = json.cut {
        document.partial(why);
    }
    let meta = entries.iter().find_map(|entry| entry.get("metainfo"));
    document.tool_version = meta.and_then(|m| cut::text(m, "version")).map(str::to_owned);
    if meta.is_none() {
        document.partial("has no `metainfo`: it is not the whole answer of `nft`");
    }
    let known = known(entries);
    let mut rules = vec![];
    for (number, entry) in entries.iter().enumerate() {
        let made = match (entry.get("rule"), entry.get("chain")) {
            (Some(entry), _) => rule(entry, &known),
            (None, Some(chain)) => policy(chain).transpose(),
            (None, None) => continue,
        };
        match made.transpose() {
            Ok(rule) => rules.extend(rule),
            Err(why) => document.defect(format!("entry {}: {why}", number + 1)),
        }
    }
    fill(rules, name, &mut document);
    document
}

fn path<'a>(value: &'a Value, last: &str) -> Option<[&'a str; 3]> {
    Some([cut::text(value, "family")?, cut::text(value, "table")?, cut::text(value, last)?])
}

fn known(entries: &[Value]) -> Known<'_> {
    let mut known = Known::default();
    for entry in entries {
        if let Some((chain, hook)) =
            entry.get("chain").and_then(|c| Some((path(c, "name")?, cut::text(c, "hook")?)))
        {
            known.hooks.insert(chain, hook);
        }
        let set = entry.get("set").and_then(|s| Some((path(s, "name")?, s.get("elem")?)));
        if let Some((set, elements)) = set {
            known.sets.insert(set, shown(elements));
        }
    }
    known
}

/// The policy of a base chain: what happens to a packet that no rule spoke of.
fn policy(chain: &Value) -> Result<Option<Rule>, String> {
    let [family, table, name] = path(chain, "name").ok_or("a chain without family, table or name")?;
    let Some(verdict) = cut::text(chain, "policy") else { return Ok(None) };
    Ok(Some(Rule {
        id: format!("{family}/{table}/{name}/policy"),
        chain: format!("{table}/{name}"),
        verdict: verdict.to_lowercase(),
        from_outside: cut::text(chain, "hook").map(is_inward),
        reason: Some("policy of the chain".into()),
        ..Rule::default()
    }))
}

fn is_inward(hook: &str) -> bool {
    matches!(hook, "input" | "forward" | "prerouting" | "ingress")
}

type Made = Option<Result<Rule, String>>;

fn rule(entry: &Value, known: &Known<'_>) -> Made {
    let Some([family, table, chain]) = path(entry, "chain") else {
        return Some(Err("a rule without family, table or chain".into()));
    };
    let Some(terms) = entry.get("expr").and_then(Value::as_array) else {
        return Some(Err("a rule without `expr`".into()));
    };
    let handle = cut::number(entry, "handle").map_or_else(|| "?".into(), |n| n.to_string());
    let mut rule = Rule {
        id: format!("{family}/{table}/{chain}/{handle}"),
        chain: format!("{table}/{chain}"),
        from_outside: known.hooks.get(&[family, table, chain]).map(|hook| is_inward(hook)),
        reason: cut::text(entry, "comment").map(str::to_owned),
        ..Rule::default()
    };
    for term in terms.iter().filter_map(Value::as_object).filter_map(|term| term.iter().next()) {
        match (term.0.as_str(), term.1) {
            ("match", asked) => matched(asked, [family, table], known, &mut rule),
            (
                "accept" | "drop" | "reject" | "return" | "queue" | "dnat" | "snat" | "masquerade"
                | "redirect",
                _,
            ) => {
                rule.verdict = term.0.clone();
            }
            ("jump" | "goto", to) => {
                rule.verdict = format!("{} {}", term.0, cut::text(to, "target").unwrap_or("?"))
            }
            ("vmap", _) => {
                rule.verdict = "vmap".into();
                rule.other_terms = true;
            }
            ("counter" | "log" | "comment", _) => {}
            _ => rule.other_terms = true,
        }
    }
    // A rule that only counts or logs decides nothing.
    if rule.verdict.is_empty() {
        rule.verdict = "continue".into();
    }
    Some(Ok(rule))
}

fn matched(asked: &Value, [family, table]: [&str; 2], known: &Known<'_>, rule: &mut Rule) {
    let (left, right) =
        (asked.get("left").unwrap_or(&Value::Null), asked.get("right").unwrap_or(&Value::Null));
    let set = right.as_str().and_then(|s| s.strip_prefix('@'));
    let right = match set.map(|name| known.sets.get(&[family, table, name])) {
        Some(Some(elements)) => elements.clone(),
        _ => shown(right),
    };
    let right = if cut::text(asked, "op") == Some("!=") { format!("not {right}") } else { right };
    let payload = left
        .get("payload")
        .map(|p| (cut::text(p, "protocol").unwrap_or(""), cut::text(p, "field").unwrap_or("")));
    let meta = left.get("meta").and_then(|m| cut::text(m, "key"));
    match (payload, meta) {
        (Some((_, "saddr")), _) => rule.source = Some(right),
        (Some((_, "daddr")), _) => rule.destination = Some(right),
        (Some((protocol, "dport")), _) => {
            rule.port = Some(right);
            if matches!(protocol, "tcp" | "udp" | "sctp" | "dccp") {
                rule.protocol = Some(protocol.to_owned());
            }
        }
        (Some(("ip", "protocol") | ("ip6", "nexthdr")), _) | (_, Some("l4proto")) => {
            rule.protocol = Some(right)
        }
        (_, Some("iifname" | "iif")) => rule.from_zone = Some(right),
        (_, Some("oifname" | "oif")) => rule.to_zone = Some(right),
        (_, Some("nfproto")) => {}
        _ if left.get("ct").and_then(|c| cut::text(c, "key")) == Some("state") => {
            rule.answers_only = right.split([' ', ',']).all(|s| matches!(s, "established" | "related"));
            rule.other_terms |= !rule.answers_only && !right.contains("new");
        }
        _ => rule.other_terms = true,
    }
}

/// A value as people write it: `10.0.0.0/8`, `22`, `1024-65535`, several joined with commas.
fn shown(value: &Value) -> String {
    if let Some(prefix) = value.get("prefix") {
        let length = cut::number(prefix, "len").map_or_else(|| "?".into(), |n| n.to_string());
        return format!("{}/{length}", cut::text(prefix, "addr").unwrap_or("?"));
    }
    if let Some([from, to]) = value.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        return format!("{}-{}", plain(from), plain(to));
    }
    let many = value.get("set").or(Some(value)).and_then(Value::as_array);
    let Some(many) = many else {
        return value
            .get("elem")
            .map_or_else(|| plain(value), |e| e.get("val").map_or_else(|| plain(e), shown));
    };
    if many.len() > SET_LIMIT {
        return format!("{} elements", many.len());
    }
    many.iter().map(|one| if one.is_array() { plain(one) } else { shown(one) }).collect::<Vec<_>>().join(",")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Status;
    use crate::row::Cell;
    use proptest::prelude::*;

    const RULES: &str = r#"{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
 {"table": {"family": "inet", "name": "filter", "handle": 1}},
 {"set": {"family": "inet", "name": "office", "table": "filter", "type": "ipv4_addr", "handle": 3, "elem": [{"prefix": {"addr": "198.51.100.0", "len": 24}}, "203.0.113.9"]}},
 {"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
 {"chain": {"family": "inet", "table": "filter", "name": "extra", "handle": 2}},
 {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 4, "expr": [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
 {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 5, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"accept": null}]}},
 {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 6, "comment": "web", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [80, 443]}}}, {"counter": {"packets": 0, "bytes": 0}}, {"accept": null}]}},
 {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 7, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@office"}}, {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"range": [22, 23]}}}, {"accept": null}]}},
 {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 8, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "wan0"}}, {"match": {"op": "!=", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}, {"accept": null}]}},
 {"rule": {"family": "inet", "table": "filter", "chain": "extra", "handle": 9, "expr": [{"jump": {"target": "more"}}]}}]}
"#;

    fn take(text: &str) -> Document {
        read(text.as_bytes(), "in/FW-1.json", &Hint::default())
    }

    fn seen(document: &Document) -> Vec<String> {
        let columns = ["chain", "from_zone", "source", "port", "protocol", "verdict", "from_any"];
        let show = |cell: Option<&Cell>| match cell {
            Some(Cell::Text(text)) => text.clone(),
            Some(Cell::Number(n)) => n.to_string(),
            _ => "-".into(),
        };
        let rules = document.rows.iter().filter(|r| r.table().name == "rule");
        rules.map(|row| columns.map(|c| show(row.cell(c))).join(" ")).collect()
    }

    #[test]
    fn rules_are_read_with_who_may_come_in() {
        let document = take(RULES);
        assert_eq!(document.status, Status::Complete, "{:?}", document.defects);
        assert_eq!(
            (document.tool_version.as_deref(), document.scope.as_deref()),
            (Some("1.0.6"), Some("fw-1"))
        );
        assert_eq!(
            seen(&document),
            [
                "filter/input - any - any drop 0",
                "filter/input - any - any accept 0",
                "filter/input lo any - any accept 0",
                "filter/input - any 80,443 tcp accept 1",
                "filter/input - 198.51.100.0/24,203.0.113.9 22-23 tcp accept 0",
                "filter/input wan0 not 10.0.0.0/8 - any accept -",
                "filter/extra - any - any jump more 0",
            ]
        );
        assert_eq!(document.counts()["zone"], 2);
        let open = take(&RULES.replace("\"policy\": \"drop\"", "\"policy\": \"accept\""));
        assert_eq!(seen(&open)[0], "filter/input - any - any accept 1");
    }

    #[test]
    fn no_rules_is_an_answer_and_no_metainfo_is_half_of_one() {
        let none = take("{\"nftables\": [{\"metainfo\": {\"version\": \"1.1.0\"}}]}\n");
        assert_eq!((none.status, none.rows.len()), (Status::Complete, 0));
        assert_eq!(take("{\"nftables\": []}").status.as_str(), "partial");
        assert_eq!(take("{\"error\": \"denied\"}").status.as_str(), "failed");
        assert_eq!(take(&RULES.replace("\"handle\": 9, \"expr\"", "\"x\"")).status.as_str(), "partial");
    }

    #[test]
    fn a_cut_rule_set_is_partial_and_adds_nothing() {
        let whole = seen(&take(RULES));
        for at in 0..RULES.trim_end().len() {
            let document = take(&RULES[..at]);
            assert_ne!(document.status, Status::Complete, "cut at {at}");
            assert!(whole.starts_with(&seen(&document)), "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(?s).{0,200}", place in 0usize..2500) {
            let mut bent = RULES.to_owned();
            bent.insert_str(place.min(bent.len()), &text);
            let _ = (take(&text), take(&bent));
        }
    }
}
