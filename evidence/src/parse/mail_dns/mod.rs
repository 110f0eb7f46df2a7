//! DNS answers about mail domains: a zone file (RFC 1035 §5), a zone transfer, or what `dig` printed.

mod answers;
mod master;
#[cfg(test)]
mod tests;

use super::{Format, Hint, cut};
use crate::dns;
use crate::document::Document;
use crate::text;
use answers::Answers;

pub(super) const FORMAT: Format = Format {
    name: "mail-dns",
    kind: "mail-dns",
    about: "DNS records of mail domains: a zone file, a zone transfer, or the output of `dig`",
    looks_like: |head, _| looks_like(head),
    read,
};

fn looks_like(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&head[..head.len().min(16 << 10)]);
    text.lines().take(400).any(|line| {
        let words: Vec<&str> = line.split_whitespace().take(6).collect();
        let is = |word: &str| words.contains(&word);
        let record = ["SOA", "TXT", "MX", "NS"].into_iter().any(is);
        line.starts_with("$ORIGIN ")
            || line.starts_with("$TTL ")
            || line.contains("<<>> DiG ")
            || line.contains("->>HEADER<<-")
            || (is("IN") && record && !line.starts_with(['{', '[', '<', '"']))
    })
}

fn read(raw: &[u8], _name: &str, _hint: &Hint<'_>) -> Document {
    let text = match text::decode(raw) {
        Ok(text) => text,
        Err(why) => return Document::failed("mail-dns", "mail-dns", why),
    };
    let mut document = Document::new("mail-dns", "mail-dns");
    let mut answers = Answers::default();
    master::read(cut::lines(&text, &mut document), &mut answers, &mut document);
    answers.close(&mut document);
    if answers.is_empty() {
        return Document::failed("mail-dns", "mail-dns", "holds no record that could be read");
    }
    let domains = answers.mail_domains();
    document.made = answers.made;
    document.tool = answers.dig.then(|| "dig".to_owned());
    document.tool_version = answers.version.take();
    document.scope = Some(domains.join(" ")).filter(|s| !s.is_empty());
    for domain in &domains {
        let (row, odd) = dns::judge(domain, &answers);
        odd.into_iter().for_each(|what| document.remark(what));
        document.push(row);
    }
    if document.rows.is_empty() {
        document.partial("names no mail domain");
    }
    document
}
