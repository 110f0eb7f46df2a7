//! Catalogues that everybody may fetch: exploited vulnerabilities, decision points, probabilities, remote-management tools.

pub(super) mod decisions;
pub(super) mod epss;
pub(super) mod kev;
pub(super) mod lolrmm;
pub(super) mod ssvc;

/// Whether a text is a CVE id, in upper case.
fn cve(text: &str) -> Option<String> {
    let upper = text.trim().to_ascii_uppercase();
    let (year, number) = upper.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |part: &str| !part.is_empty() && part.len() < 20 && part.bytes().all(|b| b.is_ascii_digit());
    (digits(year) && digits(number)).then_some(upper)
}

/// The first lines of what may be packed.
fn first_lines(head: &[u8]) -> String {
    use super::unpack::{is_packed, peek};
    let head = if is_packed(head) { peek(head) } else { head[..head.len().min(8192)].to_vec() };
    String::from_utf8_lossy(&head).trim_start_matches('\u{feff}').to_owned()
}
