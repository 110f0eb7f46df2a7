//! Networks in queries: `overlaps(a, b)` says whether two lists of addresses have one in common.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Result};
use std::net::IpAddr;

/// Bytes of one list, at most; what is longer is not looked at.
const LIST_BYTES: usize = 4096;

/// A stretch of addresses of one family, first and last.
type Stretch = (bool, u128, u128);

/// Adds `overlaps(a, b)`: 1 where an address lies in both lists, 0 where none does, null where one of them cannot be read.
/// A list has addresses, networks (`192.0.2.0/24`) and stretches (`192.0.2.1-192.0.2.9`), joined with commas; `any` is all.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("overlaps", 2, flags, |context: &Context<'_>| {
        let (a, b) = (context.get::<Option<String>>(0)?, context.get::<Option<String>>(1)?);
        Ok(a.zip(b).and_then(|(a, b)| overlaps(&a, &b)))
    })
}

fn overlaps(a: &str, b: &str) -> Option<bool> {
    let (a, b) = (list(a)?, list(b)?);
    Some(a.iter().any(|x| b.iter().any(|y| x.0 == y.0 && x.1 <= y.2 && y.1 <= x.2)))
}

fn list(text: &str) -> Option<Vec<Stretch>> {
    if text.len() > LIST_BYTES {
        return None;
    }
    let mut made = vec![];
    for part in text.split(',').map(str::trim) {
        if part.eq_ignore_ascii_case("any") {
            made.extend([(false, 0, u128::from(u32::MAX)), (true, 0, u128::MAX)]);
        } else {
            made.push(stretch(part)?);
        }
    }
    Some(made)
}

fn stretch(part: &str) -> Option<Stretch> {
    if let Some((first, last)) = part.split_once('-') {
        let (first, last) = (number(first)?, number(last)?);
        return (first.0 == last.0 && first.1 <= last.1).then_some((first.0, first.1, last.1));
    }
    let (address, length) = part.split_once('/').map_or((part, None), |(a, l)| (a, Some(l)));
    if length.is_none() {
        // An IPv4 address may be written as an IPv6 one (`::ffff:192.0.2.7`); it is the same address.
        let at = address.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical().to_string())?;
        let (wide, at) = number(&at)?;
        return Some((wide, at, at));
    }
    let (wide, at) = number(address)?;
    let bits = if wide { 128_u32 } else { 32 };
    let length = length.map_or(Some(bits), |l| l.parse().ok()).filter(|l| *l <= bits)?;
    let hosts = if bits - length == 128 { u128::MAX } else { (1_u128 << (bits - length)) - 1 };
    Some((wide, at & !hosts, at | hosts))
}

/// Whether it is an IPv6 address, and its number.
fn number(text: &str) -> Option<(bool, u128)> {
    match text.trim().parse().ok()? {
        IpAddr::V4(v4) => Some((false, u128::from(u32::from(v4)))),
        IpAddr::V6(v6) => Some((true, u128::from(v6))),
    }
}

#[cfg(test)]
mod tests {
    use super::overlaps;

    #[test]
    fn lists_share_an_address_or_not_or_nobody_can_say() {
        for (a, b, want) in [
            ("192.0.2.7", "192.0.2.0/24", Some(true)),
            ("192.0.3.0", "192.0.2.0/24", Some(false)),
            ("192.0.2.255", "192.0.2.0/24", Some(true)),
            ("10.0.0.1, 192.0.2.9", "192.0.2.8-192.0.2.9", Some(true)),
            ("192.0.2.10", "192.0.2.8-192.0.2.9", Some(false)),
            ("any", "192.0.2.1", Some(true)),
            ("0.0.0.0/0", "192.0.2.1", Some(true)),
            ("::/0", "192.0.2.1", Some(false)),
            ("2001:db8::/32", "2001:db8:1::5", Some(true)),
            ("2001:DB8::5", "2001:0db8:0000:0000:0000:0000:0000:0005", Some(true)),
            ("192.0.2.0/24", "::ffff:192.0.2.7", Some(true)),
            ("192.0.2.99/24", "192.0.2.1", Some(true)),
            ("not 192.0.2.0/24", "192.0.2.1", None),
            ("300 elements", "192.0.2.1", None),
            ("192.0.2.0/33", "192.0.2.1", None),
            ("192.0.2.9-192.0.2.1", "192.0.2.1", None),
            ("", "192.0.2.1", None),
        ] {
            assert_eq!(overlaps(a, b), want, "{a} {b}");
            assert_eq!(overlaps(b, a), want, "{b} {a}");
        }
        assert_eq!(overlaps(&"any,".repeat(2000), "any"), None, "a list has a bound");
    }
}
