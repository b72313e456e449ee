"""Lambda entry points: decode, one domain call, encode."""
