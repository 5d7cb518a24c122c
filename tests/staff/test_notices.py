"""The same thing is told once; what has passed goes away."""

from datetime import timedelta

from staff import notices
from staff.notices import NoticeKind
from storage.database import Database
from tests.staff.conftest import START


async def test_the_same_thing_is_told_once_and_may_become_urgent(database: Database) -> None:
    async with database.durable() as connection:
        for minutes, urgent in ((0, False), (5, True), (9, False)):
            await notices.post(
                connection,
                kind=NoticeKind.ACCOUNT_CLOSED,
                subject="telegram:main",
                text=f"Refused for {minutes} minutes.",
                urgent=urgent,
                at=START + timedelta(minutes=minutes),
            )
        await notices.post(
            connection, kind=NoticeKind.RUNGS_HELD, subject="alert:1", text="Held.", urgent=False, at=START
        )
        found = await notices.open_notices(connection)
    assert [(one.kind, one.urgent, one.text) for one in found] == [
        ("account.closed", True, "Refused for 9 minutes."),
        ("rungs.held", False, "Held."),
    ]


async def test_a_closed_notice_stays_closed_and_a_new_one_opens(database: Database) -> None:
    async with database.durable() as connection:
        await notices.post(
            connection, kind=NoticeKind.INBOX_FAILED, subject="b", text="x" * 400, urgent=False, at=START
        )
        (first,) = await notices.open_notices(connection)
        assert len(first.text) == notices.TEXT_MAX
        assert await notices.close(connection, first.id, at=START)
        assert not await notices.close(connection, first.id, at=START)
        await notices.post(
            connection, kind=NoticeKind.INBOX_FAILED, subject="b", text="again", urgent=False, at=START
        )
        (second,) = await notices.open_notices(connection)
        assert second.id != first.id
        await notices.resolve(connection, kind=NoticeKind.INBOX_FAILED, subject="b", at=START)
        assert await notices.open_notices(connection) == []


async def test_notices_are_found_by_kind_and_beginning(sqlite: Database) -> None:
    async with sqlite.durable() as connection:
        for kind, subject in (("a", "revision:1:x"), ("a", "revision:12:x"), ("b", "revision:1:x")):
            await notices.post(connection, kind=kind, subject=subject, text="t", urgent=False, at=START)
        found = await notices.open_of(connection, ["a"], begins="revision:1:")
        assert [one.subject for one in found] == ["revision:1:x"]
        assert await notices.close(connection, found[0].id, at=START)
        assert await notices.open_of(connection, ["a"], begins="revision:1:") == []
        assert await notices.newest_kind(connection, ["a"], subject="revision:1:x") == "a"
        assert await notices.newest_kind(connection, ["a", "b"], subject="revision:1:x") == "b"
        assert await notices.newest_kind(connection, ["a", "b"], subject="revision:2:x") is None
        assert await notices.open_of(connection, ["a"], begins="revision_1") == []
