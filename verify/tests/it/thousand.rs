//! A thousand randomly damaged bundles: the two verifiers give the same verdict on each.

use crate::forge::{Bundle, Laid, Recipe};
use std::collections::BTreeMap;
use std::io::Write;

const SECOND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verify.py");
const MANY: u64 = 1_000;

/// Reads a path a line and answers each with the exit code that the second verifier would give.
const DRIVER: &str = "
import importlib.util, sys
spec = importlib.util.spec_from_file_location('second', sys.argv[1])
second = importlib.util.module_from_spec(spec)
spec.loader.exec_module(second)
for line in sys.stdin:
    path, vkey = line.rstrip('\\n').split('\\t')
    bundle = second.Bundle(path, second.Key(vkey))
    bundle.check()
    print(4 if bundle.findings else 0, flush=True)
";

/// A generator of numbers that are the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % below.max(1) as u64).expect("below")
    }
}

fn sound() -> Vec<Bundle> {
    let mut all: Vec<Bundle> =
        [0, 1, 255, 256, 257, 600].into_iter().map(|n| Recipe::doors("acme", n).bake()).collect();
    let mut days = Recipe::doors("acme", 700);
    days.new_day(256);
    days.new_day(300);
    all.push(days.bake());
    all.push(Recipe { begin: 256, ..days }.bake());
    all
}

type Files = BTreeMap<String, Vec<u8>>;

fn damage(files: &mut Files, dice: &mut Dice) -> String {
    let names: Vec<String> = files.keys().cloned().collect();
    let name = names[dice.roll(names.len())].clone();
    let other = names[dice.roll(names.len())].clone();
    let bytes = files[&name].clone();
    let at = dice.roll(bytes.len());
    let kind = dice.roll(9);
    let changed = match kind {
        0 | 1 if !bytes.is_empty() => {
            let mut bytes = bytes;
            bytes[at] ^= 1 << dice.roll(8);
            bytes
        }
        2 => bytes[..at].to_vec(),
        3 => [&bytes[..at], b"\n", &bytes[at..]].concat(),
        4 => [bytes.as_slice(), &bytes].concat(),
        5 => files[&other].clone(),
        6 => {
            files.remove(&name);
            return format!("{name} removed");
        }
        7 => {
            files.insert(format!("{name}x"), bytes);
            return format!("{name} twice");
        }
        _ => {
            let mut lines: Vec<Vec<u8>> =
                bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
            let (a, b) = (dice.roll(lines.len()), dice.roll(lines.len()));
            if !lines.is_empty() {
                lines.swap(a, b);
            }
            lines.concat()
        }
    };
    files.insert(name.clone(), changed);
    format!("{name}, kind {kind} at {at}, {other}")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "starts the second verifier")]
fn both_verifiers_agree_on_a_thousand_damaged_bundles() {
    let mut command = std::process::Command::new("python3");
    command
        .args(["-I", "-c", DRIVER, SECOND])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let Ok(mut second) = command.spawn() else {
        eprintln!("skipped: no python3 on this machine");
        return;
    };
    let (sound, mut dice) = (sound(), Dice(2026));
    let (mut laid, mut firsts, mut asked) = (vec![], vec![], String::new());
    for number in 0..MANY {
        let bundle = &sound[dice.roll(sound.len())];
        let mut files = bundle.files.clone();
        let mut what = String::new();
        for _ in 0..1 + dice.roll(2) {
            what = format!("{number}: {what} {}", damage(&mut files, &mut dice));
        }
        let place = Laid::empty();
        files.iter().for_each(|(name, bytes)| place.write(name, bytes));
        let report = verify::bundle(place.path(), Some(&bundle.pinned())).expect("there");
        // What was damaged into itself is sound; a continuation without what came before never is.
        assert_eq!(report.ok(), files == bundle.files && bundle.begin == 0, "{what}: {:?}", report.findings);
        firsts.push((if report.ok() { "0" } else { "4" }, what));
        asked.push_str(&format!("{}\t{}\n", place.path().display(), bundle.pinned()));
        laid.push(place);
    }
    let mut input = second.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()));
    let output = second.wait_with_output().expect("ends");
    writer.join().expect("ends").expect("asks");
    let said = String::from_utf8(output.stdout).expect("digits");
    assert_eq!(said.lines().count(), firsts.len());
    for ((first, what), second) in firsts.iter().zip(said.lines()) {
        assert_eq!(*first, second, "{what}");
    }
    assert!(firsts.iter().filter(|(code, _)| *code == "4").count() > 900);
}
