"""What officers are shown before they send, beside what the simulator measured afterwards: people, units,
cost and seconds of each channel.

The prices of the installation are those the simulator charges, and the rates those it lives by: what is left
between the two columns is the reckoning itself.
"""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from alerts.draft import Draft
from alerts.forecast import ChannelForecast, Load
from alerts.revisions import latest
from app.officers import build_services
from bot.inbox import lane_of
from bot.messages import Address, Channel
from console.reckoning import Reckoning, reckon
from places.area import Area
from places.cells import cell_of
from places.shapes import Circle
from registry import addresses, people, whereabouts
from registry.whereabouts import Whereabouts, WhereaboutsKind
from simulator.numbers import number_in
from simulator.server import Simulator
from simulator.telegram_errors import ChatState
from simulator.twilio_people import PhoneState
from simulator.twilio_rules import COUNTRIES
from tests.conftest import OwnRedis
from tests.journeys.five_alerts import approve_templates
from tests.journeys.five_channels import NIGHT, settings_of_five, simulated
from tests.service import Service, make_draft, make_settings, running

PER_SECOND = 12  # of each channel: nothing is over at once, nothing takes a minute
PLACES = {"TH": (13.75, 100.5), "US": (42.36, -71.06)}
CURRENCY = "XTS"  # what the simulator charges in
FIRST_CHAT = 7_000_000
SMS, WHATSAPP, TELEGRAM = Channel.SMS, Channel.WHATSAPP, Channel.TELEGRAM
CHANNELS = (SMS, WHATSAPP, TELEGRAM)
SEVERAL_SEGMENTS = "The river rises by two metres before noon. " * 5


@dataclass(frozen=True, slots=True)
class Group:
    """People with the same channels, first one first, in one country."""

    country: str
    channels: tuple[Channel, ...]
    count: int


