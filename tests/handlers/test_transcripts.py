"""One whole conversation in every language, typed in its own words, without a single button."""

from typing import Any

import pytest

from registry.lifecycle import PersonState

# What the person types: agree, skip the number, menu, where, safe, help, language, stop (twice), start.
TRANSCRIPTS = {
    "en": ("yes", "not now", "menu", "where", "I am safe", "please help me", "language", "stop", "start"),
    "vi": ("đồng ý", "để sau", "hướng dẫn", "nơi ở", "tôi an toàn", "cứu tôi", "ngôn ngữ", "dừng", "bắt đầu"),
    "th": ("ยินยอม", "ไว้ทีหลัง", "วิธีใช้", "ตำแหน่ง", "ปลอดภัยครับ", "ช่วยด้วย", "ภาษา", "หยุด", "เริ่ม"),
    "id": (
        "setuju",
        "nanti saja",
        "panduan",
        "lokasi",
        "saya selamat",
        "tolong",
        "bahasa",
        "berhenti",
        "mulai",
    ),
}


@pytest.mark.parametrize("language", TRANSCRIPTS)
async def test_from_hello_to_stop_and_back(world: Any, citizen: Any, catalog: Any, language: str) -> None:
    citizen.hint = language
    agree, skip, menu, where, safe, call, tongues, stop, start = TRANSCRIPTS[language]

    def says(key: str, said: str, **values: str) -> None:
        expected = catalog.say(language, key, **values)
        assert expected in said, f"{language}: {said!r} is not {key}"

    says("place.ask", [await citizen.say("?"), await citizen.say(agree)][1])
    says("place.which", await citizen.say("Reykjavik"))
    says("protected.place", await citizen.say("1"), place="Reykjavik, Iceland")
    says("phone.skipped", await citizen.say(skip))
    assert "+354 555 0100" in await citizen.say(menu)
    said = await citizen.say(where)
    says("place.now", said, place="Reykjavik, Iceland")
    says("place.ask", said)
    says(
        "protected.place",
        [await citizen.say("Bangkok"), await citizen.say("1")][1],
        place="Bangkok, Thailand",
    )

    await world.begin_event("ABC234", "Flood")
    says("checkin.thanks", await citizen.say(safe))
    assert await citizen.answer_in(1) == "SAFE"
    says("case.where", await citizen.say(call))
    case = (await citizen.cases())[0]
    assert (await citizen.answer_in(1), case.event_id, case.country) == ("NEED_HELP", 1, "TH")
    says("case.got_place", await citizen.say("room 4"), code=case.code)
    says("language.ask", await citizen.say(tongues))

    says("stop.live", await citizen.say(stop), title="Flood")
    says("stop.case", await citizen.say(stop), code=case.code)
    assert (await citizen.person()).state is PersonState.STOPPED
    says("start.welcome_back", await citizen.say(start), place="Bangkok, Thailand")
    person = await citizen.person()
    assert (person.state, person.language) == (PersonState.ACTIVE, language)
    assert await citizen.thread() == [call, "room 4"]
