//! Lynis' report (`/var/log/lynis-report.dat`): what it warns of and suggests about one host.

use super::{broke_off, decode, holds, put, scope, title};
use crate::document::{Document, Status};
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use std::collections::BTreeMap;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "lynis",
    kind: "tenant-settings",
    about: "the report of Lynis (`lynis-report.dat`)",
    looks_like: |head, _| head.starts_with(b"# Lynis Report") || holds(head, "\nlynis_version="),
    read,
};

/// What the report says of the host as a whole.
const SETTINGS: &[&str] = &[
    "hardening_index",
    "firewall_installed",
    "firewall_active",
    "malware_scanner_installed",
    "vulnerable_packages_found",
    "ntp_config_found",
    "ntp_daemon_running",
    "auth_failed_logins_logged",
    "linux_auditd_running",
    "audit_daemon_running",
    "syslog_daemon_present",
    "log_rotation_tool",
    "password_max_days",
    "password_min_days",
    "pam_pwquality",
    "boot_uefi_booted_secure",
    "file_integrity_tool_installed",
    "ids_ips_tooling",
    "apparmor_enabled",
    "selinux_status",
];

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let mut document = Document::new(FORMAT.name, hint.kind.unwrap_or(FORMAT.kind));
    document.tool = Some("Lynis".to_owned());
    let (text, broken) = decode(raw);
    let mut says: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = vec![];
    for (number, line) in text.split_inclusive('\n').enumerate() {
        // A line without its end may be half of one.
        let Some(line) = line.strip_suffix('\n') else {
            document.partial("the last line has no end: the file may have been cut");
            break;
        };
        match line.trim_end_matches('\r').split_once('=') {
            Some((name @ ("warning[]" | "suggestion[]"), entry)) => found.push((number + 1, name, entry)),
            Some((name, value)) => {
                says.insert(name.trim(), value.trim());
            }
            None if line.trim().is_empty() || line.starts_with('#') => {}
            None => document.remark(format!("line {} has no `=`", number + 1)),
        }
    }
    let said = |name: &str| says.get(name).copied().filter(|v| !v.is_empty());
    let host = said("hostname").map(text::name);
    document.tool_version = said("lynis_version").map(str::to_owned);
    document.scope = host.as_deref().and_then(scope);
    for at in ["report_datetime_start", "report_datetime_end"]
        .iter()
        .filter_map(|n| said(n))
        .filter_map(text::instant)
    {
        document.saw(at);
        document.made = Some(at);
    }
    let product = said("os_fullname").or_else(|| said("os_name")).or_else(|| said("os"));
    for (number, name, entry) in found {
        let result = if name == "warning[]" { "fail" } else { "warning" };
        match control(entry, result, product) {
            Some(row) => put(&mut document, row, format_args!("line {number}")),
            None => document.defect(format!("line {number} names no test")),
        }
    }
    for name in SETTINGS {
        if let Some(value) = said(name) {
            let row = Row::of("setting")
                .with("name", *name)
                .with("value", value)
                .with("scope", host.as_deref())
                .with("directory", product);
            put(&mut document, row, format_args!("`{name}`"));
        }
    }
    match (broken, said("finish")) {
        (Some(why), _) => broke_off(&mut document, why),
        (None, Some("true")) => {}
        (None, _) if said("lynis_version").is_none() && document.rows.is_empty() => {
            document.status = Status::Failed { why: "holds nothing of a report".to_owned() };
        }
        (None, _) => document.partial("the report does not end with `finish=true`: the audit was broken off"),
    }
    document
}

/// `ID|what|details|how to mend it|`.
fn control(entry: &str, result: &str, product: Option<&str>) -> Option<Row> {
    let mut parts = entry.split('|').map(str::trim);
    let id = parts.next().filter(|id| !id.is_empty())?;
    let words = parts.next().filter(|w| !w.is_empty());
    let details = parts.next().filter(|d| !matches!(*d, "" | "-"));
    Some(
        Row::of("control")
            .with("id", id)
            .with("title", words.map(title))
            .with("product", product)
            .with("result", result)
            .with("details", details),
    )
}
