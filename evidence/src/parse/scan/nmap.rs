//! nmap's XML (`-oX`), and masscan's, which has the same form: ports that answer and hosts that are up.

use super::xml::{End, Met, Node, walk};
use super::{broke_off, holds, put, scope};
use crate::document::{Document, Status};
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use std::collections::BTreeSet;
use std::net::IpAddr;

pub(in crate::parse) const FORMAT: Format = Format {
    name: "nmap",
    kind: "network-scan",
    about: "XML of nmap (`-oX`) or masscan",
    looks_like: |head, _| holds(head, "<nmaprun"),
    read,
};

/// Options of nmap whose value is a word of its own; all others stand alone or carry it.
const TAKES_VALUE: &[&str] = &[
    "-D",
    "-S",
    "-e",
    "-g",
    "-iL",
    "-iR",
    "-m",
    "-oA",
    "-oG",
    "-oN",
    "-oS",
    "-oX",
    "-p",
    "-sI",
    "-b",
    "--data",
    "--data-length",
    "--data-string",
    "--datadir",
    "--dns-servers",
    "--exclude",
    "--exclude-ports",
    "--excludefile",
    "--host-timeout",
    "--initial-rtt-timeout",
    "--ip-options",
    "--max-hostgroup",
    "--max-parallelism",
    "--max-rate",
    "--max-retries",
    "--max-rtt-timeout",
    "--max-scan-delay",
    "--min-hostgroup",
    "--min-parallelism",
    "--min-rate",
    "--min-rtt-timeout",
    "--mtu",
    "--nsock-engine",
    "--port-ratio",
    "--proxies",
    "--proxy",
    "--resume",
    "--scan-delay",
    "--scanflags",
    "--script",
    "--script-args",
    "--script-args-file",
    "--script-timeout",
    "--servicedb",
    "--source-port",
    "--spoof-mac",
    "--stats-every",
    "--stylesheet",
    "--top-ports",
    "--ttl",
    "--version-intensity",
    "--versiondb",
];

struct Scan {
    document: Document,
    outside: Option<bool>,
    seen: BTreeSet<String>,
    hosts: u64,
    ports: Vec<String>,
    arguments: Option<String>,
    finished: Option<Node>,
    up: Option<u64>,
    skipped: Vec<String>,
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(FORMAT.kind);
    let outside = match kind {
        "outside-scan" => Some(true),
        "network-scan" => Some(false),
        _ => None,
    };
    let mut scan = Scan {
        document: Document::new(FORMAT.name, kind),
        outside,
        seen: BTreeSet::new(),
        hosts: 0,
        ports: vec![],
        arguments: None,
        finished: None,
        up: None,
        skipped: vec![],
    };
    let end =
        walk(raw, &["host", "finished", "hosts", "target", "scaninfo"], |path, met| scan.met(path, met));
    scan.end(end)
}

impl Scan {
    fn met(&mut self, path: &[String], met: Met) {
        match met {
            Met::Open(root) if path.len() == 1 => self.root(&root),
            Met::Whole(node) => match node.name.as_str() {
                "host" => self.host(&node),
                "finished" => self.finished = Some(node),
                "hosts" => self.up = node.attr("up").and_then(|n| n.parse().ok()),
                "target" if node.attr("status") == Some("skipped") => {
                    self.skipped.push(node.attr("specification").unwrap_or("?").to_owned());
                }
                "scaninfo" => self.ports.push(ports(&node)),
                _ => {}
            },
            _ => {}
        }
    }

    fn root(&mut self, root: &Node) {
        self.document.tool = root.attr("scanner").map(str::to_owned);
        self.document.tool_version = root.attr("version").map(str::to_owned);
        self.arguments = root.attr("args").map(str::to_owned);
        if let Some(at) = root.attr("start").and_then(text::instant) {
            self.document.made = Some(at);
            self.document.saw(at);
        }
    }

