"""Find a browser for the tests, or get one: Playwright's own, else the system's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

from tests.browser.lab import chromium_path

_ADVICE = (
    "No Chromium or Chrome could be found or installed. Install one by the means of "
    "your system, or name its program in GLMKIT_CHROMIUM."
)


def found() -> str | None:
    with sync_playwright() as playwright:
        return chromium_path(playwright.chromium)


def run(*command: str) -> None:
    """Run an installer; whether it worked is seen by looking for the browser."""
    print("+", *command, flush=True)
    try:
        subprocess.run(command, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        print("gave up after ten minutes", file=sys.stderr)


def from_playwright() -> None:
    run(sys.executable, "-m", "playwright", "install", "chromium")


def from_system() -> None:
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
    run(*quiet, "install", "-y", "--no-install-recommends", "chromium")


def main() -> int:
    for attempt in (None, from_playwright, from_system):
        if attempt:
            attempt()
        if path := found():
            print(path)
            return 0
    print(_ADVICE, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
