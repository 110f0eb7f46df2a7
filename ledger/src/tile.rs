//! Paths of tiles (C2SP tlog-tiles, "Merkle Tree").

/// Hashes in a full tile.
pub const WIDTH: u16 = 256;

/// The path of a tile: `tile/<L>/<N>`, and `.p/<W>` behind it when it holds fewer than 256 hashes.
#[must_use]
pub fn path(level: u8, index: u64, width: u16) -> String {
    let mut parts = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    parts.reverse();
    let partial = if width < WIDTH { format!(".p/{width}") } else { String::new() };
    format!("tile/{level}/{}{partial}", parts.join("/"))
}

/// Level, index and width of a tile's path; `None` for every other text, also for another spelling of a path.
#[must_use]
pub fn parse_path(text: &str) -> Option<(u8, u64, u16)> {
    let rest = text.strip_prefix("tile/")?;
    let (level, rest) = rest.split_once('/')?;
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, width.parse().ok().filter(|&w| w > 0 && w < WIDTH)?),
        None => (rest, WIDTH),
    };
    let mut number = 0u64;
    for part in index.split('/') {
        let digits = part.strip_prefix('x').unwrap_or(part);
        let value: u64 = digits.parse().ok().filter(|_| digits.len() == 3)?;
        number = number.checked_mul(1000)?.checked_add(value)?;
    }
    let made = (level.parse().ok().filter(|&l| l < 64)?, number, width);
    (path(made.0, made.1, made.2) == text).then_some(made)
}
