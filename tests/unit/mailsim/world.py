"""A server with one user and a clock that only moves when a test moves it."""

import base64
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from mailsim.control_api import ControlApi
from mailsim.core import Core
from mailsim.deliveries import Post
from mailsim.profiles import PROFILES

EMAIL = "user@example.com"
START = 1_700_000_000.0
MINUTE = 60.0
URL = "http://127.0.0.1:9/callback"

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_EWS = "http://schemas.microsoft.com/exchange/services/2006"
_EVENTS = ("NewMailEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent", "CopiedEvent")

EVENT_TYPES = f"<t:EventTypes>{''.join(f'<t:EventType>{each}</t:EventType>' for each in _EVENTS)}</t:EventTypes>"
CALLBACK = f"<t:URL>{URL}</t:URL>"


def ack(status: str) -> bytes:
    """Return an acknowledgement."""
    result = f'<SendNotificationResult xmlns="{_EWS}/messages"><SubscriptionStatus>{status}</SubscriptionStatus>'
    return f'<s:Envelope xmlns:s="{_SOAP}"><s:Body>{result}</SendNotificationResult></s:Body></s:Envelope>'.encode()


OK = ack("OK")
UNSUBSCRIBE = ack("Unsubscribe")


def request(operation: str, header: str = "") -> bytes:
    """Return an EWS request with `operation` in its Body."""
    namespaces = f'xmlns:s="{_SOAP}" xmlns:t="{_EWS}/types" xmlns:m="{_EWS}/messages"'
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f"<s:Envelope {namespaces}>{head}<s:Body>{operation}</s:Body></s:Envelope>".encode()


def push(parts: str, attributes: str = ' SubscribeToAllFolders="true"') -> str:
    """Return a Subscribe operation for push notifications with `parts` in it."""
    return f"<m:Subscribe><m:PushSubscriptionRequest{attributes}>{parts}</m:PushSubscriptionRequest></m:Subscribe>"


def impersonating(email: str, element: str = "SmtpAddress") -> str:
    """Return the SOAP header that impersonates a user."""
    sid = f"<t:ConnectingSID><t:{element}>{email}</t:{element}></t:ConnectingSID>"
    return f"<t:ExchangeImpersonation>{sid}</t:ExchangeImpersonation>"


def subscribe(
    minutes: int = 5, watermark: str | None = None, folder: str | None = None, email: str | None = None
) -> bytes:
    """Return a Subscribe request to all folders or to one, in the own mailbox or in that of an impersonated user."""
    ids = f'<t:FolderIds><t:DistinguishedFolderId Id="{folder}"/></t:FolderIds>' if folder else ""
    resume = f"<t:Watermark>{watermark}</t:Watermark>" if watermark else ""
    parts = f"{ids}{EVENT_TYPES}{resume}<t:StatusFrequency>{minutes}</t:StatusFrequency>{CALLBACK}"
    return request(push(parts, "") if folder else push(parts), impersonating(email) if email else "")


def basic(password: str = "password", email: str = EMAIL) -> str:  # noqa: S107  # a password of tests
    """Return the value of an Authorization header."""
    return f"Basic {base64.b64encode(f'{email}:{password}'.encode()).decode()}"


def texts(body: bytes, name: str) -> list[str]:
    """Return the texts of all elements with a local name."""
    return [element.text or "" for element in etree.fromstring(body).iter(f"{{*}}{name}")]


def event_types(post: Post) -> list[str]:
    """Return the types of a notification's events, in order."""
    names = [etree.QName(element).localname for element in etree.fromstring(post.body).iter("{*}*")]
    return [name for name in names if name.endswith("Event")]


@dataclass
class World:
    """A core of a profile; `settings` override those of the profile."""

    profile: str = "workmail"
    settings: dict[str, object] = field(default_factory=dict)
    now: float = START

    def __post_init__(self) -> None:
        self.core = Core(PROFILES[self.profile].with_settings(self.settings), self.now)
        self.control = ControlApi(self.core)
        self.call("users", email=EMAIL, password="password")

    def call(self, path: str, method: str = "POST", **given: Any) -> Any:
        """Make a control call, and require that it succeeds."""
        status, answer = self.control.handle(method, path.split("/"), given, self.now)
        assert status == 200, answer
        return answer

    def get(self, path: str, **query: str) -> Any:
        """Read from the control API."""
        return self.call(path, "GET", **query)

    def mail(self, subject: str = "hello", **given: Any) -> str:
        """Deliver a message to the mailbox, and return the item's id."""
        return str(self.call(f"mailboxes/{EMAIL}/messages", subject=subject, **given)["item_id"])

    def create_folder(self, name: str, parent: str = "msgfolderroot") -> str:
        """Create a folder in the mailbox, and return its id."""
        return str(self.call(f"mailboxes/{EMAIL}/folders", name=name, parent=parent)["folder_id"])

    def act(self, kind: str, entry_id: str, action: str, **given: Any) -> Any:
        """Carry out an action on an item (`items`) or a folder (`folders`)."""
        return self.call(f"mailboxes/{EMAIL}/{kind}/{entry_id}/{action}", **given)

    def ask(self, body: bytes, authorization: str | None = None) -> tuple[int, bytes]:
        """Send an EWS request, by default with the user's credentials; return the HTTP status and the body."""
        status, answer = self.core.handle_ews(body, authorization or basic(), self.now)
        assert status is not None
        return status, answer

    def code(self, body: bytes) -> tuple[int, str]:
        """Send an EWS request, and return the HTTP status and the first response code."""
        status, answer = self.ask(body)
        return status, texts(answer, "ResponseCode")[0]

    def subscribed(self, **parts: Any) -> tuple[str, str]:
        """Subscribe, and return the SubscriptionId and the watermark."""
        status, answer = self.ask(subscribe(**parts))
        assert status == 200
        assert texts(answer, "ResponseCode") == ["NoError"], answer
        return texts(answer, "SubscriptionId")[0], texts(answer, "Watermark")[0]

    def due(self) -> list[Post]:
        """Return the POSTs to make now."""
        return self.core.due(self.now)

    def post(self) -> Post:
        """Return the only POST to make now."""
        (only,) = self.due()
        return only

    def answer(self, post: Post, body: bytes = OK, status: int | None = 200) -> None:
        """Send the response to a POST."""
        self.core.on_post_response(post.delivery_id, status, "text/xml", body, self.now)

    def acknowledged_post(self) -> Post:
        """Acknowledge the only POST to make now, and return it."""
        post = self.post()
        self.answer(post)
        return post

    def wait(self) -> float | None:
        """Advance the clock to the next POST; return the seconds waited, or None where no POST will come."""
        due_at = self.core.next_due()
        if due_at is None:
            return None
        waited = max(due_at - self.now, 0)
        self.now += waited
        return waited

    def state(self, subscription_id: str) -> str:
        """Return the state of a subscription."""
        states = {each["subscription_id"]: each["state"] for each in self.get("subscriptions")}
        return str(states[subscription_id])
