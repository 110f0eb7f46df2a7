//! Domains as their owners set them up, and as they set traps.

use super::*;
use std::collections::BTreeMap;

/// Answers from memory: a name that is not in it was not asked, one without records does not exist.
#[derive(Default)]
struct Memory(BTreeMap<String, Vec<String>>, Vec<String>);

impl Memory {
    fn of(records: &[(&str, &str)]) -> Self {
        let mut memory = Self::default();
        for (name, text) in records {
            let all = memory.0.entry((*name).to_owned()).or_default();
            if !text.is_empty() {
                all.push((*text).to_owned());
            }
            memory.1.extend(name.split_once("._domainkey.").map(|(selector, _)| selector.to_owned()));
        }
        memory
    }
}

impl Resolver for Memory {
    fn txt(&self, name: &str) -> Answer<String> {
        match self.0.get(name) {
            None => Answer::NotSaid,
            Some(all) if all.is_empty() => Answer::Absent,
            Some(all) => Answer::Found(all.clone()),
        }
    }
    fn mx(&self, _: &str) -> Answer<String> {
        Answer::NotSaid
    }
    fn selectors(&self, _: &str) -> (Vec<String>, bool) {
        (self.1.clone(), false)
    }
    fn mta_sts_policy(&self, domain: &str) -> Option<String> {
        self.0.get(&format!("policy {domain}")).map(|p| p.join(" "))
    }
}

fn check(records: &[(&str, &str)], domain: &str, columns: &[&str], want: &str) {
    let (row, _) = judge(domain, &Memory::of(records));
    let show = |column: &&str| match row.cell(column) {
        Some(crate::Cell::Text(text)) => text.clone(),
        Some(crate::Cell::Number(n)) => n.to_string(),
        _ => "null".into(),
    };
    assert_eq!(columns.iter().map(show).collect::<Vec<_>>().join(" "), want, "{records:?}");
}

#[test]
fn what_nobody_said_is_null_and_what_is_proven_absent_is_not() {
    let columns = [
        "spf_records",
        "dmarc_policy",
        "dkim_selectors",
        "dkim_bits",
        "mta_sts",
        "tls_rpt",
        "starttls",
        "sends",
    ];
    check(&[], "a.example", &columns, "null null null null null null null null");
    let absent = [
        ("a.example", ""),
        ("_dmarc.a.example", ""),
        ("_mta-sts.a.example", ""),
        ("_smtp._tls.a.example", ""),
    ];
    check(&absent, "a.example", &columns, "0 absent null null absent 0 null null");
}

#[test]
fn spf_look_ups_are_counted_through_includes_and_redirects() {
    let columns = ["spf_records", "spf_all", "spf_lookups", "sends"];
    let spf = |text| {
        [
            ("a.example", text),
            ("b.example", "v=spf1 a mx ~all"),
            ("c.example", "v=spf1 include:b.example exists:x.example -all"),
        ]
    };
    check(&spf("v=spf1 -all"), "a.example", &columns, "1 -all 0 0");
    check(&spf("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 a/24 -all"), "a.example", &columns, "1 -all 1 1");
    check(&spf("v=spf1 include:b.example all"), "a.example", &columns, "1 +all 3 1");
    check(&spf("V=SPF1 INCLUDE:c.example ?ALL"), "a.example", &columns, "1 ?all 5 1");
    check(&spf("v=spf1 redirect=c.example"), "a.example", &columns, "1 -all 5 1");
    check(&spf("v=spf1 redirect=c.example -all"), "a.example", &columns, "1 -all 0 1");
    check(&spf("v=spf1 mx"), "a.example", &columns, "1 ?all 1 1");
    check(&spf("v=spf1 include:nobody.example -all"), "a.example", &columns, "1 -all null 1");
    check(&spf("v=spf10 -all"), "a.example", &columns, "0 null null null");
    let mut two = spf("v=spf1 -all").to_vec();
    two.push(("a.example", "v=spf1 mx -all"));
    check(&two, "a.example", &columns, "2 null null null");
}

#[test]
fn loops_and_trees_of_includes_end() {
    let columns = ["spf_lookups", "spf_all"];
    check(&[("a.example", "v=spf1 include:a.example -all")], "a.example", &columns, "100 -all");
    check(&[("a.example", "v=spf1 redirect=a.example")], "a.example", &columns, "100 null");
    let wide = format!("v=spf1 {} -all", "include:a.example ".repeat(200));
    check(&[("a.example", &wide)], "a.example", &columns, "100 -all");
    let eleven = format!("v=spf1 {} include:nobody.example -all", "a ".repeat(11));
    check(&[("a.example", &eleven)], "a.example", &columns, "12 -all");
}

#[test]
fn the_policy_in_force_is_found() {
    let columns = ["dmarc_policy", "dmarc_subdomain_policy", "dmarc_rua"];
    let own = |text| [("_dmarc.a.example", text)];
    check(
        &own("v=DMARC1; p=reject; rua=mailto:d@a.example"),
        "a.example",
        &columns,
        "reject reject mailto:d@a.example",
    );
    check(&own("v=DMARC1;p=Reject;sp=none"), "a.example", &columns, "reject none null");
    check(&own("v=DMARC1; p=reject; pct=20"), "a.example", &columns, "quarantine quarantine null");
    check(&own("v=DMARC1; p=reject; t=y"), "a.example", &columns, "quarantine quarantine null");
    check(&own("v=DMARC1; p=bogus; rua=mailto:x"), "a.example", &columns, "none none mailto:x");
    let climbed = [("_dmarc.b.a.example", ""), ("_dmarc.a.example", "v=DMARC1; p=reject; sp=quarantine")];
    check(&climbed, "b.a.example", &columns, "quarantine quarantine null");
    check(&climbed[..1], "b.a.example", &columns, "null null null");
    let two = [("_dmarc.a.example", "v=DMARC1; p=reject"), ("_dmarc.a.example", "v=DMARC1; p=none")];
    check(&two, "a.example", &columns, "absent absent null");
}

#[test]
fn the_weakest_key_is_measured_and_revoked_ones_do_not_count() {
    let columns = ["dkim_selectors", "dkim_bits"];
    let (long, short) =
        (format!("v=DKIM1; k=rsa; p={}", dkim::made(2048)), format!("p={}", dkim::made(1024)));
    check(&[("s1._domainkey.a.example", &long)], "a.example", &columns, "1 2048");
    check(
        &[("s1._domainkey.a.example", &long), ("s2._domainkey.a.example", &short)],
        "a.example",
        &columns,
        "2 1024",
    );
    check(&[("s1._domainkey.a.example", "v=DKIM1; p=")], "a.example", &columns, "null null");
    check(&[("s1._domainkey.a.example", "v=DKIM1; p=AAAA")], "a.example", &columns, "null null");
    let ed = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    check(&[("s1._domainkey.a.example", ed)], "a.example", &columns, "1 null");
}

#[test]
fn mta_sts_counts_only_with_its_policy() {
    let record = ("_mta-sts.a.example", "v=STSv1; id=20261101");
    check(&[record], "a.example", &["mta_sts"], "null");
    let policy = ("policy a.example", "version: STSv1 mode: enforce mx: mx.a.example max_age: 604800");
    check(&[record, policy], "a.example", &["mta_sts"], "enforce");
    check(&[policy], "a.example", &["mta_sts"], "null");
    check(&[("_smtp._tls.a.example", "v=TLSRPTv1; rua=mailto:t@a.example")], "a.example", &["tls_rpt"], "1");
}
