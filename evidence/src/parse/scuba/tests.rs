//! What is read of results of SCuBA: whole, cut and crooked.

use super::super::cuts::{cut_everywhere, never, taken};
use super::{RESULTS, SETTINGS, SHEET};
use crate::document::{Document, Status};
use crate::parse::{Format, Hint};
use crate::row::Cell;

const RESULT: &str = r##"{"MetaData":{"TenantId":"T-1","Tool":"ScubaGear","ToolVersion":"1.8.0","TimestampZulu":"2026-05-04T17:15:48.307Z",
"ProductsAssessed":["Azure Active Directory"],"ProductAbbreviationMapping":{"Azure Active Directory":"AAD"}},
"Summary":{"AAD":{"Manual":1,"Passes":1,"Failures":2,"Omits":1,"Date":"x"}},
"Results":{"AAD":[{"GroupName":"One","Controls":[
{"Control ID":"MS.AAD.1.1v1","Requirement":"Old ways SHALL be off.<div class='policy-indicators'>x</div>","Result":"Pass","Criticality":"Shall","Details":"fine"},
{"Control ID":"MS.AAD.1.2v1","Requirement":"B","Result":"Fail","Criticality":"Should","Details":"a<br/>b"}]},
{"GroupName":"Two","Controls":[
{"Control ID":"MS.AAD.2.1v1","Requirement":"C","Result":"N/A","Criticality":"Shall/Not-Implemented","Details":""},
{"Control ID":"MS.AAD.2.2v1","Requirement":"D","Result":"Omitted","OmittedEvaluationResult":"Fail","Criticality":"Shall","Details":"Because."},
{"Control ID":"MS.AAD.2.3v1","Requirement":"E","Result":"Incorrect result","IncorrectResult":"Fail","OriginalResult":"Fail","Criticality":"Shall","Details":"No."}]}]}}
"##;

const EXPORT: &str = r##"{"baseline_version":"1","module_version":"1.8.0","timestamp_zulu":"2026-05-04T17:15:48.307Z",
"tenant_details":[{"TenantId":"T-1","DisplayName":"Quay"}],
"authorization_policies":[{"Id":"authorizationPolicy","AllowInvitesFrom":"none","DefaultUserRolePermissions":{"AllowedToCreateApps":false}}],
"directory_settings":[{"DisplayName":"Consent","Values":[{"Name":"EnableAdminConsentRequests","Value":"true"}]}],
"privileged_users":{"U-1":{"DisplayName":"Mira","roles":["Global Administrator"],"OnPremisesImmutableId":null}},
"privileged_service_principals":{"S-1":{"DisplayName":"App","roles":[]}},
"privileged_roles":[{"DisplayName":"Global Administrator","RoleTemplateId":"62e90394-69f5-4237-9190-012177145e10",
"Assignments":[{"PrincipalId":"U-1","StartDateTime":null,"EndDateTime":null,"AssignmentType":"Assigned","DirectoryScopeId":"/"},{"PrincipalId":"U-2","StartDateTime":"/Date(1777406310050)/","EndDateTime":"/Date(1778702258453)/","AssignmentType":"Activated"}],
"Rules":[{"Id":"Expiration_EndUser_Assignment","AdditionalProperties":{"maximumDuration":"PT8H"}}]}],
"spf_records":[{"domain":"Quay.example","rdata":["v=spf1 include:x -all","other"],"log":[]},{"domain":"idle.example","rdata":[],"log":[{"query_result":"Query returned NXDomain"}]},{"domain":"dark.example","rdata":[],"log":[{"query_result":"timed out"}]}],
"dkim_records":{"domain":"quay.example","rdata":["v=DKIM1; k=rsa; p=MII"],"log":[]},
"dkim_config":[{"Domain":"quay.example","Selector1KeySize":2048,"Selector2KeySize":1024,"Enabled":true}],
"dmarc_records":[{"domain":"quay.example","rdata":["v=DMARC1;p=Reject; rua=mailto:A@quay.example"],"log":[]},{"domain":"idle.example","rdata":["v=DMARC1;p=reject","v=DMARC1;p=none"],"log":[]}],
"accepted_domains":[{"DomainName":"Quay.example","DomainType":"Authoritative"},{"DomainName":"unasked.example"}],
"aad_unsuccessful_commands":[],"total_user_count":7}
"##;

