"""The commands on moto: arguments, output, and the tables afterwards."""

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
from cli.plan import Plan, make_plan
from ewspush.adapters.clock import utc_now
from ewspush.domain.desired import DesiredSubscription, new_subscription
from ewspush.domain.events import log_entry, push_events
from ewspush.domain.subscription import State, Subscription, SubscriptionChanges
from ewspush.domain.updates import ConditionalUpdate, SameRevision
from tests.aws import Aws, moto
from tests.builders import MAILBOX, callback, created, subscription

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
def _empty_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty directory, without the AWS settings of this machine."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AWS_") or name in {"FORCE_COLOR", "TTY_COMPATIBLE"}]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Return the tables that `--local` works on; the directory has a valid file."""
    (tmp_path / "subscriptions.toml").write_text(FILE)
    with moto() as made:
        ready = {
            "dynamodb": "https://dynamodb.us-east-1.amazonaws.com",
            "subscriptions_table": made.subscriptions_table,
            "events_table": made.events_table,
        }
        (tmp_path / "ready.json").write_text(json.dumps(ready))
        monkeypatch.setattr(targets, "READY_FILE", tmp_path / "ready.json")
        yield made


def stored(aws: Aws) -> dict[str, Subscription]:
    """Return the subscriptions of the table, by mailbox."""
    read = (aws.ledger().read(desired.key) for desired in (ALICE, BOB, DAVE))
    return {one.mailbox: one for one in read if one}


def type_answer(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Make stdin a terminal on which `answer` is typed."""
    master, slave = pty.openpty()
    os.write(master, f"{answer}\n".encode())
    monkeypatch.setattr(sys, "stdin", os.fdopen(slave))


