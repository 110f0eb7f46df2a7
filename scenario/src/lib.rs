//! Attacks of the alert among ordinary days, as the logs of a provider's customers, made from a seed. No files, no clock:
//! the same name, seed and size give the same text.
//!
//! ```
//! let made = scenario::make("log-cleared", 7, scenario::Form::Attack, 1).expect("a scenario");
//! assert_eq!(made.must[0].rule, "bw.log-tampering");
//! assert!(made.files.iter().any(|f| f.customer == "acme" && f.name == "security.ndjson"));
//! ```

mod attacks;
mod chance;
mod folders;
mod month;
mod noise;
mod world;

pub use folders::{Expected, Must};
pub use month::{MONTH, Month, policy_of_month};

use attacks::{PLAYED, Played};
use folders::{Folder, RECORDED};
use std::collections::BTreeSet;
use world::World;

/// People of each customer at size 1.
const PEOPLE: i64 = 30;
/// Ordinary days at size 1.
const DAYS: i64 = 14;
/// Greatest size.
pub const SIZE_LIMIT: u32 = 200;

/// Whether the attack is played, or what only looks like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// With the attack.
    Attack,
    /// The quiet twin: nothing may fire.
    Quiet,
}

/// One file of one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Whose.
    pub customer: &'static str,
    /// Its name.
    pub name: String,
    /// Its text: lines in the order of their times.
    pub text: String,
}

/// A scenario as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its files.
    pub files: Vec<File>,
    /// What must fire; nothing in a quiet twin.
    pub must: Vec<Must>,
    /// What must not: every detection that is not in `must`.
    pub must_not: Vec<String>,
}

/// A scenario as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Its name, which is that of its folder.
    pub name: &'static str,
    /// Its story, in Markdown.
    pub story: &'static str,
    /// What must and must not be found in it.
    pub expected: &'static Expected,
    /// Whether [`make`] makes its records; otherwise they lie in its folder.
    pub is_made: bool,
}

/// Every folder, of those that are made first.
fn folders() -> impl Iterator<Item = &'static Folder> {
    PLAYED.iter().map(|p| &p.folder).chain(RECORDED)
}

/// Every scenario that can be made: its name, and what it is about.
pub fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    told().filter(|t| t.is_made).map(|t| (t.name, t.expected.about.as_str()))
}

/// Every scenario with its story, those that are made first.
pub fn told() -> impl Iterator<Item = Told> {
    let told = |(number, folder): (usize, &'static Folder)| Told {
        name: folder.name,
        story: folder.story,
        expected: folders::expected(folder),
        is_made: number < PLAYED.len(),
    };
    (0..).zip(folders()).map(told)
}

/// Every detection that any scenario is about.
#[must_use]
pub fn rules() -> Vec<&'static str> {
    let all: BTreeSet<&str> = told().flat_map(|t| t.expected.must.iter().map(|m| m.rule.as_str())).collect();
    all.into_iter().collect()
}

/// Makes a scenario; `None` when there is none of this name. `size` multiplies the people, at most [`SIZE_LIMIT`].
#[must_use]
pub fn make(name: &str, seed: u64, form: Form, size: u32) -> Option<Made> {
    let played: &Played = PLAYED.iter().find(|p| p.folder.name == name)?;
    let people = PEOPLE * i64::from(size.clamp(1, SIZE_LIMIT));
    // Different scenarios of one seed are different worlds.
    let salt = name.bytes().fold(0_u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
    let mut world = World::new(seed ^ salt, played.customers, people, DAYS);
    (played.play)(&mut world, form == Form::Attack);
    let file = |(customer, name, text)| File { customer, name, text };
    let files = world.files().into_iter().map(file).collect();
    let expected = folders::expected(&played.folder);
    let must = if form == Form::Attack { expected.must.clone() } else { vec![] };
    let near = expected.must_not.iter().map(String::as_str);
    let others: BTreeSet<&str> = near.chain(rules()).filter(|r| !must.iter().any(|m| m.rule == *r)).collect();
    Some(Made { files, must_not: others.into_iter().map(str::to_owned).collect(), must })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_text_and_another_one_another() {
        for (name, about) in list() {
            assert!(about.len() > 20, "{name}");
            let made = |seed, form| make(name, seed, form, 1).expect(name);
            assert_eq!(made(7, Form::Attack), made(7, Form::Attack), "{name}");
            assert_ne!(made(7, Form::Attack).files, made(8, Form::Attack).files, "{name}");
            assert_ne!(made(7, Form::Attack).files, made(7, Form::Quiet).files, "{name}");
            let lines: usize = made(7, Form::Attack).files.iter().map(|f| f.text.lines().count()).sum();
            assert!(lines > 2_500, "{name} has {lines} records");
        }
        assert_eq!(make("nothing", 1, Form::Attack, 1), None);
    }

    #[test]
    fn names_are_unique_and_customers_have_files() {
        let names: BTreeSet<&str> = list().map(|(name, _)| name).collect();
        assert_eq!(names.len(), list().count());
        for played in PLAYED {
            let name = played.folder.name;
            let made = make(name, 1, Form::Attack, 1).expect("there");
            let customers: BTreeSet<&str> = made.files.iter().map(|f| f.customer).collect();
            assert_eq!(customers, played.customers.iter().copied().collect(), "{name}");
            let named: BTreeSet<&str> =
                made.must.iter().flat_map(|m| m.customers.iter().map(String::as_str)).collect();
            assert_eq!(named, customers, "{name}: whom it must be found at");
        }
    }
}
