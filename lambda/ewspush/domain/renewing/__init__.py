"""Subscribe: when a subscription needs a new one, and what its answer means."""
