//! Searches sealed records: words, `field:value`, wildcards, comparisons, networks, and/or/not.
//!
//! A [`Query`] is parsed once and asked about one [`model::Event`] after the other. [`search`] runs it over what a vault gives
//! out, which is proved against the checkpoint on the way, so that no hit was ever anything else than what was sealed.
//!
//! [`plan`] says what a hunt backwards with Sigma rules will read, and [`Plan::run`] hands out what they can match.
//!
//! ```
//! let query = hunt::Query::parse("failed user:adm* not src_ip:10.0.0.0/8")?;
//! assert_eq!(query.to_string(), "failed user:adm* not src_ip:10.0.0.0/8");
//! # Ok::<(), hunt::QueryError>(())
//! ```

mod backwards;
mod matching;
mod query;
mod search;

pub use backwards::{Cost, Each, Plan, plan};
pub use query::{Query, QueryError};
pub use search::{Range, search};
