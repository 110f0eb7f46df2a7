//! How fast is a document of each format read? Megabytes and rows a second of generated documents of at least 5 MB, each
//! whole, best of three. A format that is not listed here is of small documents only.
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]
#![expect(clippy::print_stdout, reason = "a bench says what it found")]

use evidence::{Hint, Status, read};
use std::time::Instant;

/// Bytes that a document has at least.
const BYTES: usize = 5_000_000;
const RUNS: usize = 3;

/// How a document of a format is made: what stands before, an entry, what stands between two entries, what stands
/// behind. In an entry `{n}` is its number and `{b}`, `{c}` the lower bytes of it; before and behind, `{n}` is how many
/// entries there are.
struct Form {
    format: &'static str,
    what: &'static str,
    kind: Option<&'static str>,
    name: &'static str,
    before: &'static str,
    entry: &'static str,
    between: &'static str,
    behind: &'static str,
}

/// A form whose file has no name of importance and whose kind is its own.
const fn form(
    format: &'static str,
    what: &'static str,
    before: &'static str,
    entry: &'static str,
    between: &'static str,
    behind: &'static str,
) -> Form {
    Form { format, what, kind: None, name: "in", before, entry, between, behind }
}

const FORMS: &[Form] = &[
    form(
        "scuba",
        "results",
        r#"{"MetaData":{"TenantId":"T-1","Tool":"ScubaGear","ToolVersion":"1.8.0","TimestampZulu":"2026-05-04T17:15:48.307Z","ProductsAssessed":["Azure Active Directory"],"ProductAbbreviationMapping":{"Azure Active Directory":"AAD"}},"Summary":{"AAD":{"Manual":0,"Passes":{n},"Failures":0,"Omits":0}},"Results":{"AAD":[{"GroupName":"One","Controls":["#,
        r#"{"Control ID":"MS.AAD.{n}.1v1","Requirement":"Legacy authentication SHALL be blocked.","Result":"Pass","Criticality":"Shall","Details":"Requirement met, as the policy says."}"#,
        ",\n",
        "]}]}}\n",
    ),
    form(
        "scuba-csv",
        "results",
        "\"Control ID\",\"Requirement\",\"Result\",\"Criticality\",\"Details\"\r\n",
        "\"MS.EXO.{n}.1v1\",\"Forwarding, to others, SHALL be off\",\"Pass\",\"Shall\",\"Requirement met\"\r\n",
        "",
        "",
    ),
    form(
        "graph",
        "sign-ins",
        r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#auditLogs/signIns","value":["#,
        r#"{"id":"s-{n}","createdDateTime":"2026-11-17T22:05:11Z","userPrincipalName":"User{n}@quay.example","userId":"u-{n}","appDisplayName":"Mail","ipAddress":"198.51.100.{b}","clientAppUsed":"Browser","authenticationRequirement":"multiFactorAuthentication","isInteractive":true,"crossTenantAccessType":"none","homeTenantId":"t1","resourceTenantId":"t1","resourceDisplayName":"Office 365","status":{"errorCode":0,"failureReason":"Other.","additionalDetails":"MFA requirement satisfied by claim in the token"},"deviceDetail":{"deviceId":"d-{n}","displayName":"pc-{n}","operatingSystem":"Windows 11","isManaged":true,"trustType":"Hybrid"},"location":{"city":"Lund","countryOrRegion":"SE"}}"#,
        ",\n",
        "]}\n",
    ),
    form(
        "graph",
        "users",
        r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(id,displayName,userPrincipalName)","value":["#,
        r#"{"id":"u-{n}","displayName":"User {n}","userPrincipalName":"User{n}@quay.example","userType":"Member","accountEnabled":true,"createdDateTime":"2024-01-02T03:04:05Z","lastPasswordChangeDateTime":"2026-01-02T03:04:05Z","passwordPolicies":"None","mail":"user{n}@quay.example","assignedPlans":[{"capabilityStatus":"Enabled","service":"exchange"}],"signInActivity":{"lastSuccessfulSignInDateTime":"2026-11-01T10:00:00Z"}}"#,
        ",\n",
        "]}\n",
    ),
    form(
        "nmap",
        "hosts",
        r#"<?xml version="1.0"?><nmaprun scanner="nmap" args="nmap -sV 10.0.0.0/8" start="1795000000" version="7.95"><scaninfo type="syn" protocol="tcp" numservices="2" services="22,443"/>"#,
        r#"<host starttime="1795000001" endtime="1795000009"><status state="up" reason="echo-reply"/><address addr="10.1.{c}.{b}" addrtype="ipv4"/><hostnames><hostname name="pc-{n}.clinic.example" type="PTR"/></hostnames><ports><port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/><service name="ssh" product="OpenSSH" version="9.6"><cpe>cpe:/a:openbsd:openssh:9.6</cpe></service></port><port protocol="tcp" portid="443"><state state="open" reason="syn-ack"/><service name="http" tunnel="ssl"/></port></ports></host>"#,
        "\n",
        "<runstats><finished time=\"1795000010\" elapsed=\"10\" exit=\"success\"/><hosts up=\"{n}\" down=\"0\" total=\"{n}\"/></runstats></nmaprun>\n",
    ),
    form(
        "nessus",
        "findings",
        r#"<?xml version="1.0" ?><NessusClientData_v2><Policy><policyName>Basic</policyName><Preferences><ServerPreferences><preference><name>TARGET</name><value>192.0.2.10</value></preference></ServerPreferences></Preferences></Policy><Report name="Ward"><ReportHost name="192.0.2.10"><HostProperties><tag name="HOST_START">Wed Nov 18 01:00:00 2026</tag><tag name="HOST_END">Wed Nov 18 01:20:00 2026</tag><tag name="Credentialed_Scan">true</tag><tag name="host-ip">192.0.2.10</tag></HostProperties>"#,
        r#"<ReportItem port="445" svc_name="cifs" protocol="tcp" severity="4" pluginID="{n}" pluginName="Share overflow {n}" pluginFamily="Windows"><cve>CVE-2026-{n}</cve><cvss_base_score>10.0</cvss_base_score><cvss3_base_score>9.8</cvss3_base_score><description>An attacker who reaches the share may run a program of his own on the host, without having signed in before.</description><solution>Install the update of the maker.</solution><exploit_available>false</exploit_available><vuln_publication_date>2026/11/01</vuln_publication_date></ReportItem>"#,
        "\n",
        "</ReportHost></Report></NessusClientData_v2>\n",
    ),
    form(
        "openvas",
        "results",
        r#"<get_reports_response status="200" status_text="OK"><report id="r"><task id="t"><name>Weekly</name></task><report id="r"><gmp><version>22.5</version></gmp><filters id="0"><term>apply_overrides=0 levels=chml rows=-1 min_qod=70</term></filters><scan_run_status>Done</scan_run_status><task id="t"><name>Weekly</name><target id="x"><name>Ward</name></target></task><scan_start>2026-11-18T01:00:00Z</scan_start><results start="1" max="-1">"#,
        r#"<result id="{n}"><name>Share overflow</name><host>192.0.2.10<asset asset_id="a"/><hostname>files1</hostname></host><port>445/tcp</port><nvt oid="1.3.6.1.4.1.25623.1.0.{n}"><name>Share overflow</name><family>Windows</family><refs><ref type="cve" id="CVE-2026-{n}"/><ref type="url" id="https://vendor.example/"/></refs></nvt><threat>Critical</threat><severity>9.8</severity><description>The host answered as only an old version does.</description></result>"#,
        "\n",
        "</results><result_count>{n}<full>{n}</full><filtered>{n}</filtered></result_count><host><ip>192.0.2.10</ip><start>2026-11-18T01:00:00Z</start><end>2026-11-18T01:30:00Z</end></host><errors><count>0</count></errors><scan_end>2026-11-18T01:31:00Z</scan_end></report></report></get_reports_response>\n",
    ),
    form(
        "testssl",
        "CSV",
        "\"id\",\"fqdn/ip\",\"port\",\"severity\",\"finding\",\"cve\",\"cwe\"\n",
        "\"SSLv3\",\"www{n}.clinic.example/203.0.113.7\",\"443\",\"OK\",\"not offered\",\"\",\"\"\n\"cert_notAfter\",\"www{n}.clinic.example/203.0.113.7\",\"443\",\"OK\",\"2026-12-30 23:59\",\"\",\"\"\n\"scanTime\",\"www{n}.clinic.example/203.0.113.7\",\"443\",\"INFO\",\"61\",\"\",\"\"\n",
        "",
        "",
    ),
    form(
        "cyclonedx",
        "JSON",
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"timestamp":"2026-11-18T10:00:00Z","component":{"type":"application","name":"portal","version":"4"}},"components":["#,
        r#"{"type":"library","bom-ref":"r{n}","name":"part{n}","version":"1.{b}","purl":"pkg:npm/part{n}@1.{b}","supplier":{"name":"Parts"},"licenses":[{"license":{"id":"MIT"}}],"hashes":[{"alg":"SHA-256","content":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}]}"#,
        ",\n",
        "]}\n",
    ),
    form(
        "cyclonedx",
        "XML",
        r#"<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><metadata><timestamp>2026-11-18T10:00:00Z</timestamp><component type="application"><name>portal</name></component></metadata><components>"#,
        r#"<component type="library" bom-ref="r{n}"><publisher>Parts</publisher><name>part{n}</name><version>1.{b}</version><licenses><license><id>MIT</id></license></licenses><purl>pkg:npm/part{n}@1.{b}</purl></component>"#,
        "\n",
        "</components></bom>\n",
    ),
    form(
        "spdx",
        "JSON",
        r#"{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","name":"portal","creationInfo":{"created":"2026-11-18T10:00:00Z","creators":["Tool: syft-1.50.0"]},"packages":["#,
        r#"{"SPDXID":"SPDXRef-{n}","name":"part{n}","versionInfo":"1.{b}","supplier":"Organization: Parts","licenseDeclared":"MIT","externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/part{n}@1.{b}"}]}"#,
        ",\n",
        "],\"relationships\":[]}\n",
    ),
    form(
        "grype",
        "matches",
        r#"{"matches":["#,
        r#"{"vulnerability":{"id":"CVE-2026-{n}","severity":"High","description":"An overflow in a part that reads what strangers send.","cvss":[{"version":"3.1","metrics":{"baseScore":7.5}}],"fix":{"versions":["1.2"],"state":"fixed"}},"artifact":{"name":"part{n}","version":"1.0","type":"npm","purl":"pkg:npm/part{n}@1.0"}}"#,
        ",\n",
        r#"],"source":{"type":"image","target":{"userInput":"registry.example/portal:4"}},"descriptor":{"name":"grype","version":"0.95.0","timestamp":"2026-11-18T10:00:00Z"}}"#,
    ),
    form(
        "trivy",
        "vulnerabilities",
        r#"{"SchemaVersion":2,"CreatedAt":"2026-11-18T10:00:00Z","ArtifactName":"registry.example/portal:4","ArtifactType":"container_image","Results":[{"Target":"portal (widgetos 5)","Class":"os-pkgs","Type":"widgetos","Vulnerabilities":["#,
        r#"{"VulnerabilityID":"CVE-2026-{n}","PkgName":"part{n}","InstalledVersion":"1","FixedVersion":"2","SeveritySource":"nvd","Severity":"CRITICAL","Title":"part: overflow","Description":"An overflow in a part that reads what strangers send.","CVSS":{"nvd":{"V2Score":10,"V3Score":9.1}},"PublishedDate":"2026-11-01T00:00:00Z"}"#,
        ",\n",
        "]}]}\n",
    ),
    form(
        "osv-scanner",
        "packages",
        r#"{"results":[{"source":{"path":"/src/package-lock.json","type":"lockfile"},"packages":["#,
        r#"{"package":{"name":"part{n}","version":"1.0","ecosystem":"npm"},"vulnerabilities":[{"id":"GHSA-{n}","aliases":["CVE-2026-{n}"],"summary":"Overflow","published":"2026-11-01T00:00:00Z","affected":[{"package":{"name":"part{n}","ecosystem":"npm"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2"}]}]}],"database_specific":{"severity":"MODERATE"}}],"groups":[{"ids":["GHSA-{n}"],"max_severity":"6.5"}]}"#,
        ",\n",
        "]}]}\n",
    ),
    form(
        "xccdf",
        "results",
        r#"<?xml version="1.0"?><Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="b"><TestResult id="t" start-time="2026-11-18T10:00:00" end-time="2026-11-18T10:01:00"><profile idref="cis"/><target>files1.clinic.example</target>"#,
        r#"<rule-result idref="rule_{n}" severity="high"><result>pass</result><ident system="cce">CCE-{n}</ident><check system="oval"><check-content-ref name="oval:x:def:{n}" href="oval.xml"/></check></rule-result>"#,
        "\n",
        "</TestResult></Benchmark>\n",
    ),
    form(
        "mail-report",
        "DMARC",
        r#"<?xml version="1.0"?><feedback><report_metadata><org_name>Mail House</org_name><email>d@house.example</email><report_id>7</report_id><date_range><begin>1795132800</begin><end>1795219199</end></date_range></report_metadata><policy_published><domain>clinic.example</domain><p>reject</p></policy_published>"#,
        r#"<record><row><source_ip>192.0.{c}.{b}</source_ip><count>12</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>clinic.example</header_from></identifiers><auth_results><dkim><domain>clinic.example</domain><result>pass</result></dkim></auth_results></record>"#,
        "\n",
        "</feedback>\n",
    ),
    form(
        "ldif",
        "users",
        "dn: DC=quay,DC=example\nobjectClass: domainDNS\nminPwdLength: 14\n\n",
        "dn: CN=User {n},OU=Staff,DC=quay,DC=example\nobjectClass: top\nobjectClass: person\nobjectClass: user\nsAMAccountName: user{n}\ndisplayName:: TWlyYSBMw7xuZA==\nuserAccountControl: 512\npwdLastSet: 133800000000000000\nlastLogonTimestamp: 133900000000000000\nwhenCreated: 20240102030405.0Z\nprimaryGroupID: 513\nmemberOf: CN=Staff,OU=Groups,DC=quay,DC=example\n\n",
        "",
        "",
    ),
    form(
        "osquery",
        "programs",
        r#"[{"hostname":"pc-9","uuid":"u","computer_name":"PC-9","hardware_vendor":"Acme","hardware_model":"One","cpu_brand":"x","physical_memory":"1"}][ "#,
        r#"{"name":"Program {n}","version":"1.{b}","install_location":"C:\\Program Files\\P{n}","publisher":"Acme","uninstall_string":"x","install_date":"20260102","identifying_number":"{n}"}"#,
        ",\n",
        "]\n",
    ),
    form(
        "restic",
        "snapshots",
        "[",
        r#"{"time":"2026-11-20T02:00:01.5+01:00","tree":"aa{n}","paths":["/srv"],"hostname":"fs-{b}","username":"root","tags":["data"],"program_version":"restic 0.17.3","id":"11aa{n}","short_id":"11","summary":{"backup_end":"2026-11-20T01:10:00Z","total_bytes_processed":60000}}"#,
        ",\n",
        "]\n",
    ),
    form(
        "borg",
        "list",
        r#"{"archives": ["#,
        r#"{"archive": "fs-{n}", "id": "aa{n}", "name": "fs-{n}", "start": "2026-11-20T01:00:00.000000", "time": "2026-11-20T01:00:00.000000", "hostname": "fs-{b}"}"#,
        ",\n",
        r#"], "encryption": {"mode": "repokey"}, "repository": {"id": "cc", "last_modified": "2026-11-21T01:00:00.000000", "location": "ssh://nas/borg"}}"#,
    ),
    form(
        "kev",
        "JSON",
        r#"{"title":"K","catalogVersion":"2026.11.20","dateReleased":"2026-11-20T10:00:00.1Z","count":{n},"vulnerabilities":["#,
        r#"{"cveID":"CVE-2026-1{n}","vendorProject":"Acme","product":"Gate","vulnerabilityName":"Acme Gate overflow","dateAdded":"2026-11-01","shortDescription":"Acme Gate has an overflow that lets strangers run programs.","requiredAction":"Apply updates.","dueDate":"2026-11-22","knownRansomwareCampaignUse":"Known","notes":""}"#,
        ",\n",
        "]}\n",
    ),
    form(
        "ssvc",
        "a record a line",
        "",
        r#"{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-1{n}"},"containers":{"adp":[{"title":"x","metrics":[{"other":{"type":"ssvc","content":{"id":"CVE-2026-1{n}","options":[{"Exploitation":"active"},{"Automatable":"yes"},{"Technical Impact":"total"}]}}}]}]}}"#,
        "\n",
        "\n",
    ),
    form(
        "epss",
        "CSV",
        "#model_version:v2026.03.14,score_date:2026-11-20T12:00:00Z\ncve,epss,percentile\n",
        "CVE-2026-1{n},0.00012,0.01\n",
        "",
        "",
    ),
    form(
        "lolrmm",
        "tools",
        "[",
        r#"{"Name":"Tool {n}","LastModified":"2026-06-01","Details":{"PEMetadata":{"Filename":"tool{n}.exe","OriginalFileName":""},"InstallationPaths":["C:\\Program Files\\Tool{n}\\t*.exe"]},"Artifacts":{"Network":[{"Domains":["*.tool{n}.example"],"Ports":[443]}]}}"#,
        ",\n",
        "]\n",
    ),
    form(
        "nftables",
        "rules",
        r#"{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},{"table": {"family": "inet", "name": "filter", "handle": 1}},{"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},"#,
        r#"{"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": {n}, "comment": "web", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [80, 443]}}}, {"counter": {"packets": 0, "bytes": 0}}, {"accept": null}]}}"#,
        ",\n",
        "]}\n",
    ),
    form(
        "iptables",
        "rules",
        "# Generated by iptables-save v1.8.9 (nf_tables) on Fri Nov 20 10:00:00 2026\n*filter\n:INPUT DROP [0:0]\n",
        "-A INPUT -s 10.{c}.{b}.0/24 -p tcp -m tcp --dport 22 -m comment --comment \"from office {n}\" -j ACCEPT\n",
        "",
        "COMMIT\n# Completed on Fri Nov 20 10:00:00 2026\n",
    ),
    form(
        "zeek-conn",
        "JSON lines",
        "",
        r#"{"ts":1795168800.5,"uid":"C{n}","id.orig_h":"10.1.{c}.{b}","id.orig_p":50000,"id.resp_h":"10.2.0.9","id.resp_p":443,"proto":"tcp","service":"ssl","duration":1.5,"orig_bytes":100,"resp_bytes":900,"conn_state":"SF","history":"ShADadFf","orig_pkts":9,"resp_pkts":8}"#,
        "\n",
        "\n",
    ),
    form(
        "zeek-conn",
        "tabs",
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2026-11-20-10-00-00\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\torig_bytes\tresp_bytes\tconn_state\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tcount\tcount\tstring\n",
        "1795168800.500000\tC{n}\t10.1.{c}.{b}\t50000\t10.2.0.9\t443\ttcp\tssl\t100\t900\tSF\n",
        "",
        "#close\t2026-11-20-11-00-00\n",
    ),
    form(
        "vpc-flow",
        "version 2",
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n",
        "2 111122223333 eni-{n} 10.0.{c}.{b} 10.0.2.9 50000 443 6 10 840 1795168800 1795168860 ACCEPT OK\n",
        "",
        "",
    ),
    form(
        "mail-dns",
        "zone",
        "$ORIGIN clinic.example.\n$TTL 3600\n@ IN SOA ns1 hostmaster ( 2026112001 7200 3600 1209600 3600 )\n@ IN MX 10 mail\n@ IN TXT \"v=spf1 mx -all\"\n",
        "pc-{n} IN A 10.1.{c}.{b}\n",
        "",
        "",
    ),
    Form {
        kind: Some("sign-ins"),
        name: "in.csv",
        ..form(
            "csv",
            "sign-ins",
            "id,account,directory,succeeded,by_provider,requirement,method,resource,source_ip,at_at\n",
            "s{n},User{n}@clinic.example,entra,true,false,multi-factor,app,mail,198.51.{c}.{b},2026-11-17T22:05:11Z\n",
            "",
            "",
        )
    },
    Form {
        kind: Some("vulnerability-scan"),
        name: "in.csv",
        ..form(
            "csv",
            "vulnerabilities",
            "id,cve,device,title,severity,score,package,version,exposed,exploited,found_at\n",
            "CVE-2026-{n},CVE-2026-{n},pc-{b},Overflow in a part,critical,9.8,part{n},1.2,false,false,2026-11-01\n",
            "",
            "",
        )
    },
];

