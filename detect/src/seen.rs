//! What happened, in a few words of our own, whichever product told it; and names in one form, however it spells them.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr};

/// Longest name that is kept of a record, in characters; a longer one is cut, and stays whole in the record.
const NAME_LIMIT: usize = 256;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Somebody signed in, or tried to.
    SignIn,
    /// A second factor was asked for: accepted, refused, or not answered.
    Prompt,
    /// A password was changed or reset.
    PasswordChange,
    /// An account was put into a group or role that administers.
    Administrator,
    /// An application was granted rights (OAuth consent, application role).
    Consent,
    /// Mail is passed on: an inbox rule, a mailbox that forwards.
    ForwardingRule,
    /// A domain or tenant was made to trust somebody else's sign-ins.
    Federation,
    /// A program was started, a service put in, a name looked up: its name is the object.
    Program,
    /// A log was emptied.
    LogCleared,
    /// What writes a log was stopped or switched off.
    LogStopped,
    /// What writes a log was started.
    LogStarted,
    /// A machine goes down or comes up in an orderly way.
    PowerCycle,
    /// What is logged was changed.
    LogPolicy,
    /// A clock was set; the amount is by how many milliseconds.
    ClockSet,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 14] = [
        Self::SignIn,
        Self::Prompt,
        Self::PasswordChange,
        Self::Administrator,
        Self::Consent,
        Self::ForwardingRule,
        Self::Federation,
        Self::Program,
        Self::LogCleared,
        Self::LogStopped,
        Self::LogStarted,
        Self::PowerCycle,
        Self::LogPolicy,
        Self::ClockSet,
    ];
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The record does not say.
    #[default]
    Untold,
    /// Done, accepted, signed in.
    Success,
    /// Refused, wrong, not answered.
    Failure,
}

/// One thing that happened, read out of one sealed record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seen {
    /// What was done; `None` for a record that only shows that its log is alive.
    pub act: Option<Act>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it happened, in milliseconds since 1970.
    pub at: i64,
    /// Place of the record in its customer's log.
    pub seq: u64,
    /// Name of the log that it stands in.
    pub log: String,
    /// Whom it was done to or with, in one form (see [`account`]).
    pub account: Option<String>,
    /// The security identifier of the account, where the record has one.
    pub sid: Option<String>,
    /// Who did it, in the same form, where that is somebody else.
    pub by: Option<String>,
    /// From where: an address in one form (see [`address`]), or a machine's name in lower case.
    pub from: Option<String>,
    /// What the program at the other end calls itself.
    pub agent: Option<String>,
    /// On which machine or service.
    pub host: Option<String>,
    /// What it was about: a group, role, program, domain, rule, log.
    pub object: Option<String>,
    /// Whether the account exists, where the record says.
    pub exists: Option<bool>,
    /// Degrees north and east, where the record says.
    pub place: Option<(f64, f64)>,
    /// The country, in the letters of ISO 3166 or as the product writes it, in upper case, where the record says.
    pub country: Option<String>,
    /// Whether the record says that the account is the provider's.
    pub is_providers: bool,
    /// How much, where that is a number.
    pub amount: Option<i64>,
    /// How many times it happened, where one record stands for several; 0 where it does not say.
    pub times: u64,
    /// Whether what is passed on goes to addresses of the same domain only.
    pub stays_inside: bool,
    /// The number that the log itself gave the record, and the channel within its machine that gives them.
    pub number: Option<(String, u64)>,
}

/// Whether every address in `to` is of the domain of `owner`, and there is one.
pub(crate) fn is_same_domain(owner: &str, to: &str) -> bool {
    let Some((_, domain)) = owner.rsplit_once('@') else { return false };
    let words = to.split(|c: char| c.is_whitespace() || ";,<>[]\"'".contains(c));
    let mut domains = words.filter_map(|w| w.rsplit_once('@')).map(|(_, d)| d).peekable();
    domains.peek().is_some() && domains.all(|d| d.eq_ignore_ascii_case(domain))
}

/// An account in one form: no domain before or behind it, lower case. `CORP\Eve`, `eve@corp.example` and `EVE` are
/// one account of a customer; so are local accounts of the same name on several machines.
#[must_use]
pub fn account(text: &str) -> Option<String> {
    let text = &text_of(text)?;
    let bare = text.rsplit(['\\', '/']).next().unwrap_or(text);
    let bare = match bare.split_once('@') {
        Some((name, _)) if !name.is_empty() => name,
        _ => bare,
    };
    // `user_domain#EXT#` is how a directory writes a guest.
    let bare = bare.split("#EXT#").next().unwrap_or(bare).split("#ext#").next().unwrap_or(bare);
    text_of(bare).map(|t| t.to_lowercase())
}

