//! What a customer and the provider agreed to be ordinary: tools, gateways, windows, paths, tickets. Each with a
//! reason and an end.

use crate::about::{SettingError, Settings};
use crate::seen;
use model::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Lines of one policy.
const LINES_LIMIT: usize = 10_000;
/// Longest text of a line, in characters.
const TEXT_LIMIT: usize = 1_000;
/// Names that a provider's accounts commonly have, while the policy names none.
const PROVIDER_NAMES: [&str; 4] = ["msp-*", "msp.*", "*-msp", "*.msp"];

/// What a line allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowed {
    /// A remote-management tool, by the name that the catalogue gives it, or a program's name.
    RemoteTool,
    /// A gateway behind which many people sign in: an address or a network.
    Gateway,
    /// A scanner that tries many accounts on purpose: an address or a network.
    Scanner,
    /// Where a VPN of the customer comes out: an address or a network.
    VpnExit,
    /// A log that may be silent, a machine that is being worked on: its name, `*` stands for any text.
    Maintenance,
    /// A day on which everybody changes passwords; the text is not looked at.
    PasswordPolicy,
    /// An account of the provider: a name, `*` stands for any text.
    ProviderAccount,
    /// Where the provider comes from: an address or a network.
    ProviderPath,
    /// When the provider works, in UTC: `mon-fri 07:00-19:00`.
    ProviderWindow,
    /// A change that was announced: the account or object that it is about, `*` stands for any text.
    Ticket,
    /// An account for emergencies: a name. What it does is not called out of bounds.
    BreakGlass,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What it allows.
    pub allow: Allowed,
    /// Which one.
    pub what: String,
    /// From when on; from the beginning where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe")]
    pub from: Option<Time>,
    /// Until when. There is no line without an end.
    #[serde(with = "instant")]
    pub until: Time,
    /// Why.
    pub reason: String,
}

/// What is ordinary for one customer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What is allowed.
    #[serde(default, rename = "line")]
    pub lines: Vec<Line>,
    /// Thresholds, written `bw.spray-fast.accounts = 15`.
    #[serde(default)]
    pub thresholds: BTreeMap<String, i64>,
}

