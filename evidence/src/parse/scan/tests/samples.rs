//! One small file of each form, with invented names: whole, and complete as its tool would say.

/// One file.
pub(super) struct Sample {
    /// Its format.
    pub(super) format: &'static str,
    /// Its file name.
    pub(super) name: &'static str,
    /// What is in it.
    pub(super) text: &'static str,
    /// Whether it is made of lines and has no end of its own.
    pub(super) lines: bool,
}

const fn of(format: &'static str, name: &'static str, text: &'static str) -> Sample {
    Sample { format, name, text, lines: false }
}

const fn of_lines(format: &'static str, name: &'static str, text: &'static str) -> Sample {
    Sample { format, name, text, lines: true }
}

pub(super) const SAMPLES: &[Sample] = &[
    of("nmap", "edge.xml", NMAP),
    of("nmap", "masscan.xml", MASSCAN),
    of("nessus", "ward.nessus", NESSUS),
    of("openvas", "report.xml", OPENVAS),
    of("pingcastle", "ad_hc_clinic.example.xml", PINGCASTLE),
    of("xccdf", "results.xml", XCCDF),
    of("xccdf", "arf.xml", ARF),
    of_lines("testssl", "tls.csv", TESTSSL_CSV),
    of("testssl", "tls.json", TESTSSL_FLAT),
    of("testssl", "tls-pretty.json", TESTSSL_PRETTY),
    of("cyclonedx", "bom.json", CYCLONEDX_JSON),
    of("cyclonedx", "bom.xml", CYCLONEDX_XML),
    of("spdx", "bom.spdx.json", SPDX_JSON),
    of_lines("spdx", "bom.spdx", SPDX_TAGS),
    of("spdx", "bom3.json", SPDX_3),
    of("grype", "grype.json", GRYPE),
    of("trivy", "trivy.json", TRIVY),
    of("trivy", "trivy-old.json", TRIVY_OLD),
    of("trivy", "cluster.json", TRIVY_CLUSTER),
    of("osv-scanner", "osv.json", OSV),
    of("lynis", "lynis-report.dat", LYNIS),
    of("lifecycle", "widgetos.json", LIFECYCLE),
    of("lifecycle", "products.json", LIFECYCLE_NEW),
];

pub(super) const NMAP: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="nmap -sS -sV -O -p 22,443 -oX &quot;out 1.xml&quot; --exclude 203.0.113.9 203.0.113.0/28" start="1795000000" version="7.95">
<scaninfo type="syn" protocol="tcp" numservices="2" services="22,443"/>
<host starttime="1795000001" endtime="1795000009"><status state="up" reason="echo-reply"/>
<address addr="203.0.113.7" addrtype="ipv4"/><address addr="00:00:5E:00:53:01" addrtype="mac" vendor="Widget Works"/>
<hostnames><hostname name="ns.clinic.example" type="PTR"/><hostname name="VPN.clinic.example" type="user"/></hostnames>
<ports><port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/><service name="ssh" product="OpenSSH" version="9.6" extrainfo="protocol 2.0"><cpe>cpe:/a:openbsd:openssh:9.6</cpe></service></port>
<port protocol="tcp" portid="443"><state state="open" reason="syn-ack"/><service name="http" tunnel="ssl"/><script id="http-title" output="&lt;b&gt;Hi"/></port>
<port protocol="tcp" portid="25"><state state="filtered" reason="no-response"/></port></ports>
<os><osmatch name="WidgetOS 7" accuracy="96"><osclass type="firewall" vendor="Widget" osgen="7.X" accuracy="96"/></osmatch><osmatch name="Other" accuracy="80"/></os>
</host>
<host><status state="down" reason="no-response"/><address addr="203.0.113.8" addrtype="ipv4"/></host>
<runstats><finished time="1795000010" elapsed="10" exit="success"/><hosts up="1" down="15" total="16"/></runstats>
</nmaprun>
"#;

const MASSCAN: &str = r#"<?xml version="1.0"?>
<nmaprun scanner="masscan" start="1795000000" version="1.0-BETA" xmloutputversion="1.03">
<scaninfo type="syn" protocol="tcp" />
<host endtime="1795000003"><address addr="198.51.100.4" addrtype="ipv4"/><ports><port protocol="tcp" portid="80"><state state="open" reason="syn-ack"/></port></ports></host>
<host endtime="1795000004"><address addr="198.51.100.4" addrtype="ipv4"/><ports><port protocol="tcp" portid="443"><state state="open" reason="syn-ack"/></port></ports></host>
<runstats><finished time="1795000005" elapsed="5" /><hosts up="1" down="0" total="1" /></runstats>
</nmaprun>
"#;

