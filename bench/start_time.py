"""The time from process start to first answer, and of warm answers: the responder compared with a bare function."""

import compileall
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.payloads import notification
from bench.report import Budget, Figure, MeasurementError
from bench.subscriber import Subscriber
from local.deployment import Deployment
from local.lambda_function import Function
from local.lambda_process import LambdaProcess

RESPONDER: Final = "ewspush.handlers.responder.handler"
MAX_START_RATIO: Final = 1.2

_BARE: Final = Path(__file__).parent / "bare" / "function.py"
_changes = count(1)


@dataclass(frozen=True, slots=True)
class _Candidate:
    handler: str
    task_root: Path
    environment: dict[str, str]
    next_event: Callable[[], dict[str, Any]]

    def process(self, **settings: str) -> LambdaProcess:
        return LambdaProcess(self.handler, self.task_root, self.environment | settings)


@dataclass(frozen=True, slots=True)
class _Start:
    wall_ms: float
    processor_ms: float


def figures(deployment: Deployment, synthesized: Path, starts: int, answers: int) -> list[Figure]:
    """Return medians over `starts`, in which both take turns, and over `answers` of a warm process."""
    function = Function.of_template(synthesized, deployment.emulator, RESPONDER)
    subscriber = Subscriber.registered(deployment)

    def posts() -> dict[str, Any]:
        return subscriber.posts(notification(next(_changes), 1))

    with _bare_directory(function.task_root) as bare_root:
        ours = _Candidate(RESPONDER, function.task_root, function.environment, posts)
        bare = _Candidate("function.handler", bare_root, function.environment, posts)
        for candidate in (ours, bare):
            _start(candidate, PYTHONDONTWRITEBYTECODE="")  # writes boto3's bytecode, which Lambda has
        cold = [(_start(ours), _start(bare)) for _ in range(starts)]
        warm = [_warm_answer_ms(ours, answers), _warm_answer_ms(bare, answers)]
    return [*_cold_figures(cold), *_warm_figures(*warm)]


def _cold_figures(starts: list[tuple[_Start, _Start]]) -> list[Figure]:
    """Return medians; their ratios are medians of each pair's, because a disturbance affects both starts."""
    wall = median(ours.wall_ms / bare.wall_ms for ours, bare in starts)
    processor = median(ours.processor_ms / bare.processor_ms for ours, bare in starts)
    against = "the bare function"
    return [
        Figure("bare function, process start to first answer", median(bare.wall_ms for _, bare in starts), "ms"),
        Figure(
            "responder, process start to first answer",
            median(ours.wall_ms for ours, _ in starts),
            "ms",
            against,
            wall,
            Budget(at_most=MAX_START_RATIO),
        ),
        Figure(
            "responder, processor time of that",
            median(ours.processor_ms for ours, _ in starts),
            "ms",
            against,
            processor,
        ),
    ]


def _warm_figures(ours_ms: float, bare_ms: float) -> list[Figure]:
    ratio = ours_ms / bare_ms
    return [
        Figure("bare function, warm answer (one read)", bare_ms, "ms"),
        Figure("responder, warm answer (one transaction)", ours_ms, "ms", "the bare function's one read", ratio),
    ]


def _start(candidate: _Candidate, **settings: str) -> _Start:
    event = candidate.next_event()
    used, started = _processor_seconds(), time.perf_counter()
    with candidate.process(**settings) as process:
        response = process.invoke(event)
        elapsed = time.perf_counter() - started
    _require_ok(response)
    return _Start(elapsed * 1000, (_processor_seconds() - used) * 1000)


def _processor_seconds() -> float:
    """Return the processor time of all ended child processes; the end of a function adds its own."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _warm_answer_ms(candidate: _Candidate, answers: int) -> float:
    with candidate.process() as process:
        _require_ok(process.invoke(candidate.next_event()))
        return median(_answer_ms(process, candidate.next_event()) for _ in range(answers))


def _answer_ms(process: LambdaProcess, event: dict[str, Any]) -> float:
    started = time.perf_counter()
    response = process.invoke(event)
    elapsed = time.perf_counter() - started
    _require_ok(response)
    return elapsed * 1000


def _require_ok(response: dict[str, Any]) -> None:
    if response["statusCode"] != 200:
        message = f"the function answered {response['statusCode']}: {response['body']}"
        raise MeasurementError(message)


@contextmanager
def _bare_directory(asset: Path) -> Iterator[Path]:
    """Make the asset of the bare function: its one file with bytecode, and the responder's lxml."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        shutil.copy(_BARE, root)
        (root / "lxml").symlink_to(asset / "lxml")
        compileall.compile_file(root / _BARE.name, quiet=1)
        yield root
