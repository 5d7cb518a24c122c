"""What every gateway must do at its door, tested once: subclass `GatewayContract`, give it a `door`, nothing
else.

The tests speak HTTP to a real server on loopback and look into the real inbox, so a gateway behind the hook
routes of `bot.intake` and one with routes of its own (web chat) are judged alike.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import pytest
from sqlalchemy import func, select

from bot.errors import HalfConfiguredError, RejectedError
from bot.gateway import Gateway, Prepared
from bot.messages import MAX_BUTTON_DATA, Accepted, Address, Button, Outbound
from bot.tables import inbox
from storage.database import Database

FLOOD = 300
# A database that cannot be reached: nobody listens on that port. (A file that cannot be opened would leave
# a thread of the SQLite driver behind that may outlive the test's event loop.)
LOST_DATABASE = "postgresql://nobody@127.0.0.1:9/none"


@dataclass(frozen=True, slots=True)
class Knock:
    """One POST at the door."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Door:
    """A running server with one gateway behind it, and the requests its provider or browser could make.

    Attributes:
        url: where an event is posted.
        lost_url: the same gateway at a server whose database is away.
        database: where `url` stores.
        valid: the n-th event; the same n is the same event (a redelivery), another n another one.
        forged: requests whose secret or signature is wrong.
        unsigned: requests with none at all.
        malformed: authentic requests whose body is not what the provider documents (400).
        unknown: authentic requests of kinds nobody knows (`unknown_status`, nothing breaks).
        half_configured: each call builds settings with something missing or wrong.
        secrets: words that may appear in no log line and no answer.
        words: the text of all parts of a prepared message, in order.
        max_hook_bytes: larger bodies are refused unread.
    """

    gateway: Gateway
    url: str
    lost_url: str
    database: Database
    valid: Callable[[int], Knock]
    forged: Sequence[Knock]
    unsigned: Sequence[Knock]
    malformed: Sequence[Knock]
    unknown: Sequence[Knock]
    half_configured: Sequence[Callable[[], object]]
    secrets: Sequence[str]
    words: Callable[[Prepared], str]
    max_hook_bytes: int
    stored_status: int = 200
    unknown_status: int = 200

    async def stored(self) -> int:
        """How many events the inbox holds."""
        async with self.database.read() as connection:
            return int((await connection.execute(select(func.count()).select_from(inbox))).scalar_one())


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


async def knock(session: aiohttp.ClientSession, url: str, request: Knock) -> Answer:
    """Post one request and read the whole answer."""
    async with session.post(url, data=request.body, headers=dict(request.headers)) as response:
        return Answer(response.status, response.headers, await response.text())


def squeezed(text: str) -> str:
    return "".join(text.split())


async def send_all(
    gateway: Gateway, to: Address, message: Prepared, *, delivery: int | None = None
) -> list[Accepted]:
    """Send every part, as a sender does; what the provider answered to each."""
    answers: list[Accepted] = []
    while not answers or answers[-1].more:
        answers.append(await gateway.send(to, message, part=len(answers), delivery=delivery))
    return answers


