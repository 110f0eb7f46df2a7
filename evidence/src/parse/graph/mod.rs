//! Answers of Microsoft Graph (v1.0 and beta): pages of users, sign-in methods, sign-ins, roles, delegated
//! administration, partners and domains.
//!
//! A list is whole only when every page but the last one names the next one and the last one names none: Graph says
//! in no other way that it told everything.

mod doors;
mod people;
mod roles;
mod sign_ins;
#[cfg(test)]
mod tests;

pub(super) use roles::{DIRECTORY, role_of};

use super::pages::{self, Entry};
use super::{Format, Hint};
use crate::document::Document;
use crate::row::Row;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) const FORMAT: Format = Format {
    name: "graph",
    kind: "accounts",
    about: "answers of Microsoft Graph: users, userRegistrationDetails, signIns, roles, delegatedAdminRelationships, \
            partners of crossTenantAccessPolicy, domains",
    looks_like,
    read,
};

/// One list of Graph that is read.
struct Set {
    /// Its name, the last word of its path.
    name: &'static str,
    /// The kind of evidence it is.
    kind: &'static str,
    /// Fields that only its entries have together; they tell it where no context does.
    marks: &'static [&'static str],
    /// The rows of one entry.
    rows: fn(Entry<'_>, &Around, &mut Vec<Row>) -> Result<(), String>,
}

/// What the document says as a whole, which single entries stand in.
#[derive(Default)]
struct Around {
    /// The list's name.
    set: &'static str,
    /// Tenants that the document calls a service provider's.
    providers: BTreeSet<String>,
}

const SETS: &[Set] = &[
    Set {
        name: "userRegistrationDetails",
        kind: "authentication-methods",
        marks: &["userPrincipalName", "methodsRegistered"],
        rows: people::registration,
    },
    Set {
        name: "signIns",
        kind: "sign-ins",
        marks: &["createdDateTime", "status", "appId"],
        rows: sign_ins::rows,
    },
    Set {
        name: "roleEligibilityScheduleInstances",
        kind: "role-assignments",
        marks: &["principalId", "roleDefinitionId", "roleEligibilityScheduleId"],
        rows: roles::eligible,
    },
    Set {
        name: "roleAssignmentScheduleInstances",
        kind: "role-assignments",
        marks: &["principalId", "roleDefinitionId", "assignmentType"],
        rows: roles::scheduled,
    },
    Set {
        name: "roleAssignments",
        kind: "role-assignments",
        marks: &["principalId", "roleDefinitionId"],
        rows: roles::plain,
    },
    Set {
        name: "delegatedAdminRelationships",
        kind: "delegated-administration",
        marks: &["accessDetails", "duration", "status"],
        rows: doors::delegated,
    },
    Set {
        name: "partners",
        kind: "delegated-administration",
        marks: &["tenantId", "b2bCollaborationInbound"],
        rows: doors::partner,
    },
    Set {
        name: "domains",
        kind: "directory",
        marks: &["isVerified", "authenticationType"],
        rows: doors::domain,
    },
    Set { name: "users", kind: "accounts", marks: &["userPrincipalName", "displayName"], rows: people::user },
];

fn looks_like(head: &[u8], _name: &str) -> bool {
    let text = pages::glance(head);
    let tight: String = text.chars().filter(|c| !c.is_whitespace()).take(4096).collect();
    let opens = tight.starts_with('{') || tight.starts_with('[');
    let answer = tight.contains("\"@odata.context\":\"") && tight.contains("$metadata#");
    let refused = tight.starts_with("{\"error\":{\"code\":\"");
    let bare = tight.starts_with("[{")
        && ["userPrincipalName", "roleDefinitionId", "autoExtendDuration"]
            .iter()
            .any(|key| tight.to_ascii_lowercase().contains(&format!("\"{}\":", key.to_ascii_lowercase())));
    opens && (answer || refused || bare)
}

