//! Connections that were seen on the network: Zeek and cloud flow logs.

pub(super) mod vpc;
pub(super) mod zeek;

use super::unpack::unpack;
use crate::document::Document;
use crate::text;
use std::net::IpAddr;

/// The texts of a log that may be packed; each one whole, or the document is partial.
fn texts(raw: &[u8], name: &str, document: &mut Document) -> Result<Vec<String>, String> {
    let mut texts = vec![];
    for piece in unpack(raw, name)? {
        if let Some(why) = piece.cut {
            document.partial(why);
        }
        texts.push(text::decode(&piece.bytes)?);
    }
    Ok(texts)
}

fn address(text: &str) -> Result<String, String> {
    let address = text.parse::<IpAddr>();
    address
        .map(|a| a.to_string())
        .map_err(|_| format!("`{}` is no address", text.chars().take(60).collect::<String>()))
}
