import sqlite3
from contextlib import closing
from pathlib import Path

import h3
import pytest

from places.atlas import FIELD_RADIUS_KM
from places.compile import is_current, main, stamp
from places.distance import distance_km
from places.source_cities import city_radius_km


def test_a_current_file_is_not_compiled_again(gazetteer: Path) -> None:
    before = gazetteer.stat().st_mtime_ns
    assert is_current(gazetteer)
    assert main([str(gazetteer)]) == 0
    assert gazetteer.stat().st_mtime_ns == before


def test_other_files_are_not_current(tmp_path: Path) -> None:
    assert not is_current(tmp_path / "none")
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk" * 1000)
    assert not is_current(junk)
    old = tmp_path / "old"
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE meta (key, value)")
        connection.execute("INSERT INTO meta VALUES ('stamp', 'schema=0')")
        connection.commit()
    assert not is_current(old)


def test_it_must_be_told_where_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_the_file_is_small_stamped_and_whole(gazetteer: Path) -> None:
    assert gazetteer.stat().st_size < 80e6
    assert not list(gazetteer.parent.glob(f"{gazetteer.name}.*.partial"))
    with closing(sqlite3.connect(gazetteer)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT value FROM meta WHERE key = 'stamp'").fetchone() == (stamp(),)
        kinds = dict(connection.execute("SELECT kind, count(*) FROM place GROUP BY kind"))
        lost = connection.execute(
            "SELECT count(*) FROM name WHERE place NOT IN (SELECT id FROM place)"
        ).fetchone()
    assert kinds["city"] > 230_000
    assert kinds["admin1"] > 5_000
    assert kinds["country"] > 245
    assert lost == (0,)


@pytest.mark.parametrize(
    ("population", "radius_km"),
    [(0, 5), (5_000, 5), (10_000, 5), (100_000, 9), (1_000_000, 22), (30_000_000, 60)],
)
def test_a_citys_radius_grows_with_its_people(population: int, radius_km: int) -> None:
    assert city_radius_km(population) == radius_km


def test_the_fields_radius_holds_for_the_worst_cells() -> None:
    pentagons = list(h3.get_pentagons(4))
    around = [cell for pentagon in pentagons for cell in h3.grid_disk(pentagon, 3)]
    for cell in around:
        corners = h3.cell_to_boundary(cell)
        lats, lons = zip(*corners, strict=True)
        assert distance_km(*h3.cell_to_latlng(cell), lats, lons).max() < FIELD_RADIUS_KM
