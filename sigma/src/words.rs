//! Words that stand whole in every event that a rule matches: what an index of words can be asked.

use crate::gate::Clause;
use crate::item::Test;
use crate::pattern::{Pattern, Step};
use crate::rule::{Body, Rule};

/// Greatest number whose neighbours are still told apart where numbers are compared.
const EXACT_LIMIT: f64 = 9_007_199_254_740_992.0;

/// Alternatives of which one has all its words in each event that a detection rule matches, in lower case, whole: what
/// is before and behind them in the value is no part of a word, or the end of the value. None where no such list exists.
/// Of several lists that with the least sum of `cost`, which may decline a set of words with none.
///
/// Words are of ASCII only. Two spellings are not foreseen: a number with an exponent (`4.688e3`) and the letter `ſ`,
/// which compares as `s`.
#[must_use]
pub fn necessary_words(
    rule: &Rule,
    is_word: fn(char) -> bool,
    cost: &mut dyn FnMut(&[String]) -> Option<f64>,
) -> Option<Vec<Vec<String>>> {
    let Body::Detection(detection) = &rule.body else { return None };
    let clause = detection.needs(true, &mut |_, test| {
        let words = match test {
            Test::Text(pattern) => of_pattern(pattern, is_word),
            Test::Number(number, text) if number.abs() < EXACT_LIMIT && is_digits(text) => vec![text.clone()],
            _ => vec![],
        };
        let cost = if words.is_empty() { None } else { cost(&words) }?;
        Some(Clause { of: vec![words], cost })
    })?;
    let mut all = clause.of;
    all.sort();
    all.dedup();
    Some(all)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text may be how a number prints that is written otherwise.
fn may_be_printed(run: &str) -> bool {
    !is_digits(run)
        && run.bytes().any(|b| b.is_ascii_digit())
        && run.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
        && run.matches('.').count() < 2
}

fn of_pattern(pattern: &Pattern, is_word: fn(char) -> bool) -> Vec<String> {
    let steps = pattern.steps();
    let mut words = vec![];
    let mut at = 0;
    while at < steps.len() {
        let run: String =
            steps[at..].iter().map_while(|s| if let Step::Is(c) = s { Some(*c) } else { None }).collect();
        let end = at + run.chars().count();
        // A wildcard may go on with the word; so may a dash that is not ASCII.
        if !may_be_printed(&run) {
            words.extend(whole(&run, (at == 0, end == steps.len()), is_word));
        }
        at = end + 1;
    }
    words.sort();
    words.dedup();
    words
}

/// Words of a run of characters that are whole in it; at its ends only where nothing can go on.
fn whole(run: &str, (begins, ends): (bool, bool), is_word: fn(char) -> bool) -> Vec<String> {
    let mut words: Vec<&str> = run.split(|c| !is_word(c)).collect();
    if !ends {
        words.pop();
    }
    if !begins && !words.is_empty() {
        words.remove(0);
    }
    words.into_iter().filter(|w| !w.is_empty() && w.is_ascii()).map(str::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_word(c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
    }

    fn check(detection: &str, want: Option<&[&[&str]]>) {
        let yaml = format!("title: t\nlogsource: {{category: t}}\ndetection:\n{detection}");
        let loaded = crate::load([("r.yml".to_owned(), yaml.clone().into_bytes())]);
        let rule = loaded.rules.get(0).unwrap_or_else(|| panic!("{yaml}: {:?}", loaded.refused));
        // Long words are rare ones.
        let mut cost =
            |words: &[String]| words.iter().map(|w| 1.0 / f64::from(w.len() as u32)).reduce(f64::min);
        let got = necessary_words(rule, is_word, &mut cost);
        let got: Option<Vec<Vec<&str>>> =
            got.as_ref().map(|all| all.iter().map(|w| w.iter().map(String::as_str).collect()).collect());
        let want = want.map(|all| all.iter().map(|w| w.to_vec()).collect::<Vec<_>>());
        assert_eq!(got, want, "{detection}");
    }

    #[test]
    fn only_words_that_nothing_can_go_on_with_are_asked_for() {
        for (detection, want) in [
            ("  a: {X: 4688}\n  condition: a", Some(&[&["4688"][..]][..])),
            ("  a: {X: 'Cmd.EXE'}\n  condition: a", Some(&[&["cmd", "exe"]])),
            ("  a: {X|endswith: '\\cmd.exe'}\n  condition: a", Some(&[&["cmd", "exe"]])),
            ("  a: {X|contains: 'mimikatz'}\n  condition: a", None),
            ("  a: {X|contains: ' -enc '}\n  condition: a", Some(&[&["enc"]])),
            ("  a: {X|contains|windash: ' -enc '}\n  condition: a", None),
            ("  a: {X|startswith: 'ab cd'}\n  condition: a", Some(&[&["ab"]])),
            ("  a: {X: 'a b*c d?e f g'}\n  condition: a", Some(&[&["a", "f", "g"]])),
            ("  a: {X: ['a', 'b c']}\n  condition: a", Some(&[&["a"], &["b", "c"]])),
            ("  a: {X: 'ärger x'}\n  condition: a", Some(&[&["x"]])),
            ("  a: {X: '10.0.0.1'}\n  condition: a", Some(&[&["0", "1", "10"]])),
            ("  a: {X: '1.5'}\n  condition: a", None),
            ("  a: {X: 1.5}\n  condition: a", None),
            ("  a: {X: 18446744073709551615}\n  condition: a", None),
            ("  a: {X: abc, Y: longer}\n  condition: a", Some(&[&["longer"]])),
            ("  a: {X: abc}\n  b: {Y|re: 'x.*'}\n  condition: a or b", None),
            ("  a: {X: abc}\n  b: {Y: abcd}\n  condition: not a and b", Some(&[&["abcd"]])),
            ("  a: {X: abc}\n  condition: not a", None),
            ("  a: ['whole word here']\n  condition: a", Some(&[&["word"]])),
        ] {
            check(detection, want);
        }
    }
}
