"""Guards: what a draft may say about its source, its event and what it follows. Pure; see `alerts.gate`."""

from alerts import source_rules
from alerts.dossier import Bearings, DeskAct, Dossier
from alerts.draft import Source
from alerts.errors import Reason
from alerts.lifecycle import WAS_SENT


def source_is_meant(d: Dossier) -> Reason | None:
    """A CAP file that is itself an exercise or a test never becomes a real alert."""
    source = _real_source(d)
    return source_rules.not_meant(source) if source else None


def source_is_public(d: Dossier) -> Reason | None:
    """A CAP file that is not for the public must not be passed on to it."""
    source = _real_source(d)
    return source_rules.not_public(source) if source else None


def source_is_a_warning(d: Dossier) -> Reason | None:
    """A CAP file that withdraws or acknowledges something is not a warning."""
    source = _real_source(d)
    return source_rules.not_a_warning(source) if source else None


def source_area_is_whole(d: Dossier) -> Reason | None:
    """Shapes of a file that could not be read would leave people out: over-include."""
    source = _real_source(d)
    return source_rules.not_whole(source) if source else None


def area_lies_where_it_is_meant(d: Dossier) -> Reason | None:
    """Latitude and longitude the wrong way round would warn people of the wrong place; what takes such a
    warning back goes to whoever got it, wherever that was."""
    follows = any(one is not None and one.corrects is not None for one in (d.draft, d.alert))
    return None if follows else swap_in(d.bearings)


def regions_are_known(d: Dossier) -> Reason | None:
    """Of a region nobody knows anything of, its whole country would be warned; what takes such a warning back
    goes to whoever got it."""
    follows = any(one is not None and one.corrects is not None for one in (d.draft, d.alert))
    return None if follows else unknown_in(d.bearings)


def event_is_of_this_kind(d: Dossier) -> Reason | None:
    """Real and drill never share an event, hence no board, case or check-in."""
    if d.event is None or d.draft is None or d.event.drill == d.draft.drill:
        return None
    return Reason("event_kind", "A drill cannot join a real event, nor a real alert a drill's.")


def event_is_open(d: Dossier) -> Reason | None:
    """A closed event takes no new warnings; what follows an earlier one still may."""
    if d.event is None or d.event.closed_at is None or (d.draft and d.draft.corrects is not None):
        return None
    return Reason("event_closed", "This event is closed; open a new one.")


def event_has_a_name(d: Dossier) -> Reason | None:
    """A new event needs a title for the board."""
    if d.draft is None or d.draft.event_id is not None or d.draft.event_title:
        return None
    return Reason("no_event", "Name the new event, or choose one.")


def kind_is_kept(d: Dossier) -> Reason | None:
    """A drill cannot be turned into a real alert, nor back: write a new one."""
    if d.draft is None or d.alert is None or d.draft.status == d.alert.status:
        return None
    return Reason("status_changed", "The status of an alert cannot be changed; write a new alert.")


def audience_is_kept(d: Dossier) -> Reason | None:
    """Whom a follow-up goes to is fixed by what it follows; event and visibility stay too."""
    if d.draft is None or d.alert is None:
        return None
    now, then = d.draft, d.alert
    kept = now.corrects == then.corrects and now.audience == then.audience
    if kept and now.event_id in (None, then.event_id):
        return None
    return Reason(
        "audience_changed", "Event, visibility and what it follows cannot be changed; write a new alert."
    )


def followed_is_of_this_kind(d: Dossier) -> Reason | None:
    """A drill's correction goes to the drill's people, a real one's to the real ones."""
    if d.draft is None or d.corrected is None:
        return None
    if d.corrected.drill == d.draft.drill and d.corrected.event_id == d.draft.event_id:
        return None
    return Reason("followed_kind", "It must belong to the same event and be as real as the alert it follows.")


def followed_was_sent(d: Dossier) -> Reason | None:
    """Only what may have reached somebody can be corrected or called off."""
    row, written = (
        (d.alert, d.revision) if d.act is DeskAct.FOLLOW_UP else (d.corrected, d.corrected_revision)
    )
    if row is None or (row.state in WAS_SENT and written is not None and written.approved_at is not None):
        return None
    return Reason("never_sent", "The alert it follows was never sent: revise or cancel that one instead.")


def swap_in(bearings: Bearings) -> Reason | None:
    """Whether the coordinates of an area look exchanged, judged by the countries and the place it names."""
    both, meant = bearings.readings, bearings.meant
    if not both.swapped_for(meant):
        return None
    given, turned = (", ".join(sorted(lands)) or "no country" for lands in (both.given, both.turned & meant))
    return Reason(
        "swapped",
        f"Latitude and longitude look swapped: as given the area lies in {given}, swapped it lies in "
        f"{turned}, which is what its countries or its name say. Exchange them (latitude comes first), or "
        "correct the countries or the name of the area.",
    )


def unknown_in(bearings: Bearings) -> Reason | None:
    """The regions of an area that mean nothing to this installation."""
    if not bearings.unknown:
        return None
    return Reason(
        "region_unknown",
        f"This installation knows no region {', '.join(bearings.unknown)}: choose regions from the list "
        "(ISO 3166-2 codes, as `muster place at` names them), or draw the area.",
    )


def _real_source(d: Dossier) -> Source | None:
    return None if d.draft is None or d.draft.drill else d.draft.source
