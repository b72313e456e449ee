"""`python -m local up`: a local run until it is interrupted."""

import contextlib
import signal
import sys
import time
from pathlib import Path
from threading import Event
from typing import Final

from cli.main import main as ews_push
from local import local_run
from local.local_run import BUILD, READY, LocalRun

_ACTIVE_SECONDS: Final = 120


class NotActiveError(RuntimeError):
    """Raised where the subscriptions do not become active in time."""


def up(port_base: int | None, mailboxes: int, minute_seconds: float, subscriptions: Path | None) -> int:
    """Run until SIGINT or SIGTERM; print the ready line on stdout, and logs on stderr. Return the exit status.

    Raises what `local_run.running` raises, and `NotActiveError`.
    """
    interrupted = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    _log("starting the AWS emulator and the mail server, and deploying the stack")
    with local_run.running(port_base=port_base, minute_seconds=minute_seconds) as run:
        READY.write_text(run.ready_line)
        try:
            _populate(run, mailboxes, subscriptions)
            print(run.ready_line, flush=True)
            _log("ready; press Ctrl-C to stop")
            interrupted.wait()
            _log("stopping")
        finally:
            READY.unlink()
    return 0


def users(mailboxes: int) -> list[str]:
    """Return the addresses of the users."""
    return [f"user{number}@example.com" for number in range(1, mailboxes + 1)]


def _populate(run: LocalRun, mailboxes: int, subscriptions: Path | None) -> None:
    """Create the users, apply the subscriptions file as an operator would, and wait until all are active."""
    for user in users(mailboxes):
        run.mail_server.add_user(user)
    file = subscriptions or _subscriptions_file(users(mailboxes))
    _log(f"applying {file}")
    with contextlib.redirect_stdout(sys.stderr):
        status = ews_push(["apply", "--local", "--file", str(file), "--yes"])
    if status != 0:
        message = f"the subscriptions in {file} could not be applied"
        raise NotActiveError(message)
    _wait_until_active(run)


def _subscriptions_file(addresses: list[str]) -> Path:
    file = BUILD / "subscriptions.toml"
    file.write_text("".join(f'[[subscription]]\nmailbox = "{address}"\n\n' for address in addresses))
    return file


def _wait_until_active(run: LocalRun) -> None:
    """Run the keepers at once, rather than wait for the first minute of the schedule."""
    deadline = time.monotonic() + _ACTIVE_SECONDS
    while (missing := _not_active(run)) and time.monotonic() < deadline:
        run.schedule.run_keepers()
    if missing:
        message = f"{missing} subscriptions did not become active; `./ews-push list --local` says why"
        raise NotActiveError(message)


def _not_active(run: LocalRun) -> int:
    pages = (
        run.deployment.emulator.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=run.deployment.subscriptions_table,
            FilterExpression="#state <> :active",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":active": {"S": "active"}},
            Select="COUNT",
        )
    )
    return sum(page["Count"] for page in pages)


def _log(text: str) -> None:
    print(f"local: {text}", file=sys.stderr, flush=True)
