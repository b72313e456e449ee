"""Callback keys in memory."""


class MemoryKeys:
    """`CallbackKeys` of the given keys, the current one first."""

    def __init__(self, *keys: bytes) -> None:
        """Take the keys."""
        self._keys = list(keys)

    def accepted(self) -> list[bytes]:
        """See `CallbackKeys.accepted`."""
        return self._keys

    def signing(self) -> bytes:
        """See `CallbackKeys.signing`."""
        return self._keys[0]
