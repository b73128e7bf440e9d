"""The guide: the same in both languages, and true to the words of the console."""

import re
from functools import cache
from importlib.resources import files

import pytest

from api.console import guide
from api.console.guide import PAGES, Guide
from api.console.i18n import LANGUAGES
from casework.codes.built_in import CATEGORIES, OUTCOMES
from casework.kernel.vocabulary import Role
from tests.catalogues import read

CASES = [(language, page) for language in LANGUAGES for page in PAGES]
_EMPHASIS = re.compile(r"(?<!\*)\*(?!\*)([^*]+?)\*(?!\*)", re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]]+)\]\(([^)]+)\)")


@cache
def source(language, page):
    return (files(guide) / language / f"{page}.md").read_text("utf-8")


@cache
def spoken(language):
    """Every text that the console says in a language, and the labels of its code lists."""
    labels = {each.label[language] for each in [*CATEGORIES.values(), *OUTCOMES.values()]}
    said = read(language)
    texts = [(each.id, each.string) for each in said if each.id]
    if language == "en":
        return labels | {text for id_, _ in texts for text in _all(id_)}
    return labels | {text for _, string in texts for text in _all(string)}


def _all(text):
    return (text,) if isinstance(text, str) else tuple(text)


def outline(language, page):
    """The parts of a page, in their order, without what they say."""
    text = source(language, page)
    marks = re.findall(r"^(#+ |\d+\. |- |\| |!\[)", text, re.MULTILINE)
    return marks, [name for _, name in _PICTURE.findall(text)]


@pytest.mark.parametrize(("language", "page"), CASES)
def test_what_it_quotes_the_console_says(language, page):
    """A button that gets another name gets it in the guide, too."""
    quoted = {" ".join(each.split()) for each in _EMPHASIS.findall(source(language, page))}
    assert quoted - spoken(language) == set()
    assert quoted


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_one_outline(page):
    assert len({repr(outline(language, page)) for language in LANGUAGES}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_is_there_and_every_one_is_shown(language):
    shown = {name for page in PAGES for _, name in _PICTURE.findall(source(language, page))}
    assert shown == set(Guide.load(language).pictures)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_are_small(language):
    """They lie in the repository, and travel with every installation."""
    for name, content in Guide.load(language).pictures.items():
        assert content.startswith(b"\x89PNG"), name
        assert len(content) < 120_000, name


def test_a_page_is_rendered_with_anchors_and_without_html():
    page = guide.GuidePage.of(
        "x",
        "# Title\n\n## One\n\n*Take over from %(name)s*\n\n<script>1</script>\n\n## Two & more\n",
    )
    assert page.title == "Title"
    assert page.sections == (("s1", "One"), ("s2", "Two & more"))
    assert '<h2 id="s1">One</h2>' in page.body
    assert "<em>Take over from …</em>" in page.body
    assert "<script>" not in page.body


def test_a_reader_finds_the_page_of_their_work(signed_in):
    reader = signed_in("budi", Role.SUPERVISOR)
    reader.open("/help")
    assert reader.page is not None
    assert "For supervisors</a> <span" in reader.page.text
    reader.open("/help/supervisor")
    assert '<h2 id="s1">The second opinion</h2>' in reader.page.text
    (address, *_) = re.findall(r'<img src="([^"]+)"', reader.page.text)
    answer = reader.client.get(address)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=3600"
    assert answer.content == Guide.load("en").pictures[address.rsplit("/", 1)[-1]]


@pytest.mark.parametrize(
    "address",
    ["/help/nowhere", "/help/pictures/en/nowhere.png", "/help/pictures/xx/queue.png"],
)
def test_what_the_guide_lacks_is_not_found(signed_in, address):
    reader = signed_in("budi", Role.OFFICER)
    assert reader.open(address).status_code == 404


def test_nobody_reads_it_without_signing_in(browser):
    stranger = browser()
    stranger.open("/help/officer")
    assert "/sign-in" in str(stranger.page.url)
