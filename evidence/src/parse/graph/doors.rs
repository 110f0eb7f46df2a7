//! Doors of a tenant: delegated administration, partners, federated domains.

use super::super::pages::Entry;
use super::{Around, DIRECTORY, role_of};
use crate::row::Row;
use crate::text;

/// One entry of `/tenantRelationships/delegatedAdminRelationships` (GDAP): the trust, and a grant for each role.
pub(super) fn delegated(entry: Entry<'_>, _around: &Around, rows: &mut Vec<Row>) -> Result<(), String> {
    let id = entry.needed("id")?;
    // The list names the partner by the relationship's name only.
    let partner = entry.name("displayName")?.unwrap_or_else(|| text::name(id));
    let status = entry.name("status")?;
    let from = match entry.instant("activatedDateTime")? {
        Some(at) => Some(at),
        None => entry.instant("createdDateTime")?,
    };
    let to = entry.instant("endDateTime")?;
    let tenant = match entry.entry("customer")? {
        Some(customer) => customer.name("tenantId")?,
        None => None,
    };
    let duration = seconds(entry, "duration")?;
    let extend = seconds(entry, "autoExtendDuration")?;
    let mut roles = vec![];
    if let Some(details) = entry.entry("accessDetails")? {
        for value in details.list("unifiedRoles") {
            roles.push(Entry::of(value)?.needed("roleDefinitionId")?);
        }
    }
    let words: Vec<String> = roles
        .iter()
        .map(|id| role_of(id).map_or_else(|| id.to_lowercase(), |r| r.0.to_lowercase().replace(' ', "-")))
        .collect();
    rows.push(
        Row::of("trust")
            .with("partner", partner.as_str())
            .with("kind", "gdap")
            .with("direction", "inbound")
            .with("roles", (!words.is_empty()).then(|| words.join(" ")))
            .with("status", status.clone())
            .with("ends_at", to)
            .with("duration_seconds", duration)
            .with("auto_extend", extend.map(|s| s > 0)),
    );
    for id in roles {
        let known = role_of(id);
        rows.push(
            Row::of("role_grant")
                .with("account", partner.as_str())
                .with("role", known.map_or(id, |r| r.0))
                .with("scope", tenant.clone())
                .with("directory", DIRECTORY)
                .with("privileged", known.map(|r| r.1))
                .with("permanent", to.map(|_| false))
                .with("active", status.as_deref().map(|s| s == "active"))
                .with("by_provider", true)
                .with("status", status.clone())
                .with("from_at", from)
                .with("to_at", to),
        );
    }
    Ok(())
}

fn seconds(entry: Entry<'_>, key: &str) -> Result<Option<i64>, String> {
    let Some(told) = entry.text(key)? else { return Ok(None) };
    duration(told).map(Some).ok_or_else(|| format!("`{key}` is no duration"))
}

/// A duration of ISO 8601, in seconds; a year has 365 days, a month 30.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix('P')?;
    let (mut total, mut timed, mut any) = (0_i64, false, false);
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('T').filter(|_| !timed) {
            (rest, timed) = (behind, true);
            continue;
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = (rest.get(..digits)?.parse::<i64>().ok()?, rest.get(digits..)?.chars().next()?);
        // Fractions of a second are cut off.
        let behind = rest.get(digits + unit.len_utf8()..)?;
        let (unit, behind) = match unit {
            '.' => ('S', behind.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('S')?),
            unit => (unit, behind),
        };
        let each = match (unit, timed) {
            ('Y', false) => 365 * 86_400,
            ('M', false) => 30 * 86_400,
            ('W', false) => 7 * 86_400,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(each)?)?;
        (rest, any) = (behind, true);
    }
    any.then_some(total)
}

/// One entry of `/policies/crossTenantAccessPolicy/partners`.
pub(super) fn partner(entry: Entry<'_>, _around: &Around, rows: &mut Vec<Row>) -> Result<(), String> {
    let way = |side: &str| {
        [format!("b2bCollaboration{side}"), format!("b2bDirectConnect{side}")]
            .iter()
            .any(|key| entry.value(key).is_some())
    };
    let direction = match (way("Inbound"), way("Outbound")) {
        (true, true) => Some("both"),
        (true, false) => Some("inbound"),
        (false, true) => Some("outbound"),
        (false, false) => None,
    };
    let mut words = vec![];
    if entry.truth("isServiceProvider")? == Some(true) {
        words.push("service-provider");
    }
    if let Some(trusted) = entry.entry("inboundTrust")? {
        for (key, word) in [
            ("isMfaAccepted", "mfa-accepted"),
            ("isCompliantDeviceAccepted", "compliant-device-accepted"),
            ("isHybridAzureADJoinedDeviceAccepted", "joined-device-accepted"),
        ] {
            if trusted.truth(key)? == Some(true) {
                words.push(word);
            }
        }
    }
    rows.push(
        Row::of("trust")
            .with("partner", text::name(entry.needed("tenantId")?))
            .with("kind", "cross-tenant")
            .with("direction", direction)
            .with("roles", (!words.is_empty()).then(|| words.join(" "))),
    );
    Ok(())
}

/// One entry of `/domains`.
pub(super) fn domain(entry: Entry<'_>, _around: &Around, rows: &mut Vec<Row>) -> Result<(), String> {
    let name = text::name(entry.needed("id")?);
    let kind = entry.text("authenticationType")?;
    let days = entry.number("passwordValidityPeriodInDays")?.map(|d| d.to_string());
    let verified = entry.truth("isVerified")?.map(|v| v.to_string());
    for (setting, value) in [
        ("authenticationType", kind.map(str::to_owned)),
        ("isVerified", verified),
        ("passwordValidityPeriodInDays", days),
    ] {
        if let Some(value) = value {
            rows.push(
                Row::of("setting")
                    .with("name", setting)
                    .with("value", value)
                    .with("scope", name.as_str())
                    .with("directory", DIRECTORY),
            );
        }
    }
    if kind.is_some_and(|k| k.eq_ignore_ascii_case("federated")) {
        rows.push(
            Row::of("trust").with("partner", name).with("kind", "federation").with("direction", "inbound"),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read_as_graph_writes_them() {
        for (text, want) in [
            ("P730D", Some(63_072_000)),
            ("P2Y", Some(63_072_000)),
            ("PT0S", Some(0)),
            ("PT8H30M", Some(30_600)),
            ("P1DT1.5S", Some(86_401)),
            ("P", None),
            ("PT", None),
            ("P1H", None),
            ("730", None),
            ("P99999999999999999999D", None),
            ("P9223372036854775807D", None),
            ("P1é", None),
        ] {
            assert_eq!(duration(text), want, "{text}");
        }
    }
}
