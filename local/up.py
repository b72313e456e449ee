"""`python -m local up`: the stack on this machine, until interrupted."""

import json
import signal
import sys
from pathlib import Path
from threading import Event

from local import deployment as deployments
from local import emulator as emulators
from local.mailbox import register

SYNTHESIZED = emulators.ROOT / ".build" / "local"


def up(port_base: int | None, mailboxes: int) -> int:
    """Run until SIGINT or SIGTERM; print one line of JSON on stdout when ready, logs on stderr."""
    done = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    _say("synthesizing the stack for this machine")
    synthesized = deployments.synthesize(Path(SYNTHESIZED))
    _say("starting the embedded AWS")
    with emulators.running(port_base) as emulator:
        _say("deploying the stack onto it")
        deployment = deployments.deploy(emulator, synthesized)
        callbacks = {user: register(deployment, user) for user in map(_user, range(1, mailboxes + 1))}
        print(json.dumps(_ready(deployment, callbacks)), flush=True)
        _say("ready; Ctrl-C ends it")
        done.wait()
        _say("ending")
    return 0


def _user(number: int) -> str:
    return f"user{number}@example.com"


def _ready(deployment: deployments.Deployment, callbacks: dict[str, str]) -> dict[str, object]:
    """Return where everything is. What is null is not here yet: the mail server and its controls, and the console."""
    return {
        "ready": True,
        "dynamodb": deployment.emulator.endpoint,
        "sqs": deployment.emulator.endpoint,
        "callback": deployment.callback,
        "ews": None,
        "workmail": None,
        "control": None,
        "console": None,
        "queue_url": deployment.queue_url,
        "dead_letter_queue_url": deployment.dead_letter_queue_url,
        "events_table": deployment.events_table,
        "subscriptions_table": deployment.subscriptions_table,
        "callbacks": callbacks,
    }


def _say(text: str) -> None:
    print(f"local: {text}", file=sys.stderr, flush=True)
