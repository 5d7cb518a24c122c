"""An officer at the console in a real Chromium, who sees and presses what the pages offer."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyotp
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from staff.enrolment import Credentials

DESK: ViewportSize = {"width": 1280, "height": 800}


@dataclass(frozen=True, slots=True)
class ConsoleOfficer:
    """One browser; `faults` collects what its pages complain about: errors of scripts, refused content."""

    page: Page
    console: str
    faults: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, browser: Browser, console: str, **context: Any) -> "ConsoleOfficer":
        """Open the console; nobody is signed in."""
        opened = await browser.new_context(locale="en-GB", viewport=DESK, **context)
        officer = cls(await opened.new_page(), console)
        officer.page.on("pageerror", lambda error: officer.faults.append(str(error)))
        officer.page.on(
            "console",
            lambda line: officer.faults.append(line.text) if "Content Security Policy" in line.text else None,
        )
        await officer.go("/")
        return officer

    async def go(self, path: str) -> None:
        """Open a page by its path."""
        await self.page.goto(self.console + path)

    async def sign_in(self, credentials: Credentials) -> None:
        """Sign in with password and time code; a code works once, so once per officer and test."""
        await self.page.get_by_label("Login").fill(credentials.login)
        await self.page.get_by_label("Password").fill(credentials.password)
        await self.page.get_by_label("Time code").fill(pyotp.TOTP(credentials.totp_secret).now())
        await self.press("Sign in")
        await expect(self.page.get_by_role("heading", name="Alerts", level=1)).to_be_visible()

    async def press(self, label: str) -> None:
        """Press a button by its whole name."""
        await self.page.get_by_role("button", name=label, exact=True).click()

    async def load_cap(self, file: Path, kind: str, **fields: str) -> None:
        """Choose a CAP file as the beginning of an alert.

        Args:
            kind: `Live alert`, `Exercise` or `Test`.
            fields: further labels of the form with what is typed.
        """
        await self.page.get_by_role("radio", name=kind).check()
        await self.page.get_by_label("CAP file").set_input_files(file)
        for label, value in fields.items():
            await self.page.get_by_label(label.replace("_", " ")).fill(value)
        await self.press("Load the file")

    async def add_language(self, tag: str, name: str, **words: str) -> None:
        """Open a tab for a language and write its texts, by the names of their fields."""
        await self.page.get_by_label("Another language").select_option(tag)
        await self.press("Add")
        await expect(self.page.locator(f"#tab-{tag}")).to_be_checked()
        panel = self.page.locator(f".panel[lang={tag}]")
        await expect(self.page.locator(f"label[for=tab-{tag}]")).to_contain_text(name)
        for part, text in words.items():
            await panel.locator(f"[name='text.{tag}.{part}']").fill(text)

    @property
    def look(self) -> Locator:
        """The preview beside the form."""
        return self.page.locator("#look")

    @property
    def band(self) -> Locator:
        """The band that says whether a page is about the real thing."""
        return self.page.locator(".band")

    @property
    def reasons(self) -> Locator:
        """Why something was refused."""
        return self.page.locator(".refused li")

    def tile(self, kind: str) -> Locator:
        """One figure on top of the board, by its class."""
        return self.page.locator(f".tiles .{kind} strong")

    def figure(self, kind: str) -> Locator:
        """One figure in the legends of the board, by its class."""
        return self.page.locator(f".legend dt.{kind} + dd")


def typed_time(moment: datetime) -> str:
    """A moment as a date and time field takes it."""
    return f"{moment:%Y-%m-%dT%H:%M}"
