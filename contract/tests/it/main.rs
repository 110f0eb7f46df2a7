//! What the contract promises, told from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod canonical;
mod catalogue;
mod changes;
mod corpora;
mod exceptions;
mod faults;
mod findings;
mod hostile;
mod owed;
mod profiles;

use contract::{Contract, Profile, template};
use jiff::civil::{Date, date};
use model::{Customer, CustomerId, Provider, Time};

/// The first day of every contract here.
fn first_day() -> Date {
    date(2026, 1, 1)
}

/// The draft under a profile.
fn draft(profile: &str) -> String {
    let provider = Provider::named("Northwind IT").unwrap();
    let since: Time = "2026-01-01T00:00:00Z".parse().unwrap();
    let customer = Customer::new(CustomerId::parse("acme").unwrap(), "Acme \"Clinic\" \\ Co", since).unwrap();
    template(Profile::named(profile).unwrap(), &provider, &customer, first_day())
}

/// A contract that must be readable.
fn read(text: &str) -> Contract {
    Contract::parse(text).unwrap_or_else(|errors| {
        let all: Vec<String> = errors.iter().map(|error| error.render("contract.toml")).collect();
        panic!("{}", all.join("\n\n"))
    })
}

/// A text with one thing exchanged, which must be there.
fn with(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old:?} is not there to be exchanged");
    text.replacen(old, new, 1)
}
