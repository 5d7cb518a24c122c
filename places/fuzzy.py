"""Names close to a misspelt one: few candidates from the gazetteer's indexes, then real edit distances.

Reads the gazetteer's connection it is given. A name with one typo keeps its beginning or its end; one with
wrong vowels keeps its consonants: three index ranges find nearly all, without looking at half a million
names.
"""

import sqlite3

from rapidfuzz import process
from rapidfuzz.distance import OSA

from places.folding import sound_key

MOST_CANDIDATES = 6000
"""Rows read per range; a range larger than this is too unspecific to be worth reading."""
KEPT = 12


def allowed_edits(folded: str) -> int:
    """Typos forgiven: none under 4 letters (3 outside Latin), one up to 7, two beyond."""
    length = len(folded)
    shortest = 4 if folded.isascii() else 3
    return 0 if length < shortest else 1 if length < 8 else 2


def close_names(connection: sqlite3.Connection, folded: str) -> list[tuple[str, float]]:
    """(folded name, similarity 0..1) of the best few, best first."""
    edits = allowed_edits(folded)
    if not edits:
        return []
    found: dict[str, float] = {}
    keys = _by_ends(connection, folded, edits)
    for name, distance, _ in process.extract(
        folded, keys, scorer=OSA.distance, score_cutoff=edits, limit=KEPT
    ):
        found[name] = 1.0 - distance / max(len(folded), len(name))
    sound = sound_key(folded)
    if sound:
        alike = [row[0] for row in connection.execute("SELECT folded FROM sound WHERE key = ?", (sound,))]
        scored = process.extract(
            folded, alike, scorer=OSA.normalized_similarity, score_cutoff=0.6, limit=KEPT
        )
        for name, similarity, _ in scored:
            found.setdefault(name, float(similarity))
    return sorted(found.items(), key=lambda pair: -pair[1])[:KEPT]


def _by_ends(connection: sqlite3.Connection, folded: str, edits: int) -> set[str]:
    """Names that share the beginning or the end, of about the same length."""
    size = max(1, min(4, (len(folded) - 1) // 2))
    spans = (len(folded) - edits, len(folded) + edits)
    head, tail = folded[:size], folded[::-1][:size]
    heads = connection.execute(
        "SELECT DISTINCT folded FROM name WHERE folded >= ? AND folded < ? AND length(folded) BETWEEN ? AND ?"
        " LIMIT ?",
        (head, head + "\U0010ffff", *spans, MOST_CANDIDATES),
    )
    tails = connection.execute(
        "SELECT reversed FROM tail WHERE reversed >= ? AND reversed < ? AND length(reversed) BETWEEN ? AND ?"
        " LIMIT ?",
        (tail, tail + "\U0010ffff", *spans, MOST_CANDIDATES),
    )
    return {row[0] for row in heads} | {row[0][::-1] for row in tails}
