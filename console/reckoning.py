"""How many people an alert would reach, in which language, and how long it takes. Counts, sends nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerts import correction
from alerts.dossier import Gap
from alerts.forecast import Capacity, ChannelForecast, forecast, seconds_of
from alerts.gaps import gaps_of
from alerts.headcount import Headcount
from alerts.store import RevisionRow
from bot.messages import Outbound
from console.preview import alert_of
from console.services import Services
from places.area import Area
from registry import estimates
from registry.estimates import Estimate

CODE = "AAAAAA"  # as long as an event's code will be


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Unit everywhere: people (registrations).

    Attributes:
        follows: the audience is whoever got the alert it follows, not the area's.
        estimates: citizens thought to live in each of those countries (ISO-2); a missing one is unknown.
    """

    headcount: Headcount
    gaps: tuple[Gap, ...]
    forecasts: tuple[ChannelForecast, ...]
    follows: bool = False
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def countries(self) -> tuple[str, ...]:
        """Where those people are, most first."""
        return tuple(self.headcount.by_country)

    @property
    def seconds(self) -> float:
        """Until the first round is out; channels work side by side."""
        return seconds_of(self.forecasts)


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
    gaps = gaps_of(count.by_language, revision, services.rules)
    found = forecast(count.ways, await _capacities(services, revision, count), services.prices)
    async with services.database.read() as connection:
        thought = await estimates.known(connection, list(count.by_country))
    return Reckoning(count, gaps, found, estimates=thought)


async def _capacities(services: Services, revision: RevisionRow, count: Headcount) -> Sequence[Capacity]:
    if services.capacities is None:
        rates: defaultdict[str, float] = defaultdict(float)
        for sender in services.senders:
            rates[sender.channel] += sender.per_second
        return [Capacity(channel, rate) for channel, rate in rates.items()]
    messages: dict[str, Outbound] = {}
    if revision.texts:
        alert = alert_of(revision, services.clock.now())
        messages = {tag: services.compose(alert, revision, CODE, tag) for tag in count.by_language}
    return await services.capacities(messages, tuple(count.by_country))
