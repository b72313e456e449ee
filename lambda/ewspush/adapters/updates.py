"""`ConditionalUpdate` -> the update of an item, under its precondition."""

from typing import Any

from ewspush.adapters.attributes import typed
from ewspush.adapters.rows import KEY
from ewspush.domain.subscription import SubscriptionChanges
from ewspush.domain.updates import ConditionalUpdate


def update_item(update: ConditionalUpdate) -> dict[str, Any]:
    """Return the arguments of the update, but for the table."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    sets, removes = [], []
    for name, value in update.stored_changes.items():
        names[f"#{name}"] = name
        if value is None:
            removes.append(f"#{name}")
        else:
            values[f":{name}"] = typed(value)
            sets.append(f"#{name} = :{name}")
    condition = _condition(update.precondition.required, names, values)
    clauses = (f"{verb} {', '.join(parts)}" for verb, parts in (("SET", sets), ("REMOVE", removes)) if parts)
    return {
        "Key": {KEY: typed(update.key)},
        "UpdateExpression": " ".join(clauses),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _condition(required: SubscriptionChanges, names: dict[str, str], values: dict[str, Any]) -> str:
    clauses = []
    for name, value in required.items():
        names[f"#{name}"] = name
        if value is None:
            clauses.append(f"attribute_not_exists(#{name})")
        else:
            values[f":was_{name}"] = typed(value)
            clauses.append(f"#{name} = :was_{name}")
    return " AND ".join(clauses)
