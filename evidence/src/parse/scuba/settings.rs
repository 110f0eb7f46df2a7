//! Settings, privileged accounts and roles of a tenant, as ScubaGear exports them.

use super::super::graph::{DIRECTORY, role_of};
use super::super::pages::{CELL_BYTES, Entry};
use super::mail;
use crate::document::Document;
use crate::row::Row;
use crate::text;
use serde_json::Value;

/// Sections that are no settings of the tenant: the tool's own words, and what is read into other tables.
const APART: &[&str] = &[
    "scuba_config",
    "cap_table_data",
    "privileged_users",
    "privileged_service_principals",
    "privileged_roles",
    "spf_records",
    "dkim_records",
    "dmarc_records",
    "tenant_details",
    "service_plans",
    "baseline_version",
    "module_version",
    "date",
    "timestamp_zulu",
    "report_uuid",
];
/// How deep settings are read: section, entry, group, setting.
const DEPTH_LIMIT: usize = 6;

/// All rows of an export, and the commands that it says did not work.
pub(super) fn read(export: Entry<'_>, tenant: Option<&str>, document: &mut Document) {
    accounts(export, document);
    roles(export, document);
    mail::read(export, document);
    for (section, value) in export.fields() {
        if section.ends_with("_unsuccessful_commands") {
            let failed: Vec<&str> =
                value.as_array().into_iter().flatten().filter_map(Value::as_str).take(20).collect();
            if !failed.is_empty() {
                document.partial(format!("commands that did not work: {}", failed.join(", ")));
            }
        } else if !section.ends_with("_successful_commands") && !APART.contains(&section.as_str()) {
            let directory = if section.starts_with("directory") { DIRECTORY } else { "m365" };
            let walk = Walk { tenant, directory };
            walk.down(section, value, tenant, 0, document);
        }
    }
}

struct Walk<'a> {
    tenant: Option<&'a str>,
    directory: &'static str,
}

impl Walk<'_> {
    /// Takes a section apart into settings; an entry of a list holds for what it is named after.
    fn down(&self, name: &str, value: &Value, scope: Option<&str>, depth: usize, document: &mut Document) {
        if depth > DEPTH_LIMIT {
            return;
        }
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                // The list of name and value pairs that directory settings are.
                if let (Some(Value::String(key)), Some(inner), 2) =
                    (fields.get("Name"), fields.get("Value"), fields.len())
                {
                    return self.down(&format!("{name}.{key}"), inner, scope, depth + 1, document);
                }
                let scope = ["Identity", "Name", "DisplayName", "Id"]
                    .iter()
                    .find_map(|key| fields.get(*key)?.as_str())
                    .filter(|own| depth > 0 && !own.is_empty() && own.len() <= 1024)
                    .or(scope);
                for (key, inner) in fields {
                    self.down(&format!("{name}.{key}"), inner, scope, depth + 1, document);
                }
            }
            Value::Array(values) if values.iter().all(|v| !v.is_object() && !v.is_array()) => {
                let words: Vec<String> = values.iter().filter_map(scalar).collect();
                if !words.is_empty() {
                    self.set(name, words.join(" "), scope, document);
                }
            }
            Value::Array(values) => {
                for inner in values {
                    self.down(name, inner, scope, depth + 1, document);
                }
            }
            single => self.set(name, scalar(single).unwrap_or_default(), scope, document),
        }
    }

    fn set(&self, name: &str, value: String, scope: Option<&str>, document: &mut Document) {
        if name.len() + value.len() > CELL_BYTES {
            let short: String = name.chars().take(100).collect();
            return document.defect(format!("`{short}` is longer than {CELL_BYTES} bytes"));
        }
        let row = Row::of("setting")
            .with("name", name)
            .with("value", value)
            .with("scope", scope.or(self.tenant))
            .with("directory", self.directory);
        document.push(row);
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Privileged users and service principals; the export names them by id and display name only.
fn accounts(export: Entry<'_>, document: &mut Document) {
    for (section, kind) in [("privileged_users", None), ("privileged_service_principals", Some("service"))] {
        let Some(all) = export.entry(section).ok().flatten() else { continue };
        for (id, value) in all.fields() {
            let row = Entry::of(value).and_then(|account| {
                Ok(Row::of("account")
                    .with("id", text::name(id))
                    .with("display", account.text("DisplayName")?)
                    .with("directory", DIRECTORY)
                    .with("kind", kind)
                    .with("admin", !account.list("roles").is_empty()))
            });
            match row {
                Ok(row) => document.push(row),
                Err(why) => document.defect(format!("{section}, `{id}`: {why}")),
            }
        }
    }
}

fn roles(export: Entry<'_>, document: &mut Document) {
    for value in export.list("privileged_roles") {
        let Ok(role) = Entry::of(value) else {
            document.defect("privileged_roles: an entry is no object");
            continue;
        };
        for (at, assignment) in role.list("Assignments").iter().enumerate() {
            match Entry::of(assignment).and_then(|entry| grant(role, entry)) {
                Ok(row) => document.push(row),
                Err(why) => document.defect(format!("privileged_roles, assignment {}: {why}", at + 1)),
            }
        }
    }
}

fn grant(role: Entry<'_>, entry: Entry<'_>) -> Result<Row, String> {
    let id = entry.text("RoleDefinitionId")?.or(role.text("RoleTemplateId")?).ok_or("names no role")?;
    let known = role_of(id);
    let name = role.text("DisplayName")?.or(known.map(|r| r.0)).unwrap_or(id);
    let (from, to) = (entry.instant("StartDateTime")?, entry.instant("EndDateTime")?);
    let activated = entry.text("AssignmentType")?.map(|t| t.eq_ignore_ascii_case("activated"));
    Ok(Row::of("role_grant")
        .with("account", text::name(entry.needed("PrincipalId")?))
        .with("role", name)
        .with("scope", entry.text("DirectoryScopeId")?)
        .with("directory", DIRECTORY)
        .with("privileged", known.map(|r| r.1))
        .with("permanent", entry.names("EndDateTime").then_some(to.is_none()))
        .with("active", activated.map(|a| !a))
        .with("status", "active")
        .with("from_at", from)
        .with("to_at", to)
        .with("activation_seconds", longest(role)))
}

/// The longest activation that the role's rules allow, where the export holds that rule.
fn longest(role: Entry<'_>) -> Option<i64> {
    let rules = role.list("Rules").iter().filter_map(|v| Entry::of(v).ok());
    let rule = rules.into_iter().find(|r| r.text("Id") == Ok(Some("Expiration_EndUser_Assignment")))?;
    let more = rule.entry("AdditionalProperties").ok().flatten().unwrap_or(rule);
    let told = more.text("maximumDuration").ok().flatten()?;
    let hours = told.strip_prefix("PT")?;
    match hours.strip_suffix('H') {
        Some(hours) => hours.parse::<i64>().ok()?.checked_mul(3600),
        None => hours.strip_suffix('M')?.parse::<i64>().ok()?.checked_mul(60),
    }
}
