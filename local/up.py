"""`python -m local up`: both sides on this machine, until interrupted."""

import contextlib
import signal
import sys
import time
from pathlib import Path
from threading import Event
from typing import Final

from cli.main import main as ews_push
from local import machine as machines
from local.machine import BUILD, READY, Machine

_LIVE_SECONDS: Final = 120


class NotLiveError(RuntimeError):
    """Raised where the keeper does not bring the subscriptions to life in time."""


def up(port_base: int | None, mailboxes: int, minute_seconds: float, subscriptions: Path | None) -> int:
    """Run until SIGINT or SIGTERM; print one line of JSON on stdout when ready, logs on stderr.

    Raises what `machine.running` raises, and `NotLiveError`.
    """
    done = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    _say("starting the embedded AWS and the mail server, deploying the stack")
    with machines.running(port_base=port_base, minute_seconds=minute_seconds) as machine:
        READY.write_text(machine.ready_line)
        try:
            _populate(machine, mailboxes, subscriptions)
            print(machine.ready_line, flush=True)
            _say("ready; Ctrl-C ends it")
            done.wait()
            _say("ending")
        finally:
            READY.unlink()
    return 0


def users(mailboxes: int) -> list[str]:
    """Return the addresses of the users."""
    return [f"user{number}@example.com" for number in range(1, mailboxes + 1)]


def _populate(machine: Machine, mailboxes: int, subscriptions: Path | None) -> None:
    """Make the users, apply the subscriptions file as an operator would, and wait until all of it lives."""
    for user in users(mailboxes):
        machine.mail_server.add_user(user)
    file = subscriptions or _written(users(mailboxes))
    _say(f"applying {file}")
    with contextlib.redirect_stdout(sys.stderr):
        status = ews_push(["apply", "--local", "--file", str(file), "--yes"])
    if status != 0:
        message = f"the subscriptions of {file} can't be applied"
        raise NotLiveError(message)
    _await_life(machine)


def _written(addresses: list[str]) -> Path:
    file = BUILD / "subscriptions.toml"
    file.write_text("".join(f'[[subscription]]\nmailbox = "{address}"\n\n' for address in addresses))
    return file


def _await_life(machine: Machine) -> None:
    """Tick rather than wait for the schedule's first minute."""
    deadline = time.monotonic() + _LIVE_SECONDS
    while (missing := _not_active(machine)) and time.monotonic() < deadline:
        machine.schedule.tick()
    if missing:
        message = f"{missing} subscriptions did not come to life; `./ews-push list --local` says why"
        raise NotLiveError(message)


def _not_active(machine: Machine) -> int:
    pages = (
        machine.deployment.emulator.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=machine.deployment.subscriptions_table,
            FilterExpression="#state <> :active",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":active": {"S": "active"}},
            Select="COUNT",
        )
    )
    return sum(page["Count"] for page in pages)


def _say(text: str) -> None:
    print(f"local: {text}", file=sys.stderr, flush=True)
