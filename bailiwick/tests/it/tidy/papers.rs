//! Holds the papers against the tree: tests that they name exist, links lead somewhere, nothing speaks of the
//! machine or the hands that made it.

use super::{File, content, notices, tree};

/// How many invariants ARCHITECTURE.md prints.
const INVARIANTS: usize = 12;

/// The parts of a document under one heading.
fn section<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let (_, behind) = text.split_once(&format!("\n## {heading}\n"))?;
    Some(behind.split("\n## ").next().unwrap_or(behind))
}

/// The names behind `test:`, each as a path of words: `` test: `custody::journal::tests::name` ``.
fn named_tests(text: &str) -> Vec<&str> {
    text.split("test: `").skip(1).filter_map(|behind| behind.split('`').next()).collect()
}

/// Whether the room has that test: a function behind `#[test]`, or, for a type's name, an example above the type that
/// must not compile.
fn there_is(test: &str, tree: &[File]) -> bool {
    let (Some(room), Some(name)) = (test.split("::").next(), test.split("::").last()) else { return false };
    let folder = format!("{room}/");
    let mut sources =
        tree.iter().filter(|file| file.path.starts_with(&folder) && file.is_rust()).filter_map(File::text);
    if name.starts_with(char::is_uppercase) {
        return sources.any(|text| {
            let above = text.find(&format!("pub struct {name}")).map_or("", |at| text[..at].trim_end());
            above
                .lines()
                .rev()
                .take_while(|line| line.starts_with(['/', '#']))
                .any(|line| line.contains("```compile_fail"))
        });
    }
    let function = format!("fn {name}(");
    let behind_an_attribute = |text: &str, at: usize| {
        let before = text[..at].trim_end();
        let above = before.rfind("#[test]").map_or("", |attribute| &before[attribute..]);
        !above.is_empty() && !above.contains('}')
    };
    sources.any(|text| text.match_indices(&function).any(|(at, _)| behind_an_attribute(text, at)))
}

fn invariants(architecture: &str, tree: &[File]) -> Vec<String> {
    let Some(section) = section(architecture, "Invariants") else {
        return vec!["ARCHITECTURE.md has no section `Invariants`".to_owned()];
    };
    let mut complaints = vec![];
    for number in 1..=INVARIANTS {
        let Some((_, behind)) = section.split_once(&format!("\n{number}. ")) else {
            complaints.push(format!("ARCHITECTURE.md lacks invariant {number}"));
            continue;
        };
        let text = behind.split(&format!("\n{}. ", number + 1)).next().unwrap_or(behind);
        if named_tests(text).is_empty() && !text.contains("comes with: ") {
            complaints.push(format!("invariant {number} names no test, and not with what it comes"));
        }
    }
    complaints.extend(missing_tests("ARCHITECTURE.md", architecture, tree));
    complaints
}

fn missing_tests(path: &str, text: &str, tree: &[File]) -> Vec<String> {
    let missing = named_tests(text).into_iter().filter(|test| !there_is(test, tree));
    missing.map(|test| format!("{path} names the test `{test}`, which is not there")).collect()
}

/// Relative links of a document that lead nowhere.
fn links(file: &File, tree: &[File]) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let targets =
        file.text().unwrap_or_default().split("](").skip(1).filter_map(|behind| behind.split(')').next());
    let relative = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    let dead = relative.filter(|target| {
        let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in target.split('#').next().unwrap_or_default().trim_end_matches('/').split('/') {
            match part {
                "." => {}
                ".." => drop(path.pop()),
                part => path.push(part),
            }
        }
        let path = path.join("/");
        !tree.iter().any(|known| known.path == path || known.path.starts_with(&format!("{path}/")))
    });
    dead.map(|target| format!("{} links to {target}, which is not there", file.path)).collect()
}

#[test]
fn every_invariant_names_a_test_that_exists_or_says_with_what_it_comes() {
    let tree = tree();
    let architecture = tree.iter().find(|file| file.path == "ARCHITECTURE.md").and_then(File::text);
    content(invariants(architecture.expect("ARCHITECTURE.md is there"), &tree));
}

#[test]
fn the_papers_name_only_tests_and_files_that_exist() {
    let tree = tree();
    let papers: Vec<&File> = tree.iter().filter(|file| file.path.ends_with(".md")).collect();
    assert!(papers.len() >= 5, "only {} papers were looked at", papers.len());
    let named = |file: &&File| missing_tests(&file.path, file.text().unwrap_or_default(), &tree);
    content(papers.iter().flat_map(|file| [links(file, &tree), named(file)].concat()).collect());
}

