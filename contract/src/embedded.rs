//! The data files that ship inside the program. A user's machine has no folder of ours.

/// Lists files of a folder, each with its name and text.
macro_rules! files {
    ($folder:literal: $($name:literal)+) => {
        &[$(($name, include_str!(concat!("../", $folder, "/", $name, ".toml")))),+]
    };
}

/// The measures, in the order of the alert; a test holds the list against the folder.
pub(crate) const MEASURES: &[(&str, &str)] = files!("measures":
    "vulnerable-devices" "internet-facing" "brute-force" "phishing" "logging" "remote-access-mfa"
    "architecture-segregation" "least-privilege" "obsolete" "patching" "backups" "incident-response"
    "supply-chain" "transparency" "authn-authz" "contracts" "tailoring");

/// The profiles, parents before what is built on them; a test holds the list against the folder.
pub(crate) const PROFILES: &[(&str, &str)] = files!("profiles":
    "alert-floor" "hipaa" "hipaa-nprm" "us-cpg2" "uk-ce-3.3" "au-e8-ml1" "au-e8-ml2" "au-e8-ml3");

pub(crate) const CLAUSES: &str = include_str!("../clauses.toml");
pub(crate) const PARAMETERS: &str = include_str!("../parameters.toml");
pub(crate) const CROSSWALK: &str = include_str!("../crosswalk.toml");

/// What every read of the files above may rely on.
pub(crate) const PROOF: &str = "the tests of this crate read every embedded file";
