"""A citizen sees at a glance which language stands there."""

import pytest

from simulator.languages import guess


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We keep where you are and what you answer to this.", "en"),
        ("Chúng tôi lưu nơi ở của bạn. Bạn có đồng ý không?", "vi"),
        ("เราเก็บสถานที่ของคุณ คุณยินยอมหรือไม่", "th"),
        ("Kami menyimpan tempat Anda dan bahasa Anda. Apa Anda setuju?", "id"),
        ("12345", ""),
        ("Reykjavik", ""),
    ],
)
def test_guesses(text: str, language: str) -> None:
    assert guess(text) == language
