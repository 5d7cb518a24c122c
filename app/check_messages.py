"""What `muster check` says of text messages and of money: senders, prices, caps. Reads SQL; counts only."""

from collections import Counter

from app.accounts import FILE, MAIN
from app.check_tables import check_tables, listed
from app.core import Core
from app.findings import Finding
from bot.channels import FACTS
from bot.gateways.twilio.sms_countries import Registration
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.messages import Channel
from registry import audience

CAP_IS_NEAR = 0.8  # used up of a month's billed messages


async def check_messages(core: Core) -> list[Finding]:
    """Everything there is to say; nothing of channels that are off."""
    return [*await _senders(core), *await check_tables(core), *_prices(core), *await _caps(core)]


async def _senders(core: Core) -> list[Finding]:
    """People with a number who are where our text messages do not arrive, or cannot be answered."""
    gateways = [one for one in core.gateways.all.values() if isinstance(one, SmsGateway)]
    if not gateways:
        return []
    async with core.database.read() as connection:
        people = await audience.by_country(connection, Channel.SMS.value)
    unregistered: Counter[str] = Counter()
    one_way: Counter[str] = Counter()
    for country, count in people.items():
        rows = [gateway.countries.get(country) for gateway in gateways]
        if all(row.registration is Registration.REQUIRED and not row.registered for row in rows):
            unregistered[country] = count
        elif not any(row.two_way for row in rows):
            one_way[country] = count
    found = []
    if unregistered:
        found.append(
            Finding(
                "muster.sms.E001",
                f"{sum(unregistered.values())} people with a number are where our sender is not registered, "
                f"so text messages are dropped: {listed(unregistered)}",
                "register the sender there (docs/channels/sms.md) and say so in MUSTER_SMS_COUNTRIES",
                serious=True,
            )
        )
    if one_way:
        found.append(
            Finding(
                "muster.sms.W002",
                f"{sum(one_way.values())} people with a number cannot answer a text message where they are: "
                f"{listed(one_way)}",
                "they are given a number to call: enter missions and MUSTER_MINISTRY_PHONE",
            )
        )
    return found


def _prices(core: Core) -> list[Finding]:
    used = {channel for channel, _ in core.gateways.all}
    missing = [one for one in Channel if one in used and not FACTS[one].free and not _is_priced(core, one)]
    if not missing:
        return []
    names = ", ".join(one.value for one in missing)
    what = f"no price is set for {names}: the estimate before sending says so instead of a cost"
    return [Finding("muster.prices.W001", what, "give a table in MUSTER_PRICES_FILE (see .env.example)")]


def _is_priced(core: Core, channel: Channel) -> bool:
    return any(name == channel.value for name, _ in core.prices.known)


async def _caps(core: Core) -> list[Finding]:
    found = []
    for one in core.gateways.allowances:
        async with core.database.read() as connection:
            spent = await one.spent(connection)
        if spent.used >= CAP_IS_NEAR * spent.cap:
            what = f"{spent.used} of {spent.cap} billed Viber messages of this month are used ({one.account})"
            where = "MUSTER_VIBER_MONTHLY_CAP" if one.account == MAIN else f"its monthly_cap in {FILE}"
            found.append(Finding("muster.viber.W001", what, f"raise {where}, or leave Viber to others"))
    return found
