//! PingCastle's health check as XML: rules that a domain breaks and its settings; as a directory also its trusts,
//! domain controllers and privileged members.

use super::xml::{End, Met, Node, walk};
use super::{broke_off, holds, put, scope, title};
use crate::document::{Document, Status};
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::parse) const FORMAT: Format = Format {
    name: "pingcastle",
    kind: "tenant-settings",
    about: "PingCastle's health check as XML (`ad_hc_….xml`)",
    looks_like: |head, _| holds(head, "<HealthcheckData"),
    read,
};

/// Facts about the domain as a whole that are kept as settings, and their names in the directory.
const FACTS: &[(&str, &str)] = &[
    ("DomainFunctionalLevel", "domainFunctionality"),
    ("ForestFunctionalLevel", "forestFunctionality"),
    ("MachineAccountQuota", "ms-DS-MachineAccountQuota"),
    ("KrbtgtLastChangeDate", "krbtgtLastChange"),
    ("LAPSInstalled", "lapsInstalled"),
    ("IsRecycleBinEnabled", "recycleBinEnabled"),
    ("LastADBackup", "lastBackup"),
    ("GlobalScore", "globalScore"),
    ("StaleObjectsScore", "staleObjectsScore"),
    ("PrivilegiedGroupScore", "privilegedGroupScore"),
    ("TrustScore", "trustScore"),
    ("AnomalyScore", "anomalyScore"),
    ("MaturityLevel", "maturityLevel"),
];

/// Names of password settings in a group policy, and what the directory calls them.
const POLICY: &[(&str, &str)] = &[
    ("MinimumPasswordLength", "minPwdLength"),
    ("LockoutBadCount", "lockoutThreshold"),
    ("LockoutDuration", "lockoutDuration"),
    ("PasswordHistorySize", "pwdHistoryLength"),
    ("MaximumPasswordAge", "maxPwdAge"),
    ("PasswordComplexity", "passwordComplexity"),
];

#[derive(Default)]
struct Check {
    facts: BTreeMap<String, String>,
    rules: Vec<Node>,
    policies: Vec<Node>,
    trusts: Vec<Node>,
    controllers: Vec<Node>,
    members: Vec<Node>,
    groups: Vec<Node>,
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(FORMAT.kind);
    let mut check = Check::default();
    let mut wanted = vec![
        "HealthcheckRiskRule",
        "GPPSecurityPolicy",
        "HealthCheckTrustData",
        "HealthcheckDomainController",
        "HealthCheckGroupMemberData",
        "HealthCheckGroupData",
        "EngineVersion",
        "GenerationDate",
        "DomainFQDN",
        "Level",
    ];
    wanted.extend(FACTS.iter().map(|f| f.0));
    let mut root_fits = false;
    let end = walk(raw, &wanted, |path, met| match met {
        Met::Open(node) if path.len() == 1 => root_fits = node.name == "HealthcheckData",
        Met::Whole(node) => check.take(path, node),
        _ => {}
    });
    match &end {
        End::Refused(why) => return Document::failed(FORMAT.name, kind, why.as_str()),
        End::Whole if !root_fits => {
            return Document::failed(FORMAT.name, kind, "its root is no health check");
        }
        _ => {}
    }
    let mut document = Document::new(FORMAT.name, kind);
    document.tool = Some("PingCastle".to_owned());
    check.head(&mut document);
    // Each kind gets what it asks for: a list of broken rules is no whole directory, and the other way round.
    if kind == "directory" {
        check.directory(&mut document)
    } else {
        check.rules(&mut document)
    }
    check.settings(&mut document);
    match end {
        End::Cut(why) => broke_off(&mut document, why),
        _ if check.facts.is_empty() => {
            document.status = Status::Failed { why: "names no domain".to_owned() };
            document.rows.clear();
        }
        _ => {}
    }
    document
}

