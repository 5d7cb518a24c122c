"""An alert in the words a citizen reads. Pure; words come from the catalog, times from `locales.times`.

Order of the message: drill frame, what kind of message, severity and headline, sender, place, text, absolute
times in the place's own zone, the question, drill frame. The frame is the first and the last line, so that no
channel that cuts or splits a message can lose both.
"""

from dataclasses import dataclass

from alerts.copies import Copy
from alerts.draft import Text
from alerts.followup import FollowUp, kind_of
from alerts.languages import LAST_LANGUAGE, Choice, choose
from alerts.pieces import ContactInfo, notice_of
from alerts.store import AlertRow, RevisionRow
from alerts.terms import GRAVE
from bot.messages import Button, Frame, Outbound
from locales import times
from locales.catalog import Catalog
from locales.direction import isolate
from locales.framing import as_drill


def choose_language(revision: RevisionRow, language: str, ministry: str = LAST_LANGUAGE) -> Choice:
    """The text for somebody who reads `language`: their own, else the ministry's, else English.

    Raises:
        ValueError: the revision has no text at all.
    """
    return choose(language, revision.texts, ministry)


@dataclass(frozen=True, slots=True)
class Wording:
    """Composes messages for one ministry.

    Attributes:
        sender_name: the ministry as citizens know it.
        site_url: base of our public pages, without a slash at the end; "" = none.
    """

    catalog: Catalog
    sender_name: str
    ministry_language: str = LAST_LANGUAGE
    site_url: str = ""

    def compose(
        self,
        alert: AlertRow,
        revision: RevisionRow,
        event_code: str,
        language: str,
        copy: Copy = Copy.FIRST,
        *,
        phone: str = "",
    ) -> Outbound:
        """Word a revision for somebody who reads `language`.

        The frame, labels and buttons are in `language`; the text is too where there is one, else it is
        labelled as a fallback.

        Args:
            copy: of a follow-up nobody is told that it comes late.
            phone: number to call for those who cannot answer, "" = they are shown our page.

        Raises:
            ValueError: the revision has no text.
        """
        choice = choose_language(revision, language, self.ministry_language)
        text = revision.texts[choice.language]
        kind = kind_of(revision)
        asks = kind is not FollowUp.ALL_CLEAR
        parts = [
            self._opening(language, kind, copy),
            self._header(language, revision, text),
            self._say(language, "alert.fallback") if choice.is_fallback else "",
            _body(text),
            self._times(language, revision),
            self._say(language, "alert.answer") if asks else "",
        ]
        words = "\n\n".join(part for part in parts if part)
        return Outbound(
            text=isolate(as_drill(self.catalog, language, words) if alert.drill else words, language),
            language=choice.language,
            buttons=self._buttons(language, event_code) if asks else (),
            frame=Frame.DRILL if alert.drill else Frame.ALERT,
            urgent=revision.severity in GRAVE and not alert.drill,
            notice=notice_of(
                self.catalog,
                revision,
                choice.language,
                sender=self.sender_name,
                code=event_code,
                kind=kind,
                drill=alert.drill,
                second=copy is Copy.SECOND,
                turn_to=ContactInfo(phone, f"{self.site_url}/a/{event_code}" if self.site_url else ""),
            ),
        )

    def _opening(self, language: str, kind: FollowUp | None, copy: Copy) -> str:
        said = copy is Copy.SECOND or (copy is Copy.LATE and not kind)
        lines = [
            self._say(language, copy) if said else "",
            self._say(language, f"alert.{kind}") if kind else "",
        ]
        return "\n".join(line for line in lines if line)

    def _header(self, language: str, revision: RevisionRow, text: Text) -> str:
        severity = self._say(language, f"alert.severity.{revision.severity.lower()}")
        lines = [
            f"{severity}: {text.headline or revision.event_name}",
            self._say(language, "alert.from", sender=self.sender_name),
            self._say(language, "alert.place", area=revision.area_name) if revision.area_name else "",
        ]
        return "\n".join(line for line in lines if line)

    def _times(self, language: str, revision: RevisionRow) -> str:
        moments = {
            "alert.starts": revision.onset,
            "alert.issued": revision.approved_at,
            "alert.valid_until": revision.expires_at,
        }
        return "\n".join(
            self._say(language, key, time=times.moment(self.catalog, language, at, revision.time_zone))
            for key, at in moments.items()
            if at is not None
        )

    def _buttons(self, language: str, event_code: str) -> tuple[Button, ...]:
        return (
            Button(self._say(language, "alert.button.safe"), f"safe:{event_code}"),
            Button(self._say(language, "alert.button.help"), f"help:{event_code}"),
        )

    def _say(self, language: str, key: str, **values: str) -> str:
        return self.catalog.say(language, key, **values)


def _body(text: Text) -> str:
    return "\n\n".join(part for part in (text.description, text.instruction) if part)
