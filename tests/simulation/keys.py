"""The callback keys."""

from typing import Final

KEY: Final = b"key"


class FixedKeys:
    """`CallbackKeys` of one key. It returns tuples, so that a cache can use them as keys."""

    def accepted(self) -> tuple[bytes]:
        return (KEY,)

    def signing(self) -> bytes:
        return KEY