pub(super) const NESSUS: &str = r#"<?xml version="1.0" ?>
<NessusClientData_v2><Policy><policyName>Basic</policyName><Preferences><ServerPreferences>
<preference><name>TARGET</name><value>192.0.2.10,192.0.2.11</value></preference></ServerPreferences></Preferences></Policy>
<Report name="Ward network" xmlns:cm="http://www.nessus.org/cm">
<ReportHost name="192.0.2.10"><HostProperties><tag name="HOST_START">Wed Nov 18 01:00:00 2026</tag><tag name="HOST_END">Wed Nov 18 01:20:00 2026</tag><tag name="Credentialed_Scan">true</tag><tag name="host-ip">192.0.2.10</tag><tag name="netbios-name">FILES1</tag><tag name="operating-system">WidgetOS Server 7
WidgetOS Server 8</tag><tag name="system-type">general-purpose</tag></HostProperties>
<ReportItem port="0" svc_name="general" protocol="tcp" severity="0" pluginID="19506" pluginName="Nessus Scan Information" pluginFamily="Settings"><plugin_output>Information about this scan :
Nessus version : 10.8.3 (Nessus 10.8.4 is available.)
Plugin feed version : 202611172145
Credentialed checks : yes, as 'scan' via ssh
</plugin_output></ReportItem>
<ReportItem port="445" svc_name="cifs" protocol="tcp" severity="4" pluginID="900001" pluginName="Widget Share RCE" pluginFamily="Windows"><cve>CVE-2026-10001</cve><cve>CVE-2026-10002</cve><cvss_base_score>10.0</cvss_base_score><cvss3_base_score>9.8</cvss3_base_score><exploit_available>false</exploit_available><cisa-known-exploited>2026/12/01</cisa-known-exploited><vuln_publication_date>2026/11/01</vuln_publication_date></ReportItem>
<ReportItem port="22" svc_name="ssh" protocol="tcp" severity="3" pluginID="900002" pluginName="Account 'toor' has password 'toor'" pluginFamily="Default Unix Accounts"/>
<ReportItem port="0" svc_name="general" protocol="tcp" severity="4" pluginID="900003" pluginName="Widget DB SEoL (5.x)" pluginFamily="Databases"/>
<ReportItem port="0" svc_name="general" protocol="udp" severity="0" pluginID="900004" pluginName="Traceroute" pluginFamily="General"/>
</ReportHost>
<ReportHost name="192.0.2.11"><HostProperties><tag name="HOST_START">Wed Nov 18 01:00:00 2026</tag><tag name="HOST_END">Wed Nov 18 01:05:00 2026</tag></HostProperties>
<ReportItem port="0" svc_name="general" protocol="tcp" severity="0" pluginID="21745" pluginName="Authentication Failure - Local Checks Not Run" pluginFamily="Settings"/>
<ReportItem port="161" svc_name="snmp" protocol="udp" severity="1" pluginID="900005" pluginName="SNMP Agent Default Community Name (public)" pluginFamily="SNMP"/>
</ReportHost></Report></NessusClientData_v2>
"#;

