//! Scans of hosts: nmap, Nessus, OpenVAS, testssl.sh.

use super::samples::{NESSUS, NMAP, OPENVAS, TESTSSL_CSV};
use super::{table, taken};
use crate::document::{Document, Status};
use crate::row::Row;

fn nmap(text: &str) -> Document {
    taken("x.xml", text.as_bytes(), Some("outside-scan"))
}

fn why(document: &Document) -> &str {
    document.status.why().unwrap_or("")
}

#[test]
fn nmap_fills_every_cell_it_knows() {
    let document = nmap(NMAP);
    let services = ["id", "name", "product", "version", "cpe", "outside"];
    assert_eq!(
        table(&document, "service", &services),
        [
            ["203.0.113.7/tcp/22", "ssh", "OpenSSH", "9.6 (protocol 2.0)", "cpe:/a:openbsd:openssh:9.6", "1"],
            ["203.0.113.7/tcp/443", "ssl/http", "", "", "", "1"],
        ]
    );
    let devices = ["id", "name", "kind", "os", "os_version", "vendor", "exposed", "up"];
    assert_eq!(
        table(&document, "device", &devices),
        [["203.0.113.7", "vpn.clinic.example", "firewall", "WidgetOS 7", "7.X", "Widget Works", "1", "1"]]
    );
    assert_eq!(document.scope.as_deref(), Some("203.0.113.0/28 without:203.0.113.9 on tcp:22,443"));
    assert_eq!(document.tool_version.as_deref(), Some("7.95"));
}

#[test]
fn the_scope_of_a_scan_is_not_its_output_file() {
    let other = NMAP.replace("out 1.xml", "/tmp/run-2.xml").replace("-sV -O", "-T4 --max-retries 2");
    assert_eq!(nmap(NMAP).scope, nmap(&other).scope);
    let elsewhere = NMAP.replace("203.0.113.0/28\"", "203.0.113.16/28\"");
    assert_ne!(nmap(NMAP).scope, nmap(&elsewhere).scope);
}

#[test]
fn a_scan_that_failed_or_skipped_is_not_complete() {
    let aborted = NMAP.replace("exit=\"success\"", "exit=\"error\" errormsg=\"network is down\"");
    assert!(why(&nmap(&aborted)).contains("network is down"));
    let skipped =
        NMAP.replace("<runstats>", "<target specification=\"gone.example\" status=\"skipped\"/><runstats>");
    assert!(why(&nmap(&skipped)).contains("gone.example"));
    let fewer = NMAP.replace("up=\"1\"", "up=\"2\"");
    assert!(why(&nmap(&fewer)).contains("2 hosts were up"));
    assert_eq!(nmap(&fewer.replace("nmap -sS", "nmap --open -sS")).status, Status::Complete);
    let no_end = NMAP.replace("<runstats>", "<!--").replace("</runstats>", "-->");
    assert!(why(&nmap(&no_end)).contains("finished"));
    let odd = nmap(&NMAP.replace("portid=\"443\"", "portid=\"65536\""));
    assert!(why(&odd).contains("without a number"));
    assert_eq!(odd.counts()["service"], 1);
}

#[test]
fn a_host_that_only_the_user_calls_up_was_not_found_up() {
    let told = NMAP.replace("echo-reply", "user-set").replace("state=\"open\"", "state=\"filtered\"");
    let document = nmap(&told);
    assert_eq!(table(&document, "device", &["id", "up", "exposed"]), [["203.0.113.7", "", ""]]);
}

#[test]
fn nessus_tells_credentials_defaults_and_ends_of_support() {
    let document = taken("x", NESSUS.as_bytes(), None);
    let columns = [
        "id",
        "cve",
        "severity",
        "score",
        "port",
        "authenticated",
        "default_credential",
        "unsupported",
        "exploited",
    ];
    assert_eq!(
        table(&document, "vulnerability", &columns),
        [
            ["900001", "CVE-2026-10001 CVE-2026-10002", "critical", "9.8", "445/tcp", "1", "0", "0", "1"],
            ["900002", "", "high", "", "22/tcp", "1", "1", "0", ""],
            ["900003", "", "critical", "", "", "1", "0", "1", ""],
            ["900005", "", "low", "", "161/udp", "0", "1", "0", ""],
        ]
    );
    let devices = table(&document, "device", &["id", "name", "os", "scan_authenticated", "scan_feed_at"]);
    assert_eq!(devices[0], ["192.0.2.10", "files1", "WidgetOS Server 7", "1", "1794951900"]);
    assert_eq!(devices[1][3], "0");
    assert_eq!(document.scope.as_deref(), Some("Ward network: 192.0.2.10,192.0.2.11"));
    assert_eq!(document.tool_version.as_deref(), Some("10.8.3"));
}