/// Where the entries stand in a cut document: directly in the list, in a page, or in a list of pages.
fn depth(text: &str) -> usize {
    match text.starts_with('[') {
        false => 2,
        true if text.get(..text.len().min(2000)).unwrap_or(text).contains("@odata.context") => 3,
        true => 1,
    }
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let (text, odd) = pages::decode(raw);
    let read = pages::values(&text, depth);
    let mut answers = vec![];
    let mut bare = false;
    for value in read.values {
        gather(value, &mut answers, &mut bare);
    }
    let kind = hint.kind.unwrap_or("accounts");
    if let Some(why) = answers.iter().find_map(refusal)
        && !answers.iter().any(|page| page.get("value").is_some())
    {
        return Document::failed("graph", kind, why);
    }
    let Some(set) = answers.iter().find_map(set_of) else {
        let why = odd.or(read.broken).unwrap_or_else(|| "no list of Graph that is known here".into());
        return Document::failed("graph", kind, why);
    };
    let mut document = Document::new("graph", set.kind);
    document.tool = Some("Microsoft Graph".into());
    document.tool_version = answers.iter().find_map(version);
    if let Some(why) = odd.or(read.broken) {
        document.partial(why);
    }
    if bare {
        document.partial("a list without Graph's envelope does not say whether more pages follow");
    } else {
        paging(&answers, read.mended, &mut document);
    }
    entries(set, &answers, &mut document);
    document
}

/// Takes answers out of lists of pages, batches and bare lists of entries.
fn gather(value: Value, answers: &mut Vec<Value>, bare: &mut bool) {
    let is_page =
        |v: &Value| ["value", "error", "@odata.context", "responses"].iter().any(|k| v.get(k).is_some());
    match value {
        Value::Array(list) if list.iter().any(is_page) => {
            for value in list {
                gather(value, answers, bare);
            }
        }
        Value::Array(list) => {
            *bare = true;
            answers.push(Value::Object([("value".to_owned(), Value::Array(list))].into_iter().collect()));
        }
        Value::Object(mut fields) if fields.get("responses").is_some_and(Value::is_array) => {
            let Some(Value::Array(responses)) = fields.remove("responses") else { return };
            for mut response in responses {
                let body = response.get_mut("body").map(Value::take);
                answers.push(body.unwrap_or(Value::Null));
            }
        }
        other => answers.push(other),
    }
}

/// What Graph says instead of an answer.
fn refusal(page: &Value) -> Option<String> {
    let error = page.get("error")?;
    let word =
        |key: &str| error.get(key).and_then(Value::as_str).unwrap_or("").trim().chars().take(300).collect();
    let (code, message): (String, String) = (word("code"), word("message"));
    Some(format!("Graph refused: {code} {message}").trim_end().to_owned())
}

fn context(page: &Value) -> Option<&str> {
    page.get("@odata.context")?.as_str()
}

fn version(page: &Value) -> Option<String> {
    let context = context(page)?;
    ["v1.0", "beta"].into_iter().find(|v| context.contains(&format!("/{v}/"))).map(str::to_owned)
}

/// Which list a page is of: by its context, else by the fields of its first entry.
fn set_of(page: &Value) -> Option<&'static Set> {
    if let Some((_, path)) = context(page).and_then(|c| c.split_once("$metadata#")) {
        let path = path.split('(').next().unwrap_or(path);
        let path = path.strip_suffix("/$entity").unwrap_or(path);
        let last = path.rsplit('/').next().unwrap_or(path);
        return SETS.iter().find(|set| last.eq_ignore_ascii_case(set.name));
    }
    let first = Entry::of(page.get("value")?.as_array()?.first()?).ok()?;
    SETS.iter().find(|set| set.marks.iter().all(|mark| first.names(mark)))
}

