//! Roles of Entra ID: who has them, who may take them, and which of them can take over the whole directory.

use super::super::pages::Entry;
use super::Around;
use crate::row::Row;
use crate::text;

/// The directory's name in our rows.
pub(in super::super) const DIRECTORY: &str = "entra";

/// The name of a built-in role and whether it can take over the whole directory, by its template's id.
///
/// The first eight are the highly privileged roles of the SCuBA baseline for Entra ID (MS.AAD.7); the other ones
/// that say yes can reset an administrator's sign-in methods, change how sign-in is federated, or write to the
/// directory as its synchronisation does.
pub(in super::super) fn role_of(id: &str) -> Option<(&'static str, bool)> {
    ROLES.iter().find(|role| role.0.eq_ignore_ascii_case(id)).map(|role| (role.1, role.2))
}

const ROLES: &[(&str, &str, bool)] = &[
    ("62e90394-69f5-4237-9190-012177145e10", "Global Administrator", true),
    ("e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator", true),
    ("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator", true),
    ("f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator", true),
    ("29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator", true),
    ("8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "Hybrid Identity Administrator", true),
    ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator", true),
    ("158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator", true),
    ("7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "Privileged Authentication Administrator", true),
    ("e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8", "Partner Tier2 Support", true),
    ("4ba39ca4-527c-499a-b93d-d9b492c50246", "Partner Tier1 Support", true),
    ("d29b2b05-8046-44ba-8758-1e26182fcf32", "Directory Synchronization Accounts", true),
    ("8329153b-31d0-4727-b945-745eb3bc5f31", "Domain Name Administrator", true),
    ("be2f45a1-457d-42af-a067-6ec1fa63bc45", "External Identity Provider Administrator", true),
    ("194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator", false),
    ("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator", false),
    ("c4e39bd9-1100-46d3-8c65-fb160da0071f", "Authentication Administrator", false),
    ("729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator", false),
    ("966707d0-3269-4727-9be2-8c3a10f19b9d", "Password Administrator", false),
    ("3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator", false),
    ("fdd7a751-b60b-444a-984c-02652fe8fa1c", "Groups Administrator", false),
    ("69091246-20e8-4a56-aa4d-066075b2a7a8", "Teams Administrator", false),
    ("b0f54661-2d74-4c50-afa3-1ec803f12efe", "Billing Administrator", false),
    ("4d6ac14f-3453-41d0-bef9-a3e0c569773a", "License Administrator", false),
    ("9360feb5-f418-4baa-8175-e2a00bac4301", "Directory Writers", false),
    ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers", false),
    ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader", false),
    ("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader", false),
    ("5f2222b1-57c3-48ba-8ad5-d4759f1fde6f", "Security Operator", false),
    ("17315797-102d-40b4-93e0-432062caca18", "Compliance Administrator", false),
    ("4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader", false),
    ("790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", "Message Center Reader", false),
    ("f023fd81-a637-4b56-95fd-791ac0226033", "Service Support Administrator", false),
    ("95e79109-95c0-4d8e-aee3-d01accf2d47b", "Guest Inviter", false),
    ("cf1c38e5-3621-4004-a7cb-879624dced7c", "Application Developer", false),
    ("7698a772-787b-4ac8-901f-60d6b08affd2", "Cloud Device Administrator", false),
];

/// What every form of assignment tells.
fn grant(entry: Entry<'_>) -> Result<Row, String> {
    let mut account = text::name(entry.needed("principalId")?);
    if let Some(principal) = entry.entry("principal")?
        && let Some(name) = principal.name("userPrincipalName")?
    {
        account = name;
    }
    let id = entry.needed("roleDefinitionId")?;
    let known = role_of(id);
    let (mut role, mut privileged) = (known.map_or(id, |r| r.0), known.map(|r| r.1));
    if let Some(definition) = entry.entry("roleDefinition")? {
        role = definition.text("displayName")?.unwrap_or(role);
        // Microsoft's mark is wider than "can take over everything"; its absence is an answer, its presence is none.
        privileged = privileged.or(definition.truth("isPrivileged")?.filter(|marked| !marked));
    }
    Ok(Row::of("role_grant")
        .with("account", account)
        .with("role", role)
        .with("scope", entry.text("directoryScopeId")?.or(entry.text("appScopeId")?))
        .with("directory", DIRECTORY)
        .with("privileged", privileged))
}

fn span(row: Row, entry: Entry<'_>) -> Result<Row, String> {
    let (from, to) = (entry.instant("startDateTime")?, entry.instant("endDateTime")?);
    let permanent = entry.names("endDateTime").then_some(to.is_none());
    Ok(row.with("permanent", permanent).with("from_at", from).with("to_at", to))
}

/// One entry of `roleAssignmentScheduleInstances`: in force now, assigned or activated.
pub(in super::super) fn scheduled(
    entry: Entry<'_>,
    _around: &Around,
    rows: &mut Vec<Row>,
) -> Result<(), String> {
    let row = span(grant(entry)?, entry)?;
    let activated = entry.text("assignmentType")?.map(|t| t.eq_ignore_ascii_case("activated"));
    let (from, to) = (entry.instant("startDateTime")?, entry.instant("endDateTime")?);
    let seconds = match (activated, from, to) {
        (Some(true), Some(from), Some(to)) => Some(to.as_second() - from.as_second()),
        _ => None,
    };
    rows.push(
        row.with("active", activated.map(|a| !a))
            .with("status", "active")
            .with("activation_seconds", seconds),
    );
    Ok(())
}

/// One entry of `roleEligibilityScheduleInstances`: may be taken.
pub(super) fn eligible(entry: Entry<'_>, _around: &Around, rows: &mut Vec<Row>) -> Result<(), String> {
    rows.push(span(grant(entry)?, entry)?.with("active", false).with("status", "eligible"));
    Ok(())
}

/// One entry of `roleAssignments`: in force; whether it ends or was asked for, this list does not say.
pub(super) fn plain(entry: Entry<'_>, around: &Around, rows: &mut Vec<Row>) -> Result<(), String> {
    debug_assert_eq!(around.set, "roleAssignments");
    rows.push(grant(entry)?.with("status", "active"));
    Ok(())
}
