"""The bot's side of a conversation with a page, for tests in a real Chromium."""

from typing import Any

from bot.messages import Address, Outbound
from tests.bot.gateways.webchat.site import Site
from tests.bot.wiring import until


async def person(site: Site) -> Address:
    """Who wrote first."""

    async def wrote() -> bool:
        return bool(await site.said())

    await until(wrote)
    return (await site.said())[0].address


async def tell(site: Site, text: str, language: str = "vi", **more: Any) -> str:
    prepared = site.gateway.prepare(Outbound(text, language, **more))
    return (await site.gateway.send(await person(site), prepared)).provider_id
