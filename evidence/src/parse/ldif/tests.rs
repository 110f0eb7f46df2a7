//! What is read of directories as LDIF: whole, cut and crooked.

use super::super::cuts::taken;
use super::FORMAT;
use crate::document::{Document, Status};
use crate::row::Cell;
use std::collections::BTreeSet;

const QUAY: &str = "dn: DC=quay,DC=example
changetype: add
objectClass: top
objectClass: domainDNS
lockoutThreshold: 5
lockoutDuration: -18000000000
minPwdLength: 14
maxPwdAge: -9223372036854775808

dn: CN=Mira Lund,OU=Staff,DC=quay,DC=example
objectClass: user
sAMAccountName: Mira.L
displayName:: TWlyYSBMw7xuZA==
userAccountControl: 4260352
pwdLastSet: 133800000000000000
lastLogonTimestamp: 133900000000000000
accountExpires: 9223372036854775807
whenCreated: 20240102030405.0Z
adminCount: 1
primaryGroupID: 513
servicePrincipalName: HTTP/a
servicePrincipalName: HTTP/b
memberOf: CN=Tier Two,OU=Groups,DC=quay,
 DC=example

dn: CN=krbtgt,CN=Users,DC=quay,DC=example
objectClass: user
sAMAccountName: krbtgt
userAccountControl: 514
pwdLastSet: 133000000000000000

dn: CN=Tier Two,OU=Groups,DC=quay,DC=example
objectClass: group
sAMAccountName: tier-two
member: CN=Mira Lund,OU=Staff,DC=quay,DC=example
member: CN=Nobody\\, Known,OU=Staff,DC=quay,DC=example

dn: CN=Domain Admins,CN=Users,DC=quay,DC=example
objectClass: group
member: CN=Tier Two,OU=Groups,DC=quay,DC=example

dn: CN=gmsa1,CN=Managed Service Accounts,DC=quay,DC=example
objectClass: computer
objectClass: msDS-GroupManagedServiceAccount
sAMAccountName: gmsa1$
userAccountControl: 4096

dn: CN=DC1,OU=Domain Controllers,DC=quay,DC=example
objectClass: user
objectClass: computer
sAMAccountName: DC1$
userAccountControl: 532480
dNSHostName: DC1.quay.example
operatingSystem: Windows Server 2022 Standard
operatingSystemVersion: 10.0 (20348)

dn: CN=prov.example,CN=System,DC=quay,DC=example
objectClass: trustedDomain
trustPartner: Prov.example
trustDirection: 3
trustAttributes: 0

dn: CN=Admins PSO,CN=Password Settings Container,CN=System,DC=quay,DC=example
objectClass: msDS-PasswordSettings
msDS-LockoutThreshold: 3
msDS-MinimumPasswordLength: 30
msDS-LockoutDuration: -36000000000
msDS-PSOAppliesTo: CN=Domain Admins,CN=Users,DC=quay,DC=example

";

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

fn state(text: &str) -> (&'static str, usize) {
    let document = taken(&FORMAT, text.as_bytes());
    (document.status.as_str(), document.rows.len())
}

#[test]
fn a_directory_tells_its_accounts() {
    assert!((FORMAT.looks_like)(QUAY.as_bytes(), "x"));
    let quay = taken(&FORMAT, QUAY.as_bytes());
    assert_eq!(quay.status, Status::Complete, "{:?}", quay.defects);
    assert_eq!(quay.scope.as_deref(), Some("dc=quay,dc=example"));
    check(&quay, "account", "name", &["mira.l", "krbtgt", "gmsa1$", "dc1$"]);
    check(&quay, "account", "display", &["Mira Lünd", "krbtgt", "gmsa1", "DC1"]);
    check(&quay, "account", "kind", &["-", "-", "managed-service", "computer"]);
    check(&quay, "account", "enabled", &["1", "0", "1", "1"]);
    check(&quay, "account", "admin", &["1", "-", "-", "-"]);
    check(&quay, "account", "never_expires", &["1", "0", "0", "0"]);
    check(&quay, "account", "no_preauth", &["1", "0", "0", "0"]);
    check(&quay, "account", "password_set_at", &["1735526400", "1655526400", "-", "-"]);
    check(&quay, "account", "last_sign_in_at", &["1745526400", "-", "-", "-"]);
    check(&quay, "account", "spn", &["HTTP/a HTTP/b", "-", "-", "-"]);
    check(&quay, "account", "created_at", &["1704164645", "-", "-", "-"]);
    check(&quay, "account", "expires_at", &["-", "-", "-", "-"]);
}

#[test]
fn a_directory_tells_groups_trusts_policies_and_hosts() {
    let quay = taken(&FORMAT, QUAY.as_bytes());
    check(&quay, "group_member", "member", &["mira.l", "nobody, known", "tier-two", "mira.l"]);
    check(&quay, "group_member", "group_name", &["tier-two", "tier-two", "domain admins", "domain users"]);
    check(&quay, "group_member", "member_kind", &["account", "-", "group", "account"]);
    check(&quay, "trust", "sid_filtering", &["0"]);
    check(&quay, "trust", "direction", &["both"]);
    check(&quay, "device", "name", &["dc1.quay.example"]);
    check(&quay, "device", "kind", &["domain-controller"]);
    let fine = "fgpp admins pso";
    let base = "dc=quay,dc=example";
    check(&quay, "setting", "scope", &[base, base, base, base, fine, fine, fine, fine]);
    check(&quay, "setting", "value", &["5", "1800", "14", "-1", "3", "3600", "30", "domain admins"]);
}

