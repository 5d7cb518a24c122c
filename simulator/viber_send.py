"""Messages on their way to people on Viber: checks, limits, bill. Knows nothing of HTTP."""

from dataclasses import replace
from typing import Any

from simulator.limits import Excess
from simulator.viber_accounts import ViberAccount
from simulator.viber_errors import OTHER, WORDS, ViberError
from simulator.viber_params import Content, Data, content_of
from simulator.viber_people import REFUSED, User
from simulator.viber_phones import Parcel, Phones
from simulator.viber_stage import Stage, ViberCall

SENDS = frozenset({"send_message", "broadcast_message"})
FREE, CHARGED = 1, 2  # billing_status


class Sending:
    """The two methods that send, and the welcome."""

    def __init__(self, stage: Stage, phones: Phones) -> None:
        self._stage, self._phones = stage, phones

    def send(self, account: ViberAccount, call: ViberCall) -> dict[str, Any]:
        """`send_message`; raises `ViberError`."""
        receiver = str(call.data.get("receiver") or "")
        try:
            if not receiver:
                raise ViberError(4)
            content = self._checked(account, call)
            user = account.meet(receiver)
            self._per_hour(account, user)
            self._admit(account, user, content)
        except ViberError as error:
            self._stage.note(account, call, receiver, error.status)
            raise
        token = account.take_token()
        charged = self._go(account, call, user, content, token)
        return {
            "message_token": token,
            "chat_hostname": "SN-CHAT-05_",
            "billing_status": CHARGED if charged else FREE,
        }

    def broadcast(self, account: ViberAccount, call: ViberCall) -> dict[str, Any]:
        """`broadcast_message`: one token for everybody; raises `ViberError`."""
        receivers = call.data.get("broadcast_list")
        people = [str(one) for one in receivers] if isinstance(receivers, list) else []
        try:
            if not people:
                raise ViberError(4)
            if not account.rules.broadcasts:
                raise ViberError(20)
            if len(people) > account.limits.receivers > 0:
                self._stage.blame("receivers", account, "", len(people), account.limits.receivers)
                raise ViberError(3)
            content = self._checked(account, call)
        except ViberError as error:
            for one in people or [""]:
                self._stage.note(account, call, one, error.status)
            raise
        token, failed = account.take_token(), []
        for one in people:
            user = account.meet(one)
            try:
                self._admit(account, user, content)
            except ViberError as error:
                self._stage.note(account, call, one, error.status)
                failed.append(
                    {
                        "receiver": one,
                        "status": error.status,
                        "status_message": WORDS.get(error.status, OTHER),
                    }
                )
            else:
                personal = replace(content, text=personal_text(content.text, user))
                self._go(account, call, user, personal, token)
        return {"message_token": token, "failed_list": failed}

    def welcome(self, account: ViberAccount, user: User, data: Data) -> None:
        """The one message a `conversation_started` may be answered with: free, needs no subscription."""
        call = ViberCall("conversation_started", data, self._stage.ledger.mono())
        try:
            content = content_of(data, sender=False)
        except ViberError as error:
            self._stage.note(account, call, user.user_id, error.status)
            return
        token, number = account.take_token(), self._stage.ledger.next_attempt()
        user.tracking = content.tracking
        self._stage.taken(number, account, call, user.user_id, 0, content, token)
        self._phones.send(Parcel(account, user, content, token, number, welcome=True))

    def _checked(self, account: ViberAccount, call: ViberCall) -> Content:
        """What every send must pass; raises `ViberError`."""
        if not account.webhook:
            raise ViberError(10)
        full = account.call(call.arrived)
        if full.bound is not None:
            hard = full.excess is Excess.HARD
            self._stage.blame("calls", account, "", full.count, full.bound.limit, tolerated=not hard)
            if hard:
                raise ViberError(12)
        return content_of(call.data)

    def _per_hour(self, account: ViberAccount, user: User) -> None:
        """At most so many messages without an answer in a clock hour; raises `ViberError` 12."""
        limit = account.limits.per_hour
        if limit and account.hourly(user, self._stage.now()) >= limit:
            self._stage.blame("hour", account, user.user_id, user.sent + 1, limit)
            raise ViberError(12)

    def _admit(self, account: ViberAccount, user: User, content: Content) -> None:
        """Whether this person may get it and somebody pays; raises `ViberError`."""
        if user.refusal:
            raise ViberError(user.refusal)
        if user.state in REFUSED:
            raise ViberError(REFUSED[user.state])
        if content.min_api > user.api_version:
            raise ViberError(11)
        if self._stage.in_session(user) or account.free_used < account.rules.free:
            return
        if not account.rules.billed:
            raise ViberError(23)
        if account.balance is not None and account.balance < self._stage.price(user):
            raise ViberError(24)

    def _go(self, account: ViberAccount, call: ViberCall, user: User, content: Content, token: int) -> bool:
        """Accept a message for one person; returns whether it is charged."""
        number, cost = self._stage.ledger.next_attempt(), 0
        account.hourly(user, self._stage.now())
        user.sent, user.tracking = user.sent + 1, content.tracking
        if not self._stage.in_session(user):
            if account.free_used < account.rules.free:
                account.free_used += 1
            else:
                cost = self._stage.price(user)
                account.charged += 1
                account.balance = None if account.balance is None else account.balance - cost
        self._stage.taken(number, account, call, user.user_id, 0, content, token)
        self._phones.send(Parcel(account, user, content, token, number, cost))
        return cost > 0


def personal_text(text: str, user: User) -> str:
    """A broadcast's text with its placeholders replaced."""
    return text.replace("replace_me_with_user_name", user.name).replace(
        "replace_me_with_receiver_id", user.user_id
    )
