"""The command line on moto: what is typed, what is printed, what is in the tables afterwards."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from cli import apply, commands, targets
from cli.main import main
from cli.plan import Plan, planned
from ewspush.adapters.clock import utc_now
from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.events import push_documents
from ewspush.domain.subscription import LoggedNotification, State, Subscription, arrival
from ewspush.domain.updates import ConditionalUpdate, SameRevision
from tests.aws import Aws, moto
from tests.stories import MAILBOX, callback, created, subscription

ROOT = Path(__file__).parents[2]
ALICE, BOB, DAVE = (
    DesiredSubscription(MAILBOX),
    DesiredSubscription("bob@example.com", folders=("inbox",)),
    DesiredSubscription("dave@example.com"),
)
FILE = f"""
[[subscription]]
mailbox = "{MAILBOX}"

[[subscription]]
mailbox = "bob@example.com"
folders = ["inbox"]
"""


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty directory, with nothing of this machine's AWS settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AWS_") or name in {"FORCE_COLOR", "TTY_COMPATIBLE"}]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Return the tables that `--local` works on, and a good file."""
    (tmp_path / "subscriptions.toml").write_text(FILE)
    with moto() as made:
        ready = {
            "dynamodb": "https://dynamodb.us-east-1.amazonaws.com",
            "subscriptions_table": made.subscriptions_table,
            "events_table": made.events_table,
        }
        (tmp_path / "ready.json").write_text(json.dumps(ready))
        monkeypatch.setattr(targets, "READY", tmp_path / "ready.json")
        yield made


def rows(aws: Aws) -> dict[str, Subscription]:
    """Return what is in the table, by mailbox."""
    read = (aws.ledger().read(wish.subscription) for wish in (ALICE, BOB, DAVE))
    return {row.mailbox: row for row in read if row}


