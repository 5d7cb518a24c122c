"""Questions: answered in words officers approved, asked back with buttons, or handed over. Touches the
question log and cases; finds answers before the transaction begins.

Nothing here words an answer. A warning that is live for the asker is said first. Whatever was not answered
waits for an officer, with the asker's words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from assistance.faq import questions
from assistance.faq.answering import Answer, answer_of
from assistance.faq.engine import SHOWN, Decision, Found
from assistance.faq.errors import EntryUnknownError
from assistance.faq.grams import is_markless
from assistance.faq.publishing import Edition
from assistance.faq.questions import QuestionState
from assistance.faq.search import variant_for
from assistance.faq.store import entry
from assistance.lifecycle import CaseState
from bot.messages import Button, Outbound
from bot.turn import BeforehandError
from handlers.asking import hand_over, warn_first
from handlers.cases import case_of
from handlers.kit import Faq
from handlers.visit import At, Visit, shortened

LEFT = "faq"  # entries that may still be meant, behind a direct answer
MAX_LABEL = 60
LOOKED_AT = 5  # candidates; some of the first may not be for this person
TOO_FEW_WORDS, TOO_FEW_LETTERS = 2, 8
GOOD_FOR = timedelta(days=7)  # buttons of a question


@dataclass(frozen=True, slots=True)
class Sought:
    """What was found beforehand; `edition` None = nothing is published."""

    edition: Edition | None
    found: Found | None = None


async def ask(visit: Visit) -> bool:
    """Anything typed that nothing else wanted."""
    sought = await _sought(visit)
    if sought is None or sought.edition is None or sought.found is None:
        return False
    if sought.found.decision is Decision.HANDOVER and _says_little(visit):
        return False
    nearest = [each.subject for each in sought.found.candidates[:LOOKED_AT]]
    answers = await _answers(visit, sought.edition, nearest)
    decision = sought.found.decision
    if not answers or (decision is Decision.ANSWER and not _is_first(answers[0], sought)):
        decision = Decision.HANDOVER  # the surest one cannot be said to this person
    await warn_first(visit)
    if decision is Decision.ANSWER:
        number = await _log(visit, sought.found, QuestionState.ANSWERED, answers[0].entry_id)
        visit.session.data[LEFT] = ",".join(str(each.entry_id) for each in answers[1:SHOWN])
        _say(visit, answers[0], number)
    elif decision is Decision.CHOOSE:
        number = await _log(visit, sought.found, QuestionState.OFFERED)
        _offer(visit, answers[:SHOWN], number, "faq.which")
    else:
        number = await _log(visit, sought.found, QuestionState.UNANSWERED)
        await hand_over(visit, number, visit.inbound.text, "faq.unknown")
    return True


async def ask_beside_case(visit: Visit) -> bool:
    """While only a question waits at an officer, another one may be answered; else it goes there too."""
    if visit.kit.faq is None or not visit.is_text or visit.asked is not None or not visit.at(At.NOTHING):
        return False
    case = await case_of(visit)
    if case is None or case.state is not CaseState.OPEN:
        return False
    if not await questions.opened(visit.turn.connection, case.id):
        return False
    sought = await _sought(visit)
    if sought is None or sought.found is None or sought.found.decision is Decision.HANDOVER:
        return False
    return await ask(visit)


async def question_buttons(visit: Visit) -> bool:
    """`faq:pick:<question>:<entry>`, `faq:not:<question>`, `faq:none:<question>`."""
    if not visit.button.startswith("faq:") or visit.kit.faq is None:
        return False
    action, number, *rest = [*visit.button.removeprefix("faq:").split(":"), ""]
    if not number.isdecimal():
        return False
    edition = await _edition(visit, visit.kit.faq)
    try:
        row = await questions.of_person(visit.turn.connection, int(number), visit.person.id)
    except EntryUnknownError:
        return False  # another person's, or long deleted: the fallback says that it is over
    if edition is None or visit.turn.now - row.at > GOOD_FOR:
        return False
    if action == "pick" and rest[0].isdecimal():
        return await _pick(visit, edition, row.id, int(rest[0]))
    if action not in {"not", "none"}:
        return False
    left = await _left(visit, edition) if action == "not" else []
    await questions.change(visit.turn.connection, row.id, state=QuestionState.REFUSED.value)
    if left:
        _offer(visit, left, row.id, "faq.perhaps")
    else:
        await hand_over(visit, row.id, row.text(visit.vault), "faq.handed_over")
    return True


async def _pick(visit: Visit, edition: Edition, number: int, entry_id: int) -> bool:
    chosen = await _entries(visit, edition, [entry_id])
    if not chosen:
        return False
    await questions.change(
        visit.turn.connection, number, state=QuestionState.ANSWERED.value, entry_id=entry_id, direct=False
    )
    visit.session.data.pop(LEFT, None)
    _say(visit, chosen[0], number)
    return True


async def _left(visit: Visit, edition: Edition) -> list[Answer]:
    kept = visit.session.data.pop(LEFT, "")
    return await _entries(visit, edition, [int(each) for each in kept.split(",") if each])


async def _sought(visit: Visit) -> Sought | None:
    """What was found; None when this is nothing to look for. Asks for it to be found when it was not yet."""
    faq = visit.kit.faq
    if faq is None or not visit.is_text or visit.asked is not None or not visit.at(At.NOTHING):
        return None
    if not visit.said.whole:
        return None
    if isinstance(visit.turn.brought, Sought):
        return visit.turn.brought
    raise BeforehandError(partial(_seek, visit, faq))


async def _seek(visit: Visit, faq: Faq) -> Sought:
    found = await faq.search.search(
        visit.inbound.text, _language(visit), visit.country, visit.turn.now.date()
    )
    return Sought(None) if found is None else Sought(*found)


async def _edition(visit: Visit, faq: Faq) -> Edition | None:
    if isinstance(visit.turn.brought, Sought):
        return visit.turn.brought.edition

    async def seek() -> Sought:
        return Sought(await faq.search.edition())

    raise BeforehandError(seek)


def _language(visit: Visit) -> str:
    """The language something is typed in: a guess when there is enough of it, else the person's own."""
    text = visit.inbound.text
    short = text.isascii() and len(text.split()) < 3
    if short or (visit.language == "vi" and is_markless(text)):
        return visit.language
    return visit.kit.guesser.guess("", text) or visit.language


