"""One target under atheris: `python -m tests.fuzz.atheris_fuzzer TARGET RUNS [OPTION …]`, with options of libFuzzer.

Inputs that cover a new path through `ewspush` are kept and mutated further; half of them by libFuzzer, which knows
bytes and a dictionary, half by `mutation`, which knows XML. lxml is compiled: its paths are not seen, its crashes are.
"""

import importlib
import sys
from random import Random
from typing import Any, Final

from tests.fuzz.progress import Progress

LARGEST_INPUT_BYTES: Final = 8 * 1024
"""Small inputs are read fast. `hostile` has the large ones."""


def main() -> None:
    """Fuzz; atheris ends the process, with status 0 only where no defect was found."""
    name, runs, *options = sys.argv[1:]
    atheris: Any = importlib.import_module("atheris")  # it has no types, and is not there on every Python
    with atheris.instrument_imports(include=["ewspush"]):
        target = importlib.import_module("tests.fuzz.targets").TARGETS[name]
        mutation = importlib.import_module("tests.fuzz.mutation").Mutation
    progress = Progress(name, int(runs))

    def check(body: bytes) -> None:
        progress.step()
        target.check(body)

    def mutate(body: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)  # noqa: S311  # reproducible, no secret
        if random.getrandbits(1):
            return bytes(atheris.Mutate(body, max_size))
        return bytes(mutation(random, target.operations, max_size).mutate(body))

    atheris.Setup([sys.argv[0], f"-runs={runs}", *options], check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
