"""Instructions: what a port does on an alert, in the words of a list's owner or in the usual ones.

No port is left without: a language that a list's owner did not write has the usual instruction of
the list's category.
"""

from collections.abc import Mapping
from typing import Final

from casework.kernel.vocabulary import Category

_NOTHING_SAID: Final = {
    "id": "Tahan pelintas dengan sopan di konter dan panggil petugas. Jangan sampaikan alasannya.",
    "en": "Politely keep the traveller at the counter and call an officer. Give no reason.",
}
_QUIETLY: Final = {
    "id": "Jangan beri tahu pelintas. Arahkan ke ruang pemeriksaan dan panggil petugas keamanan.",
    "en": "Tell the traveller nothing. Lead them to the interview room and call security officers.",
}
_TO_THE_DESK: Final = {
    "id": "Minta pelintas menunggu dan bawa dokumennya kepada petugas pemeriksaan lanjutan.",
    "en": "Ask the traveller to wait, and take the documents to officers for further inspection.",
}

USUAL: Final[Mapping[Category, Mapping[str, str]]] = {
    Category.CEGAH: {
        "id": "Tunda keberangkatan dan panggil petugas imigrasi. Jangan kembalikan paspor.",
        "en": "Hold the departure and call an immigration officer. Keep the passport.",
    },
    Category.TANGKAL: {
        "id": "Jangan beri tanda masuk. Minta pelintas menunggu dan panggil petugas imigrasi.",
        "en": "Do not admit. Ask the traveller to wait and call an immigration officer.",
    },
    Category.WANTED: _QUIETLY,
    Category.INTERPOL: _QUIETLY,
    Category.TERRORISM: _QUIETLY,
    Category.NARCOTICS: {
        "id": "Jangan beri tahu. Pisahkan pelintas dan bagasinya, dan panggil petugas narkotika.",
        "en": "Tell the traveller nothing. Set them and their baggage apart and call narcotics "
        "officers.",
    },
    Category.TRAFFICKING: {
        "id": "Pelintas mungkin korban: pisahkan dari pendampingnya, jangan menuduh, dan panggil "
        "petugas.",
        "en": "The traveller may be a victim: part them from companions, accuse nobody, and call "
        "an officer.",
    },
    Category.OVERSTAY: _TO_THE_DESK,
    Category.PERMIT_MISUSE: _TO_THE_DESK,
    Category.ILLEGAL_WORK: _TO_THE_DESK,
    Category.OTHER: _NOTHING_SAID,
}
"""The usual instruction of each category, by language."""


def complete(instruction: Mapping[str, str], category: Category) -> dict[str, str]:
    """Return an instruction in every language, with the usual one where nothing is written."""
    return {
        language: instruction.get(language) or usual for language, usual in USUAL[category].items()
    }


def own_words(instruction: Mapping[str, str], category: Category) -> dict[str, str]:
    """Return the languages of an instruction that are not the usual one of its category."""
    usual = USUAL[category]
    return {each: text for each, text in instruction.items() if text != usual.get(each)}
