"""The words of CAP: which warnings go first."""

from alerts.terms import SEVERITY_ORDER, Severity, priority_of


def test_the_graver_goes_first() -> None:
    assert [priority_of(severity) for severity in SEVERITY_ORDER] == [0, 1, 2, 3, 2]
    assert priority_of("Extreme") == priority_of(Severity.EXTREME)
