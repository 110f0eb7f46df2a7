//! What each detection is: its name, its thresholds with their reasons, and what to do when it fires.

use model::Level;
use std::collections::BTreeMap;

/// A number that decides when a detection fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, unique within the detection.
    pub name: &'static str,
    /// What holds when nobody says otherwise.
    pub default: i64,
    /// What it counts.
    pub unit: &'static str,
    /// Least and greatest that can be set.
    pub bounds: (i64, i64),
    /// Why the default is what it is.
    pub reason: &'static str,
}

/// A detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Its id, as alerts name it.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Sigma tags with ATT&CK ids.
    pub tags: &'static [&'static str],
    /// Which part of AA22-131A it plays.
    pub paragraph: &'static str,
    /// When it fires, in a sentence.
    pub fires: &'static str,
    /// What it leaves out, and the attack that it therefore does not see.
    pub blind: &'static str,
    /// What to do first, in order.
    pub next: &'static [&'static str],
    /// Its thresholds.
    pub parameters: &'static [Parameter],
    /// Alerts about the same thing belong together while they are no further apart than this, in seconds.
    pub quiet_seconds: i64,
}

const fn number(
    name: &'static str,
    default: i64,
    unit: &'static str,
    bounds: (i64, i64),
    reason: &'static str,
) -> Parameter {
    Parameter { name, default, unit, bounds, reason }
}