const CONTROLS: &str = "\u{feff}\"Control ID\",\"Requirement\",\"Result\",\"Criticality\",\"Details\"\r\n\"MS.EXO.1.1v1\",\"A, b\",\"Pass\",\"Shall\",\"fine\"\r\n\"MS.EXO.1.2v1\",\"B\",\"Warning\",\"Should\",\"two\nlines\"\r\n";

fn check(document: &Document, table: &str, column: &str, want: &[&str]) {
    let rows = document.rows.iter().filter(|row| row.table().name == table);
    let cells: Vec<String> = rows
        .map(|row| match row.cell(column).expect("a column") {
            Cell::Null => "-".into(),
            Cell::Number(n) => n.to_string(),
            Cell::Fraction(f) => f.to_string(),
            Cell::Text(t) => t.clone(),
        })
        .collect();
    assert_eq!(cells, want, "{table}.{column}");
}

fn why(format: &Format, text: &str) -> String {
    taken(format, text.as_bytes()).status.why().unwrap_or("complete").to_owned()
}

#[test]
fn every_control_is_told_with_what_the_tool_found() {
    assert!((RESULTS.looks_like)(RESULT.as_bytes(), "x"));
    let results = taken(&RESULTS, format!("\u{feff}{RESULT}").as_bytes());
    assert_eq!(results.status, Status::Complete);
    assert_eq!(results.scope.as_deref(), Some("t-1"));
    assert_eq!(results.tool_version.as_deref(), Some("1.8.0"));
    assert!(results.made.is_some());
    check(&results, "control", "result", &["pass", "fail", "manual", "fail", "fail"]);
    check(&results, "control", "criticality", &["shall", "should", "shall", "shall", "shall"]);
    check(&results, "control", "title", &["Old ways SHALL be off.", "B", "C", "D", "E"]);
    check(
        &results,
        "control",
        "details",
        &[
            "fine",
            "a b",
            "-",
            "Left out by the tenant's configuration. Because.",
            "Called incorrect by the tenant's configuration. No.",
        ],
    );
}

#[test]
fn results_are_known_whatever_stands_first_in_them() {
    for text in [
        r#"{"Results":{"gmail":[{"GroupName":"g","GroupReferenceURL":"x","Controls":[{"Control ID":"GWS.GMAIL.1.1v1","Result":"No events found","Criticality":"Shall"}]}]},"MetaData":{"Tool":"ScubaGoggles","TenantId":"C1"}}"#,
        r#"{"Raw":{"baseline_version":"1","module_version":"1"},"Results":{"gmail":[{"Controls":[{"Control ID":"GWS.GMAIL.1.1v1","Result":"No events found"}]}]},"MetaData":{"Tool":"ScubaGear","TenantId":"C1"}}"#,
    ] {
        let document = crate::read(text.as_bytes(), "x.json", &Hint::default());
        assert_eq!(
            (document.format, document.status.as_str()),
            ("scuba", "complete"),
            "{:?}",
            document.defects
        );
        check(&document, "control", "result", &["manual"]);
    }
}

#[test]
fn a_result_that_lacks_controls_or_did_not_run_is_partial() {
    assert!(
        why(&RESULTS, &RESULT.replace("\"Passes\":1", "\"Passes\":2"))
            .contains("counts 6 controls, 5 are here")
    );
    assert!(
        why(&RESULTS, &RESULT.replace("\"Result\":\"Pass\"", "\"Result\":\"Error\"")).contains("did not run")
    );
    assert!(
        why(&RESULTS, &RESULT.replace("\"Result\":\"Pass\"", "\"Result\":\"Lovely\"")).contains("no result")
    );
    assert!(why(&RESULTS, &RESULT.replace("[\"Azure", "[\"Exchange Online\",\"Azure")).contains("not here"));
    assert!(why(&RESULTS, &RESULT.replace("\"Results\"", "\"Other\"")).contains("no `Results`"));
    assert!(why(&RESULTS, "{\"MetaData\":{\"Tool\":\"ScubaGear\"},\"Results\":{}}").contains("no control"));
    for bad in ["[]", "{}", "7", "{\"MetaData\":7}"] {
        assert_eq!(taken(&RESULTS, bad.as_bytes()).status.as_str(), "failed", "{bad}");
    }
}

