//! The profile that an assessment is made for: which values the parameters of checks have.

use crate::fault::{Fault, near};
use std::collections::BTreeMap;

/// The profile when nobody names one.
pub(crate) const DEFAULT: &str = "alert-floor";

const NAMES: [&str; 8] =
    [DEFAULT, "hipaa", "hipaa-nprm", "us-cpg2", "uk-ce-3.3", "au-e8-ml1", "au-e8-ml2", "au-e8-ml3"];

/// A profile, ready to be used.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Values of parameters, `<check>.<parameter>`; the others have the default of their check.
    pub(crate) parameters: BTreeMap<String, toml::Value>,
}

/// The profile of a name. The only place that knows which there are and what they say.
pub(crate) fn named(name: &str) -> Result<Profile, Fault> {
    let found = NAMES.into_iter().find(|n| n.eq_ignore_ascii_case(name));
    let found = found.ok_or_else(|| {
        let what = format!("there is no profile `{name}`{}", near(name, NAMES));
        Fault::usage("BW-1017", what, format!("known are {}", NAMES.join(", ")))
    })?;
    Ok(Profile { name: found, parameters: BTreeMap::new() })
}
