"""Lambda entry points: decode, one domain call, encode."""

import gc
from typing import Final

_COLLECT_AFTER: Final = 50_000
"""Allocations between two runs of the cyclic garbage collector, 700 by default. A cold start makes objects that live as
long as the process; scanning them again and again took an eighth of it (docs/adr/0011)."""

gc.set_threshold(_COLLECT_AFTER)
