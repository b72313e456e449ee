"""The tables of the tests are those of the stack."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.deployment import STACK
from tests.aws import EVENTS_TABLE, SUBSCRIPTIONS_TABLE, SYNC_STATES_TABLE

pytestmark = pytest.mark.slow

_SHAPES = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


@pytest.mark.parametrize(
    ("logical_id", "table"),
    [
        ("SubscriptionsTable", SUBSCRIPTIONS_TABLE),
        ("EventsTable", EVENTS_TABLE),
        ("SyncStatesTable", SYNC_STATES_TABLE),
    ],
)
def test_a_table_of_the_tests_is_that_of_the_stack(logical_id: str, table: dict[str, Any], synthesized: Path) -> None:
    """Keys, index and stream, by the template."""
    template = json.loads((synthesized / f"{STACK}.template.json").read_text())
    properties = template["Resources"][logical_id]["Properties"]
    assert {name: _sorted(table.get(name)) for name in _SHAPES} == {
        name: _sorted(properties.get(name)) for name in _SHAPES
    }
    assert table.get("StreamSpecification", {}).get("StreamViewType") == properties.get("StreamSpecification", {}).get(
        "StreamViewType"
    )


def _sorted(value: Any) -> Any:
    """Return it with lists of attributes in one order; that of keys counts."""
    if isinstance(value, list) and value and "AttributeType" in value[0]:
        return sorted(value, key=lambda attribute: str(attribute["AttributeName"]))
    return value
