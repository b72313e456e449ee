"""The cost of each kind of POST on a warm responder: requests to AWS and consumed write units.

DynamoDB reports write units only for a write that took place. A write whose condition fails is charged too: one unit
for the subscription, two within a transaction, and two for each KB of the events in it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from bench.payloads import heartbeat, notification
from bench.report import Budget, Figure, MeasurementError
from bench.request_meter import RequestMeter
from bench.subscriber import Subscriber
from ewspush.adapters.clock import utc_now
from ewspush.adapters.dynamodb import DynamoDBLedger
from ewspush.adapters.secrets import SecretCallbackKeys
from ewspush.domain.callback import signed_path, verified
from ewspush.domain.timing import Timing
from ewspush.handlers import responder
from ewspush.handlers.responder import Responder
from local.deployment import Deployment

_ONE: Final = Budget(at_most=1)
_NONE: Final = Budget(at_most=0)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of POST: the POSTs before it, the POST itself, the status of its answer, and its budgets."""

    name: str
    before: Callable[[Subscriber], list[dict[str, Any]]]
    post: Callable[[Subscriber], dict[str, Any]]
    status: int = 200
    requests: Budget | None = None
    write_units: Budget | None = None


def figures(deployment: Deployment) -> list[Figure]:
    """Return the requests and write units of each kind of POST."""
    responder.logger.setLevel(logging.CRITICAL)
    meter = RequestMeter()
    keys = SecretCallbackKeys(
        meter.attach(deployment.emulator.client("secretsmanager")), deployment.callback_secret_arn, utc_now
    )
    ledger = DynamoDBLedger(
        meter.attach(deployment.emulator.client("dynamodb")),
        deployment.subscriptions_table,
        deployment.events_table,
        retention=timedelta(days=1),
    )
    measured = Responder(keys, ledger, utc_now, Timing(timedelta(minutes=1)))
    return [
        figure
        for kind in _kinds(keys)
        for figure in _measured(kind, measured, meter, Subscriber.registered(deployment))
    ]


def _measured(kind: _Kind, measured: Responder, meter: RequestMeter, subscriber: Subscriber) -> list[Figure]:
    for event in kind.before(subscriber):
        _require_status(200, measured.respond(event))
    meter.reset()
    _require_status(kind.status, measured.respond(kind.post(subscriber)))
    operations = ", ".join(f"{count} {name}" for name, count in sorted(meter.requests.items())) or "none"
    return [
        Figure(f"{kind.name}: {operations}", meter.requests.total(), "requests", budget=kind.requests),
        Figure(f"{kind.name}: write units", meter.write_units, "WRU", budget=kind.write_units),
    ]


def _require_status(status: int, response: dict[str, Any]) -> None:
    if response["statusCode"] != status:
        message = f"the responder answered {response['statusCode']}, not {status}: {response['body']}"
        raise MeasurementError(message)


def _kinds(keys: SecretCallbackKeys) -> list[_Kind]:
    def known(subscriber: Subscriber) -> list[dict[str, Any]]:
        return [subscriber.posts(notification(1, 1))]

    def superseded(subscriber: Subscriber) -> list[dict[str, Any]]:
        return [*known(subscriber), _in_generation(2, subscriber, keys).posts(notification(2, 1))]

    def forged(subscriber: Subscriber) -> Subscriber:
        return replace(subscriber, path=subscriber.path[:-6] + "AAAAAA")

    return [
        _Kind("heartbeat", known, lambda it: it.posts(heartbeat(1)), requests=_ONE, write_units=_ONE),
        _Kind("one event", known, lambda it: it.posts(notification(2, 1)), requests=_ONE),
        _Kind("fifty events", known, lambda it: it.posts(notification(2, 50)), requests=_ONE),
        _Kind("first POST of a subscription", lambda _: [], lambda it: it.posts(notification(1, 1))),
        _Kind("duplicate", known, lambda it: it.posts(notification(1, 1))),
        _Kind("superseded", superseded, lambda it: it.posts(notification(3, 1))),
        _Kind("wrong URL", known, lambda it: forged(it).posts(notification(2, 1)), status=403, requests=_NONE),
    ]


def _in_generation(number: int, subscriber: Subscriber, keys: SecretCallbackKeys) -> Subscriber:
    subscription, generation, signature = subscriber.path.split("/")[2:]
    callback = verified(subscription, generation, signature, keys.accepted())
    return Subscriber(signed_path(replace(callback, generation=number), keys.signing()))
