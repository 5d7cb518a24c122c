"""Who may say what of a person."""

import pytest

from alerts.checkin_status import (
    SELF_REPORTABLE,
    SILENCING,
    CheckinSource,
    CheckinStatus,
    displaces,
    may_report,
)


@pytest.mark.parametrize("source", CheckinSource)
@pytest.mark.parametrize("status", CheckinStatus)
def test_only_officers_report_outcomes(source: CheckinSource, status: CheckinStatus) -> None:
    anybody = status.value in {"SAFE", "NEED_HELP", "NOT_THERE", "LEFT"}
    assert (status in SELF_REPORTABLE) is anybody
    assert may_report(source, status) is (anybody or source is CheckinSource.OFFICER)


@pytest.mark.parametrize("known", CheckinStatus)
def test_a_silencing_outcome_yields_to_officers_only(known: CheckinStatus) -> None:
    silencing = known.value in {"HOSPITALISED", "DETAINED", "DECEASED", "CLOSED"}
    assert (known in SILENCING) is silencing
    for source in CheckinSource:
        assert displaces(known, source) is (not silencing or source is CheckinSource.OFFICER)


def test_values_fit_their_columns() -> None:
    assert max(map(len, CheckinStatus)) <= 12
    assert max(map(len, CheckinSource)) <= 10
