//! Nessus v2 XML (`.nessus`): vulnerabilities, the hosts that were looked at, and whether the scan was signed in.

use super::xml::{End, Met, Node, walk};
use super::{broke_off, cves, holds, put, scope, score, title};
use crate::document::Document;
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use jiff::civil;
use model::Time;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "nessus",
    kind: "vulnerability-scan",
    about: "Nessus v2 XML, as Nessus and Tenable export it (`.nessus`)",
    looks_like: |head, _| holds(head, "<NessusClientData_v2"),
    read,
};

/// Plugins that say that signing in failed, or that local checks did not run.
const NOT_SIGNED_IN: &[&str] = &["21745", "24786", "104410", "26917"];

#[derive(Default)]
struct Host {
    name: String,
    properties: Option<Node>,
    rows: Vec<Row>,
    authenticated: Option<bool>,
    refused: bool,
    feed: Option<Time>,
}

struct Scan {
    document: Document,
    policy: String,
    report: String,
    targets: String,
    host: Option<Host>,
    entries: u64,
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(FORMAT.kind);
    let mut document = Document::new(FORMAT.name, kind);
    document.tool = Some("Nessus".to_owned());
    let mut scan = Scan {
        document,
        policy: String::new(),
        report: String::new(),
        targets: String::new(),
        host: None,
        entries: 0,
    };
    let wanted = ["preference", "policyName", "HostProperties", "ReportItem"];
    let mut reports = 0;
    let end = walk(raw, &wanted, |path, met| {
        reports += u32::from(matches!(&met, Met::Open(n) if n.name == "Report"));
        scan.met(path, met);
    });
    scan.leave(false);
    let whole = [scan.policy.as_str(), scan.report.as_str(), scan.targets.as_str()];
    // The report's name tells scans apart; the policy's only stands in for it.
    let name = if whole[1].is_empty() { whole[0] } else { whole[1] };
    scan.document.scope = scope(&format!("{name}: {}", whole[2])).filter(|s| s != ":");
    match end {
        End::Refused(why) => return Document::failed(FORMAT.name, kind, why),
        End::Cut(why) => broke_off(&mut scan.document, why),
        End::Whole if reports == 0 => {
            broke_off(&mut scan.document, "holds a policy and no report".to_owned())
        }
        End::Whole => {}
    }
    scan.document
}

impl Scan {
    fn met(&mut self, path: &[String], met: Met) {
        match met {
            Met::Open(node) if node.name == "Report" => {
                node.attr("name").unwrap_or("").clone_into(&mut self.report);
            }
            Met::Open(node) if node.name == "ReportHost" => {
                self.leave(true);
                let name = node.attr("name").map(text::name);
                if name.is_none() {
                    self.document.defect("a host without a name");
                }
                self.host = name.map(|name| Host { name, ..Host::default() });
            }
            Met::Close if path.last().is_some_and(|n| n == "ReportHost") => self.leave(true),
            Met::Whole(node) => match node.name.as_str() {
                "policyName" => node.text().unwrap_or("").clone_into(&mut self.policy),
                "preference" if node.says("name") == Some("TARGET") => {
                    node.says("value").unwrap_or("").clone_into(&mut self.targets);
                }
                "HostProperties" => {
                    if let Some(host) = &mut self.host {
                        host.properties = Some(node);
                    }
                }
                "ReportItem" => self.entry(&node),
                _ => {}
            },
            _ => {}
        }
    }

    fn entry(&mut self, entry: &Node) {
        self.entries += 1;
        let number = self.entries;
        let Some(host) = &mut self.host else {
            return self.document.defect(format!("report item {number} lies in no host"));
        };
        let Some(plugin) = entry.attr("pluginID") else {
            return self.document.defect(format!("report item {number} names no plugin"));
        };
        let Some(level) = entry.attr("severity").and_then(|s| s.parse::<u8>().ok()) else {
            return self.document.defect(format!("report item {number} has no severity"));
        };
        if plugin == "19506" {
            about_the_scan(entry.says("plugin_output").unwrap_or(""), host, &mut self.document);
        }
        host.refused |= NOT_SIGNED_IN.contains(&plugin);
        if level >= 1 {
            match row(entry, plugin, level, &host.name) {
                Some(row) => host.rows.push(row),
                None => self.document.defect(format!("report item {number}: severity {level} is none")),
            }
        }
    }

