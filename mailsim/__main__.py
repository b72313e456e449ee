"""`python -m mailsim`: prints one line of JSON when it listens, logs to stderr, and ends on SIGTERM."""

import argparse
import contextlib
import json
import logging
import secrets
import signal
import sys
import time
from types import FrameType

from mailsim.core import Core
from mailsim.http_server import Server
from mailsim.profiles import PROFILES
from mailsim.runtime import Runtime
from mailsim.setting_values import SettingError


def main() -> None:
    """Run until SIGTERM or an interrupt."""
    options = _options()
    logging.basicConfig(level=options.log_level, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    try:
        profile = PROFILES[options.profile].with_settings(dict(each.partition("=")[::2] for each in options.set))
    except SettingError as error:
        sys.exit(f"mailsim: {error}")
    runtime = Runtime(Core(profile, time.time(), options.minute, secrets.token_hex(8)))
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.suppress(KeyboardInterrupt), Server(options.port, runtime) as server:
        runtime.start()
        sys.stdout.write(json.dumps({"ready": True, **server.urls}) + "\n")
        sys.stdout.flush()
        server.serve_forever(poll_interval=0.1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m mailsim", description="A mail server that sends EWS notifications.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="workmail", help="server to simulate")
    parser.add_argument("--minute", type=_seconds, default=60, help="seconds that a protocol minute lasts")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="see docs/mailsim.md")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING"], help="for stderr")
    return parser.parse_args()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError("must be a positive number of seconds")
    return seconds


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End the process as Ctrl-C does."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
