"""An installation with all five channels on simulated providers, its population, and a night that passes.

How people come to stand outside WhatsApp's window of a day: nothing is written behind anybody's back. They
register through the real doors, then the clocks of the service and of the providers move on together by 25
hours, and one in five writes once more. That is what both sides would see had a day passed.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from simulator.config import NO_LATENCY, LimitRules, SimulatorConfig
from simulator.mixes import FIVE_CHANNELS, FIVE_LANGUAGES
from simulator.placing import Shares
from simulator.server import Simulator
from simulator.twilio_rules import (
    COUNTRIES,
    SMS,
    WHATSAPP,
    AccountRules,
    CountryRules,
    DeliveryRules,
    HookRules,
    SenderRules,
    TwilioRules,
)
from simulator.viber_rules import ViberAccountRules, ViberRules
from storage.clock import SystemClock
from tests.service import Service, until

SID, TOKEN = "AC" + "5c" * 16, "a-twilio-token-that-only-this-test-knows"
VIBER_TOKEN = "a-viber-token-that-only-this-test-knows"
NUMBER, NAME, WHATSAPP_NUMBER = "+15005550006", "MUSTER", "+15005550007"
PER_SECOND = 200
TELLING = frozenset({"delivered", "undelivered", "failed", "read"})  # queued and sent tell nobody anything
NIGHT = timedelta(hours=25)
SHARES = Shares(
    mix=FIVE_CHANNELS, languages=FIVE_LANGUAGES, gone=0.15, answers=0.45, help=0.15, refuses=0.02, stops=0.03
)


@dataclass
class Tomorrow:
    """A clock that can be moved on; it ticks like any other."""

    ahead: timedelta = timedelta()
    _real: SystemClock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        return self._real.now() + self.ahead

    def monotonic(self) -> float:
        return self._real.monotonic()


def simulated(per_second: int = PER_SECOND) -> SimulatorConfig:
    """Providers that answer quickly and limit as the installation believes they do."""
    named = SenderRules(
        NAME, SMS, per_second=per_second, keywords=False, registered=frozenset({"VN", "TH", "ID"})
    )
    account = AccountRules(
        SID,
        TOKEN,
        (
            SenderRules(NUMBER, SMS, per_second=per_second),
            named,
            SenderRules(WHATSAPP_NUMBER, WHATSAPP, per_second=per_second, keywords=False),
        ),
    )
    return SimulatorConfig(
        latency=NO_LATENCY,
        limits=LimitRules(bot_per_second=per_second),
        twilio=TwilioRules(
            accounts=(account,),
            countries=(
                *COUNTRIES,
                CountryRules("IE", "+353"),
            ),  # answers happen to arrive; nobody promised it
            hooks=HookRules(states=TELLING),
            delivery=DeliveryRules(low_s=0.01, high_s=0.05, read=0.3),
        ),
        viber=ViberRules(
            accounts=(ViberAccountRules("main", VIBER_TOKEN),), low_s=0.01, high_s=0.05, seen=0.3
        ),
    )


def settings_of_five(simulator: Simulator, per_second: int = PER_SECOND, **more: Any) -> dict[str, Any]:
    """Settings that plug in Twilio and Viber beside Telegram and the web chat."""
    return {
        "telegram_per_second": per_second,
        "twilio_account_sid": SID,
        "twilio_auth_token": SecretStr(TOKEN),
        "twilio_sms_from": f"{NUMBER},{NAME}",
        "twilio_whatsapp_from": WHATSAPP_NUMBER,
        "twilio_api_base": simulator.twilio_base,
        "twilio_sms_per_second": per_second,
        "twilio_whatsapp_per_second": per_second,
        "viber_token": SecretStr(VIBER_TOKEN),
        "viber_api_base": simulator.viber_base,
        **more,
    }


async def plug_in(service: Service, simulator: Simulator) -> None:
    """Tell Twilio where to post, as an operator does in its console, and wait for the webhooks we set."""
    simulator.twilio.point(f"{service.url}/hooks/twilio/message")
    lines = simulator.lines()

    async def ready() -> bool:
        return all(line.ready() for line in lines)

    await until(ready, 60, "every provider knows where to post")


async def overnight(service: Service, simulator: Simulator, clock: Tomorrow) -> None:
    """A day and an hour pass for everybody; then those write who write every day."""
    clock.ahead += NIGHT
    simulator.twilio.advance(NIGHT.total_seconds())
    simulator.viber.advance(NIGHT.total_seconds())
    for crowd in simulator.crowds:
        await crowd.write_daily()
    await simulator.drain(60)
    await service.quiet()
