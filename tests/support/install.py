"""Find the programs that the tests drive, or get them: a browser, and bubblewrap."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from tests.browser.lab import chromium_path
from tests.support.bubblewrap import bubblewrap


class Program(NamedTuple):
    """A program: where it is, the ways to get it in turn, what to do without it."""

    found: Callable[[], str | None]
    ways: Sequence[Callable[[], None]]
    advice: str
    needed: bool = True


def browser() -> str | None:
    with sync_playwright() as playwright:
        return chromium_path(playwright.chromium)


def run(*command: str) -> None:
    """Run an installer; whether it worked is seen by looking for the program."""
    print("+", *command, flush=True)
    try:
        subprocess.run(command, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        print("gave up after ten minutes", file=sys.stderr)


def from_playwright() -> None:
    run(sys.executable, "-m", "playwright", "install", "chromium")


def from_system(package: str) -> None:
    """Install a package by apt-get, where the user may."""
    if not shutil.which("apt-get"):
        return
    if os.geteuid() == 0:
        rights = []
    elif shutil.which("sudo"):
        rights = ["sudo", "--non-interactive"]
    else:
        return
    quiet = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    run(*quiet, "update")
    run(*quiet, "install", "-y", "--no-install-recommends", package)


PROGRAMS = (
    Program(
        browser,
        (from_playwright, lambda: from_system("chromium")),
        "No Chromium or Chrome could be found or installed. Install one by the means "
        "of your system, or name its program in GLMKIT_CHROMIUM.",
    ),
    Program(
        bubblewrap,
        (lambda: from_system("bubblewrap"),),
        "Tests of the sandbox are skipped: bubblewrap could not be found or installed, "
        "or this system gives it no namespaces.",
        needed=False,
    ),
)


def get(program: Program) -> str | None:
    """Return the path of a program, tried after each way to get it."""
    path = program.found()
    for way in program.ways:
        if path is None:
            way()
            path = program.found()
    return path


def main() -> int:
    code = 0
    for program in PROGRAMS:
        if path := get(program):
            print(path)
        else:
            print(program.advice, file=sys.stderr)
            code = code or int(program.needed)
    return code


if __name__ == "__main__":
    sys.exit(main())
