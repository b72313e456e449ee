"""From the log to the queue: every event once, in the order of its mailbox, and no record given up in silence.

The stream tells of a record until it is reported done, so an event may be sent twice; its id is the deduplication id,
and the queue drops what it took within the last five minutes (SQS: exactly-once processing).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ewspush.domain.events import encoded
from ewspush.domain.ports import Message, MessageQueue, UnavailableError
from ewspush.domain.subscription import LoggedNotification

MAX_BATCH_MESSAGES: Final = 10
"""SendMessageBatch takes ten (SQS quotas)."""

MAX_BATCH_BYTES: Final = 256 * 1024
"""Of one request. SQS takes 1 MiB since August 2025, other engines the older 256 KiB."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the stream: what it wants sent, or why it can't be read.

    `position` names it to the stream; `content` is all of it as JSON, for the failure destination. `is_unavailable`:
    part of it could not be read now, and may be later.
    """

    position: str
    content: str
    messages: tuple[Message, ...] = ()
    fault: str | None = None
    is_unavailable: bool = False


@dataclass(slots=True)
class ForwardResult:
    """How far a batch of records came. `resume_from`: the stream must tell again from there; None: all is done."""

    sent: int = 0
    dead_lettered: int = 0
    resume_from: str | None = None


@dataclass(slots=True)
class _Request:
    """Messages to send at once, each with its record; no message and one record: a record that could not be read.

    At most one message of a mailbox, because a single entry may fail and must then have none of its own behind it.
    """

    records: list[Record] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    size_bytes: int = 0

    def has_room_for(self, message: Message) -> bool:
        if not self.messages:
            return True
        fits = self.size_bytes + len(message.body.encode()) <= MAX_BATCH_BYTES
        is_alone = all(message.group != other.group for other in self.messages)
        return fits and is_alone and len(self.messages) < MAX_BATCH_MESSAGES

    def add(self, record: Record, message: Message) -> None:
        self.records.append(record)
        self.messages.append(message)
        self.size_bytes += len(message.body.encode())


def messages_of(notification: LoggedNotification) -> tuple[Message, ...]:
    """Return one message for each event. Raises KeyError or TypeError where an event is not what we log."""
    group = notification.subscription
    return tuple(Message(group, str(document["id"]), encoded(document)) for document in notification.events)


def forward(
    records: Iterable[Record], queue: MessageQueue, dead_letters: MessageQueue, has_time: Callable[[], bool]
) -> ForwardResult:
    """Send the messages of `records` in order and say how far it came.

    Stops at the first message that the queue does not take, and where time is up. A record that can't be read, or with
    a message that the queue will never take, goes to `dead_letters` whole, and the others go on.
    """
    handover = ForwardResult()
    for request in _requests(records):
        handover.resume_from = request.records[0].position
        if not has_time():
            return handover
        try:
            handover.resume_from = _carry_out(request, queue, dead_letters, handover)
        except UnavailableError:
            return handover
        if handover.resume_from is not None:
            return handover
    return handover


def _requests(records: Iterable[Record]) -> Iterator[_Request]:
    """Yield requests that follow the order of the stream: all of a record's before the next one's."""
    request = _Request()
    for record in records:
        if record.fault is not None or record.is_unavailable:
            if request.messages:
                yield request
                request = _Request()
            yield _Request(records=[record])
        for message in record.messages:
            if not request.has_room_for(message):
                yield request
                request = _Request()
            request.add(record, message)
    if request.messages:
        yield request


def _carry_out(
    request: _Request, queue: MessageQueue, dead_letters: MessageQueue, handover: ForwardResult
) -> str | None:
    """Return the position of the first record with a message not taken; None when there is none."""
    if not request.messages:
        record = request.records[0]
        if record.is_unavailable:
            return record.position
        _give_up(record, record.fault or "", dead_letters, handover)
        return None
    resume_from = None
    for record, message, receipt in zip(request.records, request.messages, queue.send(request.messages), strict=True):
        if receipt.taken:
            handover.sent += 1
        elif receipt.rejected is not None:
            _give_up(
                record,
                f"the queue refuses event {message.deduplication_id}: {receipt.rejected}",
                dead_letters,
                handover,
            )
        elif resume_from is None:
            resume_from = record.position
    return resume_from


def _give_up(record: Record, reason: str, dead_letters: MessageQueue, handover: ForwardResult) -> None:
    """Put the whole record where a person will find it. Raises `UnavailableError` where that fails."""
    body = json.dumps({"reason": reason, "record": json.loads(record.content)}, ensure_ascii=False)
    receipt = dead_letters.send([Message("given-up-records", record.position, body)])[0]
    if not receipt.taken:
        message = f"the failure destination does not take a record: {receipt.rejected or 'not now'}"
        raise UnavailableError(message)
    handover.dead_lettered += 1
