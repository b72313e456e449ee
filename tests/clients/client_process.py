"""A client library in a program of its own: each line that it reads is a call, and it answers with a line of JSON.

| call | answer |
|---|---|
| `subscribe URL WATERMARK` | `id` and `watermark` of a push subscription to all folders |
| `folders` | `folders`: the names of all folders below the top |
| `folder ID` | `name`, `total` and `unread` |
| `sync STATE MOST` | a page of the inbox: `changes` (pairs of kind and item id), `state`, and whether `more` follow |
| `item ID` | `subject`, `from`, `body`, `item_class`, `size`, `read` |
| `impersonate KIND ADDRESS` | nothing; the following calls act on that mailbox |
| `resolve NAME` | nothing; mailsim has no ResolveNames |

An exception is `error`, the response code or the name of the exception, and `text`. A word may be empty.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import Any, Final

_ANSWER_SECONDS: Final = 60


class ClientProcess:
    """A running program."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def call(self, *words: object) -> dict[str, Any]:
        """Make a call and return its answer; a program that does not answer is killed."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(" ".join(map(str, words)) + "\n")
        stdin.flush()
        timer = Timer(_ANSWER_SECONDS, self._process.kill)
        timer.start()
        line = stdout.readline()
        timer.cancel()
        assert line, f"the client ended at {words[0]}"
        return dict(json.loads(line))

    def error(self, *words: object) -> str:
        """Make a call that fails, and return the error."""
        answer = self.call(*words)
        assert "error" in answer, answer
        return str(answer["error"])


@contextmanager
def running(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[ClientProcess]:
    """Start a program; it ends with its stdin."""
    with subprocess.Popen(  # noqa: S603  # Java or Node, on our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        yield ClientProcess(process)
