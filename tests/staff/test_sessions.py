"""How long a session lives, and that only its hash is stored."""

from datetime import timedelta

from sqlalchemy import select

from staff import sessions
from staff.sessions import SessionKind
from staff.tables import officer_session
from storage.database import Database
from tests.alerts.office import everywhere, hire
from tests.staff.conftest import START, HandClock


async def test_a_console_session_slides_and_ends_after_three_days(sqlite: Database) -> None:
    clock = HandClock()
    async with sqlite.durable() as connection:
        anna = await hire(connection, "anna", *everywhere())
        made = await sessions.start_console(connection, anna.id, clock.at)
    days = 0.0
    while True:
        clock.pass_by(hours=11)
        days += 11 / 24
        async with sqlite.durable() as connection:
            found = await sessions.find(connection, made.token, SessionKind.CONSOLE, clock.at)
            if found is None:
                break
            until = sessions.renewal_of(found, clock.at)
            if until is not None:
                await sessions.renew(connection, made.token, until)
    assert 2.9 < days < 3.4


async def test_a_session_left_alone_ends_after_twelve_hours(sqlite: Database) -> None:
    clock = HandClock()
    async with sqlite.durable() as connection:
        anna = await hire(connection, "anna", *everywhere())
        made = await sessions.start_console(connection, anna.id, clock.at)
        clock.pass_by(hours=12)
        assert await sessions.find(connection, made.token, SessionKind.CONSOLE, clock.at) is None
        assert await sessions.sweep(connection, clock.at) == 1


def test_a_session_is_not_written_at_every_request() -> None:
    session = sessions.Session(1, SessionKind.CONSOLE, "c", START, START + sessions.CONSOLE_IDLE)
    assert sessions.renewal_of(session, START + timedelta(minutes=4)) is None
    assert sessions.renewal_of(session, START + timedelta(minutes=5)) is not None
    bearer = sessions.Session(1, SessionKind.BEARER, "c", START, START + timedelta(minutes=20))
    assert sessions.renewal_of(bearer, START + timedelta(minutes=19)) is None


async def test_only_the_hash_is_stored_and_nothing_is_printed(sqlite: Database) -> None:
    async with sqlite.durable() as connection:
        anna = await hire(connection, "anna", *everywhere())
        made = await sessions.start_console(connection, anna.id, START)
        row = (await connection.execute(select(officer_session))).one()
    assert bytes(row.token_hash) == sessions.hash_of(made.token)
    assert made.token not in str(tuple(row))
    assert made.token not in repr(made)
