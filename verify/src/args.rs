//! The command line: one or more paths and five flags, read by hand to keep the auditor's program small.

use std::ffi::OsString;
use std::path::PathBuf;

/// Every flag, for suggestions.
const FLAGS: [&str; 11] = [
    "--vkey",
    "--vkey-file",
    "--head",
    "--days",
    "--sample",
    "--seed",
    "--from",
    "--json",
    "--quiet",
    "--help",
    "--version",
];
/// Most records of one audit by sample.
const SAMPLE_LIMIT: u64 = 100_000;
/// Below this likeness a suggestion would only confuse.
const LIKE_ENOUGH: f64 = 0.75;

const SHORT: &str = "\
Checks a bundle of sealed records: is everything there, and is nothing changed?

Usage: bailiwick-verify PATH... [--vkey LINE | --vkey-file FILE] [--head PATH]... [--json] [--quiet]

Examples:
  bailiwick-verify ./acme-2026-11
  bailiwick-verify ./acme-2026-11 --vkey-file acme.vkey
  bailiwick-verify ./acme-2026-12 --vkey-file acme.vkey --head ./acme-2026-11

`--help` says more.
";

const LONG: &str = "\
Checks a bundle of sealed records: is everything there, and is nothing changed?

It works on this machine alone: it opens no connection, changes no file, and trusts nobody but the key you give it.

If the bundle holds an assessment for auditors (`export --audit`) and every record holds, the last one is computed again: each
document is read once more from its bytes, each check is answered once more from the evidence, and the answers are compared with
the sealed ones byte for byte. Whatever differs is named, with measure, check and side.

Usage: bailiwick-verify PATH... [--vkey LINE | --vkey-file FILE] [--head PATH]... [--json] [--quiet]
       bailiwick-verify FOLDER --sample N --seed TEXT [--vkey LINE | --vkey-file FILE] [--head PATH]...

Arguments:
  PATH...           folders of bundles, as `export` wrote them (unpacked); single records with their proof
                    (.tlog-proof); or the folder with the answer to an audit by sample

Options:
      --vkey LINE       the log's key, one line. Without it the key in the bundle has to be believed, and you
                        compare its fingerprint with the one your provider gave you on paper or by telephone
      --vkey-file FILE  the same, from a file
      --head PATH       another signed state (checkpoint) of the same log, or an older bundle: from your own records, a
                        witness or a colleague. The log must have grown out of it
      --days FILE       the keys of days for a single proof; without it the `days` beside the proof is taken
      --sample N        how many records you drew for an audit (459 notice 1 % missing with 99 % certainty)
      --seed TEXT       the words from which they were drawn; you choose them after you have a signed state
      --from SEQ        the first record that you drew from, where the beginning of the log was ended (default 0)
      --json            one JSON document (schema bailiwick-verify/1) instead of text
  -q, --quiet           no text, only the exit code
  -h, --help            short help (-h) or this text (--help)
  -V, --version         the version

Examples:
  bailiwick-verify ./acme-2026-11
      Is this bundle whole and unchanged, as far as its own key is the right one?
  bailiwick-verify ./acme-2026-11 --vkey 'northwind-it/acme/records+0a1b2c3d+AW...' --json
      The same under a key you already hold, for a program to read.
  bailiwick-verify ./acme-2026-12 --vkey-file acme.vkey --head ./acme-2026-11
      Did the log of December grow out of the one of November?
  bailiwick-verify ./record.tlog-proof --vkey-file acme.vkey
      Is this one record in the log?
  bailiwick-verify ./acme-audit --vkey-file acme.vkey
      Are the answers of this assessment those that the evidence gives?

Exit codes:
  0  all of it holds
  2  the command was not understood
  4  something does not hold, or is missing
  5  a path cannot be read
Of several paths the worst counts, 4 over 5.
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To check.
    Check(Order),
    /// To say something about the program.
    Text(String),
}

/// What to check, and how to answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) vkey: Option<String>,
    pub(crate) vkey_file: Option<PathBuf>,
    pub(crate) heads: Vec<PathBuf>,
    pub(crate) days: Option<PathBuf>,
    pub(crate) sample: Option<u64>,
    pub(crate) seed: Option<String>,
    pub(crate) from: u64,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
}

impl Order {
    fn more(&mut self, flag: &str, value: OsString) -> Result<(), String> {
        match flag {
            "--head" => self.heads.push(value.into()),
            "--days" => self.days = Some(value.into()),
            "--seed" => self.seed = Some(value.to_string_lossy().into_owned()),
            "--from" => {
                let from = value.to_str().and_then(|v| v.parse().ok());
                self.from = from.ok_or_else(|| "`--from` takes the number of a record".to_owned())?;
            }
            _ => {
                let many = value
                    .to_str()
                    .and_then(|v| v.parse().ok())
                    .filter(|many| (1..=SAMPLE_LIMIT).contains(many));
                let many =
                    many.ok_or_else(|| format!("`--sample` takes a number from 1 to {SAMPLE_LIMIT}"))?;
                self.sample = Some(many);
            }
        }
        Ok(())
    }
}

