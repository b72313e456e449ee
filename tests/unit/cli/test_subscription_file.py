"""subscriptions.toml: what it takes, and every error with its line."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.ews_names import EVENT_TYPE_NAMES
from cli.exceptions import InvalidFileError
from cli.subscription_file import wishes_in
from ewspush.domain.desired import DEFAULT_EVENT_TYPES, EVENT_TYPES, MAX_PER_MAILBOX, DesiredSubscription
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS

ALICE = '[[subscription]]\nmailbox = "alice@example.com"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a path to write to."""
    return tmp_path / "subscriptions.toml"


def errors(file: Path, text: str) -> list[str]:
    """Return what is said of `text`, each error with its line but without the directory."""
    file.write_text(text)
    with pytest.raises(InvalidFileError) as caught:
        wishes_in(file)
    return [line.removeprefix(f"{file}:") for line in caught.value.lines]


class TestGoodFiles:
    """What the keys become."""

    def test_a_mailbox_is_enough(self, file: Path) -> None:
        """Everything else has a default."""
        file.write_text(ALICE)
        assert wishes_in(file) == [DesiredSubscription("alice@example.com", "default", (), DEFAULT_EVENT_TYPES, 15)]

    def test_every_key_counts(self, file: Path) -> None:
        """Names of folders in small letters, event types in either spelling and always in one order."""
        file.write_text(
            '[[subscription]]\nmailbox = "alice@example.com"\nname = "work"\nfolders = ["Inbox", "calendar", "inbox"]\n'
            'event_types = ["NewMailEvent", "created", "new_mail"]\nstatus_frequency = 1440\n'
        )
        expected = DesiredSubscription(
            "alice@example.com", "work", ("calendar", "inbox"), ("CreatedEvent", "NewMailEvent"), 1440
        )
        assert wishes_in(file) == [expected]

    def test_defaults_are_for_what_is_left_out(self, file: Path) -> None:
        """What a subscription says itself goes before."""
        defaults = '[defaults]\nfolders = ["inbox"]\nevent_types = ["created"]\nstatus_frequency = 5\n'
        file.write_text(f'{defaults}{ALICE}folders = "all"\n')
        assert wishes_in(file) == [DesiredSubscription("alice@example.com", "default", (), ("CreatedEvent",), 5)]

    def test_files_of_windows_are_taken(self, file: Path) -> None:
        """With a byte order mark and carriage returns."""
        file.write_bytes(b"\xef\xbb\xbf" + ALICE.replace("\n", "\r\n").encode())
        assert wishes_in(file) == [DesiredSubscription("alice@example.com")]

    def test_three_of_a_mailbox_are_taken(self, file: Path) -> None:
        """As many as the mail server allows."""
        file.write_text("".join(f'{ALICE}name = "{number}"\n' for number in range(MAX_PER_MAILBOX)))
        assert [wish.name for wish in wishes_in(file)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('mailbox = "alice"', 'mailbox must be an address, not "alice"; example: mailbox = "alice@example.com"'),
        ('mailbox = "a b@example.com"', "mailbox must be an address"),
        ('mailbox = "Alice <alice@example.com>"', "mailbox must be an address"),
        ('mailbox = "alice@example"', "mailbox must be an address"),
        ('mailbox = "alice@example..com"', "mailbox must be an address"),
        ('mailbox = "alice\\u0000@example.com"', "mailbox must be an address"),
        ("mailbox = 7", "mailbox must be an address, not 7"),
        (f'mailbox = "{"a" * 250}@example.com"', "mailbox must be an address of at most 254 characters"),
    ],
)
def test_a_bad_address(file: Path, line: str, expected: str) -> None:
    """One clear line, with the line of the file."""
    (error,) = errors(file, f"# head\n[[subscription]]\n{line}\n")
    assert error.startswith(f"3: {expected}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('name = ""', 'name must be 1 to 64 characters without blanks around them, not ""; example: name = "calendar"'),
        ('name = " work"', "name must be"),
        ('name = "a\\nb"', "name must be"),
        (f'name = "{"x" * 65}"', "name must be"),
        ("name = true", "name must be 1 to 64 characters without blanks around them, not true"),
        ("status_frequency = 0", "status_frequency must be a whole number of minutes from 1 to 1440, not 0; example: "),
        ("status_frequency = 1441", "status_frequency must be a whole number of minutes from 1 to 1440, not 1441;"),
        ("status_frequency = -1", "status_frequency must be"),
        ("status_frequency = 15.0", "status_frequency must be a whole number of minutes from 1 to 1440, not 15.0;"),
        ("status_frequency = true", "status_frequency must be a whole number of minutes from 1 to 1440, not true;"),
        ('status_frequency = "15"', 'status_frequency must be a whole number of minutes from 1 to 1440, not "15";'),
        ("status_frequency = 2026-03-04", 'status_frequency must be a whole number of minutes from 1 to 1440, not "20'),
        ("folders = []", 'folders is empty; for all folders write folders = "all"; folders are "all", or a list of'),
        ('folders = "inbox"', 'folders must be a list, not "inbox"; folders are "all", or a list of names'),
        ('folders = ["all"]', '"all" is no folder of a list; for all folders write folders = "all"'),
        ('folders = ["inboxx"]', 'folder "inboxx" is neither a name nor an id; did you mean "inbox"? folders are'),
        ('folders = ["Inbox "]', 'folder "Inbox " is neither a name nor an id; did you mean "inbox"? folders are'),
        ('folders = ["projects"]', 'folder "projects" is neither a name nor an id; folders are "all", or a list'),
        ("folders = [1]", "folder 1 is no text; folders are"),
        ("folders = {}", "folders must be a list, not {};"),
        (
            "event_types = []",
            "event_types is empty; leave it out for the usual ones; event types are new_mail, created",
        ),
        ('event_types = "created"', 'event_types must be a list, not "created"; event types are new_mail,'),
        ('event_types = ["newmail"]', 'event type "newmail" is not known; did you mean "new_mail"? event types are'),
        ('event_types = ["NewMail"]', 'event type "NewMail" is not known; did you mean'),
        ('event_types = ["StatusEvent"]', 'event type "StatusEvent" is not known;'),
        ("event_types = [false]", "event type false is no text; event types are"),
        (
            'folder = "inbox"',
            'key "folder" is not known; did you mean "folders"? [[subscription]] takes mailbox, name,',
        ),
        ("zzz = 1", 'key "zzz" is not known; [[subscription]] takes mailbox, name, folders, event_types, status_fre'),
        ("status.frequency = 15", 'key "status" is not known;'),
    ],
)
def test_a_bad_value(file: Path, line: str, expected: str) -> None:
    """One clear line, with the line of the file: what is wrong, what is allowed."""
    (error,) = errors(file, f"{ALICE}\n{line}\n")
    assert error.startswith(f"4: {expected}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("status_frequency = 0", "status_frequency must be"),
        ('event_types = ["x"]', 'event type "x" is not known;'),
        ('mailbox = "alice@example.com"', 'key "mailbox" is not known; [defaults] takes folders, event_types, status_'),
    ],
)
def test_a_bad_default_is_told_once(file: Path, line: str, expected: str) -> None:
    """However many subscriptions it is for."""
    (error,) = errors(file, f'[defaults]\n{line}\n{ALICE}\n{ALICE}name = "other"\n')
    assert error.startswith(f"2: {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "",
            '1: there is no subscription in the file; write a line [[subscription]], and below it mailbox = "alice@ex',
        ),
        ("# nothing\n", "1: there is no subscription in the file;"),
        ("\nsubscription = []", "1: there is no subscription in the file;"),
        ("\n[subscription]\n", "2: subscription takes two pairs of brackets: write a line [[subscription]], and below"),
        ('subscription = ["alice@example.com"]', '1: a subscription must be a table, not "alice@example.com": write'),
        ("\n[[subscription]]\n\n", '2: mailbox is missing; example: mailbox = "alice@example.com"'),
        (f"defaults = 1\n{ALICE}", "1: defaults must be a table: write a line [defaults]"),
        (f"{ALICE}[default]\n", '3: key "default" is not known; did you mean "defaults"? the file takes subscription'),
        (f"{ALICE}mailbox 1\n", "3: this is not TOML: Expected '=' after a key in a key/value pair (column 9); exampl"),
        (f"{ALICE}name = [\n\n", "3: this is not TOML: Invalid value; example: "),
        (f"{ALICE}mailbox = 1\n", "3: this is not TOML: Cannot overwrite a value"),
        ("a = " + "[" * 10_000, "1: this is not TOML: nested too deeply"),
        (f"{ALICE}status_frequency = {'9' * 5_000}", "1: this is not TOML: "),
        (
            f'{ALICE}\n[[subscription]]\nmailbox = "ALICE@example.com"\n',
            '4: ALICE@example.com has a subscription named "default" already, in line 1; give each a name of its own;',
        ),
        (
            "".join(f'{ALICE}name = "{number}"\n' for number in range(4)),
            "10: alice@example.com has more than 3 subscriptions, the first in line 1; mail servers allow 3 a mailbox:",
        ),
    ],
)
def test_a_bad_file(file: Path, text: str, expected: str) -> None:
    """One clear line, with the line of the file."""
    (error,) = errors(file, text)
    assert error.startswith(expected)


