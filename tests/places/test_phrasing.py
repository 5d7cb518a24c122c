import pytest

from places.phrasing import Reading, readings, splits


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Thành phố Đà Nẵng", Reading("Đà Nẵng")),
        ("tỉnh Quảng Ninh", Reading("Quảng Ninh")),
        ("kota Bandung", Reading("Bandung")),
        ("จังหวัดเชียงใหม่", Reading("เชียงใหม่")),
        ("Osaka city", Reading("Osaka")),
        ("大阪市", Reading("大阪")),
        ("Paris, Texas", Reading("Paris", "Texas")),
        ("Lima Peru", Reading("Lima", "Peru")),
        ("Auckland New Zealand", Reading("Auckland", "New Zealand")),
        ("quận 1, thành phố Huế, Việt Nam", Reading("quận 1", "Việt Nam")),
        ("Berlin - Germany", Reading("Berlin", "Germany")),
        ("ปทุมวัน、กรุงเทพ", Reading("ปทุมวัน", "กรุงเทพ")),
    ],
)
def test_a_place_is_read_as_people_write_it(text: str, reading: Reading) -> None:
    found = readings(text)
    assert reading in found
    assert len(found) == len(set(found))
    assert all(way.name for way in found)


def test_the_whole_text_comes_first() -> None:
    assert readings("New York City")[0] == Reading("New York City")
    assert readings("") == []
    assert readings(" , ") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Xóm Nhỏ, Đà Nẵng, Việt Nam", [("Xóm Nhỏ", "Đà Nẵng"), ("Xóm Nhỏ", "Việt Nam")]),
        ("NUS Singapore", [("NUS", "Singapore")]),
        (
            "thai town los angeles",
            [("thai", "town los angeles"), ("thai town", "los angeles"), ("thai town los", "angeles")],
        ),
        ("Đà", []),
        ("please tell me where I should go now", []),
        ("", []),
    ],
)
def test_a_few_words_are_split_into_what_is_asked_and_where(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert splits(text) == expected
