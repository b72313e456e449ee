"""The tables that the tests create have the keys, index and stream of the stack's tables."""

from typing import Any

import pytest

from tests.aws import EVENTS_TABLE, SUBSCRIPTIONS_TABLE, SYNC_STATES_TABLE

_SHAPES = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


@pytest.mark.parametrize(
    ("logical_id", "table"),
    [
        ("SubscriptionsTable", SUBSCRIPTIONS_TABLE),
        ("EventsTable", EVENTS_TABLE),
        ("SyncStatesTable", SYNC_STATES_TABLE),
    ],
)
def test_a_table_of_the_tests_equals_that_of_the_stack(
    logical_id: str, table: dict[str, Any], template: dict[str, Any]
) -> None:
    """In everything that the code depends on."""
    properties = template["Resources"][logical_id]["Properties"]
    assert {name: _sorted(table.get(name)) for name in _SHAPES} == {
        name: _sorted(properties.get(name)) for name in _SHAPES
    }
    assert table.get("StreamSpecification", {}).get("StreamViewType") == properties.get("StreamSpecification", {}).get(
        "StreamViewType"
    )


def _sorted(value: Any) -> Any:
    """Return a list of attributes sorted by name; the order of keys counts."""
    if isinstance(value, list) and value and "AttributeType" in value[0]:
        return sorted(value, key=lambda attribute: str(attribute["AttributeName"]))
    return value
