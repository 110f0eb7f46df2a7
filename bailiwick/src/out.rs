//! Where words and data go: data to standard output, talk to standard error, and no control character to either.

use comfy_table::{LineStyle, TableStyle};
use model::is_hidden;
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;

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

const LINE: LineStyle = LineStyle::none().fill('─').junction('─');
/// Lines around a table and below its head.
const LINES: TableStyle = TableStyle::new().top_border(LINE).header_separator(LINE).bottom_border(LINE);

/// Columns of a terminal around the text of a cell.
const PADDING: usize = 2;

/// What ended the writing to standard output early, if anything did.
static BROKEN: OnceLock<io::Error> = OnceLock::new();

/// Why standard output could not be written, when it was not its reader who went away.
pub(crate) fn broken() -> Option<&'static io::Error> {
    BROKEN.get().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
}

/// Makes text from outside harmless: what is hidden is written as an escape.
pub(crate) fn clean(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            made.extend(c.escape_default());
        } else {
            made.push(c);
        }
    }
    made
}

/// A value as JSON without anything that is hidden: inside of strings, where alone it can stand, JSON has escapes for it,
/// so nothing is lost.
fn json(value: &Value) -> String {
    escaped(value.to_string())
}

/// The same on lines set in, for a file that people may look at.
pub(crate) fn json_lines(value: &Value) -> String {
    format!(
        "{}\n",
        format!("{value:#}").split('\n').map(|line| escaped(line.to_owned())).collect::<Vec<_>>().join("\n")
    )
}

fn escaped(plain: String) -> String {
    if !plain.chars().any(is_hidden) {
        return plain;
    }
    let mut made = String::with_capacity(plain.len() + 16);
    for c in plain.chars() {
        if is_hidden(c) {
            let units = c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("\\u{u:04x}")).collect::<String>();
            made.push_str(&units);
        } else {
            made.push(c);
        }
    }
    made
}

/// A path as it was given. Where its name is no UTF-8, the bytes that are none stand as `\xNN`, and `\` as `\\`, so
/// that two paths never look the same.
pub(crate) fn path(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut made = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        made.push_str(&chunk.valid().replace('\\', "\\\\"));
        made.extend(chunk.invalid().iter().map(|b| format!("\\x{b:02x}")));
    }
    made
}

/// [`clean`] on each line of a text of several.
pub(crate) fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

