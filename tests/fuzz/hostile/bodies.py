"""Parts of hostile bodies: a heartbeat with content put in, little or as much as fits."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ewspush.errors import Refusal
from tests import payloads

END: Final = "</m:Notification>"
PLAIN: Final = payloads.heartbeat().decode().removeprefix(payloads.DECLARATION)
EMPTY: Final = "a{}=''"
NAMESPACE: Final = "xmlns:a{}='u'"
READ: Final = None
"""Instead of a refusal."""

FLOOD_BYTES: Final = 1024 * 1024
"""Of a body that is full of one thing: every reader reads as much, and time and memory grow with the size."""

Classes: TypeAlias = Mapping[str, tuple[Refusal | None, Callable[[], bytes]]]
"""Class of bodies: why it is refused as a notification (`READ`: it is not), and what makes one."""


def with_content(content: str, before: str = END, declaration: str = "") -> bytes:
    """Return a heartbeat with `content` in it."""
    return (declaration + PLAIN.replace(before, content + before, 1)).encode("utf-8", "surrogatepass")


def flood(unit: str, lead: str = "", tail: str = "", before: str = END, size_bytes: int = FLOOD_BYTES) -> bytes:
    """Return a heartbeat with as many of `unit` as a body of that size can hold."""
    room = size_bytes - len(with_content(lead + tail, before))
    return with_content(lead + unit * (room // len(unit.encode())) + tail, before)


def numbered(unit: str, lead: str = "", tail: str = "") -> bytes:
    """Return the same where each unit has a number of its own, so that no cache of names helps."""
    room = FLOOD_BYTES - len(with_content(lead + tail))
    units = (unit.format(number) for number in range(10**5, 10**5 + room // (len(unit) + 10)))
    return with_content(lead + "".join(units) + tail)


def attributes(count: int, pattern: str = "a{}='x'") -> str:
    """Return so many different attributes."""
    return " ".join(pattern.format(number) for number in range(count))
