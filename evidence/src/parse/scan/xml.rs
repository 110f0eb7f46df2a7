//! XML of reports: bounded in depth, without entities of its own, and whatever was whole before it broke off.

use super::decode;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Elements that may stand within one another.
const DEPTH_LIMIT: usize = 128;
/// Elements of one collected tree.
const NODES_LIMIT: usize = 2_000_000;

/// One element.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Its name without prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

impl Node {
    /// An attribute that is there and not empty.
    pub(super) fn attr(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name)?;
        Some(found.1.trim()).filter(|v| !v.is_empty())
    }

    /// Its own text, if it has any but spaces.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|t| !t.is_empty())
    }

    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.all(name).next()
    }

    /// Every child of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// Every child.
    pub(super) fn children(&self) -> &[Self] {
        &self.children
    }

    /// The text of the first child of a name.
    pub(super) fn says(&self, name: &str) -> Option<&str> {
        self.child(name)?.text()
    }
}

/// What was met on the way through a document.
pub(super) enum Met {
    /// An element that is walked through begins; it has its attributes only.
    Open(Node),
    /// An element that was asked for, whole.
    Whole(Node),
    /// An element that was walked through ends.
    Close,
}

/// How the walk ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The root element was closed, and nothing came after it.
    Whole,
    /// It broke off.
    Cut(String),
    /// It asks for what is never done: entities of its own.
    Refused(String),
}

/// Walks through a document and hands over each element named in `wanted` as a whole; the path holds the names of the
/// elements around it, its own one (for open and close) included.
pub(super) fn walk(raw: &[u8], wanted: &[&str], mut on: impl FnMut(&[String], Met)) -> End {
    let (text, broken) = decode(raw);
    let mut walk = Walk { path: vec![], tree: vec![], nodes: 0, closed: false };
    let end = walk.run(&text, wanted, &mut on);
    match (end, broken) {
        (End::Refused(why), _) => End::Refused(why),
        (_, Some(why)) => End::Cut(why),
        (end, None) => end,
    }
}

struct Walk {
    path: Vec<String>,
    tree: Vec<Node>,
    nodes: usize,
    closed: bool,
}

impl Walk {
    fn run(&mut self, text: &str, wanted: &[&str], on: &mut impl FnMut(&[String], Met)) -> End {
        let mut reader = Reader::from_str(text);
        loop {
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => return End::Cut(format!("byte {}: {error}", reader.error_position())),
            };
            let done = match event {
                Event::Start(start) => self.open(&start, wanted, on),
                Event::Empty(start) => self.open(&start, wanted, on).and_then(|()| self.close(on)),
                Event::End(_) => self.close(on),
                Event::Text(words) => self.words(&words.xml10_content()),
                Event::CData(words) => self.words(&words.xml10_content()),
                Event::GeneralRef(reference) => self.reference(&reference),
                Event::DocType(words) => {
                    if words.contains('[') || words.to_ascii_uppercase().contains("ENTITY") {
                        return End::Refused("a DOCTYPE with declarations of its own is not read".to_owned());
                    }
                    Ok(())
                }
                Event::Eof => return self.end(),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(()),
            };
            if let Err(why) = done {
                return End::Cut(format!("byte {}: {why}", reader.buffer_position()));
            }
        }
    }

    fn end(&self) -> End {
        match self.path.last() {
            _ if self.closed => End::Whole,
            Some(open) => End::Cut(format!("the text ends inside of `{open}`")),
            None => End::Cut("the text holds no element".to_owned()),
        }
    }

    fn open(
        &mut self,
        start: &BytesStart<'_>,
        wanted: &[&str],
        on: &mut impl FnMut(&[String], Met),
    ) -> Result<(), String> {
        if self.closed {
            return Err("something follows the root element".to_owned());
        }
        if self.path.len() + self.tree.len() >= DEPTH_LIMIT {
            return Err(format!("more than {DEPTH_LIMIT} elements within one another"));
        }
        let node = node(start)?;
        if self.tree.is_empty() && !wanted.contains(&node.name.as_str()) {
            self.path.push(node.name.clone());
            on(&self.path, Met::Open(node));
            return Ok(());
        }
        self.nodes += 1;
        if self.nodes > NODES_LIMIT {
            return Err(format!("more than {NODES_LIMIT} elements in one entry"));
        }
        self.tree.push(node);
        Ok(())
    }

    fn close(&mut self, on: &mut impl FnMut(&[String], Met)) -> Result<(), String> {
        let Some(node) = self.tree.pop() else {
            on(&self.path, Met::Close);
            self.path.pop();
            self.closed = self.path.is_empty();
            return Ok(());
        };
        if let Some(parent) = self.tree.last_mut() {
            parent.children.push(node);
        } else {
            self.nodes = 0;
            on(&self.path, Met::Whole(node));
            self.closed = self.path.is_empty();
        }
        Ok(())
    }

    fn words(&mut self, words: &str) -> Result<(), String> {
        if self.path.is_empty() && self.tree.is_empty() && !words.trim().is_empty() {
            return Err("words outside of the root element".to_owned());
        }
        if let Some(node) = self.tree.last_mut() {
            node.text.push_str(words);
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), String> {
        let name = reference.xml10_content();
        let known = match name.as_ref() {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => reference.resolve_char_ref().map_err(|error| error.to_string())?,
        };
        let known = known.ok_or_else(|| format!("`&{name};` is no entity that is known here"))?;
        self.words(known.encode_utf8(&mut [0; 4]))
    }
}

fn node(start: &BytesStart<'_>) -> Result<Node, String> {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let mut node = Node { name: local(start.name().0), ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value =
            quick_xml::escape::unescape(attribute.value.as_ref()).map_err(|error| error.to_string())?;
        node.attributes.push((local(attribute.key.0), value.into_owned()));
    }
    Ok(node)
}