/// Reads the words behind the program's name.
///
/// # Errors
/// A sentence for the person who typed it.
pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Asked, String> {
    let mut words = words.peekable();
    if words.peek().is_none() {
        return Err(format!("no path was given\n\n{SHORT}"));
    }
    let mut order = Order::default();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        if text == "--" {
            order.paths.extend(words.by_ref().map(PathBuf::from));
            break;
        }
        let (flag, inline) = match text.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(OsString::from(value))),
            _ => (text.as_str(), None),
        };
        let takes_value =
            matches!(flag, "--vkey" | "--vkey-file" | "--head" | "--days" | "--sample" | "--seed" | "--from");
        if inline.is_some() && !takes_value && FLAGS.contains(&flag) {
            return Err(format!("`{flag}` takes no value"));
        }
        match flag {
            "--json" => order.json = true,
            "-q" | "--quiet" => order.quiet = true,
            "-h" => return Ok(Asked::Text(SHORT.to_owned())),
            "--help" => return Ok(Asked::Text(LONG.to_owned())),
            "-V" | "--version" => {
                return Ok(Asked::Text(
                    concat!("bailiwick-verify ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
                ));
            }
            "--head" | "--days" | "--sample" | "--seed" | "--from" => {
                let value = inline
                    .or_else(|| words.next())
                    .ok_or_else(|| format!("`{flag}` needs a value behind it"))?;
                order.more(flag, value)?;
            }
            "--vkey" | "--vkey-file" => {
                if order.vkey.is_some() || order.vkey_file.is_some() {
                    return Err("give the key once, with `--vkey` or with `--vkey-file`".to_owned());
                }
                let value = inline
                    .or_else(|| words.next())
                    .ok_or_else(|| format!("`{flag}` needs a value behind it"))?;
                if flag == "--vkey" {
                    order.vkey = Some(value.to_string_lossy().into_owned());
                } else {
                    order.vkey_file = Some(value.into());
                }
            }
            _ if text.len() > 1 && text.starts_with('-') => return Err(unknown(flag)),
            _ => order.paths.push(word.into()),
        }
    }
    if order.paths.is_empty() {
        return Err("no path was given: name the folder of a bundle".to_owned());
    }
    if order.sample.is_some() != order.seed.is_some() {
        return Err("an audit needs both `--sample N` and `--seed TEXT`".to_owned());
    }
    Ok(Asked::Check(order))
}

fn unknown(flag: &str) -> String {
    let shown = verify::clean(flag);
    let likest = FLAGS.iter().map(|known| (strsim::jaro_winkler(known, flag), known));
    match likest.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((likeness, known)) if likeness >= LIKE_ENOUGH => {
            format!("there is no option `{shown}`; did you mean `{known}`?")
        }
        _ => format!("there is no option `{shown}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str]) -> Result<Asked, String> {
        parse(words.iter().map(OsString::from))
    }

    fn order(words: &[&str]) -> Order {
        match check(words) {
            Ok(Asked::Check(order)) => order,
            other => panic!("{words:?} gave {other:?}"),
        }
    }

    #[test]
    fn flags_stand_anywhere_and_take_their_value_either_way() {
        let want = Order {
            paths: vec!["a".into(), "b".into()],
            vkey: Some("k+1+x=".into()),
            json: true,
            ..Order::default()
        };
        assert_eq!(order(&["a", "--vkey", "k+1+x=", "b", "--json"]), want);
        assert_eq!(order(&["--json", "--vkey=k+1+x=", "a", "b"]), want);
        assert_eq!(order(&["--", "--json"]).paths, [PathBuf::from("--json")]);
        assert_eq!(order(&["-q", "a", "--vkey-file", "f"]).vkey_file, Some("f".into()));
    }

    #[test]
    fn a_command_that_cannot_be_meant_is_refused_with_a_sentence() {
        for (words, says) in [
            (&[] as &[&str], "no path"),
            (&["--json"], "no path"),
            (&["a", "--vkey"], "needs a value"),
            (&["a", "--vkey", "x", "--vkey-file", "y"], "once"),
            (&["a", "--json=1"], "no value"),
            (&["a", "--vky", "x"], "did you mean `--vkey`"),
            (&["a", "--jsn"], "did you mean `--json`"),
            (&["a", "-x"], "no option `-x`"),
            (&["a", "--head"], "needs a value"),
            (&["a", "--sample", "0"], "from 1 to"),
            (&["a", "--sample", "5"], "both"),
            (&["a", "--from", "x"], "number of a record"),
            (&["a", "--\u{1b}[2J"], "\\u{1b}"),
        ] {
            let error = check(words).expect_err("must be refused");
            assert!(error.contains(says), "{words:?}: {error}");
        }
    }

    #[test]
    fn help_shows_two_examples_and_every_flag() {
        for (flag, text) in [("-h", SHORT), ("--help", LONG)] {
            assert_eq!(check(&[flag]), Ok(Asked::Text(text.to_owned())));
            assert!(text.matches("\n  bailiwick-verify ").count() >= 2);
        }
        assert!(FLAGS.iter().all(|flag| LONG.contains(flag)));
    }
}
