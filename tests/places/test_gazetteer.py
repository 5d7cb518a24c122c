import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from places.errors import GazetteerError
from places.gazetteer import Candidate, Gazetteer
from places.ranking import Match
from places.schema import Kind

# What is typed, the asker's language, and the place meant: IS = country, US-HI = admin-1, TH/Bangkok = city.
TYPED = [
    ("Reykjavik", "en", "IS/Reykjavík"),
    ("Reykjavík", "vi", "IS/Reykjavík"),
    ("reykjavic", "en", "IS/Reykjavík"),
    ("REYKJAVIK ", "en", "IS/Reykjavík"),
    ("Rây-ki-a-vích", "vi", "IS/Reykjavík"),
    ("เรคยาวิก", "th", "IS/Reykjavík"),
    ("レイキャヴィーク", "ja", "IS/Reykjavík"),
    ("Bangkok", "en", "TH/Bangkok"),
    ("กรุงเทพ", "th", "TH/Bangkok"),
    ("กรุงเทพฯ", "th", "TH/Bangkok"),
    ("กทม.", "th", "TH/Bangkok"),
    ("Băng Cốc", "vi", "TH/Bangkok"),
    ("bang coc", "vi", "TH/Bangkok"),
    ("krung thep", "en", "TH/Bangkok"),
    ("Sài Gòn", "vi", "VN/Ho Chi Minh City"),
    ("sai gon", "vi", "VN/Ho Chi Minh City"),
    ("HCMC", "en", "VN/Ho Chi Minh City"),
    ("tp hcm", "vi", "VN/Ho Chi Minh City"),
    ("TP. Hồ Chí Minh", "vi", "VN/Ho Chi Minh City"),
    ("Thành phố Hồ Chí Minh", "vi", "VN/Ho Chi Minh City"),
    ("Tokyo", "en", "JP/Tokyo"),
    ("Tô-ky-ô", "vi", "JP/Tokyo"),
    ("tokio", "id", "JP/Tokyo"),
    ("โตเกียว", "th", "JP/Tokyo"),
    ("東京", "ja", "JP/Tokyo|JP-13"),
    ("東京都", "ja", "JP/Tokyo"),
    ("nhat ban", "vi", "JP"),
    ("Nhật Bản", "vi", "JP"),
    ("nước Nhật", "vi", "JP"),
    ("iceland", "en", "IS"),
    ("Băng Đảo", "vi", "IS"),
    ("ไอซ์แลนด์", "th", "IS"),
    ("Islandia", "id", "IS"),
    ("bali", "id", "ID-BA"),
    ("Pulau Bali", "id", "ID-BA"),
    ("hawaii", "en", "US-HI"),
    ("quang ninh", "vi", "VN-13"),
    ("Quảng Ninh", "vi", "VN-13"),
    ("tỉnh Quảng Ninh", "vi", "VN-13"),
    ("uae", "en", "AE"),
    ("holland", "en", "NL"),
    ("burma", "en", "MM"),
    ("พม่า", "th", "MM"),
    ("NYC", "en", "US/New York City"),
    ("New York", "en", "US/New York City"),
    ("UK", "en", "GB"),
    ("USA", "en", "US"),
    ("Mỹ", "vi", "US"),
    ("Anh", "vi", "GB"),
    ("อังกฤษ", "th", "GB"),
    ("Đức", "vi", "DE"),
    ("south korea", "en", "KR"),
    ("เกาหลี", "th", "KR"),
    ("Korsel", "id", "KR"),
    ("viet nam", "en", "VN"),
    ("Singapore", "en", "SG"),
    ("Georgia", "en", "GE"),
    ("Mexico", "en", "MX"),
    ("Đài Bắc", "vi", "TW/Taipei"),
    ("ไทเป", "th", "TW/Taipei"),
    ("Luân Đôn", "vi", "GB/London"),
    ("Mát-xcơ-va", "vi", "RU/Moscow"),
    ("Москва", "ru", "RU/Moscow"),
    ("서울", "ko", "KR/Seoul"),
    ("北京", "zh", "CN/Beijing|CN-BJ"),
    ("القاهرة", "ar", "EG/Cairo"),
    ("ភ្នំពេញ", "km", "KH/Phnom Penh"),
    ("ရန်ကုန်", "my", "MM/Yangon"),
    ("ວຽງຈັນ", "lo", "LA/Vientiane|LA-VT"),
    ("เชียงใหม่", "th", "TH/Chiang Mai|TH-50"),
    ("จังหวัดเชียงใหม่", "th", "TH/Chiang Mai|TH-50"),
    ("Đà Nẵng", "vi", "VN/Da Nang"),
    ("da nang", "vi", "VN/Da Nang"),
    ("Hoan Kiem, Hanoi", "vi", "VN/Hoàn Kiếm"),
    ("kota bandung", "id", "ID/Bandung"),
    ("Jogja", "id", "ID/Yogyakarta"),
    ("Paris", "en", "FR/Paris"),
    ("Paris, Texas", "en", "US/Paris"),
    ("Lima Peru", "en", "PE/Lima"),
    ("Trujillo, Venezuela", "es", "VE/Trujillo|VE-T"),
    ("Trujillo", "es", "PE/Trujillo"),
    ("Trujilloo", "es", "PE/Trujillo"),
    ("Hiroshma", "en", "JP/Hiroshima"),
    ("Kuala Lumpr", "id", "MY/Kuala Lumpur"),
    ("Fukuokaa", "en", "JP/Fukuoka"),
    ("Okinawa", "en", "JP-47"),
    ("Jeju", "ko", "KR-49"),
    ("เซี่ยงไฮ", "th", "CN/Shanghai"),
]


