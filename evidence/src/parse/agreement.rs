//! A side's copy of the contract, as `contract show --json` writes it: the text with its own hash, so that a copy that was cut
//! or changed is no copy.

use super::{Format, Hint};
use crate::document::Document;
use crate::row::Row;
use serde_json::Value;

pub(super) const FORMAT: Format = Format {
    name: "bailiwick-contract",
    kind: "contracts",
    about: "a copy of the contract, from `bailiwick contract show --json`",
    looks_like: |head, _| {
        let text = String::from_utf8_lossy(&head[..head.len().min(512)]).replace(char::is_whitespace, "");
        text.contains("\"bailiwick\":\"contract/1\"")
    },
    read,
};

fn read(raw: &[u8], _name: &str, _hint: &Hint<'_>) -> Document {
    let failed = |why: String| Document::failed("bailiwick-contract", "contracts", why);
    let value: Value = match serde_json::from_slice(raw) {
        Ok(value) => value,
        Err(error) => return failed(format!("not one whole JSON document: {error}")),
    };
    if value.get("bailiwick").and_then(Value::as_str) != Some("contract/1") {
        return failed("`bailiwick` is not `contract/1`".to_owned());
    }
    let word = |name: &str| value.get(name).and_then(Value::as_str);
    let (Some(id), Some(customer), Some(text), Some(hash)) =
        (word("id"), word("customer"), word("text"), word("sha256"))
    else {
        return failed("lacks one of `id`, `customer`, `text`, `sha256`".to_owned());
    };
    if crate::records::hex(text.as_bytes()) != hash {
        return failed("the text is not the one that `sha256` names: this copy was changed".to_owned());
    }
    let mut document = Document::new("bailiwick-contract", "contracts");
    document.tool = Some("bailiwick".to_owned());
    document.tool_version = word("program").map(str::to_owned);
    document.scope = Some(id.to_owned());
    document.push(
        Row::of("contract_text")
            .with("id", id)
            .with("version", value.get("version").and_then(Value::as_i64))
            .with("customer", customer)
            .with("hash", hash)
            .with("text", text),
    );
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Status, read as any};

    fn copy(text: &str) -> String {
        serde_json::json!({"bailiwick": "contract/1", "id": "c-1", "version": 2, "customer": "acme", "sha256": crate::records::hex(text.as_bytes()), "text": text}).to_string()
    }

    #[test]
    fn a_copy_is_read_whole_or_not_at_all() {
        let good = copy("[contract]\nid = \"c-1\"\n");
        let document = any(good.as_bytes(), "contract.json", &Hint::default());
        assert_eq!((document.status, document.rows.len()), (Status::Complete, 1));
        for cut in 0..good.len() {
            let less = any(
                &good.as_bytes()[..cut],
                "contract.json",
                &Hint { kind: Some("contracts"), ..Hint::default() },
            );
            assert!(matches!(less.status, Status::Failed { .. }), "cut at {cut}");
        }
        let changed = good.replace("c-1\\\"", "c-2\\\"");
        assert_ne!(changed, good);
        assert!(matches!(any(changed.as_bytes(), "x", &Hint::default()).status, Status::Failed { .. }));
    }
}