pub(super) const OPENVAS: &str = r#"<?xml version="1.0"?>
<get_reports_response status="200" status_text="OK"><report id="r" format_id="f" extension="xml" content_type="text/xml"><name>2026-11-18</name><task id="t"><name>Weekly</name></task>
<report id="r"><gmp><version>22.5</version></gmp><filters id="0"><term>apply_overrides=0 levels=chml rows=-1 min_qod=70</term></filters><scan_run_status>Done</scan_run_status>
<task id="t"><name>Weekly</name><target id="x"><name>Ward</name></target><progress>100</progress></task><scan_start>2026-11-18T01:00:00Z</scan_start>
<ports><port>445/tcp<host>192.0.2.10</host><severity>9.8</severity></port></ports>
<results start="1" max="-1">
<result id="1"><name>Share RCE</name><host>192.0.2.10<asset asset_id="a"/><hostname>files1</hostname></host><port>445/tcp</port><nvt oid="1.3.6.1.4.1.25623.1.0.1"><name>Share RCE</name><family>Windows</family><refs><ref type="cve" id="CVE-2026-10001"/><ref type="url" id="https://vendor.example/"/></refs></nvt><threat>Critical</threat><severity>9.8</severity></result>
<result id="2"><host>192.0.2.10</host><port>general/tcp</port><nvt oid="1.3.6.1.4.1.25623.1.0.2"><name>WidgetOS End of Life (EOL) Detection</name><family>General</family><cve>NOCVE</cve></nvt><threat>High</threat><severity>10.0</severity></result>
<result id="3"><host>192.0.2.10</host><port>80/tcp</port><nvt oid="1.3.6.1.4.1.25623.1.0.3"><name>Widget Console Default Credentials</name><family>Default Accounts</family></nvt><threat>Low</threat><severity>2.1</severity></result>
<result id="4"><host>192.0.2.10</host><port>80/tcp</port><nvt oid="1.3.6.1.4.1.25623.1.0.4"><name>Services</name></nvt><threat>Log</threat><severity>0.0</severity></result>
<result id="5"><host>192.0.2.10</host><port>80/tcp</port><nvt oid="1.3.6.1.4.1.25623.1.0.5"><name>No</name></nvt><threat>False Positive</threat><severity>-1.0</severity></result>
</results><result_count>5<full>9</full><filtered>5</filtered></result_count>
<host><ip>192.0.2.10</ip><start>2026-11-18T01:00:00Z</start><end>2026-11-18T01:30:00Z</end><detail><name>best_os_txt</name><value>WidgetOS Server 7</value></detail><detail><name>hostname</name><value>FILES1.clinic.example</value></detail><detail><name>Auth-SMB-Success</name><value>Protocol SMB</value></detail></host>
<host><ip>192.0.2.11</ip><start>2026-11-18T01:00:00Z</start><end>2026-11-18T01:30:00Z</end></host>
<errors><count>0</count></errors><scan_end>2026-11-18T01:31:00Z</scan_end></report></report></get_reports_response>
"#;

pub(super) const PINGCASTLE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<HealthcheckData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><EngineVersion>3.3.0.1</EngineVersion><GenerationDate>2026-11-18T10:00:00+01:00</GenerationDate><Level>Normal</Level><DomainFQDN>Clinic.example</DomainFQDN><MachineAccountQuota>10</MachineAccountQuota><GlobalScore>55</GlobalScore>
<DomainControllers><HealthcheckDomainController><DCName>DC1</DCName><OperatingSystem>WidgetOS Server</OperatingSystem><IP><string>192.0.2.2</string></IP></HealthcheckDomainController></DomainControllers>
<PrivilegedGroups><HealthCheckGroupData><GroupName>Domain Admins</GroupName><Members><HealthCheckGroupMemberData><Name>Ada</Name></HealthCheckGroupMemberData></Members></HealthCheckGroupData></PrivilegedGroups>
<AllPrivilegedMembers><HealthCheckGroupMemberData><DistinguishedName>CN=Ada,DC=clinic,DC=example</DistinguishedName><Name>Ada</Name><IsEnabled>true</IsEnabled><DoesPwdNeverExpires>false</DoesPwdNeverExpires><LastLogonTimestamp>2026-11-10T08:00:00Z</LastLogonTimestamp><PwdLastSet>1601-01-01T00:00:00Z</PwdLastSet></HealthCheckGroupMemberData></AllPrivilegedMembers>
<Trusts><HealthCheckTrustData><TrustPartner>Partner.example</TrustPartner><TrustDirection>3</TrustDirection><TrustAttributes>8</TrustAttributes></HealthCheckTrustData><HealthCheckTrustData><TrustPartner>lab.example</TrustPartner><TrustDirection>2</TrustDirection><TrustAttributes>0</TrustAttributes></HealthCheckTrustData></Trusts>
<GPPPasswordPolicy><GPPSecurityPolicy><GPOName>Default Domain Policy</GPOName><Properties><GPPSecurityPolicyProperty><Property>LockoutBadCount</Property><Value>5</Value></GPPSecurityPolicyProperty></Properties></GPPSecurityPolicy></GPPPasswordPolicy>
<RiskRules><HealthcheckRiskRule><Points>10</Points><Category>Anomalies</Category><RiskId>A-MinPwdLen</RiskId><Rationale>Short passwords are allowed</Rationale></HealthcheckRiskRule></RiskRules></HealthcheckData>
"#;

