//! DKIM keys (RFC 6376): which selectors hold one, and how long the shortest is.

use super::{Answer, Resolver, tag};
use crate::row::Row;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(super) fn fill(row: Row, domain: &str, resolver: &dyn Resolver, odd: &mut Vec<String>) -> Row {
    let (selectors, mut all) = resolver.selectors(domain);
    let (mut found, mut weakest) = (0_i64, None::<i64>);
    for selector in selectors {
        let records = match resolver.txt(&format!("{selector}._domainkey.{domain}")) {
            Answer::Found(records) => records,
            Answer::Absent => continue,
            Answer::NotSaid => {
                all = false;
                continue;
            }
        };
        for record in records {
            match key(&record) {
                Key::Rsa(bits) => {
                    found += 1;
                    weakest = Some(weakest.map_or(bits, |w| w.min(bits)));
                }
                Key::Ed25519 => {
                    found += 1;
                    odd.push(format!(
                        "`{selector}._domainkey.{domain}` is an Ed25519 key: no count of RSA bits"
                    ));
                }
                Key::Revoked | Key::None => {}
                Key::Broken => {
                    odd.push(format!("`{selector}._domainkey.{domain}` holds no key that can be read"))
                }
            }
        }
    }
    let count = (all || found > 0).then_some(found);
    row.with("dkim_selectors", count).with("dkim_bits", weakest)
}

enum Key {
    /// An RSA key with the bits of its modulus.
    Rsa(i64),
    Ed25519,
    /// `p=` with nothing behind it.
    Revoked,
    /// No DKIM record at all.
    None,
    Broken,
}

fn key(record: &str) -> Key {
    let Some(text) = tag(record, "p") else { return Key::None };
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.is_empty() {
        return Key::Revoked;
    }
    let Ok(der) = STANDARD.decode(text) else { return Key::Broken };
    match tag(record, "k").unwrap_or("rsa").to_ascii_lowercase().as_str() {
        "rsa" => bits(&der).map_or(Key::Broken, Key::Rsa),
        "ed25519" if der.len() == 32 => Key::Ed25519,
        _ => Key::Broken,
    }
}

/// Bits of the modulus of an RSA key: `SubjectPublicKeyInfo` (RFC 5280), or the bare key (RFC 8017), which some publish.
fn bits(der: &[u8]) -> Option<i64> {
    let (outer, rest) = element(der, 0x30)?;
    if !rest.is_empty() {
        return None;
    }
    let key = match element(outer, 0x30) {
        Some((_algorithm, rest)) => {
            let (string, _) = element(rest, 0x03)?;
            element(string.strip_prefix(&[0])?, 0x30)?.0
        }
        None => outer,
    };
    let (modulus, rest) = element(key, 0x02)?;
    element(rest, 0x02)?;
    let zeros = modulus.iter().take_while(|b| **b == 0).count();
    let first = modulus.get(zeros)?;
    let bytes = i64::try_from(modulus.len() - zeros).ok()?;
    Some(bytes * 8 - i64::from(first.leading_zeros()))
}

/// What a DER element of a tag holds, and what stands behind it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first().filter(|(t, _)| **t == tag)?;
    debug_assert_eq!(*first, tag);
    let (length, rest) = rest.split_first()?;
    let (length, rest) = if *length < 0x80 {
        (usize::from(*length), rest)
    } else {
        let many = usize::from(*length & 0x7f);
        let bytes = rest.get(..many).filter(|_| (1..=4).contains(&many))?;
        (bytes.iter().fold(0, |sum, b| sum << 8 | usize::from(*b)), &rest[many..])
    };
    (rest.len() >= length).then(|| rest.split_at(length))
}

/// A public key of so many bits, as a record holds it; for tests.
#[cfg(test)]
pub(crate) fn made(bits: usize) -> String {
    fn wrap(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).expect("short").to_be_bytes();
        [&[tag, 0x82], &length[..], body].concat()
    }
    let modulus = [&[0_u8][..], &vec![0xc1; bits / 8]].concat();
    let key = wrap(0x30, &[wrap(0x02, &modulus), vec![2, 3, 1, 0, 1]].concat());
    let oid = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
    STANDARD.encode(wrap(0x30, &[oid.to_vec(), wrap(0x03, &[&[0][..], &key].concat())].concat()))
}
