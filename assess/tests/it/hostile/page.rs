//! Reads a page as a browser would, and stricter: what a report of ours never writes is a fault.

use std::collections::BTreeMap;

/// What a page is made of.
pub(crate) struct Seen {
    /// How often each tag stands there, with the names of its attributes.
    pub(crate) tags: BTreeMap<String, usize>,
    /// The texts and the values of attributes, with their escapes resolved.
    pub(crate) texts: Vec<String>,
}

/// The tags of two pages that differ.
pub(crate) fn differing(one: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>) -> String {
    let here = one.iter().filter(|(tag, many)| other.get(*tag) != Some(many));
    let there = other.iter().filter(|(tag, many)| one.get(*tag) != Some(many));
    here.map(|(t, n)| format!("<{t}> {n} times here; "))
        .chain(there.map(|(t, n)| format!("<{t}> {n} times there; ")))
        .collect()
}

/// Takes a page apart.
///
/// # Errors
/// The first thing that no page of ours has: a sign of markup in a text, an attribute without quotes, an unknown escape.
pub(crate) fn read(page: &str) -> Result<Seen, String> {
    let mut seen = Seen { tags: BTreeMap::new(), texts: vec![] };
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        seen.texts.push(resolved(&rest[..at])?);
        rest = tag(&rest[at + 1..], &mut seen)?;
    }
    if rest.trim().is_empty() { Ok(seen) } else { Err(format!("`{rest}` behind the last tag")) }
}

/// Reads one tag; the answer is what follows it.
fn tag<'p>(from: &'p str, seen: &mut Seen) -> Result<&'p str, String> {
    let near = || from.chars().take(60).collect::<String>();
    let name_ends =
        from.find([' ', '>', '/']).filter(|n| *n > 0 || from.starts_with('/')).ok_or_else(near)?;
    let name_ends = if name_ends == 0 { from.find('>').ok_or_else(near)? } else { name_ends };
    let name = &from[..name_ends];
    let plain = |c: char| c.is_ascii_alphanumeric() || "/!-:".contains(c);
    if !name.chars().all(plain) {
        return Err(format!("`<{}` is no tag", near()));
    }
    let (mut names, mut rest) = (String::from(name), &from[name_ends..]);
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(behind) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            *seen.tags.entry(names).or_insert(0) += 1;
            if name == "style" {
                // Its text is ours alone: no escapes, up to its end.
                return behind.find("</style>").map(|at| &behind[at..]).ok_or_else(near);
            }
            return Ok(behind);
        }
        let ends = rest.find(['=', ' ', '>']).ok_or_else(near)?;
        let attribute = &rest[..ends];
        if attribute.is_empty() || !attribute.chars().all(plain) {
            return Err(format!("`{attribute}` is no attribute, in `<{}`", near()));
        }
        names.push(' ');
        names.push_str(attribute);
        rest = &rest[ends..];
        if let Some(value) = rest.strip_prefix('=') {
            let value = value.strip_prefix('"').ok_or_else(|| format!("no quotes in `<{}`", near()))?;
            let (value, behind) = value.split_once('"').ok_or_else(near)?;
            seen.texts.push(resolved(value)?);
            rest = behind;
        }
    }
}

/// A text without its escapes.
fn resolved(text: &str) -> Result<String, String> {
    if let Some(c) = text.chars().find(|c| "<>\"".contains(*c)) {
        return Err(format!("{c:?} in the text `{text}`"));
    }
    let mut parts = text.split('&');
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, behind) = part.split_once(';').ok_or_else(|| format!("a bare & before `{part}`"))?;
        made.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            other => return Err(format!("`&{other};` is no escape of ours")),
        });
        made.push_str(behind);
    }
    Ok(made)
}