pub(super) const XCCDF: &str = r#"<?xml version="1.0"?>
<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="b"><Group id="g"><Rule id="r1" severity="high"><title>Root may not sign in</title></Rule><Rule id="r2"><title>Time is set</title></Rule></Group>
<TestResult id="t" start-time="2026-11-18T10:00:00" end-time="2026-11-18T10:01:00"><profile idref="cis"/><target>Files1.clinic.example</target><target-facts><fact name="urn:xccdf:fact:scanner:name">OpenSCAP</fact><fact name="urn:xccdf:fact:scanner:version">1.4.0</fact></target-facts>
<rule-result idref="r1" severity="high"><result>fail</result><ident system="cce">CCE-1</ident></rule-result><rule-result idref="r2"><result>notchecked</result></rule-result><rule-result idref="r3"><result>notselected</result></rule-result><rule-result idref="r4"><result>error</result></rule-result></TestResult></Benchmark>
"#;

const ARF: &str = r#"<?xml version="1.0"?>
<arf:asset-report-collection xmlns:arf="http://scap.nist.gov/schema/asset-reporting-format/1.1"><arf:report-requests><arf:report-request id="q"><arf:content><ds:data-stream-collection xmlns:ds="d"><xccdf-1.2:Benchmark xmlns:xccdf-1.2="http://checklists.nist.gov/xccdf/1.2"><xccdf-1.2:Rule id="r1"><xccdf-1.2:title>Root</xccdf-1.2:title></xccdf-1.2:Rule></xccdf-1.2:Benchmark></ds:data-stream-collection></arf:content></arf:report-request></arf:report-requests>
<arf:reports><arf:report id="x"><arf:content><TestResult xmlns="http://checklists.nist.gov/xccdf/1.2" end-time="2026-11-18T10:01:00Z"><target>files1</target><rule-result idref="r1"><result>pass</result></rule-result></TestResult></arf:content></arf:report></arf:reports></arf:asset-report-collection>
"#;

pub(super) const TESTSSL_CSV: &str = r#""id","fqdn/ip","port","severity","finding","cve","cwe"
"SSLv3","www.clinic.example/203.0.113.7","443","OK","not offered","",""
"TLS1","www.clinic.example/203.0.113.7","443","LOW","offered (deprecated)","",""
"cipherlist_3DES_IDEA","www.clinic.example/203.0.113.7","443","MEDIUM","offered","","CWE-310"
"cert_commonName","www.clinic.example/203.0.113.7","443","OK","www.clinic.example","",""
"cert_trust","www.clinic.example/203.0.113.7","443","OK","Ok via SAN","",""
"cert_chain_of_trust","www.clinic.example/203.0.113.7","443","OK","passed.","",""
"cert_notBefore","www.clinic.example/203.0.113.7","443","INFO","2026-10-01 00:00","",""
"cert_notAfter","www.clinic.example/203.0.113.7","443","OK","2026-12-30 23:59","",""
"cert_caIssuers","www.clinic.example/203.0.113.7","443","INFO","Widget CA (Widget Works)","",""
"scanTime","www.clinic.example/203.0.113.7","443","INFO","83","",""
"#;

const TESTSSL_FLAT: &str = r#"[
 {"id":"TLS1_1","ip":"mail.clinic.example/203.0.113.8","port":"25","severity":"OK","finding":"not offered"},
 {"id":"cert_chain_of_trust <cert#1>","ip":"mail.clinic.example/203.0.113.8","port":"25","severity":"OK","finding":"passed."},
 {"id":"cert_notAfter <cert#1>","ip":"mail.clinic.example/203.0.113.8","port":"25","severity":"OK","finding":"2027-02-01 00:00"},
 {"id":"cert_chain_of_trust <cert#2>","ip":"mail.clinic.example/203.0.113.8","port":"25","severity":"CRITICAL","finding":"failed (self signed)."},
 {"id":"cert_notAfter <cert#2>","ip":"mail.clinic.example/203.0.113.8","port":"25","severity":"OK","finding":"2027-01-01 00:00"},
 {"id":"scanTime","ip":"mail.clinic.example/203.0.113.8","port":"25","severity":"INFO","finding":"61"}
]
"#;

const TESTSSL_PRETTY: &str = r#"{"Invocation":"testssl.sh --jsonfile-pretty x www.clinic.example","version":"3.2","startTime":"1795000000",
"scanResult":[{"targetHost":"www.clinic.example","ip":"203.0.113.7","port":"443","protocols":[{"id":"SSLv2","severity":"CRITICAL","finding":"offered"}],"ciphers":[{"id":"cipherlist_LOW","severity":"OK","finding":"not offered"}],"serverDefaults":[{"id":"cert_notAfter","severity":"OK","finding":"2026-12-30 23:59"}]}],
"scanTime":61}
"#;

