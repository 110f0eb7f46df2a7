//! What bytes from outside do to a file: the grammar that the properties of homes, bundles and witnesses share.

/// A change to one file: a line that chooses it, then `=` and other bytes, `<` and a place to cut at, `+` and bytes
/// behind it, or `^` and bytes that are laid over those from a place on.
pub(super) struct Change<'a> {
    choice: &'a [u8],
    how: u8,
    with: &'a [u8],
}

impl<'a> Change<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let line = bytes.iter().position(|&b| b == b'\n')?;
        let (how, with) = bytes[line + 1..].split_first()?;
        Some(Self { choice: &bytes[..line], how: *how, with })
    }

    /// The name that the first line chooses: the first that holds it, otherwise one by its length.
    pub(super) fn chosen<'n>(&self, names: &'n [String]) -> &'n str {
        let holds = |name: &&String| {
            !self.choice.is_empty()
                && name.as_bytes().windows(self.choice.len()).any(|part| part == self.choice)
        };
        let by_length = names.get(self.choice.len() % names.len().max(1));
        names.iter().find(holds).or(by_length).map_or("", String::as_str)
    }

    /// The file after it.
    pub(super) fn apply(&self, file: &[u8]) -> Vec<u8> {
        let (place, rest) = match self.with {
            [high, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
            _ => (0, self.with),
        };
        match self.how {
            b'<' => file[..place.min(file.len())].to_vec(),
            b'+' => [file, self.with].concat(),
            b'^' => {
                let mut changed = file.to_vec();
                let from = place % file.len().max(1);
                changed[from.min(file.len())..].iter_mut().zip(rest).for_each(|(byte, with)| *byte ^= with);
                changed
            }
            _ => self.with.to_vec(),
        }
    }
}