class TestPlan:
    """`plan`."""

    def test_it_prints_every_step_and_applies_none(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """The last line has their number."""
        aws.ledger().add(
            replace(new_subscription(ALICE, utc_now()), state=State.SUSPENDED, last_error="ErrorAccessDenied: no")
        )
        aws.ledger().add(new_subscription(DAVE, utc_now()))
        before = stored(aws)
        assert main(["plan", "--local"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "subscriptions.toml -> local run at https://dynamodb.us-east-1.amazonaws.com"
        assert lines[1].split() == [
            *("!", "try", "again", MAILBOX, f"({ALICE.key})"),
            *("it", "was", "suspended:", "ErrorAccessDenied:", "no"),
        ]
        assert lines[2].startswith(f"+ add        bob@example.com ({BOB.key})    folders: inbox; event types: ")
        assert lines[3] == f"- retire     dave@example.com ({DAVE.key})   not in the file"
        assert lines[4] == "1 to add, 1 to try again, 1 to retire; 0 unchanged"
        assert stored(aws) == before

    def test_it_says_when_there_is_nothing_to_do(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """The line has the number of subscriptions that match."""
        for desired in (ALICE, BOB):
            aws.ledger().add(new_subscription(desired, utc_now()))
        assert main(["plan", "--local"]) == 0
        assert capsys.readouterr().out.splitlines()[1:] == ["nothing to do; 2 unchanged"]


class TestApply:
    """`apply`."""

    def test_it_adds_new_subscriptions(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """They are due at once, so that the next keeper run subscribes."""
        assert main(["apply", "--local"]) == 0
        added = stored(aws)
        assert {one.state for one in added.values()} == {State.WANTED}
        assert added["bob@example.com"].folders == ("inbox",)
        assert all(one.next_check_at is not None and one.next_check_at <= utc_now() for one in added.values())
        assert capsys.readouterr().err == "ews-push: 2 done\n"

    def test_a_second_time_it_writes_nothing(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """The first time added, changed and retired."""
        aws.ledger().add(replace(new_subscription(ALICE, utc_now()), state=State.SUSPENDED))
        aws.ledger().add(new_subscription(DAVE, utc_now()))
        assert main(["apply", "--local", "--yes"]) == 0
        after = stored(aws)
        assert {one.mailbox: one.state for one in after.values()} == {
            MAILBOX: State.WANTED,
            "bob@example.com": State.WANTED,
            "dave@example.com": State.RETIRED,
        }
        capsys.readouterr()
        assert main(["apply", "--local"]) == 0
        assert stored(aws) == after
        assert "nothing to do; 2 unchanged" in capsys.readouterr().out

    def test_a_file_with_errors_changes_nothing(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """Its valid subscriptions are not added either; each error has its line."""
        Path("subscriptions.toml").write_text(f'{FILE}folder = 1\n[[subscription]]\nmailbox = "carol"\n')
        assert main(["apply", "--local", "--yes"]) == 2
        errors = capsys.readouterr().err.splitlines()
        assert errors[0].startswith('subscriptions.toml:8: key "folder" is not known; did you mean "folders"?')
        assert errors[1].startswith('subscriptions.toml:10: mailbox must be an address, not "carol"')
        assert errors[2:] == ["ews-push: 2 errors in subscriptions.toml; nothing was changed"]
        assert not stored(aws)

    def test_without_a_terminal_it_retires_only_with_yes(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It applies no other step either."""
        aws.ledger().add(new_subscription(DAVE, utc_now()))
        with Path(os.devnull).open() as empty:
            monkeypatch.setattr(sys, "stdin", empty)
            assert main(["apply", "--local"]) == 2
        assert (
            "retiring 1 subscription needs a terminal to confirm on, or --yes; nothing was changed"
            in capsys.readouterr().err
        )
        assert {one.mailbox: one.state for one in stored(aws).values()} == {"dave@example.com": State.WANTED}

    @pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 1), ("", 1)])
    def test_on_a_terminal_it_asks_before_it_retires(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
    ) -> None:
        """It changes nothing unless the answer is yes."""
        aws.ledger().add(new_subscription(DAVE, utc_now()))
        type_answer(monkeypatch, answer)
        assert main(["apply", "--local"]) == status
        assert (stored(aws)["dave@example.com"].state is State.RETIRED) == (status == 0)
        assert len(stored(aws)) == (3 if status == 0 else 1)

    def test_a_subscription_that_changes_meanwhile_is_read_again(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It changes between the plan and the write."""
        before = subscription(status_frequency_minutes=99)
        aws.ledger().add(before)

        def meanwhile(*arguments: Any) -> Plan:
            plan = make_plan(*arguments)
            changes: SubscriptionChanges = {"generation": 7, "watermark": "w7"}
            assert aws.ledger().commit(ConditionalUpdate(before.key, SameRevision(before), changes)).stored
            return plan

        monkeypatch.setattr(commands, "make_plan", meanwhile)
        assert main(["apply", "--local"]) == 0
        after = stored(aws)[MAILBOX]
        assert (after.status_frequency_minutes, after.generation, after.watermark) == (15, 7, "w7")

    def test_a_failed_write_is_reported_and_does_not_stop_the_others(
        self, aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The exit status is 1, and the last line says how to continue."""
        real = apply.apply_step

        def apply_step(step: Any, *arguments: Any) -> bool:
            if step.mailbox == MAILBOX:
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutItem")
            return real(step, *arguments)

        monkeypatch.setattr(apply, "apply_step", apply_step)
        assert main(["apply", "--local"]) == 1
        assert set(stored(aws)) == {"bob@example.com"}
        first, last = capsys.readouterr().err.splitlines()
        assert first.startswith(f"ews-push: {MAILBOX} ({ALICE.key}): add failed: An error occurred (AccessDen")
        assert last == "ews-push: 1 done, 1 failed; run the command again to continue"

    def test_it_adds_a_hundred_subscriptions(self, aws: Aws) -> None:
        """They are more than it writes at once."""
        text = "".join(f'[[subscription]]\nmailbox = "user{n}@example.com"\n' for n in range(100))
        Path("subscriptions.toml").write_text(text)
        assert main(["apply", "--local"]) == 0
        found = aws.dynamodb.scan(TableName=aws.subscriptions_table)["Items"]
        assert {item["mailbox"]["S"] for item in found} == {f"user{n}@example.com" for n in range(100)}


class TestList:
    """`list`."""

    def test_piped_output_is_complete(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """It has no colour, and no line is wrapped or cut."""
        error = "ErrorAccessDenied: " + "x" * 200
        aws.ledger().add(subscription(state=State.SUSPENDED, attempts=5, last_error=f"{error}\x1b[31m\n"))
        aws.ledger().add(new_subscription(BOB, utc_now()))
        assert main(["list", "--local"]) == 0
        out, err = capsys.readouterr()
        heading, alice, bob = out.splitlines()
        assert heading.split() == ["mailbox", "key", "folders", "state", "last", "push", "frequency", "last", "error"]
        assert alice.split()[:4] == [MAILBOX, ALICE.key, "all", "suspended"]
        assert "ago (2026-03-04T12:00:00Z)  15 min     5 attempts: ErrorAccessDenied: xxx" in alice
        assert alice.endswith("x [31m")
        assert bob.split() == ["bob@example.com", BOB.key, "inbox", "wanted", "never", "15", "min"]
        assert err == "ews-push: 2 subscriptions: 1 suspended, 1 wanted\n"

    def test_a_state_selects_subscriptions(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """Those in other states are left out."""
        aws.ledger().add(subscription())
        aws.ledger().add(new_subscription(BOB, utc_now()))
        assert main(["--local", "list", "--state", "active", "--json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)
        assert (found["mailbox"], found["state"], found["folders"]) == (MAILBOX, "active", [])
        assert (found["last_seen_at"], found["lost_code"]) == ("2026-03-04T12:00:00.000Z", None)

    def test_an_empty_table_is_reported(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """The JSON array is empty."""
        assert aws.dynamodb.scan(TableName=aws.subscriptions_table)["Count"] == 0
        assert main(["list", "--local"]) == 0
        assert capsys.readouterr() == ("", "ews-push: no subscriptions\n")
        assert main(["list", "--local", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == []

    def test_every_page_of_the_scan_is_read(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """A page holds at most a megabyte."""
        for number in range(12):
            desired = DesiredSubscription(f"user{number}@example.com")
            aws.ledger().add(replace(new_subscription(desired, utc_now()), last_error="x" * 200_000))
        assert main(["list", "--local", "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)) == 12


class TestShow:
    """`show`."""

    def test_it_prints_all_fields_and_counts_recent_events(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """Events are counted by type; their content is not printed."""
        now = utc_now()
        shown = subscription(last_seen_at=now - timedelta(minutes=3), next_check_at=now + timedelta(minutes=27))
        aws.ledger().add(shown)
        events = push_events(callback(), [created("secret-item", "w2"), created("other", "w3")], now)
        logged = log_entry(callback(), now, events)
        assert (
            aws.ledger().commit(ConditionalUpdate(shown.key, SameRevision(shown), {"watermark": "w3"}, logged)).stored
        )
        assert main(["show", "--local", "Alice@example.com"]) == 0
        out = capsys.readouterr().out
        heading, *lines = out.splitlines()
        assert heading == MAILBOX
        facts = {line[:18].strip(): line[18:].strip() for line in lines}
        assert facts["key"] == shown.key
        assert facts["state"].startswith("active: ")
        assert facts["last push"].startswith("3 minutes ago (")
        assert facts["next check"].startswith("in 26 minutes (")
        assert facts["events"] == "2 in the last 24 hours: 2 created"
        assert "secret-item" not in out

    def test_a_key_is_enough(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """The JSON has every field."""
        aws.ledger().add(subscription())
        assert main(["show", "--local", "--json", ALICE.key]) == 0
        (found,) = json.loads(capsys.readouterr().out)
        assert (found["mailbox"], found["watermark"]) == (MAILBOX, "w1")

    def test_an_unknown_name_is_reported(self, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
        """The error suggests a similar address."""
        aws.ledger().add(subscription())
        assert main(["show", "--local", "alise@example.com"]) == 1
        assert capsys.readouterr().err.endswith("; did you mean alice@example.com?\n")
        assert main(["show", "--local", "zzz"]) == 1
        assert "there is no subscription with the key zzz in the local run at" in capsys.readouterr().err


class TestRetire:
    """`retire`."""

    def test_an_address_retires_all_subscriptions_of_the_mailbox(
        self, aws: Aws, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It retires no other, and prints each."""
        second = replace(ALICE, name="second")
        for desired in (ALICE, second, BOB):
            aws.ledger().add(new_subscription(desired, utc_now()))
        assert main(["retire", "--local", "--yes", MAILBOX]) == 0
        states = [getattr(aws.ledger().read(one.key), "state", None) for one in (ALICE, second, BOB)]
        assert states == [State.RETIRED, State.RETIRED, State.WANTED]
        err = capsys.readouterr().err
        assert f"to retire: {MAILBOX} ({second.key})" in err
        assert "gets Unsubscribe, and the mail server stops" in err
        assert main(["retire", "--local", MAILBOX]) == 0
        assert capsys.readouterr().err == "ews-push: nothing to do; already retired\n"

    def test_an_unknown_name_retires_nothing(self, aws: Aws) -> None:
        """The names before it are not retired either."""
        aws.ledger().add(subscription())
        assert main(["retire", "--local", "--yes", ALICE.key, "bob@example.com"]) == 1
        assert stored(aws)[MAILBOX].state is State.ACTIVE

    def test_on_a_terminal_it_asks(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        """After "no" nothing changes."""
        aws.ledger().add(subscription())
        type_answer(monkeypatch, "no")
        assert main(["retire", "--local", MAILBOX]) == 1
        assert stored(aws)[MAILBOX].state is State.ACTIVE


class TestTargets:
    """`--stack` and `--local`."""

    @pytest.fixture
    def stack(self, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        """Return the outputs of the stack EwsPush, which a test may edit; moto's needs more packages."""
        outputs = {"SubscriptionsTable": aws.subscriptions_table, "EventsTable": aws.events_table}
        real = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001  # moto patches it, too

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

    def test_the_outputs_of_a_stack_name_the_tables(
        self, stack: dict[str, str], aws: Aws, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The region is that of AWS_REGION."""
        assert stack["SubscriptionsTable"] == aws.subscriptions_table
        assert main(["apply"]) == 0
        assert capsys.readouterr().out.startswith("subscriptions.toml -> stack EwsPush in us-east-1\n")
        assert set(stored(aws)) == {MAILBOX, "bob@example.com"}

    @pytest.mark.usefixtures("stack")
    def test_a_stack_that_does_not_exist_is_reported(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The error says how to name another."""
        assert main(["list", "--stack", "Other"]) == 1
        expected = "Stack with id Other does not exist in this account and region: deploy it (make deploy), or name"
        assert capsys.readouterr().err.startswith(f"ews-push: {expected}")

    def test_another_kind_of_stack_is_reported(self, stack: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
        """The error names the missing output."""
        stack.pop("EventsTable")
        assert main(["list"]) == 1
        assert "stack EwsPush has no output EventsTable; it is not a stack of EWS Push" in capsys.readouterr().err

    def test_a_missing_region_is_reported(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The error says how to set one."""
        assert main(["list"]) == 2
        assert "no AWS region is set: export AWS_REGION=" in capsys.readouterr().err

    def test_missing_credentials_are_reported(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """No request goes to AWS."""
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        assert main(["list"]) == 1
        assert "Unable to locate credentials (set AWS_PROFILE" in capsys.readouterr().err

    def test_an_unknown_profile_is_reported(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The error has its name."""
        monkeypatch.setenv("AWS_PROFILE", "nix")
        assert main(["list"]) == 1
        assert "(nix) could not be found (set AWS_PROFILE to a profile of" in capsys.readouterr().err

    @pytest.mark.parametrize("content", [None, "", "[]", '{"ready": true}'])
    def test_a_missing_local_run_is_reported(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        content: str | None,
    ) -> None:
        """A ready file with other content is reported, too."""
        monkeypatch.setattr(targets, "READY_FILE", tmp_path / "ready.json")
        if content is not None:
            targets.READY_FILE.write_text(content)
        assert main(["list", "--local"]) == 1
        assert capsys.readouterr().err.startswith(
            f"ews-push: {targets.READY_FILE} has no dynamodb"
            if content
            else "ews-push: no local run is up: start one with"
        )

    def test_a_local_run_that_ended_is_reported(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Its endpoint does not answer."""
        monkeypatch.setattr(targets, "READY_FILE", tmp_path / "ready.json")
        line = {"dynamodb": "http://127.0.0.1:9", "subscriptions_table": "s", "events_table": "e"}
        targets.READY_FILE.write_text(json.dumps(line))
        assert main(["list", "--local"]) == 1
        assert "with --local, check that `make up` is still running" in capsys.readouterr().err


class TestCommandLine:
    """Arguments, interruption and the script."""

    @pytest.mark.parametrize("arguments", [[], ["nix"], ["show"], ["list", "--state", "nix"], ["plan", "--yes"]])
    def test_wrong_arguments_are_refused(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        """The exit status is 2, and the usage is printed."""
        with pytest.raises(SystemExit) as exited:
            main(arguments)
        assert exited.value.code == 2
        assert capsys.readouterr().err.startswith("usage: ews-push")

    def test_an_interruption_is_reported(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One line says so."""

        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(commands, "find_tables", interrupted)
        assert main(["list"]) == 1
        assert capsys.readouterr().err.startswith("ews-push: interrupted;")

    @pytest.mark.starts_processes
    def test_the_script_runs_in_any_directory(self, tmp_path: Path) -> None:
        """A directory named cli there does not matter."""
        (tmp_path / "cli").mkdir()
        (tmp_path / "cli" / "__init__.py").write_text("raise SystemExit(99)")
        ended = subprocess.run([ROOT / "ews-push", "plan"], capture_output=True, text=True, check=False)  # noqa: S603  # ours
        assert ended.returncode == 2
        assert ended.stderr.startswith("ews-push: subscriptions.toml: the file does not exist;")

    @pytest.mark.starts_processes
    def test_the_script_asks_for_make_setup(self, tmp_path: Path) -> None:
        """Without it, the virtual environment is missing."""
        copy = shutil.copy(ROOT / "ews-push", tmp_path)
        ended = subprocess.run([copy], capture_output=True, text=True, check=False)  # noqa: S603  # ours
        assert ended.returncode == 2
        assert ended.stderr == f"ews-push: this is not set up yet: run `make setup` in {tmp_path}\n"
