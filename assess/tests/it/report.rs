//! Reports: text from evidence stays text, and the same answers give the same bytes.

use assess::assessment::{Assessment, MeasureAnswer};
use assess::judge::{Answer, Subject};
use assess::report::{self, Ending, Past, Report};
use assess::{CheckSet, Counts, Verdict};
use evidence::Side;
use std::collections::BTreeMap;

const HOSTILE: &str = "</title></svg><script>alert(1)</script><img src=x onerror='a'>\u{1b}[2J\u{202e}=1+1";

fn answer(verdict: Verdict, side: Side) -> Answer {
    let set = assess::embedded();
    let check = set.get("ra.msp-mfa-100").expect("ours");
    let fixture = &set.fixtures(&check.id)[0];
    let hostile = Subject { name: HOSTILE.into(), why: HOSTILE.into(), evidence: Some(HOSTILE.into()) };
    let made = fixture.answer(check, &BTreeMap::new()).expect("loads");
    Answer {
        verdict,
        side,
        why: HOSTILE.into(),
        failing: vec![hostile.clone()],
        failing_count: 3,
        open: vec![hostile],
        ..made
    }
}

fn with<T>(show: impl Fn(&Report<'_>) -> T) -> T {
    let set: CheckSet = assess::embedded();
    let checks: Vec<Answer> =
        Verdict::ALL.into_iter().flat_map(|v| Side::BOTH.map(|side| answer(v, side))).collect();
    let counts = Counts { met: 1, total: 3, unknown: 1 };
    let sides = Side::BOTH.into_iter().map(|s| (s, (Verdict::NotMet, counts))).collect();
    let assessment =
        Assessment { measures: vec![MeasureAnswer { id: "remote-access-mfa".into(), sides, checks }] };
    let now = "2026-11-20T12:00:00Z".parse().expect("a time");
    let verdicts =
        Side::BOTH.into_iter().map(|s| (("remote-access-mfa".to_owned(), s), Verdict::Unknown)).collect();
    show(&Report {
        provider: HOSTILE,
        customer_id: "acme",
        customer: HOSTILE,
        profile: ("alert-floor", HOSTILE.into()),
        now,
        set: &set,
        assessment: &assessment,
        history: &[Past { at: now, verdicts }],
        dates: &[Ending {
            at: now,
            side: Some(Side::Provider),
            means: "evidence goes stale".into(),
            of: HOSTILE.into(),
        }],
        exhibits: &[],
        measures: BTreeMap::from([(
            "remote-access-mfa".to_owned(),
            (HOSTILE.to_owned(), HOSTILE.to_owned()),
        )]),
        checkpoint: (HOSTILE.into(), 7, HOSTILE.into()),
    })
}

#[test]
fn hostile_text_never_becomes_markup_script_or_a_request() {
    let text = with(report::html);
    for bad in ["<script", "<img", "onerror='", "\u{1b}", "\u{202e}", "http://", "https://"] {
        let there = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!there.to_lowercase().contains(bad), "{bad:?}");
    }
    assert!(text.contains("&lt;script&gt;"), "the text itself is there");
    assert_eq!(text.matches("<svg").count(), text.matches("</svg>").count());
}

#[test]
fn every_verdict_stands_there_as_a_word_with_a_sign() {
    let text = with(report::html);
    for verdict in Verdict::ALL {
        assert!(text.contains(&format!(" {verdict}</span>")), "{verdict}");
    }
}

/// The page up to where its first section ends.
fn first_screen(text: &str) -> &str {
    let start = text.find("<section id=\"short\">").expect("it begins with what is bad");
    let end = text[start..].find("</section>").expect("it ends");
    &text[start..start + end]
}

#[test]
fn the_first_screen_says_what_is_bad_what_is_wanted_and_by_when() {
    let text = with(report::html);
    let first = first_screen(&text);
    for said in ["14 questions", "2 not as it should be", "6 as it should be", "6 that nobody can say yet"] {
        assert!(first.contains(said), "{said}: {first}");
    }
    assert!(first.contains("no good news"), "what is open is not told as good");
    assert!(first.contains("2026-11-20</strong> (today)"), "{first}");
}

#[test]
fn an_open_answer_says_which_document_to_hand_in_and_no_good_answer_says_what_to_do() {
    let lacking = |verdict| Answer {
        lacking: vec!["there is no evidence of the kind `sign-ins` of the customer".into()],
        ..answer(verdict, Side::Provider)
    };
    let told = |verdict| {
        let checks = vec![lacking(verdict)];
        with(|r| {
            let measures = vec![MeasureAnswer { checks: checks.clone(), ..r.assessment.measures[0].clone() }];
            report::html(&Report {
                assessment: &Assessment { measures },
                measures: BTreeMap::new(),
                profile: r.profile.clone(),
                checkpoint: r.checkpoint.clone(),
                ..*r
            })
        })
    };
    let command = "evidence add --customer acme --side customer --kind sign-ins FILE";
    assert!(told(Verdict::Unknown).contains(command));
    assert!(!told(Verdict::Met).contains("<dt>Next step"));
}

#[test]
fn the_page_says_that_it_is_not_sealed_itself_and_what_it_cannot_show() {
    let text = with(report::html);
    assert!(text.contains("neither sealed nor signed"));
    assert!(text.contains("What this cannot show"));
    assert!(!text.contains("Every answer stands on sealed records"), "an open answer stands on nothing");
}

#[test]
fn a_spreadsheet_gets_no_formula() {
    let text = with(report::csv);
    assert!(text.lines().count() > 7);
    assert!(
        !text.split([',', '\n']).any(|c| c.trim_start_matches('"').starts_with(['=', '+', '@'])),
        "{text}"
    );
}

#[test]
fn the_same_answers_give_the_same_bytes() {
    assert_eq!(with(report::html), with(report::html));
    assert_eq!(
        with(|r| report::assessment_results(r).to_string()),
        with(|r| report::assessment_results(r).to_string())
    );
}

#[test]
fn oscal_says_what_nobody_can_say_in_words_of_its_own() {
    let results = with(report::assessment_results);
    let findings =
        results["assessment-results"]["results"][0]["findings"].as_array().expect("a list").clone();
    let status = |word: &str| {
        let found = findings.iter().find(|f| f["props"][0]["value"] == word).expect("one of each");
        (found["target"]["status"]["state"].clone(), found["target"]["status"]["reason"].clone())
    };
    assert_eq!(status("met"), ("satisfied".into(), "pass".into()));
    assert_eq!(status("not-met"), ("not-satisfied".into(), "fail".into()));
    assert_eq!(status("unknown"), ("not-satisfied".into(), "other".into()));
    let poam = with(report::plan_of_action);
    assert_eq!(poam["plan-of-action-and-milestones"]["poam-items"].as_array().map(Vec::len), Some(8));
}
