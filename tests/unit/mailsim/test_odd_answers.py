"""Answers that a server in the field gives: a sign-in page, and faults with another status than 500."""

from threading import Thread

import pytest
import urllib3

from mailsim.http_server import Server
from mailsim.runtime import Runtime
from tests.unit.mailsim.sync_client import get_item, sync_items
from tests.unit.mailsim.world import START, World, basic, request, subscribe, texts


def test_requests_can_get_a_sign_in_page() -> None:
    """With status 200, whatever they are; nothing is carried out."""
    world = World()
    world.call("faults", html_sign_in=3)
    for body, authorization in [(subscribe(), basic()), (sync_items(), basic("wrong")), (b"junk", None)]:
        status, page = world.core.handle_ews(body, authorization, world.now)
        assert status == 200
        assert page.startswith(b"<!DOCTYPE html>")
    assert world.get("subscriptions") == []
    assert [each["answer"] for each in world.get("requests")] == ["html"] * 3
    assert "html_sign_in" not in world.get("faults")
    assert world.code(subscribe()) == (200, "NoError")


def test_a_sign_in_page_uses_up_no_other_fault() -> None:
    """The request does not reach the server."""
    world = World()
    world.call("faults", html_sign_in=1, refuse_subscribe="ErrorServerBusy", lose_subscribe_answers=1)
    world.ask(subscribe())
    assert world.code(subscribe()) == (500, "ErrorServerBusy")
    assert world.core.handle_ews(subscribe(), basic(), world.now) == (None, b"")


def test_a_sign_in_page_is_html() -> None:
    """By its Content-Type; the answer after it is XML."""
    world = World()
    world.call("faults", html_sign_in=1)
    with Server(0, Runtime(world.core)) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        url, headers = listening.urls["ews"], {"Authorization": basic()}
        answers = [urllib3.request("POST", url, body=subscribe(), headers=headers, retries=False) for _ in range(2)]
        listening.shutdown()
        thread.join()
    types = [answer.headers["Content-Type"] for answer in answers]
    assert types == ["text/html; charset=utf-8", "text/xml; charset=utf-8"]


@pytest.mark.parametrize("status", [200, 400])
def test_faults_can_have_another_status(status: int) -> None:
    """All of them, until the fault is cleared; error responses have 200 in any case."""
    world = World()
    assert world.call("faults", fault_status=status, refuse_sync="ErrorServerBusy")["fault_status"] == status
    answered, answer = world.ask(sync_items())
    assert answered == status
    assert texts(answer, "ResponseCode") == ["ErrorServerBusy"]
    assert world.ask(request("<m:Paint/>"))[0] == status
    assert world.code(get_item("unknown")) == (200, "ErrorItemNotFound")
    assert "fault_status" not in world.call("faults", fault_status=500)
    assert world.ask(request("<m:Paint/>"))[0] == 500


@pytest.mark.parametrize("status", ["soon", 99, 1000, None])
def test_a_status_is_one_of_http(status: object) -> None:
    """Else the call is refused."""
    assert World().control.handle("POST", ["faults"], {"fault_status": status}, START)[0] == 400
