"""What two officers agreed to cannot be changed unnoticed, field by field."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.digest import digest_of, verify_digest
from alerts.draft import Text
from alerts.errors import AlertRefusedError
from alerts.store import RevisionRow
from alerts.terms import Severity
from tests.alerts.dossiers import REVISION
from tests.alerts.office import NOW

SIGNED = replace(REVISION, approved_by=2, approved_at=NOW, accepted_fallbacks={"th": 3})
OTHER: dict[str, Any] = {
    "corrects": 5, "severity": Severity.MINOR, "texts": {"en": Text(headline="Gale", description="Wind!")},
    "correction": {}, "all_clear": {"en": "x"}, "area": {"countries": ["IS"]}, "onset": NOW,
    "expires_at": NOW + timedelta(microseconds=1), "useful_until": NOW, "include_maybe": False,
    "authors": (1, 2),
    "accepted_fallbacks": {"th": 4}, "submitted_by": None, "submitted_at": None, "approved_by": 3,
    "approved_at": NOW + timedelta(microseconds=1),
}  # fmt: skip


@pytest.mark.parametrize("name", [one.name for one in fields(RevisionRow) if one.name != "digest"])
def test_every_field_counts(name: str) -> None:
    value = getattr(SIGNED, name)
    other = OTHER[name] if name in OTHER else value + 1 if isinstance(value, int) else value + "!"
    assert other != value
    assert digest_of(replace(SIGNED, **{name: other})) != digest_of(SIGNED)


def test_only_what_was_approved_passes() -> None:
    verify_digest(replace(SIGNED, digest=digest_of(SIGNED)))
    for row in (SIGNED, replace(REVISION, digest=digest_of(REVISION))):
        with pytest.raises(AlertRefusedError) as refused:
            verify_digest(row)
        assert refused.value.codes == {"not_approved"}
    with pytest.raises(AlertRefusedError) as refused:
        verify_digest(replace(SIGNED, digest=bytes(32)))
    assert refused.value.codes == {"digest"}


def test_the_order_in_which_a_database_gives_json_back_does_not_matter() -> None:
    texts = {"en": Text(headline="a"), "vi": Text(headline="b")}
    turned = dict(reversed(texts.items()))
    assert digest_of(replace(SIGNED, texts=texts)) == digest_of(replace(SIGNED, texts=turned))
