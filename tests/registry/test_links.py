"""Codes that join a second channel: what is right, wrong, late, guessed, and not theirs to use."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from registry import links, people
from registry.links import LinkOutcome
from registry.tables import link_code, link_try
from storage.database import Database
from storage.vault import Vault
from tests.registry.newcomers import NOW, Newcomer, join, telegram, webchat

SOON = NOW + timedelta(minutes=2)


@pytest.fixture
async def pair(database: Database, vault: Vault) -> tuple[Newcomer, Newcomer]:
    """Somebody on Telegram, and the same person as a stranger on the web chat a minute later."""
    async with database.durable() as connection:
        one = await join(connection, vault, telegram("1"))
        two = await join(connection, vault, webchat("chat"), now=NOW + timedelta(minutes=1))
    return one, two


@pytest.fixture
async def connection(database: Database, pair: object) -> AsyncIterator[AsyncConnection]:
    # After `pair`: SQLite has one writing connection.
    async with database.durable() as opened:
        yield opened


async def wrong_code(connection: AsyncConnection, vault: Vault) -> str:
    """Eight digits that are nobody's code."""
    known = set((await connection.execute(select(link_code.c.code_index))).scalars())
    return next(code for code in ("00000000", "00000001") if vault.blind("link_code", code) not in known)


async def test_a_code_shown_here_and_confirmed_there_makes_one_person(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, two = pair
    code = await links.make_code(connection, vault, one.id, NOW)
    assert len(code) == 8
    assert code.isdecimal()
    offer = await links.check(connection, vault, two.address.lane, two.id, code, SOON)
    assert offer.outcome is LinkOutcome.OFFERED
    assert offer.code_id is not None
    assert (await people.find(connection, two.address.lane))[0].id == two.id  # type: ignore[index] # not yet
    assert (await links.confirm(connection, vault, one.id, SOON)).outcome is LinkOutcome.WRONG  # nobody asked
    claim = await links.claim(connection, two.id, offer.code_id, SOON)
    assert claim == await links.claimed(connection, one.id, SOON)
    assert claim is not None
    assert (claim.owner_id, claim.claimant_id) == (one.id, two.id)
    done = await links.confirm(connection, vault, one.id, SOON)
    assert done.outcome is LinkOutcome.LINKED
    assert done.merged is not None
    assert (done.merged.survivor_id, done.merged.absorbed_id) == (one.id, two.id)
    for lane in (one.address.lane, two.address.lane):
        found = await people.find(connection, lane)
        assert found is not None
        assert found[0].id == one.id
    again = await links.confirm(connection, vault, one.id, SOON)
    assert again.outcome is LinkOutcome.WRONG


@pytest.mark.parametrize("typed", ["{} ", "{:.4}-{:.4}", "code: {}"])
async def test_a_code_is_understood_as_it_is_typed(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer], typed: str
) -> None:
    one, two = pair
    code = await links.make_code(connection, vault, one.id, NOW)
    text = typed.format(code[:4], code[4:]) if "-" in typed else typed.format(code)
    thai = text.translate({ord(str(digit)): ord("๐") + digit for digit in range(10)})
    for written in (text, thai):
        offer = await links.check(connection, vault, two.address.lane, two.id, written, SOON)
        assert offer.outcome is LinkOutcome.OFFERED


