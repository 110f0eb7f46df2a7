//! The lines of web servers: the common and combined access log, and Apache's error log.

use super::Parsed;
use crate::time;
use model::Fields;
use serde_json::Value;

/// `203.0.113.5 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 12 "referrer" "agent"`.
pub(crate) fn access(line: &str) -> Option<Parsed> {
    let (client, rest) = line.split_once(' ')?;
    let (before, rest) = rest.split_once('[')?;
    let (stamp, rest) = rest.split_once("] \"")?;
    let mut who = before.split(' ').skip(1);
    let (request, rest) = rest.split_once("\" ")?;
    let mut numbers = rest.split(' ');
    let status = numbers.next().filter(|s| s.len() == 3 && s.bytes().all(|b| b.is_ascii_digit()))?;
    let mut fields = Fields::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() && value != "-" {
            fields.insert(name.into(), Value::from(value));
        }
    };
    add("src_ip", client);
    add("user", who.next().unwrap_or("-"));
    let mut words = request.split(' ');
    add("method", words.next().unwrap_or("-"));
    add("path", words.next().unwrap_or("-"));
    add("protocol", words.next().unwrap_or("-"));
    add("status", status);
    add("bytes", numbers.next().unwrap_or("-"));
    let mut quoted = rest.split('"').skip(1).step_by(2);
    add("referrer", quoted.next().unwrap_or("-"));
    add("user_agent", quoted.next().unwrap_or("-"));
    add("message", request);
    Some(Parsed { when: time::read(stamp), fields, defects: vec![] })
}

/// `[Sun Nov 01 04:47:44 2026] [core:error] [pid 5] [client 203.0.113.5:4711] message`.
pub(crate) fn error(line: &str) -> Option<Parsed> {
    if !line.starts_with('[') {
        return None;
    }
    let (when, length) = time::leading(line)?;
    let mut rest = line[length..].trim_start();
    let mut fields = Fields::new();
    let mut level_seen = false;
    while let Some((part, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        match part.split_once(' ') {
            Some(("client", client)) => {
                let ip =
                    client.rsplit_once(':').filter(|(ip, _)| !ip.contains(':')).map_or(client, |(ip, _)| ip);
                fields.insert("src_ip".into(), ip.into());
            }
            Some(("pid", pid)) => {
                fields.insert("pid".into(), pid.split(':').next().unwrap_or(pid).into());
            }
            None if !level_seen => {
                level_seen = true;
                fields.insert("level".into(), part.into());
            }
            _ => break,
        }
        rest = after.trim_start();
    }
    if !level_seen {
        return None;
    }
    fields.insert("message".into(), rest.into());
    Some(Parsed { when, fields, defects: vec![] })
}