const PASSWORDS: &str = "Prevent initial compromise: defend against brute force and password spraying";
const MONITOR: &str = "Enable and improve monitoring and logging processes";
const REMOTE: &str = "Secure remote access applications and enforce multifactor authentication";
const ACCESS: &str = "Apply the principle of least privilege; authentication and authorization";

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// Every detection, in the order of the alert.
pub const DETECTIONS: [About; 18] = [
    About {
        id: "bw.spray-fast",
        title: "Password spraying from one source",
        level: Level::High,
        tags: &["attack.credential-access", "attack.t1110.003"],
        paragraph: PASSWORDS,
        fires: "One source fails to sign in on many accounts within minutes",
        blind: "Fewer accounts than the number from each source within the window (the slow form adds them up over a day), a spray behind a gateway that the policy declares, and one that changes its IPv4 address for each try",
        next: &[
            "Look whether any of the accounts was signed in to from that source afterwards",
            "Block the source at the edge, and sign out and reset every account on which it succeeded",
            "Switch on a second factor where an account of the list has none",
        ],
        parameters: &[
            number(
                "accounts",
                10,
                "accounts",
                (3, 10_000),
                "more than one household or desk mistypes in that time",
            ),
            number(
                "window",
                600,
                "seconds",
                (10, 86_400),
                "a tool that tries one password on a list takes minutes",
            ),
        ],
        quiet_seconds: 6 * HOUR,
    },
    About {
        id: "bw.spray-slow",
        title: "Slow or distributed password spraying",
        level: Level::High,
        tags: &["attack.credential-access", "attack.t1110.003"],
        paragraph: PASSWORDS,
        fires: "Many accounts fail within a day, from sources on which nobody of the customer was seen to succeed",
        blind: "Fewer accounts a day than the number; tries through the customer's own networks, where people are at home; names that do not exist (no danger to an account); and the last tries of a log that then ends, until it goes on",
        next: &[
            "Compare user agents, networks and times of the attempts: the same hand shows in them",
            "Look for a success of one of the accounts from one of the sources, and reset it",
            "Ask the identity provider to block the networks or the legacy protocol that is used",
        ],
        parameters: &[
            number(
                "accounts",
                20,
                "accounts",
                (5, 100_000),
                "as many accounts do not fail by chance from places unknown",
            ),
            number(
                "window",
                86_400,
                "seconds",
                (600, 604_800),
                "slow tools make one round a day to stay below lockout",
            ),
        ],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.spray-across-customers",
        title: "Password spraying across customers",
        level: Level::Critical,
        tags: &["attack.credential-access", "attack.t1110.003", "attack.initial-access", "attack.t1199"],
        paragraph: PASSWORDS,
        fires: "One source, network or user agent fails on accounts of several customers within a day",
        blind: "One customer after another, more than a day apart; tries that share neither source, /24 or /48, nor user agent; sources inside the customers' own networks; and Windows logons that give a machine's name instead of an address",
        next: &[
            "Block the source for all customers at once, not only for those that are listed",
            "Look at every customer for a success from the source or its network",
            "Tell the customers that are listed: each sees only its own part",
        ],
        parameters: &[
            number("accounts", 5, "accounts", (2, 10_000), "one technician mistypes at one or two"),
            number("customers", 2, "customers", (2, 1_000), "two customers of one provider share no users"),
            number(
                "window",
                86_400,
                "seconds",
                (600, 604_800),
                "a slow round over all customers takes a day",
            ),
        ],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.brute-force",
        title: "Brute force on one account",
        level: Level::High,
        tags: &["attack.credential-access", "attack.t1110.001"],
        paragraph: PASSWORDS,
        fires: "Many sign-ins to one account fail, whatever the sources",
        blind: "Guessing at less than the slow number a day, or offline against a stolen hash, ticket or database; and tries from a scanner that the policy declares",
        next: &[
            "Look whether the account was signed in to afterwards, and from where",
            "If one of the customer's own machines is the source: a service or device keeps an old password",
            "Lock or rename the account, and block the sources at the edge",
        ],
        parameters: &[
            number("failures", 20, "failures", (5, 100_000), "a person gives up or asks for help earlier"),
            number("window", 600, "seconds", (10, 86_400), "minutes tell a program from a person"),
            number(
                "slow-failures",
                100,
                "failures",
                (10, 1_000_000),
                "a person does not fail as often in a day",
            ),
            number("slow-window", 86_400, "seconds", (600, 604_800), "spread out to stay below a lockout"),
        ],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.success-after-failures",
        title: "Sign-in succeeded after many failures",
        level: Level::Critical,
        tags: &["attack.credential-access", "attack.initial-access", "attack.t1110", "attack.t1078"],
        paragraph: PASSWORDS,
        fires: "After brute force or spraying, the account or the source signs in",
        blind: "A right guess later than the window, after fewer failures than the number, or from a place where the account is at home (malware on its own machine); and a session that is stolen and needs no sign-in",
        next: &[
            "Treat the account as taken over: end its sessions and reset its password now",
            "List what it did since: sign-ins, new devices, mail rules, group changes",
            "Look for the source at every other customer",
        ],
        parameters: &[
            number("within", 3600, "seconds", (60, 86_400), "who guessed it uses it soon"),
            number(
                "failures",
                10,
                "failures",
                (3, 10_000),
                "half of what is brute force alone: the success makes up for it",
            ),
        ],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.failed-after-change",
        title: "Old password tried from an unknown place after a change",
        level: Level::Medium,
        tags: &["attack.credential-access", "attack.t1110.001", "attack.t1078"],
        paragraph: PASSWORDS,
        fires: "A sign-in fails within a day after the password was changed, from a source never seen for the account",
        blind: "The old password tried from the account's own network or device, later than a day, or against an account of which nothing is known yet; and a change that the intruder made",
        next: &[
            "Ask the user whether it was their own device; if not, somebody had the old password",
            "Look where the source signed in before the change",
        ],
        parameters: &[
            number(
                "within",
                86_400,
                "seconds",
                (60, 604_800),
                "stored passwords are tried again within a day",
            ),
            number("known-days", 30, "days", (1, 365), "devices in use show up within a month"),
        ],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.mfa-fatigue",
        title: "Second factor accepted after many refusals",
        level: Level::Critical,
        tags: &["attack.credential-access", "attack.t1621", "attack.initial-access", "attack.t1078"],
        paragraph: REMOTE,
        fires: "Prompts for a second factor are refused or unanswered again and again, then one is accepted",
        blind: "Fewer prompts than the number, or spread over longer than the window; a second factor that is phished through a proxy, or a session token that is stolen: neither prompts",
        next: &[
            "Call the user now, and not through the channel that was prompted",
            "End all sessions, reset the password: it is known to somebody",
            "Switch number matching on, or a factor that cannot be accepted by mistake",
        ],
        parameters: &[
            number("refused", 5, "prompts", (2, 1_000), "nobody refuses that often by mistake"),
            number("window", 900, "seconds", (60, 86_400), "prompts are sent until one is accepted"),
        ],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.impossible-travel",
        title: "Signed in from two places too far apart",
        level: Level::Medium,
        tags: &["attack.initial-access", "attack.t1078"],
        paragraph: REMOTE,
        fires: "Two sign-ins of one account whose places no aeroplane connects in the time between; where records give only a country, two countries within the hour that the account never combined before",
        blind: "Records without place and country: Windows, Linux, SSH, VPN and CloudTrail have none, and no table of addresses comes along (Entra gives coordinates, Okta too, Google a region); an intruder in the same country or behind a declared exit; a country that the account has combined before",
        next: &[
            "Ask the user where they are, and whether they use a VPN",
            "If neither place is theirs, end the sessions and reset the password",
        ],
        parameters: &[
            number("speed", 900, "km/h", (100, 10_000), "an airliner's speed"),
            number("distance", 500, "km", (50, 20_000), "places of addresses are wrong by less than this"),
            number(
                "country-within",
                3_600,
                "seconds",
                (60, 86_400),
                "borders are not crossed by air within the hour; whoever lives at one has done so before",
            ),
        ],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.dormant-account",
        title: "A dormant account signs in again",
        level: Level::Medium,
        tags: &["attack.persistence", "attack.initial-access", "attack.t1078"],
        paragraph: "Deprecate obsolete accounts and infrastructure",
        fires: "An account signs in after weeks without a sign-in",
        blind: "An account whose earlier sign-ins were before the log began, one that a job keeps awake, and one that is used without a sign-in (a key, a token, a service ticket made from a stolen secret)",
        next: &["Ask whose account it is and whether it should exist", "Disable it until somebody answers"],
        parameters: &[number(
            "days",
            45,
            "days",
            (7, 365),
            "longer than any holiday; the alert asks for 45 (measures, obsolete accounts)",
        )],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.log-tampering",
        title: "A log was emptied, stopped or changed",
        level: Level::High,
        tags: &[
            "attack.defense-impairment",
            "attack.t1685.001",
            "attack.t1685.002",
            "attack.t1685.005",
            "attack.t1685.006",
        ],
        paragraph: MONITOR,
        fires: "A log is cleared, its writer stopped outside a restart, its policy changed, a clock set by minutes, or records are missing by the numbers of a log that never lacked one",
        blind: "Records that were never written (a writer whose threads are stopped uses no numbers: the silent source shows that), an agent that is fed false ones, and gaps in a log that is filtered, lossy, or paused for longer than an hour",
        next: &[
            "The records up to that moment are sealed here: look at the hour before it",
            "Isolate the machine if nobody announced the work",
            "Switch the log on again and see that its records arrive",
        ],
        parameters: &[
            number(
                "clock-jump",
                300,
                "seconds",
                (10, 86_400),
                "time services correct by seconds, people by minutes",
            ),
            number("restart", 120, "seconds", (1, 3_600), "a service that comes back by then was restarted"),
            number(
                "gap",
                1,
                "records missing",
                (1, 1_000_000),
                "tools take out single records; a log without loss lacks none",
            ),
            number(
                "gap-learn",
                500,
                "records without a gap",
                (100, 1_000_000),
                "a log that is filtered or lossy shows a gap earlier; after each gap twice as many are asked",
            ),
            number(
                "gap-pause",
                3_600,
                "seconds",
                (60, 604_800),
                "after a longer pause of the collection old records may have been overwritten (rotation)",
            ),
        ],
        quiet_seconds: 6 * HOUR,
    },
    About {
        id: "bw.silent-source",
        title: "A log fell silent",
        level: Level::Medium,
        tags: &["attack.defense-impairment", "attack.t1685"],
        paragraph: MONITOR,
        fires: "A log that wrote all the time has written nothing for far longer than ever, while others go on",
        blind: "A log that is often silent, the first days of a log, a log that an intruder keeps alive with harmless records, and all logs silent at once (the sealed heartbeat shows that)",
        next: &[
            "See whether the machine is up, and whether its agent runs",
            "If it is up: look at the last records before the silence",
        ],
        parameters: &[
            number(
                "factor",
                3,
                "times its 99th percentile of gaps",
                (2, 100),
                "rare gaps are still ordinary",
            ),
            number(
                "least",
                3600,
                "seconds",
                (60, 604_800),
                "below that a restart or a slow line explains it",
            ),
            number("learn", 1_000, "records", (100, 1_000_000), "a percentile wants that many gaps"),
        ],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.unapproved-remote-tool",
        title: "A remote-management tool that nobody approved",
        level: Level::High,
        tags: &["attack.command-and-control", "attack.t1219"],
        paragraph: REMOTE,
        fires: "A program or domain of the catalogue of remote tools is seen and is not on the customer's list",
        blind: "A tool that the catalogue does not know, or under another file name and over a relay of its own; a tool that the policy allows, in an intruder's hands; and a machine that logs neither programs nor names that it looks up",
        next: &[
            "Ask who installed it and for whom",
            "If nobody knows it: isolate the machine, then remove the tool",
            "If it is wanted: `bailiwick customer policy set` with a reason and an end",
        ],
        parameters: &[],
        quiet_seconds: DAY,
    },
    About {
        id: "bw.provider-out-of-bounds",
        title: "The provider's account outside its bounds",
        level: Level::High,
        tags: &["attack.initial-access", "attack.t1199", "attack.t1078"],
        paragraph: ACCESS,
        fires: "An account of the provider signs in outside window, path or ticket",
        blind: "An intruder who comes through the provider's own path within its hours and with a ticket: from a technician's own machine; and, while no policy names them, provider's accounts under other names",
        next: &[
            "Ask the technician whose account it is, now and by voice",
            "If it was not them: disable the account at every customer, not only here",
            "Compare the session with the provider's own record of it",
        ],
        parameters: &[
            number(
                "from-hour",
                6,
                "o'clock UTC",
                (0, 23),
                "ordinary working hours, until the policy says others",
            ),
            number(
                "to-hour",
                20,
                "o'clock UTC",
                (1, 24),
                "ordinary working hours, until the policy says others",
            ),
            number(
                "path-sign-ins",
                3,
                "sign-ins",
                (1, 1_000),
                "a network that was used as often is the provider's path",
            ),
        ],
        quiet_seconds: 6 * HOUR,
    },
    About {
        id: "bw.new-administrator",
        title: "A new administrator",
        level: Level::High,
        tags: &["attack.persistence", "attack.privilege-escalation", "attack.t1098"],
        paragraph: ACCESS,
        fires: "An account is put into a group or role that administers",
        blind: "Rights that are given without a group or role (a delegation, an entry in an access list, a certificate template), membership in a nested group that administers, and a change with a ticket",
        next: &[
            "Ask who wanted it; take it back until somebody answers",
            "Look at what the account did since",
        ],
        parameters: &[],
        quiet_seconds: HOUR,
    },
    About {
        id: "bw.new-consent",
        title: "An application was granted rights",
        level: Level::High,
        tags: &["attack.persistence", "attack.credential-access", "attack.t1528", "attack.t1098.003"],
        paragraph: ACCESS,
        fires: "An application is granted delegated or application rights",
        blind: "Rights that were granted before the log began, a new secret for an application that has them already, and a device code that is phished: it grants no application anything",
        next: &["Ask who knows the application", "Revoke the grant, then end the sessions of who gave it"],
        parameters: &[],
        quiet_seconds: HOUR,
    },
    About {
        id: "bw.new-forwarding-rule",
        title: "Mail is passed on to an address",
        level: Level::High,
        tags: &["attack.collection", "attack.t1114.003", "attack.stealth", "attack.t1564.008"],
        paragraph: "Prevent initial compromise: defend against phishing",
        fires: "A rule or mailbox setting passes mail on",
        blind: "Rules inside a mail program that never reach the server, mail that is read through an application with rights to it, and a mailbox that is delegated instead",
        next: &[
            "Ask the owner of the mailbox",
            "Remove the rule, reset the account, and look at what was passed on",
        ],
        parameters: &[],
        quiet_seconds: HOUR,
    },
    About {
        id: "bw.new-federation",
        title: "Sign-ins of somebody else are trusted",
        level: Level::Critical,
        tags: &["attack.privilege-escalation", "attack.persistence", "attack.t1484.002"],
        paragraph: ACCESS,
        fires: "A domain or tenant is made to trust another identity provider or partner",
        blind: "Keys of a trust that exists already and are stolen (tokens forged outside), and a trust inside the customer's own directory forest",
        next: &[
            "Undo it unless it is a known migration: whoever holds the other side can be anybody here",
            "Look at who did it, and at every sign-in since",
        ],
        parameters: &[],
        quiet_seconds: HOUR,
    },
    About {
        id: "bw.seen-across-customers",
        title: "One tool or account touches several customers",
        level: Level::High,
        tags: &["attack.lateral-movement", "attack.initial-access", "attack.t1199"],
        paragraph: ACCESS,
        fires: "What was found at one customer (its source, tool or account) is found at another within a day",
        blind: "A tool, source or account of its own at each customer, more than a day between them, and what no other detection has found at any of them",
        next: &[
            "Treat the customers that are listed as one incident",
            "Look whether the provider's own systems are the way that leads to all of them",
        ],
        parameters: &[
            number(
                "customers",
                2,
                "customers",
                (2, 1_000),
                "two customers of one provider share nothing else",
            ),
            number(
                "window",
                86_400,
                "seconds",
                (600, 604_800),
                "an intruder with the provider's access is fast",
            ),
        ],
        quiet_seconds: DAY,
    },
];

