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

# Addresses that carry an IPv4 address of their own, which is where they would lead (RFC 6052, 3056,
# 4380).
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")

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


def parse(url: str, *, private: bool) -> Target:
    """Parse a URL.

    Args:
        url: as it was registered.
        private: whether private targets, and plain HTTP with them, are allowed.

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
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path)


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
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)
