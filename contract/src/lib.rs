//! The contract as data: the seventeen measures, who owes each, to what threshold, proved by which checks, signed by
//! whom. No disk, no clock: the day is a parameter.
//!
//! A [`Contract`] is read from TOML, every fault with line, column and caret. [`findings`] says what is wrong with one
//! that can be read, [`diff`] what changed between two, [`Contract::owner_of`] who owes a check on a day, and
//! [`template`] writes a complete draft. [`Profile`]s carry the numbers of laws and schemes; none is looser than the
//! floor of the alert. [`Exception`]s say what need not hold, and end by themselves.
//!
//! ```
//! use contract::{Contract, FindingKind, Owed, Profile, Side, checks, findings, template};
//! use model::{Customer, CustomerId, Provider, Time};
//!
//! let provider = Provider::named("Northwind IT").expect("a name");
//! let since: Time = "2026-01-01T00:00:00Z".parse().expect("RFC 3339");
//! let customer = Customer::new(CustomerId::parse("acme").expect("an id"), "Acme Clinic", since).expect("a name");
//! let today = jiff::civil::date(2026, 1, 1);
//! let profile = Profile::named("hipaa").expect("it ships with the program");
//!
//! let contract = Contract::parse(&template(profile, &provider, &customer, today)).expect("a draft is whole");
//! let found = findings(&contract, profile, &checks(), today);
//! assert_eq!(found.len(), 1);
//! assert_eq!(found[0].kind, FindingKind::Unsigned);
//! assert!(matches!(contract.owner_of("bk.age", Side::Customer, today), Owed::There(row) if row.key() == "backups"));
//! ```

mod change;
mod clause;
mod contract;
mod crosswalk;
mod draft;
mod embedded;
mod exception;
mod finding;
mod form;
mod measure;
mod owed;
mod parameter;
mod place;
mod profile;
mod read;
mod side;
mod unit;

pub use change::{Change, Direction, diff};
pub use clause::{Clause, ClauseStatus};
pub use contract::{About, Bound, Contract, Known, Party, Row, Signature, Signed, Threshold};
pub use crosswalk::{Framework, crosswalk};
pub use draft::template;
pub use exception::{Approval, Exception, NotInForce, Subject};
pub use finding::{Finding, FindingKind, findings};
pub use measure::{CheckInfo, Measure, MeasureDraft, checks};
pub use model::Side;
pub use owed::{Agreed, History, Owed};
pub use parameter::Parameter;
pub use place::{Code, ContractError};
pub use profile::{Applies, Confidence, InForce, Profile, ProfileStatus, Setting};
pub use side::Owner;
pub use unit::{Quantity, Stricter, Unit};
