//! Holds the shape of the source: first lines, lengths, reasons beside exceptions, and who may open which door.

use super::source::{code, exceptions, functions, without_tests};
use super::{File, content, notices, tree};

/// Lines of a file. About 200 is usual, at 500 one looks for the seam.
const FILE_LINES: usize = 800;
/// Lines of a function, counted from `fn` to its closing brace. 30 is usual, 70 the most that fits on a screen.
const FUNCTION_LINES: usize = 100;

/// The files that open a door which `clippy.toml` shuts, by the start of their path: nothing else reads the clock,
/// writes files, asks the environment or draws randomness.
const DOORS: &[(&str, &str)] = &[
    ("custody/src/disk", "the only room that writes files"),
    ("bailiwick/src/chance.rs", "asks the machine for randomness"),
    ("bailiwick/src/clock.rs", "reads the time"),
    ("bailiwick/src/config.rs", "reads the environment"),
    ("segment/benches", "looks at the clock"),
    ("detect/benches", "looks at the clock"),
    ("sigma/benches", "looks at the clock and the count of memory"),
    ("assess/benches", "looks at the clock and the kernel's count of memory"),
    ("evidence/benches", "looks at the clock"),
    ("ledger/benches", "looks at the clock"),
    ("custody/benches", "looks at the clock"),
    ("verify/benches", "looks at the clock and writes its input"),
    ("bailiwick/benches", "starts the program, looks at the clock, writes its input"),
    ("verify/src/main.rs", "decides the exit code"),
    ("assess/build.rs", "cargo tells it where to write the list of checks"),
    ("witness/src/state.rs", "the witness's own small state"),
    ("witness/src/main.rs", "the time and the key of a witness"),
];

/// The rooms that may open sockets, and their words.
const ROOMS_WITH_SOCKETS: &[&str] = &["bailiwick/", "collect/", "witness/"];
const SOCKETS: &[&str] =
    &["TcpListener", "TcpStream", "UdpSocket", "UnixListener", "UnixStream", "UnixDatagram"];

fn first_line(file: &File, text: &str) -> Option<String> {
    let opening: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let sentence = opening.split(|line| line.is_empty()).next().unwrap_or_default().join(" ");
    let says = sentence.split_whitespace().count() >= 3 && sentence.ends_with(['.', ':', '?']);
    (!says).then(|| format!("{} does not open with `//!` and a sentence that says what it is for", file.path))
}

fn lengths(file: &File, text: &str, code: &str) -> Vec<String> {
    let mut complaints = vec![];
    let lines = text.lines().count();
    if lines > FILE_LINES {
        complaints
            .push(format!("{} has {lines} lines, {FILE_LINES} are allowed: look for the seam", file.path));
    }
    for (name, line, lines) in functions(code).into_iter().filter(|(_, _, lines)| *lines > FUNCTION_LINES) {
        complaints
            .push(format!("{}:{line}: `{name}` has {lines} lines, {FUNCTION_LINES} are allowed", file.path));
    }
    complaints
}

fn left_open(file: &File, code: &str) -> Vec<String> {
    let found = ["#[ignore", "todo!(", "unimplemented!("].into_iter().flat_map(|word| {
        code.match_indices(word).map(move |(at, _)| (code[..at].matches('\n').count() + 1, word))
    });
    found.map(|(line, word)| format!("{}:{line}: `{word}` leaves something open", file.path)).collect()
}

fn reasons(file: &File, text: &str, code: &str) -> Vec<String> {
    let silent = |attribute: &str| {
        let reason = attribute.split_once("reason").map_or("", |(_, reason)| reason);
        reason.split_whitespace().count() < 3
    };
    let found = exceptions(text, code).into_iter().filter(|(_, attribute)| silent(attribute));
    found.map(|(line, _)| format!("{}:{line}: an exception without a reason", file.path)).collect()
}

