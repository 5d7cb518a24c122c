import pytest

from places.phrasing import Reading, readings, wider


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


def test_wider_parts_follow_the_first_comma() -> None:
    assert wider("Xóm Nhỏ, Đà Nẵng, Việt Nam") == ["Đà Nẵng", "Việt Nam"]
    assert wider("Đà Nẵng") == []
