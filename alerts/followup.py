"""The drafts of a correction and of an all-clear, made from the alert they follow. Pure.

Their words were written before the alert was sent (`correction` and `all_clear` of its revision); an officer
may still change them. Whom they go to is `alerts.correction`'s business, never the area's.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.draft import Draft, Text
from alerts.store import AlertRow, RevisionRow
from alerts.terms import Audience, Category, Certainty, Policy, Severity, Status, Urgency

SHORTEST_LIFE = timedelta(hours=24)  # people answer their phones late; a correction must still reach them


class FollowUp(StrEnum):
    """What kind of message follows an earlier one."""

    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"


def kind_of(revision: RevisionRow) -> FollowUp | None:
    """What a revision follows up as; None for a first alert.

    An all-clear is told by its urgency, CAP's *Past*: "no longer a threat" (CAP 1.2 section 3.2.2).
    """
    if revision.corrects is None:
        return None
    return FollowUp.ALL_CLEAR if revision.urgency == Urgency.PAST else FollowUp.CORRECTION


def follow_up_draft(
    kind: FollowUp, alert: AlertRow, revision: RevisionRow, now: datetime, longest: timedelta
) -> Draft:
    """The draft of a follow-up; lives as long as the alert, at least a day, at most `longest`."""
    all_clear = kind is FollowUp.ALL_CLEAR
    words = revision.all_clear if all_clear else revision.correction
    expires_at = min(max(revision.expires_at, now + SHORTEST_LIFE), now + longest)
    return Draft(
        event_id=alert.event_id,
        status=Status(alert.status),
        audience=Audience(alert.audience),
        severity=Severity.MINOR if all_clear else revision.severity,
        urgency=Urgency.PAST if all_clear else _still(Urgency(revision.urgency)),
        certainty=Certainty.OBSERVED if all_clear else Certainty(revision.certainty),
        category=Category(revision.category),
        event_name=revision.event_name,
        texts=_texts(words, revision),
        correction=dict(revision.correction),
        all_clear=dict(revision.all_clear),
        area=dict(revision.area),
        area_name=revision.area_name,
        time_zone=revision.time_zone,
        expires_at=expires_at,
        include_maybe=revision.include_maybe,
        policy=Policy(revision.policy),
        corrects=alert.id,
    )


def _texts(words: Mapping[str, str], revision: RevisionRow) -> dict[str, Text]:
    headlines = {tag: text.headline for tag, text in revision.texts.items()}
    return {
        tag: Text(headline=headlines.get(tag, revision.event_name), description=text)
        for tag, text in words.items()
        if text
    }


def _still(urgency: Urgency) -> Urgency:
    return Urgency.UNKNOWN if urgency is Urgency.PAST else urgency
