"""The loop that learns: what nobody could answer, put together; answered once; sent to everybody who asked.

Touches SQL. Works in the caller's transaction, but for grouping, which is done before. An officer's answer
goes to those who asked in their own language, into their thread too where they have one. Questions an officer
takes over as ways to ask are proposed like any other words: a second officer approves them.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from assistance import store as cases
from assistance import thread
from assistance.errors import CaseUnknownError
from assistance.faq import questions
from assistance.faq.answering import Fields, wording_for
from assistance.faq.clusters import group
from assistance.faq.content import Facts, Wording, fill
from assistance.faq.desk import FaqDesk
from assistance.faq.grams import neat
from assistance.faq.questions import QuestionRow
from assistance.faq.search import FaqSearch
from assistance.faq.semantic import Vectors
from assistance.lifecycle import CaseAct, CaseState, advance
from assistance.ports import Audit, Send
from assistance.thread import MessageKind
from bot.messages import Outbound
from registry import addresses, people
from staff.officers import Officer, Role
from storage.clock import Clock
from storage.errors import SealError
from storage.vault import PersonVault, Vault

Compose = Callable[[str, str, str, bool], Outbound]
"""Words an officer's answer: text, its language, the asker's language, whether it is a drill."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One question that waits, opened."""

    row: QuestionRow
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions that ask the same, newest first; `people` who asked them."""

    questions: tuple[OpenQuestion, ...]
    people: int
    newest: datetime


class FaqLearning:
    """What officers do with questions nobody could answer."""

    def __init__(
        self,
        vault: Vault,
        clock: Clock,
        desk: FaqDesk,
        search: FaqSearch,
        fields: Fields,
        *,
        send: Send,
        audit: Audit,
        compose: Compose,
    ) -> None:
        self._vault = vault
        self._clock = clock
        self._desk = desk
        self._search = search
        self._fields = fields
        self._send = send
        self._audit = audit
        self._compose = compose

    async def waiting(self, connection: AsyncConnection, officer: Officer) -> list[OpenQuestion]:
        """What waits in the countries of the officer's case role, newest first, at most 300."""
        found = []
        for row in await questions.waiting(connection, officer.countries(Role.CASE)):
            person_vault = await self._vault_of(connection, row)
            if person_vault is not None:
                found.append(OpenQuestion(row, row.text(person_vault)))
        return found

    async def clusters(self, waiting: Sequence[OpenQuestion]) -> list[Cluster]:
        """The same in groups, those first that most people asked; off the loop, outside any transaction."""
        if not waiting:
            return []
        edition = await self._search.edition()
        means = edition.engine.means if edition is not None else {}
        vectors = await self._embedded(waiting) if means else None
        texts = [one.text for one in waiting]
        languages = [one.row.language for one in waiting]
        grouped = await asyncio.to_thread(group, texts, languages, vectors, means)
        found = []
        for members in grouped:
            own = tuple(waiting[position] for position in members)
            people_of = len({one.row.person_id for one in own})
            found.append(Cluster(own, people_of, max(one.row.at for one in own)))
        return sorted(found, key=lambda one: (-one.people, -one.newest.timestamp()))

    async def answer(
        self,
        connection: AsyncConnection,
        officer: Officer,
        question_ids: Sequence[int],
        slug: str,
        wordings: Mapping[str, Wording],
        facts: Facts | None,
    ) -> int:
        """Send an answer to everybody who asked, and propose it as an entry; returns how many got it.

        Whoever's language has no words gets the nearest, and stays on nobody's list: the missing language is
        seen at the entry.

        Raises:
            NotYourEntryError: the officer may not write this entry, or read these questions.
            ContentRefusedError: the slug or a language is none.
        """
        entry_id = await self._desk.write(
            connection, officer, slug, facts=facts, wordings=dict(wordings), origin="learned"
        )
        rows = await self._mine(connection, officer, question_ids)
        link = facts.source if facts else ""
        newest = {row.person_id: row for row in rows}  # one answer a person, however often they asked
        sent = 0
        for row in newest.values():
            sent += await self._send_to(connection, officer, row, wordings, link)
        await questions.settle(connection, [row.id for row in rows], entry_id=entry_id)
        await self._record(connection, officer, "faq.answer", f"faq:{entry_id}", len(rows), sent)
        return sent

    async def put_aside(
        self, connection: AsyncConnection, officer: Officer, question_ids: Sequence[int]
    ) -> None:
        """These need no answer of this kind: greetings, noise, what was settled in a case."""
        rows = await self._mine(connection, officer, question_ids)
        await questions.settle(connection, [row.id for row in rows])
        await self._record(connection, officer, "faq.aside", "faq:questions", len(rows), 0)

    async def _mine(
        self, connection: AsyncConnection, officer: Officer, question_ids: Sequence[int]
    ) -> list[QuestionRow]:
        covered = officer.countries(Role.CASE)
        rows = await questions.by_ids(connection, question_ids)
        return [row for row in rows if covered is None or row.country in covered]

    async def _send_to(
        self,
        connection: AsyncConnection,
        officer: Officer,
        row: QuestionRow,
        wordings: Mapping[str, Wording],
        link: str,
    ) -> bool:
        owner = await people.get(connection, row.person_id)
        target = await addresses.newest(connection, row.person_id)
        if owner is None or owner.data_key is None or target is None or target.drill is not row.drill:
            return False
        found = wording_for(wordings, owner.language)
        body = (
            fill(found[1].answer, await self._fields.values(connection, row.country, link)) if found else None
        )
        if found is None or body is None:
            return False
        person_vault, now, key = owner.unlocked(self._vault), self._clock.now(), f"faq:{row.id}"
        await self._into_thread(connection, officer, row, person_vault, body, key, now)
        return await self._send(
            connection,
            self._vault,
            key=key,
            address=addresses.open_row(person_vault, target),
            lane=target.lane,
            outbound=self._compose(body, found[0], owner.language, row.drill),
            drill=row.drill,
            now=now,
        )

    async def _into_thread(
        self,
        connection: AsyncConnection,
        officer: Officer,
        row: QuestionRow,
        person_vault: PersonVault,
        body: str,
        key: str,
        now: datetime,
    ) -> None:
        if row.case_id is None:
            return
        try:
            case = await cases.locked(connection, row.case_id)
        except CaseUnknownError:
            return
        if case.state is CaseState.CLOSED:
            return
        await thread.write(
            connection,
            person_vault,
            case.id,
            author=officer.actor,
            kind=MessageKind.TEXT,
            text=body,
            key=key,
            now=now,
        )
        after = advance(case.state, CaseAct.ANSWER)
        await cases.change(connection, case.id, state=after.value, officer_id=officer.id, changed_at=now)

    async def _vault_of(self, connection: AsyncConnection, row: QuestionRow) -> PersonVault | None:
        owner = await people.get(connection, row.person_id)
        try:
            return owner.unlocked(self._vault) if owner is not None else None
        except SealError:
            return None

    async def _embedded(self, waiting: Sequence[OpenQuestion]) -> Vectors | None:
        embedder = await self._search.embedder()
        if embedder is None:
            return None
        return await asyncio.to_thread(embedder.embed, [neat(one.text) for one in waiting])

    async def _record(
        self, connection: AsyncConnection, officer: Officer, action: str, subject: str, asked: int, sent: int
    ) -> None:
        await self._audit(
            connection,
            at=self._clock.now(),
            actor=officer.actor,
            action=action,
            subject=subject,
            detail={"questions": asked, "sent": sent},
        )
