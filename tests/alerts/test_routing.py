"""The order in which a person's addresses are tried: theirs, corrected by what works where they are."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels import ChannelTable, Reception, TableError
from alerts.routing import Preference, next_address, with_a_choice
from bot.messages import Channel
from registry.ways import Way

TABLE = ChannelTable(
    {("VN", "telegram"): Reception.BLOCKED, ("VN", "whatsapp"): Reception.SLOW, ("CN", "sms"): Reception.SLOW}
)


def way(number: int, channel: str, **more: Any) -> Way:
    values: dict[str, Any] = {
        "person_id": 1, "language": "vi", "drill": False, "address_id": number, "channel": channel,
        "account": "main", "rank": number, "address_state": "active",
    }  # fmt: skip
    return Way(**{**values, **more})


WAYS = [way(0, "telegram"), way(1, "viber"), way(2, "whatsapp"), way(3, "sms")]


def channels(ways: list[Way]) -> list[str]:
    return [one.channel for one in ways]


def test_where_everything_works_it_is_the_person_s_own_order_with_viber_behind() -> None:
    assert channels(Preference().arrange(WAYS, "TH")) == ["telegram", "whatsapp", "sms", "viber"]


def test_what_is_slow_or_blocked_where_they_are_stands_behind() -> None:
    assert channels(Preference(TABLE).arrange(WAYS, "VN")) == ["sms", "viber", "whatsapp", "telegram"]
    assert channels(Preference(TABLE).arrange(WAYS, "")) == ["telegram", "whatsapp", "sms", "viber"]


def test_an_account_in_trouble_stands_behind_but_before_a_block() -> None:
    troubled = Preference(TABLE, frozenset({("sms", "main")}))
    assert channels(troubled.arrange(WAYS, "VN")) == ["viber", "whatsapp", "sms", "telegram"]
    other_account = Preference(TABLE, frozenset({("sms", "second")}))
    assert channels(other_account.arrange(WAYS, "VN"))[0] == "sms"


@settings(max_examples=60)
@given(
    st.permutations(WAYS),
    st.sampled_from(["VN", "CN", "TH", ""]),
    st.sets(st.sampled_from([(channel.value, "main") for channel in Channel])),
)
def test_nobody_s_address_is_ever_left_out(ways: list[Way], country: str, troubled: set[Any]) -> None:
    arranged = Preference(TABLE, frozenset(troubled)).arrange(ways, country)
    assert sorted(arranged, key=lambda one: one.address_id) == WAYS
    tried, used = [], set[int]()
    while found := next_address(arranged, drill=False, accounts=[(c, "main") for c in Channel], used=used):
        tried.append(found)
        used.add(found.address_id)
    assert tried == arranged


def test_only_who_has_several_addresses_in_use_has_a_choice() -> None:
    mine = [way(0, "sms"), way(1, "viber", address_state="gone")]
    theirs = [way(2, "sms", person_id=2), way(3, "viber", person_id=2)]
    assert with_a_choice({1: mine, 2: theirs}) == [2]


def test_the_table_that_ships_can_be_read_and_says_where_it_is_from() -> None:
    ours = ChannelTable.ours()
    assert ours.of("CN", "telegram") is Reception.BLOCKED
    assert ours.of("TH", "telegram") is Reception.WORKS


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("VN\ttelegram\tblocked\tx", "5 columns"),
        ("Vietnam\ttelegram\tblocked\tx\t2026-11-22", "no country"),
        ("VN\tfax\tblocked\tx\t2026-11-22", "no channel"),
        ("VN\ttelegram\tbroken\tx\t2026-11-22", "not one of works"),
        ("VN\ttelegram\tslow\tx\tyesterday", "no day"),
        ("VN\tsms\tslow\tx\t2026-11-22\nVN\tsms\tworks\tx\t2026-11-22", "line 2: VN sms is there twice"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_line(line: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        ChannelTable.read(line)
