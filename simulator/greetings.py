"""How people begin where no button begins for them, in their own language. Data only."""

GREETINGS = {
    "en": "Hello, I am abroad and I would like to get the warnings of the ministry",
    "vi": "Xin chào, tôi đang ở nước ngoài và muốn nhận tin của bộ",
    "th": "สวัสดีค่ะ อยู่ต่างประเทศ อยากรับข่าวจากกระทรวง",
    "id": "Halo, saya sedang di luar negeri dan ingin menerima kabar dari kementerian",
    "ar": "مرحبا، أنا في الخارج وأريد أن تصلني رسائل الوزارة",
}
SAFE_WORDS = {
    "en": "I am safe",
    "vi": "Tôi an toàn",
    "th": "ปลอดภัย",
    "id": "Saya selamat",
}
DAILY = {"en": "menu", "vi": "menu", "th": "เมนู", "id": "menu"}
HELP_WORDS = {"en": "SOS", "vi": "Tôi cần giúp", "th": "ช่วยด้วย", "id": "TOLONG"}


def greeting(language: str) -> str:
    """First words of somebody who reads `language`; English where there are none."""
    return GREETINGS.get(language, GREETINGS["en"])


def answer_words(language: str, *, helps: bool) -> str:
    """Safe, or in need of help, in words."""
    words = HELP_WORDS if helps else SAFE_WORDS
    return words.get(language, words["en"])


def daily(language: str) -> str:
    """What somebody writes who writes often: a question about what the service can do."""
    return DAILY.get(language, DAILY["en"])