fn doors(file: &File, text: &str, code: &str) -> Vec<String> {
    let product = without_tests(&file.path, code);
    let mut complaints = vec![];
    if !DOORS.iter().any(|(path, _)| file.path.starts_with(path)) {
        let opened =
            exceptions(text, product).into_iter().filter(|(_, what)| what.contains("disallowed_methods"));
        complaints.extend(
            opened.map(|(line, _)| format!("{}:{line}: a door that the plan does not know", file.path)),
        );
    }
    if !ROOMS_WITH_SOCKETS.iter().any(|room| file.path.starts_with(room)) {
        let named = SOCKETS.iter().filter(|socket| product.contains(**socket));
        complaints.extend(
            named.map(|socket| format!("{} names `{socket}`: this room opens no sockets", file.path)),
        );
    }
    complaints
}

fn every(file: &File) -> Vec<String> {
    let Some(text) = file.text() else { return vec![format!("{} is not UTF-8", file.path)] };
    let code = code(text);
    let mut complaints: Vec<String> = first_line(file, text).into_iter().collect();
    complaints.extend(lengths(file, text, &code));
    complaints.extend(left_open(file, &code));
    complaints.extend(reasons(file, text, &code));
    complaints.extend(doors(file, text, &code));
    complaints
}

#[test]
fn every_source_file_keeps_the_shape_of_the_house() {
    let tree = tree();
    let sources: Vec<&File> = tree.iter().filter(|file| file.is_rust()).collect();
    assert!(sources.len() > 20, "only {} source files were looked at", sources.len());
    content(sources.into_iter().flat_map(every).collect());
}

#[test]
fn a_source_file_out_of_shape_is_noticed() {
    let check = |path: &str, text: &str| every(&File::new(path, text));
    let good = "//! Keeps the time.\n\nfn a() {}\n";
    let long_function =
        format!("//! Keeps the time.\nfn a() {{\n{}}}\n", "    b();\n".repeat(FUNCTION_LINES));
    let long_file = format!("//! Keeps the time.\n{}", "const A: u8 = 1;\n".repeat(FILE_LINES));
    for (path, text, words) in [
        ("x/src/a.rs", "fn a() {}\n", "does not open"),
        ("x/src/a.rs", "// Keeps the time.\n", "does not open"),
        ("x/src/a.rs", "//! Time\n", "does not open"),
        ("x/src/a.rs", &long_function, "`a` has 102 lines"),
        ("x/src/a.rs", &long_file, "has 801 lines"),
        ("x/src/a.rs", "//! Keeps the time.\n#[test]\n#[ignore]\nfn a() {}\n", "a.rs:3: `#[ignore`"),
        ("x/src/a.rs", "//! Keeps the time.\nfn a() { todo!() }\n", "todo!("),
        ("x/src/a.rs", "//! Keeps the time.\nfn a() { unimplemented!(\"x\") }\n", "unimplemented!("),
        (
            "x/src/a.rs",
            "//! Keeps the time.\n#[allow(dead_code)]\nfn a() {}\n",
            "a.rs:2: an exception without a reason",
        ),
        ("x/src/a.rs", "//! Keeps the time.\n#![expect(dead_code, reason = \"\")]\n", "without a reason"),
        (
            "x/src/a.rs",
            "//! Keeps the time.\n#[expect(clippy::disallowed_methods, reason = \"I want it so\")]\nfn a() {}\n",
            "a door",
        ),
        ("x/src/a.rs", "//! Keeps the time.\nuse std::net::TcpListener;\n", "opens no sockets"),
    ] {
        notices(check(path, text), words, check(path, good));
    }
    let door = "//! Keeps the time.\n#[expect(clippy::disallowed_methods, reason = \"the one clock there is\")]\nfn a() {}\n";
    content(check("bailiwick/src/clock.rs", door));
    content(check("x/src/a/tests.rs", door));
    content(check(
        "x/src/a.rs",
        "//! Keeps the time.\n// todo!() and #[ignore]\nconst A: &str = \"todo!()\";\n",
    ));
}

#[test]
fn every_door_is_still_used() {
    let tree = tree();
    let unused = DOORS.iter().filter(|(path, _)| {
        let mut there = tree.iter().filter(|file| file.path.starts_with(path)).peekable();
        there.peek().is_some()
            && !there.any(|file| file.text().is_some_and(|text| text.contains("disallowed_methods")))
    });
    content(unused.map(|(path, _)| format!("{path} opens no door any more: take it off the list")).collect());
}
