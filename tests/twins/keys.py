"""Callback keys in memory."""


class MemoryKeys:
    """`CallbackKeys` of the given keys, the current one first."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = list(keys)

    def accepted(self) -> list[bytes]:
        return self._keys

    def signing(self) -> bytes:
        return self._keys[0]
