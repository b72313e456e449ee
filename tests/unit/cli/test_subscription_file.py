"""subscriptions.toml: valid files, and every error with its line."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.ews_names import EVENT_TYPE_NAMES
from cli.exceptions import InvalidFileError
from cli.subscription_file import read_desired
from ewspush.domain.desired import DEFAULT_EVENT_TYPES, EVENT_TYPES, MAX_PER_MAILBOX, DesiredSubscription
from ewspush.protocol.soap import DISTINGUISHED_FOLDERS

ALICE = '[[subscription]]\nmailbox = "alice@example.com"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a path to write to."""
    return tmp_path / "subscriptions.toml"


def errors(file: Path, text: str) -> list[str]:
    """Return the errors in `text`, each with its line but without the directory."""
    file.write_text(text)
    with pytest.raises(InvalidFileError) as caught:
        read_desired(file)
    return [line.removeprefix(f"{file}:") for line in caught.value.lines]


class TestValidFiles:
    """The desired subscriptions of a valid file."""

    def test_a_mailbox_is_enough(self, file: Path) -> None:
        """Every other key has a default."""
        file.write_text(ALICE)
        assert read_desired(file) == [DesiredSubscription("alice@example.com", "default", (), DEFAULT_EVENT_TYPES, 15)]

    def test_every_key_sets_its_field(self, file: Path) -> None:
        """Folder names become lower case; event types of either spelling come in a fixed order."""
        file.write_text(
            '[[subscription]]\nmailbox = "alice@example.com"\nname = "work"\nfolders = ["Inbox", "calendar", "inbox"]\n'
            'event_types = ["NewMailEvent", "created", "new_mail"]\nstatus_frequency = 1440\n'
        )
        expected = DesiredSubscription(
            "alice@example.com", "work", ("calendar", "inbox"), ("CreatedEvent", "NewMailEvent"), 1440
        )
        assert read_desired(file) == [expected]

    def test_defaults_fill_in_missing_keys(self, file: Path) -> None:
        """A key of the subscription overrides the default."""
        defaults = '[defaults]\nfolders = ["inbox"]\nevent_types = ["created"]\nstatus_frequency = 5\n'
        file.write_text(f'{defaults}{ALICE}folders = "all"\n')
        assert read_desired(file) == [DesiredSubscription("alice@example.com", "default", (), ("CreatedEvent",), 5)]

    def test_windows_files_are_accepted(self, file: Path) -> None:
        """With a byte order mark and carriage returns."""
        file.write_bytes(b"\xef\xbb\xbf" + ALICE.replace("\n", "\r\n").encode())
        assert read_desired(file) == [DesiredSubscription("alice@example.com")]

    def test_a_mailbox_may_have_three_subscriptions(self, file: Path) -> None:
        """Amazon WorkMail allows as many."""
        file.write_text("".join(f'{ALICE}name = "{number}"\n' for number in range(MAX_PER_MAILBOX)))
        assert [desired.name for desired in read_desired(file)] == ["0", "1", "2"]


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
def test_an_invalid_address_is_reported(file: Path, line: str, expected: str) -> None:
    """The error has the line of the file."""
    (error,) = errors(file, f"# head\n[[subscription]]\n{line}\n")
    assert error.startswith(f"3: {expected}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'name = ""',
            'name must be 1 to 64 characters without leading or trailing blanks, not ""; example: name = "calendar"',
        ),
        ('name = " work"', "name must be"),
        ('name = "a\\nb"', "name must be"),
        (f'name = "{"x" * 65}"', "name must be"),
        ("name = true", "name must be 1 to 64 characters without leading or trailing blanks, not true"),
        ("status_frequency = 0", "status_frequency must be a whole number of minutes from 1 to 1440, not 0; example: "),
        ("status_frequency = 1441", "status_frequency must be a whole number of minutes from 1 to 1440, not 1441;"),
        ("status_frequency = -1", "status_frequency must be"),
        ("status_frequency = 15.0", "status_frequency must be a whole number of minutes from 1 to 1440, not 15.0;"),
        ("status_frequency = true", "status_frequency must be a whole number of minutes from 1 to 1440, not true;"),
        ('status_frequency = "15"', 'status_frequency must be a whole number of minutes from 1 to 1440, not "15";'),
        ("status_frequency = 2026-03-04", 'status_frequency must be a whole number of minutes from 1 to 1440, not "20'),
        ("folders = []", 'folders is empty; for all folders write folders = "all"; folders are "all", or a list of'),
        ('folders = "inbox"', 'folders must be a list, not "inbox"; folders are "all", or a list of names'),
        ('folders = ["all"]', '"all" is not allowed in a list; for all folders write folders = "all"'),
        ('folders = ["inboxx"]', 'folder "inboxx" is neither a name nor an id; did you mean "inbox"? folders are'),
        ('folders = ["Inbox "]', 'folder "Inbox " is neither a name nor an id; did you mean "inbox"? folders are'),
        ('folders = ["projects"]', 'folder "projects" is neither a name nor an id; folders are "all", or a list'),
        ("folders = [1]", "folder 1 is not a string; folders are"),
        ("folders = {}", "folders must be a list, not {};"),
        (
            "event_types = []",
            "event_types is empty; leave the key out for the default event types; event types are copied,",
        ),
        ('event_types = "created"', 'event_types must be a list, not "created"; event types are copied, created,'),
        ('event_types = ["newmail"]', 'event type "newmail" is not known; did you mean "new_mail"? event types are'),
        ('event_types = ["NewMail"]', 'event type "NewMail" is not known; did you mean'),
        ('event_types = ["StatusEvent"]', 'event type "StatusEvent" is not known;'),
        ("event_types = [false]", "event type false is not a string; event types are"),
        (
            'folder = "inbox"',
            'key "folder" is not known; did you mean "folders"? [[subscription]] takes mailbox, name,',
        ),
        ("zzz = 1", 'key "zzz" is not known; [[subscription]] takes mailbox, name, folders, event_types, status_fre'),
        ("status.frequency = 15", 'key "status" is not known;'),
    ],
)
def test_an_invalid_value_is_reported(file: Path, line: str, expected: str) -> None:
    """The error has the line of the file, what is wrong, and what is allowed."""
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
def test_an_invalid_default_is_reported_once(file: Path, line: str, expected: str) -> None:
    """It applies to several subscriptions."""
    (error,) = errors(file, f'[defaults]\n{line}\n{ALICE}\n{ALICE}name = "other"\n')
    assert error.startswith(f"2: {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "",
            '1: the file has no subscription; write a line [[subscription]], and below it mailbox = "alice@example',
        ),
        ("# nothing\n", "1: the file has no subscription;"),
        ("\nsubscription = []", "1: the file has no subscription;"),
        (
            "\n[subscription]\n",
            "2: subscription must have two pairs of brackets: write a line [[subscription]], and below",
        ),
        ('subscription = ["alice@example.com"]', '1: a subscription must be a table, not "alice@example.com": write'),
        ("\n[[subscription]]\n\n", '2: mailbox is missing; example: mailbox = "alice@example.com"'),
        (f"defaults = 1\n{ALICE}", "1: defaults must be a table: write a line [defaults]"),
        (f"{ALICE}[default]\n", '3: key "default" is not known; did you mean "defaults"? the file takes subscription'),
        (
            f"{ALICE}mailbox 1\n",
            "3: this is not valid TOML: Expected '=' after a key in a key/value pair (column 9); exampl",
        ),
        (f"{ALICE}name = [\n\n", "3: this is not valid TOML: Invalid value; example: "),
        (f"{ALICE}mailbox = 1\n", "3: this is not valid TOML: Cannot overwrite a value"),
        ("a = " + "[" * 10_000, "1: this is not valid TOML: nested too deeply"),
        (f"{ALICE}status_frequency = {'9' * 5_000}", "1: this is not valid TOML: "),
        (
            f'{ALICE}\n[[subscription]]\nmailbox = "ALICE@example.com"\n',
            '4: ALICE@example.com already has a subscription named "default", in line 1; give each a name of its own;',
        ),
        (
            "".join(f'{ALICE}name = "{number}"\n' for number in range(4)),
            (
                "10: alice@example.com has more than 3 subscriptions, the first in line 1; "
                "at most 3 per mailbox are allowed: combine several folders in one subscription;"
            ),
        ),
    ],
)
def test_an_invalid_file_is_reported(file: Path, text: str, expected: str) -> None:
    """The error has the line of the file."""
    (error,) = errors(file, text)
    assert error.startswith(expected)


