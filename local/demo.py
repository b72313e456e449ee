"""`python -m local demo`: what EWS Push does, step by step. Exit status 0 only if every check passed."""

import time
from typing import Any, Final

from rich.table import Table

from cli.main import main as ews_push
from ewspush.domain.desired import DesiredSubscription
from local import local_run
from local.consumer import Consumer
from local.deployment import DeploymentError
from local.emulator import EmulatorError
from local.http import post
from local.local_run import BUILD, READY, LocalRun
from local.mail_server import MailServerError
from local.mailbox_view import MailboxView
from local.terminal import FailedCheckError, check, console, step
from local.waiting import wait_for

MAILBOX: Final = "alice@example.com"
MINUTE_SECONDS: Final = 2.0
LOG: Final = BUILD.parent / "demo.log"

_SUBSCRIPTIONS: Final = f"""[[subscription]]
mailbox = "{MAILBOX}"
status_frequency = 1   # minutes between heartbeats; the mail server retries a failed POST for as long"""

_INTRODUCTION: Final = f"""\
A mail server (Amazon WorkMail, Exchange Server) can push the changes of a mailbox to a URL: that is a [i]push
subscription[/]. When the URL does not answer for a few minutes, the mail server drops the subscription and notifies
no one. EWS Push receives the pushes, notices when they stop, and subscribes again. Here it runs on an AWS emulator on
this machine, deployed from the template that you would deploy to AWS, next to a simulated mail server.
One minute of the protocol takes {MINUTE_SECONDS:.0f} seconds here.
"""


def demo() -> int:
    """Run all steps; return 0 if every check passed, else 1."""
    started = time.monotonic()
    console.rule("[bold]EWS Push on one machine")
    console.print(_INTRODUCTION)
    LOG.parent.mkdir(exist_ok=True)
    try:
        with (
            LOG.open("wb") as log,
            console.status("Starting the AWS emulator and the mail server, deploying the stack ...") as status,
            local_run.running(minute_seconds=MINUTE_SECONDS, log=log) as run,
        ):
            status.stop()
            _run_steps(run)
    except (FailedCheckError, TimeoutError, DeploymentError, EmulatorError, MailServerError) as error:
        console.print(f"[bold red]✗ {error}[/]\nThe log of the emulator and the mail server is in {LOG}")
        return 1
    console.rule(f"[bold green]Every check passed, in {time.monotonic() - started:.0f} s")
    return 0


def _run_steps(run: LocalRun) -> None:
    run.mail_server.add_user(MAILBOX)
    consumer = Consumer(run.deployment, run.deployment.queue_url)
    mailbox = MailboxView(run.mail_server, consumer, DesiredSubscription(MAILBOX))
    _subscribe(run, mailbox)
    _receive_a_message(run, mailbox)
    _lose_the_subscription(run, mailbox)
    _renew_the_subscription(mailbox)
    _reject_bad_requests(mailbox)


def _subscribe(run: LocalRun, mailbox: MailboxView) -> None:
    step(1, f"You subscribe to the mailbox of {MAILBOX}")
    console.print(_SUBSCRIPTIONS, style="cyan", highlight=False, markup=False)
    file = BUILD / "demo.toml"
    file.write_text(_SUBSCRIPTIONS)
    READY.write_text(run.ready_line)
    try:
        applied = ews_push(["apply", "--local", "--file", str(file)]) == 0
    finally:
        READY.unlink()
    check(applied, "`ews-push apply` has stored the subscription that you want.")
    check(wait_for(mailbox.is_subscribed, "a subscription"), "The keeper has subscribed at the mail server.")


def _receive_a_message(run: LocalRun, mailbox: MailboxView) -> None:
    step(2, "A message arrives, and your consumer receives its events from a queue")
    mailbox.receive("hello")
    wait_for(mailbox.is_up_to_date, "the events of the message on the queue")
    console.print(_table(mailbox.events()))
    check(
        mailbox.published() == mailbox.expected(),
        "A new message causes three events, in order: the item is created, it is new mail, its folder is modified.",
    )
    delivery = run.mail_server.get("deliveries")[-1]
    check(">OK<" in delivery["response"], "After the events were stored, the mail server was answered OK, in SOAP.")


def _lose_the_subscription(run: LocalRun, mailbox: MailboxView) -> None:
    step(3, "The callback URL is unreachable for a few minutes, and the subscription is lost")
    run.mail_server.call("faults", cut=True)
    mailbox.receive("while the mail server retries")
    with console.status("The mail server retries, and waits longer before each attempt ..."):
        wait_for(mailbox.is_unsubscribed, "the end of the subscription")
    attempts = sum(one["verdict"] == "failed" for one in run.mail_server.get("deliveries"))
    check(attempts > 1, f"After {attempts} failed POSTs the mail server dropped the subscription, and notified no one.")
    mailbox.receive("while there is no subscription")
    check(not mailbox.is_up_to_date(), "Messages still arrive, and no events are published for them.")
    run.mail_server.call("faults", cut=False)


def _renew_the_subscription(mailbox: MailboxView) -> None:
    step(4, "The keeper notices the silence, and subscribes again from the last watermark")
    with console.status("The keeper waits for two missing heartbeats ..."):
        wait_for(mailbox.is_subscribed, "a new subscription")
    lost = len(mailbox.server_subscriptions("dead"))
    check(len(mailbox.subscribe_answers()) == lost + 1, f"Lost subscriptions: {lost}. Subscribe requests sent: {lost}.")
    wait_for(mailbox.is_up_to_date, "the missed events on the queue")
    console.print(_table(mailbox.events()))
    check(
        mailbox.published() == mailbox.expected(),
        "The events of all changes are on the queue: once each, in order, and none is missing.",
    )


def _reject_bad_requests(mailbox: MailboxView) -> None:
    step(5, "Forged and malformed requests are rejected")
    url = mailbox.server_subscriptions("live")[0]["url"]
    check(post(url[:-4] + "AAAA", b"<x/>").status == 403, "A URL with a wrong signature is answered 403.")
    check(
        post(url, b"<half a notifi").status == 400,
        "Half a notification is answered 400, so that the mail server sends it again.",
    )


def _table(events: list[dict[str, Any]]) -> Table:
    table = Table("#", "type", "object", "watermark", "time", box=None, header_style="bold")
    for number, event in enumerate(events, 1):
        data = event["data"]
        table.add_row(str(number), event["type"], data.get("object"), data.get("watermark"), event["time"][11:19])
    return table
