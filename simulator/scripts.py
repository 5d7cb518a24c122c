"""Digits of other scripts, as people type them. Pure."""

ZEROS = {"latin": "0", "thai": "\u0e50", "arabic": "\u0660", "persian": "\u06f0", "khmer": "\u17e0"}
OF_LANGUAGE = {"th": ("latin", "thai"), "ar": ("latin", "arabic"), "fa": ("persian",), "km": ("khmer",)}


def in_script(number: int, script: str) -> str:
    """A number of 0 or more in the digits of `script`; raises `KeyError` for an unknown one."""
    zero = ord(ZEROS[script])
    return "".join(chr(zero + int(digit)) for digit in str(number))