/// The place of a detection in [`DETECTIONS`].
#[must_use]
pub fn detection(id: &str) -> Option<&'static About> {
    DETECTIONS.iter().find(|d| d.id == id)
}

/// Thresholds as the provider and the customer have set them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    set: BTreeMap<String, i64>,
}

/// A threshold cannot be set so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No detection has it.
    #[error("there is no threshold `{0}`; `bailiwick detect ls` lists them")]
    Unknown(String),
    /// Outside of its bounds.
    #[error("`{name}` is {least} to {most} {unit}, not {have}")]
    Bounds {
        /// Which threshold.
        name: String,
        /// The least that can be set.
        least: i64,
        /// The greatest that can be set.
        most: i64,
        /// What it counts.
        unit: &'static str,
        /// What was wanted.
        have: i64,
    },
}

impl Settings {
    /// Sets a threshold, written `detection.name` (`bw.spray-fast.accounts`).
    ///
    /// # Errors
    /// [`SettingError`] when there is none of this name, or the number is outside of its bounds.
    pub fn set(&mut self, name: &str, have: i64) -> Result<(), SettingError> {
        let found = DETECTIONS.iter().find_map(|d| {
            let rest = name.strip_prefix(d.id)?.strip_prefix('.')?;
            d.parameters.iter().find(|p| p.name == rest)
        });
        let parameter = found.ok_or_else(|| SettingError::Unknown(name.to_owned()))?;
        let (least, most) = parameter.bounds;
        if !(least..=most).contains(&have) {
            let unit = parameter.unit;
            return Err(SettingError::Bounds { name: name.to_owned(), least, most, unit, have });
        }
        self.set.insert(name.to_owned(), have);
        Ok(())
    }

