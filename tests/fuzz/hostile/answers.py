"""Floods in the answers to our requests."""

from collections.abc import Callable, Mapping
from functools import partial

from tests.fuzz.grammar import DECLARED
from tests.fuzz.hostile.bodies import FLOOD_BYTES


def answers(operation: str) -> Mapping[str, Callable[[], bytes]]:
    """Return classes of answers to `operation`, each flooded where the reader expects content."""
    units = ("<a/>", "<a/>x", "<t:Create/>", "<t:Create><a/></t:Create>", "<t:Delete><t:ItemId Id=''/></t:Delete>")
    return {f"{operation}: {unit}": partial(_answer, operation, unit) for unit in units}


def _answer(operation: str, unit: str) -> bytes:
    message = f"m:{operation}ResponseMessage"
    lead = (
        f"<s:Envelope {DECLARED}><s:Body><m:{operation}Response><m:ResponseMessages>"
        f'<{message} ResponseClass="Success"><m:SyncState>s1</m:SyncState><m:Changes>'
    )
    tail = f"</m:Changes></{message}></m:ResponseMessages></m:{operation}Response></s:Body></s:Envelope>"
    return f"{lead}{unit * ((FLOOD_BYTES - len(lead + tail)) // len(unit))}{tail}".encode()
