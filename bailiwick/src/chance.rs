//! The only source of randomness: the machine's.

use custody::Chance;
use std::io;

/// The machine's randomness.
pub(crate) struct Machine;

impl Chance for Machine {
    #[expect(clippy::disallowed_methods, reason = "this is the one door to the machine's randomness")]
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }
}

/// A name that nobody else has.
pub(crate) fn name() -> io::Result<String> {
    let mut bytes = [0; 8];
    Machine.fill(&mut bytes)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}
