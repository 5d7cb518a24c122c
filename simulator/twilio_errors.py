"""Refusals of the fake Twilio: codes, words and the JSON they come in. Values only.

Codes: twilio.com/docs/api/errors. A client must not read the words; they are kept short here.
"""

from collections.abc import Mapping
from typing import Any

WORDS: Mapping[int, str] = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20422: "Invalid parameter",
    20429: "Too many concurrent requests",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Number",
    21266: "'To' and 'From' number cannot be the same",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    21603: "A 'From' phone number or Messaging Service is required",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number is not a valid, message-capable number for your account",
    21609: "The 'StatusCallback' URL is not a valid URL",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The 'To' phone number is not currently reachable using the 'From' phone number",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21619: "A text message body or media urls must be specified",
    21654: "ContentSid required",
    21655: "The ContentSid is invalid",
    21656: "The ContentVariables parameter is invalid",
    21658: "Parameter exceeded character limit",
    21703: "The Messaging Service does not have a phone number available to send a message",
    21910: "Invalid 'From' and 'To' pair",
    63007: "Could not find a channel with the specified 'From' address",
    63031: "Channel message cannot have same 'From' and 'To'",
}
STATUSES: Mapping[int, int] = {20003: 401, 20403: 403, 20404: 404, 20429: 429}
OTHER = "Request refused"


class TwilioError(Exception):
    """A refused call."""

    def __init__(self, code: int) -> None:
        self.words = WORDS.get(code, OTHER)
        super().__init__(self.words)
        self.code = code
        self.status = STATUSES.get(code, 400)

    def body(self) -> dict[str, Any]:
        """The JSON a client gets."""
        return {
            "code": self.code,
            "message": self.words,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
