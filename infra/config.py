"""The configuration: context keys of cdk.json (or `-c key=value`) as a validated dataclass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from infra.config_values import (
    ConfigError,
    IntegerBetween,
    NumberUpTo,
    OneOf,
    OrEmpty,
    SecureUrl,
    boolean,
    email,
    missing_value,
)
from infra.did_you_mean import closest

LOG_RETENTIONS: Final = {
    1: "ONE_DAY", 3: "THREE_DAYS", 5: "FIVE_DAYS", 7: "ONE_WEEK", 14: "TWO_WEEKS", 30: "ONE_MONTH", 60: "TWO_MONTHS",
    90: "THREE_MONTHS", 120: "FOUR_MONTHS", 150: "FIVE_MONTHS", 180: "SIX_MONTHS", 365: "ONE_YEAR",
    400: "THIRTEEN_MONTHS", 545: "EIGHTEEN_MONTHS", 731: "TWO_YEARS", 1096: "THREE_YEARS", 1827: "FIVE_YEARS",
    3653: "TEN_YEARS",
}  # fmt: skip
"""Days -> name in CDK's RetentionDays; CloudWatch Logs accepts these and few others (PutRetentionPolicy)."""

EWS_URL_EXAMPLE: Final = "https://mail.example.com/EWS/Exchange.asmx"

_SERVER_VERSIONS: Final = (
    "Exchange2007",
    "Exchange2007_SP1",
    "Exchange2010",
    "Exchange2010_SP1",
    "Exchange2010_SP2",
    "Exchange2013",
    "Exchange2013_SP1",
    "Exchange2015",
    "Exchange2016",
)
"""ExchangeVersionType of types.xsd without 2009 and 2012, which were never released."""

_LATER_VERSIONS: Final = (
    "use Exchange2016 for Exchange Server 2019 and Subscription Edition; the schema has no later version"
)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a deployment; README.md describes them.

    `throttle_rate` is in requests a second, `throttle_burst` in requests. An empty `alarm_email` means none.
    `report_partial_batches` is false only where the event source accepts no position (docs/adr/0009).
    If empty, `ews_url`, `server_version` and `resume` follow from `profile` (infra/mail_server.py), and
    `callback_base_url` is that of the HTTP API.
    """

    architecture: str = "arm64"
    python_runtime: str = "3.13"
    event_retention_days: int = 30
    log_retention_days: int = 30
    throttle_rate: int = 200
    throttle_burst: int = 400
    alarm_email: str = ""
    report_partial_batches: bool = True
    profile: str = "workmail"
    ews_url: str = ""
    server_version: str = ""
    resume: str = ""
    callback_base_url: str = ""
    keepers: int = 1
    reserve_concurrency: bool = True
    minute_seconds: float = 60
    recover_gaps: bool = True

    def __post_init__(self) -> None:
        """Validate keys that depend on each other. Raises `ConfigError`."""
        if self.profile == "exchange" and not self.ews_url:
            reason = "profile is exchange, which has no default address"
            error = missing_value("ews_url", reason, EWS_URL_EXAMPLE)
            raise error

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Self:
        """Return the configuration in `context`, with defaults for absent keys. Raises `ConfigError`."""
        names = [field.name for field in fields(cls)]
        _refuse_misspelt(context, names)
        given = {name: context[name] for name in names if context.get(name) is not None}
        return cls(**{name: _PARSERS[name](name, value) for name, value in given.items()})


def _refuse_misspelt(context: Mapping[str, object], names: list[str]) -> None:
    """Raise `ConfigError` for a misspelt key, which would have no effect. Keys of CDK and of others are ignored."""
    for key in context:
        meant = closest(key, names, cutoff=0.8) if key not in names else None
        if meant is not None:
            message = f"context key {key!r} is unknown; did you mean {meant!r}?"
            raise ConfigError(message)


_PARSERS: Final[dict[str, Callable[[str, object], Any]]] = {
    "architecture": OneOf("arm64", "x86_64", example="arm64"),
    "python_runtime": OneOf("3.13", "3.12", "3.11", example="3.13"),
    "event_retention_days": IntegerBetween(1, 3650, 30),
    "log_retention_days": OneOf(*LOG_RETENTIONS, example=30),
    "throttle_rate": IntegerBetween(1, 10_000, 200),
    "throttle_burst": IntegerBetween(1, 5_000, 400),
    "alarm_email": email,
    "report_partial_batches": boolean,
    "profile": OneOf("workmail", "exchange", example="workmail"),
    "ews_url": OrEmpty(SecureUrl(EWS_URL_EXAMPLE)),
    "server_version": OrEmpty(
        OneOf(
            *_SERVER_VERSIONS,
            example="Exchange2016",
            hints=dict.fromkeys(("Exchange2019", "ExchangeSE"), _LATER_VERSIONS),
        )
    ),
    "resume": OrEmpty(OneOf("trusted", "unproven", example="unproven")),
    "callback_base_url": OrEmpty(SecureUrl("https://push.example.com", base=True)),
    "keepers": OneOf(1, 2, 4, 8, example=1),  # divisors of the partitions (ewspush.domain.desired.SHARDS)
    "recover_gaps": boolean,
    "reserve_concurrency": boolean,
    "minute_seconds": NumberUpTo(60, example=60),
}
