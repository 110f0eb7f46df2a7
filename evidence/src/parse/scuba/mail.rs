//! What ScubaGear's look-ups found in DNS about the tenant's mail domains. A domain that the tenant takes mail for and that
//! nobody looked up is a domain too: nothing is known of it.

use super::super::pages::{CELL_BYTES, Entry};
use crate::dns::with_policy;
use crate::document::Document;
use crate::row::Row;
use crate::text;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Default)]
struct Domain {
    spf: Option<Vec<String>>,
    dkim: Option<Vec<String>>,
    dmarc: Option<Vec<String>>,
    bits: Option<i64>,
}

/// One row for each domain that was looked up.
pub(super) fn read(export: Entry<'_>, document: &mut Document) {
    let mut domains: BTreeMap<String, Domain> = BTreeMap::new();
    for section in ["spf_records", "dkim_records", "dmarc_records"] {
        for (at, value) in export.list(section).iter().enumerate() {
            match Entry::of(value).and_then(looked_up) {
                Err(why) => document.defect(format!("{section}, entry {}: {why}", at + 1)),
                Ok((name, records)) => {
                    let domain = domains.entry(name).or_default();
                    match section {
                        "spf_records" => domain.spf = records,
                        "dkim_records" => domain.dkim = records,
                        _ => domain.dmarc = records,
                    }
                }
            }
        }
    }
    for value in export.list("dkim_config") {
        let Ok(config) = Entry::of(value) else { continue };
        let sizes = [config.number("Selector1KeySize"), config.number("Selector2KeySize")];
        let weakest = sizes.into_iter().filter_map(|s| s.ok().flatten()).filter(|s| *s > 0).min();
        if let Ok(Some(domain)) = config.name("Domain").map(|name| name.and_then(|n| domains.get_mut(&n))) {
            domain.bits = weakest;
        }
    }
    for value in export.list("accepted_domains") {
        if let Ok(Some(name)) = Entry::of(value).and_then(|accepted| accepted.name("DomainName")) {
            domains.entry(name).or_default();
        }
    }
    let mut odd = vec![];
    for (name, domain) in domains {
        document.push(row(&name, &domain, &mut odd));
    }
    odd.into_iter().for_each(|why| document.remark(why));
}

/// The records of one look-up, or nothing where no server answered.
fn looked_up(entry: Entry<'_>) -> Result<(String, Option<Vec<String>>), String> {
    let name = text::name(entry.needed("domain")?);
    let records: Vec<String> =
        entry.list("rdata").iter().filter_map(Value::as_str).map(|r| r.trim().to_owned()).collect();
    if records.iter().any(|r| r.len() > CELL_BYTES) {
        return Err(format!("a record is longer than {CELL_BYTES} bytes"));
    }
    let answered = |log: &Value| {
        let said = log.get("query_result").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
        said.contains("returned")
    };
    let known = !records.is_empty() || entry.list("log").iter().any(answered);
    Ok((name, known.then_some(records)))
}

fn row(name: &str, domain: &Domain, odd: &mut Vec<String>) -> Row {
    let starts = |record: &String, word: &str| {
        record.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    let mut row = Row::of("mail_domain").with("domain", name);
    if let Some(records) = &domain.spf {
        let spf: Vec<&String> = records.iter().filter(|r| starts(r, "v=spf1")).collect();
        let all = spf.first().and_then(|r| r.split_whitespace().last());
        let all = all.map(str::to_ascii_lowercase).map(|w| if w == "all" { "+all".into() } else { w });
        row = row
            .with("spf", spf.first().map(|r| r.as_str()))
            .with("spf_records", spf.len() as u64)
            .with("spf_all", all.filter(|w| w.ends_with("all") && w.len() == 4));
    }
    if let Some(records) = &domain.dkim {
        let keys = records.iter().filter(|r| r.contains("p=") && !r.contains("p=;")).count();
        row = row.with("dkim_selectors", keys as u64).with("dkim_bits", domain.bits.filter(|_| keys > 0));
    }
    if let Some(records) = &domain.dmarc {
        let dmarc: Vec<&String> = records.iter().filter(|r| starts(r, "v=DMARC1")).collect();
        row = match dmarc.as_slice() {
            [] => row,
            [single] => with_policy(row, single, false, name, odd),
            // RFC 7489 §6.6.3: receivers apply no policy where there are several records.
            several => {
                odd.push(format!("`_dmarc.{name}` has {} DMARC records: none is in force", several.len()));
                row.with("dmarc_policy", "absent").with("dmarc_subdomain_policy", "absent")
            }
        };
    }
    row
}
