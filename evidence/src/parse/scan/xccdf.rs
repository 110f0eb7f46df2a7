//! XCCDF results, alone, within their benchmark, or within ARF, as OpenSCAP and others write them: a control per rule.

use super::xml::{End, Met, Node, walk};
use super::{broke_off, holds, put, scope, title};
use crate::document::{Document, Status};
use crate::parse::{Format, Hint};
use crate::row::Row;
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::parse) const FORMAT: Format = Format {
    name: "xccdf",
    kind: "tenant-settings",
    about: "XCCDF or ARF results, as OpenSCAP writes them (`--results`, `--results-arf`)",
    looks_like: |head, _| {
        let named = ["checklists.nist.gov/xccdf", "asset-reporting-format"].iter().any(|w| holds(head, w));
        named && ["Benchmark", "TestResult", "asset-report-collection"].iter().any(|w| holds(head, w))
    },
    read,
};

/// One run over one target.
#[derive(Default)]
struct Run {
    target: Option<String>,
    profile: Option<String>,
    tool: Option<String>,
    tool_version: Option<String>,
    results: Vec<Node>,
    ended: bool,
    closed: bool,
    times: Vec<String>,
}

fn read(raw: &[u8], _name: &str, hint: &Hint<'_>) -> Document {
    let kind = hint.kind.unwrap_or(FORMAT.kind);
    let mut titles: BTreeMap<String, String> = BTreeMap::new();
    let mut runs: Vec<Run> = vec![];
    let wanted = ["Rule", "rule-result", "target", "profile", "fact"];
    let end = walk(raw, &wanted, |path, met| match met {
        Met::Open(node) if node.name == "TestResult" => {
            let time = |name: &str| node.attr(name).map(str::to_owned);
            let times = ["start-time", "end-time"].iter().filter_map(|n| time(n)).collect();
            let software = time("test-system");
            runs.push(Run { ended: time("end-time").is_some(), times, tool: software, ..Run::default() });
        }
        Met::Close if path.last().is_some_and(|n| n == "TestResult") => {
            if let Some(run) = runs.last_mut() {
                run.closed = true;
            }
        }
        Met::Whole(node) if node.name == "Rule" => {
            if let (Some(id), Some(words)) = (node.attr("id"), node.says("title")) {
                titles.insert(id.to_owned(), title(words));
            }
        }
        Met::Whole(node) if path.iter().any(|n| n == "TestResult") => {
            if let Some(run) = runs.last_mut() {
                run.take(node);
            }
        }
        _ => {}
    });
    if let End::Refused(why) = end {
        return Document::failed(FORMAT.name, kind, why);
    }
    let mut document = Document::new(FORMAT.name, kind);
    for run in &runs {
        rows(run, &titles, &mut document);
    }
    match end {
        End::Cut(why) => broke_off(&mut document, why),
        _ if runs.is_empty() => {
            document.status = Status::Failed { why: "holds a benchmark and no results".to_owned() };
        }
        _ => {}
    }
    document
}

impl Run {
    fn take(&mut self, node: Node) {
        let said = node.text().map(str::to_owned);
        match node.name.as_str() {
            "target" => self.target = self.target.take().or(said),
            "profile" => self.profile = node.attr("idref").map(str::to_owned),
            "fact" if node.attr("name").is_some_and(|n| n.ends_with("fact:scanner:name")) => self.tool = said,
            "fact" if node.attr("name").is_some_and(|n| n.ends_with("fact:scanner:version")) => {
                self.tool_version = said;
            }
            "rule-result" => self.results.push(node),
            _ => {}
        }
    }
}

fn rows(run: &Run, titles: &BTreeMap<String, String>, document: &mut Document) {
    document.tool = document.tool.take().or_else(|| run.tool.clone());
    document.tool_version = document.tool_version.take().or_else(|| run.tool_version.clone());
    let parts: BTreeSet<&str> =
        [run.target.as_deref(), run.profile.as_deref()].into_iter().flatten().collect();
    let own = parts.into_iter().collect::<Vec<_>>().join(" / ");
    document.scope = match document.scope.take() {
        Some(before) if !before.contains(&own) => scope(&format!("{before}, {own}")),
        before => before.or_else(|| scope(&own)),
    };
    for at in run.times.iter().filter_map(|t| text::instant(t)) {
        document.saw(at);
        document.made = document.made.max(Some(at));
    }
    for (number, result) in run.results.iter().enumerate() {
        match control(result, titles, run.target.as_deref()) {
            Ok(row) => put(document, row, format_args!("result {}", number + 1)),
            Err(why) => document.defect(format!("result {}: {why}", number + 1)),
        }
    }
    if run.closed && !run.ended {
        document.partial("the run does not say when it ended (end-time)");
    }
    if run.closed && run.results.is_empty() {
        document.partial("a run without a result of any rule");
    }
}

fn control(result: &Node, titles: &BTreeMap<String, String>, target: Option<&str>) -> Result<Row, String> {
    let id = result.attr("idref").ok_or("names no rule")?;
    let said = result.says("result").ok_or("has no result")?;
    let (word, details) = match said {
        "pass" | "fixed" => ("pass", None),
        "fail" => ("fail", None),
        "error" | "unknown" => ("error", None),
        "notapplicable" => ("not-applicable", None),
        // Rules that were not asked say nothing about the host.
        "notselected" => ("not-applicable", Some("not selected")),
        "notchecked" => ("manual", Some("not checked")),
        "informational" => ("warning", Some("informational")),
        other => return Err(format!("`{}` is no result", title(other))),
    };
    let ids: Vec<&str> = result.all("ident").filter_map(Node::text).collect();
    let message = result.says("message").map(title);
    let details = details.map(str::to_owned).or(message).or_else(|| (!ids.is_empty()).then(|| ids.join(" ")));
    Ok(Row::of("control")
        .with("id", id)
        .with("title", titles.get(id).cloned())
        .with("product", target.map(text::name))
        .with("result", word)
        .with("criticality", result.attr("severity").filter(|s| *s != "unknown"))
        .with("details", details))
}
