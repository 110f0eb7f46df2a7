//! Pages: what the records give is held against what was stored, and both are folded into the root of all.

use ledger::{Hash, PAGE, node_hash, root_of};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Most runs of differing pages that are kept apart; the last one grows beyond it.
const RUNS_LIMIT: usize = 900;
/// 256 leaves are the eighth level.
const PAGE_HEIGHT: u32 = 8;

/// The right edge of a growing tree (RFC 6962 §2.1): one root for each complete subtree, so a few dozen hashes for
/// any number of records. `None` once a part is unknown.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    subtrees: Option<Vec<(u32, Hash)>>,
    pages: u64,
}

impl Edge {
    fn new() -> Self {
        Self { subtrees: Some(Vec::new()), pages: 0 }
    }

    /// Puts `count` pages in that nobody knows.
    fn lose(&mut self, count: u64) {
        self.subtrees = None;
        self.pages = self.pages.saturating_add(count);
    }

    fn page(&mut self, root: Hash) {
        self.put(PAGE_HEIGHT, root);
        self.pages += 1;
    }

    fn put(&mut self, mut height: u32, mut hash: Hash) {
        let Some(subtrees) = &mut self.subtrees else { return };
        while let Some((_, left)) = subtrees.pop_if(|(h, _)| *h == height) {
            hash = node_hash(&left, &hash);
            height += 1;
        }
        subtrees.push((height, hash));
    }

    /// The root of `pages` pages and the leaves behind them, if all of it is known.
    fn root(&self, pages: u64, open: &[Hash]) -> Option<Hash> {
        if self.pages != pages {
            return None;
        }
        let mut all = self.clone();
        for leaf in open {
            all.put(0, *leaf);
        }
        let subtrees = all.subtrees?;
        let hashes = subtrees.iter().rev().map(|(_, hash)| *hash);
        Some(hashes.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(|| root_of(&[])))
    }
}

/// Pages in a row whose records give other roots than the stored ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Differing {
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Where the records stand.
    pub(crate) path: Arc<str>,
    /// Where the stored roots stand.
    pub(crate) stored: Arc<str>,
}

/// Stored roots of pages in a row.
#[derive(Debug)]
struct Batch {
    first: u64,
    roots: Vec<Hash>,
    path: Arc<str>,
}

/// The two ways to the root: from the records, and from stored page roots. They may come in any order.
#[derive(Debug)]
pub(crate) struct Pages {
    computed: Edge,
    stored: Edge,
    batches: VecDeque<Batch>,
    waiting: VecDeque<(u64, Hash, Arc<str>)>,
    pub(crate) differing: Vec<Differing>,
    /// Pages below this one are not here: their stored roots stand for them.
    begin: u64,
    /// Stored roots of those.
    pub(crate) early: Vec<Hash>,
    /// Sizes at which the root is asked for, and what it was.
    wanted: BTreeMap<u64, Option<Hash>>,
}

impl Pages {
    pub(crate) fn new() -> Self {
        Self {
            computed: Edge::new(),
            stored: Edge::new(),
            batches: VecDeque::new(),
            waiting: VecDeque::new(),
            differing: Vec::new(),
            begin: 0,
            early: Vec::new(),
            wanted: BTreeMap::new(),
        }
    }

    /// The log is here from this page on only.
    pub(crate) fn begin(&mut self, page: u64) {
        self.begin = page;
    }

    /// Asks for the root at a size, before anything is handed in.
    pub(crate) fn want(&mut self, size: u64) {
        self.wanted.insert(size, (size == 0).then(|| root_of(&[])));
    }

    /// The root at a size that was asked for, if all that it takes was there.
    pub(crate) fn root_at(&self, size: u64) -> Option<Hash> {
        self.wanted.get(&size).copied().flatten()
    }

    /// The log has this size now: full pages, and `open` leaves behind them, if all of those are known.
    pub(crate) fn reached(&mut self, size: u64, open: Option<&[Hash]>) {
        if let Some(wanted) = self.wanted.get_mut(&size) {
            *wanted = open.and_then(|open| self.computed.root(size / PAGE, open));
        }
    }

    /// The records of the next page give this root.
    pub(crate) fn computed(&mut self, root: Hash, path: &Arc<str>) {
        self.waiting.push_back((self.computed.pages, root, Arc::clone(path)));
        self.computed.page(root);
        self.compare();
    }

    /// The next `count` pages cannot be computed.
    pub(crate) fn lose_computed(&mut self, count: u64) {
        self.computed.lose(count);
    }

