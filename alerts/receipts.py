"""News of messages: receipts of providers and browsers, and answers of people. Touches `delivery`; only
forward.

A receipt may come before the outcome it belongs to, twice, late, or in any order: each is a conditional
change that proves something or does nothing. What a failure says of an address is told to the registry in
the same transaction; arrival proves the contrary whenever it is heard of.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from alerts.delivery import CONFIRMED, WAITING, DeliveryState, predecessors
from alerts.outcomes import one_of
from alerts.tables import alert, delivery, revision
from bot.messages import Channel, Failure, Receipt, ReceiptState
from storage.listed import listed

STATES = {
    ReceiptState.ACCEPTED: DeliveryState.ACCEPTED,
    ReceiptState.DELIVERED: DeliveryState.DELIVERED,
    ReceiptState.READ: DeliveryState.READ,
    ReceiptState.FAILED: DeliveryState.FAILED,
}
ARRIVED = frozenset({DeliveryState.ACCEPTED, *CONFIRMED})
NO_WAY = frozenset({Failure.GONE, Failure.STOPPED})  # the address is no way to this person any more


@dataclass(frozen=True, slots=True)
class AddressBook:
    """What receipts say of addresses and accounts, handed down by `app/`; all in the caller's transaction.

    Attributes:
        find: the addresses that a provider calls so on one account of ours: channel, account, its names.
        gone: it does not exist for us any more.
        stopped: its owner wants nothing from us; by address, when the refused message left.
        works: something arrived there.
        closed: page the operators: our account is refused. Channel, account, code.
    """

    find: Callable[[AsyncConnection, str, str, Collection[str]], Awaitable[Mapping[str, int]]]
    gone: Callable[[AsyncConnection, Collection[int], datetime], Awaitable[None]]
    stopped: Callable[[AsyncConnection, Mapping[int, datetime | None], datetime], Awaitable[None]]
    works: Callable[[AsyncConnection, Collection[int], datetime], Awaitable[None]]
    closed: Callable[[AsyncConnection, str, str, str, datetime], Awaitable[None]]


async def apply(
    connection: AsyncConnection, receipts: Sequence[Receipt], book: AddressBook, now: datetime
) -> set[str]:
    """Write what receipts prove; return the keys of those whose delivery is known.

    They come by the hundred: what says the same of many is one statement. Failures follow one by one, since
    after an arrival they say nothing of an address.
    """
    matched = set()
    alike: defaultdict[_Kind, list[Receipt]] = defaultdict(list)
    alone = []
    for receipt in receipts:
        kind = _kind(receipt)
        if kind is None:
            alone.append(receipt)
        else:
            alike[kind].append(receipt)
    for kind, together in alike.items():
        matched |= await _together(connection, kind, together, book, now)
    for receipt in alone:
        which = await _where(connection, receipt, book)
        if which is None:
            continue
        rows = (await connection.execute(_change(which, _state_of(receipt), receipt.error, now))).all()
        if not rows:
            continue
        matched.add(receipt.key)
        if receipt.state is ReceiptState.FAILED:
            await _failed(connection, receipt, rows, book, now)
        else:
            await _arrived(connection, receipt.state, rows, book, now)
    return matched


class _Kind(NamedTuple):
    """What receipts have in common that one statement may write down; "" = each names a delivery of ours."""

    channel: Channel
    account: str
    state: ReceiptState
    provider_id: str


def _kind(receipt: Receipt) -> _Kind | None:
    """None: it must be looked at alone."""
    many = receipt.delivery is not None or (receipt.provider_id and receipt.recipient)
    if receipt.state is ReceiptState.FAILED or not many:
        return None
    name = "" if receipt.delivery is not None else receipt.provider_id
    return _Kind(receipt.channel, receipt.account, receipt.state, name)


async def _together(
    connection: AsyncConnection, kind: _Kind, receipts: Sequence[Receipt], book: AddressBook, now: datetime
) -> set[str]:
    """Write what several receipts of one kind prove; return the keys of those whose delivery is known."""
    mine = and_(delivery.c.channel == kind.channel, delivery.c.account == kind.account)
    told: dict[str, int | None]
    if kind.provider_id:
        names = {receipt.recipient for receipt in receipts}
        places = await book.find(connection, kind.channel.value, kind.account, names)
        told = {receipt.key: places.get(receipt.recipient) for receipt in receipts}
        which = and_(mine, delivery.c.provider_id == kind.provider_id, listed(delivery.c.address_id))
    else:
        told = {receipt.key: receipt.delivery for receipt in receipts}
        which = and_(mine, listed(delivery.c.id))
    ids = sorted({number for number in told.values() if number is not None})
    if not ids:
        return set()
    rows = (await connection.execute(_change(which, STATES[kind.state], "", now), {"ids": ids})).all()
    await _arrived(connection, kind.state, rows, book, now)
    if kind.provider_id:
        found = {row.address_id for row in rows}
    else:
        found = {row.id for row in rows}
        await _named(connection, receipts, {row.id for row in rows if row.provider_id is None})
    return {key for key, number in told.items() if number in found}


async def _named(connection: AsyncConnection, receipts: Sequence[Receipt], nameless: Collection[int]) -> None:
    """What our own id found brings the provider's: who sent it may have died before writing that down."""
    for receipt in receipts:
        if receipt.delivery in nameless and receipt.provider_id:
            one = and_(delivery.c.id == receipt.delivery, delivery.c.provider_id.is_(None))
            await connection.execute(update(delivery).where(one).values(provider_id=receipt.provider_id))


