//! Holds the parsers from outside: on the public corpora where they are, and on made documents of every kind.

mod directory_and_cloud;
mod network;
mod scanners;
