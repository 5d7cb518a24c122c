"""Takes the pictures of the README in a real Chromium: `python -m tests.journeys.pictures`.

The whole service runs with simulated citizens and an invented ministry, storm and officers; nothing in the
pictures is drawn by hand. Writes `docs/pictures/`.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from alerts.draft import Text
from app.embedded import start_redis, stop_redis
from places.area import Area
from places.compile import compile_gazetteer
from places.shapes import Circle
from simulator.citizen import Moment
from simulator.config import NO_LATENCY, LimitRules, SimulatorConfig
from simulator.geometry import area_from
from simulator.person import Pace
from simulator.placing import Shares
from simulator.population import Population, generate
from simulator.server import Simulator
from staff.enrolment import Credentials, Enrolment
from staff.officers import Grant, Role
from staff.passwords import Passwords
from storage.migrate import migrate
from tests.chromium import FLAGS, find_chromium
from tests.journeys.chat_citizen import ChatCitizen
from tests.journeys.console_officer import ConsoleOfficer
from tests.postgres import apart
from tests.service import Service, make_draft, make_settings, running, until

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures"
LARGEST = 150_000  # bytes of one picture
CITIZENS, SEED, PER_SECOND = 240, 7, 200
MINISTRY = "Ministry of Exampleland"
LAT, LON, KM = 64.14, -21.9, 30.0
REGISTERING = Pace(speed=60.0, think_s=0.05, parallel=80, patience_s=600.0, fate_window_s=1.0)
WORDS = {
    "en": ("Storm Example arrives tonight", "Very strong wind. Stay indoors."),
    "vi": ("Bão Ví Dụ đến tối nay", "Gió rất mạnh. Hãy ở trong nhà."),
    "th": ("พายุตัวอย่างมาถึงคืนนี้", "ลมแรงมาก โปรดอยู่ในอาคาร"),
    "id": ("Badai Contoh tiba malam ini", "Angin sangat kencang. Tetap di dalam rumah."),
}


@asynccontextmanager
async def demonstration(folder: Path, simulator: Simulator) -> AsyncIterator[Service]:
    """A fresh installation of the invented ministry."""
    database_url = f"sqlite:///{folder / 'muster.db'}"
    await asyncio.to_thread(apart, migrate, database_url)
    gazetteer = folder / "gazetteer.sqlite"
    await asyncio.to_thread(compile_gazetteer, gazetteer)
    server = await asyncio.to_thread(start_redis, folder)
    try:
        settings = make_settings(
            folder,
            database_url=database_url,
            redis_url=server.url,
            gazetteer=gazetteer,
            simulator=simulator,
            telegram_per_second=PER_SECOND,
            ministry=MINISTRY,
        )
        async with running(settings) as service:
            yield service
    finally:
        await asyncio.to_thread(stop_redis, server)


def people() -> Population:
    """Citizens in and around the storm."""
    area = area_from({"circles": [[LAT, LON, KM]]})
    return generate(CITIZENS, SEED, area, country="IS", shares=Shares(answers=0.75))


async def hire(service: Service) -> Credentials:
    """An officer with a name that is nobody's."""
    core = service.core
    return await Enrolment(core.database, core.vault, core.clock, Passwords()).add(
        login="robin.example", name="Robin Example", grants=[Grant(role, None) for role in Role]
    )


async def warn(service: Service) -> int:
    """Two officers send the warning; returns the alert's id."""
    now = service.core.clock.now()
    draft = make_draft(
        Area(circles=(Circle(LAT, LON, KM),)),
        {language: words[0] for language, words in WORDS.items()},
        event_title="Storm Example",
        event_name="Storm Example",
        area_name="Reykjavík",
        expires_at=(now + timedelta(hours=24)).replace(minute=0, second=0, microsecond=0),
    )
    texts = {
        language: Text(headline=headline, description=text) for language, (headline, text) in WORDS.items()
    }
    return await service.send(draft.model_copy(update={"texts": texts}))


async def take(page: Page, name: str) -> None:
    """Write one picture, and say how large it is."""
    path = FOLDER / name
    await page.mouse.move(0, 0)
    await page.screenshot(path=path, animations="disabled")
    size = path.stat().st_size
    sys.stdout.write(f"{path}: {size} bytes\n")
    assert size <= LARGEST, "a README should open quickly"


async def chat(citizen: ChatCitizen) -> None:
    """The warning on a phone, then answered."""
    await expect(citizen.warnings).to_have_count(1)
    await citizen.warnings.evaluate("article => article.scrollIntoView({ block: 'start' })")
    await take(citizen.page, "chat.png")
    await citizen.press("Tôi an toàn")


async def board(officer: ConsoleOfficer, service: Service, alert: int) -> None:
    """The live board while answers come in."""
    await officer.sign_in(await hire(service))
    await officer.go("/events/1")

    async def answered() -> bool:
        figures = await service.board(alert)
        return figures.safe + figures.need_help > figures.people_targeted / 2

    await until(answered, 300, "half of the people answered")
    await officer.page.reload()
    await take(officer.page, "console.png")


async def tell(browser: Browser) -> None:
    """The story of both pictures."""
    config = SimulatorConfig(latency=NO_LATENCY, limits=LimitRules(bot_per_second=PER_SECOND))
    with tempfile.TemporaryDirectory(prefix="mu") as name:
        async with Simulator(config) as simulator, demonstration(Path(name), simulator) as service:
            progress = await simulator.register(people(), service.url, REGISTERING)
            sys.stdout.write(f"{progress}\n")
            await simulator.drain(300)
            await simulator.strike(Moment.BEFORE)
            citizen = await ChatCitizen.open(browser, service.url, device_scale_factor=1.5)
            await citizen.subscribe("Reykjavik")
            alert = await warn(service)
            await chat(citizen)
            await board(await ConsoleOfficer.open(browser, service.console), service, alert)


async def main() -> None:
    """Take both pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        await tell(browser)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
