//! Takes a mail (RFC 5322, RFC 2045) apart as far as reports need it: headers, parts, base64, quoted-printable.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How deep parts may stand in parts.
const DEPTH_LIMIT: usize = 8;
/// Parts that are taken out of one mail.
const PARTS_LIMIT: usize = 1_000;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One part that holds no other parts.
#[derive(Debug)]
pub(super) struct Part {
    /// Its media type, lower case.
    pub(super) media: String,
    pub(super) bytes: Vec<u8>,
}

/// A mail, taken apart.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// The media type of the whole with its parameters, as written.
    pub(super) content_type: String,
    pub(super) subject: String,
    pub(super) parts: Vec<Part>,
    /// Why it is not whole.
    pub(super) cut: Option<String>,
}

/// Whether bytes begin as a mail does: a heading line first, and the headings that every mail has.
pub(super) fn looks_like(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&head[..head.len().min(32 << 10)]);
    let text = if text.starts_with("From ") { text.split_once('\n').map_or("", |t| t.1) } else { &text };
    let first = text.split(':').next().unwrap_or("");
    let heading = !first.is_empty() && first.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let lower = text.to_ascii_lowercase();
    let has = |name: &str| lower.starts_with(name) || lower.contains(&format!("\n{name}"));
    heading && has("from:") && (has("subject:") || has("content-type:") || has("received:"))
}

/// Splits a mailbox (mbox) into its mails; a single mail is itself.
pub(super) fn mails(raw: &[u8]) -> Vec<&[u8]> {
    if !raw.starts_with(b"From ") {
        return vec![raw];
    }
    let mut starts = vec![0];
    // A mail begins with a `From ` line behind an empty one.
    for place in 1..raw.len().saturating_sub(5) {
        if raw[place] == b'F'
            && raw[place..].starts_with(b"From ")
            && (raw[..place].ends_with(b"\n\n") || raw[..place].ends_with(b"\r\n\r\n"))
        {
            starts.push(place);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([raw.len()]);
    starts.iter().zip(ends).map(|(from, to)| &raw[*from..to]).collect()
}

/// Takes a mail apart.
pub(super) fn mail(raw: &[u8]) -> Mail {
    let raw = match raw.iter().position(|b| *b == b'\n') {
        Some(end) if raw.starts_with(b"From ") => &raw[end + 1..],
        _ => raw,
    };
    let mut mail = Mail::default();
    let (headers, body) = split(raw);
    mail.content_type = header(&headers, "content-type").to_owned();
    mail.subject = header(&headers, "subject").to_owned();
    part(&headers, body, 0, &mut mail);
    mail
}

type Headers = Vec<(String, String)>;

/// Headings, unfolded, and what stands behind the empty line.
fn split(raw: &[u8]) -> (Headers, &[u8]) {
    let (mut headers, mut rest) = (Headers::new(), raw);
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |p| p + 1);
        let line = String::from_utf8_lossy(&rest[..end]);
        let line = line.trim_end_matches(['\r', '\n']);
        rest = &rest[end..];
        if line.is_empty() {
            break;
        }
        if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), headers.last_mut()) {
            value.push(' ');
            value.push_str(line.trim());
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (headers, rest)
}

fn header<'a>(headers: &'a Headers, name: &str) -> &'a str {
    headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
}

/// A parameter of a heading, such as `boundary`.
fn parameter(value: &str, name: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let place = lower.match_indices(name).map(|(p, _)| p).find(|p| {
        lower[..*p].trim_end().ends_with(';') && lower[p + name.len()..].trim_start().starts_with('=')
    })?;
    let rest = value[place + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().map(str::to_owned),
        None => rest.split([';', ' ', '\t']).next().map(str::to_owned),
    }
}

fn part(headers: &Headers, body: &[u8], depth: usize, mail: &mut Mail) {
    let content_type = header(headers, "content-type");
    let media = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if depth == DEPTH_LIMIT || mail.parts.len() == PARTS_LIMIT {
        mail.cut = Some(format!("parts stand deeper than {DEPTH_LIMIT} or are more than {PARTS_LIMIT}"));
        return;
    }
    if media.starts_with("multipart/")
        && let Some(boundary) = parameter(content_type, "boundary").filter(|b| !b.is_empty())
    {
        return parts(&boundary, body, depth, mail);
    }
    let bytes = decoded(header(headers, "content-transfer-encoding"), body, mail);
    if media == "message/rfc822" {
        let (headers, body) = split(&bytes);
        return part(&headers, body, depth + 1, mail);
    }
    mail.parts.push(Part { media, bytes });
}