def meant(candidate: Candidate, world: Gazetteer) -> set[str]:
    if candidate.kind is Kind.CITY:
        return {f"{candidate.country}/{world.name(candidate.id)}"}
    return {candidate.admin1 or candidate.country}


@pytest.mark.parametrize(("text", "language", "place"), TYPED)
def test_what_people_type_is_found_first(world: Gazetteer, text: str, language: str, place: str) -> None:
    found = world.find(text, language)
    assert found, text
    assert meant(found[0], world) & set(place.split("|")), [
        (c.name, c.kind, c.country, c.score) for c in found
    ]


@pytest.mark.parametrize(
    ("text", "language", "name", "land"),
    [
        ("Reykjavik", "th", "เรคยาวิก", "ไอซ์แลนด์"),
        ("bangkok", "th", "กรุงเทพ", "ไทย"),
        ("bangkok", "vi", "Bangkok", "Thái Lan"),
        ("Tokyo", "ja", "東京", "日本"),
        ("Osaka", "ja", "大阪", "日本"),
        ("HCMC", "vi", "Hồ Chí Minh", "Việt Nam"),
        ("Hanoi", "vi", "Hà Nội", "Việt Nam"),
        ("Seoul", "ko", "서울", "대한민국"),
        ("Taipei", "zh-Hant", "台北", "台灣"),
        ("Hawaii", "en", "Hawaii", "United States"),
        ("Georgia, USA", "en", "Georgia", "United States"),
        ("burma", "en", "Myanmar", "Myanmar"),
        ("Hong Kong", "en", "Hong Kong", "Hong Kong"),
    ],
)
def test_answers_are_named_in_the_askers_language(
    world: Gazetteer, text: str, language: str, name: str, land: str
) -> None:
    first = world.find(text, language)[0]
    assert name in first.name
    assert first.land == land


