//! Finds attacks in sealed records. No clock, no disk, no network: the same sealed records give the same alerts.
//!
//! A [`Detector`] looks at one customer's records with Sigma rules, our own ([`built_in`]) or others, and makes alerts
//! that grow instead of many. [`Across`] sees what no single customer can: one source that tries several of them. What
//! crosses customers there is a keyed hash and a count, never a customer's text.
//!
//! It takes [`ledger::Sealed`] only, so that nothing is looked at before it is sealed:
//!
//! ```compile_fail
//! fn look(detector: &mut detect::Detector, events: &Vec<model::Event>) {
//!     detector.observe(events, 0);
//! }
//! ```
//! ```
//! fn look(detector: &mut detect::Detector, events: &ledger::Sealed<Vec<model::Event>>) {
//!     detector.observe(events, 0);
//! }
//! ```

mod about;
mod across;
pub mod attack;
mod brute;
mod delivered;
mod detector;
mod find;
mod growing;
mod logs;
mod marks;
mod memory;
mod numbers;
mod patterns;
mod policy;
mod routes;
mod rules;
mod seen;
mod sprays;
mod steps;
mod tools;
mod vocabulary;

pub use about::{About, DETECTIONS, Parameter, SettingError, Settings, detection};
pub use across::{Across, AcrossError, Crossing, CrossingKind, SEEN_ACROSS, SPRAY_ACROSS};
pub use detector::Detector;
pub use patterns::{Patterns, StateError};
pub use policy::{Allowed, Line, Policy, PolicyError};
pub use rules::{beside_patterns, built_in, built_in_files};
pub use seen::{Act, Outcome, Seen, account, address};
pub use steps::first_steps;
pub use tools::{tool, tools};
pub use vocabulary::{Vocabulary, VocabularyError};