pub(super) const CYCLONEDX_JSON: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"timestamp":"2026-11-18T10:00:00Z","tools":{"components":[{"type":"application","name":"syft","version":"1.50.0"}]},"component":{"type":"application","group":"example","name":"portal","version":"4"}},
"components":[{"bom-ref":"a","type":"library","name":"left","version":"1.0","purl":"pkg:npm/left@1.0","supplier":{"name":"Widget Works"},"licenses":[{"license":{"id":"MIT"}},{"expression":"Apache-2.0 OR ISC"}],"components":[{"bom-ref":"b","type":"library","name":"inner","version":"2"}]}],
"vulnerabilities":[{"id":"GHSA-aaaa","references":[{"id":"CVE-2026-10003"}],"ratings":[{"severity":"medium","score":5.0,"method":"CVSSv2"},{"severity":"high","score":8.1,"method":"CVSSv31"}],"affects":[{"ref":"b","versions":[{"version":"3","status":"unaffected"}]}],"published":"2026-11-01T00:00:00Z","analysis":{"state":"not_affected"}}]}
"#;

pub(super) const CYCLONEDX_XML: &str = r#"<?xml version="1.0"?>
<b:bom xmlns:b="http://cyclonedx.org/schema/bom/1.2" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0"><b:metadata><b:timestamp>2026-11-18T10:00:00Z</b:timestamp><b:tools><b:tool><b:name>maker</b:name><b:version>2</b:version></b:tool></b:tools><b:component type="application"><b:name>portal</b:name></b:component></b:metadata>
<b:components><b:component type="library" bom-ref="a"><b:publisher>Widget Works</b:publisher><b:name>left</b:name><b:version>1.0</b:version><b:licenses><b:license><b:id>MIT</b:id></b:license></b:licenses><b:components><b:component type="library"><b:name>inner</b:name></b:component></b:components>
<v:vulnerabilities><v:vulnerability ref="a"><v:id>CVE-2026-10003</v:id><v:ratings><v:rating><v:score><v:base>9.8</v:base></v:score><v:severity>Critical</v:severity><v:method>CVSSv3</v:method></v:rating></v:ratings></v:vulnerability></v:vulnerabilities></b:component></b:components></b:bom>
"#;

const SPDX_JSON: &str = r#"{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","name":"portal","creationInfo":{"created":"2026-11-18T10:00:00Z","creators":["Organization: Widget Works","Tool: syft-1.50.0"]},
"packages":[{"SPDXID":"SPDXRef-a","name":"left","versionInfo":"1.0","supplier":"Organization: Widget Works (x@widget.example)","licenseConcluded":"NOASSERTION","licenseDeclared":"MIT","primaryPackagePurpose":"LIBRARY","externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:npm/left@1.0"}]},{"SPDXID":"SPDXRef-b","name":"right","supplier":"NOASSERTION"}],
"relationships":[]}
"#;

const SPDX_TAGS: &str = "SPDXVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
DocumentName: portal
Creator: Tool: syft-1.50.0
Created: 2026-11-18T10:00:00Z
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a

PackageName: left
SPDXID: SPDXRef-a
PackageVersion: 1.0
PackageSupplier: Organization: Widget Works
PackageLicenseConcluded: NOASSERTION
PackageLicenseDeclared: MIT
PackageComment: <text>PackageName: not
one</text>
ExternalRef: PACKAGE-MANAGER purl pkg:npm/left@1.0

PackageName: right
SPDXID: SPDXRef-b
";

const SPDX_3: &str = r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"CreationInfo","@id":"_:c","created":"2026-11-18T10:00:00Z"},{"type":"SpdxDocument","spdxId":"urn:d","name":"portal"},{"type":"Organization","spdxId":"urn:o","name":"Widget Works"},{"type":"software_Package","spdxId":"urn:a","name":"left","software_packageVersion":"1.0","software_packageUrl":"pkg:npm/left@1.0","software_primaryPurpose":"library","suppliedBy":"urn:o"}]}
"#;

