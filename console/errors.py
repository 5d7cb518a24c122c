"""What the console refuses before any domain is asked. Values only, touches nothing."""


class ConsoleError(Exception):
    """Base; `status` answers the browser or script, `code` is stable, `text` is for the officer."""

    status = 400

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


class FormError(ConsoleError):
    """A form or request body is not what its page sends."""

    status = 400


class NotAllowedError(ConsoleError):
    """The officer's roles or countries do not cover this."""

    status = 403


class NotThereError(ConsoleError):
    """No such thing, or nothing this officer may see; the two are not told apart."""

    status = 404

    def __init__(self) -> None:
        super().__init__("not_there", "There is nothing here, or it is outside the countries you work for.")


class TooOftenError(ConsoleError):
    """Too many attempts from one place."""

    status = 429