class GatewayContract:
    """Subclass it, define the async fixture `door`, and every test below is yours."""

    @pytest.fixture
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            yield session

    async def test_an_event_is_stored_before_it_is_answered(
        self, door: Door, session: aiohttp.ClientSession
    ) -> None:
        for number in range(3):
            answer = await knock(session, door.url, door.valid(number))
            assert answer.status == door.stored_status
            assert await door.stored() == number + 1

    async def test_a_forged_event_is_refused(self, door: Door, session: aiohttp.ClientSession) -> None:
        assert door.forged
        for request in door.forged:
            assert (await knock(session, door.url, request)).status == 403
        assert await door.stored() == 0

    async def test_an_event_without_a_secret_is_refused(
        self, door: Door, session: aiohttp.ClientSession
    ) -> None:
        assert door.unsigned
        for request in door.unsigned:
            assert (await knock(session, door.url, request)).status == 403
        assert await door.stored() == 0

    async def test_an_oversize_body_is_refused(self, door: Door, session: aiohttp.ClientSession) -> None:
        valid = door.valid(0)
        big = Knock(b" " * (door.max_hook_bytes + 1 - len(valid.body)) + valid.body, valid.headers)
        assert (await knock(session, door.url, big)).status == 413

        async def drip() -> AsyncIterator[bytes]:  # no Content-Length: the limit must hold while reading, too
            yield big.body

        async with session.post(door.url, data=drip(), headers=dict(big.headers)) as response:
            assert response.status == 413
        assert await door.stored() == 0

    async def test_a_malformed_body_is_refused(self, door: Door, session: aiohttp.ClientSession) -> None:
        assert door.malformed
        for request in door.malformed:
            assert (await knock(session, door.url, request)).status == 400, request.body
        assert await door.stored() == 0

    async def test_an_unknown_kind_breaks_nothing(self, door: Door, session: aiohttp.ClientSession) -> None:
        assert door.unknown
        for request in door.unknown:
            assert (await knock(session, door.url, request)).status == door.unknown_status, request.body
        assert (await knock(session, door.url, door.valid(0))).status == door.stored_status

    async def test_a_repeated_event_is_stored_once(self, door: Door, session: aiohttp.ClientSession) -> None:
        assert (await knock(session, door.url, door.valid(0))).status == door.stored_status
        again = await asyncio.gather(*(knock(session, door.url, door.valid(0)) for _ in range(5)))
        assert {answer.status for answer in again} == {door.stored_status}
        together = await asyncio.gather(*(knock(session, door.url, door.valid(1)) for _ in range(5)))
        assert {answer.status for answer in together} == {door.stored_status}
        assert await door.stored() == 2

    async def test_a_flood_is_stored_or_turned_away_in_words(
        self, door: Door, session: aiohttp.ClientSession
    ) -> None:
        answers = await asyncio.gather(
            *(knock(session, door.url, door.valid(number)) for number in range(FLOOD))
        )
        turned_away = [answer for answer in answers if answer.status != door.stored_status]
        assert {answer.status for answer in turned_away} <= {503, 429}
        assert all("Retry-After" in answer.headers for answer in turned_away)
        assert await door.stored() == FLOOD - len(turned_away)
        assert (await knock(session, door.url, door.valid(FLOOD))).status == door.stored_status

    async def test_without_storage_the_provider_is_asked_to_come_again(
        self, door: Door, session: aiohttp.ClientSession
    ) -> None:
        answer = await knock(session, door.lost_url, door.valid(0))
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0

    async def test_another_method_is_refused(self, door: Door, session: aiohttp.ClientSession) -> None:
        async with session.put(door.url, data=b"{}", headers=dict(door.valid(0).headers)) as response:
            assert response.status == 405

    async def test_half_configured_refuses_to_start(self, door: Door) -> None:
        assert door.half_configured
        for build in door.half_configured:
            with pytest.raises(HalfConfiguredError) as caught:
                build()
            assert not any(secret in str(caught.value) for secret in door.secrets)

    async def test_secrets_and_words_stay_out_of_logs_and_answers(
        self, door: Door, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert door.secrets
        with caplog.at_level(logging.DEBUG):
            requests = [door.valid(0), *door.forged, *door.unsigned, *door.malformed, *door.unknown]
            answers = [await knock(session, door.url, request) for request in requests]
            answers.append(await knock(session, door.lost_url, door.valid(1)))
        lines = [f"{record.getMessage()} {record.__dict__} {record.exc_text}" for record in caplog.records]
        for secret in door.secrets:
            assert not [line for line in lines if secret in line]
            assert not [answer for answer in answers if secret in answer.text]

    async def test_no_word_is_dropped(self, door: Door) -> None:
        sentence = "Leave the river bank now. Ra khỏi bờ sông ngay! ออกจากริมฝั่งเดี๋ยวนี้ 🌊 مُنْطَقَة "
        text = "\n\n".join([sentence * 5] * 40).strip()
        prepared = door.gateway.prepare(Outbound(text, "en", (Button("Safe", "safe:ABC123"),)))
        assert squeezed(door.words(prepared)) == squeezed(text)

    async def test_each_part_has_its_slot_and_after_the_last_one_nothing_is_sent(self, door: Door) -> None:
        short, long = (door.gateway.prepare(Outbound("Leave. " * words, "en")) for words in (1, 800))
        assert len(short.parts) == short.weight == short.slots == 1
        assert len(long.parts) <= long.weight <= long.slots * len(long.parts)
        to = Address(door.gateway.channel, "main", "nobody", datetime.now(UTC))
        with pytest.raises(RejectedError):
            await door.gateway.send(to, long, part=len(long.parts))

    async def test_what_can_never_be_sent_is_rejected_at_once(self, door: Door) -> None:
        too_long = Button("Safe", "x" * (MAX_BUTTON_DATA + 1))
        for bad in (Outbound("", "en"), Outbound(" \n", "en"), Outbound("Hello", "en", (too_long,))):
            with pytest.raises(RejectedError):
                door.gateway.prepare(bad)
