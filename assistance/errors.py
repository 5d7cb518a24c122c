"""What assistance refuses. Values only; texts are safe to show and to log: nothing personal is in them."""


class AssistanceError(Exception):
    """Base of everything `assistance/` refuses; `code` is stable and countable, the text is for officers."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class CaseUnknownError(AssistanceError):
    """There is no such case (any more)."""

    def __init__(self) -> None:
        super().__init__("case_unknown", "There is no such case. It may have been deleted.")


class CaseClosedError(AssistanceError):
    """The case is closed: whoever needs help again opens a new one."""

    def __init__(self) -> None:
        super().__init__("case_closed", "This case is closed. Whoever asks again gets a new case.")


class CaseStillOpenError(AssistanceError):
    """Only closed cases can be deleted."""

    def __init__(self) -> None:
        super().__init__("case_still_open", "Close this case before you delete it.")


class NotYourCaseError(AssistanceError):
    """The officer has no right to cases of this country."""

    def __init__(self) -> None:
        super().__init__("case_not_yours", "Your role does not cover cases of this country.")


class UnreachableError(AssistanceError):
    """No channel reaches the person now, so nothing was sent or kept."""

    def __init__(self) -> None:
        super().__init__(
            "case_unreachable", "No channel reaches this person now. Call them if they left a phone number."
        )


class MessageRefusedError(AssistanceError):
    """A message is empty or too long."""
