"""Made once, whoever asks."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.lazy import Lazy


def test_threads_that_ask_together_get_the_same_value() -> None:
    together, made = threading.Barrier(8), []

    def make() -> object:
        made.append(object())
        return made[-1]

    lazy = Lazy(make)

    def ask(_: int) -> object:
        together.wait(timeout=20)
        return lazy()

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(ask, range(8)))
    assert len(made) == 1 and all(value is made[0] for value in values)


def test_a_failure_is_tried_again() -> None:
    outcomes = iter([ValueError("not yet"), None])

    def make() -> None:
        if (error := next(outcomes)) is not None:
            raise error

    lazy = Lazy(make)
    with pytest.raises(ValueError, match="not yet"):
        lazy()
    assert not lazy.made
    assert lazy() is None and lazy.made


def test_threads_that_come_to_the_models_libraries_at_once_all_get_them_whole() -> None:
    """As a server that is starting does: it loads, and is sent an experiment, which imports from another end."""
    code = """
import subprocess
import sys
import threading
from api.parts import import_libraries

def load():
    import_libraries()
    from retrieval.embedder import load_embedder

def experiment():
    import_libraries()
    from api.experiments import runner

failed = []
threading.excepthook = lambda told: failed.append(told.exc_value)
threads = [threading.Thread(target=target) for target in (load, experiment, experiment)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failed, failed
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
