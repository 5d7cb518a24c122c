"""Of a provider's ids, those of warnings: by channel and account, however many are asked for."""

from alerts.provider_ids import of_deliveries
from storage.database import Database
from tests.alerts.office import deliver, open_office
from tests.alerts.post_room import revision_of


async def test_only_ids_of_this_accounts_warnings(database: Database) -> None:
    office = await open_office(database)
    revision = await revision_of(office)
    async with database.durable() as connection:
        ours = {"channel": "sms", "provider_id": "SM1"}
        await deliver(connection, revision, [(1, "accepted")], **ours)
        await deliver(connection, revision, [(2, "accepted")], **{**ours, "rung": 1, "account": "asia"})
        await deliver(connection, revision, [(3, "queued")], rung=2, channel="sms")
    asked = ["SM1", "SM2", *(f"SMx{number}" for number in range(1200))]
    async with database.read() as connection:
        assert await of_deliveries(connection, ("sms", "main"), asked) == {"SM1"}
        assert await of_deliveries(connection, ("sms", "asia"), asked) == {"SM1"}
        assert await of_deliveries(connection, ("whatsapp", "main"), asked) == set()
        assert await of_deliveries(connection, ("sms", "main"), []) == set()
