//! What a program says behind its syslog header: key=value pairs, and who signed in, or tried to, and from where.

use model::Fields;
use serde_json::Value;

const SIGN_IN: &str = "sign-in";
const SUCCESS: &str = "success";
const FAILURE: &str = "failure";
const YES: &str = "true";
/// What this file says of a message, and the message does not.
pub(crate) const ADDED_WORDS: [&str; 4] = [SIGN_IN, SUCCESS, FAILURE, YES];

/// Pairs that one line may hold.
const PAIRS_LIMIT: usize = 64;

/// Puts in `name=value` pairs, with or without quotes. Names are plain words; the first of a name counts.
pub(crate) fn pairs(message: &str, fields: &mut Fields) {
    let mut rest = message;
    for _ in 0..PAIRS_LIMIT {
        let Some(at) = rest.find('=') else { return };
        let from = rest[..at].rfind(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)));
        let name = &rest[from.map_or(0, |f| f + rest[f..].chars().next().map_or(1, char::len_utf8))..at];
        let behind = &rest[at + 1..];
        let (value, length) =
            match behind.strip_prefix('"').and_then(|q| q.find('"').map(|end| (&q[..end], end + 2))) {
                Some(quoted) => quoted,
                None => {
                    let end = behind.find([' ', '\t', ',', ';', ')']).unwrap_or(behind.len());
                    (&behind[..end], end)
                }
            };
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() <= 64;
        if plain && !value.is_empty() && !fields.contains_key(name) {
            fields.insert(name.to_owned(), Value::from(value));
        }
        rest = &behind[length..];
    }
}

/// Puts in what a program says about somebody signing in. `program` is the bare name.
pub(crate) fn sign_in(program: &str, message: &str, fields: &mut Fields) {
    let message = repeated(message, fields);
    let bare = program.rsplit('/').next().unwrap_or(program).to_ascii_lowercase();
    let bare = bare.split('(').next().unwrap_or(&bare);
    match bare {
        "sshd" | "sshd-session" => sshd(message, fields),
        "su" | "sudo" | "login" | "gdm" | "lightdm" | "vsftpd" | "ftpd" | "dovecot" | "cron" | "crond" => {}
        _ => return,
    }
    // Behind a line of PAM inside sshd stands sshd's own about the same attempt; one of them is enough. `PAM 2 more
    // authentication failures` at the end of a session adds up what was told before.
    let told_by_sshd =
        bare.starts_with("sshd") && (message.starts_with("pam_") || message.starts_with("PAM "));
    if message.contains("authentication failure") && !told_by_sshd {
        set(fields, "action", SIGN_IN);
        set(fields, "outcome", FAILURE);
        if let Some(host) = fields.get("rhost").and_then(Value::as_str).map(str::to_owned) {
            set(fields, "src_ip", &host);
        }
    }
}

/// What rsyslog writes instead of the same line again: `message repeated 5 times: [ … ]`. Counts how many times.
fn repeated<'a>(message: &'a str, fields: &mut Fields) -> &'a str {
    let again = || {
        let (times, rest) = message.strip_prefix("message repeated ")?.split_once(" times: [")?;
        let times: u32 = times.parse().ok()?;
        Some((times, rest.strip_suffix(']')?.trim()))
    };
    let Some((times, inner)) = again() else { return message };
    set(fields, "repeated", &times.to_string());
    inner
}

fn set(fields: &mut Fields, name: &str, value: &str) {
    fields.insert(name.to_owned(), Value::from(value));
}

/// `Failed password for [invalid user] NAME from ADDRESS port N ssh2`, `Accepted publickey for …`, and their kin.
fn sshd(message: &str, fields: &mut Fields) {
    let head = message.split(" for ").next().unwrap_or("");
    let (outcome, method) = match head.split_once(' ') {
        Some(("Failed", method)) => (FAILURE, method),
        Some(("Accepted", method)) => (SUCCESS, method),
        _ => return invalid_user(message, fields),
    };
    let Some((_, rest)) = message.split_once(" for ") else { return };
    let invalid = rest.strip_prefix("invalid user ").or_else(|| rest.strip_prefix("illegal user "));
    let rest = invalid.unwrap_or(rest);
    // A name may hold anything, also ` from `; what the server wrote itself stands at the end.
    let Some((user, from)) = rest.rsplit_once(" from ") else { return };
    let mut words = from.split(' ');
    set(fields, "action", SIGN_IN);
    set(fields, "outcome", outcome);
    set(fields, "method", method);
    set(fields, "user", user);
    if invalid.is_some() {
        set(fields, "invalid_user", YES);
    }
    if let Some(address) = words.next() {
        set(fields, "src_ip", address);
    }
    if let (Some("port"), Some(port)) = (words.next(), words.next()) {
        set(fields, "src_port", port);
    }
}