/// Holds the pages against each other.
fn paging(answers: &[Value], mended: bool, document: &mut Document) {
    for (number, page) in answers.iter().enumerate() {
        let (place, last) = (number + 1, number + 1 == answers.len());
        let next = page.get("@odata.nextLink").is_some_and(|link| !link.is_null());
        if let Some(why) = refusal(page) {
            document.defect(format!("page {place}: {why}"));
        } else if page.get("value").and_then(Value::as_array).is_none() {
            document.defect(format!("page {place}: is no list"));
        } else if last && next {
            document.partial(format!("page {place} names a next page that is not here"));
        } else if !last && !next && !mended {
            document.partial(format!("page {place} says it is the last one, and others follow"));
        }
    }
    let entries: usize = answers.iter().filter_map(|p| p.get("value")?.as_array()).map(Vec::len).sum();
    let told = answers.iter().find_map(|p| p.get("@odata.count")?.as_u64());
    if let Some(told) = told.filter(|told| *told != entries as u64) {
        document.partial(format!("Graph counts {told} entries, {entries} are here"));
    }
}

fn entries(set: &'static Set, answers: &[Value], document: &mut Document) {
    let mut around = Around { set: set.name, ..Around::default() };
    let lists = || answers.iter().filter_map(|page| page.get("value")?.as_array());
    if set.name == "signIns" {
        around.providers = sign_ins::providers(lists().flatten());
    }
    let mut seen = BTreeSet::new();
    for (number, page) in answers.iter().enumerate() {
        let Some(list) = page.get("value").and_then(Value::as_array) else { continue };
        if set_of(page).is_some_and(|other| other.name != set.name) {
            document.defect(format!("page {}: is another list than `{}`", number + 1, set.name));
            continue;
        }
        for (at, value) in list.iter().enumerate() {
            let place = format!("page {}, entry {}", number + 1, at + 1);
            entry(set, value, &around, &place, &mut seen, document);
        }
    }
    document.scope = Some(scope(set, lists().flatten()));
}

fn entry(
    set: &Set,
    value: &Value,
    around: &Around,
    place: &str,
    seen: &mut BTreeSet<String>,
    document: &mut Document,
) {
    let mut rows = vec![];
    let told = Entry::of(value).and_then(|entry| {
        let id = entry.text("id")?.or(entry.text("tenantId")?).map(str::to_owned);
        (set.rows)(entry, around, &mut rows)?;
        Ok((id, entry))
    });
    match told {
        Err(why) => document.defect(format!("{place}: {why}")),
        Ok((Some(id), _)) if !seen.insert(id.clone()) => {
            // One page stored twice may stand where another one is missing.
            document.defect(format!("{place}: `{id}` was there before"));
        }
        Ok((_, entry)) => {
            if let ("signIns", Ok(Some(at))) = (set.name, entry.instant("createdDateTime")) {
                document.saw(at);
            }
            if let ("userRegistrationDetails", Ok(Some(at))) =
                (set.name, entry.instant("lastUpdatedDateTime"))
            {
                document.made = document.made.max(Some(at));
            }
            rows.into_iter().for_each(|row| document.push(row));
        }
    }
}

/// The tenant where the entries tell it, and the list: two lists of one kind do not supersede each other.
fn scope<'a>(set: &Set, values: impl Iterator<Item = &'a Value>) -> String {
    let tenants = |value: &Value| -> BTreeSet<String> {
        let place = match set.name {
            "signIns" => vec![value.get("resourceTenantId"), value.get("homeTenantId")],
            "delegatedAdminRelationships" => vec![value.pointer("/customer/tenantId")],
            _ => vec![],
        };
        place.into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase).collect()
    };
    // Sign-ins across tenants name two; the one whose log it is stands in every entry.
    let mut common: Option<BTreeSet<String>> = None;
    let mut resource = None;
    for value in values {
        let here = tenants(value);
        resource = resource.or(value.get("resourceTenantId").and_then(Value::as_str).map(str::to_lowercase));
        common = Some(common.map_or(here.clone(), |c| c.intersection(&here).cloned().collect()));
    }
    let common = common.unwrap_or_default();
    let tenant = resource.filter(|r| common.contains(r)).or_else(|| common.into_iter().next());
    tenant.map_or_else(|| format!("entra {}", set.name), |t| format!("entra {t} {}", set.name))
}