    /// These roots are stored for the next pages.
    pub(crate) fn stored(&mut self, roots: &[Hash], path: &str) {
        if roots.is_empty() {
            return;
        }
        self.batches.push_back(Batch { first: self.stored.pages, roots: roots.to_vec(), path: path.into() });
        for root in roots {
            if self.stored.pages < self.begin && self.computed.pages == self.stored.pages {
                self.early.push(*root);
                self.computed.page(*root);
                self.reached(self.computed.pages * PAGE, Some(&[]));
            }
            self.stored.page(*root);
        }
        self.compare();
    }

    /// For the next `count` pages the stored roots are lost.
    pub(crate) fn lose_stored(&mut self, count: u64) {
        let early = self.begin.saturating_sub(self.stored.pages).min(count);
        if early > 0 {
            self.computed.lose(early);
        }
        self.stored.lose(count);
    }

    /// How many pages have a stored root, lost ones included.
    pub(crate) fn stored_pages(&self) -> u64 {
        self.stored.pages
    }

    /// The root of all, from the records alone.
    pub(crate) fn computed_root(&self, pages: u64, open: &[Hash]) -> Option<Hash> {
        self.computed.root(pages, open)
    }

    /// The root of all, from the stored roots and the records behind the last full page.
    pub(crate) fn stored_root(&self, pages: u64, open: &[Hash]) -> Option<Hash> {
        self.stored.root(pages, open)
    }

    fn compare(&mut self) {
        while let Some((page, _, _)) = self.waiting.front() {
            let page = *page;
            while self.batches.pop_front_if(|b| b.first + b.roots.len() as u64 <= page).is_some() {}
            if page >= self.stored.pages {
                return;
            }
            let Some((_, root, path)) = self.waiting.pop_front() else { return };
            let Some(batch) = self.batches.front().filter(|b| b.first <= page) else { continue };
            let at = usize::try_from(page - batch.first).unwrap_or(usize::MAX);
            if batch.roots.get(at).is_some_and(|stored| *stored != root) {
                let stored = Arc::clone(&batch.path);
                self.differ(Differing { first: page, last: page, path, stored });
            }
        }
    }

    fn differ(&mut self, found: Differing) {
        let full = self.differing.len() >= RUNS_LIMIT;
        match self.differing.last_mut() {
            Some(run)
                if full
                    || (run.last + 1 == found.first
                        && run.path == found.path
                        && run.stored == found.stored) =>
            {
                run.last = found.last;
            }
            _ => self.differing.push(found),
        }
    }
}

/// Number of full pages in a log of `size` records.
pub(crate) fn full_pages(size: u64) -> u64 {
    size / PAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(n: u64) -> Hash {
        ledger::leaf_hash(&n.to_be_bytes())
    }

    #[test]
    fn the_edge_gives_the_root_of_rfc_6962_for_every_size() {
        for size in [0, 1, 2, 3, 7, 255, 256, 257, 511, 512, 700, 1_024, 1_281] {
            let leaves: Vec<_> = (0..size).map(leaf).collect();
            let mut pages = Pages::new();
            let (full, open) = leaves.as_chunks::<256>();
            for page in full {
                pages.computed(root_of(page), &"r".into());
            }
            assert_eq!(pages.computed_root(full_pages(size), open), Some(root_of(&leaves)), "{size}");
            assert_eq!(pages.computed_root(full_pages(size) + 1, open), None, "{size}");
        }
    }

    #[test]
    fn stored_roots_may_come_before_between_or_after() {
        for early in 0..=6usize {
            let roots: Vec<_> = (0..6).map(leaf).collect();
            let mut stored = roots.clone();
            stored[2] = leaf(99);
            stored[3] = leaf(98);
            let mut pages = Pages::new();
            pages.stored(&stored[..early], "tile");
            for root in &roots {
                pages.computed(*root, &"r".into());
            }
            for root in &stored[early..] {
                pages.stored(&[*root], "tile");
            }
            let want = Differing { first: 2, last: 3, path: "r".into(), stored: "tile".into() };
            assert_eq!(pages.differing, [want], "{early}");
            assert!(pages.waiting.is_empty());
        }
    }

    #[test]
    fn a_lost_page_is_compared_with_nothing_and_moves_no_other() {
        let roots: Vec<_> = (0..4).map(leaf).collect();
        let mut pages = Pages::new();
        pages.stored(&roots[..1], "a");
        pages.lose_stored(1);
        pages.stored(&roots[2..], "b");
        pages.computed(roots[0], &"r".into());
        pages.computed(leaf(50), &"r".into());
        pages.lose_computed(1);
        pages.computed(leaf(51), &"r".into());
        let runs: Vec<_> = pages.differing.iter().map(|d| (d.first, d.last)).collect();
        assert_eq!(runs, [(3, 3)]);
        assert_eq!(pages.computed_root(4, &[]), None);
        assert_eq!(pages.stored_root(4, &[]), None);
    }
}
