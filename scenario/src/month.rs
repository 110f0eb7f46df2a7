//! A quiet month: three customers on ordinary days, with the noise that real ones make, day by day, so that a month of
//! millions of records does not have to stand in memory. Nothing in it is an attack.

use crate::File;
use crate::noise;
use crate::world::{BEGIN, DAY, World};

/// The customers of a month.
pub const MONTH: [&str; 3] = ["acme", "borealis", "clinic"];

/// A month that is being made.
pub struct Month {
    world: World,
    day: i64,
}

impl Month {
    /// So many days with so many people at each customer.
    #[must_use]
    pub fn new(seed: u64, people: i64, days: i64) -> Self {
        let mut world = World::empty(seed, &MONTH, people.max(20), days);
        noise::before(&mut world);
        Self { world, day: 0 }
    }

    /// The files of the next day, each with its lines in the order of their times; `None` behind the last day.
    pub fn next_day(&mut self) -> Option<Vec<File>> {
        if self.day >= self.world.days {
            return None;
        }
        for number in 0..MONTH.len() {
            self.world.ordinary(number, self.day);
            noise::day(&mut self.world, number, self.day);
        }
        self.day += 1;
        let until = BEGIN + self.day * DAY;
        let file = |(customer, name, text)| File { customer, name, text };
        Some(self.world.files_until(until).into_iter().map(file).collect())
    }
}

/// What is ordinary at a customer of the month, as the text of a policy: what its people and the provider agreed on.
#[must_use]
pub fn policy_of_month(customer: &str) -> String {
    let number = MONTH.iter().position(|c| *c == customer).unwrap_or(0);
    let mut lines = vec![
        ("ticket", "adm.change*".to_owned(), "2026-11-18T20:00:00Z", "2026-11-19T06:00:00Z"),
        ("maintenance", "srv-*".to_owned(), "2026-11-18T20:00:00Z", "2026-11-19T06:00:00Z"),
        ("remote-tool", "Quick Assist".to_owned(), "2026-10-01T00:00:00Z", "2027-06-01T00:00:00Z"),
    ];
    // The third one has forgotten to say where its scanner stands.
    if number < 2 {
        let scanner = format!("10.{}.9.250", 20 + number);
        lines.push(("scanner", scanner, "2026-10-01T00:00:00Z", "2027-06-01T00:00:00Z"));
    }
    let line = |(allow, what, from, until): (&str, String, &str, &str)| {
        format!(
            "[[line]]\nallow = '{allow}'\nwhat = '{what}'\nfrom = '{from}'\nuntil = '{until}'\nreason = 'agreed'\n"
        )
    };
    lines.into_iter().map(line).collect()
}
