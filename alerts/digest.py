"""The digest of a revision: what exactly two officers agreed to. Pure.

SHA-256 over canonical JSON of all that was written, the alert's own facts, the authors and both signatures.
It is set at approval; whoever sends checks it, so that a row changed behind everybody's back is not sent.
"""

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from alerts.errors import AlertRefusedError, Reason
from alerts.store import RevisionRow

_FIELDS = tuple(name for name in RevisionRow.__slots__ if name != "digest")


def digest_of(revision: RevisionRow) -> bytes:
    """The 32 bytes that stand for this revision as it is now."""
    body = {name: _plain(getattr(revision, name)) for name in _FIELDS}
    text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode()).digest()


def verify_digest(revision: RevisionRow) -> None:
    """Check a revision that is about to be sent.

    Raises:
        AlertRefusedError: code `not_approved` or `digest`: nobody approved exactly this.
    """
    if revision.digest is None or revision.approved_by is None:
        raise AlertRefusedError([Reason("not_approved", "This revision was not approved.")])
    if not hmac.compare_digest(revision.digest, digest_of(revision)):
        raise AlertRefusedError(
            [Reason("digest", "The revision is not the one that was approved: it was changed afterwards.")]
        )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return value
