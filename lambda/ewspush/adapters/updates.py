"""`Entry` -> the update of a row, under the condition that it is as expected."""

from typing import Any

from ewspush.adapters.attributes import typed
from ewspush.domain.updates import ConditionalUpdate, Precondition


def update_of(entry: ConditionalUpdate) -> dict[str, Any]:
    """Return the arguments of the row's update, but for the table."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    sets, removes = [], []
    for name, value in entry.changes.items():
        names[f"#{name}"] = name
        if value is None:
            removes.append(f"#{name}")
        else:
            values[f":{name}"] = typed(value)
            sets.append(f"#{name} = :{name}")
    condition = _condition(entry.expects, names, values)
    clauses = (f"{verb} {', '.join(parts)}" for verb, parts in (("SET", sets), ("REMOVE", removes)) if parts)
    return {
        "Key": {"subscription": typed(entry.subscription)},
        "UpdateExpression": " ".join(clauses),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _condition(expects: Precondition, names: dict[str, str], values: dict[str, Any]) -> str:
    clauses = []
    for name, value in expects.fields.items():
        names[f"#{name}"] = name
        if value is None:
            clauses.append(f"attribute_not_exists(#{name})")
        else:
            values[f":was_{name}"] = typed(value)
            clauses.append(f"#{name} = :was_{name}")
    return " AND ".join(clauses)
