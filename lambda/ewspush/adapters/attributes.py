"""DynamoDB's typed attribute values <-> plain values.

boto3 has the same in `boto3.dynamodb.types`, but importing that loads all of boto3 and its S3 transfer manager, a tenth
of a cold start (docs/adr/0011).
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ewspush.domain.timestamps import iso


def typed(value: Any) -> dict[str, Any]:  # noqa: ANN401, PLR0911  # any value that a document holds, a case for each kind
    """Return `value` in DynamoDB's wire form; a datetime as RFC 3339. Raises TypeError for what it can't hold."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):  # before int, which it is too
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, datetime):
        return {"S": iso(value)}
    if isinstance(value, Mapping):
        return {"M": {name: typed(child) for name, child in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [typed(child) for child in value]}
    message = f"DynamoDB holds no {type(value).__name__}"
    raise TypeError(message)


def plain(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401  # likewise
    """Return what an attribute in wire form holds. Raises TypeError or ValueError for a kind that we never write."""
    ((kind, value),) = attribute.items()
    if kind == "NULL":
        return None
    if kind in {"S", "BOOL"}:
        return value
    if kind == "N":
        return int(value)
    if kind == "B":  # of a client as bytes, in the event of a stream as base64
        return value if isinstance(value, bytes) else base64.b64decode(value)
    if kind == "M":
        return {name: plain(child) for name, child in value.items()}
    if kind == "L":
        return [plain(child) for child in value]
    message = f"we write no attributes of type {kind}"
    raise TypeError(message)
