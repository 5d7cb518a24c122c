"""What the API takes and gives, as pydantic models; `openapi.json` is made from the same. Values only."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from alerts.lifecycle import AlertState
from alerts.terms import Severity, Status


class Model(BaseModel):
    """Nothing unknown is taken silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Login(Model):
    """An officer's own login, password and time code."""

    login: Annotated[str, Field(max_length=40)]
    password: Annotated[str, Field(max_length=200)]
    code: Annotated[str, Field(max_length=10)]
    minutes: Annotated[int, Field(ge=15, le=60, description="life of the credential")] = 60


class Credential(Model):
    """A bearer credential."""

    token: str
    expires_at: datetime


class ReasonOut(Model):
    """One thing that stands in the way."""

    code: str
    text: str


class Problem(Model):
    """Every answer that is not a success."""

    error: str
    reasons: list[ReasonOut]


class Made(Model):
    """The id of what was made."""

    alert_id: int


class Done(Model):
    """Where the alert stands now."""

    alert_id: int
    state: AlertState


class Accept(Model):
    """What the approver saw: the revision, and per language without a text the people who get another one."""

    seen: Annotated[int, Field(ge=1, description="number of the revision you read")]
    accepted: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    confirm: Annotated[str, Field(description="LIVE for a real alert, DRILL for an exercise or a test")]


class Why(Model):
    """Why it is stopped or sent back."""

    reason: Annotated[str, Field(max_length=300)]


class EstimateOut(Model):
    """Citizens thought to live in a country, and who says so."""

    people: int
    source: str
    year: int


class GapOut(Model):
    """People (registrations) without a text in their own language."""

    language: str
    people: int
    fallback_language: str


class AlertOut(Model):
    """One alert with its newest revision."""

    alert_id: int
    event_id: int
    event_code: str
    event_title: str
    identifier: str
    status: Status
    state: AlertState
    severity: Severity
    revision: int
    headline: str
    area_name: str
    languages: list[str]
    expires_at: datetime
    created_at: datetime
    corrects: int | None


class AlertList(Model):
    """Newest first; `older` pages on (`?before=`), None = no more."""

    alerts: list[AlertOut]
    older: int | None


class LoadOut(Model):
    """What one channel is given: people (registrations), units (segments of text messages, else messages),
    seconds at its full rate, cost by currency as decimal text without what has no price."""

    people: int
    units: int
    seconds: float
    cost: dict[str, str]


class ForecastOut(Model):
    """One channel: the first round, and the worst case in which everybody goes through all their channels."""

    channel: str
    first: LoadOut
    worst: LoadOut
    unpriced: list[str]
    unreachable: dict[str, int]
    warnings: list[str]


class StatusOut(Model):
    """One alert, whom it would reach or reaches, and what stands in the way of the next act."""

    alert: AlertOut
    people: int
    unit: str = "people (registrations)"
    by_country: dict[str, int]
    by_channel: dict[str, int]
    by_language: dict[str, int]
    by_confidence: dict[str, int]
    estimates: Annotated[
        dict[str, EstimateOut],
        Field(description="by country of the audience; one that is missing is unknown"),
    ]
    gaps: list[GapOut]
    forecast: list[ForecastOut]
    possible: dict[str, list[ReasonOut]]


class BoardOut(Model):
    """The figures of an event; see the board for what adds up to what."""

    event_id: int
    event_code: str
    title: str
    drill: bool
    unit: str
    people_targeted: int
    warned: int
    reached: int
    accepted: int
    unknown: int
    waiting: int
    not_reached: int
    safe: int
    need_help: int
    other: dict[str, int]
    silent: int
    unanswered: int
    outside: int
    confidence: dict[str, dict[str, int]]
    channels: dict[str, dict[str, int]]
    failures: dict[str, int]


class CountryOut(Model):
    """People (registrations) in one country and how ready we are to reach them; "" = not known where.

    `estimate` None = unknown. Watchers want news of it, are not there and in no other figure.
    """

    country: str
    people: int
    estimate: EstimateOut | None
    two_channels: int
    phone: int
    fresh: int
    by_channel: dict[str, int]
    by_language: dict[str, int]
    by_confidence: dict[str, int]
    watchers: int


class PeopleOut(Model):
    """The countries in the officer's charge, most people first."""

    unit: str = "people (registrations)"
    countries: list[CountryOut]


class CaseOut(Model):
    """One open case; its words and pins are read in the console only."""

    case_id: int
    code: str
    event_id: int | None
    country: str
    drill: bool
    state: str
    opened_at: datetime
    changed_at: datetime


class CaseList(Model):
    """Open cases in the officer's countries, those who wait first."""

    cases: list[CaseOut]


class CapQuery(Model):
    """What a CAP file cannot bring: status, expiry and event are always set anew."""

    status: Status
    expires_at: datetime
    event_title: str = ""
    event_id: int | None = None
    time_zone: str = "UTC"
    which: Annotated[int, Field(ge=1, le=500, description="number of the alert in the file")] = 1
