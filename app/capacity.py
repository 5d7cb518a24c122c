"""What the channels of this installation can do now, for the estimate before sending. Asks gateways and SQL.

Live limits: the rates the limiters use, what is left of a monthly cap, the templates that may be used, how
many people a day may be written to first.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from alerts.forecast import Capacity
from app.core import Core
from bot.errors import SendError
from bot.gateway import BulkGateway, Gateway
from bot.gateways.twilio.sms_gateway import SmsGateway
from bot.gateways.twilio.whatsapp_gateway import WhatsAppGateway
from bot.messages import Channel, Frame, Outbound
from bot.slots import knock_problems

# Twilio keeps so much waiting for one sender; what takes longer fails (error 30001; 63018 for WhatsApp).
QUEUES_S = {Channel.SMS: 10 * 3600.0, Channel.WHATSAPP: 4 * 3600.0}


async def capacities(
    core: Core, messages: Mapping[str, Outbound], countries: Collection[str] = ()
) -> list[Capacity]:
    """Every channel that is switched on.

    Args:
        messages: a warning by the language of its readers, as they would get it.
        countries: where those readers are (ISO-2, "" = not known); text messages differ between them.
    """
    by_channel: defaultdict[Channel, list[Gateway]] = defaultdict(list)
    for gateway in core.gateways.all.values():
        by_channel[gateway.channel].append(gateway)
    known = [country for country in countries if country]
    return [await _channel(core, channel, group, messages, known) for channel, group in by_channel.items()]


async def _channel(
    core: Core,
    channel: Channel,
    gateways: Sequence[Gateway],
    messages: Mapping[str, Outbound],
    countries: Collection[str],
) -> Capacity:
    weight: dict[str, int] = {}
    charged: dict[tuple[str, str], int] = {}
    refused: dict[str, str] = {}
    for language, message in messages.items():
        for gateway in gateways:
            code, units = await _weigh(gateway, message)
            weight[language] = max(weight.get(language, 0), units)
            if code:
                refused[language] = code
            else:  # one account that can is enough
                refused.pop(language, None)
                charged |= _charged(gateway, language, message, countries)
                break
    tiers = [gateway.tier.people for gateway in gateways if isinstance(gateway, WhatsAppGateway)]
    return Capacity(
        channel=channel.value,
        per_second=sum(_rate(gateway) for gateway in gateways),
        weight=weight,
        charged=charged,
        refused=refused,
        left=await _left(core, channel),
        per_day=_sum(tiers),
        queue_s=QUEUES_S.get(channel),
    )


async def _weigh(gateway: Gateway, message: Outbound) -> tuple[str, int]:
    """Why this message cannot be sent there ("" = it can), and the units it takes."""
    try:
        units = gateway.prepare(message).weight
    except SendError as error:
        return error.code, 1
    notice = message.notice
    if not isinstance(gateway, WhatsAppGateway) or notice is None:
        return "", units
    problems = [problem.code for problem in knock_problems(notice) if problem.code == "slot_long"]
    if problems:
        return problems[0], units
    drill = message.frame is Frame.DRILL
    return await gateway.knock_refusal(message.language, drill=drill, asks=notice.asks), units


def _charged(
    gateway: Gateway, language: str, message: Outbound, countries: Collection[str]
) -> dict[tuple[str, str], int]:
    if not isinstance(gateway, SmsGateway):
        return {}
    prepared = gateway.prepare(message)
    return {(language, country): gateway.segments_in(prepared, country) for country in countries}


def _rate(gateway: Gateway) -> float:
    many = gateway.limits.batch if isinstance(gateway, BulkGateway) else 1
    return gateway.limits.per_second * many


async def _left(core: Core, channel: Channel) -> int | None:
    """What the caps of all accounts leave this month; None = no cap holds. One account's cap is enough to
    count them all: the estimate rather promises too little."""
    mine = [one for one in core.gateways.allowances if one.channel == channel]
    if all(one.beyond for one in mine):
        return None
    async with core.database.read() as connection:
        return sum([(await one.spent(connection)).left for one in mine])


def _sum(limits: Sequence[int | None]) -> int | None:
    """All of them together; None = no limit."""
    known = [limit for limit in limits if limit is not None]
    return sum(known) if known and len(known) == len(limits) else None
