"""The page in a real Chromium: a conversation, from the first word to one without a network."""

import pytest
from playwright.async_api import BrowserContext, Page, expect
from sqlalchemy import delete

from bot.messages import Ask, Button, Frame, InboundKind, Outbound
from bot.tables import webchat
from tests.bot.gateways.webchat.site import Site, two_buttons
from tests.bot.gateways.webchat.talk import person, tell
from tests.bot.wiring import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_first_conversation(live: Site, page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("lang", "vi")
    await expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    assert (await person(live)) is not None
    (start,) = await live.said()
    assert (start.kind, start.text, start.language) == (InboundKind.START, "", "vi-VN")
    notice = await tell(live, "Bạn có đồng ý không?", buttons=(Button("Tôi đồng ý", "consent:yes"),))
    await page.get_by_role("button", name="Tôi đồng ý").click()
    await expect(page.locator("article.mine")).to_contain_text("Đã gửi")
    await expect(page.locator("[data-press='consent:yes']")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("textbox").fill("Reykjavik")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.mine")).to_have_count(2)

    async def stored() -> bool:
        return len(await live.said()) == 3

    await until(stored)
    assert [(one.kind, one.button, one.text) for one in (await live.said())[1:]] == [
        (InboundKind.BUTTON, "consent:yes", "Tôi đồng ý"),
        (InboundKind.TEXT, "", "Reykjavik"),
    ]
    await page.reload()
    await expect(page.locator("article")).to_have_count(3)
    await expect(page.locator("[data-press='consent:yes']")).to_have_attribute("aria-pressed", "true")
    assert len(await live.said()) == 3  # not greeted again
    assert int(notice) > 0


async def test_an_alert_and_an_exercise_look_and_read_differently(live: Site, page: Page) -> None:
    await tell(live, "Lũ lụt\nHãy lên chỗ cao.", frame=Frame.ALERT, **two_buttons())
    await expect(page.locator("#loud")).to_contain_text("Lũ lụt")
    await tell(live, "Diễn tập\nKhông có gì.", frame=Frame.DRILL, **two_buttons("DRL123"))
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
        return (await live.said())[-1].button == "help:ABC123"

    await until(asked)


async def test_a_message_is_acknowledged_once_it_is_shown(live: Site, page: Page) -> None:
    address = await person(live)
    prepared = live.gateway.prepare(Outbound("Lũ lụt", "vi", frame=Frame.ALERT))
    await live.gateway.send(address, prepared, delivery=99)
    await expect(page.locator("article.alert")).to_be_visible()

    async def confirmed() -> bool:
        return [receipt.delivery for receipt in await live.receipts()] == [99]

    await until(confirmed)


async def test_links_and_numbers_can_be_tapped_and_nothing_else(live: Site, page: Page) -> None:
    await tell(live, "Gọi +354 545 9900, xem https://muster.example/a/b. javascript:alert(1) ngày 22-11-2026")
    links = page.locator("article a")
    await expect(links).to_have_count(2)
    targets = [await links.nth(number).get_attribute("href") for number in range(2)]
    assert targets == ["tel:+3545459900", "https://muster.example/a/b"]


async def test_without_a_network_words_wait_and_go_out_later(
    live: Site, page: Page, context: BrowserContext
) -> None:
    await person(live)
    await expect(page.locator("#state")).to_have_attribute("data-state", "connected")
    await context.set_offline(True)
    await expect(page.locator("#state")).to_have_attribute("data-state", "offline")
    for text in ("một", "hai"):
        await page.get_by_role("textbox").fill(text)
        await page.get_by_role("textbox").press("Enter")
    waiting = page.locator("article.mine")
    await expect(waiting.last).to_contain_text("Đang chờ gửi")
    assert len(await live.said()) == 1
    await context.set_offline(False)
    await expect(waiting.last).to_contain_text("Đã gửi", timeout=15_000)
    assert [one.text for one in (await live.said())[1:]] == ["một", "hai"]
    await expect(waiting).to_have_count(2)


async def test_words_kept_in_the_browser_survive_its_restart(
    live: Site, page: Page, context: BrowserContext
) -> None:
    await person(live)
    await context.route("**/chat/messages", lambda route: route.abort())
    await page.get_by_role("textbox").fill("tôi bị kẹt")
    await page.get_by_role("textbox").press("Enter")
    await expect(page.locator("article.mine")).to_have_count(1)
    await page.close()
    await context.unroute("**/chat/messages")
    again = await context.new_page()
    await again.goto(live.url("/chat"))
    await expect(again.locator("article.mine")).to_contain_text("Đã gửi")
    assert [one.text for one in await live.said()] == ["", "tôi bị kẹt"]


async def test_a_position_is_shared_with_one_tap(live: Site, page: Page, context: BrowserContext) -> None:
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation({"latitude": 64.1466, "longitude": -21.9426})
    await tell(live, "Bạn đang ở đâu?", ask=Ask.LOCATION, ask_label="Vị trí của tôi")
    await page.get_by_role("button", name="Vị trí của tôi", exact=True).click()
    await expect(page.locator("article.mine")).to_contain_text("Bạn đã chia sẻ vị trí")

    async def pinned() -> bool:
        return (await live.said())[-1].kind is InboundKind.PIN

    await until(pinned)
    assert "64.14" not in await page.content()


async def test_without_a_position_the_page_asks_in_words(live: Site, page: Page) -> None:
    await tell(live, "Bạn đang ở đâu?", ask=Ask.LOCATION)
    await page.locator(".choices button").click()
    await expect(page.locator(".note")).to_contain_text("Hãy gõ tên thành phố")
    await expect(page.get_by_role("textbox")).to_be_focused()


async def test_a_number_is_typed_and_checked(live: Site, page: Page) -> None:
    await tell(
        live,
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
        return (await live.said())[-1].contact == "+354 555 0199"

    await until(shared)


async def test_an_invitation_becomes_the_start_and_leaves_the_address_bar(
    live: Site, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(live.url("/chat?join=drill-abc.DEF_123"))
    await person(live)
    (start,) = await live.said()
    assert (start.kind, start.text) == (InboundKind.START, "drill-abc.DEF_123")
    await expect(page).to_have_url(live.url("/chat"))


async def test_a_lost_chat_is_replaced_and_its_words_still_go_out(live: Site, page: Page) -> None:
    await person(live)
    async with live.database.durable() as connection:
        await connection.execute(delete(webchat))
    live.gateway.book._known.clear()
    await page.get_by_role("textbox").fill("còn ai không?")
    await page.get_by_role("textbox").press("Enter")

    async def came() -> bool:
        return any(one.text == "còn ai không?" for one in await live.said())

    await until(came)
    said = await live.said()
    assert [one.kind for one in said] == [InboundKind.START, InboundKind.START, InboundKind.TEXT]
    assert said[0].address != said[1].address == said[2].address