GROUPS = (
    Group("TH", (SMS, TELEGRAM), 50),
    Group("US", (SMS,), 30),
    Group("TH", (WHATSAPP, SMS), 40),
    Group("US", (WHATSAPP,), 20),
    Group("TH", (TELEGRAM,), 40),
    Group("US", (TELEGRAM,), 20),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One channel by the simulator's ledger: people it took a message for, units, money, seconds from the
    first message taken to the last."""

    people: int
    units: int
    cost: Decimal
    seconds: float


def prices() -> str:
    """The simulator's table, as an installation writes its own."""
    lines = []
    for rules in COUNTRIES:
        if rules.iso in PLACES:
            for channel, thousandths in ((SMS, rules.segment), (WHATSAPP, rules.utility)):
                price = Decimal(thousandths) / 1000
                lines.append(f"{channel}\t{rules.iso}\t{price}\t{CURRENCY}\tthe simulator's\t2026-11-22\n")
    return "".join(lines)


async def register(service: Service, simulator: Simulator) -> None:
    """Everybody of `GROUPS`, the day before: nobody wrote since, so all are outside WhatsApp's window."""
    core, bot = service.core, simulator.telegram.bot()
    then = core.clock.now() - NIGHT
    taken, chats = dict.fromkeys(PLACES, 0), FIRST_CHAT
    async with core.database.durable() as connection:
        for group in GROUPS:
            home = Whereabouts(
                WhereaboutsKind.HOME, cell_of(*PLACES[group.country]), 5.0, group.country, label="Here"
            )
            for _ in range(group.count):
                number, country = number_in(group.country, taken[group.country])
                assert country == group.country, "prices are those of the country people are in"
                taken[group.country] += 1
                ways = []
                for channel in group.channels:
                    if channel is TELEGRAM:
                        chats += 1
                        bot.meet(chats).state = ChatState.ACTIVE
                        ways.append(Address(channel, "main", str(chats)))
                    else:
                        simulator.twilio.set_state(channel, number, PhoneState.ACTIVE)
                        ways.append(Address(channel, "main", number))
                person, _ = await people.create(
                    connection, core.vault, ways[0], lane_of(core.vault, ways[0]),
                    language="en", drill=False, now=then,
                )  # fmt: skip
                vault = person.unlocked(core.vault)
                for way in ways[1:]:
                    lane = lane_of(core.vault, way)
                    await addresses.add(connection, vault, person.id, way, lane, drill=False, now=then)
                await whereabouts.set_home(connection, vault, person.id, home, then)
                await people.consent(connection, person.id, "2026-11", then)


def fail_phones(simulator: Simulator, country: str, count: int) -> None:
    """The first `count` telephones of a country get no text messages; their operators say so and charge."""
    for place in range(count):
        number, _ = number_in(country, place)
        simulator.twilio.set_state(SMS, number, PhoneState.OFF)


def draft() -> Draft:
    """A warning to both places that takes more than one segment of a text message."""
    area = Area(circles=tuple(Circle(*place, 40.0) for place in PLACES.values()))
    written = make_draft(area, {"en": "Flood warning"})
    texts = {"en": {"headline": "Flood warning", "description": SEVERAL_SEGMENTS, "instruction": "Go up."}}
    return Draft.model_validate({**written.model_dump(), "texts": texts})


async def shown_for(service: Service, alert: int) -> Reckoning:
    """The reckoning on the page of the alert."""
    async with service.core.database.read() as connection:
        revision = await latest(connection, alert)
    return await reckon(build_services(service.core, service.geography), revision)


def measure(simulator: Simulator) -> dict[str, Measured]:
    found = {}
    for channel in CHANNELS:
        taken = simulator.ledger.accepted(channel)
        times = [one.mono for one in taken]
        found[channel.value] = Measured(
            people=len({one.recipient for one in taken}),
            units=sum(one.segments for one in taken) if channel is SMS else len(taken),
            cost=Decimal(simulator.ledger.cost(channel)) / 1000,
            seconds=max(times) - min(times),
        )
    return found


def money(load: Load) -> Decimal:
    assert set(load.cost) <= {CURRENCY}
    return load.cost.get(CURRENCY, Decimal())


def table(shown: Mapping[str, ChannelForecast], measured: Mapping[str, Measured]) -> str:
    """Shown / measured; of what is shown, the first round and the worst case."""
    what = ("people", "units", f"cost in {CURRENCY}", "seconds")
    heads = ["channel", *(f"{name} shown (worst) / measured" for name in what)]
    lines = ["", f"| {' | '.join(heads)} |", "|---|---|---|---|---|"]
    for channel, found in measured.items():
        first, worst = shown[channel].first, shown[channel].worst
        cells = (
            channel,
            f"{first.people} ({worst.people}) / {found.people}",
            f"{first.units} ({worst.units}) / {found.units}",
            f"{money(first):.3f} ({money(worst):.3f}) / {found.cost:.3f}",
            f"{first.seconds:.1f} ({worst.seconds:.1f}) / {found.seconds:.1f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


async def compare(
    folder: Path, redis_url: str, gazetteer: Path, failing: int
) -> tuple[dict[str, ChannelForecast], dict[str, Measured]]:
    """Register, look at the reckoning, send, wait for the end, look at the ledger."""
    async with Simulator(simulated(PER_SECOND)) as simulator:
        settings = make_settings(
            folder,
            database_url=f"sqlite:///{folder / 'muster.db'}",
            redis_url=redis_url,
            gazetteer=gazetteer,
            simulator=simulator,
            prices=prices(),
            **settings_of_five(simulator, PER_SECOND),
        )
        async with running(settings) as service:
            await approve_templates(service, simulator)
            await register(service, simulator)
            fail_phones(simulator, "TH", failing)
            alert = await service.desk.draft(service.author, draft())
            await service.desk.submit(service.author, alert)
            reckoning = await shown_for(service, alert)
            assert not len(simulator.ledger.accepted()), "looking sends nothing"
            assert reckoning.headcount.people == sum(group.count for group in GROUPS)
            await service.approve(alert)
            board = await service.finished(alert, 120)
            await simulator.drain(60)
            assert board.people_targeted == board.warned == reckoning.headcount.people
            shown = {one.channel: one for one in reckoning.forecasts}
            measured = measure(simulator)
            sys.stdout.write(table(shown, measured))
            return shown, measured


def expected(channel: Channel, groups: Sequence[Group], *, first: bool) -> int:
    return sum(
        group.count for group in groups if channel in (group.channels[:1] if first else group.channels)
    )


def same_order(shown_s: float, measured_s: float) -> bool:
    """Within a factor of three, where it takes long enough to say so."""
    return max(shown_s, measured_s) <= 2.0 or 1 / 3 <= measured_s / shown_s <= 3


async def test_what_is_shown_before_sending_is_what_sending_takes(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    shown, measured = await compare(tmp_path, own_redis.url, gazetteer, failing=0)
    assert set(shown) == set(measured) == {channel.value for channel in CHANNELS}
    for channel in CHANNELS:
        one, found = shown[channel], measured[channel]
        assert not one.warnings
        assert not one.unpriced
        assert not one.unreachable
        assert one.first.people == found.people == expected(channel, GROUPS, first=True)
        assert one.worst.people == expected(channel, GROUPS, first=False)
        assert one.first.units == found.units
        assert money(one.first) >= found.cost, "never below what is charged"
        assert money(one.first) <= found.cost * Decimal("1.25")
        assert same_order(one.first.seconds, found.seconds)
    assert measured[SMS].units > measured[SMS].people, "more than one segment each"
    assert money(shown[SMS].first) > 0
    assert money(shown[WHATSAPP].first) > 0
    assert money(shown[TELEGRAM].worst) == 0


async def test_what_is_sent_again_on_the_next_channel_stays_below_the_worst_case(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    failing = 25
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    shown, measured = await compare(tmp_path, own_redis.url, gazetteer, failing)
    for channel in CHANNELS:
        one, found = shown[channel], measured[channel]
        assert one.first.people <= found.people <= one.worst.people
        assert one.first.units <= found.units <= one.worst.units
        assert found.cost <= money(one.worst)
    assert measured[TELEGRAM].people == shown[TELEGRAM].first.people + failing, "they were moved there"
    assert measured[SMS].people == shown[SMS].first.people


@pytest.mark.parametrize(
    ("shown_s", "measured_s", "same"),
    [(1.0, 0.1, True), (9.0, 3.1, True), (9.0, 2.9, False), (3.0, 9.1, False), (0.5, 2.1, False)],
)
def test_an_order_of_magnitude_is_told(shown_s: float, measured_s: float, same: bool) -> None:
    assert same_order(shown_s, measured_s) is same
