"""A flood warning in pieces, in three languages, fictional."""

from dataclasses import replace

from bot.messages import Notice

ENGLISH = Notice(
    mark="",
    action="Leave the river bank now and go to higher ground.",
    hazard="Flood",
    place="Bang Kapi, Bangkok",
    sender="Ministry of Foreign Affairs of Utopia",
    time="Until Tuesday 3 March 2026, 18:00 (Bangkok)",
    code="K7M2QF",
    safe="I am safe",
    help="I need help",
    full="Full text",
    reply="Reply 1 SAFE, 2 NEED HELP",
    call="Call +66 2 555 0100",
    link="https://muster.example/a/K7M2QF",
)
VIETNAMESE = replace(
    ENGLISH,
    action="Rời khỏi bờ sông ngay và đi lên chỗ cao.",
    hazard="Lũ lụt",
    place="Bang Kapi, Băng Cốc",
    sender="Bộ Ngoại giao",
    time="Đến thứ Ba 3 tháng 3 năm 2026, 18:00",
    reply="Trả lời 1 AN TOÀN, 2 CẦN GIÚP",
    call="Gọi +66 2 555 0100",
)
THAI = replace(
    ENGLISH,
    action="ออกจากริมฝั่งแม่น้ำทันทีและไปยังที่สูง",
    hazard="น้ำท่วม",
    place="บางกะปิ กรุงเทพฯ",
    sender="กระทรวงการต่างประเทศ",
    time="ถึงวันอังคารที่ 3 มีนาคม 2569 18:00 น.",
    reply="ตอบ 1 ปลอดภัย 2 ต้องการให้ช่วย",
    call="โทร +66 2 555 0100",
)
