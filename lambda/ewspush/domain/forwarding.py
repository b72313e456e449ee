"""From the outbox to the queue: every event once, in the order of its mailbox, and no record dropped in silence.

The stream delivers a record until it is reported done, so an event may be sent twice; the deduplication id of its
message stays the same, and the queue drops what it accepted within the last five minutes (SQS: exactly-once
processing).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ewspush.domain.ports import Message, MessageQueue
from ewspush.errors import UnavailableError

MAX_BATCH_MESSAGES: Final = 10
"""SendMessageBatch takes ten (SQS quotas)."""

MAX_BATCH_BYTES: Final = 256 * 1024
"""Of one request. SQS takes 1 MiB since August 2025, other engines the older 256 KiB."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the stream: the messages that it stands for, or why it cannot be read."""

    position: str
    """Names it to the stream."""
    content: str
    """All of it as JSON, for the dead letter queue."""
    messages: tuple[Message, ...] = ()
    fault: str | None = None


@dataclass(slots=True)
class ForwardResult:
    """How far a batch of records came."""

    sent: int = 0
    failed_records: int = 0
    """Sent to the dead letter queue."""
    resume_from: str | None = None
    """Position from which the stream is to deliver again; None: all is done."""


@dataclass(slots=True)
class _Request:
    """Messages to send at once, each with its record; no message and one record: a record that could not be read.

    At most one message of a mailbox, because a single entry may fail and must then have none of its own behind it
    (docs/adr/0006).
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


def forward(
    records: Iterable[Record], queue: MessageQueue, dead_letters: MessageQueue, has_time: Callable[[], bool]
) -> ForwardResult:
    """Send the messages of `records` in order and return how far it came.

    Stops at the first message that the queue does not accept, and where time is up. A record that cannot be read, or
    with a message that the queue will never accept, goes to `dead_letters` whole, and the others go on.
    """
    result = ForwardResult()
    for request in _requests(records):
        result.resume_from = request.records[0].position
        if not has_time():
            return result
        try:
            result.resume_from = _send(request, queue, dead_letters, result)
        except UnavailableError:
            return result
        if result.resume_from is not None:
            return result
    return result


def _requests(records: Iterable[Record]) -> Iterator[_Request]:
    """Yield requests that follow the order of the stream: all of a record's before the next one's."""
    request = _Request()
    for record in records:
        if record.fault is not None:
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


def _send(request: _Request, queue: MessageQueue, dead_letters: MessageQueue, result: ForwardResult) -> str | None:
    """Return the position of the first record with a message that was not accepted; None when there is none."""
    if not request.messages:
        record = request.records[0]
        _dead_letter(record, record.fault or "", dead_letters, result)
        return None
    resume_from = None
    for record, message, sent in zip(request.records, request.messages, queue.send(request.messages), strict=True):
        if sent.accepted:
            result.sent += 1
        elif sent.rejected is not None:
            reason = f"the queue refuses event {message.deduplication_id}: {sent.rejected}"
            _dead_letter(record, reason, dead_letters, result)
        elif resume_from is None:
            resume_from = record.position
    return resume_from


def _dead_letter(record: Record, reason: str, dead_letters: MessageQueue, result: ForwardResult) -> None:
    """Put the whole record where a person will find it. Raises `UnavailableError` where that fails."""
    body = json.dumps({"reason": reason, "record": json.loads(record.content)}, ensure_ascii=False)
    sent = dead_letters.send([Message("failed-records", record.position, body)])[0]
    if not sent.accepted:
        message = f"the dead letter queue does not accept a record: {sent.rejected or 'not now'}"
        raise UnavailableError(message)
    result.failed_records += 1
