"""Exact positions only for help."""

from typing import Any

from handlers.exact import build_exact_wanted


async def test_a_position_is_exact_only_for_an_open_request(citizen: Any, protected: Any) -> None:
    rule = build_exact_wanted(citizen.world.vault)

    async def wanted() -> bool:
        async with citizen.world.database.read() as connection:
            return await rule(connection, citizen.lane)

    assert not await wanted()
    await protected(citizen)
    assert not await wanted()
    await citizen.say("help")
    assert await wanted()
    await citizen.say("/where")
    assert not await wanted()
    await citizen.pin(13.75, 100.5)
    assert await wanted()
