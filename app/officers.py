"""What the officers' console and API are handed: the desk, cases, sign-in, previews. Plugs, no rules."""

from functools import partial

from alerts.desk import Desk
from alerts.dossier import Rules
from alerts.targeting import Targeting
from app.capacity import capacities
from app.core import Core
from app.faq import build_desk, build_learning
from app.geography import Geography
from app.ground import ground_of
from assistance.desk import CaseDesk
from assistance.ports import Compose
from assistance.store import CaseRow
from bot import outbox
from bot.channels import CHANNEL_ORDER
from bot.messages import Frame, Outbound
from console.services import Appearance, FaqOffice, Sender, Services
from locales.framing import as_drill
from staff import audit
from staff.enrolment import Enrolment
from staff.passwords import Passwords
from staff.signin import SignIn


def case_answer(core: Core) -> Compose:
    """How an officer's words reach a citizen: with the ministry's name and the request's number."""

    def compose(case: CaseRow, text: str, language: str) -> Outbound:
        words = core.catalog.say(
            language, "case.officer", ministry=core.settings.ministry, code=case.code, text=text
        )
        if not case.drill:
            return Outbound(words, language)
        return Outbound(as_drill(core.catalog, language, words), language, frame=Frame.DRILL)

    return compose


def build_targeting(core: Core, geography: Geography) -> Targeting:
    """Who is concerned and by which way, as every officer is told: in the console and in a shell."""
    channels = [channel.value for channel in CHANNEL_ORDER]
    switched_on = frozenset(channel for channel, _ in core.gateways.all)
    return Targeting(
        core.database,
        core.clock,
        geography.touch,
        channels,
        core.channel_table,
        switched_on,
        regions=geography.region,
    )


def build_services(core: Core, geography: Geography) -> Services:
    """Everything the console may use, built once for a process."""
    settings = core.settings
    rules = Rules(ministry_language=settings.ministry_language)
    targeting = build_targeting(core, geography)
    passwords = Passwords()
    faq_desk = build_desk(core)
    console_url = settings.console_url or f"http://{settings.console_listen}"
    return Services(
        database=core.database,
        vault=core.vault,
        clock=core.clock,
        desk=Desk(
            core.database,
            core.clock,
            targeting,
            touch=geography.touch,
            known=geography.known,
            rules=rules,
            regions=geography.region,
        ),
        audience=targeting,
        cases=CaseDesk(
            core.vault, core.clock, send=outbox.enqueue, audit=audit.append, compose=case_answer(core)
        ),
        sign_in=SignIn(core.database, core.vault, core.clock, passwords),
        enrolment=Enrolment(core.database, core.vault, core.clock, passwords),
        faq=FaqOffice(faq_desk, build_learning(core, geography, faq_desk), core.faq),
        compose=core.wording.compose,
        touch=geography.touch,
        ground=ground_of(geography),
        appearance=Appearance(
            ministry=settings.ministry,
            demo=settings.demo,
            public_url=settings.site_url,
            secure_cookies=console_url.startswith("https:"),
            show_drills=settings.demo,
        ),
        rules=rules,
        senders=[
            Sender(name, gateway.limits.per_second, gateway.limits.text_units)
            for (name, _), gateway in core.gateways.all.items()
        ],
        capacities=partial(capacities, core),
        prices=core.prices,
        languages={language: geography.language_name(language) for language in core.catalog.languages()},
    )