def test_all_errors_are_reported_at_once(file: Path) -> None:
    """They come in the order of the file; each value of a list has its own."""
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


def test_every_subscription_beyond_the_third_is_reported(file: Path) -> None:
    """A second error in one of them changes nothing."""
    text = "".join(f'{ALICE}name = "{number}"\n' for number in range(4)) + f'{ALICE}name = "4"\nfolders = []\n'
    reported = errors(file, text)
    assert [error.partition(":")[0] for error in reported] == ["10", "13", "16"]
    assert "more than 3" in reported[0]
    assert "more than 3" in reported[1]


def test_a_file_in_another_encoding_is_refused(file: Path) -> None:
    """The error has the line of the first byte that is not UTF-8."""
    file.write_bytes(b'[[subscription]]\nname = "B\xfcro"\n')
    with pytest.raises(InvalidFileError) as caught:
        read_desired(file)
    assert caught.value.lines == [f"{file}:2: the file must be saved as UTF-8"]


def test_a_missing_file_is_named(file: Path) -> None:
    """The error says how to name another."""
    with pytest.raises(InvalidFileError, match=r"subscriptions.toml: the file does not exist; .*--file"):
        read_desired(file)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    """The error has the reason of the operating system."""
    with pytest.raises(InvalidFileError, match="the file can't be read: Is a directory"):
        read_desired(tmp_path)


