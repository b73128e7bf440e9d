"""Who takes part in a story: agencies with their lists, ports, and invented people.

The people have names as their nations give them and documents that no state has issued: every
number begins with `ZZ`.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from casework.accounts.agencies import NewAgency
from casework.kernel.vocabulary import AgencyKind, Category, Direction, Disposal, Role, Sex

PORTS: Final[Mapping[str, int]] = {"CGK": 46, "DPS": 30, "SUB": 10, "IDBTM": 9, "KNO": 5}
"""Ports with their share of travellers in hundredths."""

AREAS: Final[Mapping[str, str]] = {
    "12.91": "Kabupaten Contoh Deli",
    "21.91": "Kota Contoh Selat",
    "31.91": "Kota Contoh Pusat",
    "31.91.01": "Contoh Timur",
    "31.91.02": "Contoh Barat",
    "35.91": "Kota Contoh Brantas",
    "36.91": "Kota Contoh Bandara",
    "51.91": "Kabupaten Contoh Pantai",
    "51.91.01": "Contoh Pasir",
    "51.91.02": "Contoh Karang",
    "51.92": "Kabupaten Contoh Bukit",
    "51.92.01": "Contoh Sawah",
}
"""Invented regencies, cities and districts, with codes that no real one has."""

PLACES: Final[Mapping[str, str]] = {
    "CGK": "36.91",
    "DPS": "51.91",
    "SUB": "35.91",
    "IDBTM": "21.91",
    "KNO": "12.91",
}
"""In which of them the ports lie."""

TEAMS: Final[Mapping[str, str]] = {
    "51": "Tim PORA Provinsi Bali",
    "51.91": "Tim PORA Kabupaten Contoh Pantai",
    "51.91.01": "Tim PORA Kecamatan Contoh Pasir",
    "31": "Tim PORA Provinsi DKI Jakarta",
    "31.91": "Tim PORA Kota Contoh Pusat",
    "21.91": "Tim PORA Kota Contoh Selat",
}
"""Coordination teams of all agencies, at each of the three levels."""

OFFICES: Final[Mapping[str, str]] = {
    "51.91": "Kantor Contoh Pantai",
    "31.91": "Kantor Contoh Pusat",
    "21.91": "Kantor Contoh Selat",
}
"""Offices of the agency that runs the installation."""

LODGINGS: Final[Mapping[str, tuple[str, str]]] = {
    "HOTEL-51-PASIR": ("Hotel Contoh Pasir", "51.91.01"),
    "VILA-51-SAWAH": ("Vila Contoh Sawah", "51.92.01"),
    "HOTEL-31-TIMUR": ("Hotel Contoh Timur", "31.91.01"),
}
"""Lodgings by code, with their names and areas."""

REPORTED: Final[Mapping[str, int]] = {
    "51.91.01": 24,
    "51.92.01": 16,
    "51.91.02": 10,
    "31.91.01": 14,
    "31.91.02": 8,
    "21.91": 9,
    "35.91": 7,
    "36.91": 6,
    "12.91": 4,
    "52": 2,
}
"""Areas that tips come from, with how many of a hundred."""

AGENCIES: Final = (
    NewAgency("IMI", "Imigrasi", AgencyKind.OPERATOR),
    NewAgency("POLRI", "Kepolisian Negara"),
    NewAgency("BNN", "Badan Narkotika Nasional"),
    NewAgency("KEJ", "Kejaksaan"),
    NewAgency("BC", "Bea dan Cukai"),
    NewAgency("NAKER", "Ketenagakerjaan"),
    NewAgency("BIN", "Badan Intelijen Negara"),
    NewAgency("TNI", "Tentara Nasional Indonesia"),
    NewAgency("BNPT", "Penanggulangan Terorisme"),
    NewAgency("AGAMA", "Kementerian Agama"),
    NewAgency("DUKCAPIL", "Kependudukan dan Pencatatan Sipil"),
    NewAgency("PAJAK", "Direktorat Jenderal Pajak"),
    NewAgency("DIKBUD", "Pendidikan dan Kebudayaan"),
    NewAgency("PARIWISATA", "Pariwisata"),
    NewAgency("BKK", "Karantina Kesehatan"),
    NewAgency("BP2MI", "Pelindungan Pekerja Migran"),
    NewAgency("PEMDA", "Pemerintah Daerah"),
)
"""A coordination team's seventeen."""