def test_all_errors_are_told_at_once(file: Path) -> None:
    """In the order of the file, several values of one list each in its own line."""
    text = f"""[defaults]
status_frequency = 0
{ALICE}folders = [
  "inbox",
  "Inbox ",
  "calender",
]
event_types = ["newmail", "create"]
[[subscription]]
mail = "bob@example.com"
"""
    lines = [int(error.partition(":")[0]) for error in errors(file, text)]
    assert lines == [2, 7, 8, 10, 10, 11, 12]


def test_every_subscription_beyond_the_third_is_told(file: Path) -> None:
    """Also where something else in it is wrong."""
    text = "".join(f'{ALICE}name = "{number}"\n' for number in range(4)) + f'{ALICE}name = "4"\nfolders = []\n'
    told = errors(file, text)
    assert [error.partition(":")[0] for error in told] == ["10", "13", "16"]
    assert "more than 3" in told[0]
    assert "more than 3" in told[1]


def test_a_file_in_another_encoding_is_refused(file: Path) -> None:
    """With the line of the first byte that is none of UTF-8's."""
    file.write_bytes(b'[[subscription]]\nname = "B\xfcro"\n')
    with pytest.raises(InvalidFileError) as caught:
        wishes_in(file)
    assert caught.value.lines == [f"{file}:2: the file must be saved as UTF-8"]


