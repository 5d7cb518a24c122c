"""What shuts people out of a page: whatever axe-core finds on it, by day and by night."""

from typing import Literal

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import Page


async def scan(page: Page) -> None:
    """Whatever axe-core finds, by day and by night, fails the test.

    Nothing moves meanwhile: a message that is just fading in has, for 0.18 s, next to no contrast.
    """
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        report = await Axe().run(page)
        assert report.violations_count == 0, f"{page.url}, {scheme}\n{report.generate_report()}"
