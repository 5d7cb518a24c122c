"""Refusals of the fake Viber: always HTTP 200 with a status. Values only (creators.viber.com/docs)."""

from collections.abc import Mapping

OK = "ok"
WORDS: Mapping[int, str] = {
    0: OK,
    1: "invalidUrl",
    2: "invalidAuthToken",
    3: "badData",
    4: "missingData",
    5: "receiverNotRegistered",
    6: "notSubscribed",
    7: "publicAccountBlocked",
    8: "publicAccountNotFound",
    9: "publicAccountSuspended",
    10: "webhookNotSet",
    11: "receiverNoSuitableDevice",
    12: "tooManyRequests",
    13: "apiVersionNotSupported",
    14: "incompatibleWithVersion",
    15: "publicAccountNotAuthorized",
    19: "cannotSendBroadcast",
    20: "broadcastNotAllowed",
    21: "unsupportedDestinationCountry",
    22: "paymentUnsupported",
    23: "freeMessagesExceeded",
    24: "noBalance",
}


OTHER = "generalError"


class ViberError(Exception):
    """A refused call."""

    def __init__(self, status: int) -> None:
        super().__init__(WORDS.get(status, OTHER))
        self.status = status
