//! Bundles made here, by a small writer of its own, then damaged and forged: the verifier must say so each time.

mod abreast;
mod answers;
mod damage;
mod forge;
mod forgery;
mod hostile;
mod program;
mod rules;
mod second;
mod thousand;
mod vault;
