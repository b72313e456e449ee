"""Counts the requests to AWS and the consumed write units that DynamoDB reports."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class RequestMeter:
    """Counts the requests of its clients, and the write units that they consumed."""

    requests: Counter[str] = field(default_factory=Counter)
    write_units: float = 0

    def attach(self, client: Any) -> Any:  # noqa: ANN401  # any boto3 client
        """Count the requests of `client` from now on; return the client."""
        service = client.meta.service_model.service_name
        client.meta.events.register(f"before-send.{service}", self._count)
        if service == "dynamodb":
            client.meta.events.register("before-parameter-build.dynamodb", self._request_capacity)
            client.meta.events.register("after-call.dynamodb", self._add)
        return client

    def _count(self, event_name: str, **_: object) -> None:
        self.requests[event_name.rpartition(".")[2]] += 1

    def _request_capacity(self, params: dict[str, Any], **_: object) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def _add(self, parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401  # botocore's model
        consumed = parsed.get("ConsumedCapacity", [])
        is_write = model.name not in {"GetItem", "Query"}
        for each in consumed if isinstance(consumed, list) else [consumed]:
            self.write_units += each.get("WriteCapacityUnits", each["CapacityUnits"] if is_write else 0)

    def reset(self) -> None:
        """Reset all counts to zero."""
        self.requests.clear()
        self.write_units = 0
