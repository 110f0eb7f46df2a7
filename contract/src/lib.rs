//! The contract as data: measures, who owes each, thresholds, versions.