    /// Hands on the rows of the host that was read: only at its end it is known whether the scan was signed in.
    fn leave(&mut self, whole: bool) {
        let Some(host) = self.host.take() else { return };
        let says = |name: &str| {
            let tags = host.properties.iter().flat_map(|p| p.all("tag"));
            tags.filter(|t| t.attr("name") == Some(name)).find_map(Node::text)
        };
        let credentialed = says("Credentialed_Scan").and_then(text::truth);
        let authenticated = match host.authenticated.or(credentialed) {
            Some(true) if host.refused && host.authenticated.is_none() => Some(false),
            None if host.refused => Some(false),
            said => said,
        }
        .filter(|_| whole);
        let at = |stamp: &str, words: &str| says(stamp).or_else(|| says(words)).and_then(moment);
        let (from, to) = (at("HOST_START_TIMESTAMP", "HOST_START"), at("HOST_END_TIMESTAMP", "HOST_END"));
        for at in [from, to].into_iter().flatten() {
            self.document.saw(at);
            self.document.made = self.document.made.max(Some(at));
        }
        if from.is_some() && to.is_none() {
            self.document.defect(format!("`{}` was not looked at to the end (no HOST_END)", host.name));
        }
        let named = says("host-fqdn").or_else(|| says("netbios-name")).or_else(|| says("hostname"));
        let device = Row::of("device")
            .with("id", host.name.as_str())
            .with(
                "name",
                named.map(text::name).or_else(|| host.properties.as_ref().map(|_| host.name.clone())),
            )
            .with("address", says("host-ip").map(text::name))
            .with("kind", says("system-type").and_then(device_kind))
            .with("os", says("operating-system").map(title))
            .with("last_seen_at", to)
            .with("up", true)
            .with("scan_authenticated", authenticated)
            .with("scan_feed_at", host.feed);
        let rows: Vec<Row> = host.rows.into_iter().map(|r| r.with("authenticated", authenticated)).collect();
        put(&mut self.document, device, format_args!("host `{}`", host.name));
        for row in rows {
            put(&mut self.document, row, format_args!("host `{}`", host.name));
        }
    }
}

fn row(entry: &Node, plugin: &str, level: u8, device: &str) -> Option<Row> {
    let severity = match level {
        1 => "low",
        2 => "medium",
        3 => "high",
        4 => "critical",
        _ => return None,
    };
    let name = entry.attr("pluginName").or_else(|| entry.says("plugin_name")).unwrap_or("");
    let family = entry.attr("pluginFamily").unwrap_or("");
    let port = entry.attr("port").filter(|p| *p != "0");
    let protocol = entry.attr("protocol").unwrap_or("tcp");
    let points = ["cvss3_base_score", "cvss4_base_score", "cvss_base_score"];
    let known = |name: &str| entry.says(name).and_then(text::truth);
    let listed = entry.children().iter().any(|c| c.name == "cisa-known-exploited").then_some(true);
    let date = |name: &str| entry.says(name).and_then(moment);
    Some(
        Row::of("vulnerability")
            .with("id", plugin)
            .with("cve", cves(entry.all("cve").filter_map(Node::text)))
            .with("device", device)
            .with("title", title(name))
            .with("severity", severity)
            .with("score", points.iter().find_map(|p| entry.says(p).and_then(score)))
            .with("port", port.map(|p| format!("{p}/{protocol}")))
            .with("default_credential", is_default(name, family))
            .with("unsupported", known("unsupported_by_vendor").unwrap_or_else(|| is_unsupported(name)))
            .with(
                "exploited",
                listed
                    .or_else(|| known("exploited_by_malware").filter(|y| *y))
                    .or_else(|| known("exploit_available")),
            )
            .with("found_at", date("first_found"))
            .with("published_at", date("vuln_publication_date")),
    )
}

fn is_default(name: &str, family: &str) -> bool {
    let name = name.to_ascii_lowercase();
    family == "Default Unix Accounts"
        || ["default password", "default credential", "default account", "default login", "default community"]
            .iter()
            .any(|words| name.contains(words))
}

fn is_unsupported(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.contains("SEoL")
        || [
            "unsupported version",
            "unsupported installation",
            "end of life",
            "no longer supported",
            "unsupported operating system",
            "unsupported windows os",
        ]
        .iter()
        .any(|words| lower.contains(words))
}

/// Plugin 19506 speaks of the scan itself.
fn about_the_scan(output: &str, host: &mut Host, document: &mut Document) {
    for line in output.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "nessus version" => {
                document.tool_version = value.split_whitespace().next().map(str::to_owned);
            }
            "plugin feed version" => host.feed = feed(value),
            "credentialed checks" => {
                let word = value.split([',', ' ']).next().unwrap_or("");
                host.authenticated = text::truth(word);
            }
            _ => {}
        }
    }
}

/// The date in a feed's version: `202611250615` is year, month, day, hour and minute.
fn feed(version: &str) -> Option<Time> {
    let digits = version.get(..12).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
    let part = |from: usize, to: usize| digits[from..to].parse::<i8>().ok();
    let year: i16 = digits[..4].parse().ok()?;
    let at = civil::DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, 0, 0).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(at).ok()
}

/// Instants as Nessus writes them: seconds since 1970, `2026/11/25`, or `Wed Mar 23 15:07:52 2022` (taken as UTC).
fn moment(words: &str) -> Option<Time> {
    if let Some(at) = text::instant(words).or_else(|| text::instant(&words.replace('/', "-"))) {
        return Some(at);
    }
    let at = civil::DateTime::strptime("%a %b %e %H:%M:%S %Y", words.trim()).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(at).ok()
}

fn device_kind(word: &str) -> Option<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "firewall" => Some("firewall"),
        "router" => Some("router"),
        "switch" => Some("switch"),
        "printer" => Some("printer"),
        "hypervisor" => Some("hypervisor"),
        "vpn" => Some("vpn"),
        "mobile" => Some("mobile"),
        _ => None,
    }
}