    fn host(&mut self, host: &Node) {
        self.hosts += 1;
        let number = self.hosts;
        let state = host.child("status").and_then(|s| s.attr("state"));
        let ports: Vec<&Node> = host.all("ports").flat_map(|p| p.all("port")).collect();
        let open =
            ports.iter().filter(|p| p.child("state").and_then(|s| s.attr("state")) == Some("open")).count();
        // masscan names no state: a host of which a port answers is up.
        let up = state == Some("up") || (state.is_none() && open > 0);
        let Some(address) = address(host) else {
            if up {
                self.document.defect(format!("host {number} has no address"));
            }
            return;
        };
        for port in ports {
            self.port(&address, port, number);
        }
        if up && (self.seen.insert(address.clone()) || state.is_some()) {
            let row = self.device(host, &address, open);
            put(&mut self.document, row, format_args!("host {number}"));
        }
        for at in ["starttime", "endtime"].iter().filter_map(|n| host.attr(n).and_then(text::instant)) {
            self.document.saw(at);
        }
    }

    fn port(&mut self, address: &str, port: &Node, number: u64) {
        if port.child("state").and_then(|s| s.attr("state")) != Some("open") {
            return;
        }
        let Some(id) = port.attr("portid").and_then(|p| p.parse::<u16>().ok()) else {
            self.document.defect(format!("host {number}: a port without a number"));
            return;
        };
        let protocol = text::name(port.attr("protocol").unwrap_or("tcp"));
        let service = port.child("service");
        let says = |name: &str| service.and_then(|s| s.attr(name)).map(str::to_owned);
        let name = says("name").map(|n| match says("tunnel") {
            Some(tunnel) if !n.starts_with(&tunnel) => format!("{tunnel}/{n}"),
            _ => n,
        });
        let version = says("version").map(|v| match says("extrainfo") {
            Some(extra) => format!("{v} ({extra})"),
            None => v,
        });
        let cpe: Vec<&str> =
            service.map(|s| s.all("cpe").filter_map(Node::text).collect()).unwrap_or_default();
        let row = Row::of("service")
            .with("id", format!("{address}/{protocol}/{id}"))
            .with("device", address)
            .with("address", address)
            .with("port", i64::from(id))
            .with("protocol", protocol)
            .with("name", name)
            .with("product", says("product"))
            .with("version", version)
            .with("cpe", Some(cpe.join(" ")).filter(|c| !c.is_empty()))
            .with("outside", self.outside);
        put(&mut self.document, row, format_args!("host {number}, port {id}"));
    }

    fn device(&self, host: &Node, address: &str, open: usize) -> Row {
        // With `-Pn` nmap calls every target up without having heard from it.
        let told = host.child("status").and_then(|s| s.attr("reason")) == Some("user-set");
        let up = (!told || open > 0 || answered(host)).then_some(true);
        let best = host.all("os").flat_map(|o| o.all("osmatch")).max_by_key(|m| accuracy(m));
        let class = best
            .into_iter()
            .flat_map(|m| m.all("osclass"))
            .chain(host.all("os").flat_map(|o| o.all("osclass")))
            .max_by_key(|c| accuracy(c));
        let mac = host.all("address").find(|a| a.attr("addrtype") == Some("mac"));
        Row::of("device")
            .with("id", address)
            .with("name", hostname(host).map(text::name))
            .with("address", address)
            .with("kind", class.and_then(|c| c.attr("type")).and_then(device_kind))
            .with("os", best.and_then(|m| m.attr("name")).map(str::to_owned))
            .with("os_version", class.and_then(|c| c.attr("osgen")).map(str::to_owned))
            .with("vendor", mac.and_then(|m| m.attr("vendor")).map(str::to_owned))
            .with("exposed", (self.outside == Some(true) && open > 0).then_some(true))
            .with("last_seen_at", up.and(host.attr("endtime")).and_then(text::instant))
            .with("up", up)
    }

    fn end(mut self, end: End) -> Document {
        let arguments = self.arguments.take();
        self.document.scope = reach(arguments.as_deref(), &mut self.ports, &self.seen);
        match end {
            End::Refused(why) => return Document::failed(FORMAT.name, &self.document.kind, why),
            End::Cut(why) => broke_off(&mut self.document, why),
            End::Whole => self.verdict(arguments.as_deref()),
        }
        self.document
    }