#[test]
fn an_export_tells_settings_accounts_roles_and_mail_domains() {
    assert!((SETTINGS.looks_like)(EXPORT.as_bytes(), "x") && !(RESULTS.looks_like)(EXPORT.as_bytes(), "x"));
    let export = taken(&SETTINGS, EXPORT.as_bytes());
    assert_eq!(export.status, Status::Complete, "{:?}", export.defects);
    assert_eq!(export.scope.as_deref(), Some("t-1 settings"));
    check(&export, "account", "id", &["u-1", "s-1"]);
    check(&export, "account", "admin", &["1", "0"]);
    check(&export, "role_grant", "permanent", &["1", "0"]);
    check(&export, "role_grant", "active", &["1", "0"]);
    check(&export, "role_grant", "to_at", &["-", "1778702258"]);
    check(&export, "role_grant", "activation_seconds", &["28800", "28800"]);
    check(
        &export,
        "mail_domain",
        "domain",
        &["dark.example", "idle.example", "quay.example", "unasked.example"],
    );
    check(&export, "mail_domain", "spf_records", &["-", "0", "1", "-"]);
    check(&export, "mail_domain", "spf_all", &["-", "-", "-all", "-"]);
    check(&export, "mail_domain", "dmarc_policy", &["-", "absent", "reject", "-"]);
    check(&export, "mail_domain", "dmarc_rua", &["-", "-", "mailto:A@quay.example", "-"]);
    check(&export, "mail_domain", "dkim_bits", &["-", "-", "1024", "-"]);
    let settings: Vec<String> =
        export.rows.iter().filter(|r| r.table().name == "setting").map(|r| r.line()).collect();
    let has = |name: &str, value: &str| {
        assert!(
            settings.iter().any(|l| l.starts_with(&format!("[\"setting\",\"{name}\",\"{value}\""))),
            "{name} {settings:#?}"
        );
    };
    has("authorization_policies.AllowInvitesFrom", "none");
    has("authorization_policies.DefaultUserRolePermissions.AllowedToCreateApps", "false");
    has("directory_settings.Values.EnableAdminConsentRequests", "true");
    has("total_user_count", "7");
    assert!(why(&SETTINGS, &EXPORT.replace("commands\":[]", "commands\":[\"Get-X\"]")).contains("Get-X"));
}

#[test]
fn a_policy_for_a_part_of_the_messages_or_as_a_test_counts_weaker_as_it_does_in_dns() {
    for (tags, want) in
        [("p=reject; pct=50", "quarantine"), ("p=quarantine; t=y", "none"), ("p=reject", "reject")]
    {
        let text = EXPORT.replace("v=DMARC1;p=Reject;", &format!("v=DMARC1;{tags};"));
        check(&taken(&SETTINGS, text.as_bytes()), "mail_domain", "dmarc_policy", &["-", "absent", want, "-"]);
    }
}

#[test]
fn the_sheet_tells_the_same_controls() {
    assert!((SHEET.looks_like)(CONTROLS.as_bytes(), "x"));
    let sheet = taken(&SHEET, CONTROLS.as_bytes());
    assert_eq!(sheet.status, Status::Complete);
    check(&sheet, "control", "product", &["EXO", "EXO"]);
    check(&sheet, "control", "result", &["pass", "warning"]);
    check(&sheet, "control", "details", &["fine", "two lines"]);
}

#[test]
fn cuts_never_pass_for_whole_documents() {
    cut_everywhere(&RESULTS, &Hint::default(), RESULT.as_bytes(), never);
    for at in 0..EXPORT.len() - 1 {
        assert_ne!(taken(&SETTINGS, &EXPORT.as_bytes()[..at]).status, Status::Complete, "{at}");
    }
    // A file of lines that is cut behind a line looks like a shorter one.
    cut_everywhere(&SHEET, &Hint::default(), CONTROLS.as_bytes(), |before, _| before.ends_with(b"\r\n"));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(raw: Vec<u8>, at in 0usize..RESULT.len(), byte: u8) {
        for (format, text) in [(&RESULTS, RESULT), (&SETTINGS, EXPORT), (&SHEET, CONTROLS)] {
            let _ = taken(format, &raw);
            let mut bent = text.as_bytes().to_vec();
            let at = at % bent.len();
            bent[at] = byte;
            let _ = taken(format, &bent);
        }
    }
}