def test_a_candidate_says_where_it_is_and_how_it_was_found(world: Gazetteer) -> None:
    (exact, *_), (folded, *_), (fuzzy, *_) = (
        world.find(text, "en") for text in ("Lima", "LĪMÄ", "Trujilloo")
    )
    assert (exact.match, folded.match, fuzzy.match) == (Match.EXACT, Match.FOLDED, Match.FUZZY)
    assert exact.country == "PE"
    assert exact.admin1.startswith("PE-")
    assert exact.timezone == "America/Lima"
    assert abs(exact.lat + 12.04) < 0.1
    assert abs(exact.lon + 77.03) < 0.1
    assert exact.population > 5_000_000
    assert 30 <= exact.radius_km <= 60
    assert exact.region
    assert exact.score > folded.score > fuzzy.score


def test_at_most_as_many_candidates_as_asked_for_each_once(world: Gazetteer) -> None:
    for limit in (1, 2, 3, 8):
        found = world.find("San Juan", "es", limit=limit)
        assert len(found) == limit
        assert len({candidate.id for candidate in found}) == limit
        assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)


def test_an_unknown_village_offers_the_wider_place_but_only_as_a_guess(world: Gazetteer) -> None:
    found = world.find("Xóm Nhỏ Xyzzq, Đà Nẵng", "vi")
    assert {candidate.country for candidate in found} == {"VN"}
    assert all(candidate.match is Match.FUZZY for candidate in found)


@pytest.mark.parametrize("text", ["", " ", "😀", "???", "xzqwvvk", "1", "\x00", "a" * 5000])
def test_no_name_no_candidates(world: Gazetteer, text: str) -> None:
    assert world.find(text, "en") == ()


@given(text=st.text(max_size=40))
@settings(deadline=None, max_examples=60)
def test_any_text_is_answered(world: Gazetteer, text: str) -> None:
    for candidate in world.find(text, "vi"):
        assert 0.0 < candidate.score <= 1.0
        assert -90 <= candidate.lat <= 90
        assert candidate.name


def test_every_country_is_found_by_its_name_in_four_languages(world: Gazetteer) -> None:
    wrong = [
        (code, language, world.name_of(code, language))
        for code in world.countries()
        for language in ("en", "vi", "th", "id")
        if world.find(world.name_of(code, language), language)[0].country != code
    ]
    assert wrong == []


def test_it_answers_within_milliseconds(world: Gazetteer) -> None:
    texts = [text for text, _, _ in TYPED]
    for text in texts:
        world.find(text, "en")
    spent = []
    for text in texts * 3:
        start = time.thread_time()
        world.find(text, "en")
        spent.append(time.thread_time() - start)
    assert sorted(spent)[int(len(spent) * 0.95)] < 0.005


def test_threads_may_ask_at_the_same_time(world: Gazetteer) -> None:
    wrong: list[str] = []

    def ask(text: str, country: str) -> None:
        wrong.extend(text for _ in range(50) if world.find(text, "vi")[0].country != country)

    asks = [("Lima", "PE"), ("reykjavic", "IS"), ("nhat ban", "JP"), ("Trujilloo", "PE")]
    threads = [threading.Thread(target=ask, args=pair) for pair in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_names_fall_back_to_what_is_known(world: Gazetteer) -> None:
    assert world.name_of("JP", "xx") == "Japan"
    assert world.name_of("JP", "vi-VN") == "Nhật Bản"
    assert world.name_of("JP") == "Japan"
    assert world.name_of("QQ", "en") == ""
    assert world.name(0) == ""
    assert len(world.countries()) > 240


def test_a_missing_foreign_or_damaged_file_is_refused(tmp_path: Path, gazetteer: Path) -> None:
    with pytest.raises(GazetteerError, match="missing"):
        Gazetteer.open(tmp_path / "none.sqlite")
    foreign = tmp_path / "foreign.sqlite"
    foreign.write_bytes(b"this is no database" * 100)
    with pytest.raises(GazetteerError, match="damaged"):
        Gazetteer.open(foreign)
    cut = tmp_path / "cut.sqlite"
    with gazetteer.open("rb") as file:
        cut.write_bytes(file.read(200_000))
    with pytest.raises(GazetteerError):
        Gazetteer.open(cut)
