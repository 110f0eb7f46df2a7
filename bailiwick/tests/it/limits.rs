//! Holds the table of limits in the README against the limits in the code.

/// A number of bytes the way people say it.
fn bytes(number: u64) -> String {
    match number {
        n if n % (1 << 30) == 0 => format!("{} GiB", n >> 30),
        n if n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n => format!("{n} bytes"),
    }
}

/// A number with commas.
fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[test]
fn the_limits_in_the_readme_are_those_of_the_code() {
    let limits = collect::Limits::default();
    let readme = std::fs::read_to_string(crate::tidy::root().join("README.md")).expect("the README is there");
    for (what, limit) in [
        ("bytes of one record", bytes(limits.record_bytes as u64)),
        ("fields of one record", count(limits.fields)),
        ("depth of nesting", count(limits.depth)),
        ("bytes that one packed byte may become", limits.ratio.to_string()),
        ("bytes that a packed file may unpack to", bytes(limits.file_bytes)),
    ] {
        let row = format!("| {what} | {limit} | ");
        assert!(readme.contains(&row), "README.md has no row `{row}`");
    }
}
