"""`lectern serve`: the HTTP API and the web page."""

from __future__ import annotations

import ipaddress
from typing import Annotated

import typer

from api.cli.options import Device, Home, Run

MIN_KEY_CHARS = 16


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; beyond 127.0.0.1 an API key is needed")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0 takes a free one")] = 8000,
    api_key: Annotated[
        str | None,
        typer.Option(
            "--api-key",
            envvar="LECTERN_API_KEY",
            show_default=False,
            show_envvar=True,
            help=f"What clients must send, {MIN_KEY_CHARS} characters or more; safer in the environment",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host", metavar="NAME", help="A name under which the server may be called (repeatable)"
        ),
    ] = None,
    slots: Annotated[int, typer.Option("--slots", min=1, max=64, help="Answers made at once")] = 2,
    waiting: Annotated[
        int, typer.Option("--waiting", min=0, max=10_000, help="Questions that may wait for a slot")
    ] = 16,
    allow_endpoint: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-endpoint", metavar="URL[=VARIABLE]",
            help="A server with a model that experiments started over HTTP may ask, and the variable with its key "
            "(repeatable); without it they ask none",
        ),
    ] = None,
    home: Home = None,
    device: Device = None,
) -> None:
    """Serve the HTTP API and the web page until Ctrl-C.

    Examples:

    lectern serve

    LECTERN_API_KEY=$(openssl rand -hex 24) lectern serve --host 0.0.0.0 --allow-host lectern.example.org
    """  # fmt: skip
    if not _is_loopback(host) and api_key is None:
        raise typer.BadParameter(
            f"others could connect to {host}: set LECTERN_API_KEY (or --api-key) as well"
        )
    if api_key is not None and len(api_key) < MIN_KEY_CHARS:
        raise typer.BadParameter(f"the API key is too short: use {MIN_KEY_CHARS} characters or more")
    endpoints = dict(map(_endpoint, allow_endpoint or ()))
    run = Run.of(context, home, device=device)

    from api.http.guard import Access
    from api.http.server import listen, run_server

    names = [*(allow_host or ()), *([] if host in {"0.0.0.0", "::"} else [host])]
    with run.pipeline() as pipeline, listen(host, port) as listener:
        run_server(pipeline, listener, Access(api_key, names), slots=slots, waiting=waiting, endpoints=endpoints)


def _endpoint(given: str) -> tuple[str, str | None]:
    """(base URL, variable of its key or None) of `URL` or `URL=VARIABLE`."""
    from api.experiments.outside.model import OutsideModel

    url, _, variable = given.partition("=")
    found = OutsideModel("endpoint", "any", base_url=url, key_env=variable or None)
    if (fault := found.amiss()) is not None:
        raise typer.BadParameter(f"--allow-endpoint {url}: {fault[1]}")
    return found.address, found.key_env


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
