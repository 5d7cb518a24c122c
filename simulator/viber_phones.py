"""Messages between acceptance and phones on Viber, and the events that tell of them. Truth goes to the ledger
(`Arrival`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.config import LatencyRules
from simulator.incoming import Incoming
from simulator.latency import Latency
from simulator.records import Arrival
from simulator.timers import Lanes
from simulator.viber_accounts import ViberAccount
from simulator.viber_events import Events
from simulator.viber_params import Content
from simulator.viber_people import SUBSCRIBED, User, UserState
from simulator.viber_stage import CHANNEL, Stage

UserListener = Callable[[str, str, Incoming], None]
"""Called with account, user id and every message that reaches a phone."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One accepted message for one person; `cost` is charged when it is delivered."""

    account: ViberAccount
    user: User
    content: Content
    token: int
    attempt: int
    cost: int = 0
    welcome: bool = False


class Phones:
    """Sees parcels through."""

    def __init__(
        self, stage: Stage, events: Callable[[ViberAccount], Events], listener: UserListener
    ) -> None:
        self._stage, self._events, self._listener = stage, events, listener
        self._travel = Latency(LatencyRules(stage.rules.low_s, stage.rules.high_s), stage.rng)
        self._lanes = Lanes(stage.timers)
        self._waiting: dict[tuple[str, str], list[Parcel]] = {}

    def send(self, parcel: Parcel) -> None:
        """Put a parcel on its way; one person's parcels keep their order."""
        lane = (parcel.account.name, parcel.user.user_id)
        self._lanes.after(lane, self._travel.draw(), lambda: self._arrive(parcel))

    def switched_on(self, account: ViberAccount, user: User) -> None:
        """Somebody has network again: what waited arrives."""
        for parcel in self._waiting.pop((account.name, user.user_id), ()):
            self._arrive(parcel)

    def _arrive(self, parcel: Parcel) -> None:
        """The parcel is at the phone: what the phone is now decides."""
        account, user = parcel.account, parcel.user
        if user.state is UserState.OFF:
            self._waiting.setdefault((account.name, user.user_id), []).append(parcel)
            return
        if user.state not in SUBSCRIBED and not parcel.welcome:
            self._lost(parcel, "undelivered", user.state.value)
            return
        rules, draw = self._stage.rules, self._stage.rng.random
        broken = parcel.content.broken
        if user.state is UserState.FAILING or (rules.failing and draw() < rules.failing):
            broken = broken or "failed on the phone"
        if broken:
            self._lost(parcel, "failed", broken)
            self._tell(parcel, "failed", desc=broken)
            return
        self._write(parcel, "delivered", cost=parcel.cost)
        self._tell(parcel, "delivered")
        if draw() < self._events(account).rules.copies:
            self._tell(parcel, "delivered")
        self._listener(account.name, user.user_id, incoming(parcel.content, parcel.token))
        if rules.seen and draw() < rules.seen:
            self._stage.timers.after(draw() * rules.seen_s, lambda: self._seen(parcel))

    def _seen(self, parcel: Parcel) -> None:
        self._write(parcel, "read")
        self._tell(parcel, "seen")

    def _lost(self, parcel: Parcel, status: str, why: str) -> None:
        """It reaches nobody: nothing is charged."""
        account = parcel.account
        if parcel.cost:
            account.charged -= 1
            account.balance = None if account.balance is None else account.balance + parcel.cost
        self._write(parcel, status, why)

    def _tell(self, parcel: Parcel, event: str, **more: str) -> None:
        told = self._stage.event(event, parcel.token, user_id=parcel.user.user_id, **more)
        self._events(parcel.account).post(told)

    def _write(self, parcel: Parcel, status: str, why: str = "", cost: int = 0) -> None:
        ledger = self._stage.ledger
        ledger.write(
            Arrival(
                attempt_id=parcel.attempt,
                channel=CHANNEL,
                account=parcel.account.name,
                recipient=parcel.user.user_id,
                message_id=str(parcel.token),
                status=status,
                why=why,
                cost=cost,
                mono=ledger.mono(),
                wall=ledger.wall(),
            )
        )


def incoming(content: Content, token: int) -> Incoming:
    """The message as the person sees it."""
    return Incoming(
        channel=CHANNEL,
        message_id=str(token),
        text=content.text,
        buttons=content.buttons,
        labels=content.labels,
        ask=content.ask,
    )
