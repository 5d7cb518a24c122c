"""Somebody at the web chat in a real Chromium, who reads what a person would read and presses what is
there."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

PHONE: ViewportSize = {"width": 360, "height": 740}


@dataclass(frozen=True, slots=True)
class ChatCitizen:
    """One browser on one phone; words are Vietnamese."""

    page: Page

    @classmethod
    async def open(cls, browser: Browser, url: str, **context: Any) -> "ChatCitizen":
        """Open the chat for the first time, in a browser that asks for Vietnamese."""
        opened = await browser.new_context(locale="vi-VN", viewport=PHONE, **context)
        page = await opened.new_page()
        await page.goto(f"{url}/chat")
        await expect(page.locator("html")).to_have_attribute("lang", "vi")
        return cls(page)

    @property
    def warnings(self) -> Locator:
        """Real warnings, oldest first."""
        return self.page.locator("article.alert")

    @property
    def exercises(self) -> Locator:
        """Whatever stands in the frame of an exercise, oldest first."""
        return self.page.locator("article.drill")

    async def say(self, text: str) -> None:
        """Type a message and send it."""
        await self.page.get_by_role("textbox", name="Viết tin nhắn").fill(text)
        await self.page.keyboard.press("Enter")

    async def press(self, label: str) -> None:
        """Press the newest button of that name."""
        await self.page.get_by_role("button", name=label, exact=True).last.click()

    async def hears(self, text: str) -> None:
        """Wait until the newest words to the person hold `text`."""
        await expect(self.page.locator("article:not(.mine)", has_text=text).last).to_be_visible()

    async def subscribe(self, place: str) -> None:
        """Agree, name a place, choose the first that is offered, keep the phone number to oneself."""
        await self.press("Tôi đồng ý")
        await self.hears("Bạn đang ở đâu?")
        await self.say(place)
        await self.page.locator("[data-press='place:0']").click()
        await self.hears("Bạn sẽ được cảnh báo về nguy hiểm ở nơi này")
        await self.press("Để sau")
        await self.hears("Mọi thứ đã sẵn sàng")