def answering(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Sit at the keyboard."""
    master, slave = pty.openpty()
    os.write(master, f"{answer}\n".encode())
    monkeypatch.setattr(sys, "stdin", os.fdopen(slave))


class TestPlan:
    """What would be done."""

    def test_it_shows_every_step_and_does_none(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """One line each, and how many."""
        aws.ledger().add(
            replace(new_subscription(ALICE, utc_now()), state=State.SUSPENDED, last_error="ErrorAccessDenied: no")
        )
        aws.ledger().add(new_subscription(DAVE, utc_now()))
        before = rows(aws)
        assert main(["plan", "--local"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "subscriptions.toml -> local run at https://dynamodb.us-east-1.amazonaws.com"
        assert lines[1].split() == [
            *("!", "try", "again", MAILBOX, f"({ALICE.subscription})"),
            *("it", "was", "suspended:", "ErrorAccessDenied:", "no"),
        ]
        assert lines[2].startswith(
            f"+ add        bob@example.com ({BOB.subscription})    folders: inbox; event types: "
        )
        assert lines[3] == f"- retire     dave@example.com ({DAVE.subscription})   not in the file"
        assert lines[4] == "1 to add, 1 to try again, 1 to retire; 0 unchanged"
        assert rows(aws) == before

    def test_it_says_when_there_is_nothing_to_do(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """With how many are as they should be."""
        for wish in (ALICE, BOB):
            aws.ledger().add(new_subscription(wish, utc_now()))
        assert main(["plan", "--local"]) == 0
        assert capsys.readouterr().out.splitlines()[1:] == ["nothing to do; 2 unchanged"]


class TestApply:
    """Doing it."""

    def test_it_adds_what_is_new(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """Due at once, so that the keeper's next tick subscribes."""
        assert main(["apply", "--local"]) == 0
        made = rows(aws)
        assert {row.state for row in made.values()} == {State.WANTED}
        assert made["bob@example.com"].folders == ("inbox",)
        assert all(row.next_check_at is not None and row.next_check_at <= utc_now() for row in made.values())
        assert capsys.readouterr().err == "ews-push: 2 done\n"

    def test_a_second_time_it_writes_nothing(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """Whatever the first did."""
        aws.ledger().add(replace(new_subscription(ALICE, utc_now()), state=State.SUSPENDED))
        aws.ledger().add(new_subscription(DAVE, utc_now()))
        assert main(["apply", "--local", "--yes"]) == 0
        after = rows(aws)
        assert {row.mailbox: row.state for row in after.values()} == {
            MAILBOX: State.WANTED,
            "bob@example.com": State.WANTED,
            "dave@example.com": State.RETIRED,
        }
        capsys.readouterr()
        assert main(["apply", "--local"]) == 0
        assert rows(aws) == after
        assert "nothing to do; 2 unchanged" in capsys.readouterr().out

    def test_a_file_with_errors_changes_nothing(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """Not even what is good in it; each error has its line."""
        Path("subscriptions.toml").write_text(f'{FILE}folder = 1\n[[subscription]]\nmailbox = "carol"\n')
        assert main(["apply", "--local", "--yes"]) == 2
        errors = capsys.readouterr().err.splitlines()
        assert errors[0].startswith('subscriptions.toml:8: key "folder" is not known; did you mean "folders"?')
        assert errors[1].startswith('subscriptions.toml:10: mailbox must be an address, not "carol"')
        assert errors[2:] == ["ews-push: 2 errors in subscriptions.toml; nothing was changed"]
        assert not rows(aws)

    def test_without_a_terminal_nothing_is_retired_unasked(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nor is anything else done."""
        aws.ledger().add(new_subscription(DAVE, utc_now()))
        with Path(os.devnull).open() as nobody:
            monkeypatch.setattr(sys, "stdin", nobody)
            assert main(["apply", "--local"]) == 2
        assert "1 subscription would be retired, and there is nobody to ask: add --yes" in capsys.readouterr().err
        assert {row.mailbox: row.state for row in rows(aws).values()} == {"dave@example.com": State.WANTED}

    @pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 1), ("", 1)])
    def test_who_sits_at_a_terminal_is_asked(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
    ) -> None:
        """Anything but yes changes nothing."""
        aws.ledger().add(new_subscription(DAVE, utc_now()))
        answering(monkeypatch, answer)
        assert main(["apply", "--local"]) == status
        assert (rows(aws)["dave@example.com"].state is State.RETIRED) == (status == 0)
        assert len(rows(aws)) == (3 if status == 0 else 1)

    def test_a_row_that_changes_under_it_is_read_again(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        """Between the plan and the write."""
        row = subscription(status_frequency_minutes=99)
        aws.ledger().add(row)

        def meanwhile(*arguments: Any) -> Plan:
            plan = planned(*arguments)
            changes = {"generation": 7, "watermark": "w7", "revision": row.revision + 1}
            assert aws.ledger().write(ConditionalUpdate(row.subscription, SameRevision(row), changes)).stored
            return plan

        monkeypatch.setattr(commands, "planned", meanwhile)
        assert main(["apply", "--local"]) == 0
        after = rows(aws)[MAILBOX]
        assert (after.status_frequency_minutes, after.generation, after.watermark) == (15, 7, "w7")

    def test_a_failed_write_is_told_and_the_others_are_done(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """With exit status 1, and the advice to go on."""
        real = apply.follow

        def follow(step: Any, *arguments: Any) -> bool:
            if step.mailbox == MAILBOX:
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutItem")
            return real(step, *arguments)

        monkeypatch.setattr(apply, "follow", follow)
        assert main(["apply", "--local"]) == 1
        assert set(rows(aws)) == {"bob@example.com"}
        first, last = capsys.readouterr().err.splitlines()
        assert first.startswith(f"ews-push: {MAILBOX} ({ALICE.subscription}): add failed: An error occurred (AccessDen")
        assert last == "ews-push: 1 done, 1 failed: run it again, it goes on from here"

    def test_many_are_applied(self, aws: Aws) -> None:
        """More than a page of a scan would hold at once is the table's business; more than the workers is ours."""
        text = "".join(f'[[subscription]]\nmailbox = "user{n}@example.com"\n' for n in range(100))
        Path("subscriptions.toml").write_text(text)
        assert main(["apply", "--local"]) == 0
        found = aws.dynamodb.scan(TableName=aws.subscriptions_table)["Items"]
        assert {item["mailbox"]["S"] for item in found} == {f"user{n}@example.com" for n in range(100)}


class TestList:
    """All of them."""

    def test_the_table_is_whole_when_piped(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """No colour, no fold, no cut."""
        error = "ErrorAccessDenied: " + "x" * 200
        aws.ledger().add(subscription(state=State.SUSPENDED, attempts=5, last_error=f"{error}\x1b[31m\n"))
        aws.ledger().add(new_subscription(BOB, utc_now()))
        assert main(["list", "--local"]) == 0
        out, err = capsys.readouterr()
        heading, alice, bob = out.splitlines()
        assert heading.split() == ["mailbox", "key", "folders", "state", "last", "heard", "of", "every", "trouble"]
        assert alice.split()[:4] == [MAILBOX, ALICE.subscription, "all", "suspended"]
        assert "ago (2026-03-04T12:00:00Z)  15 min  5 tries: ErrorAccessDenied: xxx" in alice
        assert alice.endswith("x [31m")
        assert bob.split() == ["bob@example.com", BOB.subscription, "inbox", "wanted", "never", "15", "min"]
        assert err == "ews-push: 2 subscriptions: 1 suspended, 1 wanted\n"

    def test_one_state_can_be_chosen(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """The others are left out."""
        aws.ledger().add(subscription())
        aws.ledger().add(new_subscription(BOB, utc_now()))
        assert main(["--local", "list", "--state", "active", "--json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)
        assert (found["mailbox"], found["state"], found["folders"]) == (MAILBOX, "active", [])
        assert (found["last_seen_at"], found["lost_code"]) == ("2026-03-04T12:00:00.000Z", None)

    def test_no_subscriptions_are_told_too(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """In either form."""
        assert aws.dynamodb.scan(TableName=aws.subscriptions_table)["Count"] == 0
        assert main(["list", "--local"]) == 0
        assert capsys.readouterr() == ("", "ews-push: no subscriptions\n")
        assert main(["list", "--local", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == []

    def test_every_page_of_the_table_is_read(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """A page holds a megabyte."""
        for number in range(12):
            wish = DesiredSubscription(f"user{number}@example.com")
            aws.ledger().add(replace(new_subscription(wish, utc_now()), last_error="x" * 200_000))
        assert main(["list", "--local", "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)) == 12


class TestShow:
    """One of them."""

    def test_everything_is_told_with_what_was_logged_lately(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """Events are counted by type; nothing that is in them is shown."""
        now = utc_now()
        row = subscription(last_seen_at=now - timedelta(minutes=3), next_check_at=now + timedelta(minutes=27))
        aws.ledger().add(row)
        documents = tuple(push_documents(callback(), [created("secret-item", "w2"), created("other", "w3")], now))
        logged = LoggedNotification(row.subscription, arrival(now, "0"), now, 1, documents)
        assert (
            aws.ledger()
            .write(ConditionalUpdate(row.subscription, SameRevision(row), {"watermark": "w3"}, logged))
            .stored
        )
        assert main(["show", "--local", "Alice@example.com"]) == 0
        out = capsys.readouterr().out
        heading, *facts = out.splitlines()
        assert heading == MAILBOX
        told = {fact[:18].strip(): fact[18:].strip() for fact in facts}
        assert told["key"] == row.subscription
        assert told["state"].startswith("active: ")
        assert told["last heard of"].startswith("3 minutes ago (")
        assert told["next"].startswith("in 26 minutes (")
        assert told["events"] == "2 in the last 24 hours: 2 created"
        assert "secret-item" not in out

    def test_a_key_is_enough(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """As JSON with every field of the row."""
        aws.ledger().add(subscription())
        assert main(["show", "--local", "--json", ALICE.subscription]) == 0
        (found,) = json.loads(capsys.readouterr().out)
        assert (found["mailbox"], found["watermark"]) == (MAILBOX, "w1")

    def test_one_that_does_not_exist_is_told(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """With the one that may be meant."""
        aws.ledger().add(subscription())
        assert main(["show", "--local", "alise@example.com"]) == 1
        assert capsys.readouterr().err.endswith("; did you mean alice@example.com?\n")
        assert main(["show", "--local", "zzz"]) == 1
        assert "there is no subscription with the key zzz in the local run at" in capsys.readouterr().err


class TestRetire:
    """Ending them."""

    def test_an_address_ends_all_of_the_mailbox(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """And no other; each is named."""
        second = replace(ALICE, name="second")
        for wish in (ALICE, second, BOB):
            aws.ledger().add(new_subscription(wish, utc_now()))
        assert main(["retire", "--local", "--yes", MAILBOX]) == 0
        states = [getattr(aws.ledger().read(wish.subscription), "state", None) for wish in (ALICE, second, BOB)]
        assert states == [State.RETIRED, State.RETIRED, State.WANTED]
        err = capsys.readouterr().err
        assert f"to retire: {MAILBOX} ({second.subscription})" in err
        assert "gets Unsubscribe, and the mail server stops" in err
        assert main(["retire", "--local", MAILBOX]) == 0
        assert capsys.readouterr().err == "ews-push: nothing to do; retired already\n"

    def test_one_that_does_not_exist_leaves_the_others(self, aws: Aws) -> None:
        """A slip in the second ends not even the first."""
        aws.ledger().add(subscription())
        assert main(["retire", "--local", "--yes", ALICE.subscription, "bob@example.com"]) == 1
        assert rows(aws)[MAILBOX].state is State.ACTIVE

    def test_who_sits_at_a_terminal_is_asked(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        """No is no."""
        aws.ledger().add(subscription())
        answering(monkeypatch, "no")
        assert main(["retire", "--local", MAILBOX]) == 1
        assert rows(aws)[MAILBOX].state is State.ACTIVE


class TestPlaces:
    """Where the tables are."""

    @pytest.fixture
    def stack(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        """Return the outputs of the stack EwsPush, which can be edited; moto's own needs half of its extras."""
        outputs = {"SubscriptionsTable": aws.subscriptions_table, "EventsTable": aws.events_table}
        real = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001  # where moto steps in as well

        def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            if operation != "DescribeStacks":
                return real(client, operation, arguments)
            if arguments["StackName"] != "EwsPush":
                message = f"Stack with id {arguments['StackName']} does not exist"
                raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, operation)
            return {"Stacks": [{"Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()]}]}

        monkeypatch.setattr(BaseClient, "_make_api_call", call)
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        return outputs

    def test_a_stack_is_found_by_its_outputs(
        self, stack: dict[str, str], aws: Aws, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In the region of the environment."""
        assert stack["SubscriptionsTable"] == aws.subscriptions_table
        assert main(["apply"]) == 0
        assert capsys.readouterr().out.startswith("subscriptions.toml -> stack EwsPush in us-east-1\n")
        assert set(rows(aws)) == {MAILBOX, "bob@example.com"}

    @pytest.mark.usefixtures("stack")
    def test_a_stack_that_is_not_there_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        """With how to name another."""
        assert main(["list", "--stack", "Other"]) == 1
        expected = "Stack with id Other does not exist in this account and region: deploy it (make deploy), or name"
        assert capsys.readouterr().err.startswith(f"ews-push: {expected}")

    def test_a_stack_of_something_else_is_told(self, stack: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
        """By the output that it lacks."""
        stack.pop("EventsTable")
        assert main(["list"]) == 1
        assert "stack EwsPush has no output EventsTable: it is not of EWS Push" in capsys.readouterr().err

    def test_no_region_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        """As something to set."""
        assert main(["list"]) == 2
        assert "no region is set: export AWS_REGION=" in capsys.readouterr().err

    def test_no_credentials_are_told(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Before anything is asked of AWS."""
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        assert main(["list"]) == 1
        assert "Unable to locate credentials (set AWS_PROFILE" in capsys.readouterr().err

    def test_an_unknown_profile_is_told(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """By its name."""
        monkeypatch.setenv("AWS_PROFILE", "nix")
        assert main(["list"]) == 1
        assert "(nix) could not be found (set AWS_PROFILE to one of" in capsys.readouterr().err

    @pytest.mark.parametrize("content", [None, "", "[]", '{"ready": true}'])
    def test_no_local_run_is_told(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        content: str | None,
    ) -> None:
        """Also where something else stands in its place."""
        monkeypatch.setattr(targets, "READY", tmp_path / "ready.json")
        if content is not None:
            targets.READY.write_text(content)
        assert main(["list", "--local"]) == 1
        assert capsys.readouterr().err.startswith(
            f"ews-push: {targets.READY} has no dynamodb" if content else "ews-push: no local run is up: start one with"
        )

    def test_a_local_run_that_ended_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nobody listens where it was."""
        monkeypatch.setattr(targets, "READY", tmp_path / "ready.json")
        line = {"dynamodb": "http://127.0.0.1:9", "subscriptions_table": "s", "events_table": "e"}
        targets.READY.write_text(json.dumps(line))
        assert main(["list", "--local"]) == 1
        assert "is `make up` still running?" in capsys.readouterr().err


class TestCommandLine:
    """How it is called."""

    @pytest.mark.parametrize("arguments", [[], ["nix"], ["show"], ["list", "--state", "nix"], ["plan", "--yes"]])
    def test_a_wrong_call_is_refused(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        """With exit status 2 and the usage."""
        with pytest.raises(SystemExit) as exited:
            main(arguments)
        assert exited.value.code == 2
        assert capsys.readouterr().err.startswith("usage: ews-push")

    def test_an_interruption_is_told(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """In one line."""

        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(commands, "place", interrupted)
        assert main(["list"]) == 1
        assert capsys.readouterr().err.startswith("ews-push: interrupted;")

    @pytest.mark.slow
    def test_the_script_starts_from_anywhere(self, tmp_path: Path) -> None:
        """Also where a directory of the same name lies."""
        (tmp_path / "cli").mkdir()
        (tmp_path / "cli" / "__init__.py").write_text("raise SystemExit(99)")
        told = subprocess.run([ROOT / "ews-push", "plan"], capture_output=True, text=True, check=False)  # noqa: S603  # ours
        assert told.returncode == 2
        assert told.stderr.startswith("ews-push: subscriptions.toml: the file does not exist;")

    def test_the_script_says_what_is_to_be_set_up(self, tmp_path: Path) -> None:
        """Where `make setup` was not run."""
        copy = shutil.copy(ROOT / "ews-push", tmp_path)
        told = subprocess.run([copy], capture_output=True, text=True, check=False)  # noqa: S603  # ours
        assert told.returncode == 2
        assert told.stderr == f"ews-push: this is not set up yet: run `make setup` in {tmp_path}\n"
