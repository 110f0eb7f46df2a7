//! Parts of software and what is wrong with them; settings of hosts; ends of support.

use super::samples::{CYCLONEDX_JSON, CYCLONEDX_XML, GRYPE, LYNIS, OSV, PINGCASTLE, SAMPLES, TRIVY, XCCDF};
use super::{table, taken};
use crate::document::{Document, Status};

fn sample(name: &str) -> Document {
    let sample = SAMPLES.iter().find(|s| s.name == name).unwrap();
    taken(name, sample.text.as_bytes(), None)
}

#[test]
fn cyclonedx_reads_parts_within_parts() {
    let document = sample("bom.json");
    let columns = ["name", "version", "purl", "kind", "supplier", "licence", "product"];
    assert_eq!(
        table(&document, "component", &columns),
        [
            [
                "left",
                "1.0",
                "pkg:npm/left@1.0",
                "library",
                "Widget Works",
                "MIT, Apache-2.0 OR ISC",
                "portal"
            ],
            ["inner", "2", "", "library", "", "", "portal"],
        ]
    );
    let columns = ["id", "cve", "severity", "score", "package", "version", "fixed_in"];
    assert_eq!(
        table(&document, "vulnerability", &columns),
        [["GHSA-aaaa", "CVE-2026-10003", "high", "8.1", "inner", "2", "3"]]
    );
    assert_eq!((document.tool.as_deref(), document.scope.as_deref()), (Some("syft"), Some("example/portal")));
    assert!(document.defects[0].contains("not_affected"));
}

#[test]
fn cyclonedx_xml_reads_prefixes_and_the_old_extension() {
    let document = taken("x", CYCLONEDX_XML.as_bytes(), None);
    assert_eq!(
        table(&document, "component", &["name", "supplier"]),
        [["left", "Widget Works"], ["inner", ""]]
    );
    let columns = ["id", "severity", "score", "package"];
    assert_eq!(table(&document, "vulnerability", &columns), [["CVE-2026-10003", "critical", "9.8", "left"]]);
}

#[test]
fn a_part_without_a_name_is_left_out() {
    let document = taken("x", CYCLONEDX_JSON.replace("\"name\":\"inner\",", "").as_bytes(), None);
    assert!(document.status.why().is_some_and(|w| w.contains("component 2")));
    assert_eq!(document.counts()["component"], 1);
    let document = taken(
        "x",
        CYCLONEDX_JSON.replace("\"components\":[{\"bom", "\"components\":{\"x\":[{\"bom").as_bytes(),
        None,
    );
    assert_ne!(document.status, Status::Complete);
}

#[test]
fn an_empty_bill_is_an_answer() {
    let document =
        taken("x.json", b"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.7\",\"components\":[]}", None);
    assert_eq!((document.status, document.rows.len()), (Status::Complete, 0));
}

#[test]
fn spdx_reads_three_forms() {
    for name in ["bom.spdx.json", "bom.spdx", "bom3.json"] {
        let document = sample(name);
        let rows = table(&document, "component", &["name", "version", "purl", "product"]);
        assert_eq!(rows[0], ["left", "1.0", "pkg:npm/left@1.0", "portal"], "{name}");
        assert_eq!(document.scope.as_deref(), Some("portal"), "{name}");
    }
    let tags = table(&sample("bom.spdx"), "component", &["name", "supplier", "licence"]);
    assert_eq!(tags, [["left", "Widget Works", "MIT"], ["right", "", ""]]);
}

#[test]
fn grype_reads_old_and_new_matches() {
    let document = taken("x", GRYPE.as_bytes(), None);
    let columns = ["id", "cve", "device", "severity", "score", "package", "fixed_in", "exploited"];
    assert_eq!(
        table(&document, "vulnerability", &columns),
        [
            ["GHSA-aaaa", "CVE-2026-10004", "registry.example/portal:4", "high", "7.5", "left", "1.2", "1"],
            [
                "CVE-2026-10005",
                "CVE-2026-10005",
                "registry.example/portal:4",
                "negligible",
                "2.1",
                "right",
                "3",
                ""
            ],
        ]
    );
    let none = b"{\"matches\":[],\"descriptor\":{\"name\":\"grype\"},\"source\":{\"target\":\"dir\"}}";
    assert_eq!(taken("x", none, None).status, Status::Complete);
}

#[test]
fn trivy_reads_the_source_that_the_severity_is_from() {
    let document = taken("x", TRIVY.as_bytes(), None);
    let columns = ["id", "severity", "score", "package", "fixed_in", "unsupported"];
    assert_eq!(
        table(&document, "vulnerability", &columns),
        [["CVE-2026-10006", "critical", "9.1", "libz", "2", "1"]]
    );
    assert_eq!(table(&document, "component", &["name", "licence"]), [["libz", "Zlib"]]);
    assert_eq!(
        table(&sample("trivy-old.json"), "vulnerability", &["severity", "device"]),
        [["", "portal:3 (widgetos 5)"]]
    );
    assert_eq!(table(&sample("cluster.json"), "vulnerability", &["device"]), [["web/deployment/portal"]]);
}

