"""What the questions and answers refuse. Values only; texts are safe to show and to log."""

from assistance.errors import AssistanceError


class FaqError(AssistanceError):
    """Base of everything `assistance/faq/` refuses."""


class EntryUnknownError(FaqError):
    """There is no such entry, revision or question (any more)."""

    def __init__(self) -> None:
        super().__init__("faq_unknown", "There is no such entry. It may have been retired.")


class NotYourEntryError(FaqError):
    """The officer has no right to act on entries for these countries."""

    def __init__(self) -> None:
        super().__init__("faq_not_yours", "Your role does not cover every country this entry is for.")


class ContentRefusedError(FaqError):
    """An entry is not one that could be answered with: the text says why."""


class ActRefusedError(FaqError):
    """The revision's state does not allow this."""


class FileRefusedError(FaqError):
    """A file of entries cannot be read: the text says where."""


class NothingToPublishError(FaqError):
    """No entry is approved yet."""

    def __init__(self) -> None:
        super().__init__("faq_nothing", "No entry is approved yet, so there is nothing to publish.")
