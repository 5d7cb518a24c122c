"""`muster check` counts people whose text messages do not arrive, and never names one."""

import shutil
from pathlib import Path

from app.check_messages import check_messages
from app.core import Core, open_core
from app.viber import allowance_of
from bot.gateways.twilio.sms_countries import COLUMNS
from bot.messages import Address, Channel
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.journeys.five_channels import settings_of_five, simulated
from tests.registry.newcomers import BANGKOK, JAPAN, join, telegram
from tests.service import make_settings


async def found(core: Core) -> dict[str, str]:
    return {one.id: one.what for one in await check_messages(core)}


async def test_people_prices_and_caps(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    async with Simulator(simulated()) as simulator:
        common = {
            "database_url": f"sqlite:///{tmp_path / 'muster.db'}",
            "redis_url": own_redis.url,
            "gazetteer": gazetteer,
            "simulator": simulator,
            **settings_of_five(simulator, viber_monthly_cap=10),
        }
        async with open_core(make_settings(tmp_path, **common)) as core:
            assert set(await found(core)) == {"muster.prices.W001"}
            async with core.database.durable() as connection:
                for number, place in enumerate((BANGKOK, BANGKOK, JAPAN)):
                    await join(
                        connection, core.vault, Address(Channel.SMS, "main", f"n{number}"), place=place
                    )
                await join(
                    connection, core.vault, Address(Channel.SMS, "main", "d"), place=BANGKOK, drill=True
                )
                await join(connection, core.vault, telegram("1"), place=BANGKOK)
            allowance = allowance_of(core.settings, core.database, core.clock)
            await allowance.take(8, urgent=False, at=core.clock.now())
            told = await found(core)
            assert "2 people" in told["muster.sms.E001"]
            assert told["muster.sms.E001"].endswith("TH 2")
            assert told["muster.sms.W002"].endswith("JP 1")
            assert told["muster.sms.W003"].startswith("3 people")
            assert told["muster.sms.W003"].endswith("nobody has verified: TH 2, JP 1")
            assert not {"muster.sms.W004", "muster.channels.W001"} & told.keys()
            assert "whatsapp, sms" in told["muster.prices.W001"]
        prices = "".join(f"{name}\t*\t0.05\tEUR\tus\t2026-11-22\n" for name in ("sms", "whatsapp", "viber"))
        async with open_core(make_settings(tmp_path, **common, prices=prices)) as core:
            assert "muster.prices.W001" not in await found(core)


async def test_countries_that_rest_on_rows_nobody_checked(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    """Named with their people, drills left out; a row with a source and a day says nothing."""
    shutil.copy(sqlite_template, tmp_path / "muster.db")
    own = tmp_path / "countries.tsv"
    head = "\t".join(COLUMNS)
    own.write_text(f"{head}\nTH\tno\talnum\trequired\tyes\tno\tnone\tthe provider\t2026-11-20\n")
    order = "".join(
        f"{country}\t{channel}\tslow\t{source}\t2026-11-22\n"
        for country, channel, source in (
            ("TH", "telegram", "unverified: somebody said so"),
            ("TH", "sms", "the provider"),
            ("JP", "telegram", "unverified"),
            ("TH", "viber", "unverified"),
        )
    )
    async with Simulator(simulated()) as simulator:
        settings = make_settings(
            tmp_path,
            database_url=f"sqlite:///{tmp_path / 'muster.db'}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            sms_countries=own,
            channel_countries=order,
            **settings_of_five(simulator),
        )
        async with open_core(settings) as core:
            async with core.database.durable() as connection:
                for number, place in enumerate((BANGKOK, JAPAN)):
                    await join(
                        connection, core.vault, Address(Channel.SMS, "main", f"n{number}"), place=place
                    )
                for number in range(3):
                    await join(connection, core.vault, telegram(f"{number}"), place=BANGKOK, drill=number > 1)
            told = await found(core)
    assert "muster.sms.W003" not in told, "Thailand's row has a source and a day"
    assert told["muster.sms.W004"].startswith("1 people")
    assert told["muster.sms.W004"].endswith("JP 1")
    assert told["muster.channels.W001"].endswith("TH telegram 2")
