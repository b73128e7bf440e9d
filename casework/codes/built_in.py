"""The built-in members of the code lists, in the order in which they are offered.

What an installation changes of them, or adds, is in its database: see `casework.codes.lists`.
"""

from collections.abc import Mapping
from typing import Final

from casework.codes.coded import CodedCategory, CodedOutcome
from casework.kernel.vocabulary import (
    Category,
    ComparisonResult,
    Direction,
    Disposal,
    Disposition,
    Stage,
)

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


def _category(
    code: Category, label: tuple[str, str], instruction: Mapping[str, str], priority: int
) -> CodedCategory:
    indonesian, english = label
    return CodedCategory(
        code=code.value,
        label={"id": indonesian, "en": english},
        instruction=instruction,
        priority=priority,
    )


CATEGORIES: Final[Mapping[str, CodedCategory]] = {
    each.code: each
    for each in (
        _category(
            Category.CEGAH,
            ("Cegah", "Exit ban (cegah)"),
            {
                "id": "Tunda keberangkatan dan panggil petugas imigrasi. Jangan kembalikan paspor.",
                "en": "Hold the departure and call an immigration officer. Keep the passport.",
            },
            2,
        ),
        _category(
            Category.TANGKAL,
            ("Tangkal", "Entry ban (tangkal)"),
            {
                "id": "Jangan beri tanda masuk. Minta pelintas menunggu dan panggil petugas "
                "imigrasi.",
                "en": "Do not admit. Ask the traveller to wait and call an immigration officer.",
            },
            2,
        ),
        _category(Category.WANTED, ("Buron (DPO)", "Wanted (DPO)"), _QUIETLY, 1),
        _category(Category.INTERPOL, ("Notis INTERPOL", "INTERPOL notice"), _QUIETLY, 1),
        _category(
            Category.OVERSTAY,
            ("Overstay (melebihi masa izin tinggal)", "Overstay"),
            _TO_THE_DESK,
            3,
        ),
        _category(
            Category.PERMIT_MISUSE,
            ("Penyalahgunaan izin", "Permit misuse"),
            _TO_THE_DESK,
            3,
        ),
        _category(
            Category.ILLEGAL_WORK, ("Bekerja tanpa izin", "Work without a permit"), _TO_THE_DESK, 3
        ),
        _category(
            Category.NARCOTICS,
            ("Narkotika", "Narcotics"),
            {
                "id": "Jangan beri tahu. Pisahkan pelintas dan bagasinya, dan panggil petugas "
                "narkotika.",
                "en": "Tell the traveller nothing. Set them and their baggage apart and call "
                "narcotics officers.",
            },
            1,
        ),
        _category(
            Category.TRAFFICKING,
            ("Perdagangan orang (TPPO)", "Trafficking in persons (TPPO)"),
            {
                "id": "Pelintas mungkin korban: pisahkan dari pendampingnya, jangan menuduh, dan "
                "panggil petugas.",
                "en": "The traveller may be a victim: part them from companions, accuse nobody, "
                "and call an officer.",
            },
            1,
        ),
        _category(Category.TERRORISM, ("Terorisme", "Terrorism"), _QUIETLY, 1),
        _category(Category.OTHER, ("Lainnya", "Other"), _NOTHING_SAID, 2),
    )
}
"""By code."""

_FOUND: Final = frozenset({ComparisonResult.SAME_PERSON})
# Nobody is refused or handed over on an undecided comparison.
_UNDECIDED: Final = _FOUND | {ComparisonResult.UNDECIDED}
# What can be done with somebody who is not the person on the list.
_ANYBODY: Final = frozenset(ComparisonResult)
# What is done to somebody who is in the country or at its border.
_IN_THE_COUNTRY: Final = frozenset(Stage) - {Stage.VISA}


def _outcome(
    code: Disposal,
    label: tuple[str, str],
    disposition: Disposition = Disposition.HELD,
    *,
    directions: frozenset[Direction] | None = None,
    stages: frozenset[Stage] | None = None,
    after: frozenset[ComparisonResult] = _FOUND,
) -> CodedOutcome:
    indonesian, english = label
    return CodedOutcome(
        code=code.value,
        label={"id": indonesian, "en": english},
        disposition=disposition,
        directions=directions,
        stages=stages,
        after=after,
    )


_RELEASED: Final = Disposition.RELEASED

OUTCOMES: Final[Mapping[str, CodedOutcome]] = {
    each.code: each
    for each in (
        _outcome(
            Disposal.ENTRY_REFUSED,
            ("Ditolak masuk", "Entry refused"),
            directions=frozenset({Direction.ENTRY}),
        ),
        _outcome(
            Disposal.EXIT_REFUSED,
            ("Ditolak keluar", "Exit refused"),
            directions=frozenset({Direction.EXIT}),
        ),
        _outcome(
            Disposal.DETAINED,
            ("Didetensi (deteni)", "Placed in immigration detention (deteni)"),
            stages=_IN_THE_COUNTRY,
        ),
        _outcome(
            Disposal.PROSECUTED,
            ("Diproses pidana (pro justitia)", "Criminal case opened (pro justitia)"),
        ),
        _outcome(
            Disposal.HANDED_OVER,
            ("Diserahkan kepada yang berwenang", "Handed over to the authority"),
        ),
        _outcome(
            Disposal.LISTED,
            ("Dimasukkan ke daftar cegah atau tangkal", "Put on the cegah or tangkal list"),
        ),
        _outcome(
            Disposal.PERMIT_CHANGED,
            (
                "Izin tinggal dibatasi, diubah atau dibatalkan",
                "Permit limited, changed or cancelled",
            ),
        ),
        _outcome(
            Disposal.PLACES_BARRED,
            ("Dilarang berada di tempat tertentu", "Barred from certain places"),
            _RELEASED,
            stages=_IN_THE_COUNTRY,
        ),
        _outcome(
            Disposal.RESIDENCE_ASSIGNED,
            ("Diharuskan bertempat tinggal di tempat tertentu", "Made to live at a certain place"),
            stages=_IN_THE_COUNTRY,
        ),
        _outcome(
            Disposal.CHARGED,
            ("Dikenai biaya beban", "Charged costs (biaya beban)"),
            _RELEASED,
            stages=_IN_THE_COUNTRY,
        ),
        _outcome(Disposal.DEPORTED, ("Dideportasi", "Deported"), stages=_IN_THE_COUNTRY),
        _outcome(
            Disposal.OBSERVED,
            ("Diloloskan dan dilaporkan", "Let through and reported"),
            _RELEASED,
            after=_UNDECIDED,
        ),
        _outcome(
            Disposal.CLEARED,
            (
                "Orangnya benar, tetapi tidak ada lagi halangan",
                "Right person, nothing stands against them any more",
            ),
            _RELEASED,
            after=_ANYBODY,
        ),
        _outcome(
            Disposal.MISTAKEN_IDENTITY,
            ("Salah orang", "Mistaken identity"),
            _RELEASED,
            after=_ANYBODY,
        ),
        _outcome(
            Disposal.NOT_FOUND,
            ("Pelintas sudah pergi", "Traveller had left"),
            _RELEASED,
            after=_ANYBODY,
        ),
        # What was done stands in the officer's note alone; who was let through by mistake is gone.
        _outcome(
            Disposal.OTHER,
            ("Lainnya (tulis di catatan)", "Other (say it in the note)"),
            after=_ANYBODY,
        ),
    )
}
"""By code."""

NEEDED: Final = frozenset({Category.OTHER.value, Disposal.MISTAKEN_IDENTITY.value})
"""Built-in members that cannot be switched off: what fits nowhere else, and false alarms."""
