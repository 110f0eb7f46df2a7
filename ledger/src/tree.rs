//! An append-only RFC 6962 tree that keeps one hash for each full page of 256 leaves, and the leaves of the open one.

use crate::PAGE;
use crate::hash::{Hash, node_hash};
use sha2::{Digest, Sha256};

/// Leaves in a page.
const WIDTH: usize = 256;

/// The tree.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tree {
    pages: Vec<Hash>,
    open: Vec<Hash>,
    /// Roots of the largest full subtrees over the pages, largest first: one for each bit of their number, so that
    /// the root costs a few hashes however long the log is.
    peaks: Vec<Hash>,
}

/// The Merkle tree hash of a list of leaf hashes, or of roots of equally large full subtrees (RFC 6962 §2.1).
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash(Sha256::digest([]).into()),
        [one] => *one,
        // Pairwise, level by level: the odd one at the end goes up as it is, as in the recursive definition.
        _ => {
            let mut level: Vec<Hash> = leaves.chunks(2).map(pair).collect();
            while level.len() > 1 {
                // In place: a node is written where only nodes stood that were read already.
                let half = level.len().div_ceil(2);
                for at in 0..half {
                    level[at] = pair(&level[2 * at..level.len().min(2 * at + 2)]);
                }
                level.truncate(half);
            }
            level[0]
        }
    }
}

fn pair(nodes: &[Hash]) -> Hash {
    match nodes {
        [left, right] => node_hash(left, right),
        _ => nodes[0],
    }
}

/// The largest power of two below `size`; `size` is at least 2.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

impl Tree {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of the roots of its full pages and the leaves of its open page; `None` when those are a page or more.
    #[must_use]
    pub fn from_parts(page_roots: Vec<Hash>, open_page: Vec<Hash>) -> Option<Self> {
        if open_page.len() >= WIDTH {
            return None;
        }
        let mut tree = Self { pages: Vec::with_capacity(page_roots.len()), open: open_page, peaks: vec![] };
        page_roots.into_iter().for_each(|root| tree.add_page(root));
        Some(tree)
    }

    fn add_page(&mut self, root: Hash) {
        self.pages.push(root);
        let mut peak = root;
        // As in binary counting: each trailing one of the number before is a peak to join with.
        for _ in 0..self.pages.len().trailing_zeros() {
            let left = self.peaks.pop().expect("one peak for each bit of the number of pages");
            peak = node_hash(&left, &peak);
        }
        self.peaks.push(peak);
    }

    /// Adds a leaf.
    pub fn append(&mut self, leaf: Hash) {
        self.open.push(leaf);
        if self.open.len() == WIDTH {
            let root = root_of(&self.open);
            self.open.clear();
            self.add_page(root);
        }
    }

    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.pages.len() as u64 * PAGE + self.open.len() as u64
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        let open = (!self.open.is_empty() || self.pages.is_empty()).then(|| root_of(&self.open));
        let mut right_to_left = open.into_iter().chain(self.peaks.iter().rev().copied());
        let last = right_to_left.next().expect("an empty tree has its open page");
        right_to_left.fold(last, |right, left| node_hash(&left, &right))
    }

    /// The roots of the full pages.
    #[must_use]
    pub fn page_roots(&self) -> &[Hash] {
        &self.pages
    }

    /// The leaves of the open page, fewer than 256.
    #[must_use]
    pub fn open_page(&self) -> &[Hash] {
        &self.open
    }

    /// The proof that a leaf is in the tree (RFC 6962 §2.1.1). `page` holds the leaf hashes of the leaf's page; the
    /// open page's may be left empty. `None` when there is no such leaf or the page is another one.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64, page: &[Hash]) -> Option<Vec<Hash>> {
        if index >= self.size() {
            return None;
        }
        let known = self.with_page(index / PAGE, page)?;
        let mut proof = vec![];
        known.path(index, 0, self.size(), &mut proof)?;
        Some(proof)
    }

    /// The proof that the tree of `old_size` is a beginning of this one (RFC 6962 §2.1.2). `page` holds the leaf
    /// hashes of the page that `old_size` cuts; it may be empty when none is cut or it is the open page.
    #[must_use]
    pub fn consistency_proof(&self, old_size: u64, page: &[Hash]) -> Option<Vec<Hash>> {
        let size = self.size();
        if old_size > size {
            return None;
        }
        if old_size == 0 || old_size == size {
            return Some(vec![]);
        }
        let known = if old_size.is_multiple_of(PAGE) {
            Known { tree: self, number: u64::MAX, page: &[] }
        } else {
            self.with_page(old_size / PAGE, page)?
        };
        let mut proof = vec![];
        known.subproof(old_size, 0, size, true, &mut proof)?;
        Some(proof)
    }

    fn with_page<'a>(&'a self, number: u64, page: &'a [Hash]) -> Option<Known<'a>> {
        let stored = usize::try_from(number).ok().and_then(|n| self.pages.get(n));
        let page = match stored {
            Some(root) => (page.len() == WIDTH && root_of(page) == *root).then_some(page)?,
            None => &self.open,
        };
        Some(Known { tree: self, number, page })
    }
}

/// The tree with the leaves of one page at hand.
struct Known<'a> {
    tree: &'a Tree,
    number: u64,
    page: &'a [Hash],
}

