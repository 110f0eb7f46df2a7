//! Holds `docs/evidence.md` to the schema: its lists of kinds, formats and tables are those of the program, word for word.

use evidence::schema::{TABLES, Type};
use evidence::{FORMATS, KINDS};

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/evidence.md");
    std::fs::read_to_string(path).expect("docs/evidence.md stands in the repository")
}

/// What a type is called on the page.
fn word(holds: Type) -> &'static str {
    match holds {
        Type::Text => "text",
        Type::Number => "whole number",
        Type::Fraction => "number with a fraction",
        Type::Truth => "yes, no",
        Type::Instant => "instant",
    }
}

/// A cell of a table of Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn kinds() -> String {
    let mut made = String::from(
        "| kind | due after | a new one | tables | what it is |\n| --- | --- | --- | --- | --- |\n",
    );
    for kind in KINDS {
        let tables: Vec<String> = kind.tables.iter().map(|table| format!("`{table}`")).collect();
        let new = if kind.accumulates() { "adds up" } else { "takes the place" };
        let (name, due, about) = (kind.name, kind.due_days, cell(kind.about));
        made.push_str(&format!("| `{name}` | {due} d | {new} | {} | {about} |\n", tables.join(", ")));
    }
    made
}

fn formats() -> String {
    let mut made =
        String::from("| format | kind | what it is and which tool writes it |\n| --- | --- | --- |\n");
    for format in FORMATS {
        let kind =
            if format.kind.is_empty() { "must be named".to_owned() } else { format!("`{}`", format.kind) };
        made.push_str(&format!("| `{}` | {kind} | {} |\n", format.name, cell(format.about)));
    }
    made
}

fn tables() -> String {
    let mut made = String::new();
    for table in TABLES {
        made.push_str(&format!("### {}\n\n{}.\n\n", table.name, table.about));
        made.push_str("| column | holds | what it says |\n| --- | --- | --- |\n");
        for column in table.columns {
            made.push_str(&format!(
                "| `{}` | {} | {} |\n",
                column.name,
                word(column.holds),
                cell(column.about)
            ));
        }
        made.push('\n');
    }
    made
}

/// What stands under a heading of the second level, up to the next one.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, behind) =
        page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no `## {heading}`"));
    behind.split_once("\n## ").map_or(behind, |(section, _)| section)
}

/// The list that stands in a section: from its first line of that beginning on.
fn list<'a>(page: &'a str, heading: &str, begins: &str) -> &'a str {
    let section = section(page, heading);
    section.find(begins).map_or("", |at| &section[at..]).trim_end()
}

/// The first line in which two lists differ, as the program writes it; none where they are the same.
fn differs(found: &str, wanted: &str) -> Option<String> {
    let (mut found, mut wanted) = (found.lines(), wanted.trim_end().lines());
    loop {
        match (found.next(), wanted.next()) {
            (None, None) => return None,
            (there, line) if there == line => {}
            (there, line) => return Some(format!("docs/evidence.md says {there:?}, the program {line:?}")),
        }
    }
}

#[test]
fn the_page_lists_the_kinds_of_the_program() {
    assert_eq!(differs(list(&page(), "Kinds", "| kind |"), &kinds()), None);
}

#[test]
fn the_page_lists_the_formats_of_the_program() {
    assert_eq!(differs(list(&page(), "Formats", "| format |"), &formats()), None);
}

#[test]
fn the_page_lists_the_tables_and_columns_of_the_program() {
    assert_eq!(differs(list(&page(), "Tables", "### "), &tables()), None);
}

#[test]
fn a_list_that_lacks_a_line_or_has_one_more_is_noticed() {
    let kinds = kinds();
    let line = kinds.lines().nth(5).expect("there are kinds");
    assert!(differs(&kinds.replace(&format!("{line}\n"), ""), &kinds).is_some_and(|d| d.contains(line)));
    assert!(differs(&format!("{}\n{line}", kinds.trim_end()), &kinds).is_some_and(|d| d.contains(line)));
    assert!(differs("", &kinds).is_some());
    assert_eq!(differs(kinds.trim_end(), &kinds), None);
}

#[test]
fn every_page_of_a_family_is_linked() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/evidence");
    let page = page();
    let entries = std::fs::read_dir(folder).expect("docs/evidence");
    for entry in entries {
        let name = entry.expect("readable").file_name().into_string().expect("a plain name");
        assert!(page.contains(&format!("](evidence/{name})")), "docs/evidence.md does not link {name}");
    }
}
