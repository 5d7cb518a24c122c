"""WhatsApp's own rules at the moment a message leaves: window, templates, tier, price. Memory only."""

from simulator.twilio_accounts import Account
from simulator.twilio_content import refused
from simulator.twilio_form import Order
from simulator.twilio_messages import Message
from simulator.twilio_people import Phone
from simulator.twilio_rules import DAY_S, SMS
from simulator.twilio_scene import Scene


class WhatsApp:
    """Decides about messages that leave."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def open_window(self, phone: Phone, sender: str) -> bool:
        """Whether free text may be sent to this person by this sender."""
        heard = phone.heard.get(sender)
        return heard is not None and self._scene.now() - heard < self._scene.rules.delivery.window_s

    def refuses(self, account: Account, message: Message, order: Order, phone: Phone) -> int:
        """Why WhatsApp does not take the message: an error code, or 0. People outside the window count."""
        opened = self.open_window(phone, message.sender)
        if order.template is None:
            return 0 if opened else 63016
        code = refused(order.template, order.values, open_window=opened)
        if code or opened:
            return code
        delivery = self._scene.rules.delivery
        if order.template.category == "MARKETING" and self._scene.rng.random() < delivery.marketing:
            return delivery.marketing_code
        if account.tier.admits(message.person, self._scene.now()):
            return 0
        limit = account.tier.limit
        self._scene.blame("tier", message.sender, message.person, limit + 1, limit, DAY_S)
        return 63018

    def price(self, message: Message, order: Order, phone: Phone) -> int:
        """Thousandths of the unit a message of either channel costs once it left."""
        country = self._scene.rules.country(message.person)
        if message.channel == SMS:
            return message.segments * country.segment
        if order.template is None or self.open_window(phone, message.sender):
            return 0
        return country.marketing if order.template.category == "MARKETING" else country.utility
