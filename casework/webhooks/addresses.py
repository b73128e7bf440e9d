"""Where webhooks may lead: an address outside, not into this machine or the network around it.

A registered webhook makes this service send requests; if any address were allowed, they could
reach what only the service can. Names are resolved and checked when a webhook is registered and
again at every delivery, which then goes to the very address that was checked.
"""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from casework.kernel.errors import TargetRefused

_LONGEST: Final = 2000
_PORTS: Final = {"http": 80, "https": 443}

PORTS: Final = frozenset({443, 8443})
"""Ports that webhooks may use, where the settings name no others."""

# Addresses that carry an IPv4 address of their own, which is where they would lead (RFC 6052).
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
# All else that is global unicast is here (RFC 4291): site-local, unique local, link-local and
# IPv4-compatible addresses, and the local translation prefix (RFC 8215), are not.
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
# The registries of special addresses (RFC 6890) as of 2026, where Python 3.11 to 3.13 disagree.
_SPECIAL: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # shared by a provider's customers
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",  # documentation, as are 198.51.100 and 203.0.113
            "192.88.99.0/24",  # relays of 6to4, withdrawn
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
            "2001::/23",  # protocols' own: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
        ),
    )
)
# The last half of an address that carries an IPv4 address by ISATAP (RFC 5214), without its flags.
_ISATAP: Final = 0x5EFE
_ISATAP_FLAGS: Final = 0x0200

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address in parts."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """What goes into the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def at(self, address: str) -> str:
        """Return the URL of the same resource at one address."""
        host = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse(url: str, *, private: bool, ports: frozenset[int] = PORTS) -> Target:
    """Parse a URL.

    Args:
        url: as it was registered.
        private: whether private targets, and with them plain HTTP and any port, are allowed.
        ports: those that may be used otherwise.

    Raises:
        TargetRefused: it is not an address of this kind.
    """
    if len(url) > _LONGEST or not url.isascii() or any(c.isspace() or ord(c) < 32 for c in url):
        raise TargetRefused("target_not_plain")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetRefused("target_unreadable", error=str(error)) from error
    schemes = ("https", "http") if private else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise TargetRefused("target_not_https")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise TargetRefused("target_has_credentials")
    port = port if port is not None else _PORTS[parts.scheme]
    if not private and port not in ports:
        shown = ", ".join(map(str, sorted(ports)))
        raise TargetRefused("target_port", number=str(port), allowed=shown)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, path)


def resolve(target: Target, *, private: bool) -> str:
    """Return the address to connect to. It may take seconds.

    Raises:
        TargetRefused: the name has no address, or one that webhooks may not reach.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetRefused("target_unresolved", host=target.host) from error
    addresses = [str(info[4][0]) for info in found]
    # All of them: a name that leads inside only sometimes is no better.
    if not addresses or not (private or all(is_public(address) for address in addresses)):
        raise TargetRefused("target_private", host=target.host)
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet."""
    try:
        ip: _Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(ip in network for network in _SPECIAL if network.version == ip.version):
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _carried(ip)
        return is_public(str(inner)) if inner is not None else ip in _GLOBAL_UNICAST
    return ip.is_global


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an address carries, and leads to, if it carries one."""
    last = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    isatap = (int(ip) >> 32) & 0xFFFFFFFF & ~(_ISATAP_FLAGS << 16) == _ISATAP
    if ip in _TRANSLATED or isatap:
        return last
    return ip.ipv4_mapped or ip.sixtofour