    fn verdict(&mut self, arguments: Option<&str>) {
        let Some(finished) = &self.finished else {
            let why = "the scan does not say that it finished (`runstats`)".to_owned();
            return broke_off(&mut self.document, why);
        };
        if let Some(at) = finished.attr("time").and_then(text::instant) {
            self.document.made = Some(at);
            self.document.saw(at);
        }
        if finished.attr("exit").is_some_and(|e| e != "success") {
            let why = finished.attr("errormsg").unwrap_or("no reason given");
            return broke_off(&mut self.document, format!("the scan ended with an error: {why}"));
        }
        for target in std::mem::take(&mut self.skipped) {
            self.document.defect(format!("the target `{target}` was skipped"));
        }
        if self.up == Some(0) && self.hosts == 0 && self.document.scope.is_none() {
            self.document.status = Status::Failed { why: "names no target and no host".to_owned() };
        }
        let devices = self.document.counts().get("device").copied().unwrap_or(0);
        if let Some(up) = self.up.filter(|up| *up > devices) {
            let says = format!("{up} hosts were up, {devices} are listed");
            // `--open` leaves out hosts that have no open port.
            let asked = arguments.is_some_and(|a| a.split_whitespace().any(|w| w == "--open"));
            if asked { self.document.remark(says) } else { self.document.defect(says) }
        }
    }
}

fn accuracy(node: &Node) -> u32 {
    node.attr("accuracy").and_then(|a| a.parse().ok()).unwrap_or(0)
}

/// Whether any port of a host gave an answer that is not nmap's own guess from silence.
fn answered(host: &Node) -> bool {
    let states = host.all("ports").flat_map(|p| p.all("port").filter_map(|p| p.child("state")));
    let extra = host.all("ports").flat_map(|p| p.all("extraports"));
    states.chain(extra).any(|s| matches!(s.attr("state"), Some("open" | "closed" | "unfiltered")))
}

fn address(host: &Node) -> Option<String> {
    let of = |kind: &str| host.all("address").find(|a| a.attr("addrtype") == Some(kind));
    let found = of("ipv4").or_else(|| of("ipv6")).or_else(|| of("mac")).and_then(|a| a.attr("addr"))?;
    Some(text::name(found))
}

fn hostname(host: &Node) -> Option<&str> {
    let names: Vec<&Node> = host.all("hostnames").flat_map(|h| h.all("hostname")).collect();
    let asked = names.iter().find(|n| n.attr("type") == Some("user"));
    asked.or(names.first()).and_then(|n| n.attr("name"))
}

fn device_kind(class: &str) -> Option<&'static str> {
    match class.to_ascii_lowercase().as_str() {
        "firewall" => Some("firewall"),
        "router" | "broadband router" => Some("router"),
        "switch" => Some("switch"),
        "printer" | "print server" => Some("printer"),
        "phone" => Some("mobile"),
        "hypervisor" => Some("hypervisor"),
        _ => None,
    }
}

fn ports(info: &Node) -> String {
    let protocol = info.attr("protocol").unwrap_or("tcp");
    let services = info.attr("services").unwrap_or("");
    let count = info.attr("numservices").unwrap_or("?");
    // Long lists are nmap's own most frequent ports; their number names them.
    if services.len() <= 80 { format!("{protocol}:{services}") } else { format!("{protocol}:{count} ports") }
}

/// What was asked to be scanned: the same words from run to run, whatever the output files are called.
fn reach(arguments: Option<&str>, ports: &mut [String], seen: &BTreeSet<String>) -> Option<String> {
    let mut targets: Vec<String> = vec![];
    let mut words = words(arguments.unwrap_or(""));
    while let Some(word) = words.next() {
        if TAKES_VALUE.contains(&word.as_str()) {
            let value = words.next().unwrap_or_default();
            match word.as_str() {
                "-iL" => targets.push(format!("list:{}", value.rsplit(['/', '\\']).next().unwrap_or(&value))),
                "--exclude" => targets.push(format!("without:{value}")),
                _ => {}
            }
        } else if !word.starts_with('-') {
            targets.push(text::name(&word));
        }
    }
    if targets.is_empty() {
        targets.extend(seen.iter().filter(|s| s.parse::<IpAddr>().is_ok()).cloned());
    }
    targets.sort();
    ports.sort();
    let ports = if ports.is_empty() { String::new() } else { format!(" on {}", ports.join(" ")) };
    scope(&format!("{}{ports}", targets.join(" ")))
}

/// The words of a command line after the program's name; quotes hold words together.
fn words(line: &str) -> impl Iterator<Item = String> + use<> {
    let (mut words, mut word, mut quote) = (vec![], String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            (c, None) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (c, _) => word.push(c),
        }
    }
    words.push(word);
    words.into_iter().filter(|w| !w.is_empty()).skip(1)
}
