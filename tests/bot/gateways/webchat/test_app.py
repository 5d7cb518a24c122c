"""The page in a real Chromium: what a citizen sees, hears, presses, and keeps without a network."""

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from redis.asyncio import Redis
from sqlalchemy import delete

from bot.messages import Address, Ask, Button, Frame, InboundKind, Outbound
from bot.tables import webchat
from storage.database import Database, open_database
from storage.redis import connect_redis
from storage.vault import Vault
from tests.bot.gateways.webchat.site import CHROMIUM, FLAGS, Site, open_site, two_buttons
from tests.bot.wiring import until


@dataclass(frozen=True)
class Parts:
    database: Database
    redis: Redis


EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


# One Chromium for the whole file, and therefore one loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")
in_file = partial(pytest_asyncio.fixture, loop_scope="module")


@in_file(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


@in_file()
async def parts(sqlite_template: Path, tmp_path: Path, redis_server: str) -> AsyncIterator[Parts]:
    path = tmp_path / "muster.db"
    shutil.copy(sqlite_template, path)
    made = Parts(open_database(f"sqlite:///{path}"), connect_redis(redis_server))
    yield made
    await made.database.close()
    await made.redis.aclose()


@in_file()
async def site(parts: Parts, vault: Vault) -> AsyncIterator[Site]:
    async with open_site(parts.database, vault, parts.redis) as opened:
        yield opened


@in_file()
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(locale="vi-VN", viewport={"width": 360, "height": 740})
    yield opened
    await opened.close()


@in_file()
async def page(context: BrowserContext, site: Site) -> AsyncIterator[Page]:
    """The chat, opened for the first time; an error in a script fails the test."""
    errors: list[str] = []
    opened = await context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    await opened.goto(site.url("/chat"))
    yield opened
    assert errors == []


async def person(site: Site) -> Address:
    """Who wrote first."""

    async def wrote() -> bool:
        return bool(await site.said())

    await until(wrote)
    return (await site.said())[0].address


async def tell(site: Site, text: str, language: str = "vi", **more: object) -> str:
    prepared = site.gateway.prepare(Outbound(text, language, **more))  # type: ignore[arg-type]  # plain pass-through
    return (await site.gateway.send(await person(site), prepared)).provider_id


async def test_a_first_conversation(site: Site, page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("lang", "vi")
    await expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    assert (await person(site)) is not None
    (start,) = await site.said()
    assert (start.kind, start.text, start.language) == (InboundKind.START, "", "vi-VN")
    notice = await tell(site, "Bạn có đồng ý không?", buttons=(Button("Tôi đồng ý", "consent:yes"),))
    await page.get_by_role("button", name="Tôi đồng ý").click()
    await expect(page.locator("article.mine")).to_contain_text("Đã gửi")
    await expect(page.locator("[data-press='consent:yes']")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("textbox").fill("Reykjavik")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.mine")).to_have_count(2)

    async def stored() -> bool:
        return len(await site.said()) == 3

    await until(stored)
    assert [(one.kind, one.button, one.text) for one in (await site.said())[1:]] == [
        (InboundKind.BUTTON, "consent:yes", "Tôi đồng ý"),
        (InboundKind.TEXT, "", "Reykjavik"),
    ]
    await page.reload()
    await expect(page.locator("article")).to_have_count(3)
    await expect(page.locator("[data-press='consent:yes']")).to_have_attribute("aria-pressed", "true")
    assert len(await site.said()) == 3  # not greeted again
    assert int(notice) > 0


async def test_an_alert_and_an_exercise_look_and_read_differently(site: Site, page: Page) -> None:
    await tell(site, "Lũ lụt\nHãy lên chỗ cao.", frame=Frame.ALERT, **two_buttons())
    await expect(page.locator("#loud")).to_contain_text("Lũ lụt")
    await tell(site, "Diễn tập\nKhông có gì.", frame=Frame.DRILL, **two_buttons("DRL123"))
    alert, drill = page.locator(".alert .framed"), page.locator(".drill .framed")
    await expect(alert.locator(".flag")).to_have_text("Cảnh báo")
    await expect(drill.locator(".flag").first).to_have_text("Diễn tập – không phải thật")
    await expect(drill.locator(".flag").last).to_have_text("Diễn tập – không phải thật")
    await expect(alert).to_have_css("border-top-style", "solid")
    await expect(drill).to_have_css("border-top-style", "dashed")
    colours = [await one.evaluate("e => getComputedStyle(e).borderTopColor") for one in (alert, drill)]
    assert colours[0] != colours[1]
    await expect(page.locator("#loud")).to_have_attribute("aria-live", "assertive")
    await alert.get_by_role("button", name="I need help").click()

    async def asked() -> bool:
        return (await site.said())[-1].button == "help:ABC123"

    await until(asked)


async def test_a_message_is_acknowledged_once_it_is_shown(site: Site, page: Page) -> None:
    address = await person(site)
    prepared = site.gateway.prepare(Outbound("Lũ lụt", "vi", frame=Frame.ALERT))
    await site.gateway.send(address, prepared, delivery=99)
    await expect(page.locator("article.alert")).to_be_visible()

    async def confirmed() -> bool:
        return [receipt.delivery for receipt in await site.receipts()] == [99]

    await until(confirmed)


@pytest.mark.parametrize("frame", [Frame.REPLY, Frame.ALERT, Frame.DRILL])
async def test_words_are_never_markup(site: Site, page: Page, frame: Frame) -> None:
    await tell(site, EVIL, frame=frame, buttons=(Button(EVIL, "x"),), ask=Ask.LOCATION, ask_label=EVIL)
    await expect(page.locator("article .bubble")).to_have_text(EVIL)
    await page.get_by_role("textbox").fill(EVIL)
    await page.get_by_role("textbox").press("Enter")
    await expect(page.locator("article.mine .bubble")).to_have_text(EVIL)
    await page.reload()
    await expect(page.locator("article.mine .bubble")).to_have_text(EVIL)
    assert await page.locator("main img, main script").count() == 0
    assert "owned" not in await page.title()


async def test_links_and_numbers_can_be_tapped_and_nothing_else(site: Site, page: Page) -> None:
    await tell(site, "Gọi +354 545 9900, xem https://muster.example/a/b. javascript:alert(1) ngày 22-11-2026")
    links = page.locator("article a")
    await expect(links).to_have_count(2)
    targets = [await links.nth(number).get_attribute("href") for number in range(2)]
    assert targets == ["tel:+3545459900", "https://muster.example/a/b"]


async def test_without_a_network_words_wait_and_go_out_later(
    site: Site, page: Page, context: BrowserContext
) -> None:
    await person(site)
    await expect(page.locator("#state")).to_have_attribute("data-state", "connected")
    await context.set_offline(True)
    await expect(page.locator("#state")).to_have_attribute("data-state", "offline")
    for text in ("một", "hai"):
        await page.get_by_role("textbox").fill(text)
        await page.get_by_role("textbox").press("Enter")
    waiting = page.locator("article.mine")
    await expect(waiting.last).to_contain_text("Đang chờ gửi")
    assert len(await site.said()) == 1
    await context.set_offline(False)
    await expect(waiting.last).to_contain_text("Đã gửi", timeout=15_000)
    assert [one.text for one in (await site.said())[1:]] == ["một", "hai"]
    await expect(waiting).to_have_count(2)


async def test_words_kept_in_the_browser_survive_its_restart(
    site: Site, page: Page, context: BrowserContext
) -> None:
    await person(site)
    await context.route("**/chat/messages", lambda route: route.abort())
    await page.get_by_role("textbox").fill("tôi bị kẹt")
    await page.get_by_role("textbox").press("Enter")
    await expect(page.locator("article.mine")).to_have_count(1)
    await page.close()
    await context.unroute("**/chat/messages")
    again = await context.new_page()
    await again.goto(site.url("/chat"))
    await expect(again.locator("article.mine")).to_contain_text("Đã gửi")
    assert [one.text for one in await site.said()] == ["", "tôi bị kẹt"]


async def test_a_position_is_shared_with_one_tap(site: Site, page: Page, context: BrowserContext) -> None:
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation({"latitude": 64.1466, "longitude": -21.9426})
    await tell(site, "Bạn đang ở đâu?", ask=Ask.LOCATION, ask_label="Vị trí của tôi")
    await page.get_by_role("button", name="Vị trí của tôi", exact=True).click()
    await expect(page.locator("article.mine")).to_contain_text("Bạn đã chia sẻ vị trí")

    async def pinned() -> bool:
        return (await site.said())[-1].kind is InboundKind.PIN

    await until(pinned)
    assert "64.14" not in await page.content()


async def test_without_a_position_the_page_asks_in_words(site: Site, page: Page) -> None:
    await tell(site, "Bạn đang ở đâu?", ask=Ask.LOCATION)
    await page.locator(".choices button").click()
    await expect(page.locator(".note")).to_contain_text("Hãy gõ tên thành phố")
    await expect(page.get_by_role("textbox")).to_be_focused()


async def test_a_number_is_typed_and_checked(site: Site, page: Page) -> None:
    await tell(
        site,
        "Số điện thoại?",
        ask=Ask.CONTACT,
        ask_label="Số của tôi",
        buttons=(Button("Bỏ qua", "phone:skip"),),
    )
    number = page.get_by_label("Số của tôi")
    await number.fill("0555")
    await number.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("+")
    await number.fill("+354 555 0199")
    await number.press("Enter")
    await expect(page.locator("article.mine")).to_contain_text("Bạn đã chia sẻ số điện thoại")
    assert "555 0199" not in await page.content()

    async def shared() -> bool:
        return (await site.said())[-1].contact == "+354 555 0199"

    await until(shared)


async def test_an_invitation_becomes_the_start_and_leaves_the_address_bar(
    site: Site, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(site.url("/chat?join=drill-abc.DEF_123"))
    await person(site)
    (start,) = await site.said()
    assert (start.kind, start.text) == (InboundKind.START, "drill-abc.DEF_123")
    await expect(page).to_have_url(site.url("/chat"))


async def test_a_lost_chat_is_replaced_and_its_words_still_go_out(site: Site, page: Page) -> None:
    await person(site)
    async with site.database.durable() as connection:
        await connection.execute(delete(webchat))
    site.gateway.book._known.clear()
    await page.get_by_role("textbox").fill("còn ai không?")
    await page.get_by_role("textbox").press("Enter")

    async def came() -> bool:
        return any(one.text == "còn ai không?" for one in await site.said())

    await until(came)
    said = await site.said()
    assert [one.kind for one in said] == [InboundKind.START, InboundKind.START, InboundKind.TEXT]
    assert said[0].address != said[1].address == said[2].address


async def test_the_page_follows_the_language_of_the_conversation(site: Site, page: Page) -> None:
    await tell(site, "จากนี้จะเป็นภาษาไทย", "th")
    await expect(page.locator("html")).to_have_attribute("lang", "th")
    await expect(page.get_by_role("textbox")).to_have_attribute("placeholder", "พิมพ์ข้อความ")
    await tell(site, "مرحبا", "ar")
    await expect(page.locator("article[lang=ar]")).to_have_attribute("dir", "rtl")
    await expect(page.locator("html")).to_have_attribute("lang", "th")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nobody_is_shut_out(site: Site, browser: Browser, scheme: str) -> None:
    narrow = {"width": 320, "height": 568}
    context = await browser.new_context(locale="vi-VN", color_scheme=scheme, viewport=narrow)  # type: ignore[arg-type]  # plain words
    page = await context.new_page()
    await page.goto(site.url("/chat"))
    await tell(site, "Bạn đang ở đâu? +354 545 9900", ask=Ask.LOCATION, buttons=(Button("Không", "no"),))
    await tell(site, "Số điện thoại?", ask=Ask.CONTACT)
    await tell(site, "Lũ lụt " * 40, frame=Frame.ALERT, **two_buttons())
    await tell(site, "W" * 300, frame=Frame.DRILL, **two_buttons())
    await page.get_by_role("textbox", name="Viết tin nhắn").fill("xin chào")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.mine")).to_contain_text("Đã gửi")
    await expect(page.locator("article")).to_have_count(5)
    report = await Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
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
    async with open_site(parts.database, vault, parts.redis, demo=True) as site:
        page = await browser.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        await page.goto(site.url("/chat"))
        await expect(page.locator(".demo")).to_be_visible()
        script = "const s = document.createElement('script'); s.textContent = \"document.title='owned'\"; "
        await page.evaluate(script + "document.body.append(s)")
        assert "owned" not in await page.title()
        assert any(re.search("Content Security Policy", line) for line in refused)
        await page.close()
