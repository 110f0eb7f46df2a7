//! Users, and the ways in which they can prove themselves.

use super::super::pages::Entry;
use super::{Around, DIRECTORY};
use crate::row::Row;
use crate::text;
use serde_json::Value;

/// One entry of `/users`.
pub(super) fn user(entry: Entry<'_>, _around: &Around, rows: &mut Vec<Row>) -> Result<(), String> {
    let name = entry.name("userPrincipalName")?;
    let id = entry.text("id")?;
    if name.is_none() && id.is_none() {
        return Err("has neither `id` nor `userPrincipalName`".into());
    }
    let guest = entry.text("userType")?.is_some_and(|t| t.eq_ignore_ascii_case("guest"));
    let activity = entry.entry("signInActivity")?;
    let last = match activity {
        None => None,
        Some(activity) => match activity.instant("lastSuccessfulSignInDateTime")? {
            Some(at) => Some(at),
            None => activity
                .instant("lastSignInDateTime")?
                .max(activity.instant("lastNonInteractiveSignInDateTime")?),
        },
    };
    rows.push(
        Row::of("account")
            .with("id", id)
            .with("name", name)
            .with("display", entry.text("displayName")?)
            .with("directory", DIRECTORY)
            .with("kind", guest.then_some("guest"))
            .with("enabled", entry.truth("accountEnabled")?)
            .with("mailbox", mailbox(entry, guest)?)
            .with("created_at", entry.instant("createdDateTime")?)
            .with("last_sign_in_at", last)
            .with("password_set_at", entry.instant("lastPasswordChangeDateTime")?)
            .with("never_expires", never_expires(entry)?),
    );
    Ok(())
}

/// An Exchange plan in force is a mailbox; else a member with a mail address has one. A guest's address lies elsewhere.
fn mailbox(entry: Entry<'_>, guest: bool) -> Result<Option<bool>, String> {
    let exchange = |plan: &Value| {
        let word = |key: &str| plan.get(key).and_then(Value::as_str).unwrap_or("");
        word("service").eq_ignore_ascii_case("exchange")
            && word("capabilityStatus").eq_ignore_ascii_case("enabled")
    };
    if entry.list("assignedPlans").iter().any(exchange) {
        return Ok(Some(true));
    }
    let mail = entry.text("mail")?;
    Ok(if guest || !entry.names("mail") { None } else { Some(mail.is_some()) })
}

/// Policies of the account; named and null is the tenant's default, in which the account has no exemption.
fn never_expires(entry: Entry<'_>) -> Result<Option<bool>, String> {
    let policies = entry.text("passwordPolicies")?;
    Ok(match policies {
        Some(words) => Some(words.to_ascii_lowercase().contains("disablepasswordexpiration")),
        None => entry.names("passwordPolicies").then_some(false),
    })
}

/// One entry of `/reports/authenticationMethods/userRegistrationDetails`.
pub(super) fn registration(entry: Entry<'_>, _around: &Around, rows: &mut Vec<Row>) -> Result<(), String> {
    let name = text::name(entry.needed("userPrincipalName")?);
    let admin = entry.truth("isAdmin")?;
    let guest = entry.text("userType")?.is_some_and(|t| t.eq_ignore_ascii_case("guest"));
    let mut methods = vec![];
    for value in entry.list("methodsRegistered") {
        let word = value.as_str().map(str::trim).filter(|w| !w.is_empty() && w.len() <= 200);
        methods.push(word.ok_or("`methodsRegistered` holds what is no method")?);
    }
    rows.push(
        Row::of("account")
            .with("id", entry.text("id")?)
            .with("name", name.as_str())
            .with("display", entry.text("userDisplayName")?)
            .with("directory", DIRECTORY)
            .with("kind", guest.then_some("guest"))
            .with("admin", admin),
    );
    for word in methods {
        let method = METHODS.iter().find(|m| word.eq_ignore_ascii_case(m.0));
        rows.push(
            Row::of("auth_method")
                .with("account", name.as_str())
                .with("method", method.map_or(word, |m| m.1))
                .with("phishing_resistant", method.map(|m| m.2))
                .with("weak", method.map(|m| m.3))
                .with("admin", admin),
        );
    }
    Ok(())
}

/// Graph's word, ours, whether a false site cannot relay it, whether it is SMS, voice, mail or a question.
const METHODS: &[(&str, &str, bool, bool)] = &[
    ("password", "password", false, false),
    ("fido2SecurityKey", "fido2", true, false),
    ("passKeyDeviceBound", "fido2", true, false),
    ("passKeyDeviceBoundAuthenticator", "fido2", true, false),
    ("passKeyDeviceBoundWindowsHello", "fido2", true, false),
    ("passKeySynced", "fido2", true, false),
    ("macOsSecureEnclaveKey", "platform-credential", true, false),
    ("platformCredential", "platform-credential", true, false),
    ("windowsHelloForBusiness", "windows-hello", true, false),
    ("x509Certificate", "certificate", true, false),
    ("certificateBasedAuthentication", "certificate", true, false),
    ("microsoftAuthenticatorPasswordless", "app", false, false),
    ("microsoftAuthenticatorPush", "push", false, false),
    ("softwareOneTimePasscode", "totp", false, false),
    ("hardwareOneTimePasscode", "totp", false, false),
    ("temporaryAccessPass", "tap", false, false),
    ("mobilePhone", "sms", false, true),
    ("alternateMobilePhone", "voice", false, true),
    ("officePhone", "voice", false, true),
    ("email", "email", false, true),
    ("securityQuestion", "question", false, true),
];
