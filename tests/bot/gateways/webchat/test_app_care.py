"""The page in a real Chromium: words that attack, languages, people who see, hear or press differently."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from bot.messages import Ask, Button, Frame
from storage.vault import Vault
from tests.barriers import scan
from tests.bot.gateways.webchat.conftest import Parts
from tests.bot.gateways.webchat.site import Site, open_site, two_buttons
from tests.bot.gateways.webchat.talk import tell

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.mark.parametrize("frame", [Frame.REPLY, Frame.ALERT, Frame.DRILL])
async def test_words_are_never_markup(live: Site, page: Page, frame: Frame) -> None:
    await tell(live, EVIL, frame=frame, buttons=(Button(EVIL, "x"),), ask=Ask.LOCATION, ask_label=EVIL)
    await expect(page.locator("article .bubble")).to_have_text(EVIL)
    await page.get_by_role("textbox").fill(EVIL)
    await page.get_by_role("textbox").press("Enter")
    await expect(page.locator("article.mine .bubble")).to_have_text(EVIL)
    await page.reload()
    await expect(page.locator("article.mine .bubble")).to_have_text(EVIL)
    assert await page.locator("main img, main script").count() == 0
    assert "owned" not in await page.title()


async def test_the_page_follows_the_language_of_the_conversation(live: Site, page: Page) -> None:
    await tell(live, "จากนี้จะเป็นภาษาไทย", "th")
    await expect(page.locator("html")).to_have_attribute("lang", "th")
    await expect(page.get_by_role("textbox")).to_have_attribute("placeholder", "พิมพ์ข้อความ")
    await tell(live, "مرحبا", "ar")
    await expect(page.locator("article[lang=ar]")).to_have_attribute("dir", "rtl")
    await expect(page.locator("html")).to_have_attribute("lang", "th")


async def test_nobody_is_shut_out(live: Site, browser: Browser) -> None:
    context = await browser.new_context(locale="vi-VN", viewport={"width": 320, "height": 568})
    page = await context.new_page()
    await page.goto(live.url("/chat"))
    await tell(live, "Bạn đang ở đâu? +354 545 9900", ask=Ask.LOCATION, buttons=(Button("Không", "no"),))
    await tell(live, "Số điện thoại?", ask=Ask.CONTACT)
    await tell(live, "Lũ lụt " * 40, frame=Frame.ALERT, **two_buttons())
    await tell(live, "W" * 300, frame=Frame.DRILL, **two_buttons())
    await page.get_by_role("textbox", name="Viết tin nhắn").fill("xin chào")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.mine")).to_contain_text("Đã gửi")
    await expect(page.locator("article")).to_have_count(5)
    await scan(page)
    for width in (320, 160):  # 160 = the same telephone at 200 %
        await page.set_viewport_size({"width": width, "height": 568})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    small = (
        "[...document.querySelectorAll('button, summary, input, textarea')].filter(e => e.offsetParent && "
    )
    small += "(e.getBoundingClientRect().height < 43.9 || e.getBoundingClientRect().width < 43.9))"
    assert await page.evaluate(small + ".map(e => e.outerHTML)") == []
    await context.close()


async def test_the_policy_lets_no_foreign_script_run(parts: Parts, vault: Vault, browser: Browser) -> None:
    async with open_site(parts.database, vault, parts.redis, demo=True) as demo:
        page = await browser.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        await page.goto(demo.url("/chat"))
        await expect(page.locator(".demo")).to_be_visible()
        script = "const s = document.createElement('script'); s.textContent = \"document.title='owned'\"; "
        await page.evaluate(script + "document.body.append(s)")
        assert "owned" not in await page.title()
        assert any(re.search("Content Security Policy", line) for line in refused)
        await page.close()
