"""The layers of the code, and which part may import which."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
RUNTIME = ROOT / "lambda" / "ewspush"
DOMAIN = RUNTIME / "domain"

ALLOWED = {
    "protocol": {"ewspush.protocol", "ewspush.errors", "lxml"},
    "domain": {"ewspush.domain", "ewspush.protocol", "ewspush.errors"},
    "adapters": {
        *("ewspush.adapters", "ewspush.domain", "ewspush.protocol", "ewspush.errors"),
        *("boto3", "botocore"),
    },
    "handlers": {"ewspush", "aws_lambda_powertools"},
}
"""What the modules of a layer may import besides the standard library; type checking only does not count."""

FOREIGN = {
    "ewspush",
    "boto3",
    "botocore",
    "lxml",
    "aws_lambda_powertools",
    "infra",
    "local",
    "cli",
    "mailsim",
    "urllib3",
}

PURE = {"os", "time", "socket", "random", "subprocess", "threading", "urllib.request"}
"""Of the standard library, what protocol and domain must not import: no environment, no clock, no random numbers."""

FLOWS = ("receiving", "renewing", "recovering")
"""The packages of the domain that have rules without I/O, and a service that asks the ports."""

PORTS = "ewspush.domain.ports"
VALUE_TYPES = {f"{PORTS}.Jitter", f"{PORTS}.Clock"}
"""Aliases of functions: a rule may take a random number or the time, but reads and writes nothing."""


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return the modules that a file imports when it runs, and the names it imports from them: they may be modules."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
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


def loaded_with(module: str, loaded: set[str] | None = None) -> set[str]:
    """Return all that is imported along with a module of ours, itself included."""
    loaded = loaded if loaded is not None else set()
    path = RUNTIME.parent / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if module in loaded:
        return loaded
    loaded.add(module)
    if file.exists():
        for name in imports(file):
            loaded_with(name, loaded)
    return loaded


@pytest.mark.parametrize("layer", ALLOWED)
def test_imports_point_inward(layer: str) -> None:
    """From handlers to domain to protocol; adapters implement ports."""
    for path in (RUNTIME / layer).rglob("*.py"):
        crossed = {name for name in imports(path) if is_in(name, FOREIGN) and not is_in(name, ALLOWED[layer])}
        assert not crossed, path


@pytest.mark.parametrize("layer", ["protocol", "domain"])
def test_protocol_and_domain_do_no_io(layer: str) -> None:
    """Bytes and values in, values out."""
    for path in (RUNTIME / layer).rglob("*.py"):
        assert not {name for name in imports(path) if is_in(name, PURE)}, path


@pytest.mark.parametrize("flow", FLOWS)
def test_each_flow_has_rules_and_a_service(flow: str) -> None:
    """The service asks the ports, and uses the rules; the rules know neither."""
    service = imports(DOMAIN / flow / "service.py")
    assert PORTS in service
    assert f"ewspush.domain.{flow}.rules" in service
    used = {name for path in DOMAIN.glob("*/*.py") if path.name != "service.py" for name in imports(path)}
    assert not {name for name in used if is_in(name, {f"ewspush.domain.{flow}.service"})}


def test_there_is_no_other_flow() -> None:
    """Else its rules would not be tested here."""
    assert sorted(path.name for path in DOMAIN.iterdir() if (path / "__init__.py").exists()) == sorted(FLOWS)


@pytest.mark.parametrize("path", sorted(DOMAIN.rglob("rules.py")), ids=lambda path: path.parent.name)
def test_rules_know_no_port(path: Path) -> None:
    """What they need is a value; so no test of a rule needs a twin."""
    assert not {name for name in imports(path) if is_in(name, {PORTS})} - {PORTS} - VALUE_TYPES


def test_only_services_and_what_reads_for_them_know_ports() -> None:
    """Any other module of the domain takes values."""
    know = {
        str(path.relative_to(DOMAIN))
        for path in DOMAIN.rglob("*.py")
        if {name for name in imports(path) if is_in(name, {PORTS})} - {PORTS} - VALUE_TYPES
    }
    services = {f"{flow}/service.py" for flow in FLOWS}
    assert know == services | {"keeper.py", "forwarding.py", "recovering/log_view.py"}


@pytest.mark.parametrize(
    ("handler", "unneeded"),
    [
        ("responder", {"ewspush.adapters.ews", "ewspush.adapters.credentials", "ewspush.domain.keeper", "urllib3"}),
        ("forwarder", {"ewspush.adapters.ews", "ewspush.domain.receiving.service", "lxml", "urllib3"}),
    ],
)
def test_a_function_loads_no_code_that_it_never_runs(handler: str, unneeded: set[str]) -> None:
    """A cold start pays for each import, and the responder must not be able to talk EWS."""
    assert not {name for name in loaded_with(f"ewspush.handlers.{handler}") if is_in(name, unneeded)}


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


def test_mailsim_shares_no_code_with_us() -> None:
    """Both would share a mistake."""
    ours = {"ewspush", "infra", "local", "cli", "bench", "tests"}
    for path in (ROOT / "mailsim").rglob("*.py"):
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
