"""The command line: `glmkit COMMAND`, or `python -m glmkit COMMAND`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from glmkit.types.errors import ConfigError, GLMError
from glmkit.types.plain_text import one_line, say

if TYPE_CHECKING:
    import pandas as pd

_GALLERY = "glmkit-gallery"
_GALLERY_NEXT = "glmkit gallery open NUMBER, copy NUMBER|all [FOLDER], search WORDS"
_COLUMNS = (
    "at", "model", "source", "prompt_tokens", "completion_tokens",
    "cost", "currency", "list_cost", "list_currency", "seconds", "state",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a GLMError is two lines on stderr and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a console may not know ¥
            stream.reconfigure(errors="replace")
    parser = _parser()
    given, more = parser.parse_known_args(arguments)
    if more and given.command not in (lab, serve, gallery_open):
        parser.error(f"unknown arguments: {' '.join(more)}")
    given.more = more
    try:
        done = int(given.command(given) or 0)
        sys.stdout.flush()  # here, where a reader that has left is known
        return done
    except BrokenPipeError:  # as of `glmkit usage | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except GLMError as exc:
        name = type(exc).__name__
        say(one_line(f"{name}: {exc}"), one_line(f"→ {exc.hint}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "glmkit", description="The notebook workbench for GLM language models."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, job: Callable[..., Any], **how: Any) -> argparse.ArgumentParser:
        text = (job.__doc__ or "").split("\n")[0]
        command = commands.add_parser(name, help=text, description=text, **how)
        command.set_defaults(command=job)
        return command

    place: dict[str, Any] = {"nargs": "?", "type": Path, "default": Path(_GALLERY)}
    place["help"] = f"default: {_GALLERY}, in this folder"
    add("lab", lab).add_argument("folder", **place)
    page = add("demo", demo)
    what = "where the page goes (glmkit-demo.html)"
    page.add_argument("--out", type=Path, default=Path("glmkit-demo.html"), help=what)
    add("serve", serve, add_help=False)
    add("local", local).add_argument("what", choices=["install", "status", "stop"])
    _add_gallery(add("gallery", gallery), place)
    table = add("usage", usage)
    table.add_argument("--by", nargs="+", help="day, model, notebook, tag, ...")
    table.add_argument("--since", help="a day: 2026-01-31")
    add("doctor", doctor)
    return parser


def _add_gallery(parser: argparse.ArgumentParser, place: dict[str, Any]) -> None:
    """Add what `glmkit gallery` does beside listing."""
    actions = parser.add_subparsers(metavar="ACTION")

    def add(name: str, job: Callable[..., Any]) -> argparse.ArgumentParser:
        text = (job.__doc__ or "").split("\n")[0]
        action = actions.add_parser(name, help=text, description=text)
        action.set_defaults(command=job)
        return action

    words = add("search", gallery_search)
    words.add_argument("words", nargs="+", help="all of them are in the notebook")
    for name, job in (("copy", gallery_copy), ("open", gallery_open)):
        action = add(name, job)
        which = "a number or name" + (", or all" if name == "copy" else "")
        action.add_argument("which", metavar="NUMBER", help=which)
        action.add_argument("folder", **place)


def lab(given: argparse.Namespace) -> int:
    """Copy the gallery into FOLDER and open JupyterLab there; more options go to it."""
    from glmkit.notebook import gallery as room

    _find_jupyterlab()
    _fetch_weights()
    room.copy(given.folder)
    return _open_lab(given.folder, Path(room.INDEX), given.more)


def _find_jupyterlab() -> None:
    from importlib.util import find_spec

    if find_spec("jupyterlab") is None:
        raise ConfigError(
            "JupyterLab is not installed",
            hint='In the checkout: pip install ".[lab,local]"',
        )


def _open_lab(folder: Path, notebook: Path, more: Sequence[str]) -> int:
    """Become JupyterLab in a folder, at a notebook of it."""
    command = [sys.executable, "-m", "jupyterlab"]
    if (folder / notebook).is_file():
        command.append(f"--LabApp.default_url=/lab/tree/{quote(notebook.as_posix())}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # as in most containers
        command.append("--allow-root")
    return _run([*command, *more], folder)


def demo(given: argparse.Namespace) -> None:
    """Run the first notebook against the local platform and write it as HTML."""
    import asyncio

    from glmkit.notebook import gallery_data, gallery_run as room

    if given.out.is_dir() or not given.out.absolute().parent.is_dir():
        raise ConfigError(  # before the run, not after it
            f"{given.out} cannot be written: its folder is missing, or it is one",
            hint="Name another: --out FILE.",
        )
    _fetch_weights()
    notebook = gallery_data.root() / gallery_data.START
    started = datetime.now(UTC)
    say(f"running {notebook.name} in a new kernel ...")
    # A demo is to show a model at work, not a recording of one.
    live = {"GLMKIT_ENDPOINT": "local", "GLMKIT_REPLAY": "off"}
    book = asyncio.run(room.execute(notebook, live))
    _print_answers(book.cells)
    _print_calls(started)
    room.write_html(book, given.out)
    say(f"page      {given.out.resolve()}")


def _print_answers(cells: Sequence[Any]) -> None:
    for cell in cells:
        if cell.cell_type == "code" and cell.source.startswith("%%glm"):
            prompt = cell.source.partition("\n")[2].strip()
            say(f"prompt    {prompt}", f"answer    {_answer(cell.outputs)}")


def _answer(outputs: Sequence[Any]) -> str:
    for output in outputs:
        plain = output.get("data", {}).get("text/plain")
        if plain:
            return str(plain).strip()
    return "".join(output.get("text", "") for output in outputs).strip()


def _print_calls(since: datetime) -> None:
    import pandas as pd

    from glmkit.ledger.views import frames

    def known(*values: object) -> str:
        return "unknown" if pd.isna(values[0]) else " ".join(map(str, values))  # type: ignore[call-overload]

    for call in frames.usage(since=since).to_dict("records"):
        tokens = (known(call[f"{kind}_tokens"]) for kind in ("prompt", "completion"))
        price = known(call["list_cost"], call["list_currency"])
        paid = known(call["cost"], call["currency"])
        say("tokens    {} in, {} out".format(*tokens))
        say(f"cost      {paid}; list price {price}")
        say(f"seconds   {call['seconds']:.2f}")


def serve(given: argparse.Namespace) -> int:
    """Serve the local platform in the foreground; `glmkit serve --help` has more."""
    from glmkit.local import launcher

    return launcher.serve(given.more)


def local(given: argparse.Namespace) -> None:
    """Install the stand-in's weights, or show or stop the platforms that run."""
    from glmkit.local import launcher

    match given.what:
        case "install":
            say(str(_fetch_weights()))
        case "stop":
            ended = launcher.stop()
            say("\n".join(f"stopped {one}" for one in ended) or "nothing runs")
        case _:
            say("\n".join(map(str, launcher.running())) or "nothing runs")


