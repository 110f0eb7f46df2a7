//! Times as text (`2026-10-01T00:00:00.123Z`) and as ticks: only where the same text comes back.

const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// Bytes before the fraction.
const STEM_BYTES: usize = 19;

/// How the times of a column look: all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// What stands between day and hour.
    pub(super) between: u8,
    /// What stands before the fraction; 0 when there is none.
    pub(super) point: u8,
    /// Digits of the fraction.
    pub(super) digits: u8,
    /// What follows: a zone, or nothing.
    pub(super) rest: Vec<u8>,
}

impl Look {
    /// The look of a text, if it begins as a time.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let between = *text.get(10).filter(|b| matches!(b, b'T' | b' ' | b't' | b'_'))?;
        let behind = text.get(STEM_BYTES..)?;
        let (point, fraction) = match behind.split_first() {
            Some((&point @ (b'.' | b','), fraction)) => (point, fraction),
            _ => (0, &[][..]),
        };
        let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        let point = if digits == 0 { 0 } else { point };
        let rest = behind[digits + usize::from(point != 0)..].to_vec();
        let digits = u8::try_from(digits).ok().filter(|&d| d <= 9)?;
        let look = Self { between, point, digits, rest };
        (look.rest.len() <= 64 && look.ticks(text).is_some()).then_some(look)
    }

    fn scale(&self) -> i64 {
        10i64.pow(u32::from(self.digits))
    }

    /// The ticks of a time; what is finer than a tick is left out.
    pub(super) fn tick_of(&self, (seconds, nanos): (i64, u32)) -> i64 {
        let part = i64::from(nanos) / 10i64.pow(9 - u32::from(self.digits));
        seconds.wrapping_mul(self.scale()).wrapping_add(part)
    }

    /// The ticks of a text that looks like this.
    pub(super) fn ticks(&self, text: &[u8]) -> Option<i64> {
        let fraction = STEM_BYTES + usize::from(self.point != 0);
        let rest = fraction + usize::from(self.digits);
        if text.len() != rest + self.rest.len() || text[rest..] != self.rest {
            return None;
        }
        let fixed = text[4] == b'-' && text[7] == b'-' && text[13] == b':' && text[16] == b':';
        if !fixed || text[10] != self.between || (self.point != 0 && text[STEM_BYTES] != self.point) {
            return None;
        }
        let (year, month, day) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..10])?);
        let (hour, minute, second) = (number(&text[11..13])?, number(&text[14..16])?, number(&text[17..19])?);
        let leap = i64::from(month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
        let days = MONTHS.get(usize::try_from(month - 1).ok()?)? + leap;
        if day < 1 || day > days || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = ((day_number(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
        seconds.checked_mul(self.scale())?.checked_add(number(&text[fraction..rest])?)
    }

    /// Appends the text of ticks.
    pub(super) fn write(&self, ticks: i64, out: &mut Vec<u8>) {
        let seconds = ticks.div_euclid(self.scale());
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        digits(out, year, 4);
        out.push(b'-');
        digits(out, month, 2);
        out.push(b'-');
        digits(out, day, 2);
        out.push(self.between);
        digits(out, second / 3600, 2);
        out.push(b':');
        digits(out, second / 60 % 60, 2);
        out.push(b':');
        digits(out, second % 60, 2);
        if self.point != 0 {
            out.push(self.point);
            digits(out, ticks.rem_euclid(self.scale()), self.digits.into());
        }
        out.extend(&self.rest);
    }
}

fn number(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

fn digits(out: &mut Vec<u8>, value: i64, many: usize) {
    let from = out.len();
    out.resize(from + many, b'0');
    let mut left = value.unsigned_abs();
    for place in out[from..].iter_mut().rev() {
        *place = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
    }
}

/// Days since 1970-01-01 in the Gregorian calendar. Years begin in March here, so that a leap day ends one.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// Year, month and day of a day number.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(text: &str) -> Option<String> {
        let look = Look::of(text.as_bytes())?;
        let mut out = vec![];
        look.write(look.ticks(text.as_bytes())?, &mut out);
        Some(String::from_utf8(out).expect("digits"))
    }

    #[test]
    fn a_time_comes_back_or_is_none() {
        for good in [
            "1970-01-01T00:00:00Z",
            "2026-02-28 23:59:59",
            "2024-02-29T12:00:00.123456789+02:00",
            "0000-03-01T00:00:00.5Z",
            "1601-01-01T00:00:00.0000000Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert_eq!(back(good).as_deref(), Some(good));
        }
        for bad in
            ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-1-01T00:00:00Z", "2026-01-01T24:00:00Z"]
        {
            assert_eq!(back(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_day_of_eight_hundred_years_comes_back() {
        for day in -150_000..150_000 {
            let (y, m, d) = civil(day);
            assert_eq!(day_number(y, m, d), day);
        }
        let mut out = vec![];
        let look = Look { between: b'T', point: b'.', digits: 9, rest: vec![] };
        [i64::MIN, i64::MAX, 0].iter().for_each(|&t| look.write(t, &mut out));
    }
}