#[test]
fn an_invariant_without_its_test_is_noticed() {
    let sealed = "/// x\n/// ```compile_fail\n/// ```\npub struct Sealed<T>(T);\npub struct Open;\n";
    let tree = [
        File::new("custody/src/a.rs", "fn helper() {}\n#[test]\nfn it_holds() {}\n"),
        File::new("ledger/src/a.rs", sealed),
    ];
    let twelve = |third: &str| {
        let text =
            |number: usize| if number == 3 { third.to_owned() } else { "x. comes with: `assess`".to_owned() };
        (1..=INVARIANTS).map(|number| format!("\n{number}. {}", text(number))).collect::<String>()
    };
    let check =
        |third: &str| invariants(&format!("# A\n\n## Invariants\n{}\n\n## Next\n", twelve(third)), &tree);
    let good = || check("Holds. test: `custody::a::it_holds`");
    notices(check("Holds."), "invariant 3 names no test", good());
    notices(
        check("Holds. test: `custody::a::it_breaks`"),
        "`custody::a::it_breaks`, which is not there",
        good(),
    );
    notices(check("Holds. test: `ledger::a::it_holds`"), "`ledger::a::it_holds`, which is not there", good());
    notices(
        check("Holds. test: `ledger::Open`"),
        "`ledger::Open`, which",
        check("Holds. test: `ledger::Sealed`"),
    );
    notices(check("Holds. test: `custody::a::helper`"), "`custody::a::helper`, which is not there", good());
    notices(invariants("# A\n", &tree), "no section", good());
    notices(invariants("\n## Invariants\n\n1. x", &tree), "lacks invariant 2", good());
}

#[test]
fn a_dead_link_is_noticed() {
    let tree = [File::new("docs/a.md", ""), File::new("check", "")];
    let check = |text: &str| links(&File::new("docs/b.md", text), &tree);
    let good = "[a](a.md#x) [c](../check) [d](../docs/) [e](https://example.org/x) [f](#here)";
    notices(check("[x](gone.md)"), "gone.md, which is not there", check(good));
}

/// Folders and words that tell of one machine or of how the tree was made; in pieces, so that this file passes too.
const MACHINE: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/fa", "rm/")];
const HANDS: &[&str] = &[
    concat!("a", "i"),
    concat!("ll", "m"),
    concat!("ll", "ms"),
    concat!("sub", "agent"),
    concat!("cla", "ude"),
    concat!("chat", "gpt"),
    concat!("co", "pilot"),
];

/// Lines that hold such a word for a reason of the trade: the start of the path, a part of the line, why.
const SPOKEN_FOR: &[(&str, &str, &str)] = &[
    ("detect/data/remote-tools.tsv", ".a\x69", "domains of makers of tools end so"),
    ("detect/data/remote-tools.tsv", "in-fresh", "a domain ends so"),
];

fn words(file: &File) -> Vec<String> {
    let mut complaints = vec![];
    for (number, line) in file.text().unwrap_or_default().lines().enumerate() {
        if SPOKEN_FOR.iter().any(|(path, part, _)| file.path.starts_with(path) && line.contains(part)) {
            continue;
        }
        let lower = line.to_lowercase();
        let at = format!("{}:{}", file.path, number + 1);
        if MACHINE.iter().any(|folder| lower.contains(folder)) {
            complaints.push(format!("{at}: a path of one machine"));
        }
        if lower.split(|c: char| !c.is_alphanumeric()).any(|word| HANDS.contains(&word)) {
            complaints.push(format!("{at}: speaks of how it was made"));
        }
    }
    complaints
}

#[test]
fn no_file_speaks_of_one_machine_or_of_how_it_was_made() {
    content(tree().iter().filter(|file| file.path != "Cargo.lock").flat_map(words).collect());
}

#[test]
fn a_path_of_a_machine_is_noticed() {
    let check = |text: &str| words(&File::new("a.md", text));
    let good = "the user agent said; network/root; maintain";
    notices(check(&format!("see {}main", MACHINE[0])), "a.md:1: a path", check(good));
    notices(check(&format!("x\nby {}", HANDS[4].to_uppercase())), "a.md:2: speaks", check(good));
}
