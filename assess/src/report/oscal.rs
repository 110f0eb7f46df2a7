//! OSCAL 1.1.3 (NIST): assessment results, and the plan of action and milestones. OSCAL knows two words for a finding; ours
//! stands beside it as a property, so that "nobody can say" is not read as a failure that was seen.

use super::Report;
use crate::judge::Answer;
use crate::verdict::Verdict;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Version of the models.
const OSCAL_VERSION: &str = "1.1.3";
/// Our properties' name space.
const NS: &str = "https://bailiwick.invalid/ns/oscal";

/// A UUID made of what it names, so that the same report has the same bytes.
fn uuid(report: &Report<'_>, parts: &[&str]) -> String {
    let named = [report.customer_id, report.profile.0, &report.now.to_string(), &parts.join("\n")].join("\n");
    let hash = Sha256::digest(named.as_bytes());
    let hex: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
    // Version 4 and variant 1 (RFC 9562 §5.4); the bits come from the hash instead of from chance.
    let variant = ["8", "9", "a", "b"][usize::from(hash[8] & 3)];
    format!("{}-{}-4{}-{variant}{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

fn property(name: &str, value: &str) -> Value {
    json!({"name": name, "ns": NS, "value": value})
}

fn metadata(report: &Report<'_>, title: &str) -> Value {
    json!({
        "title": format!("{title}: {}", report.customer),
        "last-modified": report.now.to_string(),
        "version": report.now.to_string(),
        "oscal-version": OSCAL_VERSION,
        "parties": [
            {"uuid": uuid(report, &["party", "provider"]), "type": "organization", "name": report.provider},
            {"uuid": uuid(report, &["party", "customer"]), "type": "organization", "name": report.customer},
        ],
    })
}

fn place(answer: &Answer) -> [&str; 2] {
    [&answer.check, answer.side.as_str()]
}

fn observation(report: &Report<'_>, answer: &Answer) -> Value {
    let check = report.set.get(&answer.check);
    let grounds = answer.because.iter().map(|g| {
        json!({
            "href": format!("#{}", uuid(report, &["resource", &g.evidence])),
            "description": format!("{} of the {}, for {}, record {}", g.kind, g.side, g.effective, g.seq.map_or_else(|| "of a public feed".to_owned(), |s| s.to_string())),
        })
    });
    let mut made = json!({
        "uuid": uuid(report, &["observation", place(answer)[0], place(answer)[1]]),
        "title": check.map_or(answer.check.as_str(), |c| c.title.as_str()),
        "description": check.map_or(answer.check.as_str(), |c| c.asks.as_str()),
        "methods": ["EXAMINE"],
        "collected": report.now.to_string(),
        "props": [
            property("check", &answer.check), property("side", answer.side.as_str()), property("verdict", answer.verdict.as_str()),
            property("met", &answer.counts.met.to_string()), property("total", &answer.counts.total.to_string()),
            property("unknown", &answer.counts.unknown.to_string()),
        ],
        "remarks": answer.why,
    });
    let grounds: Vec<Value> = grounds.collect();
    if let (false, Some(map)) = (grounds.is_empty(), made.as_object_mut()) {
        map.insert("relevant-evidence".into(), Value::Array(grounds));
    }
    made
}

fn finding(report: &Report<'_>, answer: &Answer) -> Value {
    let (state, reason) = match answer.verdict {
        Verdict::Met | Verdict::MetWithException | Verdict::NotApplicable => ("satisfied", "pass"),
        Verdict::NotMet => ("not-satisfied", "fail"),
        Verdict::Unknown | Verdict::Stale | Verdict::Error => ("not-satisfied", "other"),
    };
    json!({
        "uuid": uuid(report, &["finding", place(answer)[0], place(answer)[1]]),
        "title": format!("{} of the {}", answer.check, answer.side),
        "description": answer.why,
        "props": [property("verdict", answer.verdict.as_str()), property("owed-by", &answer.owed)],
        "target": {
            "type": "objective-id",
            "target-id": format!("{}_{}", answer.check, answer.side),
            "status": {"state": state, "reason": reason, "remarks": format!("In our words: {}", answer.verdict)},
        },
        "related-observations": [{"observation-uuid": uuid(report, &["observation", place(answer)[0], place(answer)[1]])}],
    })
}

fn resources(report: &Report<'_>) -> Vec<Value> {
    let one = |e: &evidence::records::Exhibit| {
        json!({
            "uuid": uuid(report, &["resource", &e.envelope.id]),
            "title": e.envelope.file,
            "description": format!("{} of the {}, {}", e.envelope.kind, e.envelope.side, e.envelope.status.as_str()),
            "rlinks": [{"href": format!("evidence/{}", e.envelope.id), "hashes": [{"algorithm": "SHA-256", "value": e.envelope.sha256}]}],
        })
    };
    let plan = json!({
        "uuid": uuid(report, &["plan"]),
        "title": "Checks of Bailiwick",
        "description": "Each check with its question, evidence, queries and parameters, as the audit bundle holds them.",
        "rlinks": [{"href": "checks/"}],
    });
    std::iter::once(plan).chain(report.exhibits.iter().map(one)).collect()
}

/// Assessment results.
#[must_use]
pub fn assessment_results(report: &Report<'_>) -> Value {
    let answers: Vec<&Answer> = report.assessment.answers().collect();
    json!({"assessment-results": {
        "uuid": uuid(report, &["assessment-results"]),
        "metadata": metadata(report, "Assessment results"),
        "import-ap": {"href": format!("#{}", uuid(report, &["plan"]))},
        "results": [{
            "uuid": uuid(report, &["result"]),
            "title": format!("The seventeen measures of AA22-131A, profile {}", report.profile.0),
            "description": format!("Answers for the provider and the customer on {}", report.now),
            "start": report.now.to_string(),
            "reviewed-controls": {"control-selections": [{"include-all": {}}]},
            "observations": answers.iter().map(|a| observation(report, a)).collect::<Vec<_>>(),
            "findings": answers.iter().map(|a| finding(report, a)).collect::<Vec<_>>(),
        }],
        "back-matter": {"resources": resources(report)},
    }})
}

/// The plan of action and milestones: what is not met, and what nobody can say.
#[must_use]
pub fn plan_of_action(report: &Report<'_>) -> Value {
    let wanted: Vec<&Answer> = report.assessment.answers().filter(|a| !a.verdict.is_good()).collect();
    let item = |a: &&Answer| {
        let fix = report.set.get(&a.check).map_or("", |c| c.fix.as_str());
        json!({
            "uuid": uuid(report, &["item", place(a)[0], place(a)[1]]),
            "title": format!("{} of the {}: {}", a.check, a.side, a.verdict),
            "description": format!("{}. Next: {fix}", a.why),
            "props": [property("verdict", a.verdict.as_str()), property("owed-by", &a.owed)],
            "related-findings": [{"finding-uuid": uuid(report, &["finding", place(a)[0], place(a)[1]])}],
            "related-observations": [{"observation-uuid": uuid(report, &["observation", place(a)[0], place(a)[1]])}],
        })
    };
    let mut items: Vec<Value> = wanted.iter().map(item).collect();
    if items.is_empty() {
        // The model asks for at least one item.
        items.push(json!({"uuid": uuid(report, &["item"]), "title": "Nothing is open", "description": "Every check is met."}));
    }
    let mut plan = json!({
        "uuid": uuid(report, &["plan-of-action"]),
        "metadata": metadata(report, "Plan of action and milestones"),
        "system-id": {"id": report.customer_id},
        "poam-items": items,
        "back-matter": {"resources": resources(report)},
    });
    if let (false, Some(map)) = (wanted.is_empty(), plan.as_object_mut()) {
        map.insert("observations".into(), wanted.iter().map(|a| observation(report, a)).collect());
        map.insert("findings".into(), wanted.iter().map(|a| finding(report, a)).collect());
    }
    json!({"plan-of-action-and-milestones": plan})
}
