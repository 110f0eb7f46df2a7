//! The integration tests of the workspace: what holds for all rooms together.

mod assess;
mod audit;
mod backwards;
mod corpus;
mod custody;
mod isolation;
mod kills;
mod limits;
mod program;
mod scenarios;
mod tidy;
mod together;
mod words;
mod workbench;
