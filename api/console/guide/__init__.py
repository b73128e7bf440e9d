"""The guide that the console carries: a page for each role, in each language, with pictures.

Pages are Markdown files in `en/` and `id/`, of the same names and the same outline. Texts of the
console are in *emphasis* and have to be in its catalogue, so that a button that is renamed is
renamed here too. Pictures are taken by `python -m tests.guide_pictures`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Final, NamedTuple, Self

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

PAGES: Final = (
    "start",
    "officer",
    "supervisor",
    "analyst",
    "coordinator",
    "administrator",
)
"""In the order they are read."""


class GuideSection(NamedTuple):
    """A heading within a page, to be led to."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class GuidePage:
    """One page, rendered."""

    name: str
    title: str
    sections: tuple[GuideSection, ...]
    body: Markup

    @classmethod
    def of(cls, name: str, text: str, pictures: str = "") -> Self:
        """Render a page.

        Args:
            name: of its file.
            text: Markdown; its first line is its title.
            pictures: the address under which its pictures are.
        """
        heading, _, rest = text.partition("\n")
        tokens = _MARKDOWN.parse(rest)
        sections = tuple(_named(tokens))
        _dress(tokens, pictures)
        body = RendererHTML().render(tokens, _MARKDOWN.options, {})
        # Our own files, in which HTML counts as text.
        return cls(name, heading.removeprefix("# "), sections, Markup(body))  # noqa: S704


@dataclass(frozen=True, slots=True)
class Guide:
    """The pages of one language."""

    pages: Mapping[str, GuidePage]
    pictures: Mapping[str, bytes]
    """PNG files by name."""

    @classmethod
    def load(cls, language: str) -> Self:
        """Read what the package carries."""
        folder = files(__name__) / language
        return cls(
            {
                name: GuidePage.of(
                    name, (folder / f"{name}.md").read_text("utf-8"), f"/help/pictures/{language}/"
                )
                for name in PAGES
            },
            {
                each.name: each.read_bytes()
                for each in folder.iterdir()
                if each.name.endswith(".png")
            },
        )


_GAP: Final = re.compile(r"%\(\w+\)s")
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")


def _named(tokens: list[Token]) -> list[GuideSection]:
    """Give the headings anchors: their place, which stays where their words change."""
    sections: list[GuideSection] = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            anchor = f"s{len(sections) + 1}"
            token.attrSet("id", anchor)
            sections.append(GuideSection(anchor, inline.content))
    return sections


def _dress(tokens: list[Token], pictures: str) -> None:
    """Lead the pictures to where they are, give tables the console's looks, fill gaps of texts."""
    for token in tokens:
        if token.type == "table_open":
            token.attrSet("class", "plain")
        for part in token.children or ():
            part.content = _GAP.sub("…", part.content)
            if part.type == "image":
                part.attrSet("src", pictures + str(part.attrGet("src")))
                part.attrSet("loading", "lazy")