/// A policy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not what the page on policies says.
    #[error("the policy cannot be read: {0}")]
    Form(String),
    /// A threshold that is none.
    #[error(transparent)]
    Threshold(#[from] SettingError),
    /// A line that says too little or too much.
    #[error("line {number} of the policy (`{what}`): {why}")]
    Line {
        /// Which one, from 1.
        number: usize,
        /// What it is about.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Policy {
    /// Reads a policy from TOML and checks it.
    ///
    /// # Errors
    /// [`PolicyError`] with the line at fault.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|e| PolicyError::Form(e.to_string()))?;
        policy.check()?;
        Ok(policy)
    }

    /// Whether everything in it can be used.
    ///
    /// # Errors
    /// [`PolicyError`] with the line at fault.
    pub fn check(&self) -> Result<(), PolicyError> {
        self.settings()?;
        if self.lines.len() > LINES_LIMIT {
            return Err(PolicyError::Form(format!("more than {LINES_LIMIT} lines")));
        }
        for (number, line) in (1..).zip(&self.lines) {
            let wrong = |why: &str| {
                Err(PolicyError::Line {
                    number,
                    what: line.what.chars().take(60).collect(),
                    why: why.to_owned(),
                })
            };
            if line.what.trim().is_empty() || line.what.chars().count() > TEXT_LIMIT {
                return wrong("`what` is empty or too long");
            }
            if line.reason.trim().is_empty() || line.reason.chars().count() > TEXT_LIMIT {
                return wrong("a reason is missing, or too long: say why in a sentence");
            }
            if line.from.is_some_and(|from| from >= line.until) {
                return wrong("it ends before it begins");
            }
            let is_network = matches!(
                line.allow,
                Allowed::Gateway | Allowed::Scanner | Allowed::VpnExit | Allowed::ProviderPath
            );
            if is_network && network(&line.what).is_none() {
                return wrong("not an address or a network (203.0.113.0/24, 2001:db8::/32)");
            }
            if line.allow == Allowed::ProviderWindow && Window::read(&line.what).is_none() {
                return wrong("not a window (`mon-fri 07:00-19:00`, in UTC)");
            }
        }
        Ok(())
    }

    /// The thresholds that it sets.
    ///
    /// # Errors
    /// [`SettingError`] when one of them is none, or outside of its bounds.
    pub fn settings(&self) -> Result<Settings, SettingError> {
        let mut settings = Settings::default();
        for (name, have) in &self.thresholds {
            settings.set(name, *have)?;
        }
        Ok(settings)
    }

    fn valid(&self, allow: Allowed, at: i64) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |l| {
            l.allow == allow
                && at < l.until.as_millisecond()
                && l.from.is_none_or(|f| f.as_millisecond() <= at)
        })
    }

    /// Whether any line of this kind holds then.
    pub(crate) fn says(&self, allow: Allowed, at: i64) -> bool {
        self.valid(allow, at).next().is_some()
    }

    /// Whether an address is allowed as this then.
    pub(crate) fn covers(&self, allow: Allowed, from: &str, at: i64) -> bool {
        let Some(address) = seen::parsed(from.split('/').next().unwrap_or(from)) else { return false };
        self.valid(allow, at).filter_map(|l| network(&l.what)).any(|n| n.contains(&address))
    }

    /// From when to when an address is allowed as this: for those who ask of many times.
    pub(crate) fn times(&self, allow: Allowed, from: &str) -> Vec<(i64, i64)> {
        let lines = || self.lines.iter().filter(|l| l.allow == allow);
        if lines().next().is_none() {
            return vec![];
        }
        let Some(address) = seen::parsed(from.split('/').next().unwrap_or(from)) else { return vec![] };
        let covering = lines().filter(|l| network(&l.what).is_some_and(|n| n.contains(&address)));
        let times =
            |l: &Line| (l.from.map_or(i64::MIN, |f| f.as_millisecond()), l.until.as_millisecond() - 1);
        covering.map(times).collect()
    }

    /// Whether a name is allowed as this then.
    pub(crate) fn names(&self, allow: Allowed, name: &str, at: i64) -> bool {
        self.valid(allow, at).any(|l| crate::vocabulary::is_like(name, l.what.trim()))
    }

    /// Whether an account is the provider's.
    pub(crate) fn is_providers(&self, account: &str, at: i64) -> bool {
        if self.says(Allowed::ProviderAccount, at) {
            return self.names(Allowed::ProviderAccount, account, at);
        }
        PROVIDER_NAMES.iter().any(|p| crate::vocabulary::is_like(account, p))
    }

    /// Whether tickets are asked of the provider then: one of them is about an account of it.
    pub(crate) fn asks_tickets(&self, at: i64) -> bool {
        self.valid(Allowed::Ticket, at).any(|l| self.is_providers(l.what.trim(), at))
    }

    /// Whether the provider works then; `None` where the policy says nothing.
    pub(crate) fn in_window(&self, at: i64) -> Option<bool> {
        let mut windows =
            self.valid(Allowed::ProviderWindow, at).filter_map(|l| Window::read(&l.what)).peekable();
        windows.peek()?;
        Some(windows.any(|w| w.holds(at)))
    }
}

/// A network or an address as a network of one.
fn network(text: &str) -> Option<ipnet::IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| seen::parsed(text).map(ipnet::IpNet::from))
}

/// Days of the week and hours of the day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    /// From Monday, 0, to Sunday, 6.
    days: (i64, i64),
    minutes: (i64, i64),
}

impl Window {
    fn read(text: &str) -> Option<Self> {
        let day = |word: &str| {
            ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
                .iter()
                .position(|d| *d == word)
                .and_then(|d| i64::try_from(d).ok())
        };
        let minute = |word: &str| -> Option<i64> {
            let (hours, minutes) = word.split_once(':')?;
            let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
            ((0..=24).contains(&hours) && (0..60).contains(&minutes) && hours * 60 + minutes <= 1440)
                .then_some(hours * 60 + minutes)
        };
        let text = text.trim().to_lowercase();
        let (days, hours) = text.split_once(' ')?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (from, to) = hours.trim().split_once('-')?;
        Some(Self { days: (day(first)?, day(last)?), minutes: (minute(from)?, minute(to)?) })
    }

