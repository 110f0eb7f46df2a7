//! Sigma 2.1: rules, filters and correlations, read and matched straight from the specification. No input or output.
//!
//! [`load`] reads YAML documents and refuses what is wrong with file, line, column and a word of help. [`Engine`] takes
//! one event after the other and gives [`Hit`]s; correlations keep their windows in it. This is the plain evaluator:
//! one rule on one event, as the specification says it, so that a faster one can be held against it.
//!
//! ```
//! let yaml = "title: Login as root\nlogsource: {category: test}\ndetection:\n  s: {user: root}\n  condition: s\n";
//! let loaded = sigma::load([("root.yml".to_owned(), yaml.as_bytes().to_vec())]);
//! assert_eq!((loaded.loaded, loaded.refused.len()), (1, 0));
//!
//! let mut engine = sigma::Engine::new(loaded.rules, sigma::EngineOptions::default());
//! let event: serde_json::Value = serde_json::json!({"user": "Root"});
//! let fields = event.as_object().expect("an object");
//! let class = sigma::classify("ndjson", fields);
//! let seen = sigma::Observed { fields, happened: jiff::Timestamp::UNIX_EPOCH, class: &class, seq: 7 };
//! assert_eq!(engine.observe(&seen)[0].seqs, [7]);
//! ```

mod compiled;
mod condition;
mod correlation;
mod detection;
mod engine;
mod event;
mod expression;
mod fields;
mod gate;
mod item;
mod load;
mod logsource;
mod matcher;
mod pattern;
pub mod plain;
mod quick;
mod refuse;
mod rule;
mod yaml;

pub use compiled::Compiled;
pub use engine::{Engine, EngineOptions, Hit, Observed};
pub use fields::{At, Extent, FieldId, FieldValue, Fields, Filling, Names};
pub use gate::{Literal, Standing, folded, necessary};
pub use load::{Loaded, Placeholders, Unarmed, load, load_with};
pub use logsource::{CLASS_FIELDS, Class, classify};
pub use matcher::{Route, Scratch};
pub use refuse::Refused;
pub use rule::{LogSource, Rule, RuleKind, RuleSet};
