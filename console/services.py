"""What the console is handed by whoever composes it. Values and contracts only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from aiohttp import web

from alerts.desk import Desk
from alerts.dossier import Rules
from alerts.forecast import Capacity
from alerts.headcount import AudienceCounter
from alerts.prices import Prices
from alerts.store import AlertRow, RevisionRow
from assistance.desk import CaseDesk
from assistance.faq.desk import FaqDesk
from assistance.faq.learning import FaqLearning
from assistance.faq.search import FaqSearch
from bot.messages import Outbound
from console.region_form import Ground
from places.area import Touch
from staff.enrolment import Enrolment
from staff.signin import SignIn
from storage.clock import Clock
from storage.database import Database
from storage.vault import Vault


class Capacities(Protocol):
    """What the channels can do now, for a warning by the language of its readers, in `countries` (ISO-2)."""

    async def __call__(
        self, messages: Mapping[str, Outbound], countries: Collection[str]
    ) -> Sequence[Capacity]: ...


class Compose(Protocol):
    """Words an alert for one language exactly as a citizen gets it (`alerts.wording`)."""

    def __call__(
        self, alert: AlertRow, revision: RevisionRow, event_code: str, language: str
    ) -> Outbound: ...


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender account that is switched on, for lengths and forecasts.

    Attributes:
        per_second: messages a second it may send.
        text_units: longest message, UTF-16 units.
    """

    channel: str
    per_second: float
    text_units: int


@dataclass(frozen=True, slots=True)
class Appearance:
    """How this installation calls itself and what it shows.

    Attributes:
        demo: one-time sign-in links work, and every page says that everything is simulated.
        public_url: base of the pages citizens open, without a slash at the end.
        time_zone: the ministry's own (IANA name), proposed for new alerts.
        secure_cookies: the console is served over https.
        show_drills: the public pages and the feed show approved drills, marked as such.
        proposed_life: how far ahead a new draft's expiry is set.
    """

    ministry: str
    demo: bool = False
    public_url: str = ""
    time_zone: str = "UTC"
    secure_cookies: bool = False
    show_drills: bool = False
    proposed_life: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class FaqOffice:
    """Questions and answers: writing and approving, what nobody could answer, what is in force."""

    desk: FaqDesk
    learning: FaqLearning
    search: FaqSearch


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the console's pages and the API may use.

    Attributes:
        capacities: None = only the rates of `senders` are known.
    """

    database: Database
    vault: Vault
    clock: Clock
    desk: Desk
    audience: AudienceCounter
    cases: CaseDesk
    faq: FaqOffice
    sign_in: SignIn
    enrolment: Enrolment
    compose: Compose
    touch: Touch
    appearance: Appearance
    rules: Rules = field(default_factory=Rules)
    senders: Sequence[Sender] = ()
    capacities: Capacities | None = None
    prices: Prices = field(default_factory=lambda: Prices({}))
    ground: Ground = field(default_factory=Ground)
    languages: Mapping[str, str] = field(default_factory=dict)  # those Muster itself speaks: tag to name


SERVICES = web.AppKey("services", Services)
