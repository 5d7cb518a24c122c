"""Writing over the form: what is typed stays, what is wrong is named, hidden fields cannot be bent."""

from alerts.revisions import latest
from alerts.store import AlertRow, RevisionRow, read_alert
from staff.officers import Role
from tests.alerts.office import everywhere
from tests.console.duty import Browser, Duty, drafted, submitted, typed
from tests.registry.newcomers import join, telegram

BOTH = everywhere(Role.AUTHOR, Role.APPROVER)


async def stored(duty: Duty, alert_id: int) -> tuple[AlertRow, RevisionRow]:
    async with duty.database.read() as connection:
        return await read_alert(connection, alert_id), await latest(connection, alert_id)


async def writer(duty: Duty) -> Browser:
    return await duty.browser(await duty.officer("anna", *BOTH))


async def test_an_empty_form_opens_as_a_real_alert_and_says_so(duty: Duty) -> None:
    anna = await writer(duty)
    await anna.get("/alerts/new")
    assert 'value="Actual" checked' in anna.page
    assert '<div class="band live">' in anna.page
    await anna.get("/alerts/new?status=Exercise")
    assert 'value="Exercise" checked' in anna.page
    assert '<div class="band drill">' in anna.page
    await anna.get("/alerts/new?status=<script>")
    assert "<script>alert" not in anna.page


async def test_another_language_is_added_without_saving_or_losing_anything(duty: Duty) -> None:
    anna = await writer(duty)
    form = typed(do="add", new_language="th") | {"text.en.headline": 'A "quoted" <gale>'}
    answer = await anna.post("/alerts/new", form)
    assert answer.status == 200
    assert 'name="text.th.headline"' in anna.page
    assert "A &#34;quoted&#34; &lt;gale&gt;" in anna.page
    assert "Gió mạnh" in anna.page
    assert await duty.acts("alert.draft") == 0
    await anna.post("/alerts/new", typed(do="drop:vi"))
    assert 'name="text.vi.headline"' not in anna.page
    await anna.post("/alerts/new", typed(do="add", other_language="not a tag"))
    assert anna.codes() == {"language"}


async def test_enter_in_a_field_does_not_save(duty: Duty) -> None:
    anna = await writer(duty)
    await anna.get("/alerts/new")
    first = anna.page.split('id="compose"')[1].split("<button")[1]
    assert 'value="look"' in first.split(">")[0]
    await anna.post("/alerts/new", typed(do="look"))
    assert await duty.acts("alert.draft") == 0
    assert "SERIOUS DANGER" in anna.page or "Southeast gale" in anna.page


async def test_everything_that_cannot_be_read_is_named_in_the_words_of_the_form(duty: Duty) -> None:
    anna = await writer(duty)
    answer = await anna.post(
        "/alerts/new",
        typed(
            event_name="",
            circles="64.13, -21.9",
            polygons="1,1 2,2",
            countries="IS, Atlantis",
            time_zone="Mars/Olympus",
            expires_at="tomorrow",
            severity="Terrible",
        ),
    )
    assert answer.status == 422
    for words in (
        "Circle 1: write latitude, longitude, kilometres.",
        "Polygon 1: write at least three corners",
        "Countries: one of them is not a country we know.",
        "Time zone: not a name such as Asia/Bangkok.",
        "Hazard in a few words: is missing.",
        "Severity: is not one of the choices.",
    ):
        assert words in anna.page
    assert "Atlantis" in anna.page, "what was typed stays in its field"
    assert await duty.acts("alert.draft") == 0


async def test_times_are_those_of_the_place(duty: Duty) -> None:
    anna = await writer(duty)
    alert_id = await drafted(anna, time_zone="Asia/Bangkok", expires_at="2026-11-23T01:30")
    _, revision = await stored(duty, alert_id)
    assert revision.expires_at.isoformat() == "2026-11-22T18:30:00+00:00"
    await anna.get(f"/alerts/{alert_id}/edit")
    assert 'name="expires_at" value="2026-11-23T01:30"' in anna.page


async def test_a_change_makes_a_new_revision_and_an_older_page_cannot_overwrite_it(duty: Duty) -> None:
    anna = await writer(duty)
    bjorn = await duty.browser(await duty.officer("bjorn", *BOTH))
    alert_id = await drafted(anna)
    await bjorn.get(f"/alerts/{alert_id}/edit")
    assert (await anna.post(f"/alerts/{alert_id}/edit", typed(seen="1", area_name="Reykjanes"))).status == 303
    late = await bjorn.post(f"/alerts/{alert_id}/edit", typed(seen=bjorn.hidden("seen"), area_name="Old"))
    assert (late.status, bjorn.codes()) == (422, {"changed_meanwhile"})
    _, revision = await stored(duty, alert_id)
    assert (revision.number, revision.area_name) == (2, "Reykjanes")