#[test]
fn trust_attributes_say_whether_foreign_sids_are_filtered() {
    for (attributes, want) in [("4", "1"), ("8", "1"), ("72", "0"), ("32", "0"), ("0", "0"), ("76", "1")] {
        let text = format!(
            "dn: CN=p,DC=q\nobjectClass: trustedDomain\ntrustAttributes: {attributes}\ntrustDirection: 2\n\n"
        );
        check(&taken(&FORMAT, text.as_bytes()), "trust", "sid_filtering", &[want]);
    }
}

#[test]
fn the_trailer_of_a_search_is_believed() {
    let head = "# extended LDIF\n#\n# LDAPv3\n# base <DC=quay,DC=example> with scope subtree\n#\n\n";
    let entry = "dn: CN=a,DC=quay,DC=example\nobjectClass: user\nsAMAccountName: a\n\n";
    let ok = "# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 2\n# numEntries: 1\n";
    assert_eq!(state(&format!("{head}{entry}{ok}")), ("complete", 1));
    assert_eq!(state(&format!("{head}{ok}").replace("numEntries: 1", "numEntries: 0")), ("complete", 0));
    assert_eq!(state(&format!("{head}{entry}")), ("partial", 1), "its end is missing");
    assert_eq!(state(&format!("{head}{entry}{}", ok.replace("Entries: 1", "Entries: 4"))), ("partial", 1));
    let limit = ok.replace("0 Success", "4 Size limit exceeded");
    assert_eq!(state(&format!("{head}{entry}{limit}")), ("partial", 1));
    let denied = ok.replace("0 Success", "50 Insufficient access").replace("Entries: 1", "Entries: 0");
    assert_eq!(state(&format!("{head}{denied}")), ("failed", 0));
    assert_eq!(state(entry), ("complete", 1), "-LLL has no trailer");
    assert_eq!(state(&entry.replace('\n', "\r\n")), ("complete", 1));
    assert_eq!(state(entry.trim_end()), ("failed", 0));
}

#[test]
fn what_is_wrong_with_an_entry_leaves_it_out() {
    let good = "dn: CN=g,DC=q\nobjectClass: user\nsAMAccountName: g\n\n";
    for bad in [
        "dn: CN=a,DC=q\nobjectClass: user\nsAMAccountName: a\npwdLastSet: soon\n\n",
        "dn: CN=a,DC=q\nobjectClass: user\nsAMAccountName: a\npwdLastSet: 99999999999999999999\n\n",
        "dn: CN=a,DC=q\nobjectClass: user\nsAMAccountName: a\nwhenCreated: 20241399000000.0Z\n\n",
        "dn: CN=a,DC=q\nobjectClass: user\nsAMAccountName:: ***\n\n",
        "dn: CN=a,DC=q\nobjectClass: user\nsAMAccountName:: /w==\n\n",
        "dn: CN=a,DC=q\nchangetype: delete\n\n",
        "dn: CN=a,DC=q\nobjectClass: user\n\n",
        "objectClass: user\nsAMAccountName: a\n\n",
        "dn: CN=a,DC=q\nno attribute\n\n",
        "dn: CN=a,DC=q\nobjectClass: trustedDomain\ntrustDirection: 9\n\n",
    ] {
        assert_eq!(state(&format!("{bad}{good}")), ("partial", 1), "{bad}");
    }
    let long = format!("dn: CN=a,DC=q\nobjectClass: user\nsAMAccountName: {}\n\n{good}", "a".repeat(70_000));
    assert_eq!(state(&long), ("partial", 1));
}

#[test]
fn a_cut_directory_tells_no_more_than_the_whole_one() {
    let lines = |document: &Document| -> BTreeSet<String> {
        // Names of members are known only when their entries are: they are told otherwise in a cut document.
        document.rows.iter().filter(|r| r.table().name != "group_member").map(|r| r.line()).collect()
    };
    let whole = lines(&taken(&FORMAT, QUAY.as_bytes()));
    for at in 0..QUAY.len() - 1 {
        let cut = taken(&FORMAT, &QUAY.as_bytes()[..at]);
        let parted = QUAY[..at].ends_with("\n\n");
        assert!(parted || cut.status != Status::Complete, "cut at {at} passes for whole");
        assert!(lines(&cut).is_subset(&whole), "cut at {at}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(raw: Vec<u8>, at in 0usize..QUAY.len(), byte: u8) {
        let _ = taken(&FORMAT, &raw);
        let _ = (FORMAT.looks_like)(&raw, "x");
        let mut bent = QUAY.as_bytes().to_vec();
        bent[at] = byte;
        let _ = taken(&FORMAT, &bent);
    }

    #[test]
    fn any_text_is_read_without_harm(text in "(dn|a|b)?[:<; =,\\\\\n#é]{0,40}(\n|::|DC=)?.{0,20}") {
        let _ = taken(&FORMAT, text.as_bytes());
    }
}
