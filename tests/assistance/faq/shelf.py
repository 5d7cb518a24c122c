"""A small bank of approved entries, put in force by two officers, for tests."""

from collections.abc import Mapping
from datetime import timedelta

from assistance.faq import publishing, store
from assistance.faq.content import Facts, Wording
from assistance.faq.desk import FaqDesk
from assistance.faq.lifecycle import WAITING
from staff.audit import append
from staff.officers import Grant, Officer, Role
from storage.clock import Clock
from storage.database import Database

EVERY_ROLE = tuple(Grant(role, None) for role in Role)
WRITER = Officer(1, "writer", "Writer Example", EVERY_ROLE)
APPROVER = Officer(2, "approver", "Approver Example", EVERY_ROLE)

PASSPORT = {
    "en": Wording.of(
        ["I lost my passport", "My passport was stolen", "passport missing, what now?"],
        "Tell the police, then call {mission_name}: {mission_phone}.",
    ),
    "vi": Wording.of(
        ["Tôi bị mất hộ chiếu", "Hộ chiếu của tôi bị lấy cắp", "mất hộ chiếu phải làm sao?"],
        "Hãy báo cảnh sát, rồi gọi {mission_name}: {mission_phone}.",
    ),
    "th": Wording.of(
        ["หนังสือเดินทางหาย", "พาสปอร์ตโดนขโมย", "ทำพาสปอร์ตหายต้องทำอย่างไร"], "แจ้งตำรวจ แล้วโทร {mission_phone}"
    ),
}
VISA = {
    "en": Wording.of(["Do I need a visa?", "visa requirements", "how do I apply for a visa"], "See {link}."),
    "vi": Wording.of(["Tôi có cần thị thực không?", "thủ tục xin visa", "xin visa thế nào"], "Xem {link}."),
}
MARRIAGE = {
    "en": Wording.of(
        ["How do I register a marriage?", "get married abroad", "marriage certificate"],
        "Bring both birth papers.",
    ),
    "vi": Wording.of(
        ["Đăng ký kết hôn thế nào?", "kết hôn với người nước ngoài", "giấy đăng ký kết hôn"],
        "Mang giấy khai sinh.",
    ),
}
BANK: Mapping[str, Mapping[str, Wording]] = {
    "passport-lost": PASSPORT,
    "visa-needed": VISA,
    "marriage": MARRIAGE,
}
SOURCE = Facts(source="https://mfa.example/visa")


async def approve_all(database: Database, clock: Clock, officer: Officer = APPROVER) -> None:
    """The second officer approves whatever is proposed."""
    desk = FaqDesk(clock, audit=append)
    async with database.durable() as connection:
        for row in await store.in_state(connection, WAITING):
            await desk.approve(connection, officer, row.id)


async def fill_shelf(database: Database, clock: Clock) -> None:
    """Write, approve and publish the bank."""
    desk = FaqDesk(clock, audit=append)
    async with database.durable() as connection:
        for slug, words in BANK.items():
            await desk.write(connection, WRITER, slug, facts=SOURCE, wordings=dict(words))
    await approve_all(database, clock)
    await publishing.publish(database, None, APPROVER.id, clock.now() + timedelta(0), demo=False)
