"""Who gets in, who waits, what a code is good for, what a stranger learns."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from staff import sessions, totp
from staff.errors import SignInRefusedError
from staff.passwords import Passwords
from staff.sessions import SessionKind
from staff.signin import SignIn, wait_after
from staff.tables import officer
from tests.staff.conftest import Door


async def refused(door: Door, login: str, password: str, code: str) -> bool:
    try:
        await door.sign_in.sign_in(login, password, code)
    except SignInRefusedError:
        return True
    return False


async def test_the_right_words_open_a_session(door: Door) -> None:
    anna = await door.add("anna")
    who, made = await door.sign_in.sign_in("Anna ", anna.password, door.code(anna))
    assert who == anna.officer_id
    async with door.database.read() as connection:
        found = await sessions.find(connection, made.token, SessionKind.CONSOLE, door.clock.at)
        assert found is not None
        assert (found.officer_id, found.csrf) == (anna.officer_id, made.csrf)
        assert await sessions.find(connection, made.token, SessionKind.BEARER, door.clock.at) is None
        stored = (await connection.execute(select(officer.c.password, officer.c.totp))).one()
    assert anna.password not in stored.password
    assert stored.password.startswith("$argon2id$")
    assert anna.totp_secret.encode() not in stored.totp


async def test_a_code_works_once(door: Door) -> None:
    anna = await door.add("anna")
    code = door.code(anna)
    await door.sign_in.sign_in("anna", anna.password, code)
    assert await refused(door, "anna", anna.password, code)
    door.clock.pass_by(seconds=30)
    assert not await refused(door, "anna", anna.password, door.code(anna))


async def test_a_code_used_twice_at_once_opens_one_session(door: Door) -> None:
    anna = await door.add("anna")
    code = door.code(anna)
    outcomes = await asyncio.gather(*(refused(door, "anna", anna.password, code) for _ in range(4)))
    assert outcomes.count(False) == 1


async def test_each_wrong_part_is_refused_with_the_same_words(door: Door) -> None:
    anna = await door.add("anna")
    texts = set()
    for login, password, code in (
        ("nobody", anna.password, door.code(anna)),
        ("anna", "wrong password here", door.code(anna)),
        ("anna", anna.password, "000000"),
        ("anna", anna.password, ""),
    ):
        with pytest.raises(SignInRefusedError) as caught:
            await door.sign_in.sign_in(login, password, code)
        texts.add(caught.value.text)
    assert len(texts) == 1
    assert not await refused(door, "anna", anna.password, door.code(anna))


async def test_a_login_waits_longer_and_longer(door: Door) -> None:
    anna = await door.add("anna")
    for _ in range(5):
        assert await refused(door, "anna", "wrong password here", "000000")
    assert await refused(door, "anna", anna.password, door.code(anna))
    door.clock.pass_by(seconds=61)
    assert await refused(door, "anna", "wrong password here", "000000")
    door.clock.pass_by(seconds=61)
    assert await refused(door, "anna", anna.password, door.code(anna)), "the second wait is two minutes"
    door.clock.pass_by(seconds=61)
    assert not await refused(door, "anna", anna.password, door.code(anna))
    door.clock.pass_by(seconds=30)
    assert await refused(door, "anna", "wrong password here", "000000")
    assert not await refused(door, "anna", anna.password, door.code(anna)), "a success forgives the failures"


def test_the_wait_is_bounded() -> None:
    assert [wait_after(n) // timedelta(minutes=1) for n in (0, 4, 5, 6, 7, 8, 9, 500)] == [
        0,
        0,
        1,
        2,
        4,
        8,
        15,
        15,
    ]


async def test_attempts_while_waiting_do_not_prolong_the_wait(door: Door) -> None:
    anna = await door.add("anna")
    for _ in range(8):
        assert await refused(door, "anna", "wrong password here", "000000")
    door.clock.pass_by(seconds=61)
    assert not await refused(door, "anna", anna.password, door.code(anna))


async def test_a_locked_officer_stays_out(door: Door) -> None:
    anna = await door.add("anna")
    _, made = await door.sign_in.sign_in("anna", anna.password, door.code(anna))
    await door.enrolment.lock(anna.officer_id)
    door.clock.pass_by(seconds=30)
    assert await refused(door, "anna", anna.password, door.code(anna))
    async with door.database.read() as connection:
        assert await sessions.find(connection, made.token, SessionKind.CONSOLE, door.clock.at) is None


async def test_a_bearer_credential_ends_after_the_time_asked_for(door: Door) -> None:
    anna = await door.add("anna")
    _, made = await door.sign_in.sign_in(
        "anna", anna.password, door.code(anna), kind=SessionKind.BEARER, life=timedelta(days=3)
    )
    assert made.expires_at - door.clock.at == timedelta(minutes=60)
    door.clock.pass_by(minutes=60)
    async with door.database.read() as connection:
        assert await sessions.find(connection, made.token, SessionKind.BEARER, door.clock.at) is None


async def test_a_one_time_token_is_exchanged_once(door: Door) -> None:
    anna = await door.add("anna")
    async with door.database.durable() as connection:
        once = await sessions.start_once(connection, anna.officer_id, door.clock.at)
    outcomes = await asyncio.gather(
        *(door.sign_in.sign_in_once(once.token) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(outcome, tuple) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, SignInRefusedError) for outcome in outcomes) == 2


async def test_a_refusal_takes_its_time_whoever_is_asked_for(door: Door) -> None:
    anna = await door.add("anna")
    loop = asyncio.get_running_loop()

    class Watch:
        def now(self):  # type: ignore[no-untyped-def] # the clock of the loop itself
            return door.clock.at

        def monotonic(self) -> float:
            return loop.time()

    slow = SignIn(door.database, door.vault, Watch(), Passwords(), refusal_s=0.4)
    spent = []
    for login in ("anna", "nobody"):
        began = loop.time()
        with pytest.raises(SignInRefusedError):
            await slow.sign_in(login, anna.password, "000000")
        spent.append(loop.time() - began)
    assert min(spent) >= 0.4


async def test_an_unknown_login_costs_a_hash_too(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []
    original = Passwords._matches

    def counted(self: Passwords, stored: str, password: str) -> bool:
        checked.append(stored)
        return original(self, stored, password)

    monkeypatch.setattr(Passwords, "_matches", counted)
    assert await refused(door, "nobody", "wrong password here", "000000")
    assert len(checked) == 1
    assert checked[0].startswith("$argon2id$")


async def test_a_secret_moved_to_another_officer_opens_nothing(door: Door) -> None:
    anna, eve = await door.add("anna"), await door.add("eve")
    async with door.database.durable() as connection:
        sealed = await connection.scalar(select(officer.c.totp).where(officer.c.id == eve.officer_id))
        await connection.execute(update(officer).where(officer.c.id == anna.officer_id).values(totp=sealed))
    with pytest.raises(Exception, match="another place or key"):
        await door.sign_in.sign_in("anna", anna.password, totp.code_at(eve.totp_secret, door.clock.at))
