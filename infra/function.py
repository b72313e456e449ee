"""A Lambda function with its own role, its own log group and the shared asset."""

from aws_cdk import Annotations, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from ewspush.settings import Settings
from ewspush.telemetry import Service
from infra import packaging
from infra.config import LOG_RETENTIONS, Config
from infra.nag_suppressions import suppress


class PythonFunction(Construct):
    """The function of the handler `ewspush.handlers.<service>`; its environment is exactly `settings`.

    Its role may write its logs; the construct that makes the function grants every further permission.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of Lambda
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: Service,
        config: Config,
        settings: Settings,
        timeout: Duration,
        memory_mb: int,
        reserved_concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        retention = logs.RetentionDays[LOG_RETENTIONS[config.log_retention_days]]
        self.log_group = logs.LogGroup(self, "Logs", retention=retention, removal_policy=RemovalPolicy.DESTROY)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Function",
            handler=f"ewspush.handlers.{service}.handler",
            code=lambda_.Code.from_asset(str(packaging.asset(config.architecture, config.python_runtime))),
            runtime=lambda_.Runtime(f"python{config.python_runtime}", lambda_.RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[config.architecture],
            environment=settings.to_env(),
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            role=role,
            timeout=timeout,
            memory_size=memory_mb,
            reserved_concurrent_executions=reserved_concurrency,
        )
        _warn_without_bytecode(self, config.python_runtime)
        suppress(
            self,
            "L1",
            "Most administrators can precompile for the default runtime, and Lambda supports it for years to come.",
        )

    def allow(self, *actions: str, on: str) -> None:
        """Allow the function `actions` on the resource with the ARN `on`."""
        self.function.add_to_role_policy(iam.PolicyStatement(actions=list(actions), resources=[on]))


def _warn_without_bytecode(scope: Construct, python: str) -> None:
    if packaging.interpreter_of(python) is None:
        Annotations.of(scope).add_warning_v2(
            "ewspush:no-bytecode",
            f"The asset is not precompiled, so cold starts take twice as long: this machine has no Python {python}. "
            f"Install Python {python}, or deploy with -c python_runtime=<the version you have: 3.11, 3.12 or 3.13>.",
        )


_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}
