//! What is read of answers of Microsoft Graph: whole, cut and crooked.

use super::super::cuts::{cut_everywhere, never, taken};
use super::FORMAT;
use crate::document::{Document, Status};
use crate::parse::Hint;
use crate::row::Cell;

const USERS: &str = r##"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(id,mail)","value":[
{"id":"u-1","userPrincipalName":"Mira@Quay.example","displayName":"Mira","userType":"Member","accountEnabled":true,
 "mail":"mira@quay.example","passwordPolicies":"DisablePasswordExpiration, DisableStrongPassword",
 "createdDateTime":"2024-01-02T03:04:05Z","lastPasswordChangeDateTime":"2025-01-02T03:04:05.1234567Z",
 "assignedPlans":[{"service":"exchange","capabilityStatus":"Enabled"}],
 "signInActivity":{"lastSignInDateTime":"2026-11-03T00:00:00Z","lastSuccessfulSignInDateTime":"2026-11-02T00:00:00Z"}},
{"id":"u-2","userPrincipalName":"tech_prov.example#EXT#@quay.example","userType":"Guest","accountEnabled":false,
 "mail":"tech@prov.example","passwordPolicies":null,"signInActivity":null},
{"id":"u-3","userPrincipalName":"svc@quay.example","mail":null,
 "signInActivity":{"lastSignInDateTime":"2026-01-03T00:00:00Z","lastNonInteractiveSignInDateTime":"2026-02-03T00:00:00Z","lastSuccessfulSignInDateTime":"0001-01-01T00:00:00Z"}}
]}
"##;

const SIGN_INS: &str = r##"{"@odata.context":"https://graph.microsoft.com/beta/$metadata#auditLogs/signIns","value":[
{"id":"s-1","createdDateTime":"2026-11-02T00:00:00Z","userPrincipalName":"Tech@Prov.example","crossTenantAccessType":"serviceProvider","homeTenantId":"P","resourceTenantId":"C","clientAppUsed":"Browser","isInteractive":true,"authenticationRequirement":"multiFactorAuthentication","ipAddress":"203.0.113.9","status":{"errorCode":0},"authenticationDetails":[{"authenticationMethod":"Password"},{"authenticationMethod":"Passkey"}],"deviceDetail":{"deviceId":"","displayName":"PC-9","isManaged":false,"isCompliant":true}},
{"id":"s-2","createdDateTime":"2026-11-03T00:00:00Z","userPrincipalName":"two@prov.example","crossTenantAccessType":"b2bCollaboration","homeTenantId":"p","resourceTenantId":"C","clientAppUsed":"Other clients; IMAP","authenticationRequirement":"singleFactorAuthentication","status":{"errorCode":50126,"failureReason":"Wrong password."},"signInEventTypes":["nonInteractiveUser"]},
{"id":"s-3","createdDateTime":"2026-11-04T00:00:00Z","userPrincipalName":"mira@quay.example","crossTenantAccessType":"none","homeTenantId":"C","resourceTenantId":"C","clientAppUsed":"Strange","status":{"errorCode":0}},
{"id":"s-4","createdDateTime":"2026-11-04T00:00:00Z","userId":"x","crossTenantAccessType":"b2bCollaboration","homeTenantId":"other","resourceTenantId":"C"}
]}
"##;

fn graph(text: &str) -> Document {
    let document = taken(&FORMAT, text.as_bytes());
    assert!((FORMAT.looks_like)(text.as_bytes(), "x"), "recognised");
    document
}

fn cells(document: &Document, table: &str, column: &str) -> Vec<String> {
    let rows = document.rows.iter().filter(|row| row.table().name == table);
    rows.map(|row| match row.cell(column).expect("a column") {
        Cell::Null => "-".into(),
        Cell::Number(n) => n.to_string(),
        Cell::Fraction(f) => f.to_string(),
        Cell::Text(t) => t.clone(),
    })
    .collect()
}

fn check(document: &Document, table: &str, column: &str, want: &[&str]) {
    assert_eq!(cells(document, table, column), want, "{table}.{column}");
}

