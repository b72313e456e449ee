"""Mutations of a given body: of its bytes, its tags and texts, and by known attacks on XML and encodings.

All randomness comes from the given `Random`: the same one mutates the same body in the same way.
"""

import codecs
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from tests.fuzz.grammar import ATTRIBUTES, NAMES, TEXTS, generate

_TOKEN: Final = re.compile(rb"<[^<>]*>|[^<]+|<")
_TIMES: Final = (2, 3, 10, 66, 260, 2_000)
"""Numbers of repetitions; some are just past a limit of the reader or of libxml2."""

PROLOGS: Final = (
    b'<?xml version="1.0" encoding="utf-8"?>', b'<?xml version="1.0 (x)" encoding="utf-8"?>', b"<?xml version='1.1'?>",
    b'<?xml version="1.0" encoding="ISO-8859-1"?>', b'<?xml version="1.0" encoding="windows-1252"?>',
    b'<?xml version="1.0" encoding="us-ascii"?>', b'<?xml version="1.0" encoding="utf-16"?>',
    b'<?xml version="1.0" encoding="utf-7"?>', b'<?xml version="1.0" encoding="cp037"?>', b"<?xml ?>", b"<?xml\n?>",
    b"<!DOCTYPE a>", b'<!DOCTYPE a [<!ENTITY e "boom">]>', b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    b"<!doctype a>", b"<!-- c -->", b"<!--", b"<?p i?>", b"\r\n", b"\0", b" ", b"\x1f\x8b",
    codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE,
)  # fmt: skip

WORDS: Final = (
    *PROLOGS,
    *(f"<{name}>".encode() for name in NAMES),
    *(f"</{name}>".encode() for name in NAMES),
    *(f" {text}".encode() for text in ATTRIBUTES),
    *(text.encode() for text in TEXTS),
    b'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>',
    b"\xed\xa0\x80", b"\xc0\xbc", b"\xff", b"\xef\xbf\xbe", b"\xef\xbf\xbd", b"\x0b", b"\x7f", b"\xc2\x85",
)  # fmt: skip

_RECODINGS: Final = (
    ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE), ("utf-16-le", b""), ("utf-8-sig", b""),
    ("utf-32-le", codecs.BOM_UTF32_LE), ("latin-1", b""), ("utf-7", b""), ("cp037", b""),
)  # fmt: skip


class Mutation:
    """Mutates bodies for one target, to `limit` bytes at most; new ones are generated with `operations`."""

    def __init__(self, random: Random, operations: Sequence[str], limit: int) -> None:
        self._random = random
        self._operations = operations
        self._limit = limit
        self._mutations: tuple[Callable[[bytes], bytes], ...] = (
            self._with_bytes, self._without_a_slice, self._with_a_slice_moved, self._with_a_word, self._with_a_word,
            self._with_an_attribute, self._with_another_text, self._with_a_token_repeated, self._without_a_token,
            self._with_another_token, self._nested, self._after_a_prolog, self._recoded, self._generated, self._cut,
        )  # fmt: skip

    def mutate(self, body: bytes) -> bytes:
        """Return `body` after one or a few mutations."""
        for _ in range(self._random.choice((1, 1, 1, 2, 2, 4))):
            body = self._random.choice(self._mutations)(body)
        return body[: self._limit]

    def _place(self, body: bytes) -> int:
        return self._random.randint(0, len(body))

    def _slice(self, body: bytes) -> tuple[int, int]:
        start = self._place(body)
        return start, min(len(body), start + self._random.choice((1, 4, 16, 64, 1_024)))

    def _with_bytes(self, body: bytes) -> bytes:
        place, new = self._place(body), self._random.randbytes(self._random.choice((1, 1, 2, 8)))
        return body[:place] + new + body[place + self._random.choice((0, len(new))) :]

    def _without_a_slice(self, body: bytes) -> bytes:
        start, end = self._slice(body)
        return body[:start] + body[end:]

    def _with_a_slice_moved(self, body: bytes) -> bytes:
        (start, end), place = self._slice(body), self._place(body)
        return body[:place] + body[start:end] + body[place:]

    def _with_a_word(self, body: bytes) -> bytes:
        place = self._place(body)
        return body[:place] + self._random.choice(WORDS) + body[place:]

    def _cut(self, body: bytes) -> bytes:
        return body[: self._place(body)]

    def _generated(self, _body: bytes) -> bytes:
        return generate(self._random, self._operations)

    def _after_a_prolog(self, body: bytes) -> bytes:
        prologs = self._random.choices(PROLOGS, k=self._random.choice((1, 1, 2, 3)))
        return b"".join((*prologs, self._random.choice((body, body.partition(b"?>")[2]))))

    def _recoded(self, body: bytes) -> bytes:
        codec, mark = self._random.choice(_RECODINGS)
        return mark + body.decode("utf-8", "replace").encode(codec, "replace")

    def _with_tokens(self, body: bytes, change: Callable[[list[bytes], int], None]) -> bytes:
        tokens = _TOKEN.findall(body)
        if tokens:
            change(tokens, self._random.randrange(len(tokens)))
        return b"".join(tokens)

    def _without_a_token(self, body: bytes) -> bytes:
        return self._with_tokens(body, list.__delitem__)

    def _with_another_token(self, body: bytes) -> bytes:
        def change(tokens: list[bytes], place: int) -> None:
            tokens[place] = self._random.choice((self._random.choice(tokens), self._random.choice(WORDS)))

        return self._with_tokens(body, change)

    def _with_a_token_repeated(self, body: bytes) -> bytes:
        def change(tokens: list[bytes], place: int) -> None:
            end = min(len(tokens), place + self._random.choice((1, 2, 3, 8)))
            unit = b"".join(tokens[place:end])
            tokens[place:end] = [unit * self._times(body, unit)]

        return self._with_tokens(body, change)

    def _nested(self, body: bytes) -> bytes:
        def change(tokens: list[bytes], place: int) -> None:
            name = self._random.choice(NAMES).encode()
            times = self._times(body, name * 2)
            tokens[place] = b"<%s>" % name * times + tokens[place] + b"</%s>" % name * times

        return self._with_tokens(body, change)

    def _with_an_attribute(self, body: bytes) -> bytes:
        def change(tokens: list[bytes], place: int) -> None:
            tag = next((at for at in range(place, len(tokens)) if tokens[at].startswith(b"<")), place)
            ending = b"/>" if tokens[tag].endswith(b"/>") else b">"
            added = b"".join(b" " + each.encode() for each in self._attributes())
            tokens[tag] = tokens[tag].removesuffix(ending) + added + ending

        return self._with_tokens(body, change)

    def _attributes(self) -> list[str]:
        chosen = self._random.choice(ATTRIBUTES)
        times = self._random.choice((1, 1, 1, 1, 62, 66))
        return [chosen] if times == 1 else [f"{self._random.choice(('a', 'xmlns:a'))}{at}='u'" for at in range(times)]

    def _with_another_text(self, body: bytes) -> bytes:
        def change(tokens: list[bytes], place: int) -> None:
            texts = [at for at, token in enumerate(tokens) if not token.startswith(b"<")]
            tokens[self._random.choice(texts) if texts else place] = self._random.choice(TEXTS).encode()

        return self._with_tokens(body, change)

    def _times(self, body: bytes, unit: bytes) -> int:
        """Return a random number of repetitions that fit."""
        return max(1, min(self._random.choice(_TIMES), (self._limit - len(body)) // (len(unit) + 1)))
