"""The page before any script runs, and its files."""

import gzip
import json
import re
from html.parser import HTMLParser

import pytest

from bot.gateways.webchat.page import KEY, TYPES, WORDS, ChatPage
from locales.catalog import Catalog
from tests.bot.gateways.webchat.site import LANGUAGES, Site, chat_page

BUDGET = 40_000  # bytes, all three files, before compression


class Tags(HTMLParser):
    """Collects the tags of a page and its scripts' contents."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_and_its_files_are_small() -> None:
    page = chat_page(False)
    html = page.render("th", fresh=True).encode()
    words = json.dumps(page._words, ensure_ascii=False).encode()
    sizes = [len(html) - len(words), *(len(asset.body) for asset in page.assets.values())]
    assert sum(sizes) < BUDGET
    zipped = [len(gzip.compress(html)), *(len(asset.zipped) for asset in page.assets.values())]
    assert sum(zipped) < BUDGET / 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_every_language_itself(language: str) -> None:
    catalog = Catalog.load()
    for word in WORDS:
        assert KEY + word in catalog.keys(language), f"{word} has no words in {language}"
    page = chat_page(False).render(language, fresh=False)
    assert f'<html lang="{language}" dir="ltr">' in page
    assert catalog.say(language, KEY + "title") in page
    assert "data-fresh" not in page


def test_nothing_in_the_page_is_inline_or_foreign() -> None:
    parsed = Tags(chat_page(True).render("en", fresh=True))
    for tag, attributes in parsed.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href", "action"):
            assert (attributes.get(name) or "/").startswith(("/chat/", "/", "#", "data:image/svg+xml,"))
    assert next(attributes for tag, attributes in parsed.tags if tag == "script")["src"] is not None
    assert not [tag for tag, _ in parsed.tags if tag == "style"]


def test_a_name_with_markup_stays_a_name() -> None:
    evil = '"><script>alert(1)</script>'
    page = ChatPage(lambda _language, _key: evil, ["en"], {"en": evil}, demo=True).render("en", fresh=True)
    assert "<script>alert" not in page
    assert len([tag for tag, _ in Tags(page).tags if tag == "script"]) == 1


def test_the_script_writes_no_markup() -> None:
    script = chat_page(False).assets["app.js"].body.decode()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script
    )


def test_the_words_of_the_script_are_words_of_the_page() -> None:
    script = chat_page(False).assets["app.js"].body.decode()
    used = set(re.findall(r"(?:words|pack)\.([a-z_]+)", script)) - {"dir"}
    assert used
    assert used <= set(WORDS)


@pytest.mark.parametrize("name", sorted(TYPES))
async def test_files_are_kept_for_ever_only_under_their_own_name(site: Site, name: str) -> None:
    version = chat_page(False).assets[name].version
    for query, kept in ((f"?v={version}", "immutable"), ("?v=old", "no-cache"), ("", "no-cache")):
        async with site.http.get(site.url(f"/chat/{name}{query}")) as answer:
            assert answer.status == 200
            assert kept in answer.headers["Cache-Control"]
            assert answer.content_type == TYPES[name]
            assert await answer.read() == chat_page(False).assets[name].body
    tag = {"If-None-Match": f'"{version}"'}
    async with site.http.get(site.url(f"/chat/{name}"), headers=tag) as answer:
        assert answer.status == 304
    plain = {"Accept-Encoding": "identity"}
    async with site.http.get(site.url(f"/chat/{name}"), headers=plain) as answer:
        assert "Content-Encoding" not in answer.headers


def test_the_zipped_file_is_the_file() -> None:
    for asset in chat_page(False).assets.values():
        assert gzip.decompress(asset.zipped) == asset.body


@pytest.mark.parametrize(
    "path", ["/chat/app.py", "/chat/../gateway.py", "/chat/static/app.js", "/chat/page.html"]
)
async def test_nothing_else_is_served(site: Site, path: str) -> None:
    async with site.http.get(site.url(path)) as answer:
        assert answer.status == 404


async def test_the_page_comes_in_the_language_of_the_browser_or_of_the_link(site: Site) -> None:
    for query, header, language in (
        ("", "th-TH,en;q=0.5", "th"),
        ("?lang=id", "th", "id"),
        ("?lang=xx", "vi", "vi"),
    ):
        async with site.http.get(site.url("/chat" + query), headers={"Accept-Language": header}) as answer:
            assert answer.headers["Content-Language"] == language
            assert f'<html lang="{language}"' in await answer.text()
