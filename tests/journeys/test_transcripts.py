"""The same conversation, from the first words to a warning and its answer, on every channel and in every
language: each is completed; what people read is printed with its length in text message parts.

What the printed tables showed on one day stands in `docs/channels/transcripts.md`.
"""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator.citizen import Answer, Channel, Citizen, Telling
from simulator.incoming import Incoming
from simulator.mixes import viber_id
from simulator.numbers import number_in
from simulator.person import Pace
from simulator.population import Population
from simulator.reading import read
from simulator.records import Attempt
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.journeys.audited import LANGUAGES, judge
from tests.journeys.five_alerts import approve_templates, draft_of_five, send_five
from tests.journeys.five_channels import Tomorrow, overnight, plug_in, settings_of_five, simulated
from tests.service import make_settings, running

PACE = Pace(speed=1_000.0, think_s=0.0, parallel=1, patience_s=120.0)
MOST_QUESTIONS = 3  # agree, where, which place


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody came to be protected."""

    channel: str
    language: str
    messages: int
    questions: int
    said: int
    parts: int
    seconds: float


def citizen(number: int, channel: Channel, language: str) -> Citizen:
    """Somebody in Reykjavik with one channel, who types their city and answers the warning."""
    by_number = channel in (Channel.SMS, Channel.WHATSAPP)
    telephone, country = number_in("US", number) if by_number else ("", "")
    return Citizen(
        id=f"{language} {channel}",
        channels=(channel,),
        language=language,
        client_language=language,
        lat=64.146,
        lon=-21.942,
        country="IS",
        telling=Telling.CITY,
        place="Reykjavik",
        place_hint="Iceland",
        answer=Answer.SAFE,
        digits="thai" if language == "th" else "latin",
        reads_full=True,
        telegram_id=10_000_000_000 + number if channel is Channel.TELEGRAM else None,
        number=telephone,
        number_country=country,
        viber_id=viber_id(number) if channel is Channel.VIBER else "",
    )


def sent_to(simulator: Simulator, one: Citizen) -> list[Attempt]:
    """Everything that one person was sent, in order."""
    names = {str(one.telegram_id), one.number, one.viber_id, one.id} - {""}
    return [entry for entry in simulator.ledger.accepted() if entry.recipient in names]


def way_of(simulator: Simulator, one: Citizen) -> Way:
    """What it took until they were protected."""
    walls = {act.what: act.wall for act in simulator.ledger.acts() if act.citizen == one.id}
    arrived = {one.message_id: one.wall for one in reversed(simulator.ledger.arrivals())}
    before = [
        entry
        for entry in sent_to(simulator, one)
        if arrived.get(entry.message_id, entry.wall) <= walls["protected"]
    ]
    keys = (str(one.telegram_id), one.number, one.viber_id)
    said = sum(
        post.chat in keys and post.update in ("message", "callback_query") and post.status == 200
        for post in simulator.ledger.webhooks()
        if post.wall <= walls["protected"]
    )
    return Way(
        one.first,
        one.language,
        len(before),
        sum(is_question(entry) for entry in before),
        said,
        sum(entry.segments for entry in before),
        walls["protected"] - walls["joined"],
    )


def is_question(entry: Attempt) -> bool:
    """Whether a message asks for something."""
    shown = read(Incoming(entry.channel, entry.message_id, entry.text, entry.buttons, entry.buttons))
    return bool(shown.buttons or entry.ask or shown.ask)


async def test_every_channel_completes_the_same_conversation_in_every_language(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    pairs = [(channel, language) for language in LANGUAGES for channel in Channel]
    people = Population(tuple(citizen(number, *pair) for number, pair in enumerate(pairs)))
    clock = Tomorrow()
    async with Simulator(simulated()) as simulator:
        settings = make_settings(
            tmp_path,
            database_url=f"sqlite:///{tmp_path / 'muster.db'}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            **settings_of_five(simulator),
        )
        async with running(settings, clock) as service:
            await plug_in(service, simulator)
            await approve_templates(service, simulator)
            progress = await simulator.register(people, service.url, PACE)
            assert progress.registered == len(people), progress
            ways = [way_of(simulator, one) for one in people.citizens]
            await simulator.drain(60)
            await overnight(service, simulator, clock)
            sent = await send_five(service, clock, draft_of_five(1, clock.now()), 1)
            await service.finished(sent.alert, 120)
            await simulator.drain(60)
            await service.quiet()
            report = await judge(service, simulator, people, sent)
            sys.stdout.write(f"\n{table(ways)}\n{transcripts(simulator, people)}\n")
            assert report.ok, report.table()
            assert report.figures["safe"] == len(people)
    assert all(way.questions <= MOST_QUESTIONS for way in ways), table(ways)


def table(ways: list[Way]) -> str:
    """What it took, as Markdown."""
    lines = [
        "| channel | language | messages read | questions | said | SMS parts | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {way.channel} | {way.language} | {way.messages} | {way.questions} | {way.said or '-'} "
        f"| {way.parts or '-'} | {way.seconds:.1f} |"
        for way in sorted(ways, key=lambda way: (way.channel, way.language))
    ]
    return "\n".join(lines)


def transcripts(simulator: Simulator, people: Population) -> str:
    """What each person with text messages read, with its parts, and what the others saw of the warning."""
    lines = []
    for one in people.citizens:
        read_by = sent_to(simulator, one)
        if one.first is Channel.SMS:
            lines.append(f"\n--- {one.id}")
            lines += [f"[{entry.segments}] {entry.text}" for entry in read_by]
        elif one.first is Channel.WHATSAPP:
            lines.append(f"\n--- {one.id}: the knock and what followed the tap on its third button")
            lines += [entry.text for entry in read_by if "Gale1" in entry.text]
    return "\n".join(lines)
