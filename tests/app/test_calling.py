"""The number in a warning is answered where its people are."""

from app.calling import choose


def test_in_one_country_people_call_its_mission() -> None:
    phones = {"TH": "+66 2 555 0100", "VN": "+84 24 555 0100"}
    assert choose({"TH": 4}, phones, "+1 202 555 0100") == phones["TH"]
    assert choose({"LA": 4}, phones, "+1 202 555 0100") == "+1 202 555 0100"
    assert choose({"LA": 4}, phones, "") == ""


def test_in_several_countries_people_call_the_ministry() -> None:
    phones = {"TH": "+66 2 555 0100", "VN": "+84 24 555 0100"}
    both = {"LA": 9, "VN": 5, "TH": 4}
    assert choose(both, phones, "+1 202 555 0100") == "+1 202 555 0100"
    assert choose(both, phones, "") == phones["VN"]
    assert choose({}, phones, "") == ""
