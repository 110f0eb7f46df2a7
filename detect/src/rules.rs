//! Our own rules, embedded.

use sigma::Loaded;

/// Every file of rules that we wrote.
const FILES: [(&str, &str); 5] = [
    ("built-in/sign_in_ssh.yml", include_str!("../rules/sign_in_ssh.yml")),
    ("built-in/sign_in_windows.yml", include_str!("../rules/sign_in_windows.yml")),
    ("built-in/log_tampering.yml", include_str!("../rules/log_tampering.yml")),
    ("built-in/privilege.yml", include_str!("../rules/privilege.yml")),
    ("built-in/protection.yml", include_str!("../rules/protection.yml")),
];
/// Those that say what no detection over time says: the others are for single files, where nothing is remembered.
const BESIDE: [&str; 1] = ["built-in/protection.yml"];

/// Our own rules as files, each with its path, to be loaded together with others.
#[must_use]
pub fn built_in_files() -> Vec<(String, Vec<u8>)> {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// Those of our own rules that stand beside [`crate::Patterns`], and do not tell the same thing a second time.
#[must_use]
pub fn beside_patterns() -> Vec<(String, Vec<u8>)> {
    built_in_files().into_iter().filter(|(path, _)| BESIDE.contains(&path.as_str())).collect()
}

/// Loads our own rules.
#[must_use]
pub fn built_in() -> Loaded {
    sigma::load(built_in_files())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_rules_load_and_each_says_what_it_is() {
        let loaded = built_in();
        assert_eq!((loaded.refused, loaded.unarmed), (vec![], vec![]));
        assert_eq!(loaded.loaded, loaded.documents);
        for rule in loaded.rules.iter() {
            assert!(
                rule.description.is_some() && rule.level.is_some() && rule.name.is_some(),
                "{}",
                rule.title
            );
            let attack = rule.tags.iter().any(|t| t.starts_with("attack.t"));
            assert!(rule.silent || attack, "{} names no technique", rule.title);
        }
    }
}
