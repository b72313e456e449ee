"""Lambda's event source mapping for tests: it reads a stream of DynamoDB Local and invokes the forwarder with batches.

In order, one batch at a time. It redelivers a batch from the position that the function reports, and the whole batch
where the function fails. As the stack's mapping does, it delivers only INSERT records.
"""

from threading import Event
from typing import Any, Final

from local.lambda_process import LambdaProcess
from local.runtime_api import FunctionError
from tests.aws import stream_image

BATCH_RECORDS: Final = 50
"""As in `infra.event_delivery`."""

_IDLE_SECONDS: Final = 0.05
_RETRY_SECONDS: Final = 0.2
_TIMEOUT_SECONDS: Final = 120

Record = dict[str, Any]


class EventSourceMapping:
    """Delivers a table's stream to a function, from its beginning. `redeliveries` counts the batches not finished."""

    def __init__(self, streams: Any, stream_arn: str, function: LambdaProcess) -> None:
        """Keep a client of DynamoDB Streams, and what it reads; nothing is read yet."""
        self.redeliveries = 0
        self._streams = streams
        self._stream_arn = stream_arn
        self._function = function
        self._stopped = Event()

    def run(self) -> None:
        """Read the stream until `stop` is called: each shard to its end, then its children."""
        done: set[str] = set()
        while not self._stopped.is_set():
            description = self._streams.describe_stream(StreamArn=self._stream_arn)["StreamDescription"]
            for shard in description["Shards"]:
                if shard["ShardId"] not in done and shard.get("ParentShardId") not in _ids(description) - done:
                    self._read_shard(shard["ShardId"])
                    done.add(shard["ShardId"])
            self._stopped.wait(_IDLE_SECONDS)

    def stop(self) -> None:
        """Stop after the current batch."""
        self._stopped.set()

    def _read_shard(self, shard: str) -> None:
        iterator: str | None = self._first_iterator(shard)
        while iterator is not None and not self._stopped.is_set():
            records, iterator = self._read(shard, iterator)
            self._deliver([_as_delivered(record) for record in records if record["eventName"] == "INSERT"])
            if not records:
                self._stopped.wait(_IDLE_SECONDS)

    def _first_iterator(self, shard: str) -> str:
        found = self._streams.get_shard_iterator(
            StreamArn=self._stream_arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )
        return str(found["ShardIterator"])

    def _read(self, shard: str, iterator: str) -> tuple[list[Record], str | None]:
        """Return records and the next iterator.

        DynamoDB Local calls the first iterator of an empty shard trimmed once the first record came in a transaction.
        Nothing was read before, so the shard is read from its new beginning.
        """
        try:
            read = self._streams.get_records(ShardIterator=iterator)
        except self._streams.exceptions.TrimmedDataAccessException:
            return [], self._first_iterator(shard)
        return read["Records"], read.get("NextShardIterator")

    def _deliver(self, records: list[Record]) -> None:
        while records and not self._stopped.is_set():
            batch = records[:BATCH_RECORDS]
            done = self._invoke(batch)
            records = records[done:]
            if done < len(batch):
                self.redeliveries += 1
                self._stopped.wait(_RETRY_SECONDS)

    def _invoke(self, batch: list[Record]) -> int:
        """Return how many records of the batch the function has finished."""
        try:
            response = self._function.invoke({"Records": batch}, _TIMEOUT_SECONDS)
        except FunctionError:
            if not self._stopped.is_set():
                self._function.restart()
            return 0
        reported = [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
        positions = [record["dynamodb"]["SequenceNumber"] for record in batch]
        return min((positions.index(position) for position in reported), default=len(batch))


def _ids(description: dict[str, Any]) -> set[str]:
    return {shard["ShardId"] for shard in description["Shards"]}


def _as_delivered(record: Record) -> Record:
    """Return the record as Lambda delivers it, in JSON: a datetime of the client is a number, and bytes are base64."""
    change = record["dynamodb"]
    created_at = change["ApproximateCreationDateTime"].timestamp()
    image = stream_image(change["NewImage"])
    return record | {"dynamodb": change | {"ApproximateCreationDateTime": created_at, "NewImage": image}}
