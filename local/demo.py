"""`python -m local demo`: the whole story, told in the terminal. Exit status 0 only if all of it held."""

import time
from typing import Any, Final

from rich.table import Table

from cli.main import main as ews_push
from ewspush.domain.desired import DesiredSubscription
from local import machine as machines
from local.consumer import Consumer
from local.deployment import DeploymentError
from local.emulator import EmulatorError
from local.http import post
from local.machine import BUILD, READY, Machine
from local.mail_server import MailServerError
from local.observer import Observer
from local.telling import BrokenStoryError, awaited, chapter, console, must

MAILBOX: Final = "alice@example.com"
MINUTE_SECONDS: Final = 2.0
LOG: Final = BUILD.parent / "demo.log"

_SUBSCRIPTIONS: Final = f"""[[subscription]]
mailbox = "{MAILBOX}"
status_frequency = 1   # minutes: heartbeat, and for how long the server tries again"""


def demo() -> int:
    """Tell the story; return 0 if all of it held, else 1."""
    started = time.monotonic()
    console.rule("[bold]EWS Push on one machine")
    console.print(
        "A mail server (Amazon WorkMail, Exchange Server) can push what happens in a mailbox to a URL: a [i]push\n"
        "subscription[/]. It forgets the subscription when the URL does not answer for a while, and tells nobody.\n"
        "EWS Push is the URL, and it notices. Here it is deployed from the same template as on AWS, onto an AWS that\n"
        f"runs on this machine, next to a mail server. A minute of theirs lasts {MINUTE_SECONDS:.0f} seconds.\n"
    )
    LOG.parent.mkdir(exist_ok=True)
    try:
        with (
            LOG.open("wb") as log,
            console.status("starting both, deploying the stack") as status,
            machines.running(minute_seconds=MINUTE_SECONDS, log=log) as machine,
        ):
            status.stop()
            _tell(machine)
    except (BrokenStoryError, DeploymentError, EmulatorError, MailServerError) as error:
        console.print(f"[bold red]✗ {error}[/]\nThe log of both sides: {LOG}")
        return 1
    console.rule(f"[bold green]all of it held, in {time.monotonic() - started:.0f} s")
    return 0


def _tell(machine: Machine) -> None:
    machine.mail_server.add_user(MAILBOX)
    consumer = Consumer(machine.deployment, machine.deployment.queue_url)
    story = Observer(machine.mail_server, consumer, DesiredSubscription(MAILBOX))
    _subscribe(machine, story)
    _mail_arrives(machine, story)
    _cut_off(machine, story)
    _renewed(story)
    _nobody_else(story)


def _subscribe(machine: Machine, story: Observer) -> None:
    chapter(1, f"You want to know what happens in the mailbox of {MAILBOX}")
    console.print(_SUBSCRIPTIONS, style="cyan", highlight=False, markup=False)
    file = BUILD / "demo.toml"
    file.write_text(_SUBSCRIPTIONS)
    READY.write_text(machine.ready_line)
    try:
        must(ews_push(["apply", "--local", "--file", str(file)]) == 0, "the wish is written down: `ews-push apply`")
    finally:
        READY.unlink()
    must(awaited(story.lives, "a live subscription"), "within a minute the keeper has subscribed at the mail server")


def _mail_arrives(machine: Machine, story: Observer) -> None:
    chapter(2, "Mail arrives, and your consumer gets clean events from a queue")
    story.mail("hello")
    awaited(story.is_told, "events on the queue")
    console.print(_table(story.documents()))
    must(
        story.told() == story.happened(), "a new mail is a few events in order: created, new mail, its folder modified"
    )
    delivery = machine.mail_server.get("deliveries")[-1]
    must(">OK<" in delivery["response"], "stored first, then acknowledged to the server: OK, in SOAP")


def _cut_off(machine: Machine, story: Observer) -> None:
    chapter(3, "The receiver can't be reached for a few minutes, and the subscription dies")
    machine.mail_server.call("faults", cut=True)
    story.mail("while the server still tries")
    with console.status("the server tries again, waits longer, tries again ..."):
        awaited(story.is_dead, "the end of the subscription")
    tries = sum(one["verdict"] == "failed" for one in machine.mail_server.get("deliveries"))
    must(tries > 1, f"after {tries} failed POSTs the server gave up, and told nobody")
    story.mail("while nobody listens")
    must(not story.is_told(), "mail goes on arriving, and nothing of it comes through")
    machine.mail_server.call("faults", cut=False)


def _renewed(story: Observer) -> None:
    chapter(4, "The keeper notices the silence, and makes the subscription anew from the last watermark")
    with console.status("twice the heartbeat's time without a word, and a tick ..."):
        awaited(story.lives, "a new subscription")
    dead = len(story.subscriptions("dead"))
    must(len(story.subscribes()) == dead + 1, f"{dead} subscription died, and one Subscribe was sent for it")
    awaited(story.is_told, "what was missed")
    console.print(_table(story.documents()))
    must(story.told() == story.happened(), "all that happened is on the queue: once each, in order, nothing missing")


def _nobody_else(story: Observer) -> None:
    chapter(5, "Nobody else gets in, and garbage ends nothing")
    url = story.subscriptions("live")[0]["url"]
    must(post(url[:-4] + "AAAA", b"<x/>").status == 403, "a URL that we did not sign: 403, at no cost")
    must(post(url, b"<half a notifi").status == 400, "half a notification: 400, so that the server sends again")


def _table(documents: list[dict[str, Any]]) -> Table:
    table = Table("#", "type", "object", "watermark", "at", box=None, header_style="bold")
    for number, one in enumerate(documents, 1):
        data = one["data"]
        table.add_row(str(number), one["type"], data.get("object"), data.get("watermark"), one["time"][11:19])
    return table
