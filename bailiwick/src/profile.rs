//! The profile that an assessment is made for: which values the parameters of checks have on its day.

use crate::fault::{Fault, near};
use assess::terms;
use model::Time;
use std::collections::BTreeMap;

/// The profile when nobody names one.
pub(crate) const DEFAULT: &str = "alert-floor";

/// A profile, ready to be used.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    /// Its title, and what is to be known about it: proposed, retiring.
    pub(crate) title: String,
    /// Values of parameters, `<check>.<parameter>`; the others have the default of their check.
    pub(crate) parameters: BTreeMap<String, toml::Value>,
}

/// The profile of a name as it stands in `contract`.
pub(crate) fn data(name: &str) -> Result<&'static contract::Profile, Fault> {
    let all = contract::Profile::all();
    all.iter().find(|p| p.id.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names = all.iter().map(|p| p.id.as_str());
        let what = format!("there is no profile `{name}`{}", near(name, names.clone()));
        Fault::usage("BW-1017", what, format!("known are {}", names.collect::<Vec<_>>().join(", ")))
    })
}

/// The profile of a name, with its numbers on a day.
pub(crate) fn named(name: &str, now: Time) -> Result<Profile, Fault> {
    let profile = data(name)?;
    Ok(Profile {
        name: &profile.id,
        title: format!("{}, {}", profile.title, profile.status.as_str()),
        parameters: terms::parameters(profile, terms::date(now)),
    })
}
