"""Where in a TOML file a value stands, which the parser of the standard library does not tell."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys, and numbers of the tables in an array of tables: `("subscription", 1, "folders")`."""

_STRING: Final = r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\''''
_TOKEN: Final = re.compile(rf"""{_STRING}|\#[^\n]*|(?P<mark>[\[\]{{}}\n])|[^"'\#\[\]{{}}\n]+""", re.DOTALL)
_HEADER: Final = re.compile(rf"""(\[\[?)((?:{_STRING}|[^\]"'])+)\]""")
_KEY: Final = re.compile(rf"""(?:{_STRING}|[^#"'=])+(?==)""")
_DEPTH: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


class Locator:
    """Finds lines in `text`, which has to be valid TOML."""

    def __init__(self, text: str) -> None:
        """Take the text; it is looked through when the first line is asked for."""
        self._text = text

    def line(self, path: Path, value: str = "") -> int:
        """Return the line, from 1, of a header or key, or else of the one around it.

        With `value`, the line of that string, which is one of the values of the key.
        """
        while path and path not in self._places:
            path = path[:-1]
        line, statement = self._places.get(path, (1, ""))
        found = re.search(rf"""["']{re.escape(value)}["']""", statement) if value else None
        return line + (statement.count("\n", 0, found.start()) if found else 0)

    @cached_property
    def _places(self) -> dict[Path, tuple[int, str]]:
        """Headers and keys, each with its line and all of its text."""
        places: dict[Path, tuple[int, str]] = {}
        table: Path = ()
        counts: dict[str, int] = {}
        for line, statement in _statements(self._text):
            stripped = statement.strip()
            if header := _HEADER.match(stripped):
                table = _numbered(_keys(header[2]), counts, is_array=header[1] == "[[")
                places.setdefault(table, (line, statement))
            elif key := _KEY.match(stripped):
                full = (*table, *_keys(key[0]))
                for length in range(len(table) + 1, len(full) + 1):
                    places.setdefault(full[:length], (line, statement))
        return places


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each header and each `key = value` with its first line; values may be long strings and arrays."""
    depth, begin, line = 0, 0, 1
    for token in _TOKEN.finditer(text):
        mark = token["mark"]
        depth += _DEPTH.get(mark, 0)
        if mark == "\n" and depth == 0:
            yield line, text[begin : token.end()]
            line += text.count("\n", begin, token.end())
            begin = token.end()
    yield line, text[begin:]


@cache  # the same few, in every subscription
def _keys(dotted: str) -> tuple[str, ...]:
    """Return the parts of a key, bare, quoted or dotted."""
    table = tomllib.loads(f"{dotted} = 0")
    keys = []
    while isinstance(table, dict):
        ((key, table),) = table.items()
        keys.append(key)
    return tuple(keys)


def _numbered(keys: tuple[str, ...], counts: dict[str, int], *, is_array: bool) -> Path:
    """Return the path of a header: arrays of tables stand at the top level, and their tables are counted."""
    name, *rest = keys
    if is_array and not rest:
        counts[name] = counts.get(name, -1) + 1
    return (name, counts[name], *rest) if name in counts else keys
