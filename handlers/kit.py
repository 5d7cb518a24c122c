"""What the conversations are handed: words, places, and callables of folders they must not know. Values only.

`app/` builds one `Kit` per process. Every callable that takes a connection works in the transaction of the
step and awaits nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.checkin_status import CheckinStatus
from alerts.live import PersonalEvent
from assistance.faq.answering import Fields
from assistance.faq.search import FaqSearch
from assistance.store import CaseRow
from bot.messages import Outbound
from locales.catalog import Catalog
from locales.guess import LanguageGuesser
from registry.merging import Carry
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class RecordedCheckin:
    """The event an answer was recorded for."""

    event_id: int
    code: str
    title: str
    drill: bool


class NamedPlace(Protocol):
    """A place that was found by its name; `name` says the region and country too, in the asker's language."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...  # city | admin1 | country
    @property
    def country(self) -> str: ...
    @property
    def admin1(self) -> str | None: ...
    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...
    @property
    def radius_km(self) -> float: ...
    @property
    def time_zone(self) -> str | None: ...
    @property
    def match(self) -> str: ...  # exact | folded | fuzzy


class Surroundings(Protocol):
    """What lies at a position."""

    @property
    def country(self) -> str: ...
    @property
    def near(self) -> tuple[str, ...]: ...  # up to three more countries it may lie in
    @property
    def admin1(self) -> str | None: ...
    @property
    def city(self) -> str | None: ...
    @property
    def time_zone(self) -> str | None: ...


class LiveEvents(Protocol):
    """Events whose warnings are live and were sent to this person, newest message first."""

    async def __call__(
        self, connection: AsyncConnection, *, person_id: int, now: datetime
    ) -> Sequence[PersonalEvent]: ...


class FullTexts(Protocol):
    """The live warnings of an event that went to this person, whole and as approved, newest last."""

    async def __call__(
        self, connection: AsyncConnection, *, person_id: int, code: str, language: str, now: datetime
    ) -> Sequence[Outbound]: ...


class Knocked(Protocol):
    """Codes of events whose warnings were shown on this address in a few words only.

    `heard_at` is when they had last written there before now, `pressed` the code in the button they press
    now.
    """

    async def __call__(
        self,
        connection: AsyncConnection,
        *,
        person_id: int,
        address_id: int,
        heard_at: datetime | None,
        pressed: str,
        now: datetime,
    ) -> Sequence[str]: ...


class RecordCheckin(Protocol):
    """Records what somebody says of themselves in the event `code`; None when there is no such event for
    them.

    A person of drills has no answer in a real event, nor a real person in a drill.
    """

    async def __call__(
        self, connection: AsyncConnection, *, person_id: int, code: str, status: CheckinStatus, now: datetime
    ) -> RecordedCheckin | None: ...


class Page(Protocol):
    """Calls the officers on duty to a case; `kind` is `help`, `danger` or `question`; no word of theirs goes
    along.
    """

    async def __call__(
        self, connection: AsyncConnection, *, kind: str, case: CaseRow, now: datetime
    ) -> None: ...


class MissionPhone(Protocol):
    """The ministry's own emergency telephone for a country (ISO-2); None where there is none."""

    async def __call__(self, connection: AsyncConnection, country: str) -> str | None: ...


async def no_full_texts(
    connection: AsyncConnection, *, person_id: int, code: str, language: str, now: datetime
) -> Sequence[Outbound]:
    """Where no warning is ever shown in part."""
    return ()


async def never_knocked(
    connection: AsyncConnection,
    *,
    person_id: int,
    address_id: int,
    heard_at: datetime | None,
    pressed: str,
    now: datetime,
) -> Sequence[str]:
    """Where no warning is ever shown in part."""
    return ()


@dataclass(frozen=True, slots=True)
class Faq:
    """Answers that officers approved: how they are found, and what fills their fields."""

    search: FaqSearch
    fields: Fields


def no_account(_number: str) -> str | None:
    """Nobody can be texted."""
    return None


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything a conversation needs beside its turn.

    Attributes:
        find_place: places that a typed text may mean, in the words of a language, best first.
        locate: what lies at a position (degrees), named in a language; None where it is no country.
        emergency_numbers: emergency numbers of a country (ISO-2), most important first.
        country_name: a country's (ISO-2) name in a language.
        carry: what other folders do when two registrations become one.
        ministry: name of the sender as citizens know it.
        consent_version: of the notice shown now; at most 20 characters.
        demo: everybody who joins takes part in an exercise.
        drill_token: whether an invitation to an exercise is ours and good.
        text_account: our account from which a number (E.164) can be texted and can answer; None = none can.
        one_way_account: likewise one that can text it although nobody can answer there.
        telegram_bot: `@name` of our chat on Telegram, "" when there is none.
        default_language: for whom nothing is known.
        faq: None where questions are not answered.
        full_texts, knocked: for channels that show a warning in part until the person writes.
    """

    vault: Vault
    catalog: Catalog
    guesser: LanguageGuesser
    find_place: Callable[[str, str], Sequence[NamedPlace]]
    locate: Callable[[float, float, str], Surroundings | None]
    emergency_numbers: Callable[[str], Sequence[str]]
    country_name: Callable[[str, str], str]
    mission_phone: MissionPhone
    live_events: LiveEvents
    checkin: RecordCheckin
    page: Page
    carry: Sequence[Carry]
    ministry: str
    consent_version: str
    demo: bool
    drill_token: Callable[[str], bool]
    text_account: Callable[[str], str | None] = no_account
    one_way_account: Callable[[str], str | None] = no_account
    telegram_bot: str = ""
    default_language: str = "en"
    faq: Faq | None = None
    full_texts: FullTexts = no_full_texts
    knocked: Knocked = never_knocked
