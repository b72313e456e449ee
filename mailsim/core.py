"""The server without sockets and without a clock: requests and times in, responses and POSTs to make out.

    core = Core(WORKMAIL, now=0)
    status, body = core.handle_ews(request, authorization, now)
    for post in core.due(now):
        core.on_post_response(post.delivery_id, 200, "text/xml", response, now)

The caller drives the clock: call `due` at the time that `next_due` returns, and after every other call.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from mailsim.delegation import addressed_user, check_own_mailbox
from mailsim.deliveries import Deliveries, Delivery, Post
from mailsim.directory import User, claimed_address
from mailsim.errors import EwsError, UnauthorizedError
from mailsim.faults import SyncFaults
from mailsim.get_operations import find_folder, get_folder, get_item
from mailsim.mailbox import Mailbox
from mailsim.non_ipm_folders import add_non_ipm_folders
from mailsim.profiles import Profile
from mailsim.request_log import MAX_LOGGED_REQUESTS, LoggedRequest
from mailsim.requests import EwsRequest, parse_request
from mailsim.responses import (
    LOST,
    NO_ERROR,
    SIGN_IN_PAGE,
    UNAUTHORIZED,
    EwsResponse,
    ResponseMessage,
    build_error_response,
    build_response,
)
from mailsim.server_state import ServerState
from mailsim.soap import Element, M, text_element
from mailsim.subscribe_request import SubscribeRequest, parse_subscribe
from mailsim.sync_operations import sync_folder_hierarchy, sync_folder_items
from mailsim.watermarks import SUBSCRIBE_ZERO

_SYNC_OPERATIONS: Final[Mapping[str, Callable[[Profile, Mailbox, Element, SyncFaults], EwsResponse]]] = {
    f"{M}SyncFolderItems": sync_folder_items,
    f"{M}SyncFolderHierarchy": sync_folder_hierarchy,
    f"{M}GetItem": get_item,
}
"""The operations of a sync, by their elements; these have faults. They raise `EwsError`."""

_READ_OPERATIONS: Final[Mapping[str, Callable[[Profile, Mailbox, Element], EwsResponse]]] = {
    f"{M}GetFolder": get_folder,
    f"{M}FindFolder": find_folder,
}
"""The other operations that read a mailbox. They raise `EwsError`."""

_BY_SUBSCRIPTION_ID: Final = frozenset({f"{M}Unsubscribe", f"{M}GetEvents"})


class Core(ServerState):
    """A mail server. Times are seconds since the epoch; a protocol minute lasts `minute_seconds` of them.

    All ids depend on `seed` and on the order of the calls alone.
    """

    def __init__(self, profile: Profile, now: float, minute_seconds: float = 60, seed: str = "") -> None:
        super().__init__(profile, now, minute_seconds, seed)
        self.request_log: deque[LoggedRequest] = deque(maxlen=MAX_LOGGED_REQUESTS)
        self._deliveries = Deliveries(lambda: self.faults, minute_seconds)

    def handle_ews(self, body: bytes, authorization: str | None, now: float) -> tuple[int | None, bytes]:
        """Return the HTTP status and body for an EWS request; 401 has no body.

        A status of None means that the connection is closed without a response.
        """
        response = self.respond(body, authorization, now)
        return response.status, response.body

    def respond(self, body: bytes, authorization: str | None, now: float) -> EwsResponse:
        """Return the response to an EWS request, and log the request."""
        request = parse_request(self.profile, body)
        is_blocked = self.faults.use("html_sign_in")
        response = SIGN_IN_PAGE if is_blocked else self._answer(request, authorization, now)
        is_subscribed = request.operation_name == "Subscribe" and response.code == NO_ERROR
        if is_subscribed and self.faults.use("lose_subscribe_answers"):
            response = LOST
        mailbox = request.impersonated or claimed_address(authorization)
        logged = LoggedRequest(request.operation_name, mailbox, now, response.code, request.has_watermark)
        self.request_log.append(logged)
        return response

    def due(self, now: float) -> list[Post]:
        """Return the POSTs to make now, each once (twice where the fault `duplicate` is set)."""
        if not self.profile.posts:
            self._registry.expire(now)
            return []
        live = [(each, self.directory.users[each.mailbox].mailbox.log.counter) for each in self._registry.live()]
        return self._deliveries.due(self.profile, live, now)

    def next_due(self) -> float | None:
        """Return the time of the next POST if nothing happens before; None is never."""
        times = (each.due_at() for each in self._registry.live() if self.profile.posts)
        return min((time for time in times if time is not None), default=None)

    def on_post_response(  # an HTTP response
        self, delivery_id: int, status: int | None, content_type: str | None, body: bytes, now: float
    ) -> None:
        """Process the response to a POST; a status of None is no response. The Content-Type is ignored."""
        del content_type
        self._deliveries.on_response(self.profile, delivery_id, status, body, now)

    @property
    def deliveries(self) -> list[Delivery]:
        """All POSTs that were answered or failed, oldest first."""
        return list(self._deliveries.finished)

    def _answer(self, request: EwsRequest, authorization: str | None, now: float) -> EwsResponse:
        try:
            user = self.directory.authenticate(self.profile, authorization)
            operation = request.checked_operation()
            owner = self.directory.mailbox_owner(self.profile, user, request.impersonated)
            return self._execute(owner, operation, now)
        except UnauthorizedError:
            return UNAUTHORIZED
        except EwsError as error:
            response = build_error_response(self.profile, request.operation_name or "", error)
            return replace(response, status=self.faults.fault_status) if error.fault else response

    def _execute(self, user: User, operation: Element, now: float) -> EwsResponse:
        addressed, name = addressed_user(self.directory, self.profile, user, operation), str(operation.tag)
        if self.profile.non_ipm_folders:
            add_non_ipm_folders(addressed.mailbox)
        if (sync := _SYNC_OPERATIONS.get(name)) is not None:
            self.faults.raise_refusal("refuse_sync")
            return sync(self.profile, addressed.mailbox, operation, self.faults.sync)
        if (read := _READ_OPERATIONS.get(name)) is not None:
            return read(self.profile, addressed.mailbox, operation)
        if name in _BY_SUBSCRIPTION_ID:
            self._registry.refuse_id(user.mailbox, operation)
        request = parse_subscribe(operation)
        check_own_mailbox(user, addressed)
        return self._subscribe(user.mailbox, request, now)

    def _subscribe(self, mailbox: Mailbox, request: SubscribeRequest, now: float) -> EwsResponse:
        self.faults.raise_refusal("refuse_subscribe")
        added = self._registry.subscribe(self.profile, mailbox, request, now)
        watermark = self.watermark_of(added) if added.counter else SUBSCRIBE_ZERO
        content = text_element("m:SubscriptionId", added.id) + text_element("m:Watermark", watermark)
        return build_response(self.profile, "Subscribe", [ResponseMessage(content)])
