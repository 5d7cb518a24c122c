"""Guards: where an alert stands, and whether what it says may be sent. Pure; see `alerts.gate`."""

from collections.abc import Mapping
from datetime import timedelta

from alerts.dossier import LIFECYCLE, Dossier
from alerts.errors import Reason
from alerts.lifecycle import allows
from alerts.pieces import overlong
from alerts.store import RevisionRow
from alerts.terms import GRAVE
from bot.channels import FACTS
from bot.slots import Slot, piece_problems

MIN_REASON = 3


def state_allows(d: Dossier) -> Reason | None:
    """An alert moves only as `alerts.lifecycle` allows."""
    if d.alert is None or allows(d.alert.state, LIFECYCLE[d.act]):
        return None
    return Reason("state", f"The alert is {d.alert.state}; that does not go with: {d.act}.")


def seen_is_newest(d: Dossier) -> Reason | None:
    """What is approved is what the approver looked at, not what was saved a moment later."""
    if d.revision is None or d.seen in (None, d.revision.number):
        return None
    return Reason("changed_meanwhile", "The alert was changed while you looked at it; read it again.")


def reason_is_given(d: Dossier) -> Reason | None:
    """Who stops or refuses says why; it is kept in the audit chain."""
    return None if len(d.reason.strip()) >= MIN_REASON else Reason("no_reason", "Say why in a few words.")


def texts_are_written(d: Dossier) -> Reason | None:
    """At least one language, and in each a headline and something to say."""
    texts = d.revision.texts if d.revision else {}
    thin = sorted(
        tag for tag, text in texts.items() if not text.headline or not (text.description or text.instruction)
    )
    if texts and not thin:
        return None
    return Reason("no_text", f"Headline and text are missing in: {', '.join(thin) or 'every language'}.")


def first_sentence_fits(d: Dossier) -> Reason | None:
    """A text message begins with the first sentence of what to do, whole; it must leave room for the rest."""
    over = overlong(d.revision) if d.revision else {}
    if not over:
        return None
    words = ", ".join(f"{where}: {units} too many" for where, units in over.items())
    return Reason(
        "first_sentence",
        "A text message shows the first sentence of the instruction and no half of it: shorten it, or end it "
        f"earlier with a full stop or a new line ({words} characters).",
    )


def pieces_knock(d: Dossier) -> Reason | None:
    """Where only a template may be shown, headline and place stand in its slots: one short line each, else a
    whole channel would be lost. A place that has no name is shown as a dash."""
    if d.revision is None:
        return None
    heads = {text.headline or d.revision.event_name for text in d.revision.texts.values()}
    problems = {problem.text for head in heads for problem in piece_problems(Slot.HAZARD, head)}
    if d.revision.area_name:
        problems |= {problem.text for problem in piece_problems(Slot.PLACE, d.revision.area_name)}
    if not problems:
        return None
    words = "; ".join(sorted(problems)).replace(f"{Slot.HAZARD}:", "the headline")
    words = words.replace(f"{Slot.PLACE}:", "the name of the area")
    where = " and ".join(facts.name for facts in FACTS.values() if facts.has_window)
    return Reason("knock", f"Headline and place stand in one line each on {where}: {words}.")


def area_is_drawn(d: Dossier) -> Reason | None:
    """An alert without an area reaches nobody; the UK's Emergency Alerts refuses it, too
    (alphagov/emergency-alerts-api)."""
    return None if d.has_area else Reason("no_area", "Draw an area or name a country.")


def expiry_is_ahead(d: Dossier) -> Reason | None:
    """A warning that is over is not sent."""
    if d.revision is None or d.revision.expires_at > d.now:
        return None
    return Reason("expired", "The expiry has passed: set a new one.")


def expiry_is_near(d: Dossier) -> Reason | None:
    """A warning nobody remembers is still live is worse than none."""
    if d.revision is None or d.revision.expires_at - d.now <= d.rules.longest:
        return None
    return Reason(
        "expires_too_late", f"An alert may be valid for {d.rules.longest // timedelta(days=1)} days at most."
    )


def times_are_in_order(d: Dossier) -> Reason | None:
    """Nobody gets a warning as useful that has expired, or one that expires before it begins."""
    if d.revision is None:
        return None
    late = d.revision.onset is not None and d.revision.onset > d.revision.expires_at
    if not late and d.revision.useful_until <= d.revision.expires_at:
        return None
    return Reason("times", "Onset and 'useful until' must not be after the expiry.")


def correction_is_ready(d: Dossier) -> Reason | None:
    """Before a grave real alert leaves, the words to take it back exist."""
    if not _is_grave(d.revision) or _has_words(d.revision.correction if d.revision else {}):
        return None
    return Reason("no_correction", "A severe or extreme alert needs a correction text, ready to send.")


def all_clear_is_ready(d: Dossier) -> Reason | None:
    """Before a grave real alert leaves, the words to end it exist."""
    if not _is_grave(d.revision) or _has_words(d.revision.all_clear if d.revision else {}):
        return None
    return Reason("no_all_clear", "A severe or extreme alert needs an all-clear text, ready to send.")


def fallbacks_are_accepted(d: Dossier) -> Reason | None:
    """The approver accepts the people per missing language; a grave alert is never blocked."""
    if d.revision is None or d.revision.severity in GRAVE:
        return None
    open_gaps = [gap for gap in d.gaps if gap.people > d.accepted.get(gap.language, 0)]
    if not open_gaps:
        return None
    words = ", ".join(f"{gap.language}: {gap.people} people get {gap.fallback_language}" for gap in open_gaps)
    return Reason("fallbacks", f"No text in their own language ({words}): add the text or accept the number.")


def _is_grave(revision: RevisionRow | None) -> bool:
    return revision is not None and revision.severity in GRAVE and not revision.drill


def _has_words(texts: Mapping[str, str]) -> bool:
    return any(text.strip() for text in texts.values())
