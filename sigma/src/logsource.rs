//! Log sources: to which of them an event belongs, and which rules it is offered to.
//!
//! What is not known about an event contradicts no rule. The lists are facts of Windows' own channel names and of
//! Sysmon's event ids, under the names of the Sigma taxonomy (2.1, appendix).

use crate::rule::LogSource;
use serde_json::{Map, Value};

/// The log sources of an event. Parts that nothing is known of are open.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    product: Option<&'static str>,
    services: Option<Vec<String>>,
    categories: Option<Vec<&'static str>>,
    audit: Option<Audit>,
}

/// Security events whose fields have other names than Sysmon's, which rules use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Audit {
    ProcessCreation,
    RegistryValue,
}

impl Class {
    /// Whether a rule's log source does not contradict this one.
    #[must_use]
    pub fn admits(&self, source: &LogSource) -> bool {
        let product = source.product.as_deref().is_none_or(|p| self.product.is_none_or(|own| own == p));
        let known =
            |list: &Option<Vec<String>>, s: &str| list.as_ref().is_none_or(|l| l.iter().any(|own| own == s));
        let service = source.service.as_deref().is_none_or(|s| known(&self.services, s));
        let in_categories = |c: &str| self.categories.as_ref().is_none_or(|l| l.contains(&c));
        product && service && source.category.as_deref().is_none_or(in_categories)
    }

    /// What the event calls fields for which rules have another name.
    pub(crate) fn renames(&self) -> &'static [(&'static str, &'static str)] {
        match self.audit {
            Some(Audit::ProcessCreation) => &[
                ("Image", "NewProcessName"),
                ("ParentImage", "ParentProcessName"),
                ("User", "SubjectUserName"),
                ("LogonId", "SubjectLogonId"),
                ("IntegrityLevel", "MandatoryLabel"),
            ],
            Some(Audit::RegistryValue) => {
                &[("TargetObject", "ObjectName"), ("Image", "ProcessName"), ("Details", "NewValue")]
            }
            None => &[],
        }
    }
}

/// Every name that some class of events has for a field which rules call otherwise ([`Class::renames`]).
pub(crate) fn renamed() -> impl Iterator<Item = &'static str> {
    [Audit::ProcessCreation, Audit::RegistryValue].into_iter().flat_map(|audit| {
        let class = Class { audit: Some(audit), ..Class::default() };
        class.renames().iter().map(|(_, event)| *event)
    })
}

