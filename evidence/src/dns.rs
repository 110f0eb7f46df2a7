//! What the world can ask about a mail domain: one judgement over the answers of any resolver. No sockets here; a
//! zone file and saved answers are resolvers too.

mod dkim;
mod spf;

use crate::row::Row;
use crate::text;

/// What a resolver knows about one name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// There are such records.
    Found(Vec<T>),
    /// It is proven that there are none: NXDOMAIN, an empty answer, or a zone that has the name and lists none.
    Absent,
    /// Nobody said: not asked, timeout, SERVFAIL.
    NotSaid,
}

/// Somebody who answers questions about names. Names are in lower case without the last dot.
pub trait Resolver {
    /// TXT records, the strings of each joined.
    fn txt(&self, name: &str) -> Answer<String>;
    /// Mail servers in the order of their preference; the null MX (RFC 7505) is an empty name.
    fn mx(&self, name: &str) -> Answer<String>;
    /// The selectors below `_domainkey` that are worth asking, and whether there can be no others.
    fn selectors(&self, domain: &str) -> (Vec<String>, bool);
    /// The MTA-STS policy (RFC 8461), if somebody fetched it.
    fn mta_sts_policy(&self, domain: &str) -> Option<String>;
}

/// Labels that a search for a DMARC record may climb (RFC 9989 asks eight).
const CLIMB_LIMIT: usize = 8;

/// One `mail_domain` row, and what was odd. What the resolver does not say stays null.
#[must_use]
pub fn judge(domain: &str, resolver: &dyn Resolver) -> (Row, Vec<String>) {
    let domain = text::name(domain).trim_end_matches('.').to_owned();
    let mut odd = vec![];
    let spf = spf::judge(&domain, resolver);
    let (row, spf_says_sends) = spf.fill(Row::of("mail_domain").with("domain", domain.as_str()));
    let row = dmarc(row, &domain, resolver, &mut odd);
    let row = dkim::fill(row, &domain, resolver, &mut odd);
    let row = mta_sts(row, &domain, resolver, &mut odd);
    let tls_rpt = match marked(&resolver.txt(&format!("_smtp._tls.{domain}")), "v=tlsrptv1") {
        Answer::Found(_) => Some(true),
        Answer::Absent => Some(false),
        Answer::NotSaid => None,
    };
    (row.with("sends", spf_says_sends).with("tls_rpt", tls_rpt), odd)
}

/// The records that begin with a version mark.
fn marked(answer: &Answer<String>, mark: &str) -> Answer<String> {
    let Answer::Found(all) = answer else { return answer.clone() };
    let is_marked = |record: &&String| {
        let lower = record.trim_start().to_ascii_lowercase();
        let lower: String = lower.split(';').next().unwrap_or("").split_whitespace().collect();
        lower == mark
    };
    let found: Vec<String> = all.iter().filter(is_marked).cloned().collect();
    if found.is_empty() { Answer::Absent } else { Answer::Found(found) }
}

/// A tag of a `tag=value; tag=value` record.
fn tag<'a>(record: &'a str, name: &str) -> Option<&'a str> {
    record.split(';').find_map(|part| {
        let (tag, value) = part.split_once('=')?;
        tag.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The policy in force: the domain's own record, else the nearest one above it, whose `sp` then holds.
fn dmarc(row: Row, domain: &str, resolver: &dyn Resolver, odd: &mut Vec<String>) -> Row {
    let absent = |row: Row| row.with("dmarc_policy", "absent").with("dmarc_subdomain_policy", "absent");
    let mut at = domain;
    for climbed in 0..CLIMB_LIMIT {
        match marked(&resolver.txt(&format!("_dmarc.{at}")), "v=dmarc1") {
            // RFC 7489 §6.6.3: where there are several, none is in force.
            Answer::Found(all) if all.len() > 1 => {
                odd.push(format!("`_dmarc.{at}` has {} DMARC records: none is in force", all.len()));
                return absent(row);
            }
            Answer::Found(all) => return with_policy(row, &all[0], climbed > 0, domain, odd),
            Answer::NotSaid => return row,
            Answer::Absent => {}
        }
        match at.split_once('.') {
            Some((_, above)) if above.contains('.') => at = above,
            _ => break,
        }
    }
    absent(row)
}

/// What one record puts in force.
pub(crate) fn with_policy(
    row: Row,
    record: &str,
    inherited: bool,
    domain: &str,
    odd: &mut Vec<String>,
) -> Row {
    let word = |value: Option<&str>| {
        let value = value.map(str::to_ascii_lowercase);
        value.filter(|v| matches!(v.as_str(), "none" | "quarantine" | "reject"))
    };
    // RFC 7489 §6.6.3: with `rua` and no usable policy, the policy is none.
    let policy = word(tag(record, "p")).unwrap_or_else(|| "none".into());
    let below = word(tag(record, "sp")).unwrap_or_else(|| policy.clone());
    let tested = tag(record, "t").is_some_and(|t| t.eq_ignore_ascii_case("y"));
    let percent = tag(record, "pct").and_then(|p| p.parse::<u8>().ok());
    if tested {
        odd.push(format!("`{domain}`: its DMARC policy is marked as a test and counts one step weaker"));
    }
    if percent.is_some_and(|p| p < 100) {
        odd.push(format!("`{domain}`: its DMARC policy holds for {} % of messages", percent.unwrap_or(0)));
    }
    // RFC 9989 `t=y`, and a part of the messages: who is not in it is treated one step weaker.
    let weaker = |policy: String| match policy.as_str() {
        _ if !tested && percent.is_none_or(|p| p >= 100) => policy,
        "reject" => "quarantine".into(),
        _ => "none".into(),
    };
    let (policy, below) = (weaker(policy), weaker(below));
    row.with("dmarc", record)
        .with("dmarc_policy", if inherited { below.clone() } else { policy })
        .with("dmarc_subdomain_policy", below)
        .with("dmarc_rua", tag(record, "rua"))
}

fn mta_sts(row: Row, domain: &str, resolver: &dyn Resolver, odd: &mut Vec<String>) -> Row {
    match marked(&resolver.txt(&format!("_mta-sts.{domain}")), "v=stsv1") {
        Answer::Found(_) => {}
        Answer::Absent => return row.with("mta_sts", "absent"),
        Answer::NotSaid => return row,
    }
    let Some(policy) = resolver.mta_sts_policy(domain) else { return row };
    let mode = policy.to_ascii_lowercase();
    let mode = mode.split("mode:").nth(1).and_then(|rest| rest.split_whitespace().next());
    match mode.filter(|m| matches!(*m, "enforce" | "testing" | "none")) {
        Some(mode) => row.with("mta_sts", mode),
        None => {
            odd.push(format!("`{domain}`: its MTA-STS policy names no mode"));
            row
        }
    }
}

#[cfg(test)]
mod tests;
