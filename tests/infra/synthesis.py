"""The template, synthesized in this process."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from infra.config import Config
from infra.stack import EwsPushStack

ROOT = Path(__file__).parent.parent.parent


@cache
def synthesized(**overrides: object) -> dict[str, Any]:
    """Return the template with cdk.json's context and `overrides`."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | overrides
    app = App(context=context)
    stack = EwsPushStack(app, "EwsPush", config=Config.from_context(context))
    return dict(Template.from_stack(stack).to_json())
