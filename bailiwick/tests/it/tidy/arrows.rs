//! Holds the arrows between rooms, the manifests of the members, and the number of crates under each program.

use super::{content, notices, root};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Which room may import which. A new arrow needs a decision record (docs/decisions).
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("ledger", &[]),
    ("segment", &[]),
    ("sigma", &[]),
    ("custody", &["ledger", "model", "segment"]),
    ("evidence", &["model"]),
    ("contract", &["model"]),
    ("collect", &["evidence", "model"]),
    ("detect", &["ledger", "model", "sigma"]),
    ("scenario", &[]),
    ("hunt", &["custody", "model", "segment", "sigma"]),
    ("assess", &["contract", "evidence", "ledger", "model"]),
    ("access", &["contract", "custody", "model"]),
    ("respond", &["contract", "model"]),
    ("verify", &["assess", "contract", "evidence", "ledger", "model"]),
    ("witness", &["ledger", "model", "verify"]),
    ("bailiwick", EVERY_ROOM),
];

/// What tests of a room may import beyond that.
const ARROWS_OF_TESTS: &[(&str, &[&str], &str)] = &[
    (
        "sigma",
        &["collect", "model"],
        "real Windows events, to hold the compiled rules against the plain evaluator",
    ),
    ("detect", &["collect", "scenario"], "quiet months, to count what fires in them"),
];

/// The program imports all rooms.
const EVERY_ROOM: &[&str] = &[
    "access", "assess", "collect", "contract", "custody", "detect", "evidence", "hunt", "ledger", "model",
    "respond", "scenario", "segment", "sigma", "verify", "witness",
];

/// How many crates an auditor of each program has to read, itself and ours included.
const CRATES_UNDER: &[(&str, usize)] = &[("bailiwick-verify", 95), ("bailiwick", 600)];

/// What cargo says about the workspace, asked once, without the network.
fn metadata() -> &'static Metadata {
    static ASKED: OnceLock<Metadata> = OnceLock::new();
    ASKED.get_or_init(|| {
        let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .other_options(["--locked", "--offline", "--filter-platform", &host].map(str::to_owned))
            .exec()
            .expect("cargo metadata answers; `cargo fetch --locked` fetches what it lacks")
    })
}

/// The bare word of a room: `bailiwick-ledger` is `ledger`, the program is itself.
fn room(package: &str) -> &str {
    package.strip_prefix("bailiwick-").unwrap_or(package)
}

/// Complains about an arrow that is not drawn. `tests` tells whether it is drawn for tests only.
fn arrow(from: &str, to: &str, tests: bool) -> Option<String> {
    let Some((_, drawn)) = ARROWS.iter().find(|(name, _)| *name == from) else {
        return Some(format!("`{from}` is a room that the plan does not know"));
    };
    let for_tests = ARROWS_OF_TESTS.iter().any(|(name, to_rooms, _)| *name == from && to_rooms.contains(&to));
    if drawn.contains(&to) || (tests && for_tests) {
        return None;
    }
    let whose = if tests { format!("the tests of {from} import") } else { format!("{from} imports") };
    Some(format!("{whose} {to}, which the plan does not draw (ARCHITECTURE.md, The rooms)"))
}

#[test]
fn no_arrow_runs_that_the_plan_does_not_draw() {
    let metadata = metadata();
    let mut complaints = vec![];
    let mut seen = 0;
    for package in metadata.workspace_packages() {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let tests = dependency.kind == DependencyKind::Development;
            complaints.extend(arrow(room(&package.name), room(&dependency.name), tests));
            seen += 1;
        }
        complaints
            .extend(arrow(room(&package.name), "", false).filter(|said| said.contains("does not know")));
    }
    assert!(seen > 0, "no arrow was looked at");
    content(complaints);
}

#[test]
fn an_undrawn_arrow_is_said_in_a_sentence() {
    let said = |from, to, tests| arrow(from, to, tests).into_iter().collect::<Vec<_>>();
    notices(
        said("detect", "respond", false),
        "detect imports respond, which the plan does not draw",
        said("detect", "sigma", false),
    );
    notices(
        said("custody", "hunt", true),
        "the tests of custody import hunt",
        said("custody", "ledger", true),
    );
    notices(said("util", "model", false), "`util` is a room that the plan does not know", vec![]);
}