impl Known<'_> {
    /// The hash over leaves `from..to`: whole pages, or a part of the page at hand or of the open page.
    fn range(&self, from: u64, to: u64) -> Option<Hash> {
        let index = |at: u64| usize::try_from(at).ok();
        if from.is_multiple_of(PAGE)
            && (to.is_multiple_of(PAGE) || to == self.tree.size())
            && to - from >= PAGE
        {
            let mut nodes = self.tree.pages.get(index(from / PAGE)?..index(to / PAGE)?)?.to_vec();
            if !to.is_multiple_of(PAGE) {
                nodes.push(root_of(&self.tree.open));
            }
            return Some(root_of(&nodes));
        }
        let number = from / PAGE;
        let leaves = match () {
            () if number == self.tree.pages.len() as u64 => &self.tree.open,
            () if number == self.number => self.page,
            () => return None,
        };
        let leaves = leaves.get(index(from % PAGE)?..index(to - number * PAGE)?)?;
        Some(root_of(leaves))
    }

    fn path(&self, index: u64, from: u64, to: u64, proof: &mut Vec<Hash>) -> Option<()> {
        if to - from == 1 {
            return Some(());
        }
        let middle = from + split(to - from);
        if index < middle {
            self.path(index, from, middle, proof)?;
            proof.push(self.range(middle, to)?);
        } else {
            self.path(index, middle, to, proof)?;
            proof.push(self.range(from, middle)?);
        }
        Some(())
    }

    fn subproof(&self, old: u64, from: u64, to: u64, whole: bool, proof: &mut Vec<Hash>) -> Option<()> {
        if old == to {
            if !whole {
                proof.push(self.range(from, to)?);
            }
            return Some(());
        }
        let middle = from + split(to - from);
        if old <= middle {
            self.subproof(old, from, middle, whole, proof)?;
            proof.push(self.range(middle, to)?);
        } else {
            self.subproof(old, middle, to, false, proof)?;
            proof.push(self.range(from, middle)?);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MTH as RFC 6962 §2.1 writes it.
    fn plain(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => root_of(&[]),
            [one] => *one,
            _ => {
                let (left, right) =
                    leaves.split_at(usize::try_from(split(leaves.len() as u64)).expect("small"));
                node_hash(&plain(left), &plain(right))
            }
        }
    }

    fn leaf(n: u32) -> Hash {
        crate::leaf_hash(&n.to_be_bytes())
    }

    #[test]
    fn the_root_is_the_plain_recursive_one_at_every_size() {
        let leaves: Vec<Hash> = (0..2_600).map(leaf).collect();
        let mut tree = Tree::new();
        for size in 0..=leaves.len() {
            let near_a_page = size % 256 < 3 || size % 256 > 253 || size % 97 == 0;
            if near_a_page {
                let want = plain(&leaves[..size]);
                assert_eq!(tree.root(), want, "{size}");
                assert_eq!(root_of(&leaves[..size]), want, "{size}");
                let again = Tree::from_parts(tree.page_roots().to_vec(), tree.open_page().to_vec());
                assert_eq!(again.as_ref(), Some(&tree));
            }
            if let Some(next) = leaves.get(size) {
                tree.append(*next);
            }
        }
        assert_eq!(Tree::from_parts(vec![], vec![leaf(0); 256]), None);
    }

    #[test]
    fn every_proof_verifies_and_none_does_with_a_changed_bit() {
        use crate::proof::{verify_consistency, verify_inclusion};
        let leaves: Vec<Hash> = (0..1_111).map(leaf).collect();
        let sizes = [1usize, 2, 3, 255, 256, 257, 511, 512, 513, 767, 1_024, 1_025, 1_111];
        for size in sizes {
            let mut tree = Tree::new();
            leaves[..size].iter().for_each(|l| tree.append(*l));
            let page = |index: usize| &leaves[index / 256 * 256..size.min(index / 256 * 256 + 256)];
            let (all, root) = (size as u64, tree.root());
            for index in (0..size).step_by(1 + size / 50) {
                let proof = tree.inclusion_proof(index as u64, page(index)).expect("inside");
                let check =
                    |proof: &[Hash]| verify_inclusion(index as u64, all, &leaves[index], proof, &root);
                assert_eq!(check(&proof), Ok(()), "{index} of {size}");
                for at in 0..proof.len() {
                    let mut changed = proof.clone();
                    changed[at].0[7] ^= 1;
                    assert!(check(&changed).is_err());
                    assert!(check(&proof[..at]).is_err());
                }
                assert!(verify_inclusion(index as u64, all, &leaf(9_999), &proof, &root).is_err());
            }
            for old in sizes.into_iter().filter(|&old| old <= size) {
                let proof = tree.consistency_proof(old as u64, page(old.min(size - 1))).expect("smaller");
                let old_root = plain(&leaves[..old]);
                let check = |proof: &[Hash]| verify_consistency(old as u64, all, &old_root, &root, proof);
                assert_eq!(check(&proof), Ok(()), "{old} to {size}");
                for at in 0..proof.len() {
                    let mut changed = proof.clone();
                    changed[at].0[31] ^= 0x80;
                    assert!(check(&changed).is_err());
                    assert!(check(&proof[..at]).is_err());
                }
            }
        }
    }

    #[test]
    fn a_wrong_page_gives_no_proof() {
        let mut tree = Tree::new();
        (0..600).for_each(|n| tree.append(leaf(n)));
        assert!(tree.inclusion_proof(3, &[leaf(1); 256]).is_none());
        assert!(tree.inclusion_proof(600, &[]).is_none());
        assert!(tree.consistency_proof(601, &[]).is_none());
        assert!(tree.consistency_proof(300, &[]).is_none());
    }
}