async def test_hidden_fields_cannot_turn_a_drill_into_a_real_alert(duty: Duty) -> None:
    anna = await writer(duty)
    alert_id = await drafted(anna, status="Exercise")
    answer = await anna.post(
        f"/alerts/{alert_id}/edit",
        typed(seen="1", status="Actual", audience="Registered", corrects="1", event_id="999"),
    )
    assert answer.status == 303
    alert, revision = await stored(duty, alert_id)
    assert (alert.status, alert.audience, alert.corrects) == ("Exercise", "Public", None)
    assert revision.drill


async def test_approving_what_was_changed_meanwhile_is_refused(duty: Duty) -> None:
    anna = await writer(duty)
    bjorn = await duty.browser(await duty.officer("bjorn", *BOTH))
    alert_id = await submitted(anna)
    await bjorn.get(f"/alerts/{alert_id}")
    seen = bjorn.hidden("seen")
    await anna.post(f"/alerts/{alert_id}/edit", typed(seen="1", area_name="Somewhere else"))
    await anna.post(f"/alerts/{alert_id}/submit", {"seen": "2"})
    answer = await bjorn.post(f"/alerts/{alert_id}/approve", {"seen": seen, "word": "LIVE"})
    assert (answer.status, bjorn.codes() >= {"changed_meanwhile"}) == (409, True)
    for bent in ("", "0", "x", "-1", "99999999999"):
        answer = await bjorn.post(f"/alerts/{alert_id}/approve", {"seen": bent, "word": "LIVE"})
        assert answer.status == 400
    assert (await stored(duty, alert_id))[0].state == "submitted"
    assert (await bjorn.post(f"/alerts/{alert_id}/approve", {"seen": "2", "word": "LIVE"})).status == 303


async def test_submitting_what_was_changed_meanwhile_is_refused(duty: Duty) -> None:
    anna = await writer(duty)
    alert_id = await drafted(anna)
    await anna.post(f"/alerts/{alert_id}/edit", typed(seen="1", area_name="Elsewhere"))
    answer = await anna.post(f"/alerts/{alert_id}/submit", {"seen": "1"})
    assert (answer.status, anna.codes() >= {"changed_meanwhile"}) == (409, True)


async def test_an_approved_alert_is_not_edited(duty: Duty) -> None:
    anna = await writer(duty)
    bjorn = await duty.browser(await duty.officer("bjorn", *BOTH))
    alert_id = await submitted(anna)
    assert (await bjorn.post(f"/alerts/{alert_id}/approve", {"seen": "1", "word": "LIVE"})).status == 303
    assert (await anna.get(f"/alerts/{alert_id}/edit")).status == 303
    answer = await anna.post(f"/alerts/{alert_id}/edit", typed(seen="1", area_name="Changed"))
    assert (answer.status, anna.codes()) == (422, {"state"})
    assert (await stored(duty, alert_id))[1].area_name == "Reykjavik"


async def test_a_severe_alert_without_a_way_back_says_what_is_missing(duty: Duty) -> None:
    anna = await writer(duty)
    bare = {name: "" for name in typed() if name.endswith((".correction", ".all_clear"))}
    alert_id = await drafted(anna, **bare)
    await anna.get(f"/alerts/{alert_id}")
    assert anna.codes() >= {"no_correction", "no_all_clear"}
    assert "Submit for approval" not in anna.page
    answer = await anna.post(f"/alerts/{alert_id}/submit", {"seen": "1"})
    assert answer.status == 409


async def test_the_preview_alone_is_answered_for_a_page_that_refreshes_it(duty: Duty) -> None:
    anna = await writer(duty)
    answer = await anna.post("/alerts/preview", typed(status="Exercise"))
    assert answer.status == 200
    assert "<html" not in anna.page
    assert "EXERCISE" in anna.page
    await anna.post("/alerts/preview", typed(time_zone="nowhere"))
    assert "Not complete yet" in anna.page


async def test_swapped_coordinates_are_named_in_the_preview_and_not_saved(duty: Duty) -> None:
    anna = await writer(duty)
    turned = typed(countries="IS", circles="-21.9, 64.13, 30")
    await anna.post("/alerts/preview", turned)
    assert "Latitude and longitude look swapped" in anna.page
    answer = await anna.post("/alerts/new", turned)
    assert answer.status == 422
    assert anna.codes() == {"swapped"}
    assert await duty.acts("alert.draft") == 0
    await anna.post("/alerts/preview", typed(countries="IS"))
    assert "look swapped" not in anna.page


async def test_time_and_cost_are_shown_before_anybody_approves(duty: Duty) -> None:
    chief = await duty.browser(await duty.officer("chief", *everywhere(*Role)))
    alert_id = await drafted(chief)
    async with duty.database.durable() as connection:
        for number in range(3):
            await join(connection, duty.vault, telegram(str(number)), now=duty.clock.at)
    await chief.get(f"/alerts/{alert_id}")
    page = " ".join(chief.page.split())
    assert '<tr data-channel="telegram"><th scope="row">Telegram</th> <td>3 people</td>' in page
    assert "about a second</td><td>free</td>" in page
    assert "Worst case" in page
