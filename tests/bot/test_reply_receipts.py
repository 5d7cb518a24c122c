"""A receipt of a reply is known once the reply's id is, and only on its own account."""

from collections.abc import Sequence

from sqlalchemy import update

from bot.messages import Address, Channel, Outbound, Receipt, ReceiptState
from bot.outbox import enqueue
from bot.reply_receipts import is_under_way, of_replies
from bot.tables import outbox
from storage.clock import SystemClock
from storage.database import Database
from storage.vault import Vault


def receipts(*ids: str, account: str = "main") -> list[Receipt]:
    return [
        Receipt(f"{number}:{name}", Channel.VIBER, account, name, ReceiptState.DELIVERED)
        for number, name in enumerate(ids)
    ]


async def known(database: Database, news: Sequence[Receipt]) -> set[str]:
    async with database.read() as connection:
        return await of_replies(connection, news)


async def test_receipts_of_replies_are_known(database: Database, vault: Vault) -> None:
    async with database.durable() as connection:
        for number, account in enumerate(("main", "main", "second")):
            await enqueue(
                connection,
                vault,
                key=f"r{number}",
                address=Address(Channel.VIBER, account, f"user-{number}"),
                lane=bytes([number]) * 32,
                outbound=Outbound("hi", "en"),
                drill=False,
                now=SystemClock().now(),
            )
    assert await known(database, receipts("4987381194038857789")) == set(), "not sent yet"
    async with database.read() as connection:
        under_way = [await is_under_way(connection, bytes([number]) * 32) for number in range(4)]
    assert under_way == [True, True, True, False]
    async with database.bulk() as connection:
        for number in range(3):
            sent = update(outbox).where(outbox.c.key == f"r{number}")
            await connection.execute(sent.values(state="sent", provider_id=f"498738119403885778{number}"))
    async with database.read() as connection:
        assert [await is_under_way(connection, bytes([number]) * 32) for number in range(4)] == [False] * 4
    mine = receipts("4987381194038857780", "4987381194038857781", "4987381194038857782", "unheard of", "")
    assert await known(database, mine) == {mine[0].key, mine[1].key}
    others = receipts("4987381194038857780", "4987381194038857782", account="second")
    assert await known(database, others) == {others[1].key}
    assert await known(database, []) == set()