/// `Invalid user NAME from ADDRESS`: an attempt that another line tells the end of.
fn invalid_user(message: &str, fields: &mut Fields) {
    let rest = message.strip_prefix("Invalid user ").or_else(|| message.strip_prefix("Illegal user "));
    if let Some((user, from)) = rest.and_then(|r| r.rsplit_once(" from ")) {
        set(fields, "invalid_user", YES);
        set(fields, "user", user);
        set(fields, "src_ip", from.split(' ').next().unwrap_or(from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(program: &str, message: &str, want: &str) {
        let mut fields = Fields::new();
        pairs(message, &mut fields);
        sign_in(program, message, &mut fields);
        assert_eq!(Value::Object(fields), serde_json::from_str::<Value>(want).expect("JSON"), "{message}");
    }

    #[test]
    fn sign_ins_are_read_out_of_what_programs_say() {
        for (program, message, want) in [
            (
                "sshd",
                "Failed password for eve from 203.0.113.9 port 4711 ssh2",
                r#"{"action":"sign-in","method":"password","outcome":"failure","src_ip":"203.0.113.9","src_port":"4711","user":"eve"}"#,
            ),
            (
                "sshd",
                "Failed password for invalid user x from 1.1.1.1 from 203.0.113.9 port 1 ssh2",
                r#"{"action":"sign-in","invalid_user":"true","method":"password","outcome":"failure","src_ip":"203.0.113.9","src_port":"1","user":"x from 1.1.1.1"}"#,
            ),
            (
                "/usr/sbin/sshd",
                "Accepted publickey for eve from 2001:db8::1 port 9 ssh2: ED25519 SHA256:x",
                r#"{"action":"sign-in","method":"publickey","outcome":"success","src_ip":"2001:db8::1","src_port":"9","user":"eve"}"#,
            ),
            (
                "sshd",
                "Invalid user bob from 203.0.113.9",
                r#"{"invalid_user":"true","src_ip":"203.0.113.9","user":"bob"}"#,
            ),
            (
                "sshd(pam_unix)",
                "authentication failure; logname= uid=0 ruser= rhost=203.0.113.9  user=root",
                r#"{"action":"sign-in","outcome":"failure","rhost":"203.0.113.9","src_ip":"203.0.113.9","uid":"0","user":"root"}"#,
            ),
            (
                "sshd",
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 rhost=203.0.113.9 user=root",
                r#"{"rhost":"203.0.113.9","uid":"0","user":"root"}"#,
            ),
            (
                "sshd",
                "message repeated 5 times: [ Failed password for eve from 203.0.113.9 port 4711 ssh2]",
                r#"{"action":"sign-in","method":"password","outcome":"failure","repeated":"5","src_ip":"203.0.113.9","src_port":"4711","user":"eve"}"#,
            ),
            (
                "sshd",
                "PAM 2 more authentication failures; logname= uid=0 ruser= rhost=203.0.113.9  user=root",
                r#"{"rhost":"203.0.113.9","uid":"0","user":"root"}"#,
            ),
            ("kernel", "Failed password for eve from 203.0.113.9 port 4711 ssh2", "{}"),
            (
                "app",
                "msg=\"two words\" code=7, ok=yes ü=1 =x",
                r#"{"code":"7","msg":"two words","ok":"yes"}"#,
            ),
        ] {
            check(program, message, want);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_message_panics(message in "\\PC{0,80}", near in "(Failed |password |for |from |port |invalid user |=|\"|ü| ){0,20}") {
            let mut fields = Fields::new();
            for text in [&message, &near] {
                pairs(text, &mut fields);
                sign_in("sshd", text, &mut fields);
            }
        }
    }
}
