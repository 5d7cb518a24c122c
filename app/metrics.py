"""Counters for operators, in Prometheus' words. Touches nothing but its own registry.

Labels are channels, accounts, states and codes; a value that comes from a person or a provider's text is
never one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Metrics:
    """The figures of one process; fulfils `bot.counters.Count`."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}

    def __call__(self, name: str, /, **labels: str) -> None:
        """Count one `name`; the label names of a figure are those of its first call."""
        if name not in self._counters:
            self._counters[name] = Counter(
                f"muster_{name}", name.replace("_", " "), sorted(labels), registry=self._registry
            )
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc()

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set the gauge `name`; the label names of a figure are those of its first call."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(
                f"muster_{name}", name.replace("_", " "), sorted(labels), registry=self._registry
            )
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def table(self, name: str, labels: Sequence[str], rows: Mapping[Any, float], /) -> None:
        """Set the gauge `name` to exactly these values, each under its labels' values; whatever else
        it had is gone."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(
                f"muster_{name}", name.replace("_", " "), list(labels), registry=self._registry
            )
        gauge = self._gauges[name]
        gauge.clear()
        for values, number in rows.items():
            gauge.labels(*values).set(number)

    def render(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self._registry)