def test_a_missing_file_is_named(file: Path) -> None:
    """And how to name another."""
    with pytest.raises(InvalidFileError, match=r"subscriptions.toml: there is no such file; .*--file"):
        wishes_in(file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Like a directory."""
    with pytest.raises(InvalidFileError, match="can't be read: Is a directory"):
        wishes_in(tmp_path)


def test_the_number_of_errors_comes_last(file: Path) -> None:
    """And that nothing was changed."""
    file.write_text("a = 1\nb = 2\n")
    with pytest.raises(InvalidFileError, match=r"^3 errors in .*subscriptions.toml; nothing was changed$"):
        wishes_in(file)


NAMES = st.text(st.characters(categories=("L", "N", "P", "S"))).filter(lambda name: 0 < len(name) <= 64)
FOLDERS = st.sampled_from(sorted(DISTINGUISHED_FOLDERS)) | st.from_regex(
    r"AAMkAD[A-Za-z0-9+/]{40,120}=", fullmatch=True
)
WISHES = st.builds(
    DesiredSubscription,
    mailbox=st.from_regex(r"[a-z]{1,3}@[a-z]{1,8}(\.[a-z]{2,5}){1,2}", fullmatch=True),
    name=NAMES,
    folders=st.sets(FOLDERS, max_size=5).map(lambda folders: tuple(sorted(folders))),
    event_types=st.sets(st.sampled_from(EVENT_TYPES), min_size=1).map(
        lambda types: tuple(name for name in EVENT_TYPES if name in types)
    ),
    status_frequency_minutes=st.integers(1, 1440),
)
FILES = st.lists(WISHES, min_size=1, max_size=4, unique_by=lambda wish: wish.mailbox)
NOISE = st.sampled_from(["", "# [[subscription]]", "  # mailbox = 'x'", "\t"])
OUR_NAMES = {theirs: ours for ours, theirs in EVENT_TYPE_NAMES.items()}


def written(wish: DesiredSubscription, noise: str, *, with_our_names: bool) -> list[str]:
    """Return the lines of a subscription, every key in them, lists over several lines."""
    types = [OUR_NAMES[name] if with_our_names else name for name in wish.event_types]
    folders = ["["] + [f"  {json.dumps(folder)},{noise}" for folder in wish.folders] + ["]"]
    return [
        noise,
        f"[[subscription]]{noise}",
        f"mailbox = {json.dumps(wish.mailbox)}",
        f"status_frequency = {wish.status_frequency_minutes}{noise}",
        *("\n".join(["folders = " + folders[0], *folders[1:]]).split("\n") if wish.folders else ['folders = "all"']),
        f"event_types = {json.dumps(types)}",
        f"name = {json.dumps(wish.name, ensure_ascii=False)}",
    ]


@settings(deadline=None, max_examples=40)  # the machines of CI stop and go
@given(wishes=FILES, noise=NOISE, with_our_names=st.booleans())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, wishes: list[DesiredSubscription], noise: str, *, with_our_names: bool
) -> None:
    """Any good file, whatever stands between."""
    file = tmp_path_factory.getbasetemp() / "roundtrip.toml"
    lines = [line for wish in wishes for line in written(wish, noise, with_our_names=with_our_names)]
    file.write_text("\n".join(lines))
    assert wishes_in(file) == wishes


@settings(deadline=None, max_examples=40)  # the machines of CI stop and go
@given(wishes=FILES, noise=NOISE, chosen=st.data())
def test_an_error_is_told_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, wishes: list[DesiredSubscription], noise: str, chosen: st.DataObject
) -> None:
    """A frequency out of range in any subscription of any good file."""
    file = tmp_path_factory.getbasetemp() / "one-error.toml"
    lines = [line for wish in wishes for line in written(wish, noise, with_our_names=True)]
    frequencies = [number for number, line in enumerate(lines) if line.startswith("status_frequency")]
    wrong = chosen.draw(st.sampled_from(frequencies))
    lines[wrong] = "status_frequency = 1441"
    (error,) = errors(file, "\n".join(lines))
    assert error.startswith(f"{wrong + 1}: status_frequency must be")
