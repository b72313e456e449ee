"""Queries on a template: functions by handler, roles by what they allow."""

import re
from collections.abc import Callable
from typing import Any

Resources = Callable[[str], dict[str, dict[str, Any]]]
"""Returns the properties of the resources of a type, by logical id."""


def resources_of(template: dict[str, Any]) -> Resources:
    """Return the lookup of the resources in a template by type."""

    def of_type(kind: str) -> dict[str, dict[str, Any]]:
        return {
            name: resource.get("Properties", {})
            for name, resource in template["Resources"].items()
            if resource["Type"] == kind
        }

    return of_type


def functions(resources: Resources) -> dict[str, dict[str, Any]]:
    """Return the functions by handler."""
    return {properties["Handler"]: properties for properties in resources("AWS::Lambda::Function").values()}


def statements(resources: Resources, handler: str) -> set[tuple[str, str]]:
    """Return what the role of a function allows, as (action, resource) pairs."""
    return allowed(resources, functions(resources)[handler]["Role"]["Fn::GetAtt"][0])


def allowed(resources: Resources, role: str) -> set[tuple[str, str]]:
    """Return what a role allows, as (action, resource) pairs."""
    policies = [policy for policy in resources("AWS::IAM::Policy").values() if {"Ref": role} in policy["Roles"]]
    return {
        (action, named(on))
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
        for on in _listed(statement["Resource"])
    }


def named(on: Any) -> str:
    """Return an ARN as its logical id without the hash, and any suffix."""
    if isinstance(on, str):
        return on
    if "Fn::Join" in on:
        return "".join(named(part) for part in on["Fn::Join"][1])
    found = on.get("Fn::GetAtt") or [on["Ref"], "Ref"]
    return re.sub(r"[0-9A-F]{8}$", "", found[0]) + ("" if found[1] == "Arn" else f".{found[1]}")


def environment(resources: Resources, handler: str) -> dict[str, str]:
    """Return a function's environment; values known only at deployment are given by their logical ids."""
    variables = functions(resources)[handler]["Environment"]["Variables"]
    return {name: value if isinstance(value, str) else named(value) for name, value in variables.items()}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
