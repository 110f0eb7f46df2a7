//! The kinds of evidence, and how old each may become before silence is said.

/// One kind of evidence.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Days after which a new one is due.
    pub due_days: u16,
    /// The tables that it fills.
    pub tables: &'static [&'static str],
}

macro_rules! kinds {
    ($($name:literal $due:literal $about:literal: $($table:ident)+;)+) => {
        /// Every kind, in alphabetical order.
        pub const KINDS: &[Kind] = &[$(Kind { name: $name, about: $about, due_days: $due, tables: &[$(stringify!($table)),+] }),+];
    };
}

kinds! {
    "access-grants" 31 "rights given for a time, with ticket and approval": access_grant;
    "access-sessions" 7 "visits through remote access, as the customer's side recorded them": access_session;
    "accounts" 7 "accounts of a directory or tool": account auth_method setting;
    "actions" 31 "what is to be done after exercises and incidents": action;
    "approvals" 92 "approved lists: tools, services, paths, connections, trusts, managed assets": approval;
    "assets" 92 "critical systems, configurations and data, with the times promised for them": asset;
    "attack-paths" 31 "ways from identities to the highest tier": attack_path;
    "attestation" 366 "statements that a person signed": attestation;
    "authentication-methods" 7 "how accounts prove themselves": auth_method account;
    "backup-checks" 7 "checks of backup repositories": backup_store;
    "backup-jobs" 2 "backups that ran": backup_job;
    "backup-stores" 31 "repositories of backups, their keys and who may delete": backup_store;
    "cases" 31 "alerts and incidents as they were worked on": case_record;
    "connections" 366 "declared connections between networks": connection zone;
    "contracts" 366 "a side's copy of the contract": contract_text contract_row contract_signature contract_finding;
    "control-tests" 92 "tests run on purpose: injections, broken dependencies, attempts that must fail": control_test;
    "delegated-administration" 31 "delegated administration of a tenant by a provider": role_grant trust;
    "devices" 14 "devices as an inventory or management tool lists them": device software update setting;
    "directory" 7 "a whole directory: accounts, groups, trusts, policy": account group_member trust setting device;
    "documents" 366 "plans, policies, maps, registers, by what is in them": document;
    "exercises" 366 "exercises and their times": exercise action;
    "firewall-rules" 92 "rules of packet filters": rule zone;
    "flows" 31 "connections that were seen on the network": flow;
    "images" 184 "gold images": image;
    "log-sources" 7 "sources of logs, measured": log_source;
    "log-stores" 31 "stores of logs, verified": log_store;
    "mail-dns" 31 "what the world can ask about mail domains": mail_domain;
    "mail-reports" 31 "DMARC and TLS reports of receivers": mail_report;
    "network-scan" 14 "a scan from inside": service device;
    "outside-scan" 31 "a scan from outside": service device;
    "package-vulnerabilities" 14 "vulnerabilities of software parts": vulnerability component;
    "people" 31 "people as the personnel or service office knows them": person;
    "provider-sessions" 7 "visits as the provider's own tools recorded them": access_session;
    "remote-tools" 14 "remote-management tools seen on devices": remote_tool;
    "restore-tests" 92 "restores that were really run": restore_test;
    "reviews" 92 "looks that somebody took, and signed": review;
    "role-assignments" 7 "roles that accounts have or may take": role_grant;
    "sbom" 92 "parts of software": component vulnerability;
    "secrets" 31 "secrets by keyed fingerprint, and where they lie": secret;
    "sign-ins" 7 "attempts to sign in": sign_in;
    "tenant-settings" 31 "what a tool said about the settings of a tenant or host": control setting;
    "tls-scan" 31 "places that speak TLS": tls_endpoint;
    "updates" 14 "updates that devices have or lack": update device;
    "vendors" 366 "suppliers and sub-providers": vendor;
    "vulnerability-scan" 14 "vulnerabilities that a scanner found": vulnerability device;
    "feed-decisions" 366 "decision tables for mending vulnerabilities": decision;
    "feed-epss" 7 "probabilities of exploitation": feed_epss;
    "feed-kev" 7 "vulnerabilities known to be exploited": feed_kev;
    "feed-lifecycle" 92 "ends of support": feed_lifecycle;
    "feed-remote-tools" 92 "catalogue of remote-management tools": feed_remote_tool;
    "feed-ssvc" 31 "decision points of vulnerabilities": feed_ssvc;
}

/// Kinds of which each document tells of its own stretch of time or its own occasion, so that a new one does not replace
/// those before it.
const ACCUMULATE: &[&str] = &[
    "access-grants",
    "access-sessions",
    "actions",
    "attestation",
    "cases",
    "control-tests",
    "documents",
    "exercises",
    "flows",
    "mail-reports",
    "provider-sessions",
    "restore-tests",
    "reviews",
    "sign-ins",
];

impl Kind {
    /// Whether documents of this kind add up. Of the others the newest one of each scope counts.
    #[must_use]
    pub fn accumulates(&self) -> bool {
        ACCUMULATE.contains(&self.name)
    }

    /// The kind of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|k| k.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Table;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_is_named_once_and_every_table_is_filled_by_one() {
        let names: BTreeSet<&str> = KINDS.iter().map(|k| k.name).collect();
        assert_eq!(names.len(), KINDS.len());
        let filled: BTreeSet<&str> = KINDS.iter().flat_map(|k| k.tables).copied().collect();
        let all: BTreeSet<&str> = crate::schema::TABLES.iter().map(|t| t.name).collect();
        assert_eq!(filled, all);
        assert!(filled.iter().all(|t| Table::named(t).is_some()));
    }
}
