"""The README says what is so."""

import json
import re
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest

from infra.config import Config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", [field.name for field in fields(Config)])
def test_every_setting_is_in_the_table_with_its_default(name: str) -> None:
    """As the code has it."""
    row = re.search(rf"^\| `{name}` \| (.*?) \|", README, re.MULTILINE)
    assert row is not None
    default = getattr(Config(), name)
    assert row[1].strip("`") == ("none" if default == "" else str(default).lower())


def test_cdk_json_holds_the_defaults() -> None:
    """So that what is deployed without a word is what the table says."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert Config.from_context(context) == Config()


def test_every_command_is_a_target() -> None:
    """`make …` in the README is one of `make help`."""
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets


def test_every_link_leads_somewhere() -> None:
    """Files of the project, from every page."""
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_example_event_is_valid() -> None:
    """By the schema beside it."""
    (example,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    schema = json.loads((ROOT / "schemas" / "mailbox-event.v1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(example))
