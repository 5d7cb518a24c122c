"""What `muster check` says of the tables of countries: whom rows concern that nobody has checked. Reads SQL;
counts only.
"""

from collections import Counter

from app.core import Core
from app.findings import Finding
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.messages import Channel
from registry import audience

SHOWN = 12  # countries named in one line


async def check_tables(core: Core) -> list[Finding]:
    """People whose warning depends on a row nobody has checked; nothing of channels that are off."""
    return [*await _text_messages(core), *await _order(core)]


async def _text_messages(core: Core) -> list[Finding]:
    gateways = [one for one in core.gateways.all.values() if isinstance(one, SmsGateway)]
    if not gateways:
        return []
    async with core.database.read() as connection:
        people = await audience.by_country(connection, Channel.SMS.value)
    rows: Counter[str] = Counter()
    unlisted: Counter[str] = Counter()
    for country, count in people.items():
        row = gateways[0].countries.get(country)  # every account reads the same table
        if not row.iso2:
            unlisted[country] = count
        elif not row.is_verified:
            rows[country] = count
    found = []
    if rows:
        what = (
            f"{sum(rows.values())} people with a number are in countries whose row in the table of text "
            f"messages nobody has verified: {listed(rows)}"
        )
        hint = "ask the provider; write source and day into MUSTER_SMS_COUNTRIES (docs/channels/sms.md)"
        found.append(Finding("muster.sms.W003", what, hint))
    if unlisted:
        what = (
            f"{sum(unlisted.values())} people with a number are in countries the table of text messages does "
            f"not list, so they get no link and cannot answer: {listed(unlisted)}"
        )
        hint = "add a row for each to your table, MUSTER_SMS_COUNTRIES (docs/channels/sms.md)"
        found.append(Finding("muster.sms.W004", what, hint))
    return found


async def _order(core: Core) -> list[Finding]:
    concerned: Counter[str] = Counter()
    used = {channel for channel, _ in core.gateways.all}
    async with core.database.read() as connection:
        for channel in sorted({name for _, name in core.channel_table.unverified} & used):
            people = await audience.by_country(connection, channel)
            for country, count in people.items():
                if (country, channel) in core.channel_table.unverified:
                    concerned[f"{country} {channel}"] = count
    if not concerned:
        return []
    what = (
        "the order in which people's channels are tried rests on rows nobody has verified, by country and "
        f"people on that channel: {listed(concerned)}"
    )
    hint = "check them, and give your own table in MUSTER_CHANNEL_COUNTRIES_FILE (see .env.example)"
    return [Finding("muster.channels.W001", what, hint)]


def listed(people: Counter[str]) -> str:
    """Places and how many people each, most first."""
    shown = [f"{country or 'not known'} {count}" for country, count in people.most_common(SHOWN)]
    return ", ".join(shown) + (" and more" if len(people) > SHOWN else "")
