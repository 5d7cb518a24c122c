"""People who are not tried on their next channel because the silence is not believed; and an officer's word
that they are.

Touches operators' notices and the audit chain. A hold passes by itself once receipts come in again. Closing
its notice changes nothing: only the release, which says what it does, lets people be moved, and then at a
measured pace.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.routing import Account
from alerts.silence import Doubt
from staff import audit, notices
from staff.notices import NoticeKind

WHY = {
    Doubt.INBOX_LAG: "messages that came in wait more than 30 s to be processed",
    Doubt.STORM: "far more people than usual stayed silent at once",
    Doubt.RECEIPTS: "no receipt came in for the people who were sent to last",
}


@dataclass(frozen=True, slots=True)
class Hold:
    """One account of one warning.

    Attributes:
        text: what happened, for officers.
        at: when it was seen last.
        released: an officer let people be moved; not any more a hold.
    """

    revision_id: int
    account: Account
    text: str
    at: datetime
    released: bool


def subject_of(revision_id: int, account: Account) -> str:
    """The subject of a hold's notices."""
    return f"revision:{revision_id}:{account[0]}:{account[1]}"


async def hold(
    connection: AsyncConnection, revision_id: int, account: Account, why: Doubt, people: int, now: datetime
) -> None:
    """Page the operators: these people stay where they are until receipts come in or an officer decides."""
    await notices.post(
        connection,
        kind=NoticeKind.RUNGS_HELD,
        subject=subject_of(revision_id, account),
        text=f"{people} people silent on {account[0]} ({account[1]}) are not tried on their next channel: "
        f"{WHY[why]}, so news is probably late. It goes on by itself when receipts come in; an officer may "
        "try their next channel now.",
        urgent=True,
        at=now,
    )


async def passed(connection: AsyncConnection, revision_id: int, account: Account, now: datetime) -> None:
    """Silence is believed again; what is held after this needs another release."""
    subject = subject_of(revision_id, account)
    released = await was_released(connection, revision_id, account)
    for kind in (NoticeKind.RUNGS_HELD, NoticeKind.RUNGS_RELEASED):
        await notices.resolve(connection, kind=kind, subject=subject, at=now)
    if released:
        text = "Receipts came in again; people are tried on their next channel as usual."
        await notices.post(
            connection, kind=NoticeKind.RUNGS_PASSED, subject=subject, text=text, urgent=False, at=now
        )
        await notices.resolve(connection, kind=NoticeKind.RUNGS_PASSED, subject=subject, at=now)


async def was_released(connection: AsyncConnection, revision_id: int, account: Account) -> bool:
    """Whether an officer released exactly this hold, and it has not passed since."""
    subject = subject_of(revision_id, account)
    return (
        await notices.newest_kind(
            connection, [NoticeKind.RUNGS_RELEASED, NoticeKind.RUNGS_PASSED], subject=subject
        )
        == NoticeKind.RUNGS_RELEASED
    )


async def release(
    connection: AsyncConnection, actor: str, revision_id: int, account: Account, people: int, now: datetime
) -> bool:
    """An officer has the silent people tried on their next channel; False when nothing is held there."""
    subject = subject_of(revision_id, account)
    held = await notices.open_of(connection, [NoticeKind.RUNGS_HELD], begins=subject)
    if not any(one.subject == subject for one in held):  # an account may begin like another one's name
        return False
    await notices.resolve(connection, kind=NoticeKind.RUNGS_HELD, subject=subject, at=now)
    await notices.post(
        connection,
        kind=NoticeKind.RUNGS_RELEASED,
        subject=subject,
        text=f"An officer had {people} people silent on {account[0]} ({account[1]}) tried on their next "
        "channel. They are moved little by little.",
        urgent=False,
        at=now,
    )
    await audit.append(
        connection,
        at=now,
        actor=actor,
        action="rungs.release",
        subject=f"revision:{revision_id}",
        detail={"channel": account[0], "account": account[1], "people": people},
    )
    return True


async def failing(connection: AsyncConnection, account: Account, now: datetime, *, still: bool) -> None:
    """Page the operators that most of what an account sends fails; or that it does so no more."""
    subject = f"{account[0]}:{account[1]}"
    if not still:
        await notices.resolve(connection, kind=NoticeKind.ACCOUNT_FAILING, subject=subject, at=now)
        return
    await notices.post(
        connection,
        kind=NoticeKind.ACCOUNT_FAILING,
        subject=subject,
        text=f"Most messages on {account[0]} ({account[1]}) fail; the board says why. People are tried on "
        "their next channel, and new ones elsewhere first.",
        urgent=True,
        at=now,
    )


async def failing_accounts(connection: AsyncConnection) -> frozenset[Account]:
    """Accounts of which operators were told that most fails there."""
    return frozenset(
        _account(notice.subject) for notice in await notices.open_of(connection, [NoticeKind.ACCOUNT_FAILING])
    )


async def standing(connection: AsyncConnection, revision_id: int | None = None) -> list[Hold]:
    """What is held or was released and is still going on, of one revision or of all."""
    begins = "revision:" if revision_id is None else f"revision:{revision_id}:"
    found = []
    for notice in await notices.open_of(
        connection, [NoticeKind.RUNGS_HELD, NoticeKind.RUNGS_RELEASED], begins=begins
    ):
        _, revision, channel, account = notice.subject.split(":", 3)
        found.append(
            Hold(
                int(revision),
                (channel, account),
                notice.text,
                notice.at,
                notice.kind == NoticeKind.RUNGS_RELEASED,
            )
        )
    return found


async def troubled(connection: AsyncConnection) -> frozenset[Account]:
    """Accounts that others go before: receipts stopped, most fails, or the provider refuses us."""
    held = {one.account for one in await standing(connection)}
    found = await notices.open_of(connection, [NoticeKind.ACCOUNT_FAILING, NoticeKind.ACCOUNT_CLOSED])
    return frozenset(held | {_account(notice.subject) for notice in found})


def _account(subject: str) -> Account:
    channel, _, account = subject.partition(":")
    return channel, account
