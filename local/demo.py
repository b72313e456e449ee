"""`python -m local demo`: the story so far, told in the terminal. Exit status 0 only if all of it held."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax

from local import deployment as deployments
from local import emulator as emulators
from local.deployment import Deployment
from local.http import post
from local.mailbox import register

MAILBOX: Final = "alice@example.com"
SAMPLE: Final = emulators.ROOT / "local" / "samples" / "workmail-event.xml"
LOG: Final = emulators.ROOT / ".build" / "emulator.log"
_WAIT_SECONDS: Final = 20

console = Console(width=110)


class BrokenStoryError(AssertionError):
    """Raised where the demo does not see what it promises."""


def demo() -> int:
    """Tell the story; return 0 if all of it held, else 1."""
    started = time.monotonic()
    console.rule("[bold]EWS Push on one machine")
    console.print(
        "A mail server (Amazon WorkMail, Exchange Server) can push what happens in a mailbox to a URL.\n"
        "This is that URL: deployed from the same template as on AWS, onto an AWS that runs on this machine.\n"
    )
    LOG.parent.mkdir(exist_ok=True)
    try:
        with LOG.open("wb") as log, console.status("synthesizing the stack"):
            synthesized = deployments.synthesize(emulators.ROOT / ".build" / "local")
            with emulators.running(log=log) as emulator:
                deployment = deployments.deploy(emulator, synthesized)
                console.print("[green]✓[/] the stack is deployed: HTTP API → responder → DynamoDB → forwarder → SQS\n")
                _story(deployment)
    except (BrokenStoryError, deployments.DeploymentError, emulators.EmulatorError) as error:
        console.print(f"[bold red]✗ {error}[/]\nThe log of the embedded AWS: {LOG}")
        return 1
    console.rule(f"[bold green]all of it held, in {time.monotonic() - started:.0f} s")
    return 0


def _story(deployment: Deployment) -> None:
    url = register(deployment, MAILBOX)
    sample = SAMPLE.read_bytes()
    _chapter(1, f"The mail server says: something changed in the mailbox of {MAILBOX}")
    console.print(Syntax(_excerpt(sample.decode()), "xml", theme="ansi_dark", word_wrap=True))
    answer = post(url, sample)
    _must(answer.status == 200 and ">OK<" in answer.body, "the notification is stored, then acknowledged (200, OK)")
    console.print(Syntax(answer.body.replace("><", ">\n<"), "xml", theme="ansi_dark", word_wrap=True))

    _chapter(2, "Your consumer gets it as a clean event on the queue")
    message = _await(lambda: _received(deployment), "an event on the queue")
    console.print_json(message["Body"])
    _must(json.loads(message["Body"])["data"]["mailbox"] == MAILBOX, "the event is on the queue")

    _chapter(3, "and it stays in the table for as long as you choose")
    items = _items(deployment)
    console.print_json(json.dumps({**items[0], "events": f"<{len(items[0]['events'])} event>"}, default=int))
    _must(items[0]["events"] == [json.loads(message["Body"])], "the table holds the very same event")

    _chapter(4, "Mail servers repeat themselves: the same notification, twice at the same moment")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: post(url, sample), range(2)))
    _must(all(">OK<" in repeated.body for repeated in answers), "both are acknowledged")
    _must(len(_items(deployment)) == 1, "still one entry in the table")
    time.sleep(2)
    _must(_received(deployment) is None, "nothing more on the queue")

    _chapter(5, "Nobody else gets in, and garbage ends nothing")
    _must(post(url[:-4] + "AAAA", sample).status == 403, "a URL that we did not sign: 403")
    _must(
        post(url, sample[: len(sample) // 2]).status == 400, "half a notification: 400, so that the server sends again"
    )


def _chapter(number: int, title: str) -> None:
    console.print(Panel(f"[bold]{number}. {title}", expand=True, border_style="cyan"))


def _must(condition: bool, text: str) -> None:  # noqa: FBT001  # reads as a sentence where it is called
    if not condition:
        message = f"this should hold, and does not: {text}"
        raise BrokenStoryError(message)
    console.print(f"[green]✓[/] {text}")


def _await(look: Callable[[], Any], what: str) -> Any:  # noqa: ANN401  # whatever is looked for
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.2)
    message = f"{what} did not come within {_WAIT_SECONDS} seconds"
    raise BrokenStoryError(message)


def _received(deployment: Deployment) -> Any:  # noqa: ANN401  # boto3's message
    """Take one message off the queue; None where there is none."""
    sqs = deployment.emulator.client("sqs")
    messages = sqs.receive_message(QueueUrl=deployment.queue_url, WaitTimeSeconds=0).get("Messages", [])
    if not messages:
        return None
    sqs.delete_message(QueueUrl=deployment.queue_url, ReceiptHandle=messages[0]["ReceiptHandle"])
    return messages[0]


def _items(deployment: Deployment) -> list[dict[str, Any]]:
    items = deployment.emulator.client("dynamodb").scan(TableName=deployment.events_table)["Items"]
    return [{name: TypeDeserializer().deserialize(value) for name, value in item.items()} for item in items]


def _excerpt(xml: str) -> str:
    """Return the part that a newcomer should see, moved to the left."""
    lines = xml.splitlines()
    start = next(number for number, line in enumerate(lines) if "<t:ModifiedEvent>" in line)
    end = next(number for number, line in enumerate(lines) if "</t:ModifiedEvent>" in line)
    indent = len(lines[start]) - len(lines[start].lstrip())
    return "\n".join(line[indent:] for line in lines[start : end + 1])