@dataclass(frozen=True, slots=True)
class Person:
    """An officer."""

    login: str
    name: str
    agency: str
    """Code."""
    roles: tuple[Role, ...]


OFFICERS: Final = (
    Person("hadi", "Hadi Wijaya", "IMI", (Role.ADMIN,)),
    Person("ratna", "Ratna Puspita", "IMI", (Role.ADMIN,)),
    Person("tuti", "Tuti Rahayu", "IMI", (Role.COORDINATOR, Role.AUDITOR)),
    Person("dewi", "Dewi Anggraini", "IMI", (Role.ANALYST,)),
    Person("rina", "Rina Hartati", "IMI", (Role.OFFICER,)),
    Person("budi", "Budi Santoso", "IMI", (Role.OFFICER,)),
    Person("wayan", "Wayan Sudarma", "IMI", (Role.SUPERVISOR,)),
    *(
        Person(f"{login}.{code.lower()}", name, code, (role,))
        for code, officer, supervisor in (
            ("POLRI", "Joko Prasetyo", "Agus Salim"),
            ("BNN", "Maria Lestari", "Sri Wahyuni"),
            ("KEJ", "Andi Firmansyah", "Putu Ayu Laksmi"),
            ("BC", "Yusuf Hidayat", "Fransisca Tan"),
            ("NAKER", "Eko Nugroho", "Nurul Aini"),
        )
        for login, name, role in (
            ("officer", officer, Role.OFFICER),
            ("supervisor", supervisor, Role.SUPERVISOR),
            ("analyst", f"{officer.split()[0]} Setiawan", Role.ANALYST),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class List:
    """A watchlist, how many people are on it, and how its alerts end."""

    name: str
    agency: str
    """Code of the owner."""
    category: Category
    direction: Direction
    people: int
    ends: Sequence[Disposal]
    """Outcomes of those who are the person, as often as they stand here."""
    second_officer: bool = False


LISTS: Final = (
    List(
        "Tangkal",
        "IMI",
        Category.TANGKAL,
        Direction.ENTRY,
        60,
        (Disposal.ENTRY_REFUSED, Disposal.ENTRY_REFUSED, Disposal.DEPORTED),
    ),
    List("Cegah", "KEJ", Category.CEGAH, Direction.EXIT, 25, (Disposal.EXIT_REFUSED,)),
    List(
        "Overstay",
        "IMI",
        Category.OVERSTAY,
        Direction.BOTH,
        50,
        (Disposal.CHARGED, Disposal.CHARGED, Disposal.DEPORTED, Disposal.LISTED),
    ),
    List(
        "Izin tinggal disalahgunakan",
        "IMI",
        Category.PERMIT_MISUSE,
        Direction.BOTH,
        35,
        (Disposal.PERMIT_CHANGED, Disposal.DEPORTED, Disposal.PROSECUTED),
    ),
    List(
        "DPO",
        "POLRI",
        Category.WANTED,
        Direction.BOTH,
        30,
        (Disposal.HANDED_OVER, Disposal.DETAINED),
        second_officer=True,
    ),
    List(
        "Jaringan narkotika",
        "BNN",
        Category.NARCOTICS,
        Direction.BOTH,
        20,
        (Disposal.OBSERVED, Disposal.HANDED_OVER),
        second_officer=True,
    ),
    List(
        "Bekerja tanpa izin",
        "NAKER",
        Category.ILLEGAL_WORK,
        Direction.BOTH,
        40,
        (Disposal.DEPORTED, Disposal.PERMIT_CHANGED, Disposal.OBSERVED),
    ),
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part, and how much goes on."""

    agencies: Sequence[NewAgency]
    officers: Sequence[Person]
    lists: Sequence[List]
    """Each owned by an agency that has officers."""
    listed_share: float
    """Of travellers, those who are on a list."""
    listed_guests: float
    """Of guests, those who are on a list."""
    tips_a_day: float
    stays_a_day: float
    sojourns_a_day: float
    """Arrivals with a permit to stay."""
    days_a_case: int
    """From one joint case to the next."""


CAST: Final = Cast(
    AGENCIES,
    OFFICERS,
    LISTS,
    listed_share=0.03,
    listed_guests=0.02,
    tips_a_day=3,
    stays_a_day=6,
    sojourns_a_day=2,
    days_a_case=6,
)
"""Everybody."""

_FEW: Final = ("hadi", "tuti", "dewi", "rina", "wayan", "officer.polri", "supervisor.polri")
_PEOPLE_OF_ONE: Final = 6
"""One of so many people of each list."""

SMALL: Final = Cast(
    AGENCIES[:2],
    tuple(each for each in OFFICERS if each.login in _FEW),
    tuple(
        replace(each, people=each.people // _PEOPLE_OF_ONE)
        for each in LISTS
        if each.agency in {"IMI", "POLRI"}
    ),
    listed_share=0.4,
    listed_guests=0.05,
    tips_a_day=0.3,
    stays_a_day=0.5,
    sojourns_a_day=0.2,
    days_a_case=23,
)
"""Two agencies with a few officers, and short lists on which many travellers are."""

FACES: Final[Mapping[str, str]] = {
    "Traveller A": "Tangkal",
    "Traveller B": "Overstay",
    "Traveller C": "DPO",
    "Astronaut": "Jaringan narkotika",
}
"""Listed people who have a face, each with the list; all others are found by their documents."""

STAND_IN: Final = "Traveller D"
"""Whose portrait all others on a list have, since each needs one; this person never travels."""

STRANGERS: Final = ("Traveller E", "Traveller F", "Actor")
"""Faces that are on no list: everybody else travels with one of them."""

# Given names and surnames that are common where the passports come from.
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "CHN": ("Wei Min Jing Lei Fang Hao Yan Qiang", "Wang Li Zhang Liu Chen Yang Huang Zhao"),
    "IND": ("Arjun Priya Rahul Anita Vikram Sunita Ravi", "Sharma Patel Singh Kumar Reddy Nair"),
    "NGA": ("Chinedu Amaka Tunde Ngozi Emeka Bisi", "Okafor Adeyemi Balogun Eze Nwosu Bello"),
    "RUS": ("Ivan Olga Sergei Anna Dmitri Elena", "Petrov Ivanova Smirnov Volkova Popov"),
    "AUS": ("Jack Olivia Noah Charlotte Liam Ava", "Smith Jones Taylor Brown Wilson Martin"),
    "VNM": ("Minh Lan Tuan Hoa Duc Linh", "Nguyen Tran Le Pham Hoang Vo"),
    "PAK": ("Imran Ayesha Bilal Sana Usman Hina", "Khan Ahmed Malik Hussain Butt Qureshi"),
    "MYS": ("Ahmad Siti Razak Aishah Hafiz Nor", "Abdullah Ismail Rahman Hassan Omar"),
}
_SHARES: Final[Mapping[str, int]] = {
    "CHN": 30,
    "IND": 14,
    "NGA": 12,
    "RUS": 9,
    "AUS": 9,
    "VNM": 8,
    "PAK": 10,
    "MYS": 8,
}
_YOUNGEST: Final = date(2005, 1, 1)
_AGES_DAYS: Final = 365 * 45


@dataclass(frozen=True, slots=True)
class Invented:
    """Somebody with a document."""

    name: str
    sex: Sex
    birth: date
    nationality: str
    number: str

    @property
    def document(self) -> dict[str, str]:
        """The document, as a subject keeps it."""
        return {"kind": "passport", "number": self.number, "country": self.nationality}


def invent(drawn: random.Random, number: int) -> Invented:
    """Return a person.

    Args:
        drawn: where chance comes from.
        number: makes the document's, and is nobody else's.
    """
    (nation,) = drawn.choices([*_SHARES], weights=[*_SHARES.values()])
    given, surnames = (part.split() for part in _NAMES[nation])
    first = drawn.randrange(len(given))
    return Invented(
        f"{given[first]} {drawn.choice(surnames)}",
        Sex.FEMALE if first % 2 else Sex.MALE,
        _YOUNGEST - timedelta(days=drawn.randrange(_AGES_DAYS)),
        nation,
        f"ZZ{number:07d}",
    )
