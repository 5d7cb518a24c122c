"""How many people an alert would reach, in which language, and how long it takes. Counts, sends nothing."""

from collections import defaultdict
from dataclasses import dataclass

from alerts import correction
from alerts.dossier import Gap
from alerts.gaps import gaps_of
from alerts.headcount import Headcount
from alerts.store import RevisionRow
from console.services import Services
from places.area import Area


@dataclass(frozen=True, slots=True)
class Forecast:
    """The first round over one channel. Seconds at the channel's full rate; None = the channel is off."""

    channel: str
    people: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Unit everywhere: people (registrations).

    Attributes:
        follows: the audience is whoever got the alert it follows, not the area's.
    """

    headcount: Headcount
    gaps: tuple[Gap, ...]
    forecasts: tuple[Forecast, ...]
    follows: bool = False

    @property
    def countries(self) -> tuple[str, ...]:
        """Where those people are, most first."""
        return tuple(self.headcount.by_country)

    @property
    def seconds(self) -> float:
        """Until the first round is out; channels work side by side."""
        return max((forecast.seconds or 0.0 for forecast in self.forecasts), default=0.0)


async def reckon(services: Services, revision: RevisionRow) -> Reckoning:
    """Count the audience of a revision as it would be now."""
    if revision.corrects is not None:
        async with services.database.read() as connection:
            languages = await correction.languages(connection, revision.corrects)
        count = Headcount(people=sum(languages.values()), by_language=languages)
        return Reckoning(count, gaps_of(languages, revision, services.rules), (), follows=True)
    if not revision.area:
        return Reckoning(Headcount(people=0), (), ())
    count = await services.audience.count(
        Area.from_json(revision.area), drill=revision.drill, include_maybe=revision.include_maybe
    )
    return Reckoning(
        count, gaps_of(count.by_language, revision, services.rules), tuple(_forecasts(services, count))
    )


def _forecasts(services: Services, count: Headcount) -> list[Forecast]:
    rates: defaultdict[str, float] = defaultdict(float)
    for sender in services.senders:
        rates[sender.channel] += sender.per_second
    return [
        Forecast(channel, people, people / rates[channel] if rates[channel] else None)
        for channel, people in count.by_channel.items()
    ]
