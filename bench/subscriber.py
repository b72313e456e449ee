"""A mailbox with a registered subscription, and the HTTP API's events for its POSTs."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from local.deployment import Deployment
from local.subscriptions import register

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A mailbox with a subscription; `path` is the path of its callback URL."""

    path: str

    @classmethod
    def registered(cls, deployment: Deployment) -> "Subscriber":
        """Register a subscription to a new mailbox."""
        url = register(deployment, f"bench-{next(_numbers)}@example.com")
        return cls(url.removeprefix(deployment.callback))

    def posts(self, body: bytes) -> dict[str, Any]:
        """Return the event (payload format 2.0) of a POST of `body`."""
        names = ("subscription", "generation", "signature")
        return {
            "version": "2.0",
            "rawPath": self.path,
            "headers": {"content-type": "text/xml; charset=utf-8"},
            "pathParameters": dict(zip(names, self.path.split("/")[2:], strict=True)),
            "body": body.decode(),
            "isBase64Encoded": False,
        }
