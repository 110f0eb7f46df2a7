//! Sigma 2.1: rules, filters and correlations, matched all at once. No input or output.
//!
//! [`load`] reads YAML documents and refuses what is wrong with file, line, column and a word of help. [`Compiled`] is a
//! set of rules in which every question is asked once, whatever number of rules asks it: immutable, shared by all
//! workers, exchanged as a whole. [`Engine`] takes one event after the other and gives [`Hit`]s; correlations keep their
//! windows in it. [`plain`] is the evaluator that everything is held against: one rule on one event, as the
//! specification says it.
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
//!
//! Who reads events from text hands over values instead of trees: only the fields that some rule asks, borrowed, on any
//! number of threads.
//!
//! ```
//! # let yaml = "title: Login as root\nlogsource: {category: test}\ndetection:\n  s: {user: root}\n  condition: s\n";
//! # let loaded = sigma::load([("root.yml".to_owned(), yaml.as_bytes().to_vec())]);
//! use sigma::{Compiled, EngineOptions, FieldValue, Fields, Scratch};
//! let compiled = std::sync::Arc::new(Compiled::new(loaded.rules, EngineOptions::default()));
//! let route = compiled.route(&sigma::classify("ndjson", &serde_json::Map::new()));
//! let (mut fields, mut scratch) = (Fields::new(), Scratch::default());
//! let mut event = fields.begin(compiled.names(), route.extent());
//! if let Some(at) = event.enter(event.top(), "user") {
//!     event.put(at, FieldValue::Text("Root"));
//! }
//! assert_eq!(compiled.matches(&route, &fields, &mut scratch), [0]);
//! ```

mod compiled;
mod condition;
mod correlation;
mod detection;
mod engine;
mod event;
mod explain;
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
mod reach;
mod refuse;
mod rule;
mod values;
mod words;
mod yaml;

pub use compiled::Compiled;
pub use engine::{Engine, EngineOptions, Hit, Observed};
pub use explain::{Branch, Explanation, FieldLook, Outcome, Outline, Relations, explain, outline, relations};
pub use fields::{At, Extent, FieldId, FieldValue, Fields, Filling, Names};
pub use gate::{Literal, Standing, folded, necessary};
pub use load::{Loaded, Placeholders, Unarmed, load, load_with};
pub use logsource::{Class, Source, Sources, SourcesError, Wanted, classify, classify_with};
pub use matcher::{Route, Scratch};
pub use reach::{Delivered, Hindrance, hindrances};
pub use refuse::Refused;
pub use rule::{LogSource, Rule, RuleKind, RuleSet};
pub use values::values;
pub use words::necessary_words;

/// The page that a stranger reads first: what it shows compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