impl Out {
    /// Writes to standard output. What fails once is not tried again, and is told at the end.
    fn write(text: &str) {
        #[cfg(test)]
        if heard::takes(text) {
            return;
        }
        if BROKEN.get().is_some() {
            return;
        }
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            let _ = BROKEN.set(error);
        }
    }

    /// Whether anybody still reads; a search for nobody need not go on.
    pub(crate) fn is_heard(self) -> bool {
        BROKEN.get().is_none()
    }

    /// One JSON document.
    pub(crate) fn document(self, schema: &str, mut value: Value) {
        if let Some(map) = value.as_object_mut() {
            map.insert("schema".into(), format!("bailiwick-{schema}/1").into());
        }
        Self::write(&format!("{}\n", json(&value)));
    }

    /// One line of JSON of a stream.
    pub(crate) fn json_line(self, value: &Value) {
        Self::write(&Self::line_of(value));
    }

    /// The same, to be written with others by [`Out::verbatim`].
    pub(crate) fn line_of(value: &Value) -> String {
        format!("{}\n", json(value))
    }

    /// Begins one JSON document with a list in it that is written as it is found, so that it needs no memory.
    pub(crate) fn listing(self, schema: &str, name: &str) -> Listing {
        Self::write(&format!("{{\"schema\":\"bailiwick-{schema}/1\",\"{name}\":["));
        Listing { any: false }
    }

    /// Lines of text as data; newlines stay, everything else that is no text is escaped.
    pub(crate) fn text(self, text: &str) {
        let lines: Vec<String> = text.split('\n').map(clean).collect();
        Self::write(&format!("{}\n", lines.join("\n")));
    }

    /// One line of data, whatever stands in it: who wrote a part of it cannot end it and write another one.
    pub(crate) fn line(self, text: &str) {
        self.prose(&clean(text));
    }

    /// Sentences as data: on a terminal broken between words, with what follows a line set in; for programs a line each.
    pub(crate) fn prose(self, text: &str) {
        let width = self.is_drawn().then(|| comfy_table::Table::new().width()).flatten();
        match width {
            Some(width) => {
                let lines: Vec<String> = text.split('\n').map(|l| wrapped(l, usize::from(width))).collect();
                self.text(&lines.join("\n"));
            }
            None => self.text(text),
        }
    }

    /// Whether data goes to a terminal, where people read it.
    pub(crate) fn is_drawn(self) -> bool {
        self.form == Form::Text && io::stdout().is_terminal()
    }

    /// One row of a stream, with tabs between its cells.
    pub(crate) fn row(self, cells: &[&str]) {
        Self::write(&Self::row_of(cells));
    }

    /// The same, to be written with others by [`Out::verbatim`].
    pub(crate) fn row_of(cells: &[&str]) -> String {
        let cells: Vec<String> = cells.iter().map(|c| clean(c)).collect();
        format!("{}\n", cells.join("\t"))
    }

    /// Text of our own, as it stands: help, man pages, completions, lines that were made ready.
    pub(crate) fn verbatim(self, text: &str) {
        Self::write(text);
    }

    /// A table: drawn on a terminal, tabs and lines for other programs.
    pub(crate) fn table(self, head: &[&str], rows: Vec<Vec<String>>) {
        let rows: Vec<Vec<String>> = rows.into_iter().map(|r| r.iter().map(|c| clean(c)).collect()).collect();
        if io::stdout().is_terminal() {
            return Self::write(&drawn(head, &rows, comfy_table::Table::new().width()));
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
        #[cfg(test)]
        if heard::takes(&format!("{}\n", lines.join("\n"))) {
            return;
        }
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "{}", lines.join("\n"));
    }

    /// A word that shall stand out; colour only where it is seen, and never alone.
    pub(crate) fn strong(self, word: &str, good: bool) -> String {
        if self.color && self.form == Form::Text {
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

/// A table as people see it. No word is broken: where the longest words of the columns do not fit beside each other, each row
/// stands as a block of lines.
fn drawn(head: &[&str], rows: &[Vec<String>], width: Option<u16>) -> String {
    let cells = |n: usize| rows.iter().filter_map(move |row| row.get(n)).map(String::as_str).chain([head[n]]);
    let words = |n: usize| cells(n).flat_map(str::split_whitespace).map(|word| word.chars().count());
    let least: Vec<usize> = (0..head.len()).map(|n| words(n).max().unwrap_or(0) + PADDING).collect();
    if let Some(width) = width.map(usize::from).filter(|width| least.iter().sum::<usize>() > *width) {
        return blocks(head, rows, width);
    }
    let mut table = comfy_table::Table::new();
    // No lines between rows: a screen holds twice as many.
    table.load_style(LINES);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    table.set_header(head.to_vec());
    for row in rows {
        table.add_row(row.clone());
    }
    for (column, least) in table.column_iter_mut().zip(least) {
        let least = comfy_table::Width::Fixed(u16::try_from(least).unwrap_or(u16::MAX));
        column.set_constraint(comfy_table::ColumnConstraint::LowerBoundary(least));
    }
    format!("{table}\n")
}

/// Each row as lines, a cell each, the first one as its heading.
fn blocks(head: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let mut made = String::new();
    for row in rows {
        for (n, (name, cell)) in head.iter().zip(row).enumerate().filter(|(_, (_, cell))| !cell.is_empty()) {
            let line = format!("{}{name}: {cell}", if n == 0 { "" } else { "  " });
            made.push_str(&wrapped(&line, width));
            made.push('\n');
        }
    }
    made
}

/// A line broken between words where it is longer than a terminal is wide. A word that is longer stays whole.
fn wrapped(line: &str, width: usize) -> String {
    let margin = line.len() - line.trim_start_matches(' ').len();
    let set_in = " ".repeat(margin + 4);
    let (mut made, mut used) = (" ".repeat(margin), margin);
    for (n, word) in line.split_whitespace().enumerate() {
        let long = word.chars().count();
        if n > 0 && used + 1 + long > width {
            made.push('\n');
            made.push_str(&set_in);
            used = set_in.len();
        } else if n > 0 {
            made.push(' ');
            used += 1;
        }
        made.push_str(word);
        used += long;
    }
    made
}

/// A list that is being written.
pub(crate) struct Listing {
    any: bool,
}

impl Listing {
    /// Its next member.
    pub(crate) fn push(&mut self, value: &Value) {
        Out::write(&format!("{}{}", if self.any { ",\n" } else { "\n" }, json(value)));
        self.any = true;
    }

    /// Its end, and what else the document says.
    pub(crate) fn end(self, rest: &Value) {
        let mut text = String::from("]");
        for (name, value) in rest.as_object().into_iter().flatten() {
            text.push_str(&format!(",{}:{}", json(&name.as_str().into()), json(value)));
        }
        Out::write(&format!("{text}}}\n"));
    }
}

/// What would be written, for a test to look at.
#[cfg(test)]
pub(crate) mod heard {
    use std::cell::RefCell;

    thread_local! {
        static HEARD: RefCell<Option<String>> = const { RefCell::new(None) };
    }

    /// All that this thread writes meanwhile, to standard output and standard error.
    pub(crate) fn of(what: impl FnOnce()) -> String {
        HEARD.set(Some(String::new()));
        what();
        HEARD.take().unwrap_or_default()
    }

    pub(super) fn takes(text: &str) -> bool {
        HEARD.with_borrow_mut(|heard| heard.as_mut().map(|heard| heard.push_str(text)).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_breaks_no_word_and_is_told_in_blocks_where_it_is_too_wide() {
        let head = ["customer", "on", "says", "document"];
        let rows = [[
            "clinic",
            "ws-accounts-01.clinic.example",
            "ScreenConnect Client (0a1b)",
            "ev-0123456789abcdef01234567",
        ]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        for width in [20, 40, 60, 80, 90, 100, 200] {
            let text = drawn(&head, &rows, Some(width));
            for word in rows[0].iter().flat_map(|cell| cell.split(' ')) {
                assert!(text.contains(word), "{width}: `{word}` is broken:\n{text}");
            }
            let longest = text.lines().map(|line| line.chars().count()).max().expect("lines");
            assert!(longest <= usize::from(width).max(46), "{width}: {longest}\n{text}");
        }
        assert!(drawn(&head, &rows, Some(40)).contains("customer: clinic\n  on: ws"), "in blocks");
        assert!(drawn(&head, &rows, Some(90)).contains('─'), "as a table");
    }

    #[test]
    fn a_long_line_breaks_between_words_and_a_long_word_stays_whole() {
        assert_eq!(wrapped("  a: one two three", 11), "  a: one\n      two\n      three");
        assert_eq!(wrapped("short", 80), "short");
        assert_eq!(wrapped("x abcdefghij y", 5), "x\n    abcdefghij\n    y");
    }

    #[test]
    fn json_holds_nothing_that_steers_a_terminal_and_loses_nothing() {
        let value =
            serde_json::json!({"a\u{9b}": "x\u{202e}y\u{7f}\n\u{feff}\u{e0041}", "b": "äö 日本 \u{1f600}"});
        let text = json(&value);
        assert!(!text.chars().any(is_hidden), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }

    #[cfg(unix)]
    #[test]
    fn two_paths_never_look_the_same() {
        use std::os::unix::ffi::OsStrExt;
        let shown = |bytes: &[u8]| path(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(shown("/a/ö \\x".as_bytes()), "/a/ö \\x");
        assert_eq!(shown(b"n\xff.log"), "n\\xff.log");
        assert_eq!(shown(b"n\\\xfe"), "n\\\\\\xfe");
        assert_ne!(shown(b"\xff"), shown(b"\xfe"));
    }

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
