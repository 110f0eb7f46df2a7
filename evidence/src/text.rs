//! Small readings that several formats share: instants, truths, names, and bytes as text.

use jiff::civil;
use model::Time;

/// Bytes as text: UTF-8 with or without a byte-order mark, or UTF-16 with one.
///
/// # Errors
/// Where the bytes stop being text.
pub fn decode(raw: &[u8]) -> Result<String, String> {
    let wide = |raw: &[u8], pair: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = raw.chunks_exact(2).map(|c| pair([c[0], c[1]])).collect();
        let whole = raw.len().is_multiple_of(2);
        let text = String::from_utf16(&units).map_err(|_| "not UTF-16".to_owned())?;
        if whole { Ok(text) } else { Err("UTF-16 that ends in half a character".to_owned()) }
    };
    match raw {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => std::str::from_utf8(rest)
            .map(str::to_owned)
            .map_err(|error| format!("not UTF-8 from byte {} on", error.valid_up_to())),
    }
}

/// An instant as tools write it: RFC 3339, the same with a space or without zone (then UTC), a date (midnight UTC),
/// or seconds or milliseconds since 1970.
#[must_use]
pub fn instant(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Time>() {
        return Some(at);
    }
    let utc = |at: civil::DateTime| jiff::tz::TimeZone::UTC.to_timestamp(at).ok();
    let plain = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT")).unwrap_or(text);
    if plain.len() >= 10 && plain.as_bytes()[4] == b'-' {
        if let Ok(at) = plain.parse::<civil::DateTime>() {
            return utc(at);
        }
        return plain.parse::<civil::Date>().ok().and_then(|d| utc(d.at(0, 0, 0, 0)));
    }
    let number: i64 = plain.parse().ok()?;
    // Seconds until the year 5138; beyond that milliseconds.
    if number.unsigned_abs() < 100_000_000_000 {
        Time::from_second(number).ok()
    } else {
        Time::from_millisecond(number).ok()
    }
}

/// A truth as tools write it.
#[must_use]
pub fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "y" | "on" | "enabled" | "enable" => Some(true),
        "0" | "false" | "no" | "n" | "off" | "disabled" | "disable" => Some(false),
        _ => None,
    }
}

/// A name that compares without case: trimmed and in lower case.
#[must_use]
pub fn name(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Option<&str>) {
        assert_eq!(instant(text).map(|t| t.to_string()).as_deref(), want, "{text}");
    }

    #[test]
    fn instants_are_read_as_tools_write_them() {
        check("2026-11-01T10:00:00Z", Some("2026-11-01T10:00:00Z"));
        check("2026-11-01T12:00:00+02:00", Some("2026-11-01T10:00:00Z"));
        check("2026-11-01 10:00:00", Some("2026-11-01T10:00:00Z"));
        check("2026-11-01 10:00:00 UTC", Some("2026-11-01T10:00:00Z"));
        check("2026-11-01", Some("2026-11-01T00:00:00Z"));
        check("1793527200", Some("2026-11-01T10:00:00Z"));
        check("1793527200000", Some("2026-11-01T10:00:00Z"));
        for bad in ["", "never", "2026-13-01", "9999999999999999999", "20é6-11-01aaaa"] {
            check(bad, None);
        }
    }

    #[test]
    fn text_comes_out_of_three_encodings() {
        assert_eq!(decode(b"\xef\xbb\xbfa").as_deref(), Ok("a"));
        assert_eq!(decode(b"\xff\xfea\0").as_deref(), Ok("a"));
        assert_eq!(decode(b"\xfe\xff\0a").as_deref(), Ok("a"));
        assert!(decode(b"\xff\xfea\0b").is_err());
        assert!(decode(b"ab\xff").is_err_and(|e| e.contains("byte 2")));
    }
}
