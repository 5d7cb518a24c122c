"""WhatsApp's requests as bytes: inside the window, outside it, and when its templates are in no order."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ClosedError, GoneError, RejectedError, RetryAfterError, TemplateError, TransientError
from bot.gateways.twilio.client import TwilioClient
from bot.gateways.twilio.settings import TwilioSettings
from bot.gateways.twilio.whatsapp_book import TemplateBook, read_all, remove, write
from bot.gateways.twilio.whatsapp_gateway import Tier, WhatsAppGateway
from bot.gateways.twilio.whatsapp_rendering import TEXT_UNITS, plain, render
from bot.gateways.twilio.whatsapp_templates import (
    BUTTON_SLOTS,
    SLOTS,
    Category,
    Purpose,
    Template,
    TemplateState,
    choose,
    purposes,
)
from bot.messages import Address, Ask, Button, Channel, Frame, Outbound
from bot.window import MARGIN, SESSION, is_open
from bot.words import utf16_units
from storage.database import Database, open_database
from tests.bot.gateway_contract import LOST_DATABASE, send_all
from tests.bot.gateways.twilio.conftest import ANN, PUBLIC_URL, WHATSAPP_NUMBER
from tests.bot.gateways.twilio.small_twilio import SmallTwilio, answer, refusal
from tests.bot.test_slots import FLOOD
from tests.bot.wiring import MovableClock

NOW = datetime.now(UTC)
SAFE, HELP = Button("I am safe", "safe:AB12CD"), Button("I need help", "help:AB12CD")
WARNING = Outbound("EXTREME DANGER: Flood\nLeave now.", "en", (SAFE, HELP), frame=Frame.ALERT, notice=FLOOD)
DRILL = replace(WARNING, frame=Frame.DRILL, notice=replace(FLOOD, mark="DRILL"))
ALL_CLEAR = replace(WARNING, buttons=(), notice=replace(FLOOD, mark="ALL CLEAR", asks=False))
STALE = Address(Channel.WHATSAPP, "main", ANN, NOW - timedelta(days=2))


def template(purpose: Purpose = Purpose.KNOCK, language: str = "en", **changes: object) -> Template:
    number = f"{abs(hash((purpose.value, language))):032x}"[-32:]
    made = Template(
        account="main",
        purpose=purpose,
        language=language,
        name=f"{purpose}_{language}",
        sid=f"HX{number}",
        category=Category.UTILITY,
        state=TemplateState.APPROVED,
        slots=SLOTS[purpose],
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # any field


@dataclass
class Desk:
    """A gateway, the Twilio it speaks to, and the register it reads."""

    gateway: WhatsAppGateway
    twilio: SmallTwilio
    database: Database
    clock: MovableClock

    @property
    def recently(self) -> Address:
        return replace(STALE, heard_at=self.clock.now() - timedelta(hours=3))

    async def register(self, *templates: Template) -> None:
        async with self.database.durable() as connection:
            for one in templates:
                await write(connection, one, self.clock.now())
        self.clock.ahead += 60  # what the gateway knew is old now

    async def say(
        self, outbound: Outbound, to: Address = STALE, delivery: int | None = None
    ) -> list[dict[str, str]]:
        """What reaches Twilio, one form for each request."""
        before = len(self.twilio.sent)
        await send_all(self.gateway, to, self.gateway.prepare(outbound), delivery=delivery)
        return [
            {name: values[0] for name, values in request.form.items()}
            for request in self.twilio.sent[before:]
        ]


@pytest.fixture
async def desk(
    sqlite: Database, twilio: SmallTwilio, account: Callable[..., TwilioSettings]
) -> AsyncIterator[Desk]:
    clock = MovableClock()
    client = TwilioClient(account(sms_from="", whatsapp_from=WHATSAPP_NUMBER))
    book = TemplateBook("main", sqlite, clock)
    yield Desk(WhatsAppGateway(client, book, clock, Tier(2_000, "2026-11-22")), twilio, sqlite, clock)
    await client.close()


async def test_inside_the_window_the_whole_text_is_said_with_numbered_choices(desk: Desk) -> None:
    (form,) = await desk.say(WARNING, desk.recently, delivery=4711)
    assert form == {
        "To": f"whatsapp:{ANN}",
        "From": f"whatsapp:{WHATSAPP_NUMBER}",
        "Body": "*EXTREME DANGER: Flood*\nLeave now.\n\n1. I am safe\n2. I need help",
        "StatusCallback": f"{PUBLIC_URL}/hooks/twilio/status/4711",
    }
    request = desk.twilio.sent[-1]
    assert request.target.endswith("/Messages.json")
    assert b"Content-Type: application/x-www-form-urlencoded" in request.head


async def test_outside_the_window_a_warning_knocks(desk: Desk) -> None:
    await desk.register(template())
    (form,) = await desk.say(WARNING, delivery=4711)
    variables = json.loads(form.pop("ContentVariables"))
    assert form == {
        "To": f"whatsapp:{ANN}",
        "From": f"whatsapp:{WHATSAPP_NUMBER}",
        "ContentSid": template().sid,
        "StatusCallback": f"{PUBLIC_URL}/hooks/twilio/status/4711",
    }
    assert variables == {
        "1": "Flood",
        "2": "Ministry of Foreign Affairs of Utopia",
        "3": "Lower Delta",
        "4": "3 March 2026, 18:00 (Bangkok)",
        "5": "AB12CD",
    }


async def test_whoever_never_wrote_is_outside(desk: Desk) -> None:
    await desk.register(template())
    (form,) = await desk.say(WARNING, replace(STALE, heard_at=None))
    assert "ContentSid" in form
    assert "Body" not in form


async def test_an_exercise_knocks_with_its_own_template_or_not_at_all(desk: Desk) -> None:
    await desk.register(template())
    with pytest.raises(TemplateError, match="template_none"):
        await desk.say(DRILL)
    await desk.register(template(Purpose.KNOCK_DRILL))
    (form,) = await desk.say(DRILL)
    assert form["ContentSid"] == template(Purpose.KNOCK_DRILL).sid
    assert json.loads(form["ContentVariables"])["1"] == "DRILL: Flood"


async def test_an_all_clear_asks_nothing_where_there_is_a_template_for_that(desk: Desk) -> None:
    await desk.register(template())
    (form,) = await desk.say(ALL_CLEAR)
    assert form["ContentSid"] == template().sid
    await desk.register(template(Purpose.KNOCK_INFO))
    (form,) = await desk.say(ALL_CLEAR)
    assert form["ContentSid"] == template(Purpose.KNOCK_INFO).sid


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ([], "template_none"),
        ([template(language="vi")], "template_none"),
        *(
            ([template(state=state)], f"template_{state}")
            for state in TemplateState
            if state is not TemplateState.APPROVED
        ),
        ([template(category=Category.MARKETING)], "template_marketing"),
        ([template(slots=("what", "colour"))], "template_slots"),
    ],
)
async def test_without_a_template_that_may_be_used_nothing_is_sent(
    desk: Desk, known: list[Template], code: str
) -> None:
    await desk.register(*known)
    with pytest.raises(TemplateError) as caught:
        await desk.say(WARNING)
    assert caught.value.code == code
    assert desk.twilio.sent == []


async def test_what_can_be_knocked_is_known_before(desk: Desk) -> None:
    await desk.register(
        template(), template(language="vi", state=TemplateState.PAUSED), template(Purpose.KNOCK_DRILL, "th")
    )
    told = {tag: await desk.gateway.knock_refusal(tag, drill=False) for tag in ("en", "en-GB", "vi", "th")}
    assert told == {"en": "", "en-GB": "", "vi": "template_paused", "th": "template_none"}
    assert await desk.gateway.knock_refusal("th", drill=True) == ""
    assert desk.gateway.tier == Tier(2_000, "2026-11-22")


async def test_a_slot_that_would_be_refused_is_not_sent(desk: Desk) -> None:
    await desk.register(template())
    for change in ({"hazard": ""}, {"place": "x" * 500}):
        with pytest.raises(TemplateError, match="slot_"):
            await desk.say(replace(WARNING, notice=replace(FLOOD, **change)))
    (form,) = await desk.say(replace(WARNING, notice=replace(FLOOD, place="*Delta*\nand   coast")))
    assert json.loads(form["ContentVariables"])["3"] == "Delta and coast"
    (form,) = await desk.say(replace(WARNING, notice=replace(FLOOD, place="")))
    assert json.loads(form["ContentVariables"])["3"] == "\N{EN DASH}"


async def test_an_answer_outside_the_window_waits_and_says_so_once(desk: Desk) -> None:
    await desk.register(template(), template(Purpose.WAITING))
    with pytest.raises(TemplateError, match="window_closed"):
        await desk.say(Outbound("Go to the consulate.", "en"))
    assert desk.twilio.sent == []
    (form,) = await desk.say(Outbound("\N{ENVELOPE}", "en", frame=Frame.WAITING))
    assert form["ContentSid"] == template(Purpose.WAITING).sid
    assert form["StatusCallback"] == f"{PUBLIC_URL}/hooks/twilio/status/failures"
    assert not {"ContentVariables", "Body"} & set(form)


async def test_the_rest_of_a_text_does_not_become_a_knock(desk: Desk) -> None:
    await desk.register(template())
    long = replace(WARNING, text="A sentence of a warning. " * 200)
    prepared = desk.gateway.prepare(long)
    assert prepared.weight >= len(prepared.parts) == 4
    with pytest.raises(TemplateError, match="window_closed"):
        await desk.gateway.send(STALE, prepared, part=1)
    assert not (await desk.gateway.send(STALE, prepared)).more, "a knock stands for all of it"


@pytest.mark.parametrize("buttons", [False, True])
async def test_after_an_error_it_goes_on_with_the_part_it_is_told(desk: Desk, buttons: bool) -> None:
    if buttons:
        await desk.register(template(Purpose.BUTTONS, ""))
    message = desk.gateway.prepare(replace(WARNING, text="A sentence of a warning.\n" * 100))
    first = await desk.gateway.send(desk.recently, message, part=0)
    second = await desk.gateway.send(desk.recently, message, part=1)
    assert (first.more, second.more) == (True, buttons)
    last = 2 if buttons else 1
    desk.twilio.planned += [refusal(20429, 429), answer(503, b"")]
    for error in (RetryAfterError, TransientError):
        with pytest.raises(error):
            await desk.gateway.send(desk.recently, message, part=last)
    assert not (await desk.gateway.send(desk.recently, message, part=last)).more
    said = [request.form.get("Body", [""])[0] for request in desk.twilio.sent]
    assert said[0] == message.parts[0]["body"]
    assert len(set(said)) == last + 1
    assert said[last:] == [said[-1]] * len(said[last:]), "what failed was sent again, and nothing else"


async def test_what_stood_above_real_buttons_is_not_said_again_without_them(desk: Desk) -> None:
    await desk.register(template(Purpose.BUTTONS, ""))
    message = desk.gateway.prepare(WARNING)
    assert (await desk.gateway.send(desk.recently, message)).more
    await desk.register(template(Purpose.BUTTONS, "", state=TemplateState.MISSING))
    assert not (await desk.gateway.send(desk.recently, message, part=1)).more
    head, rest = [request.form["Body"][0] for request in desk.twilio.sent]
    assert (head, rest) == ("*EXTREME DANGER: Flood*", "Leave now.\n\n1. I am safe\n2. I need help")


async def test_of_several_parts_the_last_one_tells_of_arrival(desk: Desk) -> None:
    forms = await desk.say(replace(WARNING, text="A sentence of a warning. " * 200), desk.recently, 4711)
    assert len(forms) == 4
    assert [("StatusCallback" in form) for form in forms] == [False, False, False, True]


async def test_real_buttons_stand_under_the_last_line(desk: Desk) -> None:
    await desk.register(template(Purpose.BUTTONS, "", state=TemplateState.UNSUBMITTED))
    first, last = await desk.say(WARNING, desk.recently, 4711)
    assert (first["Body"], "StatusCallback" in first) == ("*EXTREME DANGER: Flood*", False)
    assert json.loads(last["ContentVariables"]) == {
        "1": "Leave now.",
        "2": "I am safe",
        "3": "safe:AB12CD",
        "4": "I need help",
        "5": "help:AB12CD",
    }
    assert last["StatusCallback"].endswith("/4711")


@pytest.mark.parametrize(
    "outbound",
    [
        replace(WARNING, buttons=(SAFE, HELP, Button("Later", "later"))),  # the content has two
        replace(WARNING, buttons=(SAFE, replace(HELP, label="A label of more than 20"))),
        replace(WARNING, text="x" * 1_500),
        replace(WARNING, ask=Ask.LOCATION, ask_label="Share my location"),
    ],
)
async def test_where_real_buttons_do_not_fit_they_are_numbered(desk: Desk, outbound: Outbound) -> None:
    await desk.register(template(Purpose.BUTTONS, ""))
    forms = await desk.say(outbound, desk.recently)
    assert all("ContentSid" not in form for form in forms)
    assert "1. I am safe\n2. " in forms[-1]["Body"]


@pytest.mark.parametrize("code", [21655, 21656, 63028])
async def test_where_twilio_refuses_real_buttons_they_are_numbered(desk: Desk, code: int) -> None:
    await desk.register(template(Purpose.BUTTONS, ""))
    desk.twilio.planned += [answer(201, b'{"sid":"SM1"}'), refusal(code)]
    head, _refused, rest = await desk.say(WARNING, desk.recently, 4711)
    assert head["Body"] == "*EXTREME DANGER: Flood*"
    assert rest["Body"] == "Leave now.\n\n1. I am safe\n2. I need help"
    assert rest["StatusCallback"].endswith("/4711")
    again = await desk.say(WARNING, desk.recently)
    assert ("ContentSid" in again[-1]) == (code != 21655), "who is missing is not asked for again"


async def test_a_refusal_of_the_person_is_not_one_of_the_buttons(desk: Desk) -> None:
    await desk.register(template(Purpose.BUTTONS, ""))
    desk.twilio.planned += [refusal(63032)]
    with pytest.raises(RejectedError, match="twilio_63032"):
        await desk.say(replace(WARNING, text="Leave now."), desk.recently)
    assert len(desk.twilio.sent) == 1


async def test_a_wish_is_asked_in_words(desk: Desk) -> None:
    (form,) = await desk.say(
        Outbound("Where are you?", "en", ask=Ask.LOCATION, ask_label="Share my location"), desk.recently
    )
    assert form["Body"] == "Where are you?\n\n\N{PAPERCLIP} Share my location"


@pytest.mark.parametrize(
    ("code", "state"),
    [(63040, TemplateState.REJECTED), (63041, TemplateState.PAUSED), (21655, TemplateState.MISSING)],
)
async def test_a_template_that_twilio_refuses_is_not_tried_again(
    desk: Desk, code: int, state: TemplateState
) -> None:
    await desk.register(template())
    desk.twilio.planned.append(refusal(code))
    with pytest.raises(TemplateError, match=f"twilio_{code}"):
        await desk.say(WARNING)
    with pytest.raises(TemplateError, match=f"template_{state}"):
        await desk.say(WARNING)
    assert len(desk.twilio.sent) == 1
    async with desk.database.read() as connection:
        (kept,) = await read_all(connection)
    assert (kept.state, kept.checked_at) == (state, None)


async def test_variables_that_twilio_refuses_are_of_this_warning_only(desk: Desk) -> None:
    await desk.register(template())
    desk.twilio.planned.append(refusal(21656))
    with pytest.raises(TemplateError, match="twilio_21656"):
        await desk.say(WARNING)
    assert len(await desk.say(WARNING)) == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [(63016, TemplateError), (63024, GoneError), (20003, ClosedError), (21617, RejectedError)],
)
async def test_other_refusals_keep_their_meaning(desk: Desk, code: int, error: type[Exception]) -> None:
    await desk.register(template())
    for to in (STALE, desk.recently):
        desk.twilio.planned.append(refusal(code))
        with pytest.raises(error) as caught:
            await desk.say(WARNING, to)
        assert ANN not in str(caught.value)


async def test_without_the_register_a_knock_is_tried_later(
    desk: Desk, account: Callable[..., TwilioSettings]
) -> None:
    lost = open_database(LOST_DATABASE)
    client = TwilioClient(account(sms_from="", whatsapp_from=WHATSAPP_NUMBER))
    gateway = WhatsAppGateway(client, TemplateBook("main", lost, desk.clock), desk.clock, desk.gateway.tier)
    with pytest.raises(TransientError, match="storage_away"):
        await gateway.send(STALE, gateway.prepare(WARNING))
    assert (await gateway.send(desk.recently, gateway.prepare(WARNING))).provider_id
    await gateway.close()
    await lost.close()


async def test_the_register_keeps_one_template_for_each_purpose_and_language(desk: Desk) -> None:
    await desk.register(template(), template(language="vi"), template(account="other"))
    await desk.register(template(name="newer"))
    async with desk.database.durable() as connection:
        assert [one.name for one in await read_all(connection, "main")] == ["newer", "knock_vi"]
        assert await remove(connection, "main", Purpose.KNOCK, "vi")
        assert not await remove(connection, "main", Purpose.KNOCK, "vi")


def test_the_better_purpose_wins_and_its_reason_is_told() -> None:
    paused = template(Purpose.KNOCK_INFO, state=TemplateState.PAUSED)
    wanted = purposes(drill=False, asks=False)
    assert choose([paused, template()], wanted, "en") == template()
    with pytest.raises(TemplateError, match="template_paused"):
        choose([paused], wanted, "en")
    with pytest.raises(TemplateError, match="template_none"):
        choose([template()], purposes(drill=True, asks=True), "en")
    assert choose([template(Purpose.BUTTONS, "")], (Purpose.BUTTONS,), "").slots == BUTTON_SLOTS


@given(st.integers(-3_600, 200_000))
def test_the_window_closes_a_margin_before_a_day_is_over(seconds: int) -> None:
    to = replace(STALE, heard_at=NOW - timedelta(seconds=seconds))
    assert is_open(to, NOW) is (seconds < (SESSION - MARGIN).total_seconds())
    assert not is_open(replace(to, heard_at=None), NOW)
    assert is_open(Address(Channel.SMS, "main", ANN), NOW)


@given(st.integers(-600, 600))
async def test_never_free_text_in_the_last_minutes(offset: int) -> None:
    heard = NOW - SESSION + timedelta(seconds=offset)
    assert not is_open(replace(STALE, heard_at=heard), NOW)


@given(st.text(max_size=4_000).filter(str.strip), st.booleans())
def test_whatever_is_said_fits_and_keeps_every_letter(text: str, alert: bool) -> None:
    prepared = render(Outbound(text, "en", frame=Frame.ALERT if alert else Frame.REPLY))
    bodies = [part["body"] for part in prepared.parts]
    assert all(0 < utf16_units(body) <= TEXT_UNITS for body in bodies)
    letters = [sign for sign in text if sign.isalnum()]
    assert [sign for body in bodies for sign in body if sign.isalnum()] == letters


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("*Flood* warning", "\u2217Flood\u2217 warning"),
        ("call ~now~", "call \u223cnow\u223c"),
        ("snake_case stays", "snake_case stays"),
        ("https://mfa.example/_a_", "https://mfa.example/_a_"),
        ("2 * 3 = 6", "2 * 3 = 6"),
        ("_careful_", "\uff3fcareful\uff3f"),
    ],
)
def test_what_whatsapp_would_take_for_markup_is_replaced(raw: str, shown: str) -> None:
    assert plain(raw) == shown
