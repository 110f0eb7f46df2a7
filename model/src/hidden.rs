//! What a reader does not see in a text, though it changes what is seen or steers a terminal.

/// Whether a character steers a terminal (C0, DEL, C1), turns the direction of writing, or is not seen at all: whoever shows
/// text from outside shows such a one as an escape.
///
/// ```
/// assert!(['\u{1b}', '\u{9b}', '\n', '\u{61c}', '\u{202e}', '\u{200b}', '\u{e0041}'].into_iter().all(model::is_hidden));
/// assert!(!"aä日 \u{1f600}".chars().any(model::is_hidden));
/// ```
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
            | 0xfe00..=0xfe0f | 0xfeff | 0xfff0..=0xfffb | 0xe0000..=0xe0fff)
}
