"""The HTTP API for tests on engines: each POST becomes an event (payload format 2.0) for a responder process.

A process handles one event at a time, and there are as many processes as POSTs may arrive at once. A process that has
ended is started again for the next event, as on Lambda.
"""

import base64
import json
from queue import Queue
from typing import Any, Final

from local.lambda_process import LambdaProcess
from local.runtime_api import FunctionError
from tests.e2e.handlers import ROUTE_KEY
from tests.http_server import HttpServer, Request, Response

_PATH_PARAMETERS: Final = ("subscription", "generation", "signature")
_FAILED: Final = {"statusCode": 500, "headers": {}, "body": json.dumps({"message": "Internal Server Error"})}
"""The HTTP API's answer where the function returns no response."""


class HttpApi(HttpServer):
    """The API in front of responder processes."""

    def __init__(self, *responders: LambdaProcess) -> None:
        super().__init__()
        self.crashes = 0
        self._idle: Queue[LambdaProcess] = Queue()
        for responder in responders:
            self._idle.put(responder)

    def respond(self, request: Request) -> Response:
        """Return the response of an idle responder."""
        response = self._invoke(http_api_event(request))
        return Response(response["statusCode"], response["body"].encode(), response["headers"])

    def _invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        responder = self._idle.get()
        try:
            if responder.has_ended:
                responder.restart()
            response: dict[str, Any] = responder.invoke(event)
        except FunctionError:
            self.crashes += 1
            responder.restart()
            return _FAILED
        finally:
            self._idle.put(responder)
        return response


def http_api_event(request: Request) -> dict[str, Any]:
    """Return the event that the HTTP API makes of a POST: text decoded as UTF-8 whatever it is, the rest in base64.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    content_type, body = request.headers["Content-Type"], request.body
    is_text = content_type.startswith("text/")
    return {
        "version": "2.0",
        "routeKey": ROUTE_KEY,
        "rawPath": request.path,
        "headers": {"content-type": content_type, "content-length": str(len(body))},
        "pathParameters": dict(zip(_PATH_PARAMETERS, request.path.split("/")[2:], strict=True)),
        "body": body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode(),
        "isBase64Encoded": not is_text,
    }
