//! Texts by their beginnings, or read backwards by their ends: one walk finds all that fit, however many there are.

/// What a text must do to be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Go on behind the key, or not.
    Begins,
    /// Be the key.
    Whole,
}

/// A key with what it stands for.
pub(crate) type Entry<'a> = (&'a [u8], Fit, u32);

/// A tree of keys in which paths without a fork are one step.
#[derive(Debug, Default)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
    /// First byte of each node's label, so that a fork is searched in one run of bytes.
    firsts: Vec<u8>,
    labels: Vec<u8>,
    outs: Vec<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    label: u32,
    label_end: u32,
    children: u32,
    children_end: u32,
    outs: u32,
    /// From here on outputs are for the whole text.
    outs_whole: u32,
    outs_end: u32,
}

impl Trie {
    /// Builds a tree.
    pub(crate) fn new(mut entries: Vec<Entry<'_>>) -> Self {
        entries.sort_unstable();
        let mut trie = Self::default();
        if entries.is_empty() {
            return trie;
        }
        trie.nodes.push(Node::default());
        trie.firsts.push(0);
        let mut waiting = vec![(0, &entries[..], 0)];
        while let Some((node, entries, depth)) = waiting.pop() {
            trie.fill(node, entries, depth, &mut waiting);
        }
        trie
    }

    fn fill<'a>(
        &mut self,
        node: usize,
        entries: &'a [Entry<'a>],
        depth: usize,
        waiting: &mut Vec<(usize, &'a [Entry<'a>], usize)>,
    ) {
        let (first, last) = (entries[0].0, entries[entries.len() - 1].0);
        let common = first[depth..].iter().zip(&last[depth..]).take_while(|(a, b)| a == b).count();
        let end = depth + common;
        let label = number(self.labels.len());
        self.labels.extend_from_slice(&first[depth..end]);
        let here = entries.partition_point(|(key, ..)| key.len() <= end);
        let (own, below) = entries.split_at(here);
        let outs = number(self.outs.len());
        let whole = own.partition_point(|(_, fit, _)| *fit == Fit::Begins);
        self.outs.extend(own.iter().map(|(.., out)| *out));
        let children = self.nodes.len();
        for group in below.chunk_by(|(a, ..), (b, ..)| a[end] == b[end]) {
            waiting.push((self.nodes.len(), group, end));
            self.nodes.push(Node::default());
            self.firsts.push(group[0].0[end]);
        }
        self.nodes[node] = Node {
            label,
            label_end: number(self.labels.len()),
            children: number(children),
            children_end: number(self.nodes.len()),
            outs,
            outs_whole: outs + number(whole),
            outs_end: number(self.outs.len()),
        };
    }

    /// Every key that the text begins with, or is.
    pub(crate) fn forwards(&self, text: &[u8], met: &mut impl FnMut(u32)) {
        self.walk(text.len(), |at, label| text[at..].starts_with(label), |at| text[at], met);
    }

    /// A tree of keys that are read backwards, given as they are read.
    pub(crate) fn new_backwards(entries: Vec<Entry<'_>>) -> Self {
        let mut trie = Self::new(entries);
        // A label stands in it as in a text.
        for node in &trie.nodes {
            trie.labels[node.label as usize..node.label_end as usize].reverse();
        }
        trie
    }

    /// The same for a text read backwards.
    pub(crate) fn backwards(&self, text: &[u8], met: &mut impl FnMut(u32)) {
        let long = text.len();
        self.walk(long, |at, label| text[..long - at].ends_with(label), |at| text[long - 1 - at], met);
    }

    fn walk(
        &self,
        long: usize,
        fits: impl Fn(usize, &[u8]) -> bool,
        byte: impl Fn(usize) -> u8,
        met: &mut impl FnMut(u32),
    ) {
        let (mut node, mut at) = (self.nodes.first(), 0);
        while let Some(here) = node {
            let label = &self.labels[here.label as usize..here.label_end as usize];
            if !fits(at, label) {
                return;
            }
            at += label.len();
            let end = if at == long { here.outs_end } else { here.outs_whole };
            self.outs[here.outs as usize..end as usize].iter().for_each(|out| met(*out));
            if at == long {
                return;
            }
            let children = here.children as usize..here.children_end as usize;
            let wanted = byte(at);
            let found = memchr::memchr(wanted, &self.firsts[children.clone()]);
            node = found.map(|place| &self.nodes[children.start + place]);
        }
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).expect("rules are bounded far below four thousand million bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_walk_finds_what_asking_each_key_finds(
            keys in prop::collection::vec(("[abc]{0,5}", any::<bool>()), 0..30),
            text in "[abc]{0,8}",
        ) {
            let (plain, whole): (Vec<String>, Vec<bool>) = keys.iter().cloned().unzip();
            let reversed: Vec<String> = keys.iter().map(|(k, _)| k.chars().rev().collect()).collect();
            let fit = |whole: bool| if whole { Fit::Whole } else { Fit::Begins };
            let entries = |keys: &[String]| -> Vec<(Vec<u8>, Fit, u32)> {
                let numbered = (0..).zip(keys).zip(&whole);
                numbered.map(|((n, k), w)| (k.clone().into_bytes(), fit(*w), n)).collect()
            };
            let (one_way, other_way) = (entries(&plain), entries(&reversed));
            let forwards = Trie::new(one_way.iter().map(|(k, f, n)| (&k[..], *f, *n)).collect());
            let backwards = Trie::new_backwards(other_way.iter().map(|(k, f, n)| (&k[..], *f, *n)).collect());
            let (mut one, mut other) = (vec![], vec![]);
            forwards.forwards(text.as_bytes(), &mut |out| one.push(out));
            backwards.backwards(text.as_bytes(), &mut |out| other.push(out));
            one.sort_unstable();
            other.sort_unstable();
            let want = |fits: &dyn Fn(&str) -> bool| -> Vec<u32> {
                (0..).zip(&keys).filter(|(_, (k, whole))| if *whole { *k == text } else { fits(k) }).map(|(n, _)| n).collect()
            };
            prop_assert_eq!(one, want(&|k| text.starts_with(k)));
            prop_assert_eq!(other, want(&|k| text.ends_with(k)));
        }
    }
}
