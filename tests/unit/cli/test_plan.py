"""The plan, from the desired subscriptions and those of the table."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cli import plan_output
from cli.plan import Kind, Plan, make_plan
from ewspush.domain.desired import DesiredSubscription, new_subscription, retirement
from ewspush.domain.subscription import State, Subscription
from tests.builders import MAILBOX, NOON, TIMING, subscription

LATER = NOON + timedelta(hours=1)
ALICE = DesiredSubscription(MAILBOX)
BOB = DesiredSubscription("bob@example.com", "work", ("inbox",), ("CreatedEvent",), 5)
RETIRED: Subscription = replace(subscription(), **retirement(subscription()))


def kinds(plan: Plan) -> list[tuple[Kind, str]]:
    """Return kind and mailbox of each step."""
    return [(step.kind, step.mailbox) for step in plan.steps]


def reasons(*desired: DesiredSubscription, current: Subscription) -> list[str]:
    """Return the reason of each step, as the plan prints it."""
    return [plan_output.reason(step) for step in make_plan(desired, [current], TIMING, LATER).steps]


def test_new_subscriptions_are_added() -> None:
    """They come in the order of the file."""
    assert kinds(make_plan([BOB, ALICE], [], TIMING, LATER)) == [(Kind.ADD, BOB.mailbox), (Kind.ADD, MAILBOX)]


@pytest.mark.parametrize("state", [State.WANTED, State.ACTIVE, State.LAPSED])
def test_a_subscription_that_matches_needs_no_step(state: State) -> None:
    """The keeper renews it if it is lapsed."""
    assert make_plan([ALICE], [subscription(state=state)], TIMING, LATER) == Plan((), unchanged=1)


def test_an_applied_plan_leaves_nothing_to_do() -> None:
    """Applying is idempotent."""
    current = [new_subscription(desired, NOON) for desired in (BOB, ALICE)]
    assert make_plan([BOB, ALICE], current, TIMING, LATER) == Plan((), unchanged=2)


def test_other_settings_are_a_change_from_old_to_new() -> None:
    """The reason has each difference and nothing else."""
    desired = replace(ALICE, folders=("calendar", "inbox"), status_frequency_minutes=1)
    assert kinds(make_plan([desired], [subscription()], TIMING, LATER)) == [(Kind.CHANGE, MAILBOX)]
    assert reasons(desired, current=subscription()) == [
        "folders: all -> calendar, inbox; status frequency: 15 minutes -> 1 minute"
    ]


def test_event_types_are_printed_by_the_names_of_the_file() -> None:
    """EWS has other names for them."""
    printed = reasons(replace(ALICE, event_types=("NewMailEvent",)), current=subscription())
    assert printed == ["event types: copied, created, deleted, modified, moved, new_mail -> new_mail"]


def test_a_suspended_subscription_is_tried_again_and_the_reason_has_its_error() -> None:
    """The operator who applies has corrected the cause."""
    current = subscription(state=State.SUSPENDED, last_error="ErrorFolderNotFound: a folder does not exist")
    assert kinds(make_plan([ALICE], [current], TIMING, LATER)) == [(Kind.TRY_AGAIN, MAILBOX)]
    assert reasons(ALICE, current=current) == ["it was suspended: ErrorFolderNotFound: a folder does not exist"]


def test_a_suspended_subscription_with_other_settings_is_a_change() -> None:
    """The reason has both."""
    current = subscription(state=State.SUSPENDED)
    desired = replace(ALICE, status_frequency_minutes=30)
    assert kinds(make_plan([desired], [current], TIMING, LATER)) == [(Kind.CHANGE, MAILBOX)]
    assert reasons(desired, current=current) == [
        "status frequency: 15 minutes -> 30 minutes; it was suspended: no error is recorded"
    ]


def test_a_subscription_that_left_the_file_is_retired() -> None:
    """Its state does not matter, and retirements come last."""
    current = [subscription(state=State.SUSPENDED)]
    plan = make_plan([BOB], current, TIMING, LATER)
    assert kinds(plan) == [(Kind.ADD, BOB.mailbox), (Kind.RETIRE, MAILBOX)]
    assert plan_output.reason(plan.steps[1]) == "not in the file"


def test_a_retired_subscription_stays_so_unless_the_file_has_it_again() -> None:
    """It is not retired twice."""
    assert make_plan([], [RETIRED], TIMING, LATER) == Plan((), unchanged=0)
    assert kinds(make_plan([ALICE], [RETIRED], TIMING, LATER)) == [(Kind.ADD_AGAIN, MAILBOX)]
    assert reasons(ALICE, current=RETIRED)[0].endswith("; it was retired")


def test_another_name_is_another_subscription() -> None:
    """The subscription with the old name is retired, because the table holds no names."""
    plan = make_plan([replace(ALICE, name="other")], [subscription()], TIMING, LATER)
    assert kinds(plan) == [(Kind.ADD, MAILBOX), (Kind.RETIRE, MAILBOX)]


def test_an_address_in_other_case_is_no_difference() -> None:
    """Mail servers ignore the case, too."""
    assert make_plan([DesiredSubscription("Alice@Example.com")], [subscription()], TIMING, LATER) == Plan(
        (), unchanged=1
    )


def test_the_title_of_a_step_has_address_name_and_key() -> None:
    """The default name is left out."""
    titles = [plan_output.title(step) for step in make_plan([ALICE, BOB], [], TIMING, LATER).steps]
    assert titles == [f"{MAILBOX} ({ALICE.key})", f'bob@example.com "work" ({BOB.key})']


def test_the_total_counts_each_kind() -> None:
    """Kinds without steps are left out."""
    assert plan_output.total(make_plan([BOB], [subscription()], TIMING, LATER)) == "1 to add, 1 to retire; 0 unchanged"
    assert plan_output.total(make_plan([ALICE], [subscription()], TIMING, LATER)) == "nothing to do; 1 unchanged"
