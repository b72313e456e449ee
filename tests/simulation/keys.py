"""The callback keys."""

from typing import Final

KEY: Final = b"key"


class Keys:
    """`CallbackKeys` of one key. What it returns can be a key of a cache."""

    def accepted(self) -> tuple[bytes]:
        """See `CallbackKeys.accepted`."""
        return (KEY,)

    def signing(self) -> bytes:
        """See `CallbackKeys.signing`."""
        return KEY