    /// What was set, by name.
    #[must_use]
    pub fn all(&self) -> &BTreeMap<String, i64> {
        &self.set
    }

    /// A threshold as it stands.
    pub(crate) fn of(&self, id: &str, name: &str) -> i64 {
        // Most have none set: then no name is put together.
        if !self.set.is_empty()
            && let Some(set) = self.set.get(&format!("{id}.{name}"))
        {
            return *set;
        }
        let parameter = detection(id).and_then(|d| d.parameters.iter().find(|p| p.name == name));
        parameter.map_or(0, |p| p.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detection_says_what_a_responder_needs() {
        for about in DETECTIONS {
            assert!(
                about.id.starts_with("bw.") && about.next.len() >= 2 && about.quiet_seconds > 0,
                "{}",
                about.id
            );
            let ids: Vec<&str> =
                about.tags.iter().filter_map(|t| t.strip_prefix("attack.t1").map(|_| &t[7..])).collect();
            assert!(!ids.is_empty(), "{}", about.id);
            for id in ids {
                let known = crate::attack::technique(id).map(|t| t.id.to_lowercase());
                assert_eq!(known.as_deref(), Some(id), "{}: an id of today's", about.id);
            }
            for tag in about.tags.iter().filter(|t| !t.starts_with("attack.t1")) {
                assert!(crate::attack::tactic(&tag[7..]).is_some(), "{}: {tag}", about.id);
            }
            for parameter in about.parameters {
                let (least, most) = parameter.bounds;
                assert!((least..=most).contains(&parameter.default), "{}.{}", about.id, parameter.name);
            }
            assert_eq!(detection(about.id), DETECTIONS.iter().find(|d| d.id == about.id), "ids are unique");
        }
    }

    #[test]
    fn thresholds_are_set_by_name_and_within_bounds() {
        let mut settings = Settings::default();
        assert_eq!(settings.of("bw.spray-fast", "accounts"), 10);
        settings.set("bw.spray-fast.accounts", 15).expect("within");
        assert_eq!(settings.of("bw.spray-fast", "accounts"), 15);
        assert_eq!(
            settings.set("bw.spray-fast.accounts", 1).expect_err("too small").to_string(),
            "`bw.spray-fast.accounts` is 3 to 10000 accounts, not 1"
        );
        assert!(matches!(settings.set("bw.spray.accounts", 5), Err(SettingError::Unknown(_))));
    }
}
