"""What stands under an answer, and that nothing in it is taken for HTML."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

from glmkit.render.answer import rendering_of
from glmkit.render.answer.badge import About, badge_of, partial_of
from glmkit.render.answer.views import View, code_of, structured
from glmkit.types.events import ToolCall, Usage
from glmkit.types.messages import Message, Request
from glmkit.types.money import Money
from glmkit.types.replies import Answer, Call, Reply
from tests.conftest import Paced

EVIL = "<img src=x onerror=alert(1)></summary><script>alert(2)</script>"


def reply(text: str = "Hi", **answer: object) -> Reply:
    request = Request(messages=(Message("user", EVIL),), temperature=0.5)
    call = Call(
        at=0.0,
        endpoint="bigmodel",
        model="glm-4-plus",
        request=request,
        state="done",
        answer=Answer(text=text, usage=Usage(3, 4, 7), **answer),
        cost=Money(0, "CNY"),
        seconds=1.0,
    )
    return Reply((call,))


def html(shown: Reply, about: About = About(), view: View = View()) -> str:  # noqa: B008
    badge = badge_of(shown, about)
    return rendering_of(shown).final(badge, partial_of(shown), view.shown(shown))[
        "text/html"
    ]


def harmless(page: str) -> bool:
    return "<img" not in page and "<script" not in page


def test_badge_unfolds_to_the_request_without_its_key() -> None:
    page = html(reply(finish_reason="stop"))
    assert '<details class="glmkit-badge"><summary>' in page
    assert "Bearer $ZHIPUAI_API_KEY" in page
    assert '"temperature": 0.5' in page
    assert harmless(page)


@pytest.mark.parametrize("view", [View("text"), View("json"), View("code"), View()])
def test_nothing_that_comes_from_elsewhere_is_html(view: View) -> None:
    evil = reply(
        EVIL,
        model=EVIL,
        finish_reason=EVIL,
        stand_in=EVIL,
        thinking=EVIL,
        tool_calls=(ToolCall(0, "1", EVIL, EVIL),),
    )
    page = html(evil, About(chat=EVIL, turns=2, notes=(EVIL,)), view)
    assert harmless(page)
    assert page.count("</summary>") == page.count("<summary>")


def test_table_of_values_is_escaped_and_bounded() -> None:
    shown = structured([{EVIL: EVIL, "long": "x" * 10_000}] * 1000)
    assert harmless(shown.html)
    assert "(800 more rows)" in shown.html
    assert len(shown.html) < 1_000_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": [1, 2]}, "field | value\na | 1\nb | [1,2]"),
        ([{"a": 1}, {"b": 2}], "a | b\n1 | \n | 2"),
        ([1, 2], "value\n1\n2"),
        ("yes", "value\nyes"),
        ([], "value"),
        ([{None: 1, "b": float("inf")}], "None | b\n1 | inf"),
        ({"a": [float("nan"), float("-inf")]}, "field | value\na | [NaN,-Infinity]"),
    ],
)
def test_every_value_is_a_table(value: object, text: str) -> None:
    assert structured(value).text == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = 1", "x = 1"),
        ("A:\n```python\nx = 1\n```\nB:\n~~~py\ny = '```'\n~~~", "x = 1\n\ny = '```'"),
        ("```bash\nls\n```\n```Python\nx\n```\n```\n1\n```", "x"),
        ("```{python}\nx\n```\n```text\n1\n```", "x"),
        ("```bash\nls\n```\n```text\n1\n```", "ls"),
        ("```\nx = 1\n```\n```\n1\n```", "x = 1"),
        ("````\n```\nx\n```\n````", "```\nx\n```"),
        ("```python\nunfinished = 1", "unfinished = 1"),
    ],
)
def test_code_is_what_stands_in_the_fences(text: str, code: str) -> None:
    assert code_of(text) == code


def test_no_json_is_shown_and_said() -> None:
    assert "This is not JSON" in html(
        reply("{", finish_reason="stop"), view=View("json")
    )


def bundle(shell: InteractiveShell, cell: str) -> str:
    with capture_output() as captured:
        shell.run_cell(cell)
    outputs: list[RichOutput] = captured.outputs
    return "".join(output.data.get("text/html", "") for output in outputs)


def test_names_of_files_and_chats_are_harmless_where_they_are_shown(
    shell: InteractiveShell,
    paced: Callable[..., Paced],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = json.dumps([{"content": "Hi"}])
    monkeypatch.setenv("GLMKIT_ENDPOINT", paced(replies=said).url)
    monkeypatch.chdir(tmp_path)
    name = "<img src=x onerror=alert(1)>.txt"
    Path(name).write_text(EVIL, "utf-8")
    page = bundle(shell, f"%%glm --dry-run --file '{name}'\n{EVIL}")
    assert "&lt;img" in page
    assert harmless(page)


def test_a_limit_of_the_stand_ins_own_is_named() -> None:
    cut = reply(finish_reason="length", stand_in="SmolLM2-135M-Instruct")
    assert partial_of(cut) == (
        "The answer was cut off at 4 tokens, the stand-in's own limit: --max-tokens "
        "raises it."
    )
    assert "own limit" not in partial_of(reply(finish_reason="length"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"thinking": "Hm."}, "empty: the model wrote reasoning and no answer."),
        ({}, "empty: the model wrote nothing."),
        ({"finish_reason": "tool_calls"}, "empty: the model asked for a tool"),
        ({"text": "No.", "finish_reason": "refusal"}, "The model refused to answer."),
    ],
)
def test_answer_that_holds_nothing_says_why_in_a_notebook(
    answer: dict[str, str], said: str
) -> None:
    shown = reply(**{"text": "", "finish_reason": "stop", **answer})
    assert said in partial_of(shown)
    assert said in html(shown)
