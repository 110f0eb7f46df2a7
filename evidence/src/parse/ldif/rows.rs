//! Entries of an Active Directory as rows.

use super::super::pages::CELL_BYTES;
use super::entry::{Entry, base, first_name};
use crate::document::Document;
use crate::row::Row;
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// `userAccountControl`.
const DISABLED: i64 = 0x0002;
const NEVER_EXPIRES: i64 = 0x1_0000;
const NO_PREAUTH: i64 = 0x40_0000;
const DOMAIN_CONTROLLER: i64 = 0x2000;
const READ_ONLY_CONTROLLER: i64 = 0x400_0000;
/// `trustAttributes`.
const QUARANTINED: i64 = 0x4;
const FOREST: i64 = 0x8;
const WITHIN_FOREST: i64 = 0x20;
const TREAT_AS_EXTERNAL: i64 = 0x40;

const DIRECTORY: &str = "ad";

/// Groups that an account is in by number only, and that no `member` lists.
const PRIMARY_GROUPS: &[(i64, &str)] = &[
    (512, "domain admins"),
    (513, "domain users"),
    (514, "domain guests"),
    (515, "domain computers"),
    (516, "domain controllers"),
    (518, "schema admins"),
    (519, "enterprise admins"),
    (520, "group policy creator owners"),
    (521, "read-only domain controllers"),
];

