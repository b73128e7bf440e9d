"""Codes of ports: IATA's three letters for an airport, or a UN/LOCODE."""

import re
from collections.abc import Iterable
from typing import Final

PATTERN: Final = r"^([A-Z]{3}|[A-Z]{2}[A-Z2-9]{3})$"
_CODE: Final = re.compile(PATTERN)


def malformed(ports: Iterable[str]) -> str | None:
    """Return the first text that is no code of a port, None if all are."""
    return next((port for port in sorted(ports) if not _CODE.fullmatch(port)), None)


_WIB: Final = (
    "BDO BKS BTH BTJ BWX CBN CGK CXP DJB DTB DUM GNS HLP JOG KJT KNO KTG LSW MES MLG PDG PGK "
    "PKN PKU PKY PLM PNK SBG SMQ SOC SQG SRG SUB TJQ TKG TNJ YIA"
)
_WIB_SEAPORTS: Final = ("IDBLW", "IDBTM", "IDJKT", "IDPNJ", "IDTPP")
_WITA: Final = "AAP BDJ BEJ BPN BTW DPS GTO KDI KOE LBJ LOP LUW MDC MOF NNX PLW TRK TTR UPG WGP"
_WIT: Final = "AMQ BIK BXB DJJ FKQ KNG LUV MKQ MKW NBX SOQ TIM TTE WMX"
_WITA_SEAPORTS: Final = ("IDBOA", "IDBTG", "IDMAK")
_ZONES: Final = {
    **{
        code: zone
        for airports, zone in (
            (_WIB, "Asia/Jakarta"),
            (_WITA, "Asia/Makassar"),
            (_WIT, "Asia/Jayapura"),
        )
        for airport in airports.split()
        for code in (airport, f"ID{airport}")
    },
    **dict.fromkeys(_WIB_SEAPORTS, "Asia/Jakarta"),
    **dict.fromkeys(_WITA_SEAPORTS, "Asia/Makassar"),
}


def zone_of(port: str) -> str | None:
    """Return the time zone of an Indonesian port that is known; None for any other.

    By Presidential Decree 41 of 1987: Sumatra, Java and the west and middle of Kalimantan keep WIB,
    Bali, Nusa Tenggara, Sulawesi and the east and south of Kalimantan WITA, the Moluccas and Papua
    WIT.
    """
    return _ZONES.get(port)
