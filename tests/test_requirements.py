"""The pinned requirements are what pyproject.toml asks for: all of it, exact, from no particular index."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pinned(name: str) -> dict[str, str]:
    """Versions by canonical name; every line must be `name==version`."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith(("#", "-r "))]
    assert all(len(pair) == 2 for pair in pairs), "only name==version"
    return {canonicalize_name(package): version for package, version in pairs}


def test_what_runs_is_pinned_within_its_bounds() -> None:
    versions = pinned("requirements.txt")
    for requirement in map(Requirement, PROJECT["dependencies"]):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_what_tests_is_pinned_within_its_bounds() -> None:
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    versions = pinned("requirements.txt") | pinned("requirements-dev.txt")
    for requirement in map(Requirement, PROJECT["optional-dependencies"]["dev"]):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement
