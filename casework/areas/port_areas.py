"""In which area each port lies: what is known of Indonesia's ports, and what was set here.

What is known is the province; an installation says more exactly, or otherwise, by itself.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, or_, select
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.tables import PortArea

_AIRPORTS: Final[Mapping[str, str]] = {
    "11": "BTJ LSW SBG",
    "12": "DTB GNS KNO MES",
    "13": "PDG",
    "14": "DUM PKU",
    "15": "DJB",
    "16": "PLM",
    "17": "BKS",
    "18": "TKG",
    "19": "PGK TJQ",
    "21": "BTH TNJ",
    "31": "HLP",
    "32": "BDO CBN KJT",
    "33": "CXP SOC SRG",
    "34": "JOG YIA",
    "35": "BWX MLG SUB",
    "36": "CGK",
    "51": "DPS",
    "52": "LOP",
    "53": "KOE LBJ MOF WGP",
    "61": "KTG PNK SQG",
    "62": "PKN PKY SMQ",
    "63": "BDJ BTW",
    "64": "AAP BEJ BPN",
    "65": "NNX TRK",
    "71": "MDC",
    "72": "LUW PLW",
    "73": "TTR UPG",
    "74": "KDI",
    "75": "GTO",
    "81": "AMQ LUV",
    "82": "TTE",
    "91": "BIK DJJ",
    "92": "BXB FKQ KNG MKW",
    "93": "MKQ",
    "94": "NBX TIM",
    "95": "WMX",
    "96": "SOQ",
}
_SEAPORTS: Final[Mapping[str, str]] = {
    "IDBLW": "12",
    "IDBOA": "51",
    "IDBTG": "71",
    "IDBTM": "21",
    "IDJKT": "31",
    "IDMAK": "73",
    "IDPNJ": "18",
    "IDTPP": "31",
}

KNOWN: Final[Mapping[str, str]] = {
    **{
        code: area
        for area, airports in _AIRPORTS.items()
        for airport in airports.split()
        for code in (airport, f"ID{airport}")
    },
    **_SEAPORTS,
}
"""The province of every port that is known, by the port's code."""


def area_of_port(session: Session) -> Mapping[str, str]:
    """Return the area of each port whose area is known, within a transaction.

    Codes of the smallest area that is known, a province at most; `tree.at_level` gives the
    province, or the regency, of each.
    """
    set_here = {row.port: row.area for row in session.scalars(select(PortArea))}
    return {port: area for port, area in {**KNOWN, **set_here}.items() if area is not None}


def port_within(port: SQLColumnExpression[str], code: str) -> ColumnElement[bool]:
    """Return the condition that a column names a port that lies in an area."""
    set_here = select(PortArea.port)
    built_in = [each for each, area in KNOWN.items() if tree.contains(code, area)]
    return or_(
        port.in_(set_here.where(tree.within(PortArea.area, code))),
        and_(port.in_(built_in), port.not_in(set_here)),
    )


def placed_within(
    area: SQLColumnExpression[str | None], port: SQLColumnExpression[str], code: str
) -> ColumnElement[bool]:
    """Return the condition that something happened in an area.

    Args:
        area: where it happened, if that is known.
        port: where else, by its code.
        code: the area.
    """
    return or_(tree.within(area, code), and_(area.is_(None), port_within(port, code)))


def ports_within(session: Session, code: str) -> list[str]:
    """Return the ports that lie in an area, in order of code, within a transaction."""
    found = area_of_port(session)
    return sorted(port for port, area in found.items() if tree.contains(code, area))
