"""Secrets Manager is away when a warm function reads its secrets again: it keeps what works, and counts the failure."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Final

import pytest
from botocore.exceptions import EndpointConnectionError

from ewspush.adapters.secrets import MAX_AGE
from ewspush.domain.callback import Callback, signed_path
from ewspush.domain.ports import MailCredentials
from ewspush.handlers import keeper, responder
from ewspush.settings import KeeperSettings, ResponderSettings
from tests.builders import MAILBOX, NOON, subscription
from tests.twins.ledger import MemoryLedger
from tests.twins.mail_server import MemoryMailServer

RESPONDER: Final = ResponderSettings("subscriptions", "events", "callback", 30, 60)
KEEPER: Final = KeeperSettings(
    subscriptions_table="subscriptions",
    events_table="events",
    event_retention_days=30,
    callback_secret_arn="callback",
    credentials_secret_arn="credentials",
    callback_base_url="https://hook.example",
    ews_url="https://mail.example/EWS/Exchange.asmx",
    server_version="Exchange2010_SP2",
    resume_is_trusted=True,
    minute_seconds=60,
    keepers=1,
    sync_states_table="syncstates",
    recovers_gaps=False,
)


class Secrets:
    """A client of Secrets Manager that fails while it is away, and a clock."""

    class exceptions:  # noqa: N801  # as botocore has it
        """Of the client."""

        class ResourceNotFoundException(Exception):  # noqa: N818  # likewise
            """There is no such version."""

    def __init__(self) -> None:
        self.is_away = False
        self.requests = 0
        self.now = NOON

    def clock(self) -> datetime:
        """Return the time."""
        return self.now

    def get_secret_value(self, SecretId: str, VersionStage: str = "AWSCURRENT") -> dict[str, Any]:  # noqa: N803  # likewise
        """Return one version of either secret."""
        self.requests += 1
        if self.is_away:
            raise EndpointConnectionError(endpoint_url="secretsmanager")
        if VersionStage == "AWSPREVIOUS":
            raise self.exceptions.ResourceNotFoundException
        content = "key" if SecretId == "callback" else json.dumps({"mailboxes": {MAILBOX: "hers"}})
        return {"SecretString": content, "CreatedDate": NOON - timedelta(days=1)}


class Server(MemoryMailServer):
    """A mail server that asks for credentials, as the adapter does."""

    def __init__(self, _url: str, _version: str, credentials: MailCredentials, _clock: object) -> None:
        super().__init__()
        self.credentials = credentials

    def subscribe(self, mailbox: str, request: Any) -> Any:
        """Succeed for whom there are credentials."""
        assert self.credentials.of(mailbox) is not None
        return super().subscribe(mailbox, request)


@pytest.fixture
def secrets() -> Secrets:
    """Return secrets that can be read."""
    return Secrets()


@pytest.fixture
def warm(
    secrets: Secrets, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[ModuleType, MemoryLedger], Callable[[], tuple[list[str], dict[str, float]]]]:
    """Return what puts a function on the twins, and returns what reads its log messages and metrics."""

    def on_twins(module: Any, ledger: MemoryLedger) -> Callable[[], tuple[list[str], dict[str, float]]]:
        log = io.StringIO()
        for name, value in (KEEPER.to_env() | RESPONDER.to_env()).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(module.logger.registered_handler, "stream", log)
        monkeypatch.setattr(module, "utc_now", secrets.clock)
        monkeypatch.setattr(module, "DynamoDBLedger", lambda *_: ledger)
        monkeypatch.setattr(module.aws, "secrets_manager", lambda: secrets)
        monkeypatch.setattr(module.aws, "dynamodb", lambda: None)
        module.metrics.clear_metrics()

        def printed() -> tuple[list[str], dict[str, float]]:
            module.metrics.flush_metrics()
            blocks = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            counted = {metric["Name"]: sum(block[metric["Name"]]) for block in blocks for metric in _metrics(block)}
            return [json.loads(line)["message"] for line in log.getvalue().splitlines()], counted

        return printed

    return on_twins


def _metrics(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [metric for each in block["_aws"]["CloudWatchMetrics"] for metric in each["Metrics"]]


def posted(path: str) -> dict[str, Any]:
    """Return the event of a POST that the responder can verify and not read."""
    parameters = dict(zip(("subscription", "generation", "signature"), path.split("/")[-3:], strict=True))
    return {"body": "", "pathParameters": parameters}


def test_a_warm_responder_answers_as_before(warm: Any, secrets: Secrets) -> None:
    """With the keys that it has: 403 for a wrong URL, which costs no AWS call, and no 503 for any other."""
    printed = warm(responder, MemoryLedger(subscription()))
    function = responder._responder.__wrapped__()  # noqa: SLF001  # as the entry point makes it
    signed = [signed_path(Callback(subscription().key, MAILBOX, 1), key) for key in (b"key", b"another")]
    assert [function.respond(posted(path))["statusCode"] for path in signed] == [400, 403]
    secrets.is_away, secrets.now, before = True, NOON + MAX_AGE, secrets.requests
    for _ in range(5):
        assert [function.respond(posted(path))["statusCode"] for path in signed] == [400, 403]
    messages, counted = printed()
    assert messages.count("secret not refreshed; the last values stay in use") == 1
    assert (counted["SecretRefreshFailures"], "ResponderFailures" in counted) == (1, False)
    assert secrets.requests == before + 1


def test_a_warm_keeper_renews_as_before(warm: Any, secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the keys and the credentials that it has."""
    monkeypatch.setattr(keeper, "EwsServer", Server)
    ledger = MemoryLedger(subscription(next_check_at=NOON))
    printed = warm(keeper, ledger)
    run = keeper._keeper_run.__wrapped__()  # noqa: SLF001  # as the entry point makes it
    secrets.now = NOON + timedelta(minutes=31)
    run.run(0, lambda: True)
    secrets.is_away, secrets.now = True, secrets.now + MAX_AGE
    run.run(0, lambda: True)
    messages, counted = printed()
    assert ledger.rows[subscription().key].generation == 3
    assert messages.count("secret not refreshed; the last values stay in use") == 2
    assert (counted["Renewals"], counted["SecretRefreshFailures"], "ChecksFailed" in counted) == (2, 2, False)
