"""Sorry, in the person's language, with the number to call."""

from typing import Any

from bot.messages import Inbound, InboundKind
from handlers.apology import build_apology


async def test_it_speaks_the_persons_language_and_names_the_number(citizen: Any, protected: Any) -> None:
    citizen.hint = "vi"
    apologise = build_apology(citizen.world.kit)
    inbound = Inbound("k", citizen.address, InboundKind.TEXT, "x", language="th")
    async with citizen.world.database.read() as connection:
        stranger = await apologise(connection, inbound)
    assert stranger.language == "th"
    assert "112" in stranger.text
    await protected(citizen)
    async with citizen.world.database.read() as connection:
        known = await apologise(connection, inbound)
    assert known.language == "vi"
    assert known.text.startswith("Xin lỗi")
    assert "+354 555 0100" in known.text
