//! Ends of support in the form of endoflife.date: `[{cycle, eol, …}]` of one product, or its newer API's `releases`.

use super::json::{list, says, take};
use super::{broke_off, holds, opens_with, put, scope};
use crate::document::{Document, Status};
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use serde_json::Value;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "lifecycle",
    kind: "feed-lifecycle",
    about: "ends of support as JSON, in the form of endoflife.date; the file bears the product's name",
    looks_like: |head, _| {
        matches!(opens_with(head), Some(b'[' | b'{'))
            && ((holds(head, "\"cycle\"") && holds(head, "\"eol\""))
                || (holds(head, "\"releases\"") && holds(head, "\"isEol\"")))
    },
    read,
};

fn read(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document {
    let mut document = Document::new(FORMAT.name, hint.kind.unwrap_or(FORMAT.kind));
    let taken = match take(raw, 5) {
        Ok(taken) => taken,
        Err(why) => return Document::failed(FORMAT.name, &document.kind, why),
    };
    let value = &taken.value;
    document.made =
        ["generated_at", "last_modified"].iter().find_map(|n| says(value, n)).and_then(text::instant);
    document.made.into_iter().for_each(|at| document.saw(at));
    let mut products = vec![];
    match value {
        Value::Array(cycles) if cycles.iter().any(|c| c.get("releases").is_some()) => {
            cycles.iter().for_each(|product| of_product(product, &mut products, &mut document));
        }
        Value::Array(cycles) => {
            let product = stem(name);
            product_rows(&product, cycles, &mut document);
            products.push(product);
        }
        Value::Object(members) => match members.get("result") {
            Some(Value::Array(all)) => all.iter().for_each(|p| of_product(p, &mut products, &mut document)),
            Some(one) => of_product(one, &mut products, &mut document),
            None if says(value, "product").is_some() || members.contains_key("cycles") => {
                of_product(value, &mut products, &mut document);
            }
            // One list a product, under its name.
            None => members.iter().for_each(|(product, cycles)| {
                if let Value::Array(cycles) = cycles {
                    product_rows(&text::name(product), cycles, &mut document);
                    products.push(text::name(product));
                }
            }),
        },
        _ => {}
    }
    document.scope = scope(&products.join(" "));
    match taken.cut {
        Some(why) => broke_off(&mut document, why),
        None if document.rows.is_empty() => {
            let why = document.status.why().unwrap_or("names no version of a product").to_owned();
            document.status = Status::Failed { why };
        }
        None => {}
    }
    document
}

/// The product's name out of the file's: `ubuntu.json` is of `ubuntu`.
fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    text::name(file.split('.').next().unwrap_or(file))
}

fn of_product(product: &Value, products: &mut Vec<String>, document: &mut Document) {
    let Some(name) = says(product, "name").or_else(|| says(product, "product")).map(text::name) else {
        return document.defect("a product without a name");
    };
    let cycles = if list(product, "releases").is_empty() {
        list(product, "cycles")
    } else {
        list(product, "releases")
    };
    product_rows(&name, cycles, document);
    products.push(name);
}

fn product_rows(product: &str, cycles: &[Value], document: &mut Document) {
    for (number, cycle) in cycles.iter().enumerate() {
        let place = format!("`{product}`, entry {}", number + 1);
        let Some(version) = version(cycle) else {
            document.defect(format!("{place} names no version"));
            continue;
        };
        match ends(cycle) {
            Ok(at) => {
                if at.is_none() && over(cycle) {
                    document.remark(format!("{place}: support has ended, the day is not said"));
                }
                let row = Row::of("feed_lifecycle")
                    .with("product", product)
                    .with("version", version)
                    .with("ends_at", at);
                put(document, row, format_args!("{place}"));
            }
            Err(odd) => document.defect(format!("{place}: `{odd}` is no date")),
        }
    }
}

fn version(cycle: &Value) -> Option<String> {
    let found = cycle.get("cycle").or_else(|| cycle.get("name"))?;
    match found {
        Value::String(text) => Some(text.trim().to_owned()).filter(|t| !t.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn over(cycle: &Value) -> bool {
    cycle.get("eol").or_else(|| cycle.get("isEol")).and_then(Value::as_bool) == Some(true)
}

/// The day on which support ends. `true` and `false` say that it has or has not, and no day.
fn ends(cycle: &Value) -> Result<Option<model::Time>, String> {
    let found = cycle.get("eolFrom").filter(|v| !v.is_null()).or_else(|| cycle.get("eol"));
    match found {
        Some(Value::String(day)) => text::instant(day).map(Some).ok_or_else(|| super::title(day)),
        Some(Value::Null | Value::Bool(_)) | None => Ok(None),
        Some(other) => Err(super::title(&other.to_string())),
    }
}
