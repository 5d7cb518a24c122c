"""Vectors of approved words, made once and kept by the hash of the words. Touches `faq_vector`.

What citizens typed never lands here. Vectors are kept as 16-bit floats, 768 bytes each: the difference is
far below what any threshold feels.
"""

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from sqlalchemy import select

from assistance.faq.semantic import DIMENSIONS, Embedder, Vectors
from assistance.tables import faq_vector
from storage.database import Database, insert_new

AT_ONCE = 500
BYTES = DIMENSIONS * 2


async def vectors_for(database: Database, embedder: Embedder, texts: Sequence[str]) -> Mapping[str, Vectors]:
    """The vector of every text; those that are not kept yet are made off the loop (20 ms each) and kept."""
    hashes = {text: _hash(embedder, text) for text in texts}
    known = await _read(database, frozenset(hashes.values()))
    missing = [text for text, key in hashes.items() if key not in known]
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        made = await asyncio.to_thread(embedder.embed, some)
        fresh = {hashes[text]: _packed(vector) for text, vector in zip(some, made, strict=True)}
        async with database.bulk() as connection:
            rows = [{"hash": key, "vector": packed} for key, packed in fresh.items()]
            await insert_new(connection, faq_vector, rows, ["hash"])
        known |= fresh
    return {text: np.frombuffer(known[key], np.float16).astype(np.float32) for text, key in hashes.items()}


def vectors_now(embedder: Embedder, texts: Sequence[str]) -> Mapping[str, Vectors]:
    """As `vectors_for`, made here and kept nowhere; 20 ms a text."""
    return dict(zip(texts, embedder.embed(texts), strict=True))


async def _read(database: Database, hashes: frozenset[bytes]) -> dict[bytes, bytes]:
    """Those of the vectors kept; the few others are of words that changed since."""
    async with database.read() as connection:
        rows = await connection.execute(select(faq_vector.c.hash, faq_vector.c.vector))
        return {row.hash: row.vector for row in rows if row.hash in hashes and len(row.vector) == BYTES}


def _packed(vector: Vectors) -> bytes:
    return vector.astype(np.float16).tobytes()


def _hash(embedder: Embedder, text: str) -> bytes:
    return sha256(f"{embedder.name}\x1f{text}".encode()).digest()
