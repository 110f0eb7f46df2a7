//! One line for each check and side, for a spreadsheet.

use super::Report;

/// A cell of RFC 4180. A spreadsheet shall not take text for a formula, so what could begin one gets a `'` before it.
fn cell(text: &str) -> String {
    let mut clean = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '\t' | '\r' | '\n' => clean.push(' '),
            c if model::is_hidden(c) => clean.extend(c.escape_unicode()),
            c => clean.push(c),
        }
    }
    let is_formula = clean.trim_start().starts_with(['=', '+', '-', '@']);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, clean.replace('"', "\"\""))
}

/// The report as CSV with a heading line.
#[must_use]
pub fn csv(report: &Report<'_>) -> String {
    let mut text = String::from(
        "customer,day,profile,measure,check,side,verdict,met,total,unknown,failing,why,owed by,stands on,next step\r\n",
    );
    for measure in &report.assessment.measures {
        for answer in &measure.checks {
            let fix = report.set.get(&answer.check).map_or("", |c| c.fix.as_str());
            let grounds: Vec<String> = answer
                .because
                .iter()
                .map(|g| {
                    g.seq.map_or_else(|| g.evidence.clone(), |seq| format!("{} (record {seq})", g.evidence))
                })
                .collect();
            let cells = [
                report.customer_id.to_owned(),
                crate::assessment::day(report.now),
                report.profile.0.to_owned(),
                measure.id.clone(),
                answer.check.clone(),
                answer.side.to_string(),
                answer.verdict.to_string(),
                answer.counts.met.to_string(),
                answer.counts.total.to_string(),
                answer.counts.unknown.to_string(),
                answer.failing_count.to_string(),
                answer.why.clone(),
                answer.owed.clone(),
                grounds.join("; "),
                if answer.verdict.is_good() { String::new() } else { fix.to_owned() },
            ];
            text.push_str(&cells.map(|c| cell(&c)).join(","));
            text.push_str("\r\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_never_a_formula_and_never_ends_early() {
        assert_eq!(cell("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(cell("\t=1+1"), "\"' =1+1\"");
        assert_eq!(cell("a\"b\r\nc"), "\"a\"\"b  c\"");
    }

    #[test]
    fn a_cell_holds_nothing_that_is_not_seen() {
        assert_eq!(cell("\u{1b}[2J\u{202e}x\u{61c}"), "\"\\u{1b}[2J\\u{202e}x\\u{61c}\"");
    }
}
