"""Which channels people have, alone and together, what can become of each, and whose telephones they carry.
Data and pure choices.
"""

import hashlib
from base64 import b64encode

from simulator.citizen import Channel, Fate

Mix = tuple[tuple[tuple[Channel, ...], float], ...]
"""Channels of one person, the one they register on first, and the weight of such people."""

TELEGRAM, WEBCHAT = Channel.TELEGRAM, Channel.WEBCHAT
SMS, WHATSAPP, VIBER = Channel.SMS, Channel.WHATSAPP, Channel.VIBER


def two_channels(webchat: float, both: float) -> Mix:
    """Web chat only, web chat and Telegram, and the rest Telegram only; shares 0..1."""
    return (((WEBCHAT,), webchat), ((TELEGRAM, WEBCHAT), both), ((TELEGRAM,), 1.0 - webchat - both))


FIVE_CHANNELS: Mix = (
    ((TELEGRAM,), 0.12),
    ((WHATSAPP,), 0.18),
    ((SMS,), 0.14),
    ((VIBER,), 0.11),
    ((WEBCHAT,), 0.08),
    ((WHATSAPP, SMS), 0.06),
    ((TELEGRAM, SMS), 0.06),
    ((TELEGRAM, WHATSAPP), 0.04),
    ((VIBER, SMS), 0.06),
    ((TELEGRAM, WEBCHAT), 0.04),
    ((SMS, WHATSAPP), 0.02),
    ((WEBCHAT, SMS), 0.02),
    ((WEBCHAT, VIBER), 0.02),
    ((TELEGRAM, WHATSAPP, SMS), 0.03),
    ((VIBER, TELEGRAM, WEBCHAT), 0.02),
)

FIVE_LANGUAGES = (("vi", 0.36), ("en", 0.24), ("th", 0.2), ("id", 0.13), ("ar", 0.07))

# What strikes each channel, as often as it stands here. By text message *blocked* is an operator's filter:
# STOP is something people say (`Citizen.stops`).
FATES: dict[Channel, tuple[Fate, ...]] = {
    TELEGRAM: (Fate.BLOCKED, Fate.BLOCKED, Fate.DEACTIVATED),
    SMS: (Fate.OFF, Fate.OFF, Fate.DEACTIVATED, Fate.BLOCKED),
    WHATSAPP: (Fate.OFF, Fate.BLOCKED, Fate.DEACTIVATED),
    VIBER: (Fate.BLOCKED, Fate.DEACTIVATED, Fate.OFF),
}

# Where an answer by text message finds its way back to a foreign number, promised or by luck (Ireland).
ANSWERS = frozenset({"US", "GB", "IE"})

# Whose telephone: people who register by text message carry one of those; the others any. Weights.
TWO_WAY = (("US", 0.5), ("GB", 0.2), ("IE", 0.3))
ANY = (("VN", 0.25), ("TH", 0.2), ("ID", 0.1), ("US", 0.25), ("GB", 0.1), ("IE", 0.1))


def viber_id(number: int) -> str:
    """A user id as Viber makes them: 16 bytes in base64, with its signs that a URL does not like."""
    return b64encode(hashlib.sha256(f"viber {number}".encode()).digest()[:16]).decode()
