//! The contract as data: measures, who owes each, thresholds, versions.

mod clause;
mod contract;
mod crosswalk;
mod embedded;
mod form;
mod measure;
mod parameter;
mod place;
mod profile;
mod read;
mod side;
mod unit;

pub use clause::{Clause, ClauseStatus};
pub use contract::{About, Bound, Contract, Known, Party, Row, Signature, Signed, Threshold};
pub use crosswalk::{Framework, crosswalk};
pub use measure::{CheckInfo, Measure, MeasureDraft, checks};
pub use parameter::Parameter;
pub use place::{Code, ContractError};
pub use profile::{Applies, Confidence, InForce, Profile, ProfileStatus, Setting};
pub use side::{Owner, Side};
pub use unit::{Quantity, Stricter, Unit};
