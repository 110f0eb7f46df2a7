//! Log sources: every one that rules name is known, and events of every form reach their rules under the rules' names.

use super::corpora::{corpora, rules_below};
use serde_json::{Value, json};
use sigma::{Engine, EngineOptions, LogSource, Observed, Sources, classify, classify_with, load};
use std::collections::{BTreeMap, BTreeSet};

fn source(text: &str) -> LogSource {
    let part = |n: usize| text.split('/').nth(n).filter(|p| !p.is_empty()).map(str::to_owned);
    LogSource { product: part(0), category: part(1), service: part(2) }
}

/// Whether an event of a format is offered to rules of a log source, `product/category/service`.
fn check(format: &str, event: &Value, to: &str, want: bool) {
    let class = classify(format, event.as_object().expect("an object"));
    assert_eq!(class.admits(&source(to)), want, "{format} {event} ({}) for {to}", class.form());
}

#[test]
fn every_log_source_of_the_public_rules_is_known_or_listed_as_unknown_with_a_reason() {
    let Some(sigma) = corpora() else { return };
    let mut files = vec![];
    for folder in std::fs::read_dir(&sigma).expect("a folder").map(|e| e.expect("an entry").path()) {
        if folder.file_name().is_some_and(|n| n.to_string_lossy().starts_with("rules")) {
            rules_below(&folder, &mut files);
        }
    }
    let loaded = load(files);
    let named: BTreeSet<&LogSource> = loaded.rules.iter().map(|r| &r.logsource).collect();
    assert!(named.len() > 100, "{}", named.len());
    let unknown: Vec<_> = named.iter().filter(|s| Sources::known().meant(s).is_empty()).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn every_log_source_of_the_taxonomy_is_known() {
    let Some(sigma) = corpora() else { return };
    let text =
        std::fs::read_to_string(sigma.join("specification/sigma-appendix-taxonomy.md")).expect("there");
    let (mut seen, mut unknown) = (0, vec![]);
    for cell in text.lines().flat_map(|line| line.split('|')).map(str::trim) {
        let mut parts = BTreeMap::new();
        for (key, value) in cell.split("<br>").filter_map(|p| p.split_once(':')) {
            parts.insert(key.trim(), value.trim().to_lowercase());
        }
        let is_source =
            !parts.is_empty() && parts.keys().all(|k| ["product", "category", "service"].contains(k));
        if is_source {
            let part = |k: &str| parts.get(k).cloned();
            let source =
                LogSource { product: part("product"), category: part("category"), service: part("service") };
            unknown.extend(Sources::known().meant(&source).is_empty().then_some(source));
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn every_source_says_where_its_events_come_from_and_every_file_what_it_stands_on() {
    let known = Sources::known();
    let cited: BTreeSet<&str> = known.citations().map(|(_, _, file)| file).collect();
    for source in known.list() {
        assert!(cited.contains(source.file), "{} is not cited", source.file);
        assert_ne!(source.events.is_empty(), source.unknown.is_none(), "{}", source.name());
    }
    let mut names = BTreeSet::new();
    for source in known.list().iter().filter(|s| s.unknown.is_none()) {
        assert!(
            names.insert((source.name(), source.file)),
            "{} stands twice in {}",
            source.name(),
            source.file
        );
    }
}

#[test]
fn events_of_every_form_are_offered_to_rules_of_their_sources_and_to_no_others() {
    let winlog = json!({"winlog": {"channel": "Microsoft-Windows-Sysmon/Operational", "event_id": "1"}});
    check("ndjson", &winlog, "windows/process_creation", true);
    check("ndjson", &winlog, "windows/image_load", false);
    check("ndjson", &winlog, "windows//sysmon", true);
    let dumped = json!({"Event": {"System": {"Channel": "Security", "EventID": {"#text": 4688}}}});
    check("json", &dumped, "windows/process_creation", true);
    check("json", &dumped, "windows//security", true);
    check("json", &dumped, "linux/process_creation", false);
    let linux = json!({"Provider_Name": "Linux-Sysmon", "EventID": "1", "Image": "/bin/sh"});
    check("ndjson", &linux, "linux/process_creation", true);
    check("ndjson", &linux, "linux/file_event", false);
    check("ndjson", &linux, "windows/process_creation", false);
    check("ndjson", &json!({"type": "EXECVE", "msg": "audit(1.2:3):"}), "linux//auditd", true);
    check("syslog", &json!({"program": "%SEC_LOGIN-5-LOGIN_SUCCESS"}), "cisco//aaa", true);
    check("syslog", &json!({"program": "rpd"}), "juniper//bgp", true);
    check("syslog", &json!({"program": "rpd"}), "linux//sshd", false);
    check("syslog", &json!({"message": "no program"}), "linux//sshd", true);
    check("syslog", &json!({"program": "/usr/sbin/CRON(pam)", "facility": "cron"}), "linux//cron", true);
    check("syslog", &json!({"program": "own-tool"}), "linux//own-tool", true);
    check("syslog", &json!({"program": "own-tool", "facility": "authpriv"}), "linux//auth", true);
    check("zeek", &json!({"_path": "own_log"}), "zeek//own_log", true);
    check("zeek", &json!({"_path": "own_log"}), "zeek//dns", false);
    check("zeek", &json!({"_path": "http"}), "/proxy", true);
    check("zeek", &json!({"_path": "http"}), "/firewall", false);
    check("evtx", &json!({"Channel": "My-Own/Log", "EventID": "1"}), "windows//my-own", true);
    check("evtx", &json!({"Channel": "My-Own/Log", "EventID": "1"}), "windows//security", false);
    let azure = json!({"time": "t", "category": "SignInLogs", "operationName": "o", "resourceId": "/t"});
    check("ndjson", &azure, "azure//signinlogs", true);
    check("ndjson", &azure, "azure//auditlogs", false);
    let m365 = json!({"Workload": "Exchange", "Operation": "New-InboxRule", "CreationTime": "t"});
    check("ndjson", &m365, "m365//audit", true);
    check("ndjson", &m365, "m365//threat_management", false);
    let gcp = json!({"logName": "l", "protoPayload": {"serviceName": "login.googleapis.com"}});
    check("ndjson", &gcp, "gcp//google_workspace.login", true);
    check("ndjson", &gcp, "gcp//google_workspace.admin", false);
    check("ndjson", &gcp, "gcp//gcp.audit", true);
    check(
        "ndjson",
        &json!({"eventType": "user.session.start", "published": "t", "uuid": "u"}),
        "okta//okta",
        true,
    );
    check("ndjson", &json!({"event_type_id": 5, "account_id": 1}), "onelogin//onelogin.events", true);
    let kubernetes = json!({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "verb": "get"});
    check("ndjson", &kubernetes, "kubernetes/application/audit", true);
    check("ndjson", &kubernetes, "kubernetes//audit", true);
    check("ndjson", &json!({"devid": "F", "logid": "1", "type": "event"}), "fortigate//event", true);
    check("ndjson", &json!({"devid": "F", "logid": "1", "type": "traffic"}), "fortigate//event", false);
    let access = json!({"method": "GET", "path": "/", "status": "200", "protocol": "HTTP/1.1"});
    check("text", &access, "/webserver", true);
    check("text", &access, "nginx/webserver", true);
    check("text", &access, "windows/process_creation", false);
    check("ndjson", &json!({"EventLog": "RPCFW", "EventID": 3}), "rpc_firewall/application", true);
    check("ndjson", &json!({"anything": 1}), "macos/process_creation", true);
    check("cloudtrail", &json!({}), "aws//cloudtrail", true);
}

#[test]
fn rules_find_fields_under_the_names_that_each_form_gives_them() {
    let rule = |source: &str, field: &str| {
        format!(
            "title: t\nid: r\nlogsource: {{{source}}}\ndetection:\n  s: {{\"{field}\": hit}}\n  condition: s\n"
        )
    };
    let creation = "category: process_creation, product: windows";
    let sysmon = "Microsoft-Windows-Sysmon/Operational";
    for (source, field, format, event) in [
        (
            creation,
            "Image",
            "ndjson",
            json!({"winlog": {"channel": sysmon, "event_id": 1, "event_data": {"Image": "hit"}}}),
        ),
        (
            creation,
            "Image",
            "ndjson",
            json!({"winlog": {"channel": "Security", "event_id": 4688, "event_data": {"NewProcessName": "hit"}}}),
        ),
        (
            creation,
            "Image",
            "ndjson",
            json!({"Channel": "Security", "EventID": 4688, "NewProcessName": "hit"}),
        ),
        (creation, "Provider_Name", "ndjson", json!({"Channel": sysmon, "EventID": 1, "SourceName": "hit"})),
        (
            creation,
            "Image",
            "json",
            json!({"Event": {"System": {"Channel": sysmon, "EventID": 1}, "EventData": {"Image": "hit"}}}),
        ),
        (
            creation,
            "Provider_Name",
            "json",
            json!({"Event": {"System": {"Channel": sysmon, "EventID": 1, "Provider": {"#attributes": {"Name": "hit"}}}}}),
        ),
        ("category: proxy", "c-uri", "zeek", json!({"_path": "http", "uri": "hit"})),
        (
            "category: webserver",
            "cs-uri-query",
            "text",
            json!({"method": "GET", "path": "hit", "status": "1", "protocol": "H"}),
        ),
        (
            "product: gcp, service: gcp.audit",
            "gcp.audit.method_name",
            "ndjson",
            json!({"logName": "l", "protoPayload": {"serviceName": "x", "methodName": "hit"}}),
        ),
        (
            "product: azure, service: auditlogs",
            "LoggedByService",
            "ndjson",
            json!({"time": "t", "category": "AuditLogs", "operationName": "o", "resourceId": "/", "properties": {"loggedByService": "hit"}}),
        ),
        (
            "product: m365, service: threat_management",
            "eventName",
            "ndjson",
            json!({"Workload": "SecurityComplianceCenter", "Operation": "AlertTriggered", "CreationTime": "t", "Name": "hit"}),
        ),
        (
            "product: okta, service: okta",
            "actor.alternateId",
            "ndjson",
            json!({"event": {"dataset": "okta.system"}, "okta": {"actor": {"alternate_id": "hit"}}}),
        ),
        (
            "product: macos, category: process_creation",
            "Image",
            "ndjson",
            json!({"event_type": 9, "schema_version": 1, "process": {"executable": {"path": "/p"}}, "event": {"exec": {"target": {"executable": {"path": "hit"}}}}}),
        ),
    ] {
        let loaded = load([("r.yml".to_owned(), rule(source, field).into_bytes())]);
        assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
        let mut engine = Engine::new(loaded.rules, EngineOptions::default());
        let fields = event.as_object().expect("an object");
        let class = classify(format, fields);
        let seen = Observed { fields, happened: jiff::Timestamp::UNIX_EPOCH, class: &class, seq: 0 };
        assert_eq!(engine.observe(&seen).len(), 1, "{field} of {source} in {event} ({})", class.form());
    }
}

#[test]
fn a_class_is_the_same_whether_the_event_is_a_tree_or_asked_field_by_field() {
    let event = json!({"Channel": "Security", "EventID": "4688", "a": 1});
    let fields = event.as_object().expect("an object");
    let with = classify_with("ndjson", |name| Some(fields.get(name)?.as_str()?.into()));
    assert_eq!(with, classify("ndjson", fields));
    let asked = Sources::known().asked();
    assert!(["Channel", "EventID", "winlog.channel", "_path", "program"].iter().all(|n| asked.contains(n)));
}

#[test]
fn a_file_of_ones_own_adds_a_form_and_its_sources() {
    let text = "product = \"shop\"\n[[cite]]\ndocument = \"Our own till\"\nsection = \"log\"\n[[form]]\nname = \"Till\"\nhas = [\"till\"]\nkeys = { kind = \"kind\" }\nfields = { \"*\" = \"body.*\" }\n[[source]]\nservice = \"till\"\nfrom = [{ kind = \"sale\" }]\n";
    let sources = Sources::read(&[("till.toml".to_owned(), text.to_owned())]).expect("right");
    let lookup = |name: &str| match name {
        "till" => Some("7".into()),
        "kind" => Some("Sale".into()),
        _ => None,
    };
    let class = sources.classify("ndjson", lookup);
    assert!(class.admits(&source("shop//till")) && !class.admits(&source("shop//other")), "{class:?}");
    assert_eq!(class.other_names("amount").collect::<Vec<_>>(), ["body.amount"]);
    assert_eq!(sources.of_class(&class).iter().map(|s| s.name()).collect::<Vec<_>>(), ["shop/*/till"]);
}

#[test]
fn the_page_names_every_form_source_and_reason() {
    let page = include_str!("../../../docs/log-sources.md");
    for source in Sources::known().list() {
        assert!(page.contains(&format!("`{}`", source.name())), "{} is not on the page", source.name());
        assert!(
            source.unknown.is_none_or(|why| page.contains(why)),
            "the page gives another reason for {}",
            source.name()
        );
    }
    for (document, section, file) in Sources::known().citations() {
        assert!(page.contains(&format!("{document} ({section})")) && page.contains(file), "{document}");
    }
    let example = page.split("```toml").nth(1).and_then(|t| t.split("```").next()).expect("an example");
    Sources::read(&[("example.toml".to_owned(), example.to_owned())])
        .expect("the page's own example is right");
}

#[test]
fn where_log_sources_are_ignored_every_event_is_offered_to_every_rule() {
    let yaml =
        "title: t\nid: r\nlogsource: {product: linux, service: sshd}\ndetection: {s: {x: 1}, condition: s}\n";
    let event = json!({"Channel": "Security", "EventID": 4624, "x": 1});
    let fields = event.as_object().expect("an object");
    let class = classify("ndjson", fields);
    for (ignore_logsource, hits) in [(false, 0), (true, 1)] {
        let rules = load([("r.yml".to_owned(), yaml.into())]).rules;
        let mut engine = Engine::new(rules, EngineOptions { ignore_logsource });
        let seen = Observed { fields, happened: jiff::Timestamp::UNIX_EPOCH, class: &class, seq: 0 };
        assert_eq!(engine.observe(&seen).len(), hits);
    }
}

/// One engine meets events of one form that name different services, or none: none is taken for another's, whichever
/// came first.
#[test]
fn events_that_name_other_services_do_not_share_their_rules() {
    let rule = |service: &str| {
        format!(
            "title: {service}\nid: {service}\nlogsource: {{product: linux, service: {service}}}\ndetection: {{s: {{x: 1}}, condition: s}}\n"
        )
    };
    let all = ["sshd", "cron", "own-tool", "other-tool"];
    let rules = load([("r.yml".to_owned(), all.map(rule).join("---\n").into_bytes())]);
    let events: [(Value, &[&str]); 7] = [
        (json!({"x": 1, "program": "sshd"}), &["sshd"]),
        (json!({"x": 1, "program": "cron"}), &["cron"]),
        (json!({"x": 1, "program": "nothing-known"}), &[]),
        (json!({"x": 1, "program": "own-tool"}), &["own-tool"]),
        (json!({"x": 1, "program": "other-tool"}), &["other-tool"]),
        // The name of the service that every message belongs to is a name all the same.
        (json!({"x": 1, "program": "syslog"}), &[]),
        (json!({"x": 1}), &all),
    ];
    for first in 0..events.len() {
        let mut engine = Engine::new(rules.rules.clone(), EngineOptions::default());
        let mut later = events.clone();
        later.rotate_left(first);
        for (event, want) in later.iter().chain(&later) {
            let fields = event.as_object().expect("an object");
            let class = classify("syslog", fields);
            let seen = Observed { fields, happened: jiff::Timestamp::UNIX_EPOCH, class: &class, seq: 0 };
            let hits = engine.observe(&seen);
            let ids: Vec<&str> =
                hits.iter().map(|h| engine.rules().get(h.rule).expect("a rule").id.as_str()).collect();
            assert_eq!(&ids, want, "{event}");
        }
    }
}
