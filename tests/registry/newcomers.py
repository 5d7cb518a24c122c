"""People for tests: registered as the conversation would register them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Address, Channel
from places.cells import cell_of
from registry import people, whereabouts
from registry.addresses import AddressRow
from registry.people import PersonRow
from registry.whereabouts import Source, Whereabouts, WhereaboutsKind
from storage.vault import PersonVault, Vault

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
REYKJAVIK = Whereabouts(
    WhereaboutsKind.HOME, cell_of(64.1466, -21.9426), 8.0, "IS", "IS-1", "Reykjavík", "Atlantic/Reykjavik"
)
BANGKOK = Whereabouts(WhereaboutsKind.PIN, cell_of(13.7563, 100.5018), 0.0, "TH", source=Source.PIN)
JAPAN = Whereabouts(WhereaboutsKind.HOME, None, 0.0, "JP", label="Japan")


def lane_of(vault: Vault, address: Address) -> bytes:
    return vault.blind("lane", f"{address.channel}:{address.account}:{address.value}")


def telegram(value: str) -> Address:
    return Address(Channel.TELEGRAM, "main", value)


def webchat(value: str) -> Address:
    return Address(Channel.WEBCHAT, "main", value)


@dataclass(frozen=True)
class Newcomer:
    """Somebody registered, with what opens their data."""

    person: PersonRow
    address: AddressRow
    vault: PersonVault

    @property
    def id(self) -> int:
        return self.person.id


async def join(
    connection: AsyncConnection,
    vault: Vault,
    address: Address,
    *,
    place: Whereabouts | None = REYKJAVIK,
    consent: str | None = "2026-11",
    language: str = "vi",
    drill: bool = False,
    now: datetime = NOW,
) -> Newcomer:
    """Register somebody; protected unless consent or place is None."""
    person, own = await people.create(
        connection, vault, address, lane_of(vault, address), language=language, drill=drill, now=now
    )
    keys = person.unlocked(vault)
    if consent is not None:
        await people.consent(connection, person.id, consent, now)
    if place is not None:
        await whereabouts.set_home(connection, keys, person.id, place, now)
    fresh = await people.get(connection, person.id)
    assert fresh is not None
    return Newcomer(fresh, own, keys)
