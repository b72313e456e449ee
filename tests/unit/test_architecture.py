"""The house: which room may look into which."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
RUNTIME = ROOT / "lambda" / "ewspush"

ALLOWED = {
    "protocol": {"ewspush.protocol", "ewspush.errors", "lxml"},
    "domain": {"ewspush.domain", "ewspush.protocol", "ewspush.errors"},
    "adapters": {"ewspush.adapters", "ewspush.domain", "ewspush.protocol", "ewspush.errors", "boto3", "botocore"},
    "handlers": {"ewspush", "aws_lambda_powertools"},
}
"""What the modules of a room may import besides the standard library; type checking only does not count."""

PURE = {"os", "time", "socket", "random", "subprocess", "threading", "urllib.request"}
"""Of the standard library, what protocol and domain must not touch: they know no environment, no clock, no chance."""


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports when it runs, and the names it imports from them: they may be modules."""
    for node in _running(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names))


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree, but not into `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from _running(child)


def is_in(module: str, packages: set[str]) -> bool:
    """Whether `module` is one of `packages` or under one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("room", ALLOWED)
def test_arrows_point_inward(room: str) -> None:
    """From handlers to domain to protocol; adapters implement ports."""
    foreign = {"ewspush", "boto3", "botocore", "lxml", "aws_lambda_powertools", "infra", "local", "cli", "mailsim"}
    for path in (RUNTIME / room).rglob("*.py"):
        crossed = {name for name in imports(path) if is_in(name, foreign) and not is_in(name, ALLOWED[room])}
        assert not crossed, path


@pytest.mark.parametrize("room", ["protocol", "domain"])
def test_the_rules_do_no_io(room: str) -> None:
    """Bytes and values in, values out."""
    for path in (RUNTIME / room).rglob("*.py"):
        assert not {name for name in imports(path) if is_in(name, PURE)}, path


def test_the_runtime_knows_nothing_of_what_is_around_it() -> None:
    """Nothing in lambda/ imports infra, local, mailsim, cli, bench or tests."""
    around = {"infra", "local", "mailsim", "cli", "bench", "tests"}
    for path in RUNTIME.rglob("*.py"):
        assert not {name for name in imports(path) if is_in(name, around)}, path


def test_the_stack_imports_no_handler() -> None:
    """Of the runtime, infra knows the settings, the names of services and metrics, and the name of the due index."""
    allowed = {"ewspush.settings", "ewspush.telemetry", "ewspush.adapters.dynamodb"}
    for path in [ROOT / "app.py", *(ROOT / "infra").rglob("*.py")]:
        assert not {name for name in imports(path) if is_in(name, {"ewspush"}) and not is_in(name, allowed)}, path


def test_the_other_side_shares_no_code_with_us() -> None:
    """Else both would share a mistake."""
    ours = {"ewspush", "infra", "local", "cli", "bench", "tests"}
    for path in (ROOT / "mailsim").glob("*.py"):
        assert not {name for name in imports(path) if is_in(name, ours)}, path


def test_there_is_one_broad_except_in_the_runtime() -> None:
    """At the edge of the responder."""
    broad = [
        path.name
        for path in RUNTIME.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]
    assert broad == ["responder.py"]
