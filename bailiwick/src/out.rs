//! Where words and data go: data to standard output, talk to standard error, and no control character to either.

use serde_json::Value;
use std::io::{self, IsTerminal, Write};

/// How the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Words and tables.
    Text,
    /// One document.
    Json,
    /// A line each.
    Jsonl,
}

/// The way out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    pub(crate) form: Form,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    pub(crate) color: bool,
}

/// Makes text from outside harmless: control characters (also C1), and those that turn the direction of writing or
/// are invisible, are written as escapes.
pub(crate) fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) {
            made.extend(c.escape_default());
        } else {
            made.push(c);
        }
    }
    made
}

/// [`clean`] on each line of a text of several.
pub(crate) fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

impl Out {
    /// Writes to standard output; a reader that went away ends the writing, not the command.
    fn write(text: &str) {
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    /// One JSON document.
    pub(crate) fn document(self, schema: &str, mut value: Value) {
        if let Some(map) = value.as_object_mut() {
            map.insert("schema".into(), format!("bailiwick-{schema}/1").into());
        }
        Self::write(&format!("{value}\n"));
    }

    /// One line of JSON of a stream.
    pub(crate) fn json_line(self, value: &Value) {
        Self::write(&format!("{value}\n"));
    }

    /// Lines of text as data; newlines stay, everything else that is no text is escaped.
    pub(crate) fn text(self, text: &str) {
        let lines: Vec<String> = text.split('\n').map(clean).collect();
        Self::write(&format!("{}\n", lines.join("\n")));
    }

    /// One row of a stream, with tabs between its cells.
    pub(crate) fn row(self, cells: &[&str]) {
        let cells: Vec<String> = cells.iter().map(|c| clean(c)).collect();
        Self::write(&format!("{}\n", cells.join("\t")));
    }

    /// Text of our own, as it stands: help, man pages, completions.
    pub(crate) fn verbatim(self, text: &str) {
        Self::write(text);
    }

    /// A table: drawn on a terminal, tabs and lines for other programs.
    pub(crate) fn table(self, head: &[&str], rows: Vec<Vec<String>>) {
        let rows: Vec<Vec<String>> = rows.into_iter().map(|r| r.iter().map(|c| clean(c)).collect()).collect();
        if io::stdout().is_terminal() {
            let mut table = comfy_table::Table::new();
            table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
            table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
            table.set_header(head.to_vec());
            for row in rows {
                table.add_row(row);
            }
            return Self::write(&format!("{table}\n"));
        }
        let mut text = head.join("\t");
        text.push('\n');
        for row in rows {
            text.push_str(&row.join("\t"));
            text.push('\n');
        }
        Self::write(&text);
    }

    /// Talk: on standard error, unless it shall be quiet.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// Talk for those who want more of it.
    pub(crate) fn detail(self, text: &str) {
        if self.verbose {
            self.say(text);
        }
    }

    /// Talk that is never left out: faults.
    pub(crate) fn insist(self, text: &str) {
        let lines: Vec<String> = text.trim_end_matches('\n').split('\n').map(clean).collect();
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "{}", lines.join("\n"));
    }

    /// A word that shall stand out; colour only where it is seen, and never alone.
    pub(crate) fn strong(self, word: &str, good: bool) -> String {
        if self.color && self.form == Form::Text && io::stdout().is_terminal() {
            let colour = if good { "32" } else { "31" };
            return format!("\u{1b}[1;{colour}m{word}\u{1b}[0m");
        }
        word.to_owned()
    }

    /// A line that begins with a strong word.
    pub(crate) fn verdict(self, word: &str, good: bool, rest: &str) {
        Self::write(&format!("{}{}\n", self.strong(word, good), clean(rest)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_comes_through() {
        for (text, want) in [
            ("plain äöü 日本", "plain äöü 日本"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{202e}b\u{200b}", "a\\u{202e}b\\u{200b}"),
            ("bell\u{7}\r\t", "bell\\u{7}\\r\\t"),
        ] {
            assert_eq!(clean(text), want);
        }
    }
}
