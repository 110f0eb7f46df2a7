//! Answers of directories and clouds from the public corpora, recounted in the plainest way.

use evidence::{Cell, Document, Hint, Status, read};
use serde_json::Value;
use std::path::PathBuf;

/// The folder of real evidence, if it is there.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn corpora() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora"));
    let path = option_env!("BAILIWICK_CORPORA").map_or(beside, PathBuf::from);
    if !path.join("evidence").is_dir() {
        println!("skipped: no corpora at hand");
        return None;
    }
    Some(path.join("evidence"))
}

fn taken(path: &PathBuf) -> (Vec<u8>, Document) {
    let raw = std::fs::read(path).expect("it is there");
    let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
    let document = read(&raw, &name, &Hint::default());
    (raw, document)
}

fn json(raw: &[u8]) -> Value {
    serde_json::from_slice(raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw)).expect("JSON")
}

fn truths(document: &Document, table: &str, column: &str) -> usize {
    let rows = document.rows.iter().filter(|r| r.table().name == table);
    rows.filter(|r| r.cell(column) == Some(&Cell::Number(1))).count()
}

#[test]
fn every_entry_of_every_graph_answer_is_a_row() {
    let Some(corpora) = corpora() else { return };
    for (file, kind, table) in [
        ("users", "accounts", "account"),
        ("userRegistrationDetails", "authentication-methods", "account"),
        ("signIns", "sign-ins", "sign_in"),
        ("roleAssignmentScheduleInstances", "role-assignments", "role_grant"),
        ("delegatedAdminRelationships", "delegated-administration", "trust"),
    ] {
        let (raw, document) = taken(&corpora.join(format!("graph/{file}.json")));
        assert_eq!((document.format, document.kind.as_str()), ("graph", kind));
        assert_eq!(document.status, Status::Complete, "{file}: {:?}", document.defects);
        let entries = json(&raw)["value"].as_array().expect("a list").len() as u64;
        assert_eq!(document.counts()[table], entries, "{file}");
    }
}

#[test]
fn the_provider_without_second_factor_stands_out() {
    let Some(corpora) = corpora() else { return };
    let (raw, log) = taken(&corpora.join("graph/signIns.json"));
    let whole = json(&raw);
    let told = whole["value"].as_array().expect("a list");
    let provider = told.iter().filter(|v| v["crossTenantAccessType"] == "serviceProvider").count();
    assert!(provider > 0);
    assert_eq!(truths(&log, "sign_in", "by_provider"), provider);
    let single = log.rows.iter().filter(|r| {
        r.cell("by_provider") == Some(&Cell::Number(1))
            && r.cell("requirement") == Some(&Cell::Text("single-factor".into()))
    });
    let want = told.iter().filter(|v| {
        v["crossTenantAccessType"] == "serviceProvider"
            && v["authenticationRequirement"] == "singleFactorAuthentication"
    });
    assert_eq!(single.count(), want.count());
    let (_, roles) = taken(&corpora.join("graph/roleAssignmentScheduleInstances.json"));
    assert_eq!(truths(&roles, "role_grant", "permanent"), 1);
}

#[test]
fn every_control_of_scubagear_has_a_result() {
    let Some(corpora) = corpora() else { return };
    let (raw, results) = taken(&corpora.join("scubagear/ScubaResults_fa5589b7-d528-4f80.json"));
    assert_eq!(results.status, Status::Complete, "{:?}", results.defects);
    let whole = json(&raw);
    let groups =
        whole["Results"].as_object().expect("products").values().flat_map(|p| p.as_array().expect("groups"));
    let controls: Vec<&Value> = groups.flat_map(|g| g["Controls"].as_array().expect("controls")).collect();
    assert_eq!(results.counts()["control"], controls.len() as u64);
    for (said, ours) in [("Pass", "pass"), ("Fail", "fail"), ("Warning", "warning"), ("N/A", "manual")] {
        let want = controls.iter().filter(|c| c["Result"] == said).count();
        let have = results.rows.iter().filter(|r| r.cell("result") == Some(&Cell::Text(ours.into()))).count();
        assert_eq!(have, want, "{said}");
    }
    let (_, sheet) = taken(&corpora.join("scubagear/ScubaResults.csv"));
    assert_eq!(sheet.counts()["control"], controls.len() as u64);
}

#[test]
fn the_settings_of_scubagear_name_roles_accounts_and_domains() {
    let Some(corpora) = corpora() else { return };
    let (raw, export) = taken(&corpora.join("scubagear/ProviderSettingsExport.json"));
    assert_eq!(
        (export.format, &export.status),
        ("scuba-settings", &Status::Complete),
        "{:?}",
        export.defects
    );
    let whole = json(&raw);
    let roles = whole["privileged_roles"].as_array().expect("roles");
    let grants: usize = roles.iter().map(|r| r["Assignments"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(export.counts()["role_grant"], grants as u64);
    // The tool exports the roles that its baseline calls highly privileged: all of them are known by their ids.
    assert_eq!(truths(&export, "role_grant", "privileged"), grants);
    let accounts = ["privileged_users", "privileged_service_principals"];
    let accounts: usize = accounts.iter().map(|s| whole[s].as_object().map_or(0, serde_json::Map::len)).sum();
    assert_eq!(export.counts()["account"], accounts as u64);
    // Every domain that the tenant takes mail for, looked up or not.
    let accepted = whole["accepted_domains"].as_array().expect("domains").len();
    assert!(accepted > whole["spf_records"].as_array().expect("domains").len());
    assert_eq!(export.counts()["mail_domain"], accepted as u64);
    assert!(export.counts()["setting"] > 1000);
}

#[test]
fn a_real_document_that_is_cut_is_never_whole() {
    let Some(corpora) = corpora() else { return };
    for file in [
        "graph/users.json",
        "graph/signIns.json",
        "graph/delegatedAdminRelationships.json",
        "scubagear/ScubaResults_fa5589b7-d528-4f80.json",
        "scubagear/ProviderSettingsExport.json",
    ] {
        let raw = std::fs::read(corpora.join(file)).expect("it is there");
        let end = raw.trim_ascii_end().len();
        let step = 1 + end / 24;
        for at in (1..end).step_by(step) {
            let cut = read(&raw[..at], file, &Hint::default());
            assert_ne!(cut.status, Status::Complete, "{file} cut at {at}");
        }
    }
}
