//! The catalogue of remote-management tools: which program or domain belongs to which.

use crate::vocabulary::is_like;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const CATALOGUE: &str = include_str!("../data/remote-tools.tsv");

/// Programs and domains, each with the name of its tool.
struct Catalogue {
    programs: BTreeMap<&'static str, &'static str>,
    domains: BTreeMap<&'static str, &'static str>,
    /// Programs with a star in the name.
    patterns: Vec<(&'static str, &'static str)>,
}

fn catalogue() -> &'static Catalogue {
    static READ: OnceLock<Catalogue> = OnceLock::new();
    READ.get_or_init(|| {
        let mut read = Catalogue { programs: BTreeMap::new(), domains: BTreeMap::new(), patterns: vec![] };
        for line in CATALOGUE.lines().filter(|l| !l.starts_with('#')) {
            let mut parts = line.split('\t');
            let (Some(name), Some(programs), Some(domains)) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            for program in programs.split(',').filter(|p| !p.is_empty()) {
                if program.contains('*') {
                    read.patterns.push((program, name));
                } else {
                    read.programs.entry(program).or_insert(name);
                }
            }
            for domain in domains.split(',').filter(|d| !d.is_empty()) {
                read.domains.entry(domain.strip_prefix("*.").unwrap_or(domain)).or_insert(name);
            }
        }
        read
    })
}

/// Every tool of the catalogue.
pub fn tools() -> impl Iterator<Item = &'static str> {
    CATALOGUE
        .lines()
        .filter(|l| !l.starts_with('#'))
        .filter_map(|l| l.split('\t').next())
        .filter(|n| !n.is_empty())
}

/// The tool that a program belongs to, or a name that was looked up: a path, a command line, a domain.
#[must_use]
pub fn tool(object: &str) -> Option<&'static str> {
    let object = object.trim().trim_matches('"').to_lowercase();
    let read = catalogue();
    // The program of a path, or of the beginning of a command line.
    let path = object.split(".exe").next().unwrap_or(&object);
    let bare = path.rsplit(['\\', '/']).next().unwrap_or(path).trim_matches('"');
    let program = format!("{bare}.exe");
    if object.contains(".exe") || object.contains('/') {
        if let Some(name) = read.programs.get(program.as_str()) {
            return Some(name);
        }
        if let Some((_, name)) = read.patterns.iter().find(|(p, _)| is_like(&program, p)) {
            return Some(name);
        }
        return None;
    }
    let mut domain = object.trim_end_matches('.');
    loop {
        if let Some(name) = read.domains.get(domain) {
            return Some(name);
        }
        domain = domain.split_once('.')?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_paths_command_lines_and_domains_lead_to_their_tool() {
        for (object, want) in [
            ("C:\\Users\\eve\\Downloads\\AnyDesk.exe", Some("AnyDesk")),
            ("\"C:\\Program Files\\TeamViewer\\TeamViewer_Service.exe\" -x", Some("TeamViewer")),
            ("/opt/anydesk", Some("AnyDesk")),
            ("relay-1.net.anydesk.com", Some("AnyDesk")),
            ("router.teamviewer.com.", Some("TeamViewer")),
            ("C:\\Windows\\System32\\dwm.exe", None),
            ("C:\\Windows\\System32\\mstsc.exe", None),
            ("notanydesk.example", None),
            ("C:\\x\\anydesk-manual.pdf", None),
            ("www.example.com", None),
            ("", None),
        ] {
            assert_eq!(tool(object), want, "{object}");
        }
        assert!(tools().count() > 250);
    }
}
