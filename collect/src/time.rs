//! Times as logs write them.

use jiff::civil::{Date, DateTime, Time as Clock};
use jiff::tz::Offset;
use model::Time;

/// A time as far as a record tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum When {
    /// None at all.
    #[default]
    Unknown,
    /// An instant.
    At(Time),
    /// A civil time without zone.
    Civil(DateTime),
    /// A civil time without year and zone (RFC 3164 §4.1.2): month, day, clock.
    Yearless(i8, i8, Clock),
}

/// Seconds by which a clock may be ahead of the file's last change.
const AHEAD_SECONDS: i64 = 86_400;
/// Years that are looked back for a date: leap days come every eight years at worst.
const YEARS_BACK: i16 = 8;

/// The instant, and whether its year was guessed: the latest that is not after `reference` plus a day.
pub(crate) fn resolve(when: &When, zone: Offset, reference: Time) -> Option<(Time, bool)> {
    match *when {
        When::Unknown => None,
        When::At(at) => Some((at, false)),
        When::Civil(civil) => Some((zone.to_timestamp(civil).ok()?, false)),
        When::Yearless(month, day, clock) => {
            let latest = reference.as_second().saturating_add(AHEAD_SECONDS);
            let this_year = zone.to_datetime(reference).year().saturating_add(1);
            (0..=YEARS_BACK).find_map(|back| {
                let date = Date::new(this_year - back, month, day).ok()?;
                let at = zone.to_timestamp(date.to_datetime(clock)).ok()?;
                (at.as_second() <= latest).then_some((at, true))
            })
        }
    }
}

/// Reads a time in any of the forms that stand alone in a field.
pub(crate) fn read(text: &str) -> When {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    if text.len() < 4 || text.len() > 64 || !text.is_ascii() {
        return When::Unknown;
    }
    if let Ok(number) = text.parse::<f64>() {
        return if text.contains('.') { seconds(number) } else { text.parse().map_or(When::Unknown, epoch) };
    }
    let found = iso(text);
    if found != When::Unknown {
        return found;
    }
    clf(text).or_else(|| ctime(text)).unwrap_or(When::Unknown)
}

/// ISO 8601 and RFC 3339, with a space or `T`, `,` or `.` before the fraction, `/` or `-` in the date.
pub(crate) fn iso(text: &str) -> When {
    let bytes = text.as_bytes();
    if bytes.len() < 10 || !bytes[..4].iter().all(u8::is_ascii_digit) || !matches!(bytes[4], b'-' | b'/') {
        return When::Unknown;
    }
    let mut plain = text.replace(',', ".");
    if bytes[4] == b'/' {
        plain = plain.replacen('/', "-", 2);
    }
    if let Ok(at) = plain.parse::<Time>() {
        return When::At(at);
    }
    // "2026-11-01 10:00:00 +0100" and "… UTC" with a space before the zone.
    if let Some((civil, zone)) = plain.rsplit_once(' ')
        && zone.starts_with(['+', '-', 'Z', 'U', 'G'])
    {
        let zone = if matches!(zone, "UTC" | "GMT") { "Z" } else { zone };
        if let Ok(at) = format!("{civil}{zone}").parse::<Time>() {
            return When::At(at);
        }
    }
    plain.parse::<DateTime>().map_or(When::Unknown, When::Civil)
}

/// Seconds since 1970 with a fraction.
pub(crate) fn seconds(number: f64) -> When {
    if !number.is_finite() || number.abs() < 1e8 || number.abs() > 1e11 {
        return When::Unknown;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below 1e11 seconds and rounded to microseconds it fits"
    )]
    let micros = (number * 1e6).round() as i64;
    Time::from_microsecond(micros).map_or(When::Unknown, When::At)
}

/// Whole seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude.
pub(crate) fn epoch(number: i64) -> When {
    let made = match number.unsigned_abs() {
        0..100_000_000 => return When::Unknown,
        100_000_000..100_000_000_000 => Time::from_second(number),
        100_000_000_000..100_000_000_000_000 => Time::from_millisecond(number),
        100_000_000_000_000..100_000_000_000_000_000 => Time::from_microsecond(number),
        _ => Time::from_nanosecond(i128::from(number)),
    };
    made.map_or(When::Unknown, When::At)
}

fn month(word: &str) -> Option<i8> {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let at = months.iter().position(|m| word.eq_ignore_ascii_case(m))?;
    i8::try_from(at + 1).ok()
}

fn clock(text: &str) -> Option<Clock> {
    let (hms, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = hms.split(':').map(|p| if p.len() == 2 { p.parse::<i8>().ok() } else { None });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || fraction.len() > 9 {
        return None;
    }
    let nanos: i32 = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
    Clock::new(hour, minute, second.min(59), nanos).ok()
}

/// `Nov 23 00:20:11`, with the length of what was read: RFC 3164, with an optional year behind (Cisco).
pub(crate) fn bsd(text: &str) -> Option<(When, usize)> {
    let bytes = text.as_bytes();
    if bytes.len() < 15 || !bytes.iter().take(15).all(u8::is_ascii) || bytes[3] != b' ' {
        return None;
    }
    let month = month(&text[..3])?;
    let rest = &text[4..];
    let day_at = rest.len() - rest.trim_start_matches(' ').len();
    let rest = &rest[day_at..];
    let (day, after) = rest.split_once(' ')?;
    let day: i8 = day.parse().ok().filter(|_| day.len() <= 2 && day_at <= 1)?;
    let mut used = 4 + day_at + rest.len() - after.len();
    let (word, _) = after.split_once([' ', '\t']).unwrap_or((after, ""));
    if word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()) {
        let (clock_word, _) = after[5..].split_once(' ').unwrap_or((&after[5..], ""));
        let at = clock(clock_word.trim_end_matches(':'))?;
        used += 5 + clock_word.trim_end_matches(':').len();
        let date = Date::new(word.parse().ok()?, month, day).ok()?;
        return Some((When::Civil(date.to_datetime(at)), used));
    }
    let word = word.trim_end_matches(':');
    Some((When::Yearless(month, day, clock(word)?), used + word.len()))
}

