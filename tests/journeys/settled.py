"""People who registered long ago, written down as registering would have left it: rows of the registry,
chats and phones of the simulated providers, the ledger. Touches SQL, the simulator, pages of the web chat.

For runs whose size forbids a conversation with everybody; the conversations themselves are judged elsewhere
(`tests/journeys/test_five_channels.py`).
"""

import secrets
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert

from app.core import Core
from bot.inbox import lane_of
from bot.messages import Address
from bot.messages import Channel as OurChannel
from bot.tables import webchat
from places.cells import cell_of
from registry import addresses
from registry.identity import new_id
from registry.tables import address, person, whereabouts
from simulator.citizen import Channel, Citizen, Fate, Telling
from simulator.citizens import Progress
from simulator.conversation import Stage, Talk
from simulator.geometry import Area
from simulator.languages import OFFERED
from simulator.mixes import FIVE_CHANNELS, FIVE_LANGUAGES
from simulator.person import Pace
from simulator.placing import Shares
from simulator.population import Population, generate
from simulator.server import Simulator
from simulator.telegram_errors import ChatState
from simulator.twilio_people import PhoneState
from simulator.viber_people import UserState

CHUNK = 1_000
CITY_KM = 5.0
PAGES = 0.2  # of the usual share: every open page is a browser on this machine
SHARES = Shares(
    inside=0.85,
    edge=0.03,
    nearby=0.05,
    mix=tuple(
        (found, weight * (PAGES if Channel.WEBCHAT in found else 1.0)) for found, weight in FIVE_CHANNELS
    ),
    languages=FIVE_LANGUAGES,
    gone=0.0,
    answers=0.1,
    refuses=0.0,
    stops=0.0,
)


def settled(count: int, seed: int, area: Area, country: str) -> Population:
    """People on five channels who have all registered; nobody with a number that was only told."""
    drawn = generate(count, seed, area, country=country, shares=SHARES)
    return Population(tuple(_heard(one) for one in drawn.citizens))


def _heard(citizen: Citizen) -> Citizen:
    if not citizen.phone:
        return citizen
    channels = tuple(one for one in citizen.channels if one is not Channel.SMS)
    return replace(citizen, channels=channels, phone="", fate=Fate.ACTIVE, fate_on=channels[0])


async def settle(core: Core, simulator: Simulator, people: Population, url: str, pace: Pace) -> Progress:
    """Put them into the registry and into the simulated world; returns when every web chat's page is open."""
    crowd = simulator.let_loose(people, pace)
    now = core.clock.now()
    for start in range(0, len(people), CHUNK):
        part = people.citizens[start : start + CHUNK]
        tokens = {one.id: secrets.token_urlsafe(32) for one in part if one.has(Channel.WEBCHAT)}
        chats = {name: secrets.token_hex(16) for name in tokens}
        rows: dict[Any, list[dict[str, Any]]] = {webchat: [], person: [], address: [], whereabouts: []}
        for citizen in part:
            _write(core, citizen, chats.get(citizen.id, ""), now, rows)
            _live(simulator, citizen)
            live = crowd.people[citizen.id]
            live.talks = {one: Talk(stage=Stage.LINKED) for one in citizen.channels}
            live.talks[citizen.first] = Talk(stage=Stage.PROTECTED)
            live.outcome, live.token = "registered", tokens.get(citizen.id, "")
            simulator.ledger.act(citizen.id, "", "registered")
        for name, chat in chats.items():
            hashed = sha256(tokens[name].encode()).digest()
            rows[webchat].append({"chat": chat, "token_hash": hashed, "created_at": now, "seen_at": now})
        async with core.database.bulk() as connection:
            for table, found in rows.items():
                if found:
                    await connection.execute(insert(table), found)
    return await crowd.register(url)


def _write(
    core: Core, citizen: Citizen, chat: str, now: datetime, rows: dict[Any, list[dict[str, Any]]]
) -> None:
    """The rows of one person; those of a table are all alike."""
    number = new_id()
    key = core.vault.new_person_key(number)
    vault = core.vault.person(number, key)
    rows[person].append(
        {
            "id": number,
            "state": "active",
            "language": citizen.language if citizen.language in OFFERED else "en",
            "language_chosen": True,
            "consent_version": "2026-11",
            "consent_at": now,
            "data_key": key,
            "drill": False,
            "created_at": now,
            "changed_at": now,
        }
    )
    for rank, channel in enumerate(citizen.channels):
        to, row = Address(OurChannel(channel.value), "main", _value(citizen, channel, chat)), new_id()
        rows[address].append(
            {
                "id": row,
                "person_id": number,
                "channel": channel.value,
                "account": "main",
                "lane": lane_of(core.vault, to),
                "value": vault.seal_text(to.value, addresses.place_of(row)),
                "state": "active",
                "rank": rank,
                "drill": False,
                "last_inbound_at": now,
                "created_at": now,
            }
        )
    in_city = citizen.telling is not Telling.PIN
    rows[whereabouts].append(
        {
            "id": new_id(),
            "person_id": number,
            "kind": "home",
            "cell": cell_of(citizen.lat, citizen.lon),
            "radius_km": CITY_KM if in_city else 0.0,
            "country": citizen.country,
            "source": "typed" if in_city else "pin",
            "confirmed_at": now,
        }
    )


def _value(citizen: Citizen, channel: Channel, chat: str) -> str:
    """The provider's name for them."""
    if channel is Channel.TELEGRAM:
        return str(citizen.telegram_id)
    if channel is Channel.WEBCHAT:
        return chat
    return citizen.viber_id if channel is Channel.VIBER else citizen.number


def _live(simulator: Simulator, citizen: Citizen) -> None:
    """Their chats and phones: they wrote to us a moment ago."""
    for channel in citizen.channels:
        if channel is Channel.TELEGRAM and citizen.telegram_id is not None:
            chat = simulator.telegram.bot().meet(citizen.telegram_id)
            chat.state, chat.language_code = ChatState.ACTIVE, citizen.client_language
        elif channel in (Channel.SMS, Channel.WHATSAPP):
            phone = simulator.twilio.set_heard(channel, citizen.number, 0.0)
            phone.state = PhoneState.ACTIVE
        elif channel is Channel.VIBER:
            user = simulator.viber.set_heard(citizen.viber_id, 0.0)
            user.state, user.language, user.country = (
                UserState.ACTIVE,
                citizen.client_language,
                citizen.country,
            )
