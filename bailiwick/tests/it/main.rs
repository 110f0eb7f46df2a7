//! The integration tests of the workspace: what holds for all rooms together.

mod limits;
mod tidy;
