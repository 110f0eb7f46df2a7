//! Rules of packet filters, brought to one form: who may reach what, and whether that lets anybody in.

pub(super) mod iptables;
pub(super) mod nftables;

use crate::document::Document;
use crate::row::Row;
use std::collections::BTreeSet;

/// A rule, as far as it matters who may reach what.
#[derive(Debug, Default)]
struct Rule {
    id: String,
    chain: String,
    from_zone: Option<String>,
    to_zone: Option<String>,
    source: Option<String>,
    destination: Option<String>,
    port: Option<String>,
    protocol: Option<String>,
    verdict: String,
    reason: Option<String>,
    /// Whether packets from other hosts come through its chain; not said where another chain must jump there.
    from_outside: Option<bool>,
    /// Whether it holds only for answers of connections that already are.
    answers_only: bool,
    /// Whether it asks for something that is not understood here.
    other_terms: bool,
}

impl Rule {
    /// Whether it lets anybody from outside in; null where that hangs on what the rule set does not say, such as which
    /// interface is the outer one.
    fn lets_anybody_in(&self) -> Option<bool> {
        let anybody = self.source.as_deref().is_none_or(is_anybody);
        let lets_in = self.verdict == "accept" || self.verdict == "dnat";
        let inner = self.from_zone.as_deref() == Some("lo");
        if !lets_in || !anybody || inner || self.answers_only || self.from_outside == Some(false) {
            // A source that excludes a few is nearly anybody: not said.
            let excludes = self.source.as_deref().is_some_and(|s| s.starts_with("not "));
            return if lets_in && excludes && !inner && !self.answers_only { None } else { Some(false) };
        }
        if self.from_zone.is_some() || self.other_terms { None } else { self.from_outside }
    }

    fn row(self, device: &str) -> Row {
        let from_any = self.lets_anybody_in();
        Row::of("rule")
            .with("id", self.id)
            .with("device", device)
            .with("chain", self.chain)
            .with("from_zone", self.from_zone)
            .with("to_zone", self.to_zone)
            .with("source", self.source.unwrap_or_else(|| "any".into()))
            .with("destination", self.destination.unwrap_or_else(|| "any".into()))
            .with("port", self.port)
            .with("protocol", self.protocol.unwrap_or_else(|| "any".into()))
            .with("verdict", self.verdict)
            .with("enabled", true)
            .with("from_any", from_any)
            .with("reason", self.reason)
    }
}

fn is_anybody(source: &str) -> bool {
    matches!(source, "any" | "0.0.0.0/0" | "::/0")
}

/// The file's name without folder and endings: rule sets do not say of which device they are.
fn device(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.split('.').next().unwrap_or(file).to_lowercase()
}

/// Adds the rules, and a zone for every interface that they name.
fn fill(rules: Vec<Rule>, name: &str, document: &mut Document) {
    let device = device(name);
    let mut zones = BTreeSet::new();
    for rule in rules {
        let named = [rule.from_zone.clone(), rule.to_zone.clone()];
        zones.extend(named.into_iter().flatten().filter(|z| !z.starts_with("not ")));
        document.push(rule.row(&device));
    }
    for zone in zones {
        document.push(Row::of("zone").with("name", zone).with("device", device.as_str()));
    }
    document.scope = Some(device).filter(|d| !d.is_empty());
}
