"""What there is to do, from a file's wishes and a table's rows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cli import plan_output
from cli.plan import Kind, Plan, planned
from ewspush.domain.desired import DesiredSubscription, new_subscription, retirement
from ewspush.domain.subscription import State, Subscription
from tests.stories import MAILBOX, NOON, subscription

LATER = NOON + timedelta(hours=1)
WISH = DesiredSubscription(MAILBOX)
BOB = DesiredSubscription("bob@example.com", "work", ("inbox",), ("CreatedEvent",), 5)
RETIRED: Subscription = replace(subscription(), **retirement(subscription()))  # type: ignore[arg-type]  # fields by name


def kinds(plan: Plan) -> list[tuple[Kind, str]]:
    """Return what is done to which mailbox."""
    return [(step.kind, step.mailbox) for step in plan.steps]


def details(*wishes: DesiredSubscription, row: Subscription) -> list[str]:
    """Return what is said of each step."""
    return [plan_output.detail(step) for step in planned(wishes, [row], LATER).steps]


def test_what_is_new_is_added() -> None:
    """In the order of the file."""
    assert kinds(planned([BOB, WISH], [], LATER)) == [(Kind.ADD, BOB.mailbox), (Kind.ADD, MAILBOX)]


@pytest.mark.parametrize("state", [State.WANTED, State.ACTIVE, State.LAPSED])
def test_what_is_as_wished_needs_nothing(state: State) -> None:
    """Wherever it is in its life: lapsed ones are the keeper's business."""
    assert planned([WISH], [subscription(state=state)], LATER) == Plan((), unchanged=1)


def test_a_plan_that_was_applied_leaves_nothing_to_do() -> None:
    """Applying is idempotent."""
    rows = [new_subscription(wish, NOON) for wish in (BOB, WISH)]
    assert planned([BOB, WISH], rows, LATER) == Plan((), unchanged=2)


def test_what_is_wished_otherwise_is_changed_from_old_to_new() -> None:
    """Each difference, and nothing else."""
    wish = replace(WISH, folders=("calendar", "inbox"), status_frequency_minutes=1)
    assert kinds(planned([wish], [subscription()], LATER)) == [(Kind.CHANGE, MAILBOX)]
    assert details(wish, row=subscription()) == [
        "folders: all -> calendar, inbox; status frequency: 15 minutes -> 1 minute"
    ]


def test_other_event_types_are_told_by_our_names() -> None:
    """As they stand in the file."""
    told = details(replace(WISH, event_types=("NewMailEvent",)), row=subscription())
    assert told == ["event types: copied, created, deleted, modified, moved, new_mail -> new_mail"]


def test_what_was_suspended_is_tried_again_and_says_why() -> None:
    """Whoever applies has put it right."""
    row = subscription(state=State.SUSPENDED, last_error="ErrorFolderNotFound: a folder does not exist")
    assert kinds(planned([WISH], [row], LATER)) == [(Kind.TRY_AGAIN, MAILBOX)]
    assert details(WISH, row=row) == ["it was suspended: ErrorFolderNotFound: a folder does not exist"]


def test_what_was_suspended_and_is_wished_otherwise_is_a_change() -> None:
    """With both reasons."""
    row = subscription(state=State.SUSPENDED)
    wish = replace(WISH, status_frequency_minutes=30)
    assert kinds(planned([wish], [row], LATER)) == [(Kind.CHANGE, MAILBOX)]
    assert details(wish, row=row) == [
        "status frequency: 15 minutes -> 30 minutes; it was suspended: no reason is known"
    ]


def test_what_is_wished_no_more_is_retired() -> None:
    """After everything else, whatever state it is in."""
    rows = [subscription(state=State.SUSPENDED)]
    plan = planned([BOB], rows, LATER)
    assert kinds(plan) == [(Kind.ADD, BOB.mailbox), (Kind.RETIRE, MAILBOX)]
    assert plan_output.detail(plan.steps[1]) == "not in the file"


def test_what_is_retired_stays_so_unless_it_is_wished_again() -> None:
    """It is not retired twice."""
    assert planned([], [RETIRED], LATER) == Plan((), unchanged=0)
    assert kinds(planned([WISH], [RETIRED], LATER)) == [(Kind.ADD_AGAIN, MAILBOX)]
    assert details(WISH, row=RETIRED)[0].endswith("; it was retired")


def test_another_name_is_another_subscription() -> None:
    """The row of the old name is retired, for rows hold no names."""
    plan = planned([replace(WISH, name="other")], [subscription()], LATER)
    assert kinds(plan) == [(Kind.ADD, MAILBOX), (Kind.RETIRE, MAILBOX)]


def test_large_letters_of_an_address_are_no_difference() -> None:
    """The mail server makes none either."""
    assert planned([DesiredSubscription("Alice@Example.com")], [subscription()], LATER) == Plan((), unchanged=1)


def test_a_step_is_called_by_address_name_and_key() -> None:
    """The name only where it is not the usual one."""
    titles = [plan_output.title(step) for step in planned([WISH, BOB], [], LATER).steps]
    assert titles == [f"{MAILBOX} ({WISH.subscription})", f'bob@example.com "work" ({BOB.subscription})']


def test_the_total_counts_each_kind() -> None:
    """Kinds that do not occur are left out."""
    assert plan_output.total(planned([BOB], [subscription()], LATER)) == "1 to add, 1 to retire; 0 unchanged"
    assert plan_output.total(planned([WISH], [subscription()], LATER)) == "nothing to do; 1 unchanged"