pub(super) const GRYPE: &str = r#"{"matches":[{"vulnerability":{"id":"GHSA-aaaa","severity":"High","description":"Bad\nthing","cvss":[{"version":"2.0","metrics":{"baseScore":9.0}},{"version":"3.1","metrics":{"baseScore":7.5}}],"fix":{"versions":["1.2"],"state":"fixed"},"knownExploited":[{"cve":"CVE-2026-10004"}]},"relatedVulnerabilities":[{"id":"CVE-2026-10004"}],"artifact":{"name":"left","version":"1.0","type":"npm"}},
{"vulnerability":{"id":"CVE-2026-10005","severity":"Negligible","cvssV2":{"baseScore":2.1},"fixedInVersion":"3"},"artifact":{"name":"right","version":"2"}}],
"source":{"type":"image","target":{"userInput":"registry.example/portal:4"}},"descriptor":{"name":"grype","version":"0.95.0","timestamp":"2026-11-18T10:00:00Z"}}
"#;

pub(super) const TRIVY: &str = r#"{"SchemaVersion":2,"CreatedAt":"2026-11-18T10:00:00Z","ArtifactName":"registry.example/portal:4","ArtifactType":"container_image","Metadata":{"OS":{"Family":"widgetos","Name":"5","EOSL":true}},
"Results":[{"Target":"portal (widgetos 5)","Class":"os-pkgs","Type":"widgetos","Packages":[{"Name":"libz","Version":"1","Licenses":["Zlib"],"Identifier":{"PURL":"pkg:deb/libz@1"}}],"Vulnerabilities":[{"VulnerabilityID":"CVE-2026-10006","PkgName":"libz","InstalledVersion":"1","FixedVersion":"2","SeveritySource":"nvd","Severity":"CRITICAL","Title":"libz: overflow","CVSS":{"nvd":{"V2Score":10,"V3Score":9.1},"widget":{"V3Score":9.9}},"PublishedDate":"2026-11-01T00:00:00Z"}]},{"Target":"app/package-lock.json","Class":"lang-pkgs","Type":"npm","Vulnerabilities":null}]}
"#;

const TRIVY_OLD: &str = r#"[{"Target":"portal:3 (widgetos 5)","Type":"widgetos","Vulnerabilities":[{"VulnerabilityID":"CVE-2026-10006","PkgName":"libz","InstalledVersion":"1","Severity":"UNKNOWN"}]}]
"#;

const TRIVY_CLUSTER: &str = r#"{"ClusterName":"ward","Resources":[{"Namespace":"web","Kind":"Deployment","Name":"portal","Results":[{"Target":"portal:4","Class":"lang-pkgs","Vulnerabilities":[{"VulnerabilityID":"CVE-2026-10006","PkgName":"libz","Severity":"LOW"}]}]}]}
"#;

pub(super) const OSV: &str = r#"{"results":[{"source":{"path":"/src/package-lock.json","type":"lockfile"},"packages":[{"package":{"name":"left","version":"1.0","ecosystem":"npm"},"vulnerabilities":[{"id":"GHSA-aaaa","aliases":["CVE-2026-10004"],"summary":"Bad thing","published":"2026-11-01T00:00:00Z","affected":[{"package":{"name":"left","ecosystem":"npm"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2"}]}]},{"package":{"name":"other","ecosystem":"npm"},"ranges":[{"type":"SEMVER","events":[{"fixed":"9"}]}]}],"database_specific":{"severity":"MODERATE"}}],"groups":[{"ids":["GHSA-aaaa"],"max_severity":"6.5"}]}]}]}
"#;

pub(super) const LYNIS: &str = "# Lynis Report
report_datetime_start=2026-11-18 10:00:00
lynis_version=3.1.4
os_fullname=WidgetOS 7
hostname=Files1
warning[]=AUTH-9208|An account has no password|-|-|
suggestion[]=SSH-7408|Consider hardening|PermitRootLogin (set YES to NO)|-|
hardening_index=61
firewall_active=1
report_datetime_end=2026-11-18 10:02:00
finish=true
";

const LIFECYCLE: &str = r#"[{"cycle":"7","releaseDate":"2024-01-01","eol":"2027-06-30","latest":"7.3"},{"cycle":6,"eol":true},{"cycle":"8","eol":false}]
"#;

const LIFECYCLE_NEW: &str = r#"{"schema_version":"1.2.0","generated_at":"2026-11-18T00:00:00Z","result":[{"name":"widgetos","releases":[{"name":"7","isEol":false,"eolFrom":"2027-06-30"},{"name":"8","isEol":false,"eolFrom":null}]}]}
"#;
