"""One target under atheris: `python -m tests.fuzz.guided TARGET RUNS [OPTION …]`, with options of libFuzzer.

Inputs that take a new way through `ewspush` are kept and bent further; half of them by libFuzzer, which knows bytes and
a dictionary, half by `mutation`, which knows XML. lxml is compiled: no ways are seen in there, but crashes are.
"""

import importlib
import sys
from random import Random
from typing import Any, Final

from tests.fuzz.progress import Progress

LARGEST_INPUT_BYTES: Final = 8 * 1024
"""Small inputs are read fast. The large ones are in `hostile`."""


def main() -> None:
    """Fuzz; atheris ends the process, with status 0 only where nothing was found."""
    name, runs, *options = sys.argv[1:]
    atheris: Any = importlib.import_module("atheris")  # it has no types, and is not there on every Python
    with atheris.instrument_imports(include=["ewspush"]):
        target = importlib.import_module("tests.fuzz.targets").TARGETS[name]
        mutation = importlib.import_module("tests.fuzz.mutation").Mutation
    progress = Progress(name, int(runs))

    def check(body: bytes) -> None:
        progress.step()
        target.check(body)

    def bent(body: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)  # noqa: S311  # chance, no secret
        if random.getrandbits(1):
            return bytes(atheris.Mutate(body, max_size))
        return bytes(mutation(random, target.operations, max_size).of(body))

    atheris.Setup([sys.argv[0], f"-runs={runs}", *options], check, custom_mutator=bent)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
