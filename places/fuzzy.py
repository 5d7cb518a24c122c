"""Names close to a misspelt one: few candidates from sorted lists kept in memory, then real edit distances.

Pure over the lists it is given. A name with one typo keeps its beginning or its end; one written down by ear,
or in another script, keeps its consonants: three ranges find nearly all, without looking at half a million
names.
"""

from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from places.folding import script_of
from places.phonetics import skeleton, sounds

MOST_BYTES = 60_000
"""Read of one range, some 5,000 names: a longer one is too unspecific to be worth reading."""
KEPT = 12
SHORT = 3
LEAST_ALIKE = {True: (0.8, 0.8), False: (0.75, 0.65)}
"""How alike two names must sound: typed in plain letters or not, of up to three consonants or of more."""
UNVOWELLED = 0.75
"""How alike two names are taken to be that share their consonants, when one of them writes no vowels."""
_NO_VOWELS = {"Arab", "Hebr"}
_ABOVE_ALL = b"\xff"


@dataclass(frozen=True, slots=True)
class NameIndex:
    """Sorted lines of UTF-8, each list beginning and ending with a line feed: `heads` folded names, `tails`
    the same written backwards, `spoken` "skeleton|sounds|place,place"."""

    heads: bytes
    tails: bytes
    spoken: bytes

    def close(self, folded: str) -> list[tuple[str, float]]:
        """(folded name, similarity 0..1) of the best few, best first."""
        edits = allowed_edits(folded)
        if not edits:
            return []
        size = max(1, min(4, (len(folded) - 1) // 2))
        forwards = _lines(self.heads, folded[:size].encode())
        backwards = _lines(self.tails, folded[::-1][:size].encode())
        hits = _nearest(folded, forwards, edits)
        for name, similarity in _nearest(folded[::-1], backwards, edits):
            hits.append((name[::-1], similarity))
        return sorted(dict(hits).items(), key=lambda pair: -pair[1])[:KEPT]

    def alike(self, text: str) -> list[tuple[int, float]]:
        """(place, similarity 0..1) of the places that sound like `text`, best first."""
        heard = sounds(text)
        bones = skeleton(heard)
        plain, long = text.isascii(), len(bones) > SHORT
        if len(bones) < (SHORT if plain else 2):
            return []
        lines = _lines(self.spoken, f"{bones}|".encode())
        if long and not plain:
            lines += _lines(self.spoken, f"{bones[:-1]}|".encode())
            for last in "KMNPRST":
                lines += _lines(self.spoken, f"{bones}{last}|".encode())
        owners = dict(line.split("|")[1:] for line in lines)
        if script_of(text) in _NO_VOWELS:
            found = [(said, UNVOWELLED) for said in owners if skeleton(said) == bones]
        else:
            scored = process.extract(
                heard,
                list(owners),
                scorer=OSA.normalized_similarity,
                score_cutoff=LEAST_ALIKE[plain][long],
                limit=3 * KEPT,
            )
            found = [(said, float(similarity)) for said, similarity, _ in scored]
        best: dict[int, float] = {}
        for said, similarity in found:
            for place in owners[said].split(","):
                best.setdefault(int(place), similarity)
        return list(best.items())


def allowed_edits(folded: str) -> int:
    """Typos forgiven: none under 4 letters (3 outside Latin), one up to 7, two beyond."""
    length = len(folded)
    shortest = 4 if folded.isascii() else 3
    return 0 if length < shortest else 1 if length < 8 else 2


def _nearest(folded: str, names: list[str], edits: int) -> list[tuple[str, float]]:
    scored = process.extract(folded, names, scorer=OSA.distance, score_cutoff=edits, limit=KEPT)
    return [(name, 1.0 - distance / max(len(folded), len(name))) for name, distance, _ in scored]


def _lines(block: bytes, prefix: bytes) -> list[str]:
    """The lines that begin with `prefix`, at most `MOST_BYTES` of them."""
    start, end = _first(block, prefix), _first(block, prefix + _ABOVE_ALL)
    return block[start : min(end, start + MOST_BYTES)].decode(errors="ignore").split("\n")[:-1]


def _first(block: bytes, prefix: bytes) -> int:
    """Where the first line not below `prefix` begins. Every line stands between two line feeds."""
    low, high = 0, len(block) - 1  # positions of line feeds: the line after `low` is below, after `high` not
    size = len(prefix)
    while True:
        middle = block.rfind(b"\n", low, (low + high) // 2 + 1)
        if middle <= low:
            middle = block.find(b"\n", low + 1, high)
        if middle < 0:
            break
        if block[middle + 1 : middle + 1 + size] < prefix and middle + 1 < len(block):
            low = middle
        else:
            high = middle
    # Only the line between the two is left: the first line of all is still to be judged.
    line = block[low + 1 : low + 1 + size]
    return low + 1 if line >= prefix else high + 1