def test_the_number_of_errors_comes_last(file: Path) -> None:
    """The same line says that nothing was changed."""
    file.write_text("a = 1\nb = 2\n")
    with pytest.raises(InvalidFileError, match=r"^3 errors in .*subscriptions.toml; nothing was changed$"):
        read_desired(file)


NAMES = st.text(st.characters(categories=("L", "N", "P", "S"))).filter(lambda name: 0 < len(name) <= 64)
FOLDERS = st.sampled_from(sorted(DISTINGUISHED_FOLDERS)) | st.from_regex(
    r"AAMkAD[A-Za-z0-9+/]{40,120}=", fullmatch=True
)
DESIRED = st.builds(
    DesiredSubscription,
    mailbox=st.from_regex(r"[a-z]{1,3}@[a-z]{1,8}(\.[a-z]{2,5}){1,2}", fullmatch=True),
    name=NAMES,
    folders=st.sets(FOLDERS, max_size=5).map(lambda folders: tuple(sorted(folders))),
    event_types=st.sets(st.sampled_from(EVENT_TYPES), min_size=1).map(
        lambda types: tuple(name for name in EVENT_TYPES if name in types)
    ),
    status_frequency_minutes=st.integers(1, 1440),
)
FILES = st.lists(DESIRED, min_size=1, max_size=4, unique_by=lambda desired: desired.mailbox)
NOISE = st.sampled_from(["", "# [[subscription]]", "  # mailbox = 'x'", "\t"])
OUR_NAMES = {theirs: ours for ours, theirs in EVENT_TYPE_NAMES.items()}


def lines_of(desired: DesiredSubscription, noise: str, *, with_our_names: bool) -> list[str]:
    """Return the lines of a subscription with every key, lists over several lines."""
    types = [OUR_NAMES[name] if with_our_names else name for name in desired.event_types]
    folders = ["["] + [f"  {json.dumps(folder)},{noise}" for folder in desired.folders] + ["]"]
    return [
        noise,
        f"[[subscription]]{noise}",
        f"mailbox = {json.dumps(desired.mailbox)}",
        f"status_frequency = {desired.status_frequency_minutes}{noise}",
        *("\n".join(["folders = " + folders[0], *folders[1:]]).split("\n") if desired.folders else ['folders = "all"']),
        f"event_types = {json.dumps(types)}",
        f"name = {json.dumps(desired.name, ensure_ascii=False)}",
    ]


@settings(deadline=None, max_examples=40)  # CI machines pause
@given(subscriptions=FILES, noise=NOISE, with_our_names=st.booleans())
def test_a_file_with_any_values_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    subscriptions: list[DesiredSubscription],
    noise: str,
    *,
    with_our_names: bool,
) -> None:
    """Comments and blank lines between them change nothing."""
    file = tmp_path_factory.getbasetemp() / "roundtrip.toml"
    lines = [line for desired in subscriptions for line in lines_of(desired, noise, with_our_names=with_our_names)]
    file.write_text("\n".join(lines))
    assert read_desired(file) == subscriptions


@settings(deadline=None, max_examples=40)  # CI machines pause
@given(subscriptions=FILES, noise=NOISE, chosen=st.data())
def test_an_error_has_its_line_in_any_file(
    tmp_path_factory: pytest.TempPathFactory,
    subscriptions: list[DesiredSubscription],
    noise: str,
    chosen: st.DataObject,
) -> None:
    """One status_frequency is out of range."""
    file = tmp_path_factory.getbasetemp() / "one-error.toml"
    lines = [line for desired in subscriptions for line in lines_of(desired, noise, with_our_names=True)]
    frequencies = [number for number, line in enumerate(lines) if line.startswith("status_frequency")]
    wrong = chosen.draw(st.sampled_from(frequencies))
    lines[wrong] = "status_frequency = 1441"
    (error,) = errors(file, "\n".join(lines))
    assert error.startswith(f"{wrong + 1}: status_frequency must be")