#[test]
fn osv_takes_fixes_of_the_package_itself() {
    let document = taken("x", OSV.as_bytes(), None);
    let columns = ["id", "cve", "device", "severity", "score", "package", "fixed_in"];
    assert_eq!(
        table(&document, "vulnerability", &columns),
        [["GHSA-aaaa", "CVE-2026-10004", "/src/package-lock.json", "medium", "6.5", "left", "1.2"]]
    );
    assert_eq!(taken("x", b"{\n \"results\": []\n}", None).status, Status::Complete);
}

#[test]
fn lynis_that_was_broken_off_is_partial() {
    let document = taken("x", LYNIS.as_bytes(), None);
    let columns = ["id", "result", "details", "product"];
    assert_eq!(
        table(&document, "control", &columns),
        [
            ["AUTH-9208", "fail", "", "WidgetOS 7"],
            ["SSH-7408", "warning", "PermitRootLogin (set YES to NO)", "WidgetOS 7"]
        ]
    );
    let settings = table(&document, "setting", &["name", "value", "scope"]);
    assert_eq!(settings, [["hardening_index", "61", "files1"], ["firewall_active", "1", "files1"]]);
    let cut = taken("x", LYNIS.replace("finish=true\n", "").as_bytes(), None);
    assert_eq!(cut.status.as_str(), "partial");
    let half = taken("x", format!("{LYNIS}warning[]=AUTH-1|half a li").as_bytes(), None);
    assert_eq!(half.status.as_str(), "partial", "a last line without its end may be half of one");
}

#[test]
fn xccdf_keeps_apart_what_was_not_asked() {
    let document = taken("x", XCCDF.as_bytes(), None);
    let columns = ["id", "title", "result", "criticality", "details"];
    assert_eq!(
        table(&document, "control", &columns),
        [
            ["r1", "Root may not sign in", "fail", "high", "CCE-1"],
            ["r2", "Time is set", "manual", "", "not checked"],
            ["r3", "", "not-applicable", "", "not selected"],
            ["r4", "", "error", "", ""],
        ]
    );
    assert_eq!(document.tool.as_deref(), Some("OpenSCAP"));
    let odd = taken("x", XCCDF.replace(">fail<", ">perhaps<").as_bytes(), None);
    assert_eq!((odd.status.as_str(), odd.counts()["control"]), ("partial", 3));
    let alone = "<?xml version=\"1.0\"?><Benchmark xmlns=\"http://checklists.nist.gov/xccdf/1.2\"/>";
    assert_eq!(taken("x", alone.as_bytes(), None).status.as_str(), "failed");
}

#[test]
fn pingcastle_gives_each_kind_what_it_asks_for() {
    let settings = taken("x", PINGCASTLE.as_bytes(), None);
    assert_eq!(
        table(&settings, "control", &["id", "result", "criticality"]),
        [["A-MinPwdLen", "fail", "Anomalies"]]
    );
    let lockout = table(&settings, "setting", &["name", "value", "scope"]);
    assert!(lockout.contains(&vec!["lockoutThreshold".into(), "5".into(), "Default Domain Policy".into()]));
    let directory = taken("x", PINGCASTLE.as_bytes(), Some("directory"));
    let trusts = table(&directory, "trust", &["partner", "kind", "direction", "sid_filtering"]);
    assert_eq!(
        trusts,
        [["partner.example", "forest", "both", "1"], ["lab.example", "domain", "outbound", "0"]]
    );
    let account = table(&directory, "account", &["name", "admin", "enabled", "password_set_at"]);
    assert_eq!(account, [["ada", "1", "1", ""]]);
    assert_eq!(table(&directory, "group_member", &["member", "group_name"]), [["ada", "domain admins"]]);
    assert!(!directory.counts().contains_key("control"));
}

#[test]
fn ends_of_support_are_days_or_not_said() {
    let document = sample("widgetos.json");
    let columns = ["product", "version", "ends_at"];
    assert_eq!(
        table(&document, "feed_lifecycle", &columns),
        [["widgetos", "7", "1814313600"], ["widgetos", "6", ""], ["widgetos", "8", ""]]
    );
    assert!(document.defects[0].contains("support has ended"));
    let odd = taken(
        "x.json",
        b"[{\"cycle\":\"1\",\"eol\":\"soon\"},{\"cycle\":\"2\",\"eol\":\"2027-01-01\"}]",
        None,
    );
    assert_eq!((odd.status.as_str(), odd.rows.len()), ("partial", 1));
    assert_eq!(sample("products.json").rows.len(), 2);
}
