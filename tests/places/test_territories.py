import re

from places.gazetteer import Gazetteer
from places.territories import left_out, territories


def test_who_names_a_country_has_not_named_its_territories() -> None:
    assert {"GP", "MQ", "GF", "RE", "YT"} <= set(left_out(["FR"])["FR"])
    assert left_out(["FR", "RE"])["FR"] == tuple(code for code in territories()["FR"] if code != "RE")
    assert left_out(["IS", "VN"]) == {}
    assert left_out(["CN", "HK", "MO"]) == {}


def test_each_is_a_country_of_the_gazetteer_and_belongs_to_one_other(world: Gazetteer) -> None:
    known = set(world.countries())
    listed = [code for codes in territories().values() for code in codes]
    assert len(listed) == len(set(listed))
    assert all(re.fullmatch("[A-Z]{2}", code) for code in (*territories(), *listed))
    assert set(territories()) <= known
    assert set(listed) <= known
    assert not set(listed) & set(territories())
