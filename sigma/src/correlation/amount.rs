//! Numbers of records as decimals that are added and compared exactly: in billionths.

/// Billionths in one.
const ONE: i128 = 1_000_000_000;
/// Greater numbers are none: a sum of as many as a correlation keeps must still be exact.
const LIMIT: i128 = 100_000_000_000_000_000_000 * ONE;

/// A number in billionths; none where the text is no number, or one beyond 10^20. Digits beyond the ninth behind the
/// point are rounded.
pub(crate) fn amount(text: &str) -> Option<i128> {
    let text = text.trim();
    let value = plain(text).or_else(|| written_with_exponent(text))?;
    (-LIMIT..=LIMIT).contains(&value).then_some(value)
}

/// A whole number in billionths.
pub(crate) fn whole(number: usize) -> i128 {
    i128::try_from(number).unwrap_or(i128::MAX / ONE).saturating_mul(ONE)
}

/// Digits with a sign and a point.
fn plain(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let (before, behind) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if before.is_empty() && behind.is_empty() || !is_number(before) || !is_number(behind) || before.len() > 24
    {
        return None;
    }
    let whole: i128 = if before.is_empty() { 0 } else { before.parse().ok()? };
    let mut part = 0;
    for at in 0..9 {
        part = part * 10 + behind.as_bytes().get(at).map_or(0, |b| i128::from(b - b'0'));
    }
    let up = i128::from(behind.as_bytes().get(9).is_some_and(|b| *b >= b'5'));
    Some(sign * (whole * ONE + part + up))
}

#[expect(clippy::cast_possible_truncation, reason = "the bound is looked at before")]
fn written_with_exponent(text: &str) -> Option<i128> {
    let number = text.parse::<f64>().ok().filter(|n| n.abs() <= 1e20)?;
    Some((number * 1e9).round() as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_to_the_billionth() {
        for (text, want) in [
            ("0", Some(0)),
            ("-1.5", Some(-3 * ONE / 2)),
            (" +2. ", Some(2 * ONE)),
            (".000000001", Some(1)),
            ("0.0000000005", Some(1)),
            ("1e3", Some(1000 * ONE)),
            ("100000000000000000000", Some(LIMIT)),
            ("100000000000000000001", None),
            ("1e21", None),
            ("inf", None),
            ("NaN", None),
            (".", None),
            ("", None),
            ("0x10", None),
            ("1 2", None),
        ] {
            assert_eq!(amount(text), want, "{text}");
        }
        let tenths: i128 = ["0.1", "0.2"].iter().filter_map(|t| amount(t)).sum();
        assert_eq!(Some(tenths), amount("0.3"));
    }
}