/// Complains where the table of rooms in ARCHITECTURE.md draws other arrows than the plan does among the rooms that exist.
fn drawn_otherwise(architecture: &str, rooms: &BTreeSet<&str>) -> Vec<String> {
    let mut complaints = vec![];
    let mut printed = BTreeSet::new();
    for row in architecture.lines().filter(|line| line.starts_with("| ") && line.contains("/src/")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let room =
            cells.get(1).and_then(|cell| cell.strip_prefix('[')?.split(']').next()).unwrap_or_default();
        let Some((_, plan)) = ARROWS.iter().find(|(name, _)| *name == room) else { continue };
        let plan: BTreeSet<&str> = plan.iter().copied().filter(|to| rooms.contains(to)).collect();
        let cell = *cells.last().expect("a row has cells");
        let same = match cell {
            "all" => plan.len() == rooms.len() - 1,
            "–" => plan.is_empty(),
            cell => cell.split(", ").collect::<BTreeSet<_>>() == plan,
        };
        if !same {
            complaints.push(format!("ARCHITECTURE.md draws `{room}` → {cell}, the plan {plan:?}"));
        }
        printed.insert(room);
    }
    complaints
        .extend(rooms.difference(&printed).map(|room| format!("ARCHITECTURE.md has no row for `{room}`")));
    complaints
}

#[test]
fn the_table_of_rooms_in_architecture_is_the_plan() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    content(drawn_otherwise(
        &text,
        &metadata().workspace_packages().iter().map(|package| room(&package.name)).collect(),
    ));
}

#[test]
fn a_row_that_the_plan_does_not_know_is_noticed() {
    let check = |imports: &str, rooms: &[&'static str]| {
        drawn_otherwise(
            &format!("| 2 | [custody](custody/src/lib.rs) | vaults | {imports} |\n"),
            &rooms.iter().copied().collect(),
        )
    };
    let good = || {
        check("ledger", &["custody", "ledger"])
            .into_iter()
            .filter(|said| !said.contains("`ledger`"))
            .collect()
    };
    notices(check("–", &["custody", "ledger"]), "draws `custody` → –", good());
    notices(check("ledger, sigma", &["custody", "ledger", "sigma"]), "draws `custody`", good());
    notices(check("ledger", &["custody", "ledger"]), "no row for `ledger`", good());
}

#[test]
fn the_plan_itself_has_no_loop() {
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = settled.len();
        settled.extend(
            ARROWS
                .iter()
                .filter(|(_, to)| to.iter().all(|room| settled.contains(room)))
                .map(|(from, _)| *from)
                .collect::<Vec<_>>(),
        );
        if settled.len() == before {
            break;
        }
    }
    assert_eq!(settled.len(), ARROWS.len(), "rooms in a loop: all but {settled:?}");
}

#[test]
fn a_library_has_the_bare_word_of_its_room_and_lies_in_the_folder_of_that_name() {
    for package in metadata().workspace_packages() {
        let word = room(&package.name);
        assert!(
            package.manifest_path.ends_with(format!("{word}/Cargo.toml")),
            "{} lies in {}",
            package.name,
            package.manifest_path
        );
        for target in package.targets.iter().filter(|target| target.is_lib()) {
            assert_eq!(target.name, word, "the library of {} is called by the bare word", package.name);
        }
    }
}

/// Complains about a member's manifest.
fn member(path: &str, text: &str) -> Vec<String> {
    let manifest: toml::Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut complaints = vec![];
    if manifest.get("lints").and_then(|lints| lints.get("workspace")) != Some(&toml::Value::Boolean(true)) {
        complaints.push(format!("{path} does not take the lints of the workspace"));
    }
    let own = BTreeMap::from([("", &manifest)]);
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let by_target =
        targets.into_iter().flatten().filter_map(|(name, table)| Some((name.as_str(), table.as_table()?)));
    for (_, table) in own.into_iter().chain(by_target) {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = table.get(section).and_then(toml::Value::as_table);
            for (name, entry) in entries.into_iter().flatten() {
                let plain = entry.as_table().is_some_and(|entry| {
                    entry.len() == 1 && entry.get("workspace") == Some(&toml::Value::Boolean(true))
                });
                if !plain {
                    complaints
                        .push(format!("{path} writes more than `{name}.workspace = true` in {section}"));
                }
            }
        }
    }
    complaints
}

