"""The shortest journey through the whole house: subscribe by chat, be warned, answer, be counted."""

from pathlib import Path

from places.area import Area
from places.shapes import Circle
from simulator.config import NO_LATENCY, SimulatorConfig
from simulator.geometry import area_from
from simulator.population import generate
from simulator.server import Simulator
from tests.conftest import OwnRedis
from tests.service import make_draft, make_settings, running


async def test_thirty_people_are_warned_and_counted(
    tmp_path: Path, sqlite_template: Path, own_redis: OwnRedis, gazetteer: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'muster.db'}"
    (tmp_path / "muster.db").write_bytes(sqlite_template.read_bytes())
    people = generate(30, 7, area_from({"circles": [[64.14, -21.9, 30]]}), country="IS")
    async with Simulator(SimulatorConfig(latency=NO_LATENCY, speed=50)) as simulator:
        settings = make_settings(
            tmp_path, database_url=url, redis_url=own_redis.url, gazetteer=gazetteer, simulator=simulator
        )
        async with running(settings) as service:
            progress = await simulator.register(people, service.url)
            print(progress)
            draft = make_draft(Area(circles=(Circle(64.14, -21.9, 30),)), {"en": "Gale", "vi": "Gió mạnh"})
            alert = await service.send(draft)
            board = await service.finished(alert)
            await simulator.drain()
            print(board)
            assert board.people_targeted > 0
