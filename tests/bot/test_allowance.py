"""The month's billed messages: counted in SQL before they leave, never over the cap, told once."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.allowance import Allowance, Spent
from bot.tables import spending
from storage.database import Database

NOVEMBER = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


@dataclass
class Books:
    """A clock to set, and what operators were told."""

    at: datetime = NOVEMBER
    told: list[tuple[str, str, Spent]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def tell(
        self, _connection: AsyncConnection, channel: str, account: str, spent: Spent, _at: datetime
    ) -> None:
        self.told.append((channel, account, spent))


def allowance(
    database: Database, books: Books, cap: int, *, beyond: bool = False, account: str = "main"
) -> Allowance:
    return Allowance(database, books, "viber", account, cap, beyond, books.tell)


async def used(one: Allowance) -> int:
    async with one.database.read() as connection:
        return (await one.spent(connection)).used


async def test_the_cap_is_never_passed_and_operators_are_told_once(database: Database) -> None:
    books = Books()
    ours = allowance(database, books, 10)
    assert await used(ours) == 0
    assert await ours.take(7, urgent=False, at=NOVEMBER) == 7
    assert books.told == []
    assert await ours.take(7, urgent=True, at=NOVEMBER) == 3, "urgent or not: this account may not go beyond"
    assert books.told == [("viber", "main", Spent(10, 10))]
    assert await ours.take(1, urgent=False, at=NOVEMBER) == 0
    assert len(books.told) == 1
    assert await used(ours) == 10


async def test_whoever_takes_the_last_one_tells(database: Database) -> None:
    books = Books()
    assert await allowance(database, books, 5).take(5, urgent=False, at=NOVEMBER) == 5
    assert books.told == [("viber", "main", Spent(5, 5))]


async def test_urgent_ones_go_beyond_where_that_was_set_and_still_count(database: Database) -> None:
    books = Books()
    ours = allowance(database, books, 10, beyond=True)
    assert await ours.take(300, urgent=True, at=NOVEMBER) == 300
    assert await ours.take(1, urgent=False, at=NOVEMBER) == 0
    assert await ours.take(2, urgent=True, at=NOVEMBER) == 2
    assert await used(ours) == 302
    async with database.read() as connection:
        assert (await ours.spent(connection)).left == 0
    assert len(books.told) == 1


async def test_what_was_not_taken_is_given_back(database: Database) -> None:
    books = Books()
    ours = allowance(database, books, 10)
    await ours.take(6, urgent=False, at=NOVEMBER)
    await ours.give_back(4, at=NOVEMBER)
    await ours.give_back(0, at=NOVEMBER)
    assert await used(ours) == 2
    assert await ours.take(9, urgent=False, at=NOVEMBER) == 8


async def test_what_one_month_gets_back_the_next_does_not(database: Database) -> None:
    books = Books()
    ours = allowance(database, books, 10)
    await ours.take(10, urgent=False, at=NOVEMBER)
    books.at = DECEMBER
    assert await used(ours) == 0
    assert await ours.take(10, urgent=False, at=DECEMBER) == 10
    assert len(books.told) == 2
    await ours.give_back(3, at=NOVEMBER)
    assert await used(ours) == 10, "what is billed in December stays counted"
    books.at = NOVEMBER
    assert await used(ours) == 7


async def test_accounts_have_their_own(database: Database) -> None:
    books = Books()
    await allowance(database, books, 10).take(10, urgent=False, at=NOVEMBER)
    assert await allowance(database, books, 10, account="second").take(10, urgent=False, at=NOVEMBER) == 10


async def test_two_who_ask_at_once_do_not_share_the_last_ones(database: Database) -> None:
    books = Books()
    granted = await asyncio.gather(
        *(allowance(database, books, 100).take(7, urgent=False, at=NOVEMBER) for _asker in range(20))
    )
    assert sum(granted) == 100
    assert len(books.told) == 1


@given(st.integers(0, 50), st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), max_size=12))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_count_is_what_left(sqlite: Database, cap: int, steps: list[tuple[int, int]]) -> None:
    async with sqlite.bulk() as connection:
        await connection.execute(delete(spending))
    ours, left = allowance(sqlite, Books(), cap), 0
    for wanted, back in steps:
        granted = await ours.take(wanted, urgent=False, at=NOVEMBER)
        assert granted == min(wanted, cap - left)
        await ours.give_back(min(back, granted), at=NOVEMBER)
        left += granted - min(back, granted)
    assert await used(ours) == left