/// A document, and how many entries it has.
fn made(form: &Form) -> String {
    let mut body = String::with_capacity(BYTES + 4096);
    let mut many = 0usize;
    while body.len() < BYTES {
        if many > 0 {
            body.push_str(form.between);
        }
        many += 1;
        let (low, high) = ((many % 256).to_string(), (many / 256 % 256).to_string());
        let entry = form.entry.replace("{n}", &many.to_string()).replace("{b}", &low).replace("{c}", &high);
        body.push_str(&entry);
    }
    let counted = |text: &str| text.replace("{n}", &many.to_string());
    format!("{}{body}{}", counted(form.before), counted(form.behind))
}

fn main() {
    println!("| format | of | MB | rows | MB/s | rows/s |\n| --- | --- | ---: | ---: | ---: | ---: |");
    for form in FORMS {
        let text = made(form);
        let hint = Hint { format: Some(form.format), kind: form.kind, mapping: None };
        let (mut best, mut rows, mut why) = (f64::MAX, 0, None);
        for _ in 0..RUNS {
            let begin = Instant::now();
            let document = read(text.as_bytes(), form.name, &hint);
            best = best.min(begin.elapsed().as_secs_f64());
            rows = document.rows.len();
            why = (document.status != Status::Complete).then(|| format!(" ({:?})", document.status));
        }
        let megabytes = text.len() as f64 / 1e6;
        println!(
            "| `{}` | {}{} | {megabytes:.1} | {rows} | {:.0} | {:.0} |",
            form.format,
            form.what,
            why.unwrap_or_default(),
            megabytes / best,
            rows as f64 / best
        );
    }
}
