import math

import h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from places.cells import CELL_CIRCUMRADIUS_KM, cell_of, centre, centres, snap, wrap_longitude
from places.distance import between_km
from places.errors import CoordinateError

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)


@given(LAT, LON)
@settings(deadline=None)
def test_nobody_is_farther_from_their_cell_centre_than_the_margin(lat: float, lon: float) -> None:
    assert between_km(lat, lon, *snap(lat, lon)) <= CELL_CIRCUMRADIUS_KM


@given(LAT, LON)
@settings(deadline=None)
def test_a_cell_is_a_signed_64_bit_resolution_7_index(lat: float, lon: float) -> None:
    cell = cell_of(lat, lon)
    assert 0 < cell < 2**63
    assert h3.get_resolution(h3.int_to_str(cell)) == 7
    assert cell_of(*centre(cell)) == cell


def test_known_cell_of_reykjavik_harbour() -> None:
    assert h3.int_to_str(cell_of(64.15, -21.94)) == h3.latlng_to_cell(64.15, -21.94, 7)


@pytest.mark.parametrize("lat", [math.nan, math.inf, -math.inf, 90.0001, -91])
def test_impossible_latitudes_are_refused(lat: float) -> None:
    with pytest.raises(CoordinateError) as fault:
        cell_of(lat, 0.0)
    assert fault.value.code in {"not_a_number", "latitude_range"}


@pytest.mark.parametrize("lon", [math.nan, math.inf, 180.0001, -181])
def test_impossible_longitudes_are_refused_without_repeating_them(lon: float) -> None:
    with pytest.raises(CoordinateError) as fault:
        cell_of(0.0, lon)
    assert "180.0001" not in str(fault.value)
    assert "-181" not in str(fault.value)


@pytest.mark.parametrize("cell", [0, -1, 1, 2**63 - 1, int(h3.latlng_to_cell(1, 1, 5), 16)])
def test_other_numbers_are_not_cells(cell: int) -> None:
    with pytest.raises(CoordinateError, match="not a resolution-7"):
        centre(cell)


def test_centres_of_many_equal_the_single_ones() -> None:
    cells = [cell_of(lat, lon) for lat, lon in [(64.1, -21.9), (-8.1, -79.0), (89.99, 3.0), (0.0, 180.0)]]
    lats, lons = centres(np.array(cells))
    assert list(zip(lats.tolist(), lons.tolist(), strict=True)) == [centre(cell) for cell in cells]
    assert centres([])[0].size == 0


def test_centres_names_the_row_that_is_no_cell() -> None:
    with pytest.raises(CoordinateError) as fault:
        centres([cell_of(1, 1), 0])
    assert fault.value.where == "cells[1]"


@pytest.mark.parametrize(("lon", "wrapped"), [(183, -177), (-540, -180), (180, -180), (179.5, 179.5), (0, 0)])
def test_longitudes_wrap(lon: float, wrapped: float) -> None:
    assert wrap_longitude(lon) == wrapped
