"""How a seeded population is drawn: what part of it is what, and where people stand. Pure but for its
generator.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from simulator.cities import COUNTRIES, City
from simulator.citizen import BY_NUMBER, FIRST_TELEGRAM_ID, Answer, Channel, Citizen, Fate, Moment, Telling
from simulator.geometry import Area, Circle, Point, moved, near, outside_km
from simulator.mixes import ANSWERS, ANY, FATES, TWO_WAY, Mix, two_channels, viber_id
from simulator.numbers import number_in
from simulator.scripts import OF_LANGUAGE

T = TypeVar("T")

MAX_DRAWS = 20_000
KM_PER_DEGREE = 111.2
BOTH_WAYS = 0.7  # of those who have text messages beside another channel, can answer them
CITY_SPREAD_KM = 1.0  # who types a city stands this close to its middle
DEFAULT_LANGUAGES = (("vi", 0.4), ("en", 0.25), ("th", 0.2), ("id", 0.15))


@dataclass(frozen=True, slots=True)
class Shares:
    """What part of a population is what, 0..1 each.

    Attributes:
        inside, edge, nearby: of all people: clearly inside (1 km or deeper), within 7 km of the border on
            either side, outside by 10 to 80 km; the rest lives in far cities and countries.
        cities, countries: of those inside a named city (or far away): type its name, type the country's name.
        webchat, both: of all people; the rest has Telegram only.
        mix: weights of which channels people have, the one they register on first; not given = *webchat* and
            *both*.
        languages: weights of the languages people read.
        wrong_language: their app speaks another language than they do.
        answers, help: answer within ten minutes; of those, need help.
        gone: of all but those with web chat only: lose one of their channels; half of it strikes during the
            broadcast.
        types: of people without buttons, answer in words. reads_full: want the whole text before they answer.
        writes_daily: wrote to us within a day before the warning.
        away: of web chat people, chat closed. refuses, stops: say no to the notice, unsubscribe.
    """

    inside: float = 0.5
    edge: float = 0.1
    nearby: float = 0.15
    cities: float = 0.3
    countries: float = 0.0
    webchat: float = 0.25
    both: float = 0.15
    mix: Mix = ()
    languages: tuple[tuple[str, float], ...] = DEFAULT_LANGUAGES
    wrong_language: float = 0.06
    answers: float = 0.35
    help: float = 0.06
    gone: float = 0.15
    types: float = 0.2
    reads_full: float = 0.4
    writes_daily: float = 0.2
    away: float = 0.0
    refuses: float = 0.01
    stops: float = 0.01


class Maker:
    """Draws citizens one by one; the order of draws is what makes a seed repeatable."""

    def __init__(
        self,
        rng: random.Random,
        area: Area,
        country: str,
        shares: Shares,
        cities: Sequence[City],
        drill: bool,
        invitation: str,
    ) -> None:
        if not (area.circles or area.polygons):
            raise ValueError("people are placed around circles or polygons")
        self._rng, self._area, self._country, self._shares = rng, area, country, shares
        self._drill, self._invitation = drill, invitation
        self._home = [one for one in cities if outside_km(area, one.lat, one.lon) < -2 * CITY_SPREAD_KM]
        self._far = [
            one
            for one in cities
            if outside_km(area, one.lat, one.lon) > 100 and one.country not in (country, *area.countries)
        ]
        if not self._far:
            raise ValueError("no city lies far away from the area")
        self._boxes: dict[float, tuple[float, float, float, float]] = {}

    def citizen(self, number: int) -> Citizen:
        """The next citizen."""
        rng, shares = self._rng, self._shares
        channels = weighted(rng, shares.mix or two_channels(shares.webchat, shares.both))
        lat, lon, country, telling, city = self._place(in_words=channels[0] is Channel.SMS)
        language = weighted(rng, shares.languages)
        client = language
        if rng.random() < shares.wrong_language:
            client = rng.choice([name for name, _ in shares.languages if name != language] or [language])
        answers = rng.random() < shares.answers
        needs_help = rng.random() < shares.help
        answer = Answer.NONE if not answers else Answer.HELP if needs_help else Answer.SAFE
        fate, fate_on = self._fate(channels)
        words = {Telling.CITY: city.name, Telling.COUNTRY: COUNTRIES.get(country, country), Telling.PIN: ""}
        in_touch = channels[0] is Channel.SMS or (Channel.SMS in channels and rng.random() < BOTH_WAYS)
        owner = weighted(rng, TWO_WAY if in_touch else ANY)
        has_number = not BY_NUMBER.isdisjoint(channels)
        phone, owner = number_in(owner, number) if has_number else ("", "")
        unheard = Channel.SMS in channels[1:] and owner not in ANSWERS  # what they type by SMS gets lost
        return Citizen(
            id=f"c-{number:06d}",
            channels=channels,
            language=language,
            client_language=client,
            lat=round(lat, 6),
            lon=round(lon, 6),
            country=country,
            telling=telling,
            place=words[telling],
            place_hint=city.hint if telling is Telling.CITY else "",
            answer=answer,
            answer_s=round(min(600.0, rng.lognormvariate(math.log(90), 0.9)), 1),
            help_words="In the school next to the station" if rng.random() < 0.3 else "",
            digits=rng.choice(OF_LANGUAGE.get(language, ("latin",))),
            types=rng.random() < shares.types,
            reads_full=rng.random() < shares.reads_full,
            writes_daily=rng.random() < shares.writes_daily,
            fate=fate,
            fate_at=rng.choice(tuple(Moment)),
            fate_on=fate_on,
            away=Channel.WEBCHAT in channels and rng.random() < shares.away,
            consents=rng.random() >= shares.refuses,
            stops=rng.random() < shares.stops,
            drill=self._drill,
            invitation=self._invitation,
            phone=phone if unheard else "",
            telegram_id=FIRST_TELEGRAM_ID + number if Channel.TELEGRAM in channels else None,
            number=phone,
            number_country=owner,
            viber_id=viber_id(number) if Channel.VIBER in channels else "",
        )

    def _fate(self, channels: tuple[Channel, ...]) -> tuple[Fate, Channel]:
        """What becomes of which of the channels, if anything."""
        struck = [one for one in channels if one in FATES]
        where = self._rng.choice(struck or channels)
        gone = bool(struck) and self._rng.random() < self._shares.gone
        return (self._rng.choice(FATES[where]) if gone else Fate.ACTIVE), where

    def _place(self, *, in_words: bool) -> tuple[float, float, str, Telling, City]:
        """Where the next citizen is, in which country, how they tell it, and their city if they type one.

        Args:
            in_words: they cannot send a position, so they are in a city or a country one can name.
        """
        shares, rng = self._shares, self._rng
        draw, how = rng.random(), rng.random()
        if in_words:
            how *= shares.cities + shares.countries
        telling = (
            Telling.CITY
            if how < shares.cities
            else Telling.COUNTRY
            if how < shares.cities + shares.countries
            else Telling.PIN
        )
        home = rng.choice(self._home) if self._home else None
        if draw < shares.inside:
            if telling is Telling.CITY and home is not None:
                return *self._around(home), self._country, telling, home
            told = Telling.COUNTRY if telling is Telling.COUNTRY or in_words else Telling.PIN
            lat, lon = self._point(-math.inf, -1.0)
            return lat, lon, self._country, told, self._far[0]
        by_pin = not in_words
        if by_pin and draw < shares.inside + shares.edge:
            lat, lon = self._point(-7.0, 7.0)
            return lat, lon, self._country, Telling.PIN, self._far[0]
        if by_pin and draw < shares.inside + shares.edge + shares.nearby:
            lat, lon = self._point(10.0, 80.0)
            return lat, lon, self._country, Telling.PIN, self._far[0]
        city = rng.choice(self._far)
        return *self._around(city), city.country, telling, city

    def _around(self, city: City) -> Point:
        km = CITY_SPREAD_KM * math.sqrt(self._rng.random())
        return moved(city.lat, city.lon, 360 * self._rng.random(), km)

    def _point(self, nearest_km: float, farthest_km: float) -> Point:
        """A point whose distance outside the area lies between the two; raises `ValueError` if none is
        found.
        """
        reach_km = max(0.0, farthest_km) + 2.0
        south, north, west, east = self._boxes.setdefault(reach_km, box(self._area, reach_km))
        for _ in range(MAX_DRAWS):
            lat, lon = self._rng.uniform(south, north), self._rng.uniform(west, east)
            if nearest_km <= outside_km(self._area, lat, lon) <= farthest_km:
                return lat, near(lon, 0.0)
        raise ValueError("the area is too small to put people there")


def weighted(rng: random.Random, weights: Sequence[tuple[T, float]]) -> T:
    """One of several things by their weights."""
    return rng.choices([one for one, _ in weights], [weight for _, weight in weights])[0]


def box(area: Area, reach_km: float) -> tuple[float, float, float, float]:
    """South, north, west, east of a box around the drawn area and everything within `reach_km` of it."""
    reach = [point for rings in area.polygons for ring in rings for point in ring]
    for circle in area.circles:
        reach += [moved(circle.lat, circle.lon, turn, circle.km) for turn in (0, 90, 180, 270)]
    lons = [near(lon, reach[0][1]) for _, lon in reach]
    lats = [lat for lat, _ in reach]
    high = reach_km / KM_PER_DEGREE
    wide = high / max(0.05, math.cos(math.radians(max(map(abs, lats)))))
    return max(-89.0, min(lats) - high), min(89.0, max(lats) + high), min(lons) - wide, max(lons) + wide


def circle_area(lat: float, lon: float, km: float) -> Area:
    """The area of one circle."""
    return Area(circles=(Circle(lat, lon, km),))
