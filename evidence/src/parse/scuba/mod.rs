//! What CISA's SCuBA tools say about a tenant: `ScubaResults_*.json` of ScubaGear (Microsoft 365) and ScubaGoggles
//! (Google Workspace), the settings they looked at (`ProviderSettingsExport.json`, or `Raw` in the results), and the
//! results as CSV.

mod control;
mod mail;
mod settings;
mod sheet;
#[cfg(test)]
mod tests;

use super::pages::{self, Entry};
use super::{Format, Hint};
use crate::document::Document;
use crate::text;
use serde_json::Value;

pub(super) const RESULTS: Format = Format {
    name: "scuba",
    kind: "tenant-settings",
    about: "ScubaResults_*.json of ScubaGear and ScubaGoggles: controls with results, and the settings behind them",
    looks_like: |head, name| {
        // Older versions write their members in any order: the settings may stand first.
        let text = pages::glance(head);
        let tight: String = text.chars().filter(|c| !c.is_whitespace()).take(200).collect();
        let meta = text.contains("\"MetaData\"") && text.contains("\"Tool\"");
        tight.starts_with('{')
            && (meta && text.to_ascii_lowercase().contains("scuba")
                || text.contains("\"GroupReferenceURL\"") && text.contains("\"Control ID\"")
                || tight.starts_with("{\"Raw\":{")
                || name.to_ascii_lowercase().starts_with("scubaresults"))
    },
    read: results,
};

pub(super) const SETTINGS: Format = Format {
    name: "scuba-settings",
    kind: "tenant-settings",
    about: "ProviderSettingsExport.json of ScubaGear: settings, privileged accounts, roles and mail domains of a tenant",
    looks_like: |head, _| {
        let text = start(head);
        text.starts_with('{') && text.contains("\"baseline_version\"") && text.contains("\"module_version\"")
    },
    read: settings,
};

pub(super) const SHEET: Format = Format {
    name: "scuba-csv",
    kind: "tenant-settings",
    about: "ScubaResults.csv of ScubaGear and ScubaGoggles: controls with results",
    looks_like: |head, _| start(head).trim_start_matches('"').starts_with("Control ID"),
    read: sheet::read,
};

fn start(head: &[u8]) -> String {
    pages::glance(head).trim_start().chars().take(8192).collect()
}

/// The text of the document as one JSON object, cut or whole.
fn object(
    raw: &[u8],
    format: &Format,
    hint: &Hint<'_>,
    depth: fn(&str) -> usize,
) -> Result<(Value, bool, Document), Box<Document>> {
    let (text, odd) = pages::decode(raw);
    let read = pages::values(&text, depth);
    let broken = odd.or(read.broken);
    let kind = hint.kind.unwrap_or(format.kind);
    let mut values = read.values.into_iter();
    let Some(value) = values.next().filter(Value::is_object) else {
        let why = broken.unwrap_or_else(|| "is no JSON object".into());
        return Err(Box::new(Document::failed(format.name, kind, why)));
    };
    let mut document = Document::new(format.name, kind);
    let whole = broken.is_none();
    if let Some(why) = broken {
        document.partial(why);
    }
    if values.next().is_some() {
        document.defect("more than one JSON value; the first one was read");
    }
    Ok((value, whole, document))
}

fn results(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    // Results → product → groups → Controls: each control ends in the third array, five brackets deep.
    let (value, whole, mut document) = match object(raw, &RESULTS, hint, |_| 5) {
        Ok(read) => read,
        Err(failed) => return *failed,
    };
    let Some(meta) = value.get("MetaData").and_then(|v| Entry::of(v).ok()) else {
        return Document::failed(
            RESULTS.name,
            &document.kind,
            "has no `MetaData`: not a result of a SCuBA tool",
        );
    };
    let word = |key: &str| meta.text(key).ok().flatten().map(str::to_owned);
    document.tool = word("Tool");
    document.tool_version = word("ToolVersion");
    document.made = word("TimestampZulu").as_deref().and_then(text::instant);
    let tenant = ["TenantId", "CustomerId", "DomainName", "CustomerDomain"]
        .into_iter()
        .find_map(word)
        .map(|t| text::name(&t));
    if tenant.is_none() {
        document.remark("`MetaData` names no tenant");
    }
    document.scope.clone_from(&tenant);
    control::read(&value, meta, &mut document);
    // What was cut may be cut anywhere in the settings: they are read out of whole documents only.
    if let Some(raw) = value.get("Raw").filter(|_| whole).and_then(|raw| Entry::of(raw).ok()) {
        settings::read(raw, tenant.as_deref(), &mut document);
    }
    document
}

fn settings(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let (value, _, mut document) = match object(raw, &SETTINGS, hint, |_| 2) {
        Ok(read) => read,
        Err(failed) => return *failed,
    };
    let Ok(export) = Entry::of(&value) else {
        return Document::failed(SETTINGS.name, &document.kind, "is no JSON object");
    };
    if !export.names("module_version") && !export.names("baseline_version") {
        return Document::failed(SETTINGS.name, &document.kind, "names no version of ScubaGear");
    }
    document.tool = Some("ScubaGear".into());
    document.tool_version = export.text("module_version").ok().flatten().map(str::to_owned);
    document.made = export.text("timestamp_zulu").ok().flatten().and_then(text::instant);
    let details = export.list("tenant_details").first().and_then(|v| Entry::of(v).ok());
    let tenant =
        details.and_then(|d| d.name("TenantId").ok().flatten().or(d.name("DomainName").ok().flatten()));
    document.scope = tenant.as_ref().map(|tenant| format!("{tenant} settings"));
    settings::read(export, tenant.as_deref(), &mut document);
    document
}