/// `Sun Dec 04 04:47:44 2005`, also with a fraction.
fn ctime(text: &str) -> Option<When> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [_, name, day, time, year] = words[..] else { return None };
    let date = Date::new(year.parse().ok()?, month(name)?, day.parse().ok()?).ok()?;
    Some(When::Civil(date.to_datetime(clock(time)?)))
}

/// `10/Oct/2000:13:55:36 -0700` (common log format).
fn clf(text: &str) -> Option<When> {
    let (date, rest) = text.split_once(':')?;
    let mut parts = date.split('/');
    let (day, name, year) = (parts.next()?, parts.next()?, parts.next()?);
    let (time, zone) = rest.split_once(' ').unwrap_or((rest, ""));
    let civil =
        Date::new(year.parse().ok()?, month(name)?, day.parse().ok()?).ok()?.to_datetime(clock(time)?);
    if zone.is_empty() {
        return Some(When::Civil(civil));
    }
    let whole: i32 = zone.parse().ok().filter(|_| zone.len() == 5)?;
    let offset = Offset::from_seconds((whole / 100 * 60 + whole % 100) * 60).ok()?;
    offset.to_timestamp(civil).ok().map(When::At)
}

/// The time at the beginning of a line, with the length of what was read.
pub(crate) fn leading(line: &str) -> Option<(When, usize)> {
    if let Some(found) = bsd(line) {
        return Some(found);
    }
    let bytes = line.as_bytes();
    let open = usize::from(bytes.first() == Some(&b'['));
    if open == 1 {
        let close = line.find(']').filter(|&at| at < 64)?;
        let when = read(&line[1..close]);
        return (when != When::Unknown).then_some((when, close + 1));
    }
    let part = |b: &u8| b.is_ascii_digit() || b"-/:.,TZ+ ".contains(b);
    let length = bytes.iter().take(40).take_while(|b| part(b)).count();
    let mut text = line[..length].trim_end_matches([' ', ',', '-', '+', '.', ':', 'T']);
    while text.len() >= 10 {
        let when = iso(text);
        if when != When::Unknown {
            return Some((when, text.len()));
        }
        // A number behind the time may look like a part of it.
        text = text[..text.rfind([' ', '-', '+', ',', '.', ':']).unwrap_or(0)].trim_end_matches([' ', ',']);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &str) {
        let reference: Time = "2026-11-24T00:00:00Z".parse().expect("good");
        let when = match leading(text) {
            Some((when, _)) => when,
            None => read(text),
        };
        let got = resolve(&when, Offset::UTC, reference);
        let got =
            got.map_or("none".to_owned(), |(at, guessed)| format!("{at}{}", if guessed { " ?" } else { "" }));
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn times_are_read_as_logs_write_them() {
        for (text, want) in [
            ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"),
            ("2026-11-01T10:00:00.123456789+02:00", "2026-11-01T08:00:00.123456789Z"),
            ("2026-11-01 10:00:00,250", "2026-11-01T10:00:00.25Z"),
            ("2026/11/01 10:00:00", "2026-11-01T10:00:00Z"),
            ("2026-11-01 10:00:00 +0100", "2026-11-01T09:00:00Z"),
            ("2026-11-01 10:00:00 UTC", "2026-11-01T10:00:00Z"),
            ("2026-11-01 10:00:00, Info x", "2026-11-01T10:00:00Z"),
            ("2026-11-01 10:00:00 12 apples", "2026-11-01T10:00:00Z"),
            ("1793527200", "2026-11-01T10:00:00Z"),
            ("1793527200.5", "2026-11-01T10:00:00.5Z"),
            ("1793527200123", "2026-11-01T10:00:00.123Z"),
            ("1793527200123456", "2026-11-01T10:00:00.123456Z"),
            ("1793527200123456789", "2026-11-01T10:00:00.123456789Z"),
            ("Nov 23 00:20:11 host", "2026-11-23T00:20:11Z ?"),
            ("Nov  3 00:20:11 host", "2026-11-03T00:20:11Z ?"),
            ("Nov 24 23:59:59 host", "2026-11-24T23:59:59Z ?"),
            ("Dec 10 06:55:46 host", "2025-12-10T06:55:46Z ?"),
            ("Feb 29 10:00:00 host", "2024-02-29T10:00:00Z ?"),
            ("Nov 23 2019 00:20:11: %ASA", "2019-11-23T00:20:11Z"),
            ("[Sun Nov 01 04:47:44 2026] [x]", "2026-11-01T04:47:44Z"),
            ("[Sun Nov 01 04:47:44.25 2026] [x]", "2026-11-01T04:47:44.25Z"),
            ("10/Oct/2025:13:55:36 -0730", "2025-10-10T21:25:36Z"),
            ("Feb 30 10:00:00 host", "none"),
            ("Feb 29 99:99:99 h p: x", "none"),
            ("9999-99-99T00:00:00Z", "none"),
            ("tomorrow", "none"),
            ("42", "none"),
        ] {
            check(text, want);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = (read(&text), leading(&text), bsd(&text));
        }

        #[test]
        fn no_near_miss_panics(text in "(Jan|Feb|2026|[\\[0-9 /:,.TZ+-]|é){0,40}") {
            let _ = (read(&text), leading(&text), bsd(&text));
        }
    }
}
