//! Sign-ins of Entra ID.

use super::super::pages::Entry;
use super::{Around, DIRECTORY};
use crate::row::Row;
use serde_json::Value;
use std::collections::BTreeSet;

/// Home tenants of those whom the log itself calls a service provider.
pub(super) fn providers<'a>(values: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    values
        .filter_map(|value| Entry::of(value).ok())
        .filter(|entry| crosses(*entry) == Ok(Some(true)))
        .filter_map(|entry| entry.name("homeTenantId").ok().flatten())
        .collect()
}

/// Whether the access is a service provider's; `none` is the tenant's own, other words leave it open.
fn crosses(entry: Entry<'_>) -> Result<Option<bool>, String> {
    let words = entry.text("crossTenantAccessType")?.unwrap_or("").to_ascii_lowercase();
    Ok(match words.as_str() {
        "none" => Some(false),
        words if words.split(',').any(|w| w.trim() == "serviceprovider") => Some(true),
        _ => None,
    })
}

/// Whether the account is the provider's: the log says so, or its home is a tenant that the log calls a provider's.
fn by_provider(entry: Entry<'_>, around: &Around) -> Result<Option<bool>, String> {
    let told = crosses(entry)?;
    let (home, resource) = (entry.name("homeTenantId")?, entry.name("resourceTenantId")?);
    let foreign = home.is_some() && resource.is_some() && home != resource;
    Ok(match told {
        Some(true) => Some(true),
        _ if foreign && home.is_some_and(|home| around.providers.contains(&home)) => Some(true),
        Some(false) if foreign => None,
        Some(false) => Some(false),
        None if !foreign && resource.is_some() && !entry.names("crossTenantAccessType") => Some(false),
        None => None,
    })
}

/// Clients that speak a protocol without a second factor, as `clientAppUsed` names them.
const LEGACY: &[&str] = &[
    "authenticated smtp",
    "autodiscover",
    "exchange activesync",
    "exchange online powershell",
    "exchange web services",
    "imap",
    "imap4",
    "mapi",
    "mapi over http",
    "offline address book",
    "outlook anywhere (rpc over http)",
    "outlook service",
    "pop",
    "pop3",
    "reporting web services",
    "smtp",
    "universal outlook",
];

fn legacy(client: &str) -> Option<bool> {
    let client = client.to_ascii_lowercase();
    match client.as_str() {
        "browser" | "mobile apps and desktop clients" => Some(false),
        c if c.starts_with("other clients") || LEGACY.contains(&c) => Some(true),
        _ => None,
    }
}

fn requirement(word: &str) -> &str {
    match word {
        "multiFactorAuthentication" => "multi-factor",
        "singleFactorAuthentication" => "single-factor",
        other => other,
    }
}

/// The steps by which it was proven, or the methods where no steps are told.
fn method(entry: Entry<'_>) -> Option<String> {
    let steps = entry.list("authenticationDetails").iter();
    let steps = steps
        .filter_map(|step| step.get("authenticationMethod").or(step.get("AuthenticationMethod"))?.as_str());
    let used = entry.list("authenticationMethodsUsed").iter().filter_map(Value::as_str);
    let mut words: Vec<&str> = vec![];
    for word in steps.chain(used).map(str::trim).filter(|w| !w.is_empty() && w.len() < 200) {
        if !words.contains(&word) && words.len() < 16 {
            words.push(word);
        }
    }
    (!words.is_empty()).then(|| words.join(" + "))
}

/// Whether a person sat there: the event types say it where the plain field is missing.
fn interactive(entry: Entry<'_>) -> Result<Option<bool>, String> {
    if let Some(told) = entry.truth("isInteractive")? {
        return Ok(Some(told));
    }
    let mut types = entry.list("signInEventTypes").iter().filter_map(Value::as_str).peekable();
    Ok(types.peek().is_some().then(|| types.any(|t| t == "interactiveUser")))
}

/// One entry of `/auditLogs/signIns`.
pub(super) fn rows(entry: Entry<'_>, around: &Around, rows: &mut Vec<Row>) -> Result<(), String> {
    let mut account = None;
    for key in ["userPrincipalName", "userId", "servicePrincipalName", "servicePrincipalId"] {
        account = account.or(entry.name(key)?);
    }
    let account = account.ok_or("names no account")?;
    let (code, reason) = match entry.entry("status")? {
        None => (None, None),
        Some(status) => (status.number("errorCode")?, status.text("failureReason")?),
    };
    let failure =
        code.filter(|c| *c != 0).map(|c| reason.map_or_else(|| c.to_string(), |why| format!("{c} {why}")));
    let (mut device, mut managed) = (None, None);
    if let Some(detail) = entry.entry("deviceDetail")? {
        device = detail.name("displayName")?.or(detail.name("deviceId")?);
        managed = match (detail.truth("isManaged")?, detail.truth("isCompliant")?) {
            (None, None) => None,
            (managed, compliant) => Some(managed == Some(true) || compliant == Some(true)),
        };
    }
    let client = entry.text("clientAppUsed")?;
    let at = entry.instant("createdDateTime")?.ok_or("has no `createdDateTime`")?;
    rows.push(
        Row::of("sign_in")
            .with("id", entry.needed("id")?)
            .with("account", account)
            .with("directory", DIRECTORY)
            .with("succeeded", code.map(|c| c == 0))
            .with("failure", failure)
            .with("by_provider", by_provider(entry, around)?)
            .with("requirement", entry.text("authenticationRequirement")?.map(requirement))
            .with("method", method(entry))
            .with("client", client)
            .with("legacy", client.and_then(legacy))
            .with("resource", entry.text("resourceDisplayName")?)
            .with("device", device)
            .with("source_ip", entry.text("ipAddress")?)
            .with("interactive", interactive(entry)?)
            .with("managed_device", managed)
            .with("at_at", at),
    );
    Ok(())
}