#[test]
fn a_host_of_nessus_without_an_end_makes_it_partial() {
    let open = NESSUS.replacen("<tag name=\"HOST_END\">Wed Nov 18 01:20:00 2026</tag>", "", 1);
    assert!(why(&taken("x", open.as_bytes(), None)).contains("192.0.2.10"));
    let odd = taken("x", NESSUS.replace("severity=\"3\"", "severity=\"three\"").as_bytes(), None);
    assert!(why(&odd).contains("no severity"));
    assert_eq!(odd.counts()["vulnerability"], 3);
    let policy = "<?xml version=\"1.0\"?><NessusClientData_v2><Policy/></NessusClientData_v2>";
    assert_eq!(taken("x", policy.as_bytes(), None).status.as_str(), "failed");
}

#[test]
fn openvas_takes_results_above_zero_only() {
    let document = taken("x", OPENVAS.as_bytes(), None);
    let columns = [
        "id",
        "cve",
        "device",
        "severity",
        "score",
        "port",
        "authenticated",
        "default_credential",
        "unsupported",
    ];
    assert_eq!(
        table(&document, "vulnerability", &columns),
        [
            [
                "1.3.6.1.4.1.25623.1.0.1",
                "CVE-2026-10001",
                "192.0.2.10",
                "critical",
                "9.8",
                "445/tcp",
                "1",
                "0",
                "0"
            ],
            ["1.3.6.1.4.1.25623.1.0.2", "", "192.0.2.10", "high", "10", "", "1", "0", "1"],
            ["1.3.6.1.4.1.25623.1.0.3", "", "192.0.2.10", "low", "2.1", "80/tcp", "1", "1", "0"],
        ]
    );
    assert_eq!(
        table(&document, "device", &["id", "name", "scan_authenticated"])[0][1],
        "files1.clinic.example"
    );
    assert_eq!(document.scope.as_deref(), Some("Weekly / Ward"));
}

#[test]
fn openvas_says_what_is_missing() {
    for (from, to, words) in [
        ("<scan_run_status>Done", "<scan_run_status>Stopped", "Stopped"),
        ("<scan_run_status>Done", "<scan_run_status>Running", "Running"),
        ("levels=chml", "levels=h", "leaves out level"),
        ("<filtered>5", "<filtered>50", "counts 50 results"),
        (
            "<errors><count>0</count>",
            "<errors><error><host>192.0.2.11</host><description>timed out</description></error>",
            "timed out",
        ),
        ("<severity>9.8</severity></result>", "<severity>big</severity></result>", "no severity"),
    ] {
        let document = taken("x", OPENVAS.replace(from, to).as_bytes(), None);
        assert!(why(&document).contains(words), "{words}: {:?}", document.status);
        assert_eq!(document.status.as_str(), "partial", "{words}");
    }
    let refused =
        "<?xml version=\"1.0\"?><get_reports_response status=\"403\" status_text=\"Permission denied\"/>";
    let document = taken("x", refused.as_bytes(), None);
    assert!(matches!(&document.status, Status::Failed { why } if why.contains("Permission denied")));
}

#[test]
fn testssl_reads_certificates_and_what_is_weak() {
    let document = taken("x.csv", TESTSSL_CSV.as_bytes(), None);
    let columns = ["id", "host", "port", "subject", "issuer", "trusted", "weak", "ends_at"];
    assert_eq!(
        table(&document, "tls_endpoint", &columns),
        [[
            "www.clinic.example/203.0.113.7:443",
            "www.clinic.example",
            "443",
            "www.clinic.example",
            "Widget CA (Widget Works)",
            "1",
            "3DES_IDEA TLS1",
            "1798675140"
        ]]
    );
    assert_eq!(document.scope.as_deref(), Some("www.clinic.example:443"));
}

#[test]
fn of_several_certificates_the_worst_counts() {
    let sample = super::SAMPLES.iter().find(|s| s.name == "tls.json").unwrap();
    let document = taken("x.json", sample.text.as_bytes(), None);
    assert_eq!(table(&document, "tls_endpoint", &["trusted", "weak", "ends_at"]), [["0", "", "1798761600"]]);
}

#[test]
fn a_target_that_failed_is_no_endpoint() {
    let more = "\"scanProblem\",\"gone.example/203.0.113.9\",\"443\",\"FATAL\",\"Can't connect\",\"\",\"\"\n";
    let document = taken("x.csv", format!("{TESTSSL_CSV}{more}").as_bytes(), None);
    assert!(why(&document).contains("Can't connect"));
    assert_eq!(document.counts()["tls_endpoint"], 1);
    let broken = TESTSSL_CSV.replace("\"83\"", "\"Scan interrupted\"");
    assert_eq!(taken("x.csv", broken.as_bytes(), None).status.as_str(), "partial");
    let alone = format!("{}\n{more}", TESTSSL_CSV.lines().next().unwrap());
    assert_eq!(taken("x.csv", alone.as_bytes(), None).status.as_str(), "failed");
}

#[test]
fn a_cell_beyond_all_measure_is_left_out_with_its_row() {
    let text = NMAP.replace("product=\"OpenSSH\"", &format!("product=\"{}\"", "x".repeat(70_000)));
    let document = nmap(&text);
    assert!(why(&document).contains("`product` is longer"));
    assert!(document.rows.iter().map(Row::line).all(|l| l.len() < 10_000));
}
