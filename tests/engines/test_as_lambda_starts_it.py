"""The stories of `tests/e2e/test_as_lambda_starts_it.py` on engines: AWS fails around a function, or it is killed."""

import pytest

from tests.e2e.test_as_lambda_starts_it import (  # noqa: F401  # tests and fixtures, collected here once more
    TestForwarder,
    TestResponder,
    aws,
    batch,
    forwarder,
    new_mailbox,
    pair,
    secrets,
    start,
)

pytestmark = [pytest.mark.slow, pytest.mark.engines]