impl Check {
    fn take(&mut self, path: &[String], node: Node) {
        let parent = path.last().map_or("", String::as_str);
        match (parent, node.name.as_str()) {
            ("RiskRules", "HealthcheckRiskRule") => self.rules.push(node),
            ("GPPPasswordPolicy", "GPPSecurityPolicy") => self.policies.push(node),
            ("Trusts", "HealthCheckTrustData") => self.trusts.push(node),
            ("DomainControllers", "HealthcheckDomainController") => self.controllers.push(node),
            ("AllPrivilegedMembers", "HealthCheckGroupMemberData") => self.members.push(node),
            ("PrivilegedGroups", "HealthCheckGroupData") => self.groups.push(node),
            ("HealthcheckData", name) => {
                if let Some(words) = node.text() {
                    self.facts.insert(name.to_owned(), title(words));
                }
            }
            _ => {}
        }
    }

    fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }

    fn domain(&self) -> Option<String> {
        self.fact("DomainFQDN").map(text::name)
    }

    fn head(&self, document: &mut Document) {
        document.tool_version = self.fact("EngineVersion").map(str::to_owned);
        document.scope = self.domain().and_then(|d| scope(&d));
        document.made = self.fact("GenerationDate").and_then(text::instant);
        document.made.into_iter().for_each(|at| document.saw(at));
        if let Some(level) = self.fact("Level").filter(|l| *l == "Light") {
            document.partial(format!("a check of level `{level}` leaves parts out"));
        }
    }

    fn rules(&self, document: &mut Document) {
        for (number, rule) in self.rules.iter().enumerate() {
            let Some(id) = rule.says("RiskId") else {
                document.defect(format!("rule {} has no id", number + 1));
                continue;
            };
            let details: Vec<&str> =
                rule.all("Details").flat_map(|d| d.all("string")).filter_map(Node::text).collect();
            let points = rule.says("Points").map(|p| format!("{p} points"));
            let details =
                points.into_iter().chain(details.into_iter().take(20).map(title)).collect::<Vec<_>>();
            let row = Row::of("control")
                .with("id", id)
                .with("title", rule.says("Rationale").map(title))
                .with("product", "active directory")
                .with("result", "fail")
                .with("criticality", rule.says("Category"))
                .with("details", Some(details.join("; ")).filter(|d| !d.is_empty()));
            put(document, row, format_args!("rule {}", number + 1));
        }
    }

    fn settings(&self, document: &mut Document) {
        let domain = self.domain();
        for (fact, name) in FACTS {
            if let Some(value) = self.fact(fact) {
                let row = Row::of("setting")
                    .with("name", *name)
                    .with("value", value)
                    .with("scope", domain.as_deref())
                    .with("directory", "ad");
                put(document, row, format_args!("`{fact}`"));
            }
        }
        for policy in &self.policies {
            let scope = policy.says("GPOName").map(title);
            for property in policy.all("Properties").flat_map(Node::children) {
                let (Some(name), Some(value)) = (property.says("Property"), property.says("Value")) else {
                    document.defect("a property of a policy without name or value");
                    continue;
                };
                let known = POLICY.iter().find(|p| p.0 == name).map_or(name, |p| p.1);
                let row = Row::of("setting")
                    .with("name", known)
                    .with("value", value)
                    .with("scope", scope.as_deref())
                    .with("directory", "ad");
                put(document, row, format_args!("policy `{}`", scope.as_deref().unwrap_or("?")));
            }
        }
    }

    fn directory(&self, document: &mut Document) {
        for (number, trust) in self.trusts.iter().enumerate() {
            match trust_row(trust) {
                Some(row) => put(document, row, format_args!("trust {}", number + 1)),
                None => document.defect(format!("trust {} names no partner", number + 1)),
            }
        }
        for (number, controller) in self.controllers.iter().enumerate() {
            let Some(name) = controller.says("DCName").map(text::name) else {
                document.defect(format!("domain controller {} has no name", number + 1));
                continue;
            };
            let address = controller.child("IP").and_then(|i| i.says("string"));
            let row = Row::of("device")
                .with("id", name.as_str())
                .with("name", name.as_str())
                .with("address", address)
                .with("kind", "domain-controller")
                .with("os", controller.says("OperatingSystem").map(title))
                .with("os_version", controller.says("OperatingSystemVersion"))
                .with("tier", 0_i64)
                .with("last_seen_at", controller.says("LastComputerLogonDate").and_then(text::instant));
            put(document, row, format_args!("domain controller {}", number + 1));
        }
        self.members(document);
    }

    fn members(&self, document: &mut Document) {
        let mut seen = BTreeSet::new();
        for member in &self.members {
            let Some(name) = member.says("Name").map(text::name) else {
                document.defect("a privileged member without a name");
                continue;
            };
            if seen.insert(name.clone()) {
                put(document, account(member, &name), format_args!("member `{}`", title(&name)));
            }
        }
        for group in &self.groups {
            let Some(called) = group.says("GroupName").map(text::name) else {
                document.defect("a privileged group without a name");
                continue;
            };
            let members = group.all("Members").flat_map(|m| m.all("HealthCheckGroupMemberData"));
            for name in members.filter_map(|m| m.says("Name")).map(text::name) {
                let row = Row::of("group_member")
                    .with("member", name)
                    .with("group_name", called.as_str())
                    .with("member_kind", "account")
                    .with("directory", "ad");
                put(document, row, format_args!("group `{}`", title(&called)));
            }
        }
    }
}

