"""Reads a segment by `docs/formats.md` section 6 alone, and prints each raw on a line of its own.

    python3 segment.py SEGMENT [WORD...]    PYTHONPATH must hold zstandard

Every sum is compared and everything must be used up. Of each WORD, a term in ASCII lower case, the blocks go to stderr.
"""
import sys
from datetime import datetime, timedelta

import zstandard

WORD = 2**64 - 1


def total(seed, data):
    value = (seed ^ len(data)) & WORD
    whole = len(data) // 8 * 8
    for at in [*range(0, whole, 8), None]:
        chunk = data[whole:].ljust(8, b"\0") if at is None else data[at : at + 8]
        value = ((value ^ int.from_bytes(chunk, "little")) * 0x9E3779B97F4A7C15) & WORD
        value ^= value >> 32
    return value


def signed(value):
    value &= WORD
    return value - 2**64 if value >> 63 else value


class Bytes:
    """Bytes that are read from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, many):
        assert 0 <= many <= len(self.data) - self.at, "ends too early"
        self.at += many
        return self.data[self.at - many : self.at]

    def byte(self):
        return self.take(1)[0]

    def int(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                assert value <= WORD
                return value

    def sint(self):
        value = self.int()
        return (value >> 1) ^ -(value & 1)

    def bytes(self):
        return self.take(self.int())

    def be64(self):
        return int.from_bytes(self.take(8), "big")

    def end(self):
        assert self.at == len(self.data), "not used up"


def unpacked(stored, length):
    data = stored if len(stored) == length else zstandard.ZstdDecompressor().decompress(stored, max_output_size=length)
    assert len(data) == length
    return data


def packed_plainly(data):
    length = int.from_bytes(data[:8], "big")
    data = Bytes(zstandard.ZstdDecompressor().decompress(data[8:], max_output_size=length))
    assert len(data.data) == length
    rows = data.int()
    sources = [data.bytes() for _ in range(data.int())]
    kinds = data.take(rows)
    of = [sources[data.int()] for _ in range(rows)]
    times = []
    for _ in ("happened", "received"):
        seconds = []
        for _ in range(rows):
            seconds.append((seconds[-1] if seconds else 0) + data.sint())
        times.append([(s, data.int()) for s in seconds])
    lengths = [data.int() for _ in range(rows)]
    defects = [[data.bytes() for _ in range(data.int())] for _ in range(rows)]
    raws = [data.take(n) for n in lengths]
    data.end()
    return list(zip(kinds, of, *times, raws, defects))


class Block:
    """A block in columns."""

    NUMBERS, TEXTS, DIGITS = range(3)

    def __init__(self, data):
        data = Bytes(data)
        pieces = []
        for _ in range(4):
            length = data.int()
            pieces.append(Bytes(unpacked(data.bytes(), length)))
        self.head, *self.pools = pieces
        self.large = data
        # Of each column of variables: its rows, and its words' numbers or its times.
        self.columns = []
        self.templates = [([0, 0], [0])]

    def payload(self, pool):
        length = self.head.int()
        if not length & 1:
            return self.pools[pool].take(length >> 1)
        return unpacked(self.large.take(self.head.int()), length >> 1)

    def numbers(self, many):
        form = self.head.byte()
        if form == 3:
            values = [self.head.sint()]
            for step in self.numbers(many - 1):
                values.append(signed(values[-1] + step))
            return values
        least = self.head.sint()
        if form == 0:
            return [least] * many
        bits = self.head.byte()
        if form == 1:
            packed = int.from_bytes(self.payload(self.NUMBERS), "little")
            return [signed(least + (packed >> n * bits & (1 << bits) - 1)) for n in range(many)]
        assert form == 2
        planes = [self.payload(self.NUMBERS) for _ in range((bits + 7) // 8)]
        assert all(len(p) == many for p in planes)
        return [signed(least + int.from_bytes(v, "little")) for v in zip(*planes)]

    def texts(self, many, rows=None):
        """The texts of a column, and what others learn from it: ("words", numbers, how many) or ("times", times)."""
        if many == 0:
            return [], None
        form = self.head.byte()
        if form == 3:
            return self.words(many, rows)
        if form == 6:
            return self.times(many, rows)
        return self.plain(form, many), None

    def words(self, many, rows):
        count = self.head.int()
        form = self.head.byte()
        assert form not in (3, 6)
        words = self.plain(form, count)
        guide = self.head.int()
        keys = self.keys(guide, rows) if guide else [0] * many
        last, counter, numbers = {}, 0, []
        for key, code in zip(keys, self.numbers(many), strict=True):
            number = last[key] if code == 0 else counter if code == 1 else code - 2
            assert 0 <= number < count
            last[key] = number
            counter += number == counter
            numbers.append(number)
        return [words[n] for n in numbers], ("words", numbers, count)

    def keys(self, guide, rows):
        if guide == 1:
            keys, many = [self.of[row] for row in rows], len(self.templates)
        else:
            theirs, (what, numbers, words) = self.columns[guide - 2]
            assert what == "words"
            known = first(theirs, numbers)
            keys, many = [known.get(row) for row in rows], words + 1
        assert many <= 8 * len(rows) + 64
        return keys

    def times_beside(self, number, rows):
        theirs, (what, times) = self.columns[number - 1]
        assert what == "times"
        known, out = first(theirs, times), []
        for row in rows:
            out.append(known.get(row, out[-1] if out else (0, 0)))
        return out

    def times(self, many, rows):
        between, point, digits = self.head.take(3)
        behind = self.head.bytes()
        beside = self.head.int()
        ticks = self.numbers(many)
        if beside:
            for at, (seconds, nanos) in enumerate(self.times_beside(beside, rows)):
                ticks[at] = signed(ticks[at] + seconds * 10**digits + nanos // 10 ** (9 - digits))
        texts = []
        for tick in ticks:
            seconds, part = divmod(tick, 10**digits)
            day = datetime(1970, 1, 1) + timedelta(seconds=seconds)
            fraction = chr(point) + f"{part:0{digits}}" if point else ""
            text = f"{day:%Y-%m-%d}".rjust(10, "0") + chr(between) + f"{day:%H:%M:%S}" + fraction
            texts.append(text.encode("latin-1") + behind)
        return texts, ("times", [(t // 10**digits, t % 10**digits * 10 ** (9 - digits)) for t in ticks])

    def plain(self, form, many):
        """Texts of the forms that stand beside nothing."""
        if form == 0:
            return [self.head.bytes()] * many
        if form == 1:
            *texts, rest = self.payload(self.TEXTS).split(b"\0")
            assert rest == b"" and len(texts) == many
            return texts
        if form == 2:
            lengths = self.numbers(many)
            texts = Bytes(self.payload(self.TEXTS))
            out = [texts.take(n) for n in lengths]
            texts.end()
            return out
        if form in (4, 7):
            before, behind = self.head.bytes(), self.head.bytes()
            digits = "d" if form == 4 else "x"
            return [before + format(n if form == 4 else n & WORD, digits).encode() + behind for n in self.numbers(many)]
        if form == 5:
            upper, pattern = self.head.byte(), self.head.bytes()
            places = [self.head.int() for _ in range(self.head.int())]
            packed, wide = self.payload(self.DIGITS), (len(places) + 1) // 2
            assert len(packed) == many * wide
            texts = []
            for at in range(many):
                text = bytearray(pattern)
                for place, digit in zip(places, hexed(packed[at * wide : (at + 1) * wide], upper)):
                    text[place] = digit
                texts.append(bytes(text))
            return texts
        assert form == 8
        upper, form = self.head.byte(), self.head.byte()
        assert form not in (3, 6, 8)
        texts, out = self.plain(form, many), []
        digits = Bytes(self.payload(self.DIGITS))
        for text in texts:
            text, whole = Bytes(text), b""
            while text.at < len(text.data):
                byte = text.take(1)
                whole += hexed(digits.take(text.byte()), upper) if byte == b"\1" else byte
            out.append(whole)
        digits.end()
        return out

    def rows(self):
        many = self.head.int()
        fragments, _ = self.texts(self.head.int())
        named = [1, 1]

        def name(kind):
            number = self.head.int()
            if number:
                return number - 1
            named[kind] += 1
            return named[kind] - 1

        for _ in range(self.head.int()):
            variables = self.head.int()
            template = [name(0)], []
            for _ in range(variables):
                template[1].append(name(1))
                template[0].append(name(0))
            self.templates.append(template)
        self.of = self.numbers(many)
        sources, _ = self.texts(many)
        received = list(zip(self.numbers(many), self.numbers(many)))
        defects = self.numbers(many)
        texts, _ = self.texts(sum(defects))
        texts = iter(texts)
        defects = [[next(texts) for _ in range(n)] for n in defects]
        columns = []
        rows_of = [[] for _ in range(named[1])]
        for row, number in enumerate(self.of):
            for column in self.templates[number][1]:
                rows_of[column].append(row)
        for rows in rows_of:
            texts, learned = self.texts(len(rows), rows)
            self.columns.append((rows, learned))
            columns.append(iter(texts))
        beside = self.head.int()
        beside = self.times_beside(beside, range(many)) if beside else [(0, 0)] * many
        far = zip(self.numbers(many), self.numbers(many))
        happened = [(signed(s + a), n + b) for (a, b), (s, n) in zip(far, beside)]
        raws = []
        for number in self.of:
            names, variables = self.templates[number]
            raw = fragments[names[0]]
            for column, fragment in zip(variables, names[1:]):
                raw += next(columns[column]) + fragments[fragment]
            raws.append(raw)
        for part in [self.head, *self.pools, self.large]:
            part.end()
        return list(zip([0] * many, sources, happened, received, raws, defects))


def first(rows, values):
    """The first value of each row."""
    return dict(reversed(list(zip(rows, values, strict=True))))


def hexed(data, upper):
    text = data.hex().encode()
    return text.upper() if upper else text


def segment(data):
    """The rows by their seq, and the index as a function from a term to its blocks."""
    assert data[:8] == b"BWSEG\0\0\3" and data[-8:] == b"BWSEGEND"
    tail = Bytes(data[-32:-8])
    offset, length, check = tail.be64(), tail.be64(), tail.be64()
    assert offset + length == len(data) - 32 and total(offset, data[offset:-32]) == check
    table = Bytes(data[offset:-32])

    def part():
        offset, length, check = table.int(), table.int(), table.be64()
        assert total(offset, data[offset : offset + length]) == check
        return data[offset : offset + length]

    first_seq, rows, many = table.int(), table.int(), table.int()
    others = Bytes(part())
    index = [table.int() for _ in range(5)] if table.byte() else None
    spans, events = [], []
    for _ in range(table.int()):
        bytes_of, spanned, held = part(), table.int(), table.int()
        if table.byte():
            for _ in range(2):
                table.sint(), table.int()
        found = packed_plainly(bytes_of[1:]) if bytes_of[0] == 0 else Block(bytes_of[1:]).rows()
        assert len(found) == held
        spans.append(spanned)
        events += found
    table.end()
    seqs = []
    for _ in range(many):
        seqs.append((seqs[-1] if seqs else first_seq) + others.int())
    other = dict(zip(seqs, packed_plainly(others.data[others.at :]), strict=True))
    events = iter(events)
    whole = [other[n] if n in other else next(events) for n in range(first_seq, first_seq + rows)]
    assert next(events, None) is None and sum(spans) == rows
    return whole, lambda term: blocks(data, index, len(spans), term)


def blocks(data, index, many, term):
    """The blocks that can hold a term."""
    bits, bucket_bits, low_bits, offset, length = index
    index = data[offset : offset + length]
    hashed = 0xCBF29CE484222325
    for byte in term:
        hashed = (hashed ^ byte) * 0x100000001B3 & WORD
    hashed = (hashed ^ hashed >> 32) * 0xD6E8FEB86659FD93 & WORD
    cut = (hashed ^ hashed >> 32) >> 64 - bits
    bucket = cut >> bits - bucket_bits
    starts = [int.from_bytes(index[4 * n : 4 * n + 4], "big") for n in (bucket, bucket + 1)]
    behind = 4 * ((1 << bucket_bits) + 1)
    held, check = index[behind + starts[0] : behind + starts[1] - 4], index[behind + starts[1] - 4 : behind + starts[1]]
    assert total(0x42_5741_494C + bucket, held).to_bytes(8, "big")[:4] == check
    held = Bytes(held)
    entries = held.int()
    packed, at = int.from_bytes(held.data[held.at :], "little"), 0

    def take(many):
        nonlocal at
        at += many
        return packed >> at - many & (1 << many) - 1

    found, value = set(), (bucket << bits - bucket_bits) - 1
    for _ in range(entries):
        quotient = 0
        while take(1):
            quotient += 1
        value += 1 + (quotient << low_bits | take(low_bits))
        here = {0}
        if many > 1:
            if take(1) == 0:
                here = {take((many - 1).bit_length())}
            elif take(1) == 0:
                here = set(range(many))
            else:
                here = {n for n in range(many) if take(1)}
        if value == cut:
            found |= here
    return found


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        ROWS, ASK = segment(file.read())
    for row in ROWS:
        sys.stdout.buffer.write(row[4] + b"\n")
    for word in sys.argv[2:]:
        print(word, sorted(ASK(word.encode())), file=sys.stderr)