fn parts(boundary: &str, body: &[u8], depth: usize, mail: &mut Mail) {
    let (open, close) = (format!("--{boundary}"), format!("--{boundary}--"));
    let (mut place, mut begun, mut ended) = (0, None, false);
    while place < body.len() && !ended {
        let end = body[place..].iter().position(|b| *b == b'\n').map_or(body.len(), |p| place + p + 1);
        let line = body[place..end].trim_ascii_end();
        ended = line == close.as_bytes();
        if ended || line == open.as_bytes() {
            if let Some(from) = begun {
                let (headers, inner) = split(&body[from..place]);
                part(&headers, inner, depth + 1, mail);
            }
            begun = Some(end);
        }
        place = end;
    }
    if !ended {
        mail.cut = Some("the mail ends before its last boundary".into());
        if let Some(from) = begun {
            let (headers, inner) = split(&body[from..]);
            part(&headers, inner, depth + 1, mail);
        }
    }
}

fn decoded(encoding: &str, body: &[u8], mail: &mut Mail) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => {
            let plain = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
            let mut text: Vec<u8> = body.iter().take_while(|b| **b != b'=').filter(plain).copied().collect();
            if text.len() % 4 == 1 {
                text.pop();
                mail.cut.get_or_insert_with(|| "a base64 part ends early".into());
            }
            LENIENT.decode(&text).unwrap_or_default()
        }
        "quoted-printable" => quoted_printable(body),
        _ => body.to_vec(),
    }
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii_end();
        let soft = text.ends_with(b"=");
        let text = text.strip_suffix(b"=").unwrap_or(text);
        let mut place = 0;
        while place < text.len() {
            let hex = text.get(place + 1..place + 3).and_then(|h| std::str::from_utf8(h).ok());
            match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
                Some(byte) if text[place] == b'=' => {
                    out.push(byte);
                    place += 3;
                }
                _ => {
                    out.push(text[place]);
                    place += 1;
                }
            }
        }
        if !soft && line.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "Received: by mx\r\nFrom: a@b.example\r\nSubject: Report\r\n about it\r\n\
        Content-Type: multipart/mixed;\r\n boundary=\"x=1\"\r\n\r\nintro\r\n--x=1\r\nContent-Type: text/plain\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4 long=\r\n line\r\n--x=1\r\n\
        Content-Type: Application/Gzip\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n--x=1--\r\n";

    #[test]
    fn parts_come_out_decoded() {
        assert!(looks_like(TWO.as_bytes()));
        let mail = mail(TWO.as_bytes());
        assert_eq!((mail.subject.as_str(), &mail.cut), ("Report about it", &None));
        assert_eq!(mail.parts.len(), 2);
        assert_eq!(String::from_utf8_lossy(&mail.parts[0].bytes), "ä long line\n");
        assert_eq!(
            (mail.parts[1].media.as_str(), mail.parts[1].bytes.as_slice()),
            ("application/gzip", b"hello".as_slice())
        );
    }

    #[test]
    fn a_mail_without_its_last_boundary_was_cut() {
        for at in 120..TWO.len() - 4 {
            let mail = mail(&TWO.as_bytes()[..at]);
            assert!(mail.cut.is_some() || mail.parts.len() < 2, "cut at {at}");
        }
    }

    #[test]
    fn parts_in_parts_stop_at_a_depth() {
        let deep = "Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(1_000);
        assert!(mail(deep.as_bytes()).cut.is_some());
    }

    #[test]
    fn a_mailbox_is_split_behind_empty_lines() {
        assert_eq!(mails(b"From x\na: b\n\nFrom here\n\nFrom y\nc: d\n").len(), 3);
        assert_eq!(mails(b"a: b\n\nFrom here\n").len(), 1);
    }
}
