"""What several journeys do in a browser: register in the web chat by typing a place."""

from typing import Any

from playwright.async_api import Browser, Page, expect

from locales.catalog import Catalog


async def registers(browser: Browser, url: str, language: str, place: str, **context: Any) -> Page:
    """Agree, type a place, confirm the first that is offered; `context`: of the browser, its locale too."""
    words = Catalog.load()
    page = await (await browser.new_context(**context)).new_page()
    await page.goto(f"{url}/chat")
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await page.get_by_role("button", name=words.say(language, "start.agree"), exact=True).last.click()
    heard = page.locator("article:not(.mine)")
    await expect(heard.filter(has_text=words.say(language, "place.ask")).last).to_be_visible()
    await page.get_by_role("textbox", name=words.say(language, "chat.page.placeholder")).fill(place)
    await page.keyboard.press("Enter")
    await page.locator("[data-press='place:0']").click()
    done = words.say(language, "protected.place", place="@").partition("@")[0].strip()
    await expect(heard.filter(has_text=done).last).to_be_visible()
    return page
