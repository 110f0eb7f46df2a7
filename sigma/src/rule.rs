//! A loaded rule: what it says of itself, and what it asks.

use crate::correlation::Correlation;
use crate::detection::Detection;

/// Where a rule's events come from (Sigma 2.1, `logsource`).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSource {
    /// A kind of event whatever the product, such as `process_creation`.
    pub category: Option<String>,
    /// A product, such as `windows`.
    pub product: Option<String>,
    /// A part of a product, such as `security`.
    pub service: Option<String>,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleKind {
    /// Looks at one event.
    Detection,
    /// Looks at several hits of other rules.
    Correlation,
    /// Takes events away from other rules.
    Filter,
}

/// A rule, correlation or filter.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id; made of the title where it has none.
    pub id: String,
    /// The name by which correlations may call it.
    pub name: Option<String>,
    /// Its title.
    pub title: String,
    /// `informational` to `critical`.
    pub level: Option<String>,
    /// `stable`, `test`, `experimental`, `deprecated`, `unsupported`.
    pub status: Option<String>,
    /// What it looks for, in words.
    pub description: Option<String>,
    /// Tags, ATT&CK ids among them.
    pub tags: Vec<String>,
    /// Where its events come from.
    pub logsource: LogSource,
    /// What it is.
    pub kind: RuleKind,
    /// Its file, as given.
    pub path: String,
    /// The line on which its document begins.
    pub line: u64,
    /// Whether only a correlation speaks for it.
    pub silent: bool,
    pub(crate) body: Body,
}

impl Rule {
    /// The detection of a detection rule.
    pub(crate) fn detection(&self) -> Option<&Detection> {
        match &self.body {
            Body::Detection(detection) => Some(detection),
            Body::Correlation(_) | Body::Filter { .. } => None,
        }
    }

    /// The detection of a detection rule or of a filter.
    pub(crate) fn any_detection(&self) -> Option<&Detection> {
        match &self.body {
            Body::Detection(detection) | Body::Filter { detection, .. } => Some(detection),
            Body::Correlation(_) => None,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Detection(Detection),
    Correlation(Correlation),
    Filter { detection: Detection, targets: Targets },
}

/// Which rules a filter is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Targets {
    /// All whose log source does not contradict the filter's.
    Every,
    /// These, by id or name.
    Named(Vec<String>),
}

/// Loaded rules, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    pub(crate) rules: Vec<Rule>,
}

impl RuleSet {
    /// All rules.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rule of a number, as hits give it.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&Rule> {
        self.rules.get(number)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The number of the rule of an id or name.
    #[must_use]
    pub fn find(&self, id_or_name: &str) -> Option<usize> {
        let named = |r: &Rule| r.id == id_or_name || r.name.as_deref() == Some(id_or_name);
        self.rules.iter().position(named)
    }
}

impl FromIterator<Rule> for RuleSet {
    /// Rules one by one. Correlations among them still call rules by the numbers that they had where they come from.
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        Self { rules: rules.into_iter().collect() }
    }
}
