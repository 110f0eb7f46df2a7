//! The formats, one file each: how to recognise one, and how to read it.

mod agreement;
mod backup;
mod csv;
mod cut;
#[cfg(test)]
mod cuts;
mod feeds;
mod firewall;
mod flow;
mod graph;
mod ldif;
mod mail_dns;
mod mail_report;
mod osquery;
mod pages;
mod scan;
mod scuba;
mod secedit;
mod unpack;

pub use csv::MAPPINGS;
mod statement;
mod verified;

use crate::document::Document;

/// What the one who hands a document in says about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hint<'a> {
    /// The kind of evidence, as in [`crate::KINDS`]; else the format's own.
    pub kind: Option<&'a str>,
    /// The format, as in [`FORMATS`]; else it is recognised.
    pub format: Option<&'a str>,
    /// Which heading fills which column, as TOML (`docs/evidence.md`, Mapping files); else headings are column names.
    pub mapping: Option<&'a str>,
}

/// A format that is read.
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// The kind of evidence that it is unless said otherwise; empty when the one who hands it in must say.
    pub kind: &'static str,
    /// What it is and which tool writes it.
    pub about: &'static str,
    /// Whether bytes look like it. At most the first 64 KiB are shown.
    pub looks_like: fn(head: &[u8], name: &str) -> bool,
    /// Reads it. Never panics, whatever the bytes.
    pub read: fn(raw: &[u8], name: &str, hint: &Hint<'_>) -> Document,
}

/// Every format, the most particular first: the first one that recognises the bytes reads them.
pub const FORMATS: &[Format] = &[
    agreement::FORMAT,
    scuba::RESULTS,
    scuba::SETTINGS,
    scuba::SHEET,
    graph::FORMAT,
    scan::nmap::FORMAT,
    scan::nessus::FORMAT,
    scan::openvas::FORMAT,
    scan::pingcastle::FORMAT,
    scan::xccdf::FORMAT,
    scan::testssl::FORMAT,
    scan::cyclonedx::FORMAT,
    scan::spdx::FORMAT,
    scan::grype::FORMAT,
    scan::trivy::FORMAT,
    scan::osv::FORMAT,
    scan::lynis::FORMAT,
    scan::lifecycle::FORMAT,
    mail_report::FORMAT,
    ldif::FORMAT,
    osquery::FORMAT,
    secedit::FORMAT,
    statement::FORMAT,
    verified::FORMAT,
    backup::restic::FORMAT,
    backup::borg::FORMAT,
    feeds::kev::FORMAT,
    feeds::ssvc::FORMAT,
    feeds::epss::FORMAT,
    feeds::decisions::FORMAT,
    feeds::lolrmm::FORMAT,
    firewall::nftables::FORMAT,
    firewall::iptables::FORMAT,
    flow::zeek::FORMAT,
    flow::vpc::FORMAT,
    mail_dns::FORMAT,
    csv::FORMAT,
];