/// An address in one form: no port, zone or brackets; an IPv4 address inside an IPv6 one as IPv4. Other text in lower
/// case; nothing for what only says that there is none.
#[must_use]
pub fn address(text: &str) -> Option<String> {
    let text = text_of(text.trim())?;
    Some(parsed(&text).map_or_else(|| text.to_lowercase(), |ip| ip.to_string()))
}

/// The address in a text, if there is one.
pub(crate) fn parsed(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or(inside),
        // One colon parts an IPv4 address from its port.
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or(text),
        None => text,
    };
    let bare = bare.split('%').next().unwrap_or(bare);
    match bare.parse::<IpAddr>().ok()? {
        IpAddr::V6(v6) => Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4)),
        v4 => Some(v4),
    }
}

/// Who is counted as one source: an IPv4 address, the /64 of an IPv6 address (one host may take any address in it;
/// RFC 4291 §2.5.1), or a name.
pub(crate) fn source_of(from: &str) -> String {
    match parsed(from) {
        Some(IpAddr::V6(v6)) => net6(v6, 4),
        _ => from.to_owned(),
    }
}

/// The network of a source: /24 of IPv4, /48 of IPv6; nothing for a name.
pub(crate) fn network_of(from: &str) -> Option<String> {
    match parsed(from.split('/').next().unwrap_or(from))? {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(v6) => Some(net6(v6, 3)),
    }
}

fn net6(v6: Ipv6Addr, keep: usize) -> String {
    let mut groups = v6.segments();
    groups.iter_mut().skip(keep).for_each(|g| *g = 0);
    format!("{}/{}", Ipv6Addr::from(groups), keep * 16)
}

/// Whether an address is of the inside: private, shared, unique local, link-local, loopback (RFC 1918, RFC 6598,
/// RFC 4193).
pub(crate) fn is_inside(from: &str) -> bool {
    match parsed(from.split('/').next().unwrap_or(from)) {
        Some(IpAddr::V4(v4)) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        Some(IpAddr::V6(v6)) => {
            v6.is_loopback() || matches!(v6.segments()[0], 0xfc00..=0xfdff | 0xfe80..=0xfebf)
        }
        None => false,
    }
}

/// A text that says something: not empty, not the marks with which products say that there is nothing.
pub(crate) fn text_of(text: &str) -> Option<String> {
    let text = text.trim();
    let nothing =
        matches!(text, "" | "-" | "(null)" | "N/A" | "n/a" | "null" | "::" | "0.0.0.0" | "::1" | "127.0.0.1");
    (!nothing).then(|| text.chars().take(NAME_LIMIT).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_has_one_form() {
        for text in
            ["eve", "EVE", "CORP\\Eve", "eve@corp.example", " Eve ", "corp/eve", "Eve#EXT#@x.onmicrosoft.com"]
        {
            assert_eq!(account(text).as_deref(), Some("eve"), "{text}");
        }
        for text in ["", "-", "  ", "N/A"] {
            assert_eq!(account(text), None, "{text:?}");
        }
        assert_eq!(account("@handle").as_deref(), Some("@handle"));
    }

    #[test]
    fn one_address_has_one_form() {
        for (text, want) in [
            ("203.0.113.9", "203.0.113.9"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("::FFFF:CB00:7109", "203.0.113.9"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:DB8::1]:443", "2001:db8::1"),
            ("2001:0db8:0:0:0:0:0:1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("WS-7", "ws-7"),
        ] {
            assert_eq!(address(text).as_deref(), Some(want), "{text}");
        }
        for nothing in ["", "-", "::", "127.0.0.1"] {
            assert_eq!(address(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn sources_and_networks_are_what_one_attacker_can_change_within() {
        assert_eq!(source_of("2001:db8:1:2:3::4"), "2001:db8:1:2::/64");
        assert_eq!(source_of("203.0.113.9"), "203.0.113.9");
        assert_eq!(network_of("203.0.113.9").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(network_of("2001:db8:1:2:3::4").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(network_of("2001:db8:1:2::/64").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(network_of("ws-7"), None);
        for (text, want) in
            [("10.1.1.1", true), ("100.64.0.1", true), ("fd00::1", true), ("8.8.8.8", false), ("ws", false)]
        {
            assert_eq!(is_inside(text), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_a_form_is_its_own_form(text in "\\PC{0,40}") {
            if let Some(one) = address(&text) {
                proptest::prop_assert_eq!(address(&one), Some(one.clone()));
                let _ = (source_of(&one), network_of(&one), is_inside(&one));
            }
            let _ = account(&text);
        }
    }
}