#[test]
fn users_become_accounts_with_what_the_answer_says_and_no_more() {
    let users = graph(USERS);
    assert_eq!(users.status, Status::Complete);
    assert_eq!((users.kind.as_str(), users.scope.as_deref()), ("accounts", Some("entra users")));
    assert_eq!(users.tool_version.as_deref(), Some("v1.0"));
    check(
        &users,
        "account",
        "name",
        &["mira@quay.example", "tech_prov.example#ext#@quay.example", "svc@quay.example"],
    );
    check(&users, "account", "kind", &["-", "guest", "-"]);
    check(&users, "account", "enabled", &["1", "0", "-"]);
    check(&users, "account", "mailbox", &["1", "-", "0"]);
    check(&users, "account", "never_expires", &["1", "0", "-"]);
    check(&users, "account", "last_sign_in_at", &["1793577600", "-", "1770076800"]);
    check(&users, "account", "by_provider", &["-", "-", "-"]);
}

#[test]
fn sign_ins_say_whose_they_are_and_how_they_were_proven() {
    let log = graph(SIGN_INS);
    assert_eq!(log.status, Status::Complete);
    assert_eq!(log.scope.as_deref(), Some("entra c signIns"));
    check(&log, "sign_in", "by_provider", &["1", "1", "0", "-"]);
    check(&log, "sign_in", "requirement", &["multi-factor", "single-factor", "-", "-"]);
    check(&log, "sign_in", "legacy", &["0", "1", "-", "-"]);
    check(&log, "sign_in", "succeeded", &["1", "0", "1", "-"]);
    check(&log, "sign_in", "failure", &["-", "50126 Wrong password.", "-", "-"]);
    check(&log, "sign_in", "method", &["Password + Passkey", "-", "-", "-"]);
    check(&log, "sign_in", "interactive", &["1", "0", "-", "-"]);
    check(&log, "sign_in", "managed_device", &["1", "-", "-", "-"]);
    assert_eq!(log.covers.map(|c| (c.1.as_second() - c.0.as_second()) / 86_400), Some(2));
}

