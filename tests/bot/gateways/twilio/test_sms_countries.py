"""The table of countries: careful where nothing is known, replaceable, and honest about its sources."""

from pathlib import Path

import pytest

from bot.errors import HalfConfiguredError
from bot.gateways.twilio.sms_countries import (
    COLUMNS,
    UNLISTED,
    OptOut,
    Registration,
    Sender,
    country_of,
    read_countries,
)
from bot.gateways.twilio.sms_senders import choose_sender

SHIPPED = read_countries()
HEADER = "\t".join(COLUMNS)
ROW = "TH\tno\talnum\trequired\tyes\tno\tnone\tthe provider\t2026-11-20"
NUMBERS = ("+12025550100", "+12025550101", "+12025550102")


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "countries.tsv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("number", "country"),
    [("+66812345678", "TH"), ("+84912345678", "VN"), ("+12025550100", "US"), ("+14165550100", "CA")],
)
def test_a_number_knows_its_country(number: str, country: str) -> None:
    assert country_of(number) == country


@pytest.mark.parametrize("number", ["", "12345", "+999123456789", "whatsapp", "+"])
def test_a_number_of_nowhere_is_one_way(number: str) -> None:
    assert SHIPPED.of_number(number) == UNLISTED
    assert (UNLISTED.two_way, UNLISTED.url) == (False, False)


def test_what_ships_covers_where_our_first_citizens_live_and_is_careful() -> None:
    assert len(SHIPPED) >= 40
    for country in ("TH", "VN", "ID", "KR", "JP", "US", "DE", "MY", "SG", "SA", "AE"):
        assert SHIPPED.get(country) is not UNLISTED
    thailand = SHIPPED.get("TH")
    assert (thailand.two_way, thailand.registration) == (False, Registration.REQUIRED)
    assert thailand.must_be_registered


def test_what_ships_claims_no_source_it_does_not_have() -> None:
    for country in SHIPPED:
        assert not country.registered
        assert bool(country.verified) != country.source.startswith("unverified")
        assert country.two_way or country.opt_out is OptOut.NONE  # who cannot answer cannot write STOP


def test_an_installation_brings_its_own(tmp_path: Path) -> None:
    table = read_countries(written(tmp_path, "# ours", HEADER, "", ROW))
    assert len(table) == 1
    thailand = table.get("TH")
    assert thailand.sender is Sender.ALNUM
    assert thailand.registered
    assert not thailand.must_be_registered
    assert (thailand.source, thailand.verified) == ("the provider", "2026-11-20")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("iso2\ttwo_way",),
        (HEADER, "TH\tno"),
        (HEADER, ROW.replace("alnum", "pigeon")),
        (HEADER, ROW.replace("\tno\talnum", "\tperhaps\talnum")),
        (HEADER, ROW.replace("TH", "THA")),
        (HEADER, ROW.replace("required", "maybe")),
        (HEADER, ROW.replace("2026-11-20", "last week")),
        (HEADER, ROW, ROW),
    ],
)
def test_a_wrong_table_does_not_start(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(HalfConfiguredError, match="MUSTER_SMS_COUNTRIES"):
        read_countries(written(tmp_path, *lines))


def test_a_missing_table_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(HalfConfiguredError, match="MUSTER_SMS_COUNTRIES"):
        read_countries(tmp_path / "none.tsv")


def people(count: int) -> list[str]:
    return [f"+8491{number:07d}" for number in range(count)]


def test_one_person_always_sees_the_same_number_and_numbers_share_evenly() -> None:
    home = SHIPPED.get("US")
    first = {to: choose_sender(NUMBERS, to, home).value for to in people(900)}
    again = {to: choose_sender(tuple(reversed(NUMBERS)), to, home).value for to in people(900)}
    assert first == again
    assert all(240 <= list(first.values()).count(number) <= 360 for number in NUMBERS)


def test_taking_a_number_away_moves_only_its_own_people() -> None:
    home = SHIPPED.get("US")
    for to in people(300):
        before = choose_sender(NUMBERS, to, home).value
        after = choose_sender(NUMBERS[:2], to, home).value
        assert after == before or before == NUMBERS[2]


def test_a_name_writes_where_the_country_asks_for_one_and_cannot_be_answered() -> None:
    senders = (*NUMBERS, "UtopiaMFA")
    thai = choose_sender(senders, "+66812345678", SHIPPED.get("TH"))
    assert (thai.parameter, thai.value, thai.two_way) == ("from_", "UtopiaMFA", False)
    german = choose_sender(senders, "+4915112345678", SHIPPED.get("DE"))
    assert german.value in NUMBERS
    assert german.two_way
    only_a_name = choose_sender(("UtopiaMFA",), "+4915112345678", SHIPPED.get("DE"))
    assert (only_a_name.value, only_a_name.two_way) == ("UtopiaMFA", False)


def test_an_answer_comes_from_what_they_wrote_to() -> None:
    senders = (*NUMBERS, "UtopiaMFA")
    thailand = SHIPPED.get("TH")
    assert choose_sender(senders, "+66812345678", thailand, answers=True).value in NUMBERS
    assert choose_sender(("UtopiaMFA",), "+66812345678", thailand, answers=True).value == "UtopiaMFA"


def test_a_messaging_service_picks_itself() -> None:
    service = "MG" + "0" * 32
    choice = choose_sender((service,), "+4915112345678", SHIPPED.get("DE"))
    assert (choice.parameter, choice.value, choice.two_way) == ("messaging_service_sid", service, True)
