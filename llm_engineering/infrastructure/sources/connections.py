"""TCP connections to addresses that were checked after DNS, so that no name can smuggle in a private one."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from llm_engineering.domain.errors import FetchRefused

Resolver = Callable[[str, int], list[str]]
"""Host and port → the addresses that the name stands for. Raises OSError when there are none."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolved_by_system(host: str, port: int) -> list[str]:
    """The addresses of a host as this machine's resolver gives them, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).split("%")[0] for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet.

    IPv6 forms that carry an IPv4 address (mapped, 6to4, NAT64) are judged by what they carry.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour
        if ip in NAT64:
            carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(str(carried))
    return ip.is_global and not ip.is_multicast


class Deadline:
    """The moment at which the current attempt of this thread must be over."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Everything that this thread reads or writes inside must end in time."""
        self._local.end = time.monotonic() + seconds
        try:
            yield
        finally:
            del self._local.end

    def cut(self, timeout: float | None) -> float | None:
        """The timeout, or what is left of the attempt's time when that is less."""
        end = getattr(self._local, "end", None)
        if end is None:
            return timeout
        left: float = end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for this request is over")
        return left if timeout is None else min(timeout, left)


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves a host once, checks every address, and connects to a checked one.

    `allowed` holds host or host:port as written in a URL; those may be private.
    """

    def __init__(self, allowed: frozenset[str], resolve: Resolver, deadline: Deadline) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect, or raise FetchRefused when the host has an address that is not public."""
        addresses = self._checked(host, port)
        for position, address in enumerate(addresses, start=1):
            try:
                stream = self._plain.connect_tcp(
                    address, port, self._deadline.cut(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if position == len(addresses):
                    raise
            else:
                return GuardedStream(stream, self._deadline)
        raise httpcore.ConnectError(f"{host} has no address")

    def _checked(self, host: str, port: int) -> list[str]:
        name = host.lower().rstrip(".")
        try:
            addresses = self._resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"no address is known for {host} ({error.strerror or error})") from error
        if name in self._allowed or f"{name}:{port}" in self._allowed:
            return addresses
        private = [address for address in addresses if not is_public(address)]
        if private:
            leads = "" if host.strip("[]") == private[0] else f" leads to {private[0]}, which"
            raise FetchRefused(
                f"{host}{leads} is not a public address; "
                "name the host in CRAWLER_ALLOWED_PRIVATE_HOSTS if you trust it."
            )
        return addresses


class GuardedStream(httpcore.NetworkStream):
    """A stream whose every wait also ends at the deadline, so that a slow drip cannot hold us."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes` of what has arrived."""
        return self._stream.read(max_bytes, self._deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._stream.write(buffer, self._deadline.cut(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted; the certificate is checked against the host's name."""
        inner = self._stream.start_tls(ssl_context, server_hostname, self._deadline.cut(timeout))
        return GuardedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of the socket."""
        return self._stream.get_extra_info(info)


class GuardedTransport(httpx.HTTPTransport):
    """httpx's transport over guarded connections: TLS verified, no proxy from the environment.

    A proxy would resolve names itself and so undo the check.
    """

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(verify=True, trust_env=False),
            http1=True,
            http2=True,
            max_connections=20,
            keepalive_expiry=10.0,
            network_backend=backend,
        )
