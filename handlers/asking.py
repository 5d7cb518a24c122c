"""Around a question: the warning that is live for the asker, said first, and the way to an officer. Touches
cases and, through the kit, alerts.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from assistance.faq import questions
from bot.messages import Outbound
from handlers.cases import add_words, open_case
from handlers.visit import Visit

WARNED = "faq_warned"  # event code to when its whole text was last said before an answer
AGAIN = timedelta(hours=1)


async def warn_first(visit: Visit) -> None:
    """Say the warning that is live for this person, whole at most once an hour, else in a line."""
    live = await visit.kit.live_events(visit.turn.connection, person_id=visit.person.id, now=visit.turn.now)
    if not live:
        visit.session.data.pop(WARNED, None)
        return
    said = json.loads(visit.session.data.get(WARNED, "{}"))
    for event in reversed(live):
        before = said.get(event.code)
        fresh = before is not None and visit.turn.now - datetime.fromisoformat(before) < AGAIN
        texts = () if fresh else await _whole(visit, event.code)
        for text in texts:
            visit.turn.reply(replace(text, buttons=()))  # a typed number answers the question below
        if texts:
            said[event.code] = visit.turn.now.isoformat()
        else:
            visit.reply(visit.say("faq.warning", title=event.title))
    codes = {event.code for event in live}
    visit.session.data[WARNED] = json.dumps({code: at for code, at in said.items() if code in codes})


async def hand_over(visit: Visit, question_id: int, text: str, words: str) -> None:
    """Put the question before an officer, in the person's thread, and say so."""
    case = await open_case(visit)
    await add_words(visit, case, text, "question")
    await questions.change(visit.turn.connection, question_id, case_id=case.id)
    await visit.kit.page(visit.turn.connection, kind="question", case=case, now=visit.turn.now)
    visit.reply(visit.say(words, code=case.code))


async def _whole(visit: Visit, code: str) -> tuple[Outbound, ...]:
    texts = await visit.kit.full_texts(
        visit.turn.connection,
        person_id=visit.person.id,
        code=code,
        language=visit.language,
        now=visit.turn.now,
    )
    return tuple(texts)
