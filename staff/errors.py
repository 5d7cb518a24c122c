"""What the staff seam refuses. Touches nothing; texts are safe to show and to log."""


class StaffError(Exception):
    """Base of everything `staff/` refuses; `code` is stable, the text is for a person."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class SignInRefusedError(StaffError):
    """Nobody was signed in. One text for every cause, so that it tells a stranger nothing."""

    def __init__(self) -> None:
        super().__init__(
            "sign_in_refused",
            "Login, password or code is wrong, or this login must wait after too many attempts.",
        )


class OfficerRefusedError(StaffError):
    """An officer could not be added or changed: login taken, password short, country unknown."""
