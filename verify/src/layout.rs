//! Which files a bundle of version 1 has, and which records stand in each (docs/formats.md §4).

use ledger::tile;

/// Records of one records file, but for the last.
pub(crate) const CHUNK: u64 = 65_536;
/// Roots in one full tile: its 256 pages of 256 records are as many as one records file holds.
pub(crate) const TILE: u64 = 256;
/// Bytes of one salt.
pub(crate) const SALT: u64 = 16;
/// Names have twelve digits, so a bundle cannot hold more.
pub(crate) const RECORDS_LIMIT: u64 = 1_000_000_000_000;

/// What a file of a bundle is, read from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The log's key.
    Vkey,
    /// The notes of the keys of days.
    Days,
    /// The signed state of the log.
    Checkpoint,
    /// The records file that begins with this record.
    Records(u64),
    /// Its salts file.
    Salts(u64),
    /// A level-1 tile: its index and how many roots stand in it.
    Tile(u64, u64),
}

impl Part {
    /// Reads a name. Only the exact spelling counts, so no name can lead out of the folder.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let chunk = |digits: &str| {
            let good = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit());
            let first: u64 = if good { digits.parse().ok()? } else { return None };
            first.is_multiple_of(ledger::PAGE).then_some(first)
        };
        match name {
            "vkey" => return Some(Self::Vkey),
            "days" => return Some(Self::Days),
            "checkpoint" => return Some(Self::Checkpoint),
            _ => {}
        }
        if let Some(digits) = name.strip_prefix("records/").and_then(|n| n.strip_suffix(".gz")) {
            return chunk(digits).map(Self::Records);
        }
        if let Some(digits) = name.strip_prefix("salts/") {
            return chunk(digits).map(Self::Salts);
        }
        match tile::parse_path(name)? {
            (1, index, width) if tile::path(1, index, width) == name => {
                Some(Self::Tile(index, u64::from(width)))
            }
            _ => None,
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Vkey => "vkey".to_owned(),
            Self::Days => "days".to_owned(),
            Self::Checkpoint => "checkpoint".to_owned(),
            Self::Records(start) => format!("records/{start:012}.gz"),
            Self::Salts(start) => format!("salts/{start:012}"),
            Self::Tile(index, width) => tile::path(1, index, u16::try_from(width).unwrap_or(256)),
        }
    }

    /// Whether a bundle of these records has this file.
    pub(crate) fn belongs(self, span: Span) -> bool {
        match self {
            Self::Vkey | Self::Checkpoint | Self::Days => true,
            Self::Records(start) | Self::Salts(start) => span.start(start / CHUNK) == Some(start),
            Self::Tile(index, width) => tile_width(index, span.size) == Some(width),
        }
    }
}

/// Which records a bundle holds: from `first` on, a multiple of 256, up to the log's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: u64,
    pub(crate) size: u64,
}

impl Span {
    /// Numbers of its records files, from and to (not included); a file's number is that of its multiple of 65,536.
    pub(crate) fn chunks(self) -> (u64, u64) {
        if self.first >= self.size { (0, 0) } else { (self.first / CHUNK, self.size.div_ceil(CHUNK)) }
    }

    /// First record of the records file of this number.
    pub(crate) fn start(self, chunk: u64) -> Option<u64> {
        let (from, to) = self.chunks();
        (from..to).contains(&chunk).then(|| chunk.saturating_mul(CHUNK).max(self.first))
    }

    /// First and last record of the records file of this number.
    pub(crate) fn range(self, chunk: u64) -> Option<(u64, u64)> {
        let end = chunk.saturating_add(1).saturating_mul(CHUNK).min(self.size);
        self.start(chunk).map(|start| (start, end - 1))
    }
}

/// How many tiles a bundle of `size` records has.
pub(crate) fn tiles(size: u64) -> u64 {
    (size / ledger::PAGE).div_ceil(TILE)
}

/// How many roots the n-th tile of a bundle of `size` records holds; none where there is no such tile.
pub(crate) fn tile_width(index: u64, size: u64) -> Option<u64> {
    let pages = size / ledger::PAGE;
    let first = index.checked_mul(TILE).filter(|first| *first < pages)?;
    Some((pages - first).min(TILE))
}

/// First and last record of the pages in the tiles `from` to `to` (inclusive).
pub(crate) fn tile_range(from: u64, to: u64, size: u64) -> Option<(u64, u64)> {
    let width = tile_width(to, size)?;
    let last = to * CHUNK + width * ledger::PAGE - 1;
    Some((from * CHUNK, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_only_in_its_one_spelling() {
        for good in [
            "vkey",
            "checkpoint",
            "records/000000065536.gz",
            "salts/000000000000",
            "tile/1/000",
            "tile/1/000.p/7",
            "tile/1/x001/234.p/255",
        ] {
            assert_eq!(Part::parse(good).map(Part::name).as_deref(), Some(good));
        }
        assert_eq!(Part::parse("records/000000000512.gz"), Some(Part::Records(512)));
        for bad in [
            "",
            "manifest",
            "../../etc/passwd",
            "/etc/passwd",
            "records/../vkey",
            "records/0.gz",
            "records/000000000001.gz",
            "records/00000000000a.gz",
            "records/+00000065536.gz",
            "salts/000000000000.gz",
            "tile/0/000",
            "tile/2/000",
            "tile/1/000.p/0",
            "tile/1/000.p/256",
            "tile/1/0",
            "tile/1/000.p/07",
            "tile/1/../1/000",
            "./vkey",
            "vkey/",
            "VKEY",
        ] {
            assert_eq!(Part::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn each_record_stands_in_exactly_one_file() {
        for (size, many, last) in [
            (0, 0, None),
            (1, 1, Some((0, 0))),
            (65_536, 1, Some((0, 65_535))),
            (65_537, 2, Some((65_536, 65_536))),
        ] {
            let span = Span { first: 0, size };
            assert_eq!(span.chunks(), (0, many), "{size}");
            assert_eq!(span.range(many.saturating_sub(1)), last, "{size}");
            assert_eq!(span.range(many), None, "{size}");
        }
        let span = Span { first: 70_144, size: 140_000 };
        assert_eq!(span.chunks(), (1, 3));
        assert_eq!(
            (span.range(0), span.range(1), span.range(2)),
            (None, Some((70_144, 131_071)), Some((131_072, 139_999)))
        );
        assert!(Part::Records(70_144).belongs(span) && !Part::Records(65_536).belongs(span));
        assert_eq!(Span { first: 512, size: 512 }.chunks(), (0, 0));
        assert_eq!(tile_width(0, 255), None);
        assert_eq!(tile_width(0, 256), Some(1));
        assert_eq!(tile_width(0, 70_000), Some(256));
        assert_eq!(tile_width(1, 70_000), Some(17));
        assert!(!Part::Records(u64::MAX).belongs(Span { first: 0, size: u64::MAX }));
    }
}
