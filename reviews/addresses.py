"""Which addresses Handrail may send to: pure rules over URLs, ports and IP addresses.

Targets come from agents (callbacks) and from administrators (outcome rules), and whoever can
choose where a server sends a request can read what only that server may reach. So a URL is
understood in one strict way, and an address counts as public only when nothing says otherwise.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

STANDARD_PORTS = {"http": 80, "https": 443}
LONGEST_URL = 8192

# RFC 3986 in ASCII: a space, a control character or a backslash means something else to
# every parser, so none passes.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?\[\]-]|%[0-9A-Fa-f]{2})*)?)"
)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Resolvers read such a last label as a number: 127.1, 0x7f000001 and 017700000001 are loopback.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")

# `is_global` of Python 3.11 lets some of these pass, and others are public by number
# but belong to the cloud the server runs in.
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST_V6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """The request may not be sent there, now or later."""


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str
    port: int
    path_and_query: str

    @property
    def authority(self) -> str:
        """The Host header: the name as it was given, never the address behind it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        standard = self.port == STANDARD_PORTS[self.scheme]
        return host if standard else f"{host}:{self.port}"


@dataclass(frozen=True)
class AllowEntry:
    """One line of the allow-list; without a port it opens the standard ports alone."""

    host: str
    network: IPNetwork | None
    port: int | None

    def covers(self, host: str, address: IPAddress, port: int) -> bool:
        wanted = {self.port} if self.port else set(STANDARD_PORTS.values())
        if port not in wanted:
            return False
        if self.network is not None:
            return address in self.network
        # The administrator vouches for a name, but a name never leads to a
        # metadata service or to everybody at once.
        return host == self.host and not _is_local_infrastructure(address)


def parse_url(url: str) -> Target:
    """Understand a URL in the one way that is also sent; raises Refused in words."""
    if len(url) > LONGEST_URL:
        raise Refused(f"The URL is longer than {LONGEST_URL} characters.")
    match = _URL.fullmatch(url)
    if match is None:
        raise Refused(
            "The URL must be http:// or https://, a host, an optional port and a percent-encoded "
            "path and query, without user name, fragment, spaces or backslashes."
        )
    scheme = match["scheme"]
    port = int(match["port"] or STANDARD_PORTS[scheme])
    if not 0 < port < 65536:
        raise Refused(f"The port {port} does not exist.")
    path = match["target"]
    return Target(
        scheme, parse_host(match["host"]), port, path if path.startswith("/") else f"/{path}"
    )


def parse_host(host: str) -> str:
    """A canonical IP address or a DNS name in lower case; raises Refused in words."""
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError as error:
            raise Refused(f"{host} is not an IPv6 address.") from error
    name = host.lower()
    labels = name.split(".")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError as error:
            raise Refused(f"{host} is not an IPv4 address in its plain dotted form.") from error
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused(f"{host} is not a host name.")
    return name


def parse_allow_list(entries: Iterable[str]) -> tuple[AllowEntry, ...]:
    return tuple(_parse_allow_entry(entry.strip()) for entry in entries)


def check_address(*, host: str, address: IPAddress, port: int, allow: Iterable[AllowEntry]) -> None:
    """Refuse an address that is neither public nor covered by the allow-list."""
    plain = unwrap(address)
    if any(entry.covers(host, plain, port) for entry in allow):
        return
    if not is_public(plain):
        raise Refused(
            f"{host} leads to {plain}, which is not a public address. "
            "The outbound allow-list may name it."
        )
    if port not in STANDARD_PORTS.values():
        raise Refused(
            f"Port {port} of {host} is not a web port (80, 443). "
            f"The outbound allow-list may name {host}:{port}."
        )


def unwrap(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv4-mapped or NAT64 address stands for, else itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: IPAddress) -> bool:
    """Whether anybody on the internet could reach it too.

    6to4 and Teredo carry an IPv4 address inside and nobody serves on them: not public.
    """
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST_V6:
        return False
    return address.is_global and not any(address in network for network in _NEVER_PUBLIC)


def _is_local_infrastructure(address: IPAddress) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not address.is_loopback)
        or str(address) in {"168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"}
    )


def _parse_allow_entry(entry: str) -> AllowEntry:
    host, port = entry, ""
    network = _as_network(entry)
    if network is None and re.search(r":[0-9]+$", entry):
        host, _, port = entry.rpartition(":")
        network = _as_network(host.strip("[]"))
    if network is not None:
        return AllowEntry(host="", network=network, port=int(port) if port else None)
    try:
        return AllowEntry(host=parse_host(host), network=None, port=int(port) if port else None)
    except Refused as error:
        raise ValueError(
            f"{entry!r} in the outbound allow-list is neither a host, a network "
            "such as 10.1.0.0/16, nor either of them with a port."
        ) from error


def _as_network(text: str) -> IPNetwork | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