/// Windows channels and their services.
const CHANNELS: [(&str, &str); 73] = [
    ("security", "Security"),
    ("system", "System"),
    ("application", "Application"),
    ("sysmon", "Microsoft-Windows-Sysmon/Operational"),
    ("powershell", "Microsoft-Windows-PowerShell/Operational"),
    ("powershell", "PowerShellCore/Operational"),
    ("powershell-classic", "Windows PowerShell"),
    ("taskscheduler", "Microsoft-Windows-TaskScheduler/Operational"),
    ("wmi", "Microsoft-Windows-WMI-Activity/Operational"),
    ("windefend", "Microsoft-Windows-Windows Defender/Operational"),
    ("dns-server", "DNS Server"),
    ("dns-server-audit", "Microsoft-Windows-DNS-Server/Audit"),
    ("dns-server-analytic", "Microsoft-Windows-DNS-Server/Analytical"),
    ("dns-client", "Microsoft-Windows-DNS Client Events/Operational"),
    ("dns-client", "Microsoft-Windows-DNS-Client/Operational"),
    ("dhcp", "Microsoft-Windows-DHCP-Server/Operational"),
    ("applocker", "Microsoft-Windows-AppLocker/MSI and Script"),
    ("applocker", "Microsoft-Windows-AppLocker/EXE and DLL"),
    ("applocker", "Microsoft-Windows-AppLocker/Packaged app-Deployment"),
    ("applocker", "Microsoft-Windows-AppLocker/Packaged app-Execution"),
    ("bits-client", "Microsoft-Windows-Bits-Client/Operational"),
    ("ntlm", "Microsoft-Windows-NTLM/Operational"),
    ("driver-framework", "Microsoft-Windows-DriverFrameworks-UserMode/Operational"),
    (
        "terminalservices-localsessionmanager",
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    ),
    (
        "terminalservices-remoteconnectionmanager",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
    ),
    ("msexchange-management", "MSExchange Management"),
    ("microsoft-servicebus-client", "Microsoft-ServiceBus-Client"),
    ("microsoft-servicebus-client", "Microsoft-ServiceBus-Client/Operational"),
    ("codeintegrity-operational", "Microsoft-Windows-CodeIntegrity/Operational"),
    ("firewall-as", "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"),
    ("smbclient-security", "Microsoft-Windows-SmbClient/Security"),
    ("smbclient-connectivity", "Microsoft-Windows-SmbClient/Connectivity"),
    ("smbclient-audit", "Microsoft-Windows-SmbClient/Audit"),
    ("smbserver-audit", "Microsoft-Windows-SMBServer/Audit"),
    ("smbserver-connectivity", "Microsoft-Windows-SMBServer/Connectivity"),
    ("smbserver-security", "Microsoft-Windows-SMBServer/Security"),
    ("smbserver-operational", "Microsoft-Windows-SMBServer/Operational"),
    ("printservice-admin", "Microsoft-Windows-PrintService/Admin"),
    ("printservice-operational", "Microsoft-Windows-PrintService/Operational"),
    ("shell-core", "Microsoft-Windows-Shell-Core/Operational"),
    ("openssh", "OpenSSH/Operational"),
    ("openssh", "OpenSSH/Admin"),
    ("appxdeployment-server", "Microsoft-Windows-AppXDeploymentServer/Operational"),
    ("appxpackaging-om", "Microsoft-Windows-AppxPackaging/Operational"),
    ("lsa-server", "Microsoft-Windows-LSA/Operational"),
    ("capi2", "Microsoft-Windows-CAPI2/Operational"),
    (
        "certificateservicesclient-lifecycle-system",
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",
    ),
    ("diagnosis-scripted", "Microsoft-Windows-Diagnosis-Scripted/Operational"),
    ("diagnosis-scripted", "Microsoft-Windows-Diagnosis-Scripted/Admin"),
    ("security-mitigations", "Microsoft-Windows-Security-Mitigations/Kernel Mode"),
    ("security-mitigations", "Microsoft-Windows-Security-Mitigations/User Mode"),
    ("ldap", "Microsoft-Windows-LDAP-Client/Debug"),
    ("ldap_debug", "Microsoft-Windows-LDAP-Client/Debug"),
    ("vhdmp", "Microsoft-Windows-VHDMP/Operational"),
    ("vhdmp", "Microsoft-Windows-VHDMP-Operational"),
    ("appmodel-runtime", "Microsoft-Windows-AppModel-Runtime/Admin"),
    ("sense", "Microsoft-Windows-SENSE/Operational"),
    ("iis-configuration", "Microsoft-IIS-Configuration/Operational"),
    ("iis-configuration", "Microsoft-IIS-Configuration/Administrative"),
    ("kernel-event-tracing", "Microsoft-Windows-Kernel-EventTracing/Admin"),
    ("kernel-shimengine", "Microsoft-Windows-Kernel-ShimEngine/Operational"),
    ("kernel-shimengine", "Microsoft-Windows-Kernel-ShimEngine/Diagnostic"),
    ("ntfs", "Microsoft-Windows-Ntfs/Operational"),
    ("hyper-v-worker", "Microsoft-Windows-Hyper-V-Worker-Admin"),
    ("hyper-v-worker", "Microsoft-Windows-Hyper-V-Worker/Admin"),
    ("application-experience", "Microsoft-Windows-Application-Experience/Program-Telemetry"),
    ("application-experience", "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant"),
    ("winrm", "Microsoft-Windows-WinRM/Operational"),
    ("backup", "Microsoft-Windows-Backup"),
    ("code-integrity", "Microsoft-Windows-CodeIntegrity/Operational"),
    ("rdp", "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational"),
    ("wlan-autoconfig", "Microsoft-Windows-WLAN-AutoConfig/Operational"),
    ("ntlm", "Microsoft-Windows-Authentication/NTLM"),
];

