"""A POST as a mail server sends it; the answer is returned whatever its status."""

import urllib.error
import urllib.request
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    body: str


def post(url: str, body: bytes, content_type: str = "text/xml; charset=utf-8") -> Answer:
    """Post `body` to `url` and return the answer."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": content_type}, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  # our own URL
            return _answer(response.status, response)
    except urllib.error.HTTPError as error:
        return _answer(error.code, error)


def _answer(status: int, response: "urllib.error.HTTPError") -> Answer:
    return Answer(status, response.headers.get("Content-Type", ""), response.read().decode())
