#!/usr/bin/env python3
"""Checks a Bailiwick bundle (docs/formats.md): the second verifier, which shares no line with the first.

    python3 -I docs/verify.py BUNDLE [--vkey LINE] [--head FILE]... [--json]

Python's standard library only; reads the bundle and nothing else, writes nothing, opens no connection.
Exit codes: 0 all of it holds, 2 usage, 4 something does not hold, 5 the path cannot be read.
"""
import argparse, base64, datetime, hashlib, json, os, re, stat, sys, unicodedata, zlib

CHUNK, PAGE, NOTE_LIMIT, RECORD_LIMIT, FINDINGS_LIMIT = 65536, 256, 1 << 20, 64 << 20, 1000
FORMATS = {"evtx", "ndjson", "json", "syslog", "csv", "cloudtrail", "zeek", "text", "bailiwick"}
DAYS_LIMIT, SILENCE, FLOOR, DAY = 32 << 20, 180, 184, 86400
CHANGED, REWRITTEN, MISSING, OTHER, SHORTENED, SILENT = "A1", "A2", "A3", "A4", "A5", "A10"
HASH = "([A-Za-z0-9+/]{43}=)"


def need(condition, what):
    """Refuses with ValueError, as the decoders of the standard library do."""
    if not condition:
        raise ValueError(what)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def clean(text):
    """A stranger's text, unable to move a cursor or to hide other text."""
    hidden = lambda c: unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join(f"\\u{{{ord(c):x}}}" if hidden(c) else c for c in text[:200])


# --- Ed25519 (RFC 8032 section 5.1), verification only ---------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point(data):
    """Decodes a point to extended coordinates."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    need(y < P, "no point of the curve")
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need((x * x - xx) % P == 0 and not (x == 0 and sign), "no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, p):
    out = (0, 1, 1, 0)
    while n:
        out, p, n = (add(out, p) if n & 1 else out), add(p, p), n >> 1
    return out


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def holds(public, message, signature):
    """Whether the signature holds; keys and signatures of small order are refused."""
    try:
        need(len(signature) == 64, "not 64 bytes")
        a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except ValueError:
        return False
    small = any(same(times(8, p), (0, 1, 1, 0)) for p in (a, r))
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return s < L and not small and same(times(s, BASE), add(r, times(k, a)))


# --- Signed notes and keys (C2SP signed-note), checkpoints -----------------------------------------------------------
def unbase64(text):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "not the one spelling of base64")
    return data


def controls(text):
    return any(unicodedata.category(c) == "Cc" for c in text)


def good_name(name):
    return name and not controls(name) and not any(c.isspace() or c == "+" for c in name)


class Key:
    def __init__(self, line):
        parts = line.split("+", 2)
        need(len(parts) == 3 and good_name(parts[0]), "not a name, an id and a key with `+` between them")
        data = unbase64(parts[2])
        need(len(data) == 33 and data[0] == 1, "not an Ed25519 key")
        self.line, self.name, self.public = line, parts[0], data[1:]
        self.id = sha(self.name.encode(), b"\n\x01", self.public)[:4]
        need(self.id.hex() == parts[1], "the id is not the one of this name and key")
        point(self.public)
        digest = sha(self.public).hex()
        self.fingerprint = " ".join(digest[i : i + 8] for i in range(0, 64, 8))


def note(data):
    """Text and signatures (name, id, bytes) of a note in its one spelling."""
    need(len(data) <= NOTE_LIMIT, "longer than any note")
    text, empty, lines = data.decode().rpartition("\n\n")
    text += "\n"
    need(empty and lines.endswith("\n"), "no empty line before the signatures, or no end")
    need(not any(c < " " and c != "\n" for c in text + lines), "a control character")
    signatures = []
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, space, signature = rest.partition(" ")
        need(dash == "\u2014" and space and good_name(name), "no signature line")
        raw = unbase64(signature)
        need(len(raw) > 4, "a signature is too short")
        signatures.append((name, raw[:4], raw[4:]))
    need(len(signatures) <= 64, "too many signatures")
    return text, signatures


# --- The record (docs/formats.md section 1): deterministic CBOR ------------------------------------------------------
class Form:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, many):
        need(self.at + many <= len(self.data), "it ends too early")
        self.at += many
        return self.data[self.at - many : self.at]

    def head(self, *majors):
        first = self.take(1)[0]
        major, value = first >> 5, first & 31
        need(major in majors and value < 28, "another kind of value")
        if value >= 24:
            wide = 1 << (value - 24)
            value = int.from_bytes(self.take(wide), "big")
            need(value >= (24 if wide == 1 else 1 << (4 * wide)), "a longer spelling than needed")
        return -1 - value if major == 1 else value

    def text(self):
        return self.take(self.head(3)).decode()

    def time(self):
        need(self.head(4) == 2, "no time")
        seconds, nanos = self.head(0, 1), self.head(0)
        need(nanos < 10**9 and -377705023201 <= seconds <= 253402207200, "a time out of range")
        return seconds, nanos


def record(data):
    """Checks a record's form; answers its number, whether it is of the log itself, its arrival in nanoseconds, its raw bytes."""
    form = Form(data)
    need(form.head(4) == 9 and form.head(0) == 1, "no array of nine of version 1")
    seq, kind = form.head(0), form.head(0)
    need(kind < 8, "no such kind")
    word, _, name = form.text().partition(":")
    need(word in FORMATS and 0 < len(name.encode()) < 256 and not controls(name), "no such source")
    form.time()
    received = form.time()
    digest, raw = form.take(form.head(2)), form.take(form.head(2))
    need(digest == sha(raw), "another SHA-256 than its raw bytes have")
    for _ in range(form.head(4)):
        form.text()
    need(form.at == len(data), "something stands behind it")
    return seq, kind == 7 and (word, name) == ("bailiwick", "self"), received[0] * 10**9 + received[1], raw


