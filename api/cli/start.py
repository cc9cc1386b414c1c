"""`main`: runs the command line and turns whatever ends it into an exit status and at most one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
_OF_A_QUESTION = ("ask", "compare", "search")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `lectern` and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `lectern` with the arguments (those of the process by default); the exit status."""
    from api.cli.app import app

    try:
        result = app(args=arguments, prog_name="lectern", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _misused(error)
    except (KeyboardInterrupt, typer.Abort):
        return _say("stopped", INTERRUPTED)
    except BrokenPipeError:
        return _pipe_closed()
    except Exception as error:
        return _failed(error)
    return result if isinstance(result, int) else 0


def _misused(error: typer.TyperException) -> int:
    """An option or argument that cannot be: what is wrong and where help is."""
    context = getattr(error, "ctx", None)
    help_command = f"{context.command_path} --help" if context is not None else "lectern --help"
    message = " ".join(error.format_message().split()).rstrip(".") or "a command is missing"
    if "unexpected extra argument" in message and context is not None and context.command.name in _OF_A_QUESTION:
        message += ": put the question in quotation marks"
    return _say(f"{message}; see {help_command}", MISUSED)


def _failed(error: Exception) -> int:
    """Any other end."""
    from api.errors import project_error, system_message

    if os.environ.get("LECTERN_DEBUG"):
        raise error
    if project_error(error):
        return _say(str(error), FAILED)
    if isinstance(error, OSError):
        return _say(system_message(error), FAILED)
    return _say(f"unforeseen {type(error).__name__}: {error} (LECTERN_DEBUG=1 shows where)", FAILED)


def _say(message: str, status: int) -> int:
    print(f"lectern: {' '.join(message.split())}", file=sys.stderr)
    return status


def _pipe_closed() -> int:
    """`lectern documents | head`: nothing is wrong, so nothing is said. Python would complain when it flushes
    standard output at exit, so it is pointed elsewhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