#[test]
fn a_member_takes_versions_and_lints_from_the_workspace_alone() {
    let metadata = metadata();
    let mut complaints = vec![];
    for package in metadata.workspace_packages() {
        let text = std::fs::read_to_string(&package.manifest_path).expect("a member has a manifest");
        complaints.extend(member(&format!("{}/Cargo.toml", room(&package.name)), &text));
    }
    content(complaints);
}

#[test]
fn a_manifest_of_its_own_mind_is_noticed() {
    let lints = "[lints]\nworkspace = true\n";
    let good = format!("{lints}[dependencies]\nmodel.workspace = true\n");
    for (broken, words) in [
        ("[dependencies]\nmodel.workspace = true\n".to_owned(), "lints of the workspace"),
        (format!("{lints}[dependencies]\nmodel = \"1\"\n"), "model.workspace = true"),
        (
            format!("{lints}[dev-dependencies]\nx = {{ workspace = true, features = [\"y\"] }}\n"),
            "in dev-dependencies",
        ),
        (format!("{lints}[build-dependencies]\nx = {{ path = \"../x\" }}\n"), "in build-dependencies"),
        (format!("{lints}[target.'cfg(unix)'.dependencies]\nx = \"1\"\n"), "x.workspace = true"),
    ] {
        notices(member("x/Cargo.toml", &broken), words, member("x/Cargo.toml", &good));
    }
}

/// The root manifest: no unsafe code, and every outside version pinned to one.
fn workspace(text: &str) -> Vec<String> {
    let manifest: toml::Table = text.parse().expect("the root manifest is TOML");
    let at = |path: &[&str]| path.iter().try_fold(manifest.get("workspace")?, |value, key| value.get(key));
    let mut complaints = vec![];
    if at(&["lints", "rust", "unsafe_code"]).and_then(toml::Value::as_str) != Some("forbid") {
        complaints.push("the workspace does not forbid unsafe code".to_owned());
    }
    for (name, entry) in at(&["dependencies"]).and_then(toml::Value::as_table).into_iter().flatten() {
        let version = entry.as_str().or_else(|| entry.get("version").and_then(toml::Value::as_str));
        let ours = entry.get("path").is_some() && version.is_none();
        if !ours && !version.is_some_and(|version| version.starts_with('=')) {
            complaints.push(format!("`{name}` is not pinned to one version in the root manifest"));
        }
    }
    complaints
}

#[test]
fn the_workspace_forbids_unsafe_code_and_pins_every_version() {
    content(workspace(
        &std::fs::read_to_string(root().join("Cargo.toml")).expect("the root manifest is there"),
    ));
}

#[test]
fn a_loose_root_manifest_is_noticed() {
    let lints = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n";
    let good = format!("{lints}[workspace.dependencies]\nours = {{ path = \"x\" }}\nregex = \"=1.2.3\"\n");
    notices(workspace("[workspace.dependencies]\n"), "unsafe", workspace(&good));
    notices(
        workspace(&format!("{lints}[workspace.dependencies]\nregex = \"1\"\n")),
        "`regex` is not pinned",
        workspace(&good),
    );
    notices(
        workspace(&format!("{lints}[workspace.dependencies]\nregex = {{ version = \"1\" }}\n")),
        "`regex`",
        vec![],
    );
}

/// The crates that stand under a package: what it builds with, tests left out. Features count as the whole workspace
/// turns them on, so the number can only be too high.
fn crates_under<'a>(metadata: &'a Metadata, package: &str) -> BTreeSet<&'a PackageId> {
    let nodes = &metadata.resolve.as_ref().expect("metadata was asked with dependencies").nodes;
    let by_id: BTreeMap<&PackageId, _> = nodes.iter().map(|node| (&node.id, node)).collect();
    let named =
        |id: &PackageId| metadata.packages.iter().any(|known| known.id == *id && known.name == package);
    let mut open: Vec<&PackageId> = nodes.iter().map(|node| &node.id).filter(|id| named(id)).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let built = by_id[id].deps.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
        });
        open.extend(built.map(|dependency| &dependency.pkg));
    }
    seen
}

#[test]
fn the_tree_under_each_program_stays_small_enough_to_be_read() {
    let metadata = metadata();
    for (package, limit) in CRATES_UNDER {
        let count = crates_under(metadata, package).len();
        println!("{package}: {count} crates, limit {limit}");
        assert!(count > 5, "`{package}` stands on {count} crates: nothing was counted");
        assert!(count < *limit, "`{package}` stands on {count} crates; fewer than {limit} are allowed");
    }
}
