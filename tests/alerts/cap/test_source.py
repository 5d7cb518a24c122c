"""A file as the source of a draft: what speaks against a real alert is named completely."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.cap.model import CapAlert
from alerts.cap.read import read
from alerts.cap.source import Imported, draft_from, objections
from alerts.errors import AlertRefusedError, CapRefusedError
from alerts.terms import Severity, Status
from tests.alerts.cap.test_read import alert, info
from tests.alerts.office import Office, touch

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


def codes(one: CapAlert, *, expires_at: datetime | None = None, own_area: bool = False) -> list[str]:
    return [reason.code for reason in objections(one, now=NOW, expires_at=expires_at, own_area=own_area)]


def make(one: CapAlert, status: Status = Status.ACTUAL, expires_at: datetime | None = TOMORROW) -> Imported:
    return draft_from(one, status=status, now=NOW, time_zone="UTC", expires_at=expires_at)


@pytest.fixture
def iceland(shared_data: Path) -> CapAlert:
    return read((shared_data / "cap/alerts/kelv__iceland_met_office.cap").read_bytes())[0]


@pytest.fixture
def myanmar(shared_data: Path) -> CapAlert:
    return read((shared_data / "cap/alerts/sahana__Myanmar-Flood-MultiLanguage.xml").read_bytes())[0]


def test_iceland_lacks_only_a_new_expiry(iceland: CapAlert) -> None:
    assert codes(iceland) == ["source_expiry"]
    with pytest.raises(AlertRefusedError) as refused:
        make(iceland, expires_at=None)
    assert "2021-09-13 10:00 UTC" in refused.value.reasons[0].text
    assert codes(iceland, expires_at=TOMORROW) == []
    draft = make(iceland).draft
    assert (draft.status, draft.severity, draft.expires_at) == ("Actual", Severity.MODERATE, TOMORROW)
    assert draft.texts["is-IS"].headline == "Hvöss suðaustanátt"
    assert draft.texts["en-US"].headline == "Southeast gales"
    assert draft.area_name == "Reykjavik - Capital Region"
    assert draft.shape is not None
    assert draft.shape.touches_countries(touch) == {"IS"}
    assert len(draft.area["polygons"]) == 1  # the same outline in both languages, once
    assert draft.onset is None


def test_myanmar_is_refused_with_every_reason_and_fine_as_a_drill(myanmar: CapAlert) -> None:
    assert codes(myanmar) == ["source_status", "source_scope", "source_expiry"]
    with pytest.raises(AlertRefusedError) as refused:
        make(myanmar, expires_at=None)
    told = " ".join(reason.text for reason in refused.value.reasons)
    assert all(word in told for word in ("Test", "Restricted", "2015-09-12 02:22 UTC"))
    with pytest.raises(AlertRefusedError) as refused:
        make(myanmar)  # a new expiry cures only that
    assert refused.value.codes == {"source_status", "source_scope"}
    imported = make(myanmar, Status.EXERCISE, None)
    assert set(imported.draft.texts) == {"en-US", "my"}
    assert imported.draft.expires_at > NOW
    assert any("set anew" in note for note in imported.notes)


async def test_the_desk_takes_the_one_and_refuses_the_other(
    quick_office: Office, iceland: CapAlert, myanmar: CapAlert
) -> None:
    office = quick_office
    office.clock.at = NOW
    real = await office.desk.draft(office.anna, make(iceland).draft)
    await office.desk.submit(office.anna, real)
    await office.desk.approve(office.bjorn, real, {"vi": 3})
    drill = make(myanmar, Status.TEST).draft
    with pytest.raises(AlertRefusedError) as refused:  # whatever a client sends
        await office.desk.draft(office.anna, drill.model_copy(update={"status": Status.ACTUAL}))
    assert refused.value.codes == {"source_status", "source_scope"}
    exercise = await office.desk.draft(office.anna, drill)
    await office.desk.submit(office.anna, exercise)
    await office.desk.approve(office.bjorn, exercise, {"vi": 3})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((b"Actual", b"System"), ["source_status"]),
        ((b"<scope>Public</scope>", b""), ["source_scope"]),
        ((b">Alert<", b">Cancel<"), ["source_type"]),
        ((b">Alert<", b">Update<"), []),
        ((b"2031-05-05", b"2031-05-03"), ["source_expiry"]),
        ((b"<expires>2031-05-05T12:00:00-00:00</expires>", b""), ["source_expiry"]),
        ((b"<areaDesc>Here</areaDesc>", b"<areaDesc>H</areaDesc><polygon>x</polygon>"), ["source_area"]),
        ((b"Here", b"There"), []),
    ],
)
def test_each_reason_alone(changes: tuple[bytes, bytes], expected: list[str]) -> None:
    one = read(alert(info()).replace(*changes))[0]
    assert codes(one) == expected


def test_a_file_without_a_text_is_no_source_at_all() -> None:
    one = read(alert())[0]
    assert codes(one) == ["source_empty", "source_expiry"]
    with pytest.raises(AlertRefusedError) as refused:
        make(one, Status.EXERCISE)
    assert refused.value.codes == {"source_empty"}


def test_an_expiry_ahead_is_kept_and_everything_else_of_the_sender_is_not() -> None:
    draft = draft_from(read(alert(info()))[0], status=Status.ACTUAL, now=NOW, time_zone="UTC").draft
    assert draft.expires_at == datetime(2031, 5, 5, 12, tzinfo=UTC)
    assert draft.corrects is None
    assert draft.source is not None
    assert draft.source.identifier == "a-1"


def test_own_area_cures_an_area_that_could_not_be_read() -> None:
    one = read(alert(info(area="<areaDesc>H</areaDesc><polygon>x</polygon>")))[0]
    assert codes(one, expires_at=TOMORROW) == ["source_area"]
    assert codes(one, expires_at=TOMORROW, own_area=True) == []
    area = {"countries": ["IS"]}
    made = draft_from(one, status=Status.ACTUAL, now=NOW, time_zone="UTC", expires_at=TOMORROW, area=area)
    assert made.draft.area["countries"] == ["IS"]
    assert made.draft.source is not None
    assert made.draft.source.complete


def test_a_second_text_of_one_language_brings_neither_words_nor_area() -> None:
    first = info(area="<areaDesc>A</areaDesc><circle>1,2 3</circle>")
    second = info(area="<areaDesc>B</areaDesc><circle>4,5 6</circle>").replace("Severe", "Extreme")
    made = make(read(alert(first + second))[0])
    assert [circle["lat"] for circle in made.draft.area["circles"]] == [1.0]
    assert made.draft.severity == "Severe"
    assert any("info 2 was left out" in note for note in made.notes)


def coded(*pairs: tuple[str, str]) -> str:
    codes = (f"<geocode><valueName>{n}</valueName><value>{v}</value></geocode>" for n, v in pairs)
    return f"<areaDesc>A</areaDesc>{''.join(codes)}"


def test_codes_of_countries_and_regions_are_the_area_where_nothing_is_drawn() -> None:
    names = ("ISO 3166-2", "vn-13"), ("ISO_3166-2", "TH-83 "), ("ISO3166-1-alpha-2", "is")
    made = make(read(alert(info(area=coded(*names))))[0])
    assert made.draft.area["regions"] == ["VN-13", "TH-83"]
    assert made.draft.area["countries"] == ["IS"]
    assert not any("area" in note for note in made.notes)
    for junk in (("FIPS6", "006"), ("ISO 3166-2", "Hanoi"), ("ISO 3166-1", "VNM")):
        made = make(read(alert(info(area=coded(junk))))[0])
        assert made.draft.area == {}
        assert any("draws no area (codes other than" in note for note in made.notes)


def test_codes_beside_a_shape_only_repeat_it() -> None:
    drawn = coded(("ISO 3166-2", "VN-13")).replace("<geocode>", "<circle>20.9,107 20</circle><geocode>")
    made = make(read(alert(info(area=drawn)))[0])
    assert "regions" not in made.draft.area
    assert len(made.draft.area["circles"]) == 1


def test_a_part_that_is_only_named_is_said() -> None:
    two = f"<areaDesc>A</areaDesc><circle>1,2 3</circle></area><area>{coded(('FIPS6', '006'))}"
    made = make(read(alert(info(area=two)))[0])
    assert any("a part of the area is only named" in note for note in made.notes)


def test_what_is_cut_is_said() -> None:
    long = info(f"<headline>{'h' * 300}</headline><description>{'d' * 7_000}</description>")
    made = make(read(alert(long))[0])
    assert len(made.draft.texts["en"].headline) == 250
    assert len(made.draft.texts["en"].description) == 6_000
    assert sum("was cut" in note for note in made.notes) == 2


def test_every_real_file_with_a_text_is_fine_as_a_drill(shared_data: Path) -> None:
    made = 0
    for path in sorted((shared_data / "cap").glob("*/*")):
        if path.parent.name == "malicious" or path.suffix == ".md":
            continue
        try:
            found = read(path.read_bytes())
        except CapRefusedError:
            continue
        for one in found[:3]:
            if one.infos:
                assert make(one, Status.EXERCISE, None).draft.drill
                made += 1
    assert made > 35