fn account(member: &Node, name: &str) -> Row {
    let known = |field: &str| member.says(field).and_then(text::truth);
    let service = known("IsService").filter(|yes| *yes);
    Row::of("account")
        .with("id", member.says("DistinguishedName"))
        .with("name", name)
        .with("directory", "ad")
        .with("kind", service.map(|_| "service"))
        .with("enabled", known("IsEnabled"))
        .with("admin", true)
        .with("created_at", member.says("Created").and_then(moment))
        .with("last_sign_in_at", member.says("LastLogonTimestamp").and_then(moment))
        .with("password_set_at", member.says("PwdLastSet").and_then(moment))
        .with("never_expires", known("DoesPwdNeverExpires"))
}

/// An instant; the year 1 and the year 1601 stand for never.
fn moment(words: &str) -> Option<model::Time> {
    text::instant(words).filter(|at| at.as_second() > 0)
}

/// The bits are those of the attribute `trustAttributes` (MS-ADTS 6.1.6.7.9).
fn trust_row(trust: &Node) -> Option<Row> {
    const QUARANTINED: i64 = 0x4;
    const FOREST: i64 = 0x8;
    const WITHIN_FOREST: i64 = 0x20;
    const AS_EXTERNAL: i64 = 0x40;
    let partner = trust.says("TrustPartner").map(text::name)?;
    let bits: Option<i64> = trust.says("TrustAttributes").and_then(|b| b.parse().ok());
    let has = |bit: i64| bits.map(|b| b & bit != 0);
    let filtered = match (has(WITHIN_FOREST), has(QUARANTINED), has(FOREST), has(AS_EXTERNAL)) {
        (_, Some(true), _, _) => Some(true),
        (Some(true), ..) => Some(false),
        (_, _, Some(true), Some(external)) => Some(!external),
        (Some(_), Some(false), ..) => Some(false),
        _ => None,
    };
    let direction = match trust.says("TrustDirection").unwrap_or("") {
        "1" => Some("inbound"),
        "2" => Some("outbound"),
        "3" => Some("both"),
        _ => None,
    };
    Some(
        Row::of("trust")
            .with("partner", partner)
            .with("kind", has(FOREST).map(|yes| if yes { "forest" } else { "domain" }))
            .with("direction", direction)
            .with("sid_filtering", filtered),
    )
}