/// Categories of Sysmon's events.
fn sysmon(event: &str) -> &'static [&'static str] {
    match event {
        "1" => &["process_creation"],
        "2" => &["file_change"],
        "3" => &["network_connection"],
        "4" | "16" => &["sysmon_status"],
        "5" => &["process_termination"],
        "6" => &["driver_load"],
        "7" => &["image_load"],
        "8" => &["create_remote_thread"],
        "9" => &["raw_access_thread"],
        "10" => &["process_access"],
        "11" => &["file_event"],
        "12" => &["registry_event", "registry_add", "registry_delete"],
        "13" => &["registry_event", "registry_set"],
        "14" => &["registry_event", "registry_rename"],
        "15" => &["create_stream_hash"],
        "17" | "18" => &["pipe_created"],
        "19" | "20" | "21" => &["wmi_event"],
        "22" => &["dns_query"],
        "23" | "26" => &["file_delete"],
        "24" => &["clipboard_change"],
        "25" => &["process_tampering"],
        "27" => &["file_block_executable", "file_block"],
        "28" => &["file_block_shredding", "file_block"],
        "29" => &["file_executable_detected"],
        "255" => &["sysmon_error"],
        _ => &[],
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    match fields.get(name)? {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// The fields by which [`classify`] decides: keys of the event itself, texts or numbers.
pub const CLASS_FIELDS: [&str; 6] =
    ["Channel", "EventID", "_path", "program", "facility", "__REALTIME_TIMESTAMP"];

/// The log sources of an event of a format (`evtx`, `syslog`, `zeek`, `cloudtrail`, …) with these fields.
#[must_use]
pub fn classify(format: &str, fields: &Map<String, Value>) -> Class {
    let channel = text(fields, "Channel");
    match format {
        "evtx" => windows(channel.as_deref().unwrap_or(""), &text(fields, "EventID").unwrap_or_default()),
        "syslog" => linux(fields),
        "zeek" => zeek(fields),
        "cloudtrail" => Class { product: Some("aws"), services: Some(vec!["cloudtrail".into()]), ..none() },
        _ => match (channel, text(fields, "EventID")) {
            (Some(channel), Some(event)) => windows(&channel, &event),
            // A record of journald.
            _ if fields.contains_key("__REALTIME_TIMESTAMP") => linux(fields),
            _ => Class::default(),
        },
    }
}

/// A class of which everything is known, and no service or category applies.
fn none() -> Class {
    Class { product: None, services: Some(vec![]), categories: Some(vec![]), audit: None }
}

fn windows(channel: &str, event: &str) -> Class {
    let of_channel = CHANNELS.iter().filter(|(_, c)| c.eq_ignore_ascii_case(channel));
    let services: Vec<String> = of_channel.map(|(s, _)| (*s).to_owned()).collect();
    let is = |service: &str| services.iter().any(|s| s == service);
    let mut audit = None;
    let categories: &[&'static str] = match event {
        _ if is("sysmon") => sysmon(event),
        "4688" if is("security") => {
            audit = Some(Audit::ProcessCreation);
            &["process_creation"]
        }
        "4657" if is("security") => {
            audit = Some(Audit::RegistryValue);
            &["registry_event", "registry_set"]
        }
        "4103" if is("powershell") => &["ps_module"],
        "4104" if is("powershell") => &["ps_script"],
        "400" if is("powershell-classic") => &["ps_classic_start"],
        "600" if is("powershell-classic") => &["ps_classic_provider_start"],
        "800" if is("powershell-classic") => &["ps_classic_script"],
        _ => &[],
    };
    Class { product: Some("windows"), services: Some(services), categories: Some(categories.to_vec()), audit }
}

fn linux(fields: &Map<String, Value>) -> Class {
    let program = text(fields, "program").unwrap_or_default().to_lowercase();
    let bare = program.rsplit('/').next().unwrap_or("").split('(').next().unwrap_or("").to_owned();
    let mut services = vec!["syslog".to_owned(), bare.clone()];
    let auth = [
        "sshd",
        "sshd-session",
        "sudo",
        "su",
        "login",
        "useradd",
        "groupadd",
        "usermod",
        "passwd",
        "systemd-logind",
    ];
    if auth.contains(&bare.as_str()) || text(fields, "facility").is_some_and(|f| f.starts_with("auth")) {
        services.push("auth".into());
    }
    if bare == "crond" {
        services.push("cron".into());
    }
    if bare == "auditd" || bare == "audispd" {
        services.push("auditd".into());
    }
    // A device of any maker may send syslog: only the product of rules for one host system is known to be wrong.
    Class { product: None, services: Some(services), categories: None, audit: None }
}

fn zeek(fields: &Map<String, Value>) -> Class {
    let path = text(fields, "_path").unwrap_or_default().to_lowercase();
    let categories = match path.as_str() {
        "dns" => vec!["dns"],
        "http" => vec!["proxy", "webserver"],
        "conn" => vec!["firewall"],
        _ => vec![],
    };
    Class { product: Some("zeek"), services: Some(vec![path]), categories: Some(categories), audit: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(format: &str, event: Value, source: (&str, &str, &str), want: bool) {
        let part = |t: &str| (!t.is_empty()).then(|| t.to_owned());
        let source = LogSource { category: part(source.0), product: part(source.1), service: part(source.2) };
        let class = classify(format, event.as_object().expect("an object"));
        assert_eq!(class.admits(&source), want, "{format} {event} for {source:?}");
    }

    #[test]
    fn events_are_offered_to_rules_of_their_sources() {
        let sysmon = json!({"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": "1"});
        let audit = json!({"Channel": "Security", "EventID": "4688"});
        for (format, event, source, want) in [
            ("evtx", &sysmon, ("process_creation", "windows", ""), true),
            ("evtx", &sysmon, ("image_load", "windows", ""), false),
            ("evtx", &sysmon, ("", "windows", "sysmon"), true),
            ("evtx", &sysmon, ("", "windows", "security"), false),
            ("evtx", &sysmon, ("", "windows", ""), true),
            ("evtx", &sysmon, ("process_creation", "linux", ""), false),
            ("evtx", &audit, ("process_creation", "windows", ""), true),
            ("evtx", &audit, ("", "windows", "security"), true),
            ("ndjson", &audit, ("", "windows", "security"), true),
            ("ndjson", &json!({"a": 1}), ("process_creation", "windows", ""), true),
            ("evtx", &json!({"EventID": "1"}), ("process_creation", "windows", ""), false),
            ("syslog", &json!({"program": "sshd"}), ("", "linux", "sshd"), true),
            ("syslog", &json!({"program": "sshd"}), ("", "linux", "auth"), true),
            ("syslog", &json!({"program": "cron"}), ("", "linux", "sshd"), false),
            (
                "ndjson",
                &json!({"__REALTIME_TIMESTAMP": "1", "program": "cron"}),
                ("", "linux", "sshd"),
                false,
            ),
            ("ndjson", &json!({"__REALTIME_TIMESTAMP": "1", "program": "sshd"}), ("", "linux", "sshd"), true),
            ("zeek", &json!({"_path": "dns"}), ("", "zeek", "dns"), true),
            ("zeek", &json!({"_path": "dns"}), ("", "zeek", "ssh"), false),
            ("cloudtrail", &json!({}), ("", "aws", "cloudtrail"), true),
            ("cloudtrail", &json!({}), ("", "windows", "security"), false),
        ] {
            check(format, event.clone(), source, want);
        }
    }
}
