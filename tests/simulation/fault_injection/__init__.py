"""The kinds of faults, by where they strike: each is a dataclass of what the plan draws, and begins by itself."""
