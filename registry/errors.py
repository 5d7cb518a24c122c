"""What the registry refuses. Values only; texts are safe to show and to log: nothing personal is in them."""


class RegistryError(Exception):
    """Base of everything `registry/` refuses; `code` is stable and countable, the text is for a person."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class PersonUnknownError(RegistryError):
    """There is no such person."""

    def __init__(self) -> None:
        super().__init__("person_unknown", "There is no such person.")


class ActRefusedError(RegistryError):
    """The person's state does not allow this act."""

    def __init__(self, state: str, act: str) -> None:
        super().__init__("act_refused", f"A person who is {state} cannot {act}.")


class PlaceRefusedError(RegistryError):
    """These whereabouts cannot be kept: not a country, not a cell, or dates in the wrong order."""


class PhoneRefusedError(RegistryError):
    """This is not a telephone number that can be called."""


class ErasedListError(RegistryError):
    """The list of erased people cannot be written or read, so nobody may be erased now."""

    def __init__(self) -> None:
        super().__init__(
            "erased_list",
            "The erased list cannot be written or read; see that its disk is there and the file is sound.",
        )


class MergeRefusedError(RegistryError):
    """These two registrations cannot become one."""
