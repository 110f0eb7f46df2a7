//! Forms of records that were missed in real logs: lines that stand for several, database servers, roles and trails of a cloud.

use super::patterns::{Line, alerts_with, fired_with, ssh};
use detect::Settings;
use model::Format;
use serde_json::{Value, json};

fn check(what: &str, lines: &[Line], want: &[&str]) {
    assert_eq!(fired_with(lines, &Settings::default()), want, "{what}");
}

/// A failure, and the line that says how many times it came again.
fn folded(at: i64, times: u64) -> [Line; 2] {
    let first = ssh(at, "admin", "203.0.113.77", false);
    let mut again = ssh(at + 9, "admin", "203.0.113.77", false);
    again.3["repeated"] = json!(times.to_string());
    [first, again]
}

#[test]
fn a_line_that_stands_for_several_counts_as_many() {
    let lines: Vec<Line> = (0..4).flat_map(|n| folded(n * 60, 5)).collect();
    check("four connections of six tries each", &lines, &["bw.brute-force"]);
    let alerts = alerts_with(&lines, &[3], &Settings::default());
    assert_eq!(alerts[0].summary, "24 sign-ins to admin failed within 3 minutes, from 203.0.113.77");
    let why = &alerts[0].details.as_ref().expect("details").why;
    assert!(why[0].starts_with("24 failures; it fires at 20"), "{why:?}");
    assert_eq!(why[1], "4 records stand for the same thing several times (`message repeated`)");
    assert_eq!((alerts[0].count, alerts[0].records.len()), (8, 8), "records are records");
    // More of them while the alert is open.
    let more: Vec<Line> = (0..6).flat_map(|n| folded(n * 60, 5)).collect();
    let alerts = alerts_with(&more, &[9], &Settings::default());
    assert!(alerts[0].summary.starts_with("36 sign-ins"), "{}", alerts[0].summary);
    let once: Vec<Line> = (0..4).flat_map(|n| folded(n * 60, 1)).collect();
    check("eight tries", &once, &[]);
    let boundless: Vec<Line> = folded(0, u64::MAX).to_vec();
    check("a number beyond all bounds", &boundless, &["bw.brute-force"]);
    let nonsense: Vec<Line> = ["-5", "many", "", "1e9"]
        .iter()
        .map(|times| {
            let mut line = ssh(0, "admin", "203.0.113.77", false);
            line.3["repeated"] = json!(times);
            line
        })
        .collect();
    check("a number that is none counts once", &nonsense, &[]);
}

fn database(at: i64, event: u32, texts: Value) -> Line {
    let fields = json!({"Channel": "Application", "Provider_Name": "MSSQL$PROD", "EventID": event.to_string(), "Computer": "db-1", "Data": texts});
    (at, "application", Format::Evtx, fields)
}

#[test]
fn a_database_server_tells_who_signs_in_from_where() {
    const WRONG: &str = " Reason: Password did not match that for the login provided.";
    let failed = |n: i64, name: &str, address: &str| {
        database(n * 10, 18_456, json!([name, WRONG, format!(" [CLIENT: {address}]")]))
    };
    let brute: Vec<Line> = (0..20).map(|n| failed(n, "sa", "203.0.113.77")).collect();
    check("twenty passwords for its administrator", &brute, &["bw.brute-force"]);
    let alert = &alerts_with(&brute, &[], &Settings::default())[0];
    assert_eq!(alert.summary, "20 sign-ins to sa failed within 3 minutes, from 203.0.113.77");
    let spray: Vec<Line> = (0..10).map(|n| failed(n, &format!("app{n}"), "203.0.113.77")).collect();
    check("ten names", &spray, &["bw.spray-fast"]);
    let spread: Vec<Line> =
        (0..10).map(|n| failed(n, &format!("app{n}"), &format!("203.0.113.{n}"))).collect();
    check("ten names from ten machines", &spread, &[]);
    let mut then: Vec<Line> = (0..12).map(|n| failed(n, "sa", "203.0.113.77")).collect();
    then.push(database(200, 18_454, json!(["sa", " [CLIENT: 203.0.113.77]"])));
    check("and then it gives way", &then, &["bw.success-after-failures"]);
    let local: Vec<Line> = (0..5).map(|n| failed(n, "sa", "<local machine>")).collect();
    check("a few tries on the machine itself", &local, &[]);
}

fn trail(name: &str, parameters: Value, error: Option<&str>) -> Line {
    let mut fields = json!({
        "eventName": name, "eventSource": "iam.amazonaws.com", "sourceIPAddress": "203.0.113.77",
        "userIdentity": {"type": "IAMUser", "userName": "ops"}, "requestParameters": parameters,
    });
    if let Some(error) = error {
        fields["errorCode"] = error.into();
    }
    (0, "cloudtrail", Format::Json, fields)
}

#[test]
fn a_role_that_others_may_take_is_a_trust_and_a_trail_that_leaves_out_is_tampering() {
    let trusts = |principal: Value| {
        let policy =
            json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]});
        json!({"roleName": "backup", "policyDocument": policy.to_string()})
    };
    let update = "UpdateAssumeRolePolicy";
    let foreign = json!({"AWS": "arn:aws:iam::999900001111:root"});
    check("another account", &[trail(update, trusts(foreign.clone()), None)], &["bw.new-federation"]);
    let provider = json!({"Federated": "cognito-identity.amazonaws.com"});
    check("an identity provider", &[trail(update, trusts(provider), None)], &["bw.new-federation"]);
    let service = json!({"Service": "ec2.amazonaws.com"});
    check("a service of the cloud", &[trail(update, trusts(service), None)], &[]);
    check("what was refused", &[trail(update, trusts(foreign), Some("AccessDenied"))], &[]);
    let anchor = json!({"name": "our-ca", "source": {"sourceType": "CERTIFICATE_BUNDLE"}});
    check("an authority of one's own", &[trail("CreateTrustAnchor", anchor, None)], &["bw.new-federation"]);
    let selects = |management: bool| json!({"trailName": "main", "eventSelectors": [{"readWriteType": "All", "includeManagementEvents": management}]});
    check(
        "what administrators do is left out",
        &[trail("PutEventSelectors", selects(false), None)],
        &["bw.log-tampering"],
    );
    check("and is put in again", &[trail("PutEventSelectors", selects(true), None)], &[]);
}