async def test_late_used_replaced_and_invented_codes_are_all_just_wrong(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, two = pair
    lane = two.address.lane
    replaced = await links.make_code(connection, vault, one.id, NOW)
    code = await links.make_code(connection, vault, one.id, NOW)
    for typed, when in (
        (await wrong_code(connection, vault), SOON),
        (replaced, SOON),
        ("", SOON),
        (code, NOW + links.LIFETIME),
    ):
        if typed != code or when > SOON:
            found = await links.check(connection, vault, lane, two.id, typed, when)
            assert (found.outcome, found.code_id) == (LinkOutcome.WRONG, None)
    assert await links.claim(connection, two.id, 999, SOON) is None


async def test_a_yes_after_ten_minutes_links_nothing(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, two = pair
    code = await links.make_code(connection, vault, one.id, NOW)
    offer = await links.check(connection, vault, two.address.lane, two.id, code, SOON)
    assert offer.code_id is not None
    assert await links.claim(connection, two.id, offer.code_id, NOW + links.LIFETIME) is None
    assert await links.claim(connection, two.id, offer.code_id, SOON) is not None
    late = await links.confirm(connection, vault, one.id, NOW + links.LIFETIME)
    assert late.outcome is LinkOutcome.WRONG


async def test_five_wrong_codes_close_the_lane_for_ten_minutes(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, two = pair
    lane = two.address.lane
    wrong = await wrong_code(connection, vault)
    for second in range(links.TRIES_PER_LANE):
        when = NOW + timedelta(seconds=second)
        assert (await links.check(connection, vault, lane, two.id, wrong, when)).outcome is LinkOutcome.WRONG
    code = await links.make_code(connection, vault, one.id, SOON)
    right = await links.check(connection, vault, lane, two.id, code, SOON)
    assert (right.outcome, right.code_id) == (LinkOutcome.TOO_MANY, None)  # not even the right one
    elsewhere = await links.check(connection, vault, b"e" * 32, two.id, code, SOON)
    assert elsewhere.outcome is LinkOutcome.OFFERED  # other lanes are not punished
    later = NOW + links.WINDOW + timedelta(seconds=4)
    code = await links.make_code(connection, vault, one.id, later)
    assert (await links.check(connection, vault, lane, two.id, code, later)).outcome is LinkOutcome.OFFERED
    assert (await connection.execute(select(func.count()).select_from(link_try))).scalar_one() == 0


async def test_guessing_from_many_lanes_closes_the_door_for_all(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, two = pair
    tries = [{"lane": number.to_bytes(32, "big"), "at": NOW} for number in range(links.TRIES_OF_ALL)]
    await connection.execute(link_try.insert(), tries)
    code = await links.make_code(connection, vault, one.id, NOW)
    found = await links.check(connection, vault, two.address.lane, two.id, code, SOON)
    assert found.outcome is LinkOutcome.TOO_MANY


async def test_ones_own_code_links_nothing_and_is_no_wrong_try(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, _ = pair
    code = await links.make_code(connection, vault, one.id, NOW)
    for _ in range(links.TRIES_PER_LANE + 1):
        found = await links.check(connection, vault, one.address.lane, one.id, code, SOON)
        assert found.outcome is LinkOutcome.OWN


async def test_a_drill_registration_never_joins_a_real_one(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, _ = pair
    drill = await join(connection, vault, telegram("drill"), drill=True)
    code = await links.make_code(connection, vault, one.id, NOW)
    found = await links.check(connection, vault, drill.address.lane, drill.id, code, SOON)
    assert (found.outcome, found.code_id) == (LinkOutcome.REFUSED, None)
    code_id = (await connection.execute(select(link_code.c.id))).scalar_one()
    assert await links.claim(connection, drill.id, code_id, SOON) is not None
    assert (await links.confirm(connection, vault, one.id, SOON)).outcome is LinkOutcome.REFUSED
    assert (await links.confirm(connection, vault, one.id, SOON)).outcome is LinkOutcome.WRONG
    assert (await people.find(connection, drill.address.lane))[0].id == drill.id  # type: ignore[index]


async def test_two_confirmations_at_once_merge_once(
    database: Database, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, two = pair
    async with database.durable() as connection:
        code = await links.make_code(connection, vault, one.id, NOW)
        offer = await links.check(connection, vault, two.address.lane, two.id, code, SOON)
        assert offer.code_id is not None
        await links.claim(connection, two.id, offer.code_id, SOON)

    async def yes() -> LinkOutcome:
        async with database.durable() as connection:
            return (await links.confirm(connection, vault, one.id, SOON)).outcome

    outcomes = sorted(await asyncio.gather(yes(), yes()))
    assert outcomes == [LinkOutcome.LINKED, LinkOutcome.WRONG]


async def test_codes_are_kept_as_fingerprints_only(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    code = await links.make_code(connection, vault, pair[0].id, NOW)
    row = (await connection.execute(select(link_code))).one()
    assert code.encode() not in repr(tuple(row)).encode()
    assert row.code_index == vault.blind("link_code", code)


async def test_a_code_is_claimed_by_one_and_refused_for_good(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, two = pair
    third = await join(connection, vault, telegram("third"))
    code = await links.make_code(connection, vault, one.id, NOW)
    offer = await links.check(connection, vault, two.address.lane, two.id, code, SOON)
    assert offer.code_id is not None
    first = await links.claim(connection, two.id, offer.code_id, SOON)
    assert first == await links.claim(connection, two.id, offer.code_id, SOON + timedelta(seconds=9))
    assert await links.claim(connection, third.id, offer.code_id, SOON) is None
    assert await links.claim(connection, one.id, offer.code_id, SOON) is None
    assert await links.refuse(connection, one.id, SOON) == first
    assert await links.refuse(connection, one.id, SOON) is None
    assert (await links.confirm(connection, vault, one.id, SOON)).outcome is LinkOutcome.WRONG


async def test_a_newcomer_joins_an_exercise_and_nobody_else_does(
    connection: AsyncConnection, vault: Vault
) -> None:
    trainee = await join(connection, vault, telegram("trainee"), drill=True)
    newcomer = await join(connection, vault, telegram("new"), consent=None, place=None, now=SOON)
    agreed = await join(connection, vault, telegram("agreed"), place=None)
    code = await links.make_code(connection, vault, trainee.id, NOW)
    refused = await links.check(connection, vault, agreed.address.lane, agreed.id, code, SOON)
    assert refused.outcome is LinkOutcome.REFUSED
    offer = await links.check(connection, vault, newcomer.address.lane, newcomer.id, code, SOON)
    assert offer.code_id is not None
    await links.claim(connection, newcomer.id, offer.code_id, SOON)
    assert (await links.confirm(connection, vault, trainee.id, SOON)).outcome is LinkOutcome.LINKED
    found = await people.find(connection, newcomer.address.lane)
    assert found is not None
    assert (found[0].id, found[0].drill, found[1].drill) == (trainee.id, True, True)


async def test_a_second_code_does_not_forget_who_waits_for_the_first(
    connection: AsyncConnection, vault: Vault, pair: tuple[Newcomer, Newcomer]
) -> None:
    one, two = pair
    third = await join(connection, vault, telegram("third"), now=SOON)
    for who in (two, third):
        code = await links.make_code(connection, vault, one.id, NOW)
        offer = await links.check(connection, vault, who.address.lane, who.id, code, SOON)
        assert offer.code_id is not None
        assert await links.claim(connection, who.id, offer.code_id, SOON) is not None
    for _ in range(2):
        assert (await links.confirm(connection, vault, one.id, SOON)).outcome is LinkOutcome.LINKED
    for who in (two, third):
        found = await people.find(connection, who.address.lane)
        assert found is not None
        assert found[0].id == one.id
