"""Line numbers of a TOML file's tables and keys, which tomllib does not return."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys, and indexes into arrays of tables: `("subscription", 1, "folders")`."""

_STRING: Final = r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\''''
_TOKEN: Final = re.compile(rf"""{_STRING}|\#[^\n]*|(?P<mark>[\[\]{{}}\n])|[^"'\#\[\]{{}}\n]+""", re.DOTALL)
_HEADER: Final = re.compile(rf"""(\[\[?)((?:{_STRING}|[^\]"'])+)\]""")
_KEY: Final = re.compile(rf"""(?:{_STRING}|[^#"'=])+(?==)""")
_DEPTH: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


class TomlLines:
    """The lines of `text`, which must be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text

    def line_of(self, path: Path, value: str = "") -> int:
        """Return the line, from 1, of a table's header or of a key; if it has none, that of what contains it.

        With `value`, the line of that string in the key's array.
        """
        while path and path not in self._statements:
            path = path[:-1]
        line, statement = self._statements.get(path, (1, ""))
        match = re.search(rf"""["']{re.escape(value)}["']""", statement) if value else None
        return line + (statement.count("\n", 0, match.start()) if match else 0)

    @cached_property
    def _statements(self) -> dict[Path, tuple[int, str]]:
        """The first line and the whole text of each header and key."""
        statements: dict[Path, tuple[int, str]] = {}
        table: Path = ()
        counts: dict[str, int] = {}
        for line, statement in _split(self._text):
            stripped = statement.strip()
            if header := _HEADER.match(stripped):
                table = _table_path(_split_key(header[2]), counts, is_array=header[1] == "[[")
                statements.setdefault(table, (line, statement))
            elif key := _KEY.match(stripped):
                full = (*table, *_split_key(key[0]))
                for length in range(len(table) + 1, len(full) + 1):
                    statements.setdefault(full[:length], (line, statement))
        return statements


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line and the text of each header and each `key = value`, which may span several lines."""
    depth, begin, line = 0, 0, 1
    for token in _TOKEN.finditer(text):
        mark = token["mark"]
        depth += _DEPTH.get(mark, 0)
        if mark == "\n" and depth == 0:
            yield line, text[begin : token.end()]
            line += text.count("\n", begin, token.end())
            begin = token.end()
    yield line, text[begin:]


@cache  # every subscription has the same few
def _split_key(dotted: str) -> tuple[str, ...]:
    """Return the parts of a bare, quoted or dotted key."""
    table = tomllib.loads(f"{dotted} = 0")
    keys = []
    while isinstance(table, dict):
        ((key, table),) = table.items()
        keys.append(key)
    return tuple(keys)


def _table_path(keys: tuple[str, ...], counts: dict[str, int], *, is_array: bool) -> Path:
    """Return the path of a header. Only arrays of tables at the top level are counted."""
    name, *rest = keys
    if is_array and not rest:
        counts[name] = counts.get(name, -1) + 1
    return (name, counts[name], *rest) if name in counts else keys