/// Collects what several entries tell together.
#[derive(Default)]
pub(super) struct Directory {
    base: Option<String>,
    /// Names and kinds by distinguished name, lower case.
    known: BTreeMap<String, (String, &'static str)>,
    /// Member and group, by distinguished names: a membership stands at the group and at the member.
    members: BTreeSet<(String, String)>,
    /// Member and group, by distinguished name and name.
    primary: BTreeSet<(String, &'static str)>,
}

impl Directory {
    /// The domain: the shortest base that an entry names.
    pub(super) fn base(&self) -> Option<String> {
        self.base.clone()
    }

    /// The rows of one entry.
    ///
    /// # Errors
    /// What is wrong with it; then it adds no row.
    pub(super) fn take(&mut self, entry: &Entry, document: &mut Document) -> Result<(), String> {
        if let Some(base) = base(&entry.dn)
            && self.base.as_ref().is_none_or(|known| base.len() < known.len())
        {
            self.base = Some(base);
        }
        let mut rows = vec![];
        let person = entry.is("user") || entry.is("msDS-GroupManagedServiceAccount");
        if entry.is("trustedDomain") {
            rows.push(trust(entry)?);
        } else if entry.is("msDS-PasswordSettings") {
            fine_grained(entry, &mut rows)?;
        } else if entry.is("domainDNS") || entry.is("domain") {
            policy(entry, &mut rows)?;
        } else if entry.is("computer") {
            rows.push(account(entry)?);
            if !entry.is("msDS-GroupManagedServiceAccount") && !entry.is("msDS-ManagedServiceAccount") {
                rows.push(device(entry)?);
            }
        } else if person {
            rows.push(account(entry)?);
        }
        let (members, groups) = (entry.texts("member")?, entry.texts("memberof")?);
        let primary = entry.number("primarygroupid")?;
        let own = entry.dn.to_lowercase();
        let name = text::name(&entry.text("samaccountname")?.unwrap_or_else(|| first_name(&entry.dn)));
        if entry.is("group") {
            self.known.insert(own.clone(), (name, "group"));
        } else if person || entry.is("computer") {
            self.known.insert(own.clone(), (name, "account"));
        }
        let short = PRIMARY_GROUPS.iter().find(|g| Some(g.0) == primary);
        self.primary.extend(short.map(|g| (own.clone(), g.1)));
        self.members.extend(members.iter().map(|m| (m.trim().to_lowercase(), own.clone())));
        self.members.extend(groups.iter().map(|g| (own.clone(), g.trim().to_lowercase())));
        rows.into_iter().for_each(|row| document.push(row));
        Ok(())
    }

    /// Memberships, when all names are known. A member that no entry is about goes by the first part of its name.
    pub(super) fn finish(&self, document: &mut Document) {
        let named = |dn: &str| {
            let known = self.known.get(dn);
            (known.map_or_else(|| text::name(&first_name(dn)), |k| k.0.clone()), known.map(|k| k.1))
        };
        let listed = self.members.iter().map(|(member, group)| (named(member), named(group).0));
        let primary = self.primary.iter().map(|(member, group)| (named(member), (*group).to_owned()));
        for ((member, kind), group) in listed.chain(primary) {
            document.push(
                Row::of("group_member")
                    .with("member", member)
                    .with("group_name", group)
                    .with("member_kind", kind)
                    .with("directory", DIRECTORY),
            );
        }
    }
}

fn account(entry: &Entry) -> Result<Row, String> {
    let flags = entry.number("useraccountcontrol")?;
    let flag = |bit: i64| flags.map(|f| f & bit != 0);
    let managed = entry.is("msDS-ManagedServiceAccount") || entry.is("msDS-GroupManagedServiceAccount");
    let kind = if managed { Some("managed-service") } else { entry.is("computer").then_some("computer") };
    let name = match entry.text("samaccountname")? {
        Some(name) => name,
        None => {
            entry.text("userprincipalname")?.ok_or("has neither `sAMAccountName` nor `userPrincipalName`")?
        }
    };
    let names = entry.texts("serviceprincipalname")?;
    if names.iter().map(String::len).sum::<usize>() > CELL_BYTES {
        return Err(format!("its service principal names are longer than {CELL_BYTES} bytes"));
    }
    // The replicated stamp lags up to 14 days; the server's own one is newer where both are there.
    let last = entry.filetime("lastlogontimestamp")?.max(entry.filetime("lastlogon")?);
    let mailbox = entry.has("msexchmailboxguid").then_some(true);
    Ok(Row::of("account")
        .with("id", entry.text("objectguid").ok().flatten().unwrap_or_else(|| entry.dn.clone()))
        .with("name", text::name(&name))
        .with("display", entry.text("displayname")?.or_else(|| Some(first_name(&entry.dn))))
        .with("directory", DIRECTORY)
        .with("kind", kind)
        .with("owner", entry.text("managedby")?.map(|dn| first_name(&dn)))
        .with("enabled", flag(DISABLED).map(|off| !off))
        // Only the mark is a statement: its absence says nothing about rights.
        .with("admin", entry.number("admincount")?.filter(|n| *n > 0).map(|_| true))
        .with("mailbox", mailbox)
        .with("created_at", entry.generalized("whencreated")?)
        .with("last_sign_in_at", last)
        .with("password_set_at", entry.filetime("pwdlastset")?)
        .with("never_expires", flag(NEVER_EXPIRES))
        .with("no_preauth", flag(NO_PREAUTH))
        .with("spn", (!names.is_empty()).then(|| names.join(" ")))
        .with("expires_at", entry.filetime("accountexpires")?))
}

fn device(entry: &Entry) -> Result<Row, String> {
    let flags = entry.number("useraccountcontrol")?.unwrap_or(0);
    let host = entry.text("dnshostname")?;
    let name = text::name(&host.clone().unwrap_or_else(|| first_name(&entry.dn)));
    let os = entry.text("operatingsystem")?;
    let server = os.as_deref().map(|os| os.to_lowercase().contains("server"));
    let kind = match server {
        _ if flags & (DOMAIN_CONTROLLER | READ_ONLY_CONTROLLER) != 0 => Some("domain-controller"),
        Some(true) => Some("server"),
        _ => None,
    };
    Ok(Row::of("device")
        .with("id", name.as_str())
        .with("name", name.as_str())
        .with("kind", kind)
        .with("os", os)
        .with("os_version", entry.text("operatingsystemversion")?)
        .with("last_seen_at", entry.filetime("lastlogontimestamp")?)
        .with("inventoried", true))
}

fn trust(entry: &Entry) -> Result<Row, String> {
    let partner = match entry.text("trustpartner")? {
        Some(partner) => partner,
        None => first_name(&entry.dn),
    };
    let attributes = entry.number("trustattributes")?;
    let has = |bit: i64| attributes.map(|a| a & bit != 0);
    let direction = match entry.number("trustdirection")? {
        Some(1) => Some("inbound"),
        Some(2) => Some("outbound"),
        Some(3) => Some("both"),
        Some(0) => Some("disabled"),
        Some(other) => return Err(format!("`trustDirection` {other} is no direction")),
        None => None,
    };
    // Foreign SIDs are filtered over a forest trust unless it is treated as an external one, and over an external
    // trust where it is quarantined; inside a forest nothing is filtered.
    let filtered = attributes.map(|a| {
        a & QUARANTINED != 0 || (a & FOREST != 0 && a & TREAT_AS_EXTERNAL == 0 && a & WITHIN_FOREST == 0)
    });
    Ok(Row::of("trust")
        .with("partner", text::name(&partner))
        .with("kind", if has(FOREST) == Some(true) { "forest" } else { "domain" })
        .with("direction", direction.filter(|d| *d != "disabled"))
        .with("sid_filtering", filtered)
        .with("status", direction.map(|d| if d == "disabled" { "disabled" } else { "active" })))
}

fn set(rows: &mut Vec<Row>, name: &'static str, scope: &str, value: Option<String>) {
    if let Some(value) = value {
        rows.push(
            Row::of("setting")
                .with("name", name)
                .with("value", value)
                .with("scope", scope)
                .with("directory", DIRECTORY),
        );
    }
}

/// The domain's own policy. Lengths of time are whole seconds; -1 is "for ever".
fn policy(entry: &Entry, rows: &mut Vec<Row>) -> Result<(), String> {
    let scope = entry.dn.to_lowercase();
    let number = |name: &str| entry.number(name).map(|n| n.map(|n| n.to_string()));
    let span = |name: &str| entry.span(name).map(|n| n.map(|n| n.to_string()));
    set(rows, "lockoutThreshold", &scope, number("lockoutthreshold")?);
    set(rows, "lockoutDuration", &scope, span("lockoutduration")?);
    set(rows, "lockoutObservationWindow", &scope, span("lockoutobservationwindow")?);
    set(rows, "minPwdLength", &scope, number("minpwdlength")?);
    set(rows, "pwdHistoryLength", &scope, number("pwdhistorylength")?);
    set(rows, "pwdProperties", &scope, number("pwdproperties")?);
    set(rows, "maxPwdAge", &scope, span("maxpwdage")?);
    set(rows, "minPwdAge", &scope, span("minpwdage")?);
    set(rows, "machineAccountQuota", &scope, number("ms-ds-machineaccountquota")?);
    set(rows, "functionalLevel", &scope, number("msds-behavior-version")?);
    Ok(())
}

/// A fine-grained policy: the same settings, for those whom it applies to.
fn fine_grained(entry: &Entry, rows: &mut Vec<Row>) -> Result<(), String> {
    let scope = format!("fgpp {}", text::name(&first_name(&entry.dn)));
    let number = |name: &str| entry.number(name).map(|n| n.map(|n| n.to_string()));
    let span = |name: &str| entry.span(name).map(|n| n.map(|n| n.to_string()));
    set(rows, "lockoutThreshold", &scope, number("msds-lockoutthreshold")?);
    set(rows, "lockoutDuration", &scope, span("msds-lockoutduration")?);
    set(rows, "lockoutObservationWindow", &scope, span("msds-lockoutobservationwindow")?);
    set(rows, "minPwdLength", &scope, number("msds-minimumpasswordlength")?);
    set(rows, "pwdHistoryLength", &scope, number("msds-passwordhistorylength")?);
    set(rows, "maxPwdAge", &scope, span("msds-maximumpasswordage")?);
    set(rows, "precedence", &scope, number("msds-passwordsettingsprecedence")?);
    let to: Vec<String> =
        entry.texts("msds-psoappliesto")?.iter().map(|dn| text::name(&first_name(dn))).collect();
    set(rows, "appliesTo", &scope, (!to.is_empty()).then(|| to.join(" ")));
    Ok(())
}
