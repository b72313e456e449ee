"""Errors of callers, and errors that a caller receives.

MailsimError
├── ControlError        the control API answers `status` and the message
├── UnauthorizedError   EWS answers HTTP 401
└── EwsError            EWS answers a response code, as a SOAP fault (HTTP 500) or inside the response (HTTP 200)
    └── SchemaError     the fault ErrorSchemaValidation
"""


class MailsimError(Exception):
    """Base of all errors of mailsim."""


class ControlError(MailsimError):
    """Raised where a control call can't be carried out; `status` is the HTTP status of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class UnauthorizedError(MailsimError):
    """Raised where a request has no valid credentials."""


class EwsError(MailsimError):
    """Raised where a request gets a response code other than NoError; `text` is for people."""

    def __init__(self, code: str, text: str = "", *, fault: bool = False, back_off_ms: int | None = None) -> None:
        super().__init__(text or code)
        self.code = code
        self.fault = fault
        self.back_off_ms = back_off_ms


class SchemaError(EwsError):
    """Raised where the schema forbids a request; always a fault.

    The violation is in `faultstring` and in the details; the text beside the code is the same for all violations.
    """

    general_text = "The request failed schema validation."

    def __init__(self, violation: str, line: int, position: int) -> None:
        super().__init__("ErrorSchemaValidation", f"The request failed schema validation: {violation}", fault=True)
        self.details = {"LineNumber": str(line), "LinePosition": str(position), "Violation": violation}
