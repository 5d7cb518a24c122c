"""Time and money before sending: units times people, never a price that nobody set, nothing forgotten."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels import ChannelTable, Reception, TableError
from alerts.forecast import Capacity, forecast, seconds_of
from alerts.headcount import WayCount
from alerts.prices import Price, Prices
from alerts.routing import Preference
from alerts.turnout import count_ways
from registry.columns import headcount_of

PRICES = Prices.read(
    "channel\tcountry\tprice\tcurrency\tsource\tchecked\n"
    "sms\tTH\t0.04\tEUR\tcontract\t2026-11-22\n"
    "sms\t*\t0.10\tEUR\tcontract\t2026-11-22\n"
    "viber\tTH\t0.02\tUSD\tcontract\t2026-11-22\n"
)
WAYS = (
    WayCount("telegram", "TH", "vi", first=1_240, any=1_240),
    WayCount("sms", "TH", "vi", first=300, any=1_000),
    WayCount("sms", "VN", "en", first=10, any=10),
    WayCount("whatsapp", "TH", "vi", first=50, any=60),
    WayCount("whatsapp", "TH", "en", first=5, any=6),
    WayCount("viber", "VN", "en", first=0, any=40),
)
CAPACITIES = (
    Capacity("telegram", 30.0),
    Capacity("sms", 1.0, weight={"vi": 3, "en": 2}, queue_s=3_000.0),
    Capacity("whatsapp", 80.0, refused={"vi": "template_missing"}, per_day=5),
    Capacity("viber", 100.0, left=39),
)


def test_each_channel_in_people_units_seconds_and_money() -> None:
    found = {one.channel: one for one in forecast(WAYS, CAPACITIES, PRICES)}
    assert list(found) == ["telegram", "sms", "whatsapp", "viber"]
    telegram, sms = found["telegram"], found["sms"]
    assert (telegram.first.people, telegram.first.units) == (1_240, 1_240)
    assert telegram.seconds == pytest.approx(41.3, abs=0.1)
    assert (telegram.first.cost, telegram.unpriced) == ({}, ())  # its provider charges nothing
    assert (sms.first.people, sms.first.units, sms.first.seconds) == (310, 920, 920.0)
    assert sms.first.cost == {"EUR": Decimal("0.04") * 900 + Decimal("0.10") * 20}
    assert (sms.worst.people, sms.worst.units) == (1_010, 3_020)
    assert sms.worst.cost == {"EUR": Decimal("0.04") * 3_000 + Decimal("0.10") * 20}
    assert sms.warnings == ("queue",)
    assert seconds_of(tuple(found.values())) == 920.0


def test_the_first_round_is_charged_by_country_and_timed_by_the_most() -> None:
    capacity = Capacity("sms", 1.0, weight={"vi": 3}, charged={("vi", "TH"): 2})
    ways = (WayCount("sms", "TH", "vi", 10, 20), WayCount("sms", "VN", "vi", 1, 1))
    (sms,) = forecast(ways, (capacity,), PRICES)
    assert (sms.first.units, sms.first.seconds) == (23, 33.0)
    assert sms.first.cost == {"EUR": Decimal("0.04") * 20 + Decimal("0.10") * 3}
    assert (sms.worst.units, sms.worst.seconds) == (63, 63.0)
    assert sms.worst.cost == {"EUR": Decimal("0.04") * 60 + Decimal("0.10") * 3}


def test_who_cannot_be_reached_there_is_counted_and_costs_nothing_there() -> None:
    whatsapp = {one.channel: one for one in forecast(WAYS, CAPACITIES, PRICES)}["whatsapp"]
    assert whatsapp.unreachable == {"template_missing": 60}
    assert (whatsapp.first.people, whatsapp.worst.people) == (5, 6)
    assert whatsapp.warnings == ("per_day",)
    assert whatsapp.unpriced == ("TH",)


def test_a_missing_price_is_not_set_and_never_zero() -> None:
    viber = {one.channel: one for one in forecast(WAYS, CAPACITIES, PRICES)}["viber"]
    assert (viber.worst.cost, viber.unpriced) == ({}, ("VN",))
    assert viber.warnings == ("cap",)


def test_a_channel_that_is_off_is_named() -> None:
    (sms, *_) = forecast((WayCount("sms", "TH", "vi", 3, 4),), (), PRICES)
    assert (sms.people, sms.worst.people, sms.seconds, sms.warnings) == (3, 4, None, ("off",))
    assert sms.worst.cost == {}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("sms\tTH\t0.04\tEUR\tcontract", "6 columns"),
        ("fax\tTH\t0.04\tEUR\tcontract\t2026-11-22", "no channel"),
        ("sms\tThailand\t0.04\tEUR\tcontract\t2026-11-22", "no country"),
        ("sms\tTH\tcheap\tEUR\tcontract\t2026-11-22", "no price"),
        ("sms\tTH\t-1\tEUR\tcontract\t2026-11-22", "no price"),
        ("sms\tTH\tNaN\tEUR\tcontract\t2026-11-22", "no price"),
        ("sms\tTH\t1\teuro\tcontract\t2026-11-22", "no currency"),
        ("sms\tTH\t1\tEUR\tcontract\tsoon", "no day"),
        ("sms\t*\t1\tEUR\tx\t2026-11-22\nsms\t*\t2\tEUR\tx\t2026-11-22", "line 2: sms . is there twice"),
    ],
)
def test_a_table_of_prices_that_cannot_be_read_is_refused(line: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        Prices.read(line)


def test_an_empty_table_sets_no_price() -> None:
    assert Prices.read("").of("sms", "TH") is None
    assert PRICES.of("sms", "VN") == Price(Decimal("0.10"), "EUR")


CHANNELS = ("telegram", "whatsapp", "sms", "webchat", "viber")


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.integers(1, 30),
        st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=4),
        min_size=1,
        max_size=12,
    )
)
def test_the_turnout_counts_everybody_once_on_their_first_and_on_each_channel(
    owned: dict[int, list[str]],
) -> None:
    people = [(person, "vi", False) for person in sorted(owned)]
    rows = [
        (person, rank, channel, person * 10 + rank)
        for person, channels in owned.items()
        for rank, channel in enumerate(channels)
    ]
    columns = headcount_of(people, rows, CHANNELS)
    table = ChannelTable({("VN", "telegram"): Reception.BLOCKED})
    ids = np.array(sorted(owned), dtype=np.int64)
    found = count_ways(columns, ids, dict.fromkeys(owned, "VN"), Preference(table))
    assert sum(one.first for one in found) == len(owned)
    for channel in CHANNELS:
        having = sum(channel in channels for channels in owned.values())
        assert sum(one.any for one in found if one.channel == channel) == having
    firsts = {one.channel: one.first for one in found if one.first}
    expected = [
        min(channels, key=lambda one: (2 if one == "telegram" else 0, one == "viber"))
        for channels in owned.values()
    ]
    assert firsts == {channel: expected.count(channel) for channel in set(expected)}
    assert count_ways(columns, ids[:0], {}, Preference(table)) == ()


def test_who_has_another_way_is_not_tried_first_where_we_are_off() -> None:
    people = [(1, "vi", False), (2, "vi", False)]
    columns = headcount_of(people, [(1, 0, "telegram", 1), (1, 1, "sms", 2), (2, 0, "telegram", 3)], CHANNELS)
    ids = np.array([1, 2], dtype=np.int64)
    found = count_ways(columns, ids, {}, Preference(), frozenset({"sms", "viber"}))
    assert {(one.channel, one.first, one.any) for one in found} == {("telegram", 1, 2), ("sms", 1, 1)}
