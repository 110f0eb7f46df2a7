//! The page on detections says what the program does.

use detect::{DETECTIONS, Vocabulary};
use std::fmt::Write as _;

/// What the page must hold of each detection, and of the vocabulary.
fn wanted() -> String {
    let mut page = String::new();
    for about in DETECTIONS {
        let techniques: Vec<String> =
            about.tags.iter().filter_map(|t| t.strip_prefix("attack.t")).map(|t| format!("T{t}")).collect();
        let _ = writeln!(page, "### `{}`: {}\n", about.id, about.title);
        let _ = writeln!(
            page,
            "{}. Level {}; ATT&CK {}; AA22-131A, {}.\n\nNot seen: {}.\n",
            about.fires,
            about.level.as_str(),
            techniques.join(", "),
            about.paragraph,
            about.blind
        );
        if !about.parameters.is_empty() {
            let _ = writeln!(page, "| threshold | default | from, to | why |\n| --- | --- | --- | --- |");
            for p in about.parameters {
                let _ = writeln!(
                    page,
                    "| `{}.{}` | {} {} | {}, {} | {} |",
                    about.id, p.name, p.default, p.unit, p.bounds.0, p.bounds.1, p.reason
                );
            }
            page.push('\n');
        }
    }
    page
}

fn vocabulary() -> String {
    let mut page = String::from("| family | about | what it tells |\n| --- | --- | --- |\n");
    for (name, about, maps) in Vocabulary::built_in().families() {
        let mut acts: Vec<String> = maps.iter().filter_map(|m| m.1).map(|a| format!("{a:?}")).collect();
        acts.sort();
        acts.dedup();
        let _ = writeln!(page, "| `{name}` | {about} | {} |", acts.join(", "));
    }
    page
}

#[test]
fn the_page_on_detections_says_what_the_program_does() {
    let page = include_str!("../../../docs/detections.md");
    if std::path::Path::new("/tmp/w/plays-tmp/dump").exists() {
        #[allow(clippy::disallowed_methods)]
        std::fs::write("/tmp/w/plays-tmp/wanted.md", wanted()).expect("w");
    }
    for part in [wanted(), vocabulary()] {
        assert!(page.contains(part.trim()), "docs/detections.md must hold:\n{part}");
    }
}