def _says_little(visit: Visit) -> bool:
    """Greetings and thanks: not worth an officer's minute by themselves."""
    words = visit.said.whole.split()
    letters = sum(sign.isalpha() for sign in visit.said.whole)
    return len(words) < TOO_FEW_WORDS and letters < TOO_FEW_LETTERS


async def _answers(visit: Visit, edition: Edition, subjects: Sequence[str]) -> list[Answer]:
    """What may be said to this person, in the order of `subjects`."""
    today = visit.turn.now.date()
    variants = (variant_for(edition, subject, visit.country, today) for subject in subjects)
    return await _entries(visit, edition, [each.entry_id for each in variants if each is not None])


async def _entries(visit: Visit, edition: Edition, entry_ids: Sequence[int]) -> list[Answer]:
    """The answers of entries that are published, in use, hold here today, and can be filled."""
    if visit.kit.faq is None:
        return []
    today, found = visit.turn.now.date(), []
    known = {each.entry_id: each for several in edition.variants.values() for each in several}
    for entry_id in entry_ids:
        variant = known.get(entry_id)
        if variant is None or not variant.facts.holds(visit.country, today):
            continue
        if (await entry(visit.turn.connection, entry_id)).retired_at is not None:
            continue
        values = await visit.kit.faq.fields.values(visit.turn.connection, visit.country, variant.facts.source)
        answer = answer_of(variant, visit.language, values)
        if answer is not None:
            found.append(answer)
    return found


def _is_first(answer: Answer, sought: Sought) -> bool:
    if sought.edition is None or sought.found is None or not sought.found.candidates:
        return False
    subject = sought.found.candidates[0].subject
    return any(each.entry_id == answer.entry_id for each in sought.edition.variants.get(subject, ()))


async def _log(visit: Visit, found: Found, state: QuestionState, entry_id: int | None = None) -> int:
    return await questions.add(
        visit.turn.connection,
        visit.vault,
        visit.inbound.text,
        key=visit.turn.key,
        person_id=visit.person.id,
        country=visit.country,
        language=visit.language,
        drill=visit.person.drill,
        state=state,
        score=found.score,
        now=visit.turn.now,
        entry_id=entry_id,
        direct=entry_id is not None,
    )


def _say(visit: Visit, answer: Answer, number: int) -> None:
    """The approved words alone; a line of ours before them says where they are in another language, or (in a
    demonstration) where nobody stands for them yet.
    """
    if answer.language != visit.language:
        catalog = visit.kit.catalog
        tongue = catalog.supported(answer.language)
        name = catalog.say(tongue, "language.own_name") if tongue else answer.language
        visit.reply(visit.say("faq.only_in", tongue=name))
    if not answer.reviewed:
        visit.reply(visit.say("faq.unreviewed"))
    buttons = (visit.choice("faq.not_this", f"faq:not:{number}"),)
    visit.turn.reply(Outbound(answer.text, answer.language, buttons))


def _offer(visit: Visit, answers: Sequence[Answer], number: int, key: str) -> None:
    buttons = [
        Button(shortened(each.heading, MAX_LABEL), f"faq:pick:{number}:{each.entry_id}") for each in answers
    ]
    visit.reply(visit.say(key), [*buttons, visit.choice("faq.none", f"faq:none:{number}")])