def gallery(given: argparse.Namespace) -> None:
    """List the gallery of notebooks; search, copy or open them."""
    from glmkit.notebook import gallery as room

    say(*room.table(room.notebooks()), "", f"Next: {_GALLERY_NEXT}")


def gallery_search(given: argparse.Namespace) -> int:
    """List the notebooks that hold all of WORDS in title, summary or text."""
    from glmkit.notebook import gallery as room

    found = room.search(given.words)
    if found:
        say(*room.table(found))
    else:
        say(f"no notebook holds {' and '.join(map(repr, given.words))}")
    return 0 if found else 1


def gallery_copy(given: argparse.Namespace) -> None:
    """Copy a notebook with its data and answers, or all, into FOLDER."""
    from glmkit.notebook import gallery as room

    one = None if given.which == "all" else room.find(given.which)
    for file in room.copy(given.folder, one):
        say(f"{'copied' if file.new else 'kept  '} {file.path}")


def gallery_open(given: argparse.Namespace) -> int:
    """Copy a notebook into FOLDER and open JupyterLab on it; more options go to it."""
    from glmkit.notebook import gallery as room

    notebook = room.find(given.which)
    _find_jupyterlab()
    room.copy(given.folder, notebook)
    return _open_lab(given.folder, notebook.place, given.more)


def usage(given: argparse.Namespace) -> None:
    """Show the ledger: the calls, or their sums with --by."""
    from glmkit.ledger.views import frames

    frame = frames.usage(by=given.by, since=given.since)
    if not given.by:
        frame = frame[[name for name in _COLUMNS if name in frame]]
    none = f"no calls since {given.since}" if given.since else "no calls yet"
    say(_table(frame) if len(frame) else none)


def _table(frame: pd.DataFrame) -> str:
    for name in frame.columns.intersection(["at", "last_at"]):
        local_time = frame[name].dt.tz_convert(datetime.now().astimezone().tzinfo)
        frame = frame.assign(**{name: local_time.dt.strftime("%Y-%m-%d %H:%M:%S")})
    return str(frame.to_string(index=False, na_rep="", float_format="{:.2f}".format))


def doctor(given: argparse.Namespace) -> None:
    """Show what is set up, what is missing, and the next step."""
    from glmkit.notebook import doctor as room

    say(room.report(room.examine()))


def _fetch_weights() -> Path:
    """Return the model file; glmkit's own copy is fetched, or mended, when need be."""
    from glmkit.local import weights

    return weights.ready()


def _run(command: list[str], folder: Path) -> int:
    """Become a program, so that it gets every signal; on Windows wait for its end."""
    import subprocess

    if os.name == "posix":
        os.chdir(folder)
        os.execv(command[0], command)
    with subprocess.Popen(command, cwd=folder) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                time.sleep(0)


if __name__ == "__main__":
    sys.exit(main())
