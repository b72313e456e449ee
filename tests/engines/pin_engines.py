"""Write `engines.lock`: `python -m tests.engines.pin_engines`, after a change of a version below. Needs Maven."""

from typing import Final

from tests.engines.fetch import LOCK
from tests.maven_pins import write_lock

ENGINES: Final = {
    # 3.3.1 depends on versions of the AWS SDK that Maven Central does not have
    "dynamodb": [("software.amazon.dynamodb", "DynamoDBLocal", "3.1.0")],
    # elasticmq-rest-sqs with a main class that reads its settings from the command line
    "elasticmq": [("org.elasticmq", "elasticmq-server_3", "1.7.1")],
}

_UNUSED: Final = ("win32", "osx", "linux-i386", "mockito", "objenesis", "hamcrest")
"""Native libraries of other machines, and the test libraries of the engines."""


def main() -> None:
    """Resolve each engine and write the lock file."""
    write_lock(LOCK.file, "tests.engines.pin_engines", ENGINES, _UNUSED)


if __name__ == "__main__":
    main()
