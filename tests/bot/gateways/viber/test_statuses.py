"""Every status code of Viber, answered by a real server to both calls: what we make of it, as a table."""

import sys

import pytest

from bot.errors import (
    ClosedError,
    GoneError,
    QuotaError,
    RejectedError,
    RetryAfterError,
    SendError,
    TransientError,
)
from bot.gateways.viber.gateway import ViberGateway
from bot.gateways.viber.statuses import OTHER, STATUSES, until_next_hour_s
from bot.messages import Button, Outbound
from tests.bot.gateways.viber.conftest import ANN, NOON, Account
from tests.bot.gateways.viber.viber_api import ViberApi

TO_ONE = {
    **dict.fromkeys((1, 2, 7, 8, 9, 10, 15), ClosedError),
    **dict.fromkeys((3, 4, 11, 13, 14, 16, 17, 18, 21), RejectedError),
    **dict.fromkeys((5, 6), GoneError),
    12: RetryAfterError,
    **dict.fromkeys((19, 20), TransientError),
    **dict.fromkeys((22, 23, 24), QuotaError),
    **dict.fromkeys((25, 99, -1), TransientError),  # codes nobody told us of
}
TO_MANY = TO_ONE | dict.fromkeys((5, 6), RejectedError) | dict.fromkeys((19, 20), RetryAfterError)
OF_ONE_OF_MANY = TO_ONE | dict.fromkeys((1, 2, 7, 8, 9, 10, 15), RejectedError)
PAGED = {19, 20, 22, 23, 24}


async def outcome(gateway: ViberGateway, account: Account, *, many: bool) -> SendError:
    message = gateway.prepare(Outbound("hi", "en", (Button("A", "a"),)))
    people = [account.heard(ANN), account.heard("bob==")]
    with pytest.raises(SendError) as caught:
        await (gateway.send_many(people, message) if many else gateway.send(people[0], message))
    return caught.value


async def test_every_code(
    api: ViberApi, ours: Account, gateway: ViberGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{'status':>6}  {'name':28}{'one':16}{'many':16}{'one of many':16}{'afterwards':11}pages"]
    for code in sorted(TO_ONE):
        name = STATUSES.get(code, OTHER).name
        ours.alarms.clear()
        ours.clock.seconds += 10_000.0
        api.planned.extend([{"status": code, "status_message": "words"}] * 2)
        one = await outcome(gateway, ours, many=False)
        api.planned.clear()
        ours.clock.seconds += 10_000.0
        api.planned.extend([{"status": code, "status_message": "words"}] * 2)
        many = await outcome(gateway, ours, many=True)
        api.planned.clear()
        ours.clock.seconds += 10_000.0
        api.judge = {ANN: code}.get  # type: ignore[assignment]  # None is taken, too
        found = await gateway.send_many(
            [ours.heard(ANN), ours.heard("bob==")], gateway.prepare(Outbound("hi", "en"))
        )
        api.judge = lambda _receiver: 0
        assert list(found.failed) == [0]
        part = found.failed[0]
        assert (type(one), type(many), type(part)) == (TO_ONE[code], TO_MANY[code], OF_ONE_OF_MANY[code])
        assert one.code == name
        assert many.code == ("no_broadcast" if code in {19, 20} else name)
        assert bool(ours.alarms) is (code in PAGED)
        lines.append(
            f"{code:>6}  {name:28}{type(one).__name__:16}{type(many).__name__:16}{type(part).__name__:16}"
            f"{STATUSES.get(code, OTHER).failure:11}{'yes' if ours.alarms else ''}"
        )
        assert ours.counted[f"viber_status:{name}"] >= 3
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert set(STATUSES) <= set(TO_ONE), "every row is driven through the server"


async def test_too_many_to_one_waits_for_the_next_hour_and_to_many_for_a_window(
    api: ViberApi, ours: Account, gateway: ViberGateway
) -> None:
    api.planned.append({"status": 12})
    one = await outcome(gateway, ours, many=False)
    assert isinstance(one, RetryAfterError)
    assert (one.recipient_only, one.seconds) == (True, 40 * 60 + 1), "12:20 until 13:00"
    api.planned.append({"status": 12})
    many = await outcome(gateway, ours, many=True)
    assert isinstance(many, RetryAfterError)
    assert (many.recipient_only, many.seconds) == (False, 10.0)


@pytest.mark.parametrize(("minute", "second", "seconds"), [(0, 0, 3601.0), (59, 59, 2.0), (30, 30, 1771.0)])
def test_the_next_hour_of_the_clock(minute: int, second: int, seconds: float) -> None:
    assert until_next_hour_s(NOON.replace(minute=minute, second=second)) == seconds


async def test_operators_are_paged_now_and_then_and_not_for_each_message(
    api: ViberApi, ours: Account, gateway: ViberGateway
) -> None:
    api.judge = lambda _receiver: 24
    for _message in range(5):
        await outcome(gateway, ours, many=False)
    assert ours.alarms == [("viber", "main", "no_balance")]
    ours.clock.seconds += 601.0
    await outcome(gateway, ours, many=False)
    assert len(ours.alarms) == 2
