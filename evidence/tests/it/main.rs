//! Holds the parsers from outside: on the public corpora where they are, on made documents of every kind; and the page that lists them.

mod directory_and_cloud;
mod network;
mod page;
mod scanners;
