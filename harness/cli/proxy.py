"""`harness proxy`: repair or check the answers of any client, in whatever language it is written."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.arguments import tell
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.proxy.doors import Upstream


@click.command()
@click.option("--upstream", required=True, metavar="URL", help="Where requests go, such as https://api.openai.com/v1.")
@click.option("--port", type=click.IntRange(0, 65535), default=8082, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--allow-host",
    "names",
    metavar="NAME",
    multiple=True,
    help="A further name under which clients call it. Repeatable; required for an address that others can reach.",
)
@click.option("--check", "only_checks", is_flag=True, help="Change nothing; say in a header what is damaged.")
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append a row for each answer, for `harness score`. [default: none]",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds of silence of the upstream before a request ends with 504.",
)
@click.option("--json", "as_json", is_flag=True, help="Say as JSON where it answers.")
def proxy(
    *,
    upstream: str,
    port: int,
    host: str,
    names: tuple[str, ...],
    only_checks: bool,
    log: Path | None,
    timeout_s: float,
    as_json: bool,
) -> int:
    """Run between clients and an endpoint, and repair damaged strings in chat answers, streamed ones too.

    Everything else goes through as it is. Clients send their own key, and none is kept. Ctrl-C ends it.

    \b
    $ harness proxy --upstream https://api.openai.com/v1 --log answers.jsonl
    $ export OPENAI_BASE_URL=http://127.0.0.1:8082/v1
    """
    from harness.project import Project
    from harness.proxy import doors
    from harness.proxy.forwarding import Proxy, ProxySettings
    from harness.proxy.rows import RowLog
    from harness.recording import Secrets

    try:
        import uvicorn
    except ImportError:
        raise ConfigError("harness proxy needs a server; run: pip install 'pytest-verbatim[proxy]'") from None
    address = doors.listening_address(host, names)
    target = doors.Upstream(upstream)
    settings = ProxySettings(
        upstream=target,
        hosts=doors.allowed_hosts(address, names),
        symbols=Project.open().symbols,
        repairs=not only_checks,
        log=RowLog(log) if log else None,
        secrets=Secrets.of_environment(os.environ),
        timeout_s=timeout_s,
    )
    listening = _listening(address, port, target)
    base_url = f"http://{f'[{address}]' if ':' in address else address}:{listening.getsockname()[1]}/v1"
    _announce(base_url, settings.repairs, target, log, as_json)
    server = uvicorn.Server(
        uvicorn.Config(
            Proxy(settings),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    server.run(sockets=[listening])
    return 0


def _listening(address: str, port: int, upstream: Upstream) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listening = socket.create_server((address, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"--port {port}: cannot listen at {address}: {error.strerror or error}; "
            "is it taken? --port 0 takes a free one"
        ) from error
    if upstream.port == listening.getsockname()[1] and upstream.host in ("localhost", "127.0.0.1", "::1", address):
        listening.close()
        raise ConfigError("--upstream: that is the proxy itself; accepted: the address of the endpoint behind it")
    return listening


def _announce(base_url: str, repairs: bool, upstream: Upstream, log: Path | None, as_json: bool) -> None:
    import json

    if as_json:
        click.echo(
            json.dumps({"base_url": base_url, "upstream": upstream.base, "mode": "repair" if repairs else "check"})
        )
        return
    kept = f", rows go to {log}" if log else ""
    tell(f"{'repairs' if repairs else 'checks'} the answers of {upstream.base} at {base_url}{kept}; Ctrl-C ends it")
