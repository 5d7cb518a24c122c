"""Nobody is left without an answer: what this is, who can help, whom to call. Says, touches nothing."""

from bot.messages import InboundKind
from handlers.emergency import emergency_words
from handlers.visit import Visit


async def fallback(visit: Visit) -> None:
    """The last answer of all; never fails to say something."""
    if visit.button:
        visit.reply(visit.say("fallback.old_button"))
        visit.resume = True
        if visit.session.step:
            return
    emergency = await emergency_words(visit)
    menu = visit.choice("fallback.menu", "do:help")
    if visit.inbound.kind is InboundKind.OTHER:
        visit.reply(visit.say("fallback.other", emergency=emergency), (menu,))
        visit.resume = bool(visit.session.step)
        return
    visit.keep_words()
    officer = visit.choice("fallback.officer", "officer:send")
    visit.reply(
        visit.say("fallback.text", emergency=emergency), (officer, menu) if visit.is_text else (menu,)
    )
