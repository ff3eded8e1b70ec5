"""A JupyterLab server in a home of its own, and the browser to open it with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from socket import create_server
from typing import IO, Any

import pytest
from playwright.sync_api import Browser, BrowserType, Page

from tests.conftest import LIMIT_S, home_variables, wait_for

TOKEN = "a-token-of-the-tests"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What a page asks of another host is recorded, and goes nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]
_SETTINGS = {
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # All cells stay in the page, also those out of sight.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


def chromium_path(playwright: BrowserType) -> str | None:
    """Return a browser: GLMKIT_CHROMIUM, an installed one, or Playwright's own."""
    named = os.environ.get("GLMKIT_CHROMIUM")
    installed = next(filter(None, map(shutil.which, _NAMES)), None)
    path = Path(named or installed or playwright.executable_path)
    return str(path) if path.exists() else None


class Lab:
    """A running JupyterLab: its address, its folder of notebooks, its home."""

    def __init__(self, url: str, folder: Path, home: Path) -> None:
        self.url = url
        self.folder = folder
        self.home = home
        self.data_dir = home / "glmkit/data"

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """Write a notebook of code cells; `# %%md` starts a text cell."""
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {
            "cells": [_cell(n, source) for n, source in enumerate(cells)],
            "metadata": {"kernelspec": spec},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path = self.folder / name
        path.write_text(json.dumps(notebook), "utf-8")
        return path


def _cell(number: int, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}, "source": source}
    if source.startswith("# %%md\n"):
        return cell | {"cell_type": "markdown", "source": source[7:]}
    return cell | {"cell_type": "code", "execution_count": None, "outputs": []}


@contextmanager
def running_lab(
    base: Path, more_environment: dict[str, str], without: Sequence[str] = ()
) -> Iterator[Lab]:
    """Start JupyterLab in a home below `base`; its kernels end with it.

    It runs `without` these extensions, as a server that does not have them.
    """
    home, folder = base / "home", base / "notebooks"
    folder.mkdir(parents=True)
    variables = home_variables(home) | {
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    for name, settings in _SETTINGS.items():
        file = home / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), "utf-8")
    page = Path(variables["JUPYTER_CONFIG_DIR"]) / "labconfig/page_config.json"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps({"disabledExtensions": dict.fromkeys(without, True)}))
    with running_server(
        "jupyterlab",
        folder,
        os.environ | variables | more_environment,
        base / "lab.log",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
    ) as url:
        yield Lab(url, folder, home)


@contextmanager
def running_server(
    module: str, folder: Path, environment: Mapping[str, str], log: Path, *options: str
) -> Iterator[str]:
    """Run a Jupyter server in a folder and return its address."""
    for _ in range(5):
        with create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = _command(module, port, folder, options)
        with log.open("wb") as out, _process(command, folder, environment, out) as it:
            url = f"http://127.0.0.1:{port}"
            if _is_up(it, url):
                yield url
                return
        if b"is already in use" not in log.read_bytes():
            break  # else somebody took the free port in the meantime
    pytest.fail(log.read_text("utf-8")[-3000:])


def _command(
    module: str, port: int, folder: Path, options: Sequence[str]
) -> Sequence[str]:
    return [
        *(sys.executable, "-m", module, "--no-browser", "--allow-root"),
        "--ip=127.0.0.1",
        f"--port={port}",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.port_retries=0",
        *options,
    ]


@contextmanager
def _process(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], out: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=out, stderr=out
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:  # its threads can hold each other
                process.kill()


def _is_up(server: subprocess.Popen[bytes], url: str) -> bool:
    """Wait until a server answers, or has ended."""
    wait_for(lambda: server.poll() is not None or answers(url))
    return server.poll() is None


def answers(url: str) -> bool:
    """Whether a Jupyter server is up."""
    try:
        with urllib.request.urlopen(f"{url}/api/status?token={TOKEN}", timeout=30):
            return True
    except (OSError, HTTPException):  # not yet: nobody listens, or hangs up
        return False


def new_page(browser: Browser) -> Page:
    """Open an empty page whose waits bound a failure alone."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(LIMIT_S * 1000)
    return page
