"""Write `clients.lock`: `python -m tests.clients.pin_clients`, after a change of a version below. Needs Maven."""

from typing import Final

from tests.clients.fetch import LOCK
from tests.maven_pins import write_lock

CLIENTS: Final = {
    # the EWS Java API uses a class of JAX-WS, which left the JDK with Java 11
    "java": [("com.microsoft.ews-java-api", "ews-java-api", "2.0"), ("javax.xml.ws", "jaxws-api", "2.3.1")],
}


def main() -> None:
    """Resolve the libraries and write the lock file."""
    write_lock(LOCK.file, "tests.clients.pin_clients", CLIENTS)


if __name__ == "__main__":
    main()