#[test]
fn a_list_is_whole_only_when_its_last_page_is_here() {
    let page = |ids: &[&str], next: &str| {
        let entries: Vec<String> =
            ids.iter().map(|i| format!(r#"{{"id":"{i}","userPrincipalName":"{i}@quay.example"}}"#)).collect();
        let next = if next.is_empty() { String::new() } else { format!(r#""@odata.nextLink":"{next}","#) };
        let context = "https://graph.microsoft.com/v1.0/$metadata#users";
        format!(r#"{{"@odata.context":"{context}",{next}"value":[{}]}}"#, entries.join(","))
    };
    let state = |text: &str| {
        let document = taken(&FORMAT, text.as_bytes());
        (document.status.as_str(), document.rows.len())
    };
    let (one, two) = (page(&["a", "b"], "https://next"), page(&["c"], ""));
    assert_eq!(state(&format!("{one}\n{two}")), ("complete", 3), "one behind the other");
    assert_eq!(state(&format!("[{one},{two}]")), ("complete", 3), "a list of pages");
    assert_eq!(state(&one), ("partial", 2), "the second page is missing");
    assert_eq!(state(&format!("{two}{one}")), ("partial", 3), "in the wrong order");
    assert_eq!(state(&format!("{two}{two}")), ("partial", 1), "a page twice, and both say they are the last");
    assert_eq!(state(&format!("{one}{one}{two}")), ("partial", 3), "a page twice");
    assert_eq!(
        state(&format!(r#"{one}{{"error":{{"code":"TooManyRequests","message":"x"}}}}"#)),
        ("partial", 2)
    );
    assert_eq!(state(&two.replace("\"value\"", "\"@odata.count\":5,\"value\"")), ("partial", 1));
    assert_eq!(state(&two.replace("\"value\"", "\"@odata.count\":1,\"value\"")), ("complete", 1));
    assert_eq!(state(&page(&[], "")), ("complete", 0), "nobody is an answer");
    let inner = r#"[{"id":"a","userPrincipalName":"a@b"}]"#;
    assert_eq!(state(inner), ("failed", 0), "too little to tell what it is");
    assert_eq!(
        state(&inner.replace("\"id\"", "\"displayName\":\"A\",\"id\"")),
        ("partial", 1),
        "no envelope"
    );
}

#[test]
fn a_refusal_is_no_answer() {
    let denied =
        graph(r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}"#);
    assert!(denied.status.why().is_some_and(|w| w.contains("Authorization_RequestDenied")));
    assert_eq!(denied.status.as_str(), "failed");
    let batch = r#"{"responses":[{"id":"1","status":403,"body":{"error":{"code":"Forbidden"}}}]}"#;
    assert_eq!(taken(&FORMAT, batch.as_bytes()).status.as_str(), "failed");
    for text in
        ["[]", "{}", "7", "{\"value\":[]}", "{\"value\":7,\"@odata.context\":\"x$metadata#users\"}", "null"]
    {
        assert_ne!(taken(&FORMAT, text.as_bytes()).status, Status::Complete, "{text}");
    }
}

#[test]
fn registered_methods_are_one_row_each_and_nobody_is_lost() {
    let text = r##"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#reports/authenticationMethods/userRegistrationDetails","value":[
    {"id":"1","userPrincipalName":"A@quay.example","isAdmin":true,"methodsRegistered":["fido2SecurityKey","mobilePhone","novelty"]},
    {"id":"2","userPrincipalName":"b@quay.example","isAdmin":false,"methodsRegistered":[]}]}"##;
    let details = graph(text);
    assert_eq!(details.kind, "authentication-methods");
    check(&details, "account", "name", &["a@quay.example", "b@quay.example"]);
    check(&details, "account", "admin", &["1", "0"]);
    check(&details, "auth_method", "method", &["fido2", "sms", "novelty"]);
    check(&details, "auth_method", "phishing_resistant", &["1", "0", "-"]);
    check(&details, "auth_method", "weak", &["0", "1", "-"]);
    check(&details, "auth_method", "admin", &["1", "1", "1"]);
}

#[test]
fn roles_say_whether_they_stand_and_whether_they_end() {
    let head = "https://graph.microsoft.com/v1.0/$metadata#roleManagement/directory/";
    let entry = r#"{"id":"1","principalId":"P-1","roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10","directoryScopeId":"/","startDateTime":null,"endDateTime":null,"assignmentType":"Assigned"},
    {"id":"2","principalId":"p-2","principal":{"userPrincipalName":"X@q.example"},"roleDefinitionId":"unknown","startDateTime":"2026-11-01T00:00:00Z","endDateTime":"2026-11-01T08:00:00Z","assignmentType":"Activated"}"#;
    let read = |set: &str| graph(&format!(r#"{{"@odata.context":"{head}{set}","value":[{entry}]}}"#));
    let standing = read("roleAssignmentScheduleInstances");
    check(&standing, "role_grant", "account", &["p-1", "x@q.example"]);
    check(&standing, "role_grant", "role", &["Global Administrator", "unknown"]);
    check(&standing, "role_grant", "privileged", &["1", "-"]);
    check(&standing, "role_grant", "permanent", &["1", "0"]);
    check(&standing, "role_grant", "active", &["1", "0"]);
    check(&standing, "role_grant", "activation_seconds", &["-", "28800"]);
    let eligible = read("roleEligibilityScheduleInstances");
    check(&eligible, "role_grant", "status", &["eligible", "eligible"]);
    assert_ne!(eligible.scope, standing.scope, "they do not supersede each other");
    check(&read("roleAssignments"), "role_grant", "permanent", &["-", "-"]);
}

#[test]
fn delegated_administration_tells_roles_and_length() {
    let text = r##"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#tenantRelationships/delegatedAdminRelationships","value":[
    {"id":"r-1","displayName":"Prov to Quay","duration":"P730D","autoExtendDuration":"P180D","status":"active","customer":{"tenantId":"C"},
     "activatedDateTime":"2025-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z",
     "accessDetails":{"unifiedRoles":[{"roleDefinitionId":"62e90394-69f5-4237-9190-012177145e10"},{"roleDefinitionId":"f2ef992c-3afb-46b9-b7cf-a126ee74c451"}]}},
    {"id":"r-2","displayName":"Bad","duration":"two years","status":"active"}]}"##;
    let doors = graph(text);
    assert!(doors.status.why().is_some_and(|w| w.contains("entry 2") && w.contains("duration")));
    check(&doors, "trust", "duration_seconds", &["63072000"]);
    check(&doors, "trust", "auto_extend", &["1"]);
    check(&doors, "trust", "roles", &["global-administrator global-reader"]);
    check(&doors, "role_grant", "privileged", &["1", "0"]);
    check(&doors, "role_grant", "by_provider", &["1", "1"]);
    check(&doors, "role_grant", "permanent", &["0", "0"]);
}

#[test]
fn partners_and_domains_are_doors() {
    let partners = graph(
        r##"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#policies/crossTenantAccessPolicy/partners","value":[{"tenantId":"P","isServiceProvider":true,"b2bCollaborationInbound":{},"b2bCollaborationOutbound":null,"inboundTrust":{"isMfaAccepted":true}}]}"##,
    );
    check(&partners, "trust", "roles", &["service-provider mfa-accepted"]);
    check(&partners, "trust", "direction", &["inbound"]);
    let domains = graph(
        r##"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#domains","value":[{"id":"Quay.example","authenticationType":"Federated","isVerified":true,"passwordValidityPeriodInDays":2147483647}]}"##,
    );
    check(&domains, "trust", "partner", &["quay.example"]);
    check(&domains, "setting", "value", &["Federated", "true", "2147483647"]);
}

#[test]
fn a_cut_answer_never_passes_for_a_whole_one() {
    cut_everywhere(&FORMAT, &Hint::default(), USERS.as_bytes(), never);
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(USERS.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(taken(&FORMAT, &wide).rows, graph(USERS).rows, "as PowerShell redirects it");
    let half = taken(&FORMAT, &USERS.as_bytes()[..USERS.len() - 200]);
    assert_eq!((half.status.as_str(), half.rows.len()), ("partial", 2), "what stood there was read");
    for at in 0..SIGN_INS.len() - 1 {
        assert_ne!(taken(&FORMAT, &SIGN_INS.as_bytes()[..at]).status, Status::Complete, "{at}");
    }
}

#[test]
fn hostile_answers_are_read_without_harm() {
    let deep = format!(r#"{{"@odata.context":"$metadata#users","value":[{}"#, "[".repeat(100_000));
    assert_eq!(taken(&FORMAT, deep.as_bytes()).status.as_str(), "failed");
    for (entry, rows) in [
        (r#"{"id":"1","userPrincipalName":7}"#, 0),
        (r#"{"id":"1","userPrincipalName":"a\u0000<script>'; --"}"#, 1),
        (r#"{"id":"1","userPrincipalName":"a","accountEnabled":"perhaps"}"#, 0),
        (r#"{"id":"1","userPrincipalName":"a","createdDateTime":"9999-99-99"}"#, 0),
        (r#"{"id":"1","userPrincipalName":"a","id":"2"}"#, 1),
        (r#"{"id":"1","userPrincipalName":"a","x":1e999}"#, 0),
        (r#"{"id":"1","userPrincipalName":"a","signInActivity":[]}"#, 0),
        ("7", 0),
        (r#"{"userType":"Guest"}"#, 0),
    ] {
        let text = format!(r#"{{"@odata.context":"x/v1.0/$metadata#users","value":[{entry}]}}"#);
        assert_eq!(taken(&FORMAT, text.as_bytes()).rows.len(), rows, "{entry}");
    }
    let long =
        format!(r#"{{"@odata.context":"$metadata#users","value":[{{"id":"{}"}}]}}"#, "a".repeat(70_000));
    assert!(taken(&FORMAT, long.as_bytes()).status.why().is_some_and(|w| w.contains("longer than")));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(raw: Vec<u8>, at in 0usize..USERS.len(), byte: u8) {
        let _ = taken(&FORMAT, &raw);
        let _ = (FORMAT.looks_like)(&raw, "x");
        let mut bent = USERS.as_bytes().to_vec();
        bent[at] = byte;
        let _ = taken(&FORMAT, &bent);
    }
}
