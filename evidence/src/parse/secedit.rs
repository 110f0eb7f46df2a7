//! The security policy of one Windows host as `secedit /export /cfg FILE` writes it (UTF-16): lockout and passwords.
//!
//! The form ends in its `[Version]` section, which the tool writes last.

use super::pages::{self, CELL_BYTES};
use super::{Format, Hint};
use crate::document::Document;
use crate::row::Row;

pub(super) const FORMAT: Format = Format {
    name: "secedit",
    kind: "tenant-settings",
    about: "secedit /export of a Windows host: lockout, password and audit policy, rights",
    looks_like: |head, _| {
        let text = pages::glance(head);
        text.trim_start().starts_with("[Unicode]") && text.contains("[System Access]")
    },
    read,
};

/// Our names of settings that a directory's policy has too, and how many seconds their unit has.
const SAME: &[(&str, &str, i64)] = &[
    ("LockoutBadCount", "lockoutThreshold", 1),
    ("LockoutDuration", "lockoutDuration", 60),
    ("ResetLockoutCount", "lockoutObservationWindow", 60),
    ("MinimumPasswordLength", "minPwdLength", 1),
    ("PasswordHistorySize", "pwdHistoryLength", 1),
    ("MaximumPasswordAge", "maxPwdAge", 86_400),
    ("MinimumPasswordAge", "minPwdAge", 86_400),
];
/// Sections whose lines are settings.
const SECTIONS: &[&str] =
    &["System Access", "Event Audit", "Registry Values", "Privilege Rights", "Kerberos Policy"];

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(FORMAT.kind);
    let (text, odd) = pages::decode(raw);
    let mut document = Document::new(FORMAT.name, kind);
    document.tool = Some("secedit".into());
    document.scope = Some("windows local policy".into());
    let (mut section, mut ended, mut accessed) = ("", false, false);
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if !line.ends_with('\n') {
            document.partial("the last line has no end: the file may have been cut, and it was left out");
            break;
        }
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name;
            // Templates of group policy name their version first: nothing in them tells their end.
            ended = false;
            accessed |= section == "System Access";
        } else if section == "Version" {
            ended |= line.starts_with("Revision");
        } else if !line.is_empty() && SECTIONS.contains(&section) {
            match setting(section, line) {
                Ok(row) => document.push(row),
                Err(why) => document.defect(format!("line {}: {why}", at + 1)),
            }
        }
    }
    if let Some(why) = odd {
        document.partial(why);
    }
    document.remark("names no host: the one who hands it in must");
    if !accessed {
        return Document::failed(FORMAT.name, kind, "has no section `[System Access]`");
    }
    if !ended {
        document.partial("does not end with its version: the file may have been cut");
    }
    document
}

fn setting(section: &str, line: &str) -> Result<Row, String> {
    let (name, value) = line.split_once('=').ok_or("is no setting")?;
    let (name, value) = (name.trim(), value.trim());
    if line.len() > CELL_BYTES {
        return Err(format!("is longer than {CELL_BYTES} bytes"));
    }
    let same = SAME.iter().find(|s| section == "System Access" && s.0.eq_ignore_ascii_case(name));
    let (name, value) = match same {
        None => (format!("{section}.{name}"), value.trim_matches('"').to_owned()),
        Some((_, ours, seconds)) => {
            let number: i64 = value.parse().map_err(|_| format!("`{name}` is no whole number"))?;
            // -1 stands for "for ever", or "until an administrator unlocks it".
            let seconds = if number < 0 { Some(-1) } else { number.checked_mul(*seconds) };
            ((*ours).to_owned(), seconds.ok_or_else(|| format!("`{name}` is too large"))?.to_string())
        }
    };
    Ok(Row::of("setting")
        .with("name", name)
        .with("value", value)
        .with("scope", "local")
        .with("directory", "local"))
}

#[cfg(test)]
mod tests {
    use super::super::cuts::{cut_everywhere, never, taken};
    use super::*;
    use crate::document::Status;

    const POLICY: &str = "[Unicode]\r\nUnicode=yes\r\n[System Access]\r\nMinimumPasswordLength = 14\r\nLockoutBadCount = 5\r\nLockoutDuration = 30\r\nMaximumPasswordAge = -1\r\nNewAdministratorName = \"root9\"\r\n[Event Audit]\r\nAuditLogonEvents = 3\r\n[Version]\r\nsignature=\"$CHICAGO$\"\r\nRevision=1\r\n";

    fn wide(text: &str) -> Vec<u8> {
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    }

    #[test]
    fn a_policy_is_told_with_the_names_that_a_directory_has() {
        assert!((FORMAT.looks_like)(&wide(POLICY), "x"));
        let policy = taken(&FORMAT, &wide(POLICY));
        assert_eq!(policy.status, Status::Complete, "{:?}", policy.defects);
        let lines: Vec<String> = policy.rows.iter().map(Row::line).collect();
        for want in [
            r#"["setting","minPwdLength","14""#,
            r#"["setting","lockoutThreshold","5""#,
            r#"["setting","lockoutDuration","1800""#,
            r#"["setting","maxPwdAge","-1""#,
            r#"["setting","System Access.NewAdministratorName","root9""#,
            r#"["setting","Event Audit.AuditLogonEvents","3""#,
        ] {
            assert!(lines.iter().any(|l| l.starts_with(want)), "{want} {lines:#?}");
        }
        let odd = taken(&FORMAT, POLICY.replace("= 5", "= many").as_bytes());
        assert!(odd.status.why().is_some_and(|w| w.contains("line 5") && w.contains("LockoutBadCount")));
        assert_eq!(taken(&FORMAT, b"[Unicode]\n").status.as_str(), "failed");
    }

    #[test]
    fn a_cut_policy_never_passes_for_a_whole_one() {
        cut_everywhere(&FORMAT, &Hint::default(), POLICY.as_bytes(), never);
        cut_everywhere(&FORMAT, &Hint::default(), &wide(POLICY), |_, behind| behind.len() < 2);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(raw: Vec<u8>, at in 0usize..POLICY.len(), byte: u8) {
            let _ = taken(&FORMAT, &raw);
            let mut bent = POLICY.as_bytes().to_vec();
            bent[at] = byte;
            let _ = taken(&FORMAT, &bent);
        }
    }
}
