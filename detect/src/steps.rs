//! First steps on each product, as commands that a responder may type: names stand in capitals, because what records hold was
//! written by strangers and is not to be pasted into a shell.

/// What a step is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matter {
    /// Somebody signs in, or tries to.
    SignIn,
    /// A log is emptied, stopped, changed, or silent.
    Log,
    /// Rights, consents, rules and trusts.
    Right,
    /// A program on a machine.
    Tool,
}

fn matter(detection: &str) -> Option<Matter> {
    Some(match detection.strip_prefix("bw.")? {
        "log-tampering" | "silent-source" => Matter::Log,
        "new-administrator" | "new-consent" | "new-forwarding-rule" | "new-federation" => Matter::Right,
        "unapproved-remote-tool" | "seen-across-customers" => Matter::Tool,
        _ => Matter::SignIn,
    })
}

/// How the vocabulary's maps of a product begin; its name; matter; steps.
type Steps = (&'static [&'static str], &'static str, Matter, &'static [&'static str]);

const STEPS: &[Steps] = &[
    (
        &["windows", "sysmon", "winlogbeat"],
        "Windows",
        Matter::SignIn,
        &[
            "Get-ADUser ACCOUNT -Properties LastLogonDate, PasswordLastSet, LockedOut, MemberOf",
            "Disable-ADAccount -Identity ACCOUNT; Set-ADAccountPassword -Identity ACCOUNT -Reset",
            "quser /server:HOST, then logoff SESSION /server:HOST",
            "New-NetFirewallRule -DisplayName 'incident' -Direction Inbound -RemoteAddress SOURCE -Action Block",
        ],
    ),
    (
        &["windows", "sysmon", "winlogbeat"],
        "Windows",
        Matter::Log,
        &[
            "wevtutil gl Security (is it enabled, how large, what happens when it is full)",
            "auditpol /get /category:* beside what was agreed; auditpol /restore /file:AGREED",
            "Get-Service EventLog on HOST; w32tm /query /status for its clock",
        ],
    ),
    (
        &["windows", "sysmon", "winlogbeat"],
        "Windows",
        Matter::Right,
        &["Get-ADGroupMember GROUP -Recursive", "Remove-ADGroupMember -Identity GROUP -Members ACCOUNT"],
    ),
    (
        &["windows", "sysmon", "winlogbeat"],
        "Windows",
        Matter::Tool,
        &[
            "Get-Process, Get-Service and schtasks /query on HOST for the tool: does it run, does it come back",
            "Get-NetTCPConnection -State Established on HOST: is somebody connected now",
        ],
    ),
    (
        &["mssql"],
        "SQL Server",
        Matter::SignIn,
        &[
            "ALTER LOGIN [ACCOUNT] DISABLE; for `sa` there is hardly ever a reason to leave it on",
            "SELECT session_id, login_name, host_name, program_name FROM sys.dm_exec_sessions WHERE is_user_process = 1; KILL SESSION",
            "Close port 1433 to SOURCE: a database is not to be reached from there",
        ],
    ),
    (
        &["host"],
        "Linux",
        Matter::SignIn,
        &[
            "last -iF ACCOUNT; lastb -iF ACCOUNT; loginctl list-sessions",
            "usermod --lock ACCOUNT; loginctl terminate-user ACCOUNT",
            "Look at ~ACCOUNT/.ssh/authorized_keys and crontab -l -u ACCOUNT: a way back outlives the password",
            "nft add rule inet filter input ip saddr SOURCE drop",
        ],
    ),
    (
        &["host"],
        "Linux",
        Matter::Log,
        &[
            "systemctl status rsyslog auditd systemd-journald; journalctl -u rsyslog --since -2h",
            "systemctl start rsyslog, then logger incident, and see that this line arrives here",
            "timedatectl status; last -xF for restarts",
        ],
    ),
    (
        &["host"],
        "Linux",
        Matter::Right,
        &["getent group sudo wheel; ls -l /etc/sudoers.d", "gpasswd --delete ACCOUNT GROUP"],
    ),
    (
        &["entra"],
        "Entra ID",
        Matter::SignIn,
        &[
            "Revoke-MgUserSignInSession -UserId ACCOUNT",
            "Update-MgUser -UserId ACCOUNT -AccountEnabled:$false until the user was spoken to",
            "Get-MgUserAuthenticationMethod -UserId ACCOUNT: was a factor of somebody else's added",
            "Block SOURCE in a named location with Conditional Access",
        ],
    ),
    (
        &["entra"],
        "Entra ID",
        Matter::Right,
        &[
            "A role: Get-MgRoleManagementDirectoryRoleAssignment -Filter \"principalId eq 'ID'\", then Remove-MgRoleManagementDirectoryRoleAssignment",
            "A consent: Get-MgOauth2PermissionGrant, Remove-MgOauth2PermissionGrant; Update-MgServicePrincipal -AccountEnabled:$false",
            "A domain: Get-MgDomainFederationConfiguration -DomainId DOMAIN, then Remove-MgDomainFederationConfiguration",
            "Revoke-MgUserSignInSession -UserId ACCOUNT for whoever did it",
        ],
    ),
    (
        &["m365"],
        "Microsoft 365",
        Matter::Right,
        &[
            "Get-InboxRule -Mailbox ACCOUNT -IncludeHidden; Remove-InboxRule -Mailbox ACCOUNT -Identity RULE",
            "Set-Mailbox ACCOUNT -ForwardingSmtpAddress $null -ForwardingAddress $null",
            "Search-UnifiedAuditLog -UserIds ACCOUNT -StartDate DAY -EndDate DAY -Operations MailItemsAccessed, Send",
        ],
    ),
    (
        &["m365"],
        "Microsoft 365",
        Matter::SignIn,
        &["Revoke-MgUserSignInSession -UserId ACCOUNT", "Get-InboxRule -Mailbox ACCOUNT -IncludeHidden"],
    ),
    (
        &["m365"],
        "Microsoft 365",
        Matter::Log,
        &["Get-AdminAuditLogConfig, then Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true"],
    ),
    (
        &["okta"],
        "Okta",
        Matter::SignIn,
        &[
            "Directory, People, ACCOUNT: Clear user sessions, then Suspend",
            "Directory, People, ACCOUNT, Extra verification: was a factor of somebody else's enrolled",
            "Security, Networks: block SOURCE",
        ],
    ),
    (
        &["okta"],
        "Okta",
        Matter::Right,
        &[
            "Security, Administrators: take the role back",
            "Security, Identity providers: deactivate the new one",
        ],
    ),
    (
        &["google", "gcp"],
        "Google Workspace",
        Matter::SignIn,
        &[
            "Admin console, Users, ACCOUNT, Security: reset sign-in cookies",
            "Admin console, Users, ACCOUNT: Suspend",
        ],
    ),
    (
        &["google", "gcp"],
        "Google Workspace",
        Matter::Right,
        &[
            "Admin console, Account, Admin roles: take the role back",
            "Admin console, Security, API controls: block the application",
        ],
    ),
    (
        &["aws"],
        "AWS",
        Matter::SignIn,
        &[
            "aws iam delete-login-profile --user-name ACCOUNT",
            "aws iam list-access-keys --user-name ACCOUNT; aws iam update-access-key --status Inactive --user-name ACCOUNT --access-key-id KEY",
        ],
    ),
    (
        &["aws"],
        "AWS",
        Matter::Log,
        &[
            "aws cloudtrail describe-trails; aws cloudtrail get-trail-status --name TRAIL",
            "aws cloudtrail start-logging --name TRAIL; aws cloudtrail get-event-selectors --trail-name TRAIL",
            "aws ec2 describe-flow-logs",
        ],
    ),
    (
        &["aws"],
        "AWS",
        Matter::Right,
        &[
            "aws iam detach-user-policy or detach-role-policy; aws iam list-access-keys --user-name ACCOUNT",
            "aws iam get-role --role-name ROLE: who may take it; aws iam update-assume-role-policy with what it was",
            "aws rolesanywhere list-trust-anchors; aws iam list-saml-providers; aws iam list-open-id-connect-providers",
        ],
    ),
    (
        &["fortigate", "cisco", "openvpn", "firewall"],
        "VPN gateway or firewall",
        Matter::SignIn,
        &[
            "List the tunnels and end those of ACCOUNT (FortiGate: get vpn ssl monitor, execute vpn sslvpn del-tunnel INDEX; ASA: vpn-sessiondb logoff name ACCOUNT)",
            "Disable ACCOUNT where the gateway asks for it: its own list, RADIUS or the directory",
            "Block SOURCE in the policy of the outer interface",
        ],
    ),
];

/// The product that a map of the vocabulary is about, and first steps on it for a detection; `None` where none are known.
#[must_use]
pub fn first_steps(detection: &str, map: &str) -> Option<(&'static str, &'static [&'static str])> {
    let matter = matter(detection)?;
    let product = map.split('-').next().unwrap_or(map);
    let found = STEPS.iter().find(|s| s.2 == matter && s.0.contains(&product));
    found.map(|s| (s.1, s.3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_belongs_to_a_product_that_the_vocabulary_reads() {
        let vocabulary = crate::Vocabulary::built_in();
        let maps: Vec<String> =
            vocabulary.families().flat_map(|f| f.2).map(|(id, _)| id.to_owned()).collect();
        for (products, name, _, steps) in STEPS {
            assert!(!steps.is_empty(), "{name}");
            for product in *products {
                let prefix = format!("{product}-");
                assert!(maps.iter().any(|m| m.starts_with(&prefix)), "no map begins with {prefix}: {maps:?}");
            }
        }
    }

    #[test]
    fn steps_are_found_by_detection_and_product() {
        let of = |detection, map| first_steps(detection, map).map(|s| s.0);
        assert_eq!(of("bw.brute-force", "host-sign-in"), Some("Linux"));
        assert_eq!(of("bw.log-tampering", "windows-log-cleared"), Some("Windows"));
        assert_eq!(of("bw.new-federation", "aws-trust-anchor"), Some("AWS"));
        assert_eq!(of("bw.brute-force", "zeek-ssh"), None);
        assert_eq!(of("43d0f0b2-9ca0-4609-b512-37bf682b6e7c", "windows-log-cleared"), None);
    }
}