async def _arrived(
    connection: AsyncConnection, state: ReceiptState, rows: Sequence[Any], book: AddressBook, now: datetime
) -> None:
    """What arrival says of addresses that were thought gone."""
    doubted = {row.address_id for row in rows if row.error}
    if doubted and STATES[state] in CONFIRMED:
        await book.works(connection, doubted, now)


async def is_under_way(connection: AsyncConnection, person_id: int, address_id: int) -> bool:
    """Whether a copy may have left for an address whose outcome is not written down yet."""
    mine = and_(delivery.c.person_id == person_id, delivery.c.address_id == address_id)
    query = select(delivery.c.id).where(mine, delivery.c.state.in_(WAITING)).limit(1)
    return (await connection.execute(query)).first() is not None


async def record_answer(connection: AsyncConnection, event_id: int, person_id: int, now: datetime) -> None:
    """Somebody answered in an event: whatever was sent to them there has been read, and no next rung is
    due."""
    revisions = (
        select(revision.c.id)
        .join(alert, alert.c.id == revision.c.alert_id)
        .where(alert.c.event_id == event_id)
        .scalar_subquery()
    )
    mine = and_(delivery.c.person_id == person_id, delivery.c.revision_id.in_(revisions))
    sent = delivery.c.state.in_([*ARRIVED, DeliveryState.ATTEMPTING, DeliveryState.UNKNOWN])
    # `delivered_at` is left alone: an answer proves arrival, not that receipts still come in.
    await connection.execute(_change(and_(mine, sent), DeliveryState.READ, "", now, heard=False))
    await connection.execute(update(delivery).where(mine).values(next_at=None))


def _state_of(receipt: Receipt) -> DeliveryState:
    return DeliveryState.GONE if receipt.failure in NO_WAY else STATES[receipt.state]


async def _failed(
    connection: AsyncConnection, receipt: Receipt, rows: Sequence[Any], book: AddressBook, now: datetime
) -> None:
    """What a failure says beyond its delivery. Where the message arrived all the same it says nothing of the
    address, but somebody's wish to be left alone is never undone by a receipt."""
    match receipt.failure:
        case Failure.STOPPED:
            await book.stopped(connection, {row.address_id: row.attempted_at for row in rows}, now)
        case Failure.GONE:
            ids = {row.address_id for row in rows if row.state not in CONFIRMED}
            if ids:
                await book.gone(connection, ids, now)
        case Failure.CLOSED:
            await book.closed(connection, receipt.channel.value, receipt.account, receipt.error, now)


async def _where(
    connection: AsyncConnection, receipt: Receipt, book: AddressBook
) -> ColumnElement[bool] | None:
    """Which delivery a receipt speaks of; None when nobody can know."""
    mine = and_(delivery.c.channel == receipt.channel, delivery.c.account == receipt.account)
    if receipt.delivery is not None:
        return and_(delivery.c.id == receipt.delivery, mine)
    if not receipt.provider_id:
        return None
    named = and_(mine, delivery.c.provider_id == receipt.provider_id)
    if not receipt.recipient:
        return named
    # One id was given to many: which of them is told by the provider's name of the recipient.
    places = await book.find(connection, receipt.channel.value, receipt.account, {receipt.recipient})
    found = places.get(receipt.recipient)
    return None if found is None else and_(named, delivery.c.address_id == found)


def _change(
    which: ColumnElement[bool], state: DeliveryState, error: str, now: datetime, *, heard: bool = True
) -> Any:
    forward = one_of(predecessors(state))
    changes: dict[str, Any] = {"state": case((forward, state.value), else_=delivery.c.state)}
    if state in ARRIVED:
        changes["accepted_at"] = func.coalesce(delivery.c.accepted_at, now)
    if state in CONFIRMED:
        changes["next_at"] = None
    if state in CONFIRMED and heard:
        changes["delivered_at"] = func.coalesce(delivery.c.delivered_at, now)
    if state is DeliveryState.READ:
        changes["read_at"] = func.coalesce(delivery.c.read_at, now)
    if state in {DeliveryState.FAILED, DeliveryState.GONE}:
        changes["error"] = case((forward, error or "failed"), else_=delivery.c.error)
        changes["next_at"] = case((forward, now), else_=delivery.c.next_at)
    return (
        update(delivery)
        .where(which)
        .values(changes)
        .returning(
            delivery.c.id,
            delivery.c.provider_id,
            delivery.c.address_id,
            delivery.c.state,
            delivery.c.error,
            delivery.c.attempted_at,
        )
    )