# --- The tree (RFC 6962 section 2.1) ---------------------------------------------------------------------------------
def tree(hashes):
    """The root over hashes of one level."""
    if not hashes:
        return sha()
    while len(hashes) > 1:
        pairs = [sha(b"\x01", hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[len(hashes) & ~1 :]
    return hashes[0]


def whole(pages, open_page):
    """The root over full pages and the leaves behind them; none when a part is unknown."""
    if None in pages or None in open_page:
        return None
    return tree(pages + [tree(open_page)]) if open_page else tree(pages)


def chunk_starts(first, size):
    while first < size:
        yield first
        first = (first // CHUNK + 1) * CHUNK


def tile_names(size):
    pages = size // PAGE
    for index in range((pages + 255) // 256):
        width, parts, rest = min(256, pages - index * 256), [f"{index % 1000:03}"], index // 1000
        while rest:
            parts, rest = [f"x{rest % 1000:03}"] + parts, rest // 1000
        yield "tile/1/" + "/".join(parts) + (f".p/{width}" if width < 256 else ""), width


def chunk_names(first):
    return f"records/{first:012}.gz", f"salts/{first:012}"


# --- The keys of days and what the log says of itself (docs/formats.md section 3) --------------------------------------
def notes(data):
    """Cuts a file of notes behind each other: what is no signature behind a signature begins the next."""
    found, signed = [b""], False
    for line in re.findall(b"[^\n]*\n|[^\n]+$", data):
        signature = line.startswith("\u2014 ".encode())
        if signed and not signature:
            found.append(b"")
        found[-1] += line
        signed = signature
    return found


def signs(key, text, signatures):
    """Whether there is a signature of this key, and every one of them holds."""
    ours = [s for n, i, s in signatures if (n, i) == (key.name, key.id)]
    return bool(ours) and all(holds(key.public, text.encode(), s) for s in ours)


class Handover:
    def __init__(self, data, origin, stable, before):
        text, signatures = note(data)
        form = f"bailiwick-day-key v1\norigin {re.escape(origin)}\nday ([0-9-]{{10}})\nlog (0|[1-9][0-9]*) {HASH}\nvkey ([^\n]+)\n"
        match = re.fullmatch(form, text)
        need(match, "a note of a day's key is not in its form, or of another log")
        self.day, self.size, self.root, self.key = match[1], int(match[2]), unbase64(match[3]), Key(match[4])
        self.raw = b'{"control":"day-key","note":"' + data.replace(b"\n", b"\\n") + b'"}'
        need(self.size < 1 << 64 and self.key.name == f"{origin}/day/{self.day}", "a day's key has another name")
        need(len(signatures) == (2 if before else 1), "a note of a day's key has not the signatures that it must have")
        self.threat = None
        if not signs(stable, text, signatures):
            self.threat = OTHER
        elif before and self.size <= before.size:
            self.threat = CHANGED
        elif before and not signs(before.key, text, signatures):
            self.threat = REWRITTEN
        elif not before and (self.size, self.root) != (0, sha()):
            self.threat = CHANGED


def when(text):
    """An RFC 3339 time in nanoseconds; none where it is none."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", text if isinstance(text, str) else "")
    try:
        at = match and datetime.datetime.fromisoformat(match[1] + "+00:00")
        return at and int(at.timestamp()) * 10**9 + int((match[2] or "0").ljust(9, "0"))
    except ValueError:
        return None


class Log:
    """What the records say of the log itself, in their order."""

    def __init__(self, tell):
        self.tell, self.greatest, self.gap, self.closed, self.days, self.stones = tell, None, None, False, None, []

    def lost(self):
        self.greatest = self.gap = None

    def silent(self):
        if self.gap is not None:
            what = "Nothing was sealed for more than three minutes here, and the log does not say why."
            self.tell(SILENT, "records", what, self.gap, self.gap + 1)
            self.gap = None

    def take(self, seq, own, received, raw, handovers, chain_held):
        body = {}
        if own:
            try:
                body = json.loads(raw.decode())
            except ValueError:
                pass
        body = body if isinstance(body, dict) else {}
        word = body.get("control")
        if self.greatest is not None and received // 10**9 - self.greatest // 10**9 > SILENCE and not self.closed:
            self.gap = seq - 1
        if own and word in ("reopened", "silence"):
            self.gap = None
        elif not own:
            self.silent()
        expected = handovers.get(seq)
        if expected is not None and not (own and raw == expected):
            self.tell(REWRITTEN, "records", f"Record {seq} does not announce the key of the day that began there.", seq, seq)
        elif expected is None and own and word == "day-key" and chain_held:
            self.tell(REWRITTEN, "records", f"Record {seq} announces a key that nobody handed over to.", seq, seq)
        number = lambda name: body[name] if type(body.get(name)) is int and 0 <= body[name] < 1 << 64 else None
        if word in ("opened", "epoch", "retention"):
            self.retention(seq, number("days" if word == "retention" else "retention_days"))
        elif word == "tombstone":
            self.tombstone(seq, received, number("first"), number("count"), when(body.get("until")), body.get("root"), number("retention_days"))
        self.closed = word == "closed"
        self.greatest = max(received, self.greatest or received)

    def retention(self, seq, days):
        if days is None:
            return
        least = max(FLOOR, self.days or 0)
        if days < least:
            self.tell(SHORTENED, "records", f"Record {seq} says {days} days of retention; {least} were in force.", seq, seq)
        self.days = max(days, least)

    def tombstone(self, seq, received, first, count, until, root, days):
        sound = None not in (first, count, until) and isinstance(root, str) and re.fullmatch(HASH, root)
        if not sound or first % PAGE or count % PAGE or count == 0 or first + count > seq:
            return self.tell(CHANGED, "records", f"Record {seq} ends records, but not as it must.", seq, seq)
        if received // 10**9 - until // 10**9 < max(FLOOR, self.days or 0, days or 0) * DAY:
            self.tell(SHORTENED, "records", "These records were ended too early.", first, first + count - 1)
        self.stones.append((first, count, root))


# --- The bundle ------------------------------------------------------------------------------------------------------
class Bundle:
    def __init__(self, root, pinned, heads=()):
        self.heads, self.first, self.days, self.chain_held, self.wanted = heads, 0, [], False, {}
        self.log = Log(self.tell)
        self.root, self.pinned, self.key, self.origin, self.customer = root, pinned, None, None, None
        self.findings, self.left_out, self.records, self.head, self.goal = [], 0, 0, None, None
        self.files, self.listed = {}, None

    def tell(self, threat, path, message, first=None, last=None):
        if len(self.findings) < FINDINGS_LIMIT:
            self.findings.append({"threat": threat, "from": first, "to": last, "path": clean(path), "message": message})
        else:
            self.left_out += 1

    def name(self, origin):
        self.origin = self.origin or origin
        label = "[a-z0-9][a-z0-9-]{0,62}"
        match = re.fullmatch(f"{label}/({label})/records", self.origin)
        self.customer = match and match[1]

    def walk(self, folder="", depth=0):
        for entry in os.scandir(os.path.join(self.root, folder)):
            name, about = folder + entry.name, entry.stat(follow_symlinks=False)
            if stat.S_ISREG(about.st_mode):
                self.files[name] = about.st_size
            elif stat.S_ISDIR(about.st_mode) and depth < 12:
                self.walk(name + "/", depth + 1)
            else:
                self.tell(CHANGED, name, "This is a link, too deep, or no plain file; it was not opened.")

    def read(self, name, limit=NOTE_LIMIT):
        if name not in self.files:
            self.tell(MISSING, name, "This file is missing.")
            return None
        with open(os.path.join(self.root, name), "rb") as file:
            return file.read(limit + 1)

    def signed(self, name):
        """Text of a signed note, and whether the key signed it."""
        data = self.read(name)
        if data is None:
            return None, False
        try:
            text, signatures = note(data)
        except ValueError as wrong:
            self.tell(CHANGED, name, f"It is not a signed text, or is damaged: {wrong}.")
            return None, False
        if name == "manifest" and len(signatures) != 1:
            self.tell(CHANGED, name, f"It carries {len(signatures)} signatures and must carry one.")
        ours = [s for n, i, s in signatures if self.key and (n, i) == (self.key.name, self.key.id)]
        if self.key and not ours:
            self.tell(OTHER, name, "It is not signed with the expected key.")
        elif not all(holds(self.key.public, text.encode(), s) for s in ours):
            self.tell(CHANGED, name, "Its signature does not hold: the text or the signature was changed.")
            ours = []
        return text, bool(ours)

    def check(self):
        self.walk()
        self.check_key()
        manifest_signed = self.check_manifest()
        self.check_files()
        self.check_days()
        self.check_checkpoint(manifest_signed)
        if self.goal and self.goal[0] - self.first <= (len(self.files) + 1) * CHUNK and self.goal[0] <= (len(self.files) + 1) * CHUNK * 256:
            self.check_records(*self.goal)
        else:
            self.tell(MISSING, "checkpoint", "The files cannot hold what was signed; the records were not looked at.")

    def check_key(self):
        data, own = self.read("vkey"), None
        try:
            if data is not None:
                need(data.endswith(b"\n"), "it has no end")
                own = Key(data[:-1].decode())
        except ValueError as wrong:
            self.tell(CHANGED, "vkey", f"This file does not hold one key and nothing else: {clean(str(wrong))}.")
        if self.pinned and own and own.line != self.pinned.line:
            self.tell(OTHER, "vkey", f"The bundle brings another key ({own.fingerprint}) than you gave.")
        self.key = self.pinned or own
        if self.key:
            self.name(self.key.name)
            if not self.customer:
                self.tell(OTHER, "vkey", "The key's name is no log's name.")

    def check_manifest(self):
        text, signed = self.signed("manifest")
        if text is None:
            return False
        number, line = "(0|[1-9][0-9]{0,19})", "([^ \n]+)"
        head = f"bailiwick-bundle v1\norigin {line}\ncheckpoint {number} {HASH}\nrecords {number} {number}\n"
        head = re.match(head, text)
        rest = text[head.end() :] if head else ""
        files = re.findall(f"file {line} {number} ([0-9a-f]{{64}})\n", rest)
        self.listed = {name: (int(length), digest) for name, length, digest in files}
        order = sorted(self.listed, key=str.encode)
        if not head or rest != "".join(f"file {n} {self.listed[n][0]} {self.listed[n][1]}\n" for n in order):
            self.tell(CHANGED, "manifest", "The list of files is not in its one exact form.")
        if not head:
            return signed
        size, self.goal = int(head[2]), (int(head[2]), head[3])
        if self.origin and head[1] != self.origin:
            self.tell(OTHER, "manifest", "The list of files is of another log than the key.")
        self.name(head[1])
        if int(head[4]) % PAGE or int(head[4]) + int(head[5]) != size:
            self.tell(OTHER, "manifest", f"The list of files speaks of {head[5]} records from {head[4]}, the signed state of {size}.")
        else:
            self.first = int(head[4])
        want = {"vkey", "checkpoint", "days"}
        if size - self.first <= len(files) * CHUNK and size <= len(files) * CHUNK * 256:
            want |= {name for first in chunk_starts(self.first, size) for name in chunk_names(first)}
            want |= {name for name, _ in tile_names(size)}
        for name in sorted(want ^ set(self.listed)):
            wrong = "does not name this file" if name in want else "names this file, which was not opened"
            self.tell(CHANGED, name, f"The list of files {wrong}: it is not the list of a log of this size.")
        return signed

    def check_files(self):
        for name in sorted(set(self.files) - {"manifest"} if self.listed is not None else ()):
            if name not in self.listed:
                self.tell(CHANGED, name, "This file is not on the signed list of files (manifest).")
                continue
            length, digest = self.listed[name]
            if self.files[name] != length:
                threat = MISSING if self.files[name] < length else CHANGED
                self.tell(threat, name, f"It has {self.files[name]} bytes, but {length} on the list of files.")
                continue
            running = hashlib.sha256()
            with open(os.path.join(self.root, name), "rb") as file:
                while block := file.read(1 << 16):
                    running.update(block)
            if running.hexdigest() != digest:
                self.tell(CHANGED, name, "Its content is not the one on the signed list of files (manifest).")

    def check_days(self):
        data = self.read("days", DAYS_LIMIT)
        if data is None or not self.key:
            return
        try:
            need(len(data) <= DAYS_LIMIT, "it is too long")
            for part in notes(data):
                day = Handover(part, self.key.name, self.key, self.days[-1] if self.days else None)
                if day.threat:
                    return self.tell(day.threat, "days", f"The key of {day.day} was not handed over as it must be.")
                self.days.append(day)
                need(len(self.days) <= 40000, "it holds too many notes")
            self.chain_held = True
        except ValueError as wrong:
            self.tell(CHANGED, "days", f"The keys of days are not what they must be: {clean(str(wrong))}.")

    def check_checkpoint(self, manifest_signed):
        text, signed = self.signed("checkpoint")
        match = text and re.fullmatch(f"([^\n]+)\n(0|[1-9][0-9]{{0,19}})\n{HASH}\n", text)
        if not match:
            return text and self.tell(CHANGED, "checkpoint", "The signed state of the log is not in its form.")
        origin, head = match[1], (int(match[2]), match[3])
        if self.origin and origin != self.origin:
            self.tell(OTHER, "checkpoint", "The signed state is of another log.")
        self.name(origin)
        if self.goal and self.goal != head:
            self.tell(OTHER, "checkpoint", "List of files and signed state are of two histories of one log.")
        if signed:
            self.head = {"origin": clean(origin), "size": head[0], "root": head[1]}
        if not self.goal or (signed and not manifest_signed):
            self.goal = head
        if self.days:
            held = signs(self.days[-1].key, *note(self.read("checkpoint")))
            if not held or not (self.days[-1].size < self.goal[0] or self.goal[0] == 0):
                self.tell(REWRITTEN, "checkpoint", "The last day's key did not sign this state of the log.")

    def check_records(self, size, root):
        stored, page, known = [], [], self.read_heads()
        for name, width in tile_names(size):
            data = self.read(name, width * 32) or b""
            if len(data) != width * 32 and name in self.files:
                self.tell(CHANGED, name, "The stored page checksums have not their length.")
            stored += [data[at : at + 32] if at + 32 <= len(data) else None for at in range(0, width * 32, 32)]
        computed = stored[: self.first // PAGE]
        self.sizes = {day.size for day in self.days}
        sizes = {day.size for day in self.days} | {head[1] for head in known}
        roots = {at: whole(computed[: at // PAGE], []) for at in sizes if at % PAGE == 0 and at <= self.first}
        for first in chunk_starts(self.first, size):
            for leaf in self.leaves(first, min((first // CHUNK + 1) * CHUNK, size) - first):
                page.append(leaf)
                at = len(computed) * PAGE + len(page)
                if at in sizes:
                    roots[at] = whole(computed, page)
                if len(page) == PAGE:
                    computed.append(None if None in page else tree(page))
                    page = []
        self.log.silent()
        goal = unbase64(root)
        by_records, by_pages = whole(computed, page) == goal, whole(stored, page) == goal
        for at, (ours, theirs) in enumerate(zip(computed, stored)):
            if ours and theirs and ours != theirs:
                tile = next(name for n, (name, _) in enumerate(tile_names(size)) if n == at // 256)
                path = tile if by_records else chunk_names(max(at * PAGE // CHUNK * CHUNK, self.first))[0]
                what = "Only its stored checksum is wrong." if by_records else "Its records are not what was signed."
                self.tell(CHANGED, path, f"This page is not as it was. {what}", at * PAGE, at * PAGE + PAGE - 1)
        if not by_records and not by_pages:
            what = "The records do not lead to what was signed, or not all of them could be read."
            self.tell(CHANGED, "checkpoint", what, 0, max(size - 1, 0))
        for day in self.days:
            if roots.get(day.size) not in (None, day.root):
                self.tell(REWRITTEN, "days", f"The records before {day.day} are not those that were handed over then.", 0, day.size - 1)
        self.check_excuses(self.compare(known, roots, size, goal), stored)

    def read_heads(self):
        """The other heads of this log: name, size and root of each that the key signed."""
        known = []
        for path in self.heads:
            path = os.path.join(path, "checkpoint") if os.path.isdir(path) else path
            try:
                with open(path, "rb") as file:
                    text, signatures = note(file.read(NOTE_LIMIT + 1))
                match = re.fullmatch(f"([^\n]+)\n(0|[1-9][0-9]{{0,19}})\n{HASH}\n", text)
                need(match and match[1] == self.origin and self.key and signs(self.key, text, signatures), "not this log's")
                known.append((path, int(match[2]), unbase64(match[3])))
            except ValueError as wrong:
                self.tell(OTHER, path, f"This head cannot be used: {clean(str(wrong))}.")
        return known

    def compare(self, known, roots, size, goal):
        """Holds the log against other heads; answers the greatest size that fits."""
        fits = 0
        for path, at, root in known:
            have = goal if at == size else roots.get(at)
            if at > size:
                self.tell(MISSING, path, f"This log had {at} records and has {size} now.")
            elif have != root:
                self.tell(OTHER, path, f"At {at} records this log is another one, or that cannot be said from what is here.")
            else:
                fits = max(fits, at)
        return fits

    def check_excuses(self, excused, stored):
        """What is not here must have been ended, or be known from before."""
        ended = 0
        for first, count, root in sorted(self.log.stones):
            ended = max(ended, first + count) if first <= ended else ended
            roots = stored[first // PAGE : (first + count) // PAGE]
            if first + count <= self.first and None not in roots and tree(roots) != unbase64(root):
                self.tell(CHANGED, "records", "A tombstone is not that of these records.", first, first + count - 1)
        if max(ended, excused) < self.first:
            self.tell(SHORTENED, "manifest", "These records are not here, and nothing says why.", max(ended, excused), self.first - 1)

    def leaves(self, first, count):
        """The leaf hashes of one file, none for each that is lost."""
        (name, salts_name), last, out = chunk_names(first), first + count - 1, []
        salts = self.read(salts_name, count * 16) or b""
        if len(salts) != count * 16:
            self.tell(MISSING, salts_name, "There are not as many salts as records.", first, last)
        try:
            need(name in self.files, "it is missing")
            for form in self.forms(name, out, count):
                at, salt = first + len(out), salts[len(out) * 16 : len(out) * 16 + 16]
                out.append(sha(b"\0\x01", sha(salt, form)) if len(salt) == 16 else None)
                self.records += 1
                try:
                    seq, *about = record(form)
                    need(seq == at, f"it calls itself record {seq}")
                    self.log.take(seq, *about, {day.size: day.raw for day in self.days} if about[0] or seq in self.sizes else {}, self.chain_held)
                except ValueError as wrong:
                    self.tell(CHANGED, name, f"Record {at} is not what it must be: {wrong}.", at, at)
            need(len(out) == count, "it ends too early")
        except (ValueError, zlib.error) as wrong:
            lost = (first + len(out), last) if len(out) < count else ()
            threat = CHANGED if name in self.files else MISSING
            self.tell(threat, name, f"This file of records cannot be read to its end: {wrong}.", *lost)
            self.log.lost()
        return out + [None] * (count - len(out))

    def forms(self, name, out, count):
        """The records of one file: gzip members of whole pages, a length before each record. Counts on `out`."""
        with open(os.path.join(self.root, name), "rb") as file:
            member, packed, plain, odd = None, b"", b"", 0
            while (packed := packed or file.read(1 << 16)) or member:
                if member is None:
                    need(len(out) % PAGE == 0 or len(out) == count, "its parts do not hold whole pages")
                    member = zlib.decompressobj(31)
                more = member.decompress(packed, 1 << 20)
                need(packed or more or member.eof, "it is cut short")
                packed = member.unused_data if member.eof else member.unconsumed_tail
                plain, at = plain + more, 0
                while len(plain) - at >= 4:
                    end = at + 4 + int.from_bytes(plain[at : at + 4], "big")
                    need(54 <= end - at <= RECORD_LIMIT + 4, "a record has a length that no record has")
                    need(len(out) < count, "it holds more than its records")
                    if end > len(plain):
                        break
                    odd = 0 if plain.startswith(b"\x89\x01", at + 4) else odd + 1
                    need(odd < 2, "two records in a row do not begin as records do")
                    yield plain[at + 4 : end]
                    at = end
                plain = plain[at:]
                need(not (member.eof and plain), "a record is cut short")
                member = None if member.eof else member


def main():
    parser = argparse.ArgumentParser(description="Checks a bundle of sealed records.")
    parser.add_argument("bundle", help="folder of the bundle")
    parser.add_argument("--vkey", metavar="LINE", help="the log's key; without it the bundle's own is believed")
    parser.add_argument("--head", metavar="FILE", action="append", default=[], help="a checkpoint of this log, or a bundle with one, from elsewhere")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    args = parser.parse_args()
    try:
        pinned = Key(args.vkey.strip()) if args.vkey is not None else None
    except ValueError as wrong:
        parser.error(f"--vkey gives no key: {wrong}")
    bundle = Bundle(args.bundle, pinned, args.head)
    try:
        if not os.path.isdir(args.bundle):
            raise OSError("no such folder")
        bundle.check()
    except OSError as error:
        print(f"error: `{clean(args.bundle)}` cannot be read: {clean(str(error))}", file=sys.stderr)
        return 5
    show(bundle, args.json)
    return 4 if bundle.findings else 0


def show(bundle, as_json):
    ok, key, many = not bundle.findings, bundle.key, len(bundle.findings) + bundle.left_out
    trust = "pinned" if bundle.pinned else "believed" if key else "missing"
    if as_json:
        answer = {"schema": "bailiwick-verify/1", "ok": ok, "records": bundle.records, "first": bundle.first, "checkpoint": bundle.head}
        answer["origin"] = bundle.origin and clean(bundle.origin)
        answer["key"] = {"trust": trust, "vkey": key and key.line, "fingerprint": key and key.fingerprint}
        answer["findings"] = [{**finding, "customer": bundle.customer} for finding in bundle.findings]
        return print(json.dumps({**answer, "findings_left_out": bundle.left_out}, indent=2))
    good = f"VERIFIED: all {bundle.records} records are there and are exactly what was sealed."
    print(good if ok else f"NOT VERIFIED: {many} things are wrong.")
    print(f"  key: {trust}" + (f", fingerprint {key.fingerprint}" if key else ""))
    for f in bundle.findings:
        where = f", records {f['from']} to {f['to']}" if f["from"] is not None else ""
        print(f"  {f['threat']} {f['path']}{where}: {f['message']}")


if __name__ == "__main__":
    sys.exit(main())