    fn holds(self, at: i64) -> bool {
        let minute = at.div_euclid(60_000).rem_euclid(1440);
        // 1 January 1970 was a Thursday.
        let day = (at.div_euclid(86_400_000) + 3).rem_euclid(7);
        let (first, last) = self.days;
        let is_day =
            |d: i64| if first <= last { (first..=last).contains(&d) } else { d >= first || d <= last };
        let (from, to) = self.minutes;
        if from <= to {
            is_day(day) && (from..to).contains(&minute)
        } else {
            (is_day(day) && minute >= from) || (is_day((day + 6).rem_euclid(7)) && minute < to)
        }
    }
}

/// An instant as text (RFC 3339).
mod instant {
    use model::Time;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(time)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = |_| D::Error::custom(format!("`{text}` is not a time (`2026-11-25T07:00:00Z`)"));
        text.parse().map_err(wrong)
    }
}

/// An instant that may be missing.
mod maybe {
    use model::Time;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Time>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::instant::serialize(time, to),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
        super::instant::deserialize(from).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Time>().expect("a time").as_millisecond()
    }

    #[test]
    fn a_window_holds_its_days_and_hours_also_over_midnight() {
        for (window, when, want) in [
            ("mon-fri 07:00-19:00", "2026-11-25T07:00:00Z", true),
            ("mon-fri 07:00-19:00", "2026-11-25T19:00:00Z", false),
            ("mon-fri 07:00-19:00", "2026-11-28T12:00:00Z", false),
            ("sat 00:00-24:00", "2026-11-28T23:59:00Z", true),
            ("fri 22:00-04:00", "2026-11-28T03:00:00Z", true),
            ("fri 22:00-04:00", "2026-11-28T22:30:00Z", false),
            ("sat-mon 08:00-09:00", "2026-11-29T08:30:00Z", true),
        ] {
            assert_eq!(Window::read(window).expect(window).holds(at(when)), want, "{window} {when}");
        }
        for wrong in ["", "mon", "mon 7-19", "moon 07:00-08:00", "mon 25:00-26:00"] {
            assert_eq!(Window::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_line_holds_from_its_beginning_to_its_end() {
        let text = "[[line]]\nallow = 'gateway'\nwhat = '203.0.113.0/24'\nfrom = '2026-11-01T00:00:00Z'\nuntil = '2026-12-01T00:00:00Z'\nreason = 'office'\n";
        let policy = Policy::read(text).expect("good");
        let covers = |from: &str, when: &str| policy.covers(Allowed::Gateway, from, at(when));
        assert!(covers("203.0.113.9", "2026-11-25T00:00:00Z"));
        assert!(
            !covers("203.0.113.9", "2026-10-31T00:00:00Z") && !covers("203.0.113.9", "2026-12-01T00:00:00Z")
        );
        assert!(!covers("203.0.114.9", "2026-11-25T00:00:00Z") && !covers("ws-7", "2026-11-25T00:00:00Z"));
        // Asked of many times at once it says the same, to the millisecond.
        for border in [at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z")] {
            for (from, when) in ["203.0.113.9", "203.0.114.9", "ws-7"]
                .into_iter()
                .flat_map(|from| (border - 2..border + 3).map(move |w| (from, w)))
            {
                let times = policy.times(Allowed::Gateway, from);
                let is_within = times.iter().any(|(first, last)| *first <= when && when <= *last);
                assert_eq!(is_within, policy.covers(Allowed::Gateway, from, when), "{from} {when}");
            }
        }
        assert!(policy.times(Allowed::Scanner, "203.0.113.9").is_empty(), "it is declared as something else");
    }

    #[test]
    fn a_wrong_policy_says_what_and_where() {
        let line = |allow: &str, what: &str, reason: &str| {
            format!(
                "[[line]]\nallow='{allow}'\nwhat='{what}'\nuntil='2027-01-01T00:00:00Z'\nreason='{reason}'\n"
            )
        };
        for (text, want) in [
            (line("gateway", "office", "x"), "line 1 of the policy (`office`): not an address"),
            (line("ticket", "x", ""), "a reason is missing"),
            (line("provider-window", "always", "x"), "not a window"),
            (line("dance", "x", "x"), "dance"),
            ("[[line]]\nallow='ticket'\nwhat='x'\nreason='x'\n".into(), "until"),
            ("[thresholds]\n'bw.spray-fast.accounts' = 0\n".into(), "3 to 10000"),
            ("[thresholds]\n'bw.nothing' = 1\n".into(), "there is no threshold"),
        ] {
            let error = Policy::read(&text).expect_err(&text).to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
