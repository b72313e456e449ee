"""The asset: wheels of the target, and bytecode of every module."""

import os
import sys
from pathlib import Path

import pytest

from infra import packaging

HOST = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def arm64() -> Path:
    """Return the asset of the default configuration."""
    return packaging.asset("arm64", "3.13")


def test_the_wheels_are_those_of_the_target(arm64: Path) -> None:
    """Every extension module is named for aarch64 and Python 3.13, or for the stable ABI, and is one by its header."""
    modules = list(arm64.rglob("*.so"))
    assert {"lxml"} <= {module.relative_to(arm64).parts[0] for module in modules}
    for module in modules:
        assert "cpython-313-aarch64-linux-gnu" in module.name or ".abi3." in module.name
        header = module.read_bytes()[:20]
        assert (header[:4], header[18]) == (b"\x7fELF", 0xB7)  # e_machine: EM_AARCH64


def test_it_holds_the_handlers_and_their_dependencies(arm64: Path) -> None:
    """But boto3, which the runtime provides."""
    assert (arm64 / "ewspush" / "handlers" / "responder.py").exists()
    assert (arm64 / "aws_lambda_powertools").is_dir()
    assert not (arm64 / "boto3").exists()


def test_every_module_has_its_bytecode() -> None:
    """It is compiled by the runtime's minor version and not compared with the sources."""
    asset = packaging.asset("x86_64", HOST)
    tag = sys.implementation.cache_tag
    for source in asset.rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
        assert compiled.exists(), source
        assert compiled.read_bytes()[4] == 0b01, source  # hash-based, unchecked (PEP 552)


def test_the_same_sources_build_the_same_asset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Otherwise every deployment would replace every function."""
    first = packaging.asset("x86_64", HOST)
    monkeypatch.setattr(packaging, "_BUILD", tmp_path)
    assert _contents(packaging.asset("x86_64", HOST)) == _contents(first)


def _contents(directory: Path) -> dict[str, bytes]:
    paths = (Path(parent, name) for parent, _, names in os.walk(directory) for name in names)
    return {str(path.relative_to(directory)): path.read_bytes() for path in paths}


def test_a_python_that_is_not_installed_is_none() -> None:
    """Then the asset has no bytecode, and the stack warns."""
    assert packaging.interpreter_of("3.99") is None
    assert packaging.interpreter_of(HOST) is not None
