"""Lambda's event source mapping for tests: reads a stream of DynamoDB Local and invokes the forwarder with batches.

In order, one batch at a time; a batch is told again from the position that the function reports, and whole where it
reports nothing. Only what the stack's mapping filters for (INSERT) is told.
"""

from threading import Event
from typing import Any, Final

from local.lambda_runtime import FunctionError, LambdaProcess

BATCH_RECORDS: Final = 50
"""As `infra.event_delivery` has it."""

_IDLE_SECONDS: Final = 0.05
_RETRY_SECONDS: Final = 0.2
_INVOCATION_SECONDS: Final = 120

Record = dict[str, Any]


class Pump:
    """Tells `function` of a table's stream, from its beginning. `failures` counts the batches told again."""

    def __init__(self, streams: Any, stream_arn: str, function: LambdaProcess) -> None:
        """Take a client of DynamoDB Streams; nothing is read yet."""
        self.failures = 0
        self._streams = streams
        self._stream_arn = stream_arn
        self._function = function
        self._stopped = Event()

    def run(self) -> None:
        """Follow the stream until `stop`: a shard to its end, then those that come after it."""
        done: set[str] = set()
        while not self._stopped.is_set():
            description = self._streams.describe_stream(StreamArn=self._stream_arn)["StreamDescription"]
            for shard in description["Shards"]:
                if shard["ShardId"] not in done and shard.get("ParentShardId") not in _ids(description) - done:
                    self._follow(shard["ShardId"])
                    done.add(shard["ShardId"])
            self._stopped.wait(_IDLE_SECONDS)

    def stop(self) -> None:
        """Stop after the batch that is being told."""
        self._stopped.set()

    def _follow(self, shard: str) -> None:
        position: str | None = self._beginning(shard)
        while position is not None and not self._stopped.is_set():
            records, position = self._read(shard, position)
            self._tell([_wire(record) for record in records if record["eventName"] == "INSERT"])
            if not records:
                self._stopped.wait(_IDLE_SECONDS)

    def _beginning(self, shard: str) -> str:
        found = self._streams.get_shard_iterator(
            StreamArn=self._stream_arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )
        return str(found["ShardIterator"])

    def _read(self, shard: str, position: str) -> tuple[list[Record], str | None]:
        """Return records and the position after them.

        DynamoDB Local says of the beginning of an empty shard that it is trimmed once the first record came in a
        transaction; then the shard has another beginning, and nothing was read yet.
        """
        try:
            read = self._streams.get_records(ShardIterator=position)
        except self._streams.exceptions.TrimmedDataAccessException:
            return [], self._beginning(shard)
        return read["Records"], read.get("NextShardIterator")

    def _tell(self, records: list[Record]) -> None:
        while records and not self._stopped.is_set():
            batch = records[:BATCH_RECORDS]
            done = self._told(batch)
            records = records[done:]
            if done < len(batch):
                self.failures += 1
                self._stopped.wait(_RETRY_SECONDS)

    def _told(self, batch: list[Record]) -> int:
        """Return how many records of the batch are done, by the function's report."""
        try:
            response = self._function.invoke({"Records": batch}, _INVOCATION_SECONDS)
        except FunctionError:
            if not self._stopped.is_set():
                self._function.restart()
            return 0
        reported = [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
        positions = [record["dynamodb"]["SequenceNumber"] for record in batch]
        return min((positions.index(position) for position in reported), default=len(batch))


def _ids(description: dict[str, Any]) -> set[str]:
    return {shard["ShardId"] for shard in description["Shards"]}


def _wire(record: Record) -> Record:
    """Return the record as Lambda tells it: what the client made a datetime of is a number again."""
    told = record["dynamodb"]
    created_at = told["ApproximateCreationDateTime"].timestamp()
    return record | {"dynamodb": told | {"ApproximateCreationDateTime": created_at}}
