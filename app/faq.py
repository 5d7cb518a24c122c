"""Plugs the questions and answers into missions, words, outbox and audit. Plugs, no rules."""

from app.core import Core
from app.geography import Geography
from assistance.faq.answering import Fields
from assistance.faq.desk import FaqDesk
from assistance.faq.learning import Compose, FaqLearning
from bot import outbox
from bot.messages import Frame, Outbound
from locales.framing import as_drill
from staff import audit


def fields_of(core: Core, geography: Geography) -> Fields:
    """What fills the declared fields of answers in this installation."""
    settings = core.settings
    return Fields(
        geography.emergency_numbers, ministry=settings.ministry, ministry_phone=settings.ministry_phone
    )


def build_desk(core: Core) -> FaqDesk:
    """What officers may do with entries."""
    return FaqDesk(core.clock, audit=audit.append)


def build_learning(core: Core, geography: Geography, desk: FaqDesk) -> FaqLearning:
    """What officers may do with questions nobody could answer."""
    return FaqLearning(
        core.vault,
        core.clock,
        desk,
        core.faq,
        fields_of(core, geography),
        send=outbox.enqueue,
        audit=audit.append,
        compose=_officer_answer(core),
    )


def _officer_answer(core: Core) -> Compose:
    """How an answer that several people wait for reaches one of them."""

    def compose(text: str, language: str, reader: str, drill: bool) -> Outbound:
        catalog = core.catalog
        words = catalog.say(reader, "faq.officer", ministry=core.settings.ministry, text=text)
        if language.partition("-")[0] != reader.partition("-")[0]:
            tongue = catalog.supported(language)
            name = catalog.say(tongue, "language.own_name") if tongue else language
            words = f"{catalog.say(reader, 'faq.only_in', tongue=name)}\n\n{words}"
        if not drill:
            return Outbound(words, reader)
        return Outbound(as_drill(catalog, reader, words), reader, frame=Frame.DRILL)

    return compose
