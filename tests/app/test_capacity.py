"""What the channels can do is asked of the gateways themselves: rates, segments, templates, caps."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from alerts.forecast import forecast
from alerts.headcount import WayCount
from app.capacity import capacities
from app.core import open_core
from app.settings import SettingsError
from bot.messages import Frame, Notice, Outbound
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.journeys.five_channels import settings_of_five, simulated
from tests.service import make_settings

NOTICE = Notice(
    mark="", action="Go up.", hazard="Flood", place="Ayutthaya", sender="Ministry of Testing",
    time="Monday 5 May 2031, 13:00", code="AB2CD3", safe="I am safe", help="I need help", full="Full text",
    reply="Reply 1 SAFE, 2 NEED HELP", call="Call +66 2 555 0100", link="https://m.example/a/AB2CD3",
)  # fmt: skip
PRICES = "sms\t*\t0.05\tEUR\tcontract\t2026-11-22\n"


async def test_live_limits_segments_and_templates_reach_the_estimate(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    async with Simulator(simulated(50)) as simulator:
        settings = make_settings(
            tmp_path,
            database_url=f"sqlite:///{sqlite_template}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=simulator,
            prices=PRICES,
            **settings_of_five(simulator, 50, twilio_whatsapp_people_per_day=250),
        )
        async with open_core(settings) as core:
            message = Outbound("Flood. " * 40, "en", frame=Frame.ALERT, notice=NOTICE)
            found = {one.channel: one for one in await capacities(core, {"en": message})}
            assert found["sms"].per_second == 50.0
            assert found["sms"].queue_s == 36_000.0
            assert 1 <= found["sms"].weight["en"] <= 2
            assert found["sms"].charged == {}
            notice = replace(NOTICE, action="Go up to the higher floors and keep away from the river.")
            longer = replace(message, notice=notice)
            abroad = await capacities(core, {"en": longer}, ("TH", "US", ""))
            (texts,) = [one for one in abroad if one.channel == "sms"]
            assert set(texts.charged) == {("en", "TH"), ("en", "US")}
            assert texts.charged["en", "TH"] < texts.charged["en", "US"] == texts.weight["en"]
            assert found["whatsapp"].per_day == 250
            assert found["whatsapp"].refused["en"], "no template is in the register"
            assert found["telegram"].refused == {}
            ways = (WayCount("sms", "TH", "en", 10, 10), WayCount("whatsapp", "TH", "en", 5, 5))
            sms, whatsapp = forecast(ways, tuple(found.values()), core.prices)
            assert sms.first.cost == {"EUR": Decimal("0.05") * 10 * found["sms"].weight["en"]}
            assert sum(whatsapp.unreachable.values()) == 5


async def test_a_table_that_cannot_be_read_stops_the_start(
    tmp_path: Path, own_redis: OwnRedis, gazetteer: Path, sqlite_template: Path
) -> None:
    for name in ("prices", "channel_countries"):
        settings = make_settings(
            tmp_path,
            database_url=f"sqlite:///{sqlite_template}",
            redis_url=own_redis.url,
            gazetteer=gazetteer,
            simulator=None,
            **{name: "one column"},
        )
        with pytest.raises(SettingsError, match=f"MUSTER_{name.upper()}: line 1"):
            async with open_core(settings):
                pass
