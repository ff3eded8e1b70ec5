"""The options of `%%glm` in a real shell: what is sent, and what is shown."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from IPython.core.interactiveshell import InteractiveShell

import glmkit
from tests.conftest import Paced, Run

Factory = Callable[..., Paced]
KEY = "0123456789abcdef0123456789abcdef.AbCdEfGh12345678"


@pytest.fixture
def replies(paced: Factory, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Paced]:
    """Return a function that scripts what the cells' endpoint answers in turn."""

    def script(*texts: str | dict[str, Any], **options: Any) -> Paced:
        said = [t if isinstance(t, dict) else {"content": t} for t in texts]
        made = paced(replies=json.dumps(said).replace("/", "\\u002f"), **options)
        monkeypatch.setenv("GLMKIT_ENDPOINT", made.url)
        return made

    return script


def sent(place: Paced) -> dict[str, Any]:
    body: dict[str, Any] = place.seen["bodies"][-1]
    return body


def test_underscores_and_dashes_are_the_same(run: Run, place: Paced) -> None:
    run("%%glm --top_p 0.5 --max_tokens 9 --no_stream\nHi")
    first = sent(place)
    run("%%glm --top-p 0.5 --max-tokens 9 --no-stream\nHi")
    assert first == sent(place)


def test_names_in_prompt_and_line_are_filled(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    shell.user_ns |= {"word": "sky", "who": "glm-4-plus", "rule": 'Say "{word}".'}
    run("1 + 1")
    run("1 / 0")
    run('%%glm -m {who} -s "{rule}"\nThe {word}, {Out[1]}, {Err[2]}, {"a": {b}}\n')
    system, user = sent(place)["messages"]
    assert sent(place)["model"] == "glm-4-plus"
    assert system["content"] == 'Say "{word}".'
    assert user["content"].startswith("The sky, 2, Traceback")
    assert user["content"].endswith('ZeroDivisionError: division by zero, {"a": {b}}')


def test_dollars_and_braces_in_the_line_stay(run: Run, place: Paced) -> None:
    run("%%glm -s 'Costs $HOME {\"a\": 1} C:\\temp'\nHi")
    assert sent(place)["messages"][0]["content"] == 'Costs $HOME {"a": 1} C:\\temp'


def test_badge_suggests_a_near_name(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    shell.user_ns["colour"] = "blue"
    _, out = run("%%glm\nWhy {color}?")
    assert sent(place)["messages"][0]["content"] == "Why {color}?"
    assert "{color} is not a name here; did you mean {colour}?" in out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--modle glm-4-plus", "Did you mean --model?"),
        ("--temp 1", "--temperature"),
        ("glm-4-plus", "the prompt goes below the line"),
        ("-t 7", "0 to 1"),
        ("-t", "expected one argument"),
        ("--top-p 0", "0.01 to 1"),
        ("--max-tokens many", "whole number"),
        ("--max-tokens 0", "whole number"),
        ("-f yaml", "markdown, text, json, code"),
        ("-f html", "-f text"),
        ("-f image", "images.generate"),
        ("--seed many", "whole number"),
        ("--first", "-f code"),
        ("--param top_p", "NAME=VALUE"),
        ("--param top_p=9", "0.01 to 1"),
        ("--param temprature=1", "--param temperature=..."),
        ("--param topp=1", "--param top_p=..."),
        ("--param schema=Person", "--schema NAME"),
        ("--think hard", "how to think"),
        ("-o a.b", "not a name"),
        ("--fresh", "--chat NAME --fresh"),
        ("--schema 'name what'", "does not parse at 'name what'"),
        ("--schema Nobody(", "does not parse"),
        ("--schema '{\"type\": '", "not JSON"),
        ("--schema 'a, a'", "does not parse"),
        ("--tools nothing", "@glmkit.tool"),
        ("--image nothing", "no variable and no file"),
        ("--image number", "not a picture but a int"),
        ("--file nowhere.txt", "cannot be read"),
        ("--file .", "not a file"),
        ("-s 'open", "Close the quotes"),
    ],
)
def test_wrong_value_is_one_short_error_before_anything_is_sent(
    run: Run, shell: InteractiveShell, place: Paced, line: str, said: str
) -> None:
    shell.user_ns["number"] = 3
    result, out = run(f"%%glm {line}\nHi")
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert said in out
    assert len(out.splitlines()) == 2
    assert place.seen["requests"] == 0


@pytest.mark.parametrize("cell", ["{secret}", KEY, "-s {secret}"])
def test_key_never_leaves(
    run: Run, shell: InteractiveShell, place: Paced, cell: str
) -> None:
    shell.user_ns["secret"] = KEY
    line = cell if cell.startswith("-s") else ""
    result, out = run(f"%%glm {line}\n{cell}")
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert KEY not in out
    assert place.seen["requests"] == 0


def test_schema_in_the_line_is_a_table_and_a_typed_value(
    run: Run, shell: InteractiveShell, replies: Callable[..., Paced]
) -> None:
    replies('{"name": "Ada", "age": 36}')
    _, out = run('%%glm --schema "name, age int" -o answer\nWho?')
    value = shell.user_ns["answer"].parsed
    assert (value.name, value.age) == ("Ada", 36)
    again = pickle.loads(pickle.dumps(shell.user_ns["answer"]))
    assert again.parsed == value
    assert "field | value\nname | Ada\nage | 36" in out


def test_list_of_fields_is_a_table_of_rows(
    run: Run, shell: InteractiveShell, replies: Callable[..., Paced]
) -> None:
    replies('{"value": [{"name": "Ada", "age": 36}, {"name": "Bo", "age": 4}]}')
    _, out = run('%%glm --schema "[name, age int]" -o answer\nWho?')
    assert [person.age for person in shell.user_ns["answer"].parsed] == [36, 4]
    assert "name | age\nAda | 36\nBo | 4" in out


def test_schema_names_a_type_of_the_notebook(
    run: Run, shell: InteractiveShell, replies: Callable[..., Paced]
) -> None:
    run(
        "from dataclasses import dataclass\n@dataclass\nclass Person:\n"
        "    name: str\n    age: int"
    )
    replies('{"name": "Ada", "age": 36}')
    run("%%glm --schema Person -o answer\nWho?")
    assert shell.user_ns["answer"].parsed == shell.user_ns["Person"]("Ada", 36)


def test_tools_of_the_notebook_are_used(
    run: Run, shell: InteractiveShell, replies: Callable[..., Paced]
) -> None:
    run(
        "import glmkit\n@glmkit.tool\ndef double(n: int) -> int:\n    'Double.'\n"
        "    return 2 * n"
    )
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "double", "arguments": '{"n": 21}'},
    }
    calls = {"content": "", "tool_calls": [call], "finish_reason": "tool_calls"}
    place = replies(calls, "It is 42.", calls, "42 again.")
    run("%%glm --tools double -o answer\nDouble 21")
    assert shell.user_ns["answer"].text == "It is 42."
    assert json.loads(sent(place)["messages"][-1]["content"])["result"] == 42
    result, _ = run("%glm rerun -m glm-4-plus")
    assert result.result.text == "42 again."
    assert sent(place)["model"] == "glm-4-plus"
    roles = [message["role"] for message in sent(place)["messages"]]
    assert roles == ["user", "assistant", "tool"]


def test_pictures_go_beside_the_words(
    run: Run, shell: InteractiveShell, place: Paced, tmp_path: Path
) -> None:
    picture = PIL.Image.new("RGB", (2, 2))
    picture.save(tmp_path / "a.png")
    shell.user_ns |= {"picture": picture, "path": str(tmp_path / "a.png")}
    run(
        "%%glm -m glm-4.6v-flash --image picture --image {path}\nCompare with {picture}"
    )
    parts = sent(place)["messages"][0]["content"]
    kinds = [part["type"] for part in parts]
    assert kinds == ["image_url", "image_url", "text", "image_url"]


def test_file_goes_in_front_of_the_words(
    run: Run, place: Paced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("{not} a field", "utf-8")
    run("%%glm --file notes.txt\nSum it up")
    content = sent(place)["messages"][0]["content"]
    assert content == (
        '<document name="notes.txt">\n{not} a field\n</document>\n\nSum it up'
    )


def test_prompt_longer_than_the_window_is_told_before_sending(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    shell.user_ns["long"] = "a long story " * 200_000
    result, out = run("%%glm -m glm-4-plus\n{long}")
    assert isinstance(result.error_in_exec, glmkit.ContextLengthError)
    assert "131,072" in out
    assert place.seen["requests"] == 0


def test_web_search_is_asked_for(run: Run, place: Paced) -> None:
    run("%%glm --web\nNews?")
    assert sent(place)["tools"][0]["type"] == "web_search"


@pytest.mark.parametrize(
    ("think", "field", "value"),
    [
        ("on", "thinking", {"type": "enabled"}),
        ("off", "thinking", {"type": "disabled"}),
        ("low", "reasoning_effort", "low"),
        ("none", "reasoning_effort", "none"),
    ],
)
def test_thinking_is_switched(
    run: Run, place: Paced, think: str, field: str, value: Any
) -> None:
    run(f"%%glm --think {think}\nHi")
    assert sent(place)[field] == value


def test_tag_is_kept_in_the_ledger(run: Run, place: Paced) -> None:
    run("%%glm --tag pilot\nHi")
    run("%glm rerun")
    run("%%glm\nHi")
    assert sorted(glmkit.usage()["tag"]) == ["", "pilot", "pilot"]


def test_code_goes_into_the_next_cell(
    run: Run, shell: InteractiveShell, replies: Callable[..., Paced]
) -> None:
    place = replies("Here:\n```python\nx = 1\n```\nDone.")
    run("%%glm -f code\nSet x")
    assert shell.rl_next_input == "x = 1"
    assert "Python code" in sent(place)["messages"][0]["content"]


_BLOCKS = (
    "```bash\nls\n```\n```python\nx = 1\n```\nprints\n```\n1\n```\n```py\ny = 2\n```"
)


@pytest.mark.parametrize(
    ("line", "code"),
    [("", None), ("--first", "x = 1"), ("--last", "y = 2")],
)
def test_the_python_of_an_answer_goes_into_the_next_cell(
    run: Run,
    shell: InteractiveShell,
    replies: Callable[..., Paced],
    line: str,
    code: str | None,
) -> None:
    replies(_BLOCKS)
    shell.rl_next_input = None
    _, out = run(f"%%glm -f code {line}\nSet x and y")
    assert shell.rl_next_input == code
    assert "ls" in out
    assert ("`%glm code --first` or `--last`" in out) is not bool(line)


def test_the_code_of_the_last_reply_goes_into_a_cell_without_a_call(
    run: Run, shell: InteractiveShell, replies: Callable[..., Paced]
) -> None:
    place = replies(_BLOCKS)
    run("%%glm -f code\nSet x and y")
    for line, code in (
        ("", "x = 1\n\ny = 2"), ("--first", "x = 1"), ("--last", "y = 2"),
    ):  # fmt: skip
        run(f"%glm code {line}")
        assert shell.rl_next_input == code
    assert place.seen["requests"] == 1
    assert "takes --first or --last, not 'second'" in run("%glm code second")[1]


def test_json_is_asked_for(run: Run, replies: Callable[..., Paced]) -> None:
    place = replies('{"a": 1}')
    run("%%glm -f json\nGive JSON")
    assert sent(place)["response_format"] == {"type": "json_object"}


def test_dry_run_shows_everything_and_sends_nothing(
    run: Run, shell: InteractiveShell, place: Paced, tmp_path: Path
) -> None:
    (tmp_path / "n.txt").write_text("x" * 10, "utf-8")
    shell.user_ns |= {"word": "sky", "path": tmp_path / "n.txt"}
    result, out = run(
        "%%glm --dry-run -m glm-4-plus -s Brief --file {path}\nWhy {word}? {wrod}"
    )
    assert result.error_in_exec is None
    for said in (
        "Nothing was sent.",
        "text of n.txt (10 characters)",
        "value of {word}",
        "did you mean {word}?",
        "--- system ---\nBrief",
        "Why sky? {wrod}",
        "of the window of 131,072",
        "requests in flight",
    ):
        assert said in out
    assert place.seen["requests"] == 0
    assert len(glmkit.usage()) == 0


def test_dry_run_names_the_range_of_the_cost(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIPUAI_API_KEY", "0123456789abcdef.secretsecret1234")
    _, out = run("%%glm --dry-run -m glm-4-long --max-tokens 100\nHi")
    assert "cost     ¥0.00000" in out
    assert "(an answer of 1 to 100 tokens)" in out


def test_dry_run_names_who_answers_its_window_and_the_list_price(
    run: Run, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_ENDPOINT", "local")
    _, out = run("%%glm --dry-run -m glm-4-long --max-tokens 100\nHi")
    assert "answers  SmolLM2-135M-Instruct" in out
    assert "window of 4,096 tokens: the prompt fits" in out
    assert "nothing: the stand-in answers; list price ¥0.0000" in out
    shell.user_ns["long"] = "a long story " * 5_000
    _, out = run("%%glm --dry-run -m glm-4-long\n{long}")
    assert "the prompt does not fit" in out
    assert "of the window of 1,0" in out


def test_dry_run_shows_the_list_price_where_none_is_owed(
    run: Run, place: Paced
) -> None:
    _, out = run("%%glm --dry-run -m glm-4-plus --max-tokens 100\nHi")
    assert "cost     not known: this endpoint has no prices; list price ¥0.0000" in out


def test_thinking_that_used_up_the_length_says_so(
    run: Run, paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = paced(tokens=0, thinking=30, finish="length")
    monkeypatch.setenv("GLMKIT_ENDPOINT", made.url)
    _, out = run("%%glm\nHi")
    assert "inside the thinking" in out
    assert "--max-tokens 1024" in out


def test_stop_reason_is_told_unless_it_is_stop(
    run: Run, paced: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_ENDPOINT", paced(tokens=5, finish="length").url)
    _, out = run("%%glm\nHi")
    assert "stopped by length" in out


def test_answer_without_streaming_is_shown_once(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    _, out = run("%%glm --no-stream -o answer\nHi")
    assert out.count(shell.user_ns["answer"].text) == 1


def test_names_of_ipython_itself_stay(run: Run, place: Paced) -> None:
    run("%%glm\n{exit} {open} {get_ipython} {quit} {print}")
    content = sent(place)["messages"][0]["content"]
    assert content == "{exit} {open} {get_ipython} {quit} {print}"


def test_dry_run_tells_the_clients_own_limit(run: Run, place: Paced) -> None:
    run(
        "import glmkit; from glmkit.client import default\n"
        f"default.forget(lambda: glmkit.Client({place.url!r}, in_flight=3))"
    )
    _, out = run("%%glm --dry-run\nHi")
    assert "3 requests in flight" in out


def test_help_writes_the_magic_as_it_is_typed(shell: InteractiveShell) -> None:
    said = shell.find_line_magic("glm") and shell.find_cell_magic("glm").__doc__
    assert "\n  %%glm [-h] [-m MODEL]" in said


def test_a_keyword_is_no_name_for_an_answer(run: Run, place: Paced) -> None:
    result, _ = run("%%glm -o class\nHi")
    assert isinstance(result.error_in_exec, glmkit.ConfigError)
    assert place.seen["requests"] == 0


def test_dry_run_shows_and_counts_the_schema(run: Run, place: Paced) -> None:
    def tokens(out: str) -> int:
        return int(out.partition("about ")[2].split()[0])

    _, plain = run("%%glm --dry-run\nMake up a person.")
    _, typed = run('%%glm --dry-run --schema "name, age int"\nMake up a person.')
    assert "schema of the answer" not in plain
    assert '"age":{"type":"integer"}' in typed.partition("schema of the answer")[2]
    assert tokens(typed) > tokens(plain) + 20


def test_every_parameter_with_a_flag_is_sent(run: Run, place: Paced) -> None:
    run(
        "%%glm --seed 7 --no-sample --stop END --stop . --user-id user-7 "
        "--request-id r-7 --param tool_stream=true --param newer=[1,2] "
        "--param top_k=3 --param min_tokens=2 --param max_new_tokens=5\nHi"
    )
    body = sent(place)
    assert body["seed"] == 7
    assert body["do_sample"] is False
    assert body["stop"] == ["END", "."]
    assert (body["user_id"], body["request_id"]) == ("user-7", "r-7")
    assert body["tool_stream"] is True
    assert body["newer"] == [1, 2]
    assert (body["top_k"], body["min_tokens"], body["max_new_tokens"]) == (3, 2, 5)


def test_a_seed_is_a_setting_a_column_and_cited(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    run("%glm config seed 11")
    run("%%glm -o answer\nHi")
    assert sent(place)["seed"] == 11
    assert "seed=11" in shell.user_ns["answer"].cite()
    assert list(glmkit.usage()["seed"]) == [11]
    run("%%glm --seed default -o answer\nHi")
    assert "seed" not in sent(place)


def test_an_effort_is_cited(run: Run, shell: InteractiveShell, place: Paced) -> None:
    run("%%glm --think low -o answer\nHi")
    assert "reasoning_effort=low" in shell.user_ns["answer"].cite()


def test_a_switch_of_the_notebook_is_put_off_for_one_cell(
    run: Run, place: Paced
) -> None:
    run("%glm config stream off")
    run("%%glm --stream\nHi")
    assert sent(place)["stream"] is True
    run("%%glm\nHi")
    assert "stream" not in sent(place)


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_lists_the_options_and_asks_nothing(
    run: Run, place: Paced, word: str
) -> None:
    result, out = run(f"%%glm {word}\nHi")
    assert result.error_in_exec is None
    assert "--max-tokens" in out
    assert place.seen["requests"] == 0


def test_formats_of_other_tools_are_understood(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    for format in ("md", "math"):
        result, _ = run(f"%%glm -f {format}\nHi")
        assert result.error_in_exec is None


def test_a_line_without_a_body_names_where_the_prompt_goes(
    run: Run, place: Paced
) -> None:
    for cell in ("%%glm Why is the sky blue?", "%%glm"):
        result, out = run(cell)
        assert isinstance(result.error_in_exec, glmkit.ConfigError)
        assert len(out.splitlines()) == 2
    _, out = run("%%glm Why?")
    assert "the prompt goes below the line" in out
    _, out = run("%%glm --help")
    assert "--max-tokens" in out
    assert place.seen["requests"] == 0


def test_a_cell_that_is_typed_is_not_complete_before_its_prompt(
    shell: InteractiveShell,
) -> None:
    assert shell.check_complete("%%glm -t 0\n")[0] == "incomplete"


def test_the_callers_local_variables_come_first(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    shell.user_ns["city"] = "Rome"
    run(
        "def ask(city, image=None):\n"
        "    return get_ipython().run_cell_magic('glm', '-q -t {warm}', '{city}?')\n"
        "warm = 0.5\nask('Bonn')"
    )
    assert sent(place)["messages"][0]["content"] == "Bonn?"
    assert sent(place)["temperature"] == 0.5
    run("[get_ipython().run_cell_magic('glm', '-q', '{town}') for town in ['Köln']]")
    assert sent(place)["messages"][0]["content"] == "Köln"
    run("%%glm\n{city}?")
    assert sent(place)["messages"][0]["content"] == "Rome?"


def test_a_literal_cell_is_sent_as_written(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    shell.user_ns |= {"x": 7, "y": 1}
    run("%%glm --literal -s {x}\n<div>{x}</div>")
    assert [m["content"] for m in sent(place)["messages"]] == ["{x}", "<div>{x}</div>"]
    run("%glm config literal on")
    run("%%glm\n<div>{x}</div>")
    assert sent(place)["messages"][0]["content"] == "<div>{x}</div>"
    run("%%glm --no-literal\n<div>{x}</div>")
    assert sent(place)["messages"][0]["content"] == "<div>7</div>"


def test_what_was_filled_in_is_seen_in_the_badge(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    shell.user_ns |= {"x": 7, "y": 1}
    _, out = run("%%glm\n{x} and {x + y} and {x}")
    assert "filled in {x}, {x + y}" in out
    _, out = run("%%glm -s 'Be {x}'\nWhy?")
    assert "filled in {x}" in out
    _, out = run("%%glm --literal -s 'Be {x}'\nWhy?")
    _, out = run("%%glm\nno field")
    assert "filled in" not in out


def test_ipythons_own_variables_are_looked_up_and_no_more(
    run: Run, shell: InteractiveShell, place: Paced, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    shell.user_ns["path"] = made
    name = str(made)
    for field in (
        f"{{(In, open({name!r}, 'w').write('ran'))[1]}}",
        f"{{[Out, open({name!r}, 'w')][0]}}",
        f"{{_ or open({name!r}, 'w')}}",
        "{In.append(path) or len(In)}",
        "{(path, get_ipython().run_line_magic('pwd', ''))[1]}",
    ):
        run(f"%%glm\n{field}")
        if "append" not in field:
            assert sent(place)["messages"][0]["content"] == field
    assert not made.exists()


def test_input_and_error_of_a_cell_are_what_was_typed_and_seen(
    run: Run, shell: InteractiveShell, place: Paced
) -> None:
    shell.run_cell("%%glm -q\nHi", store_history=True)
    number = shell.execution_count - 1
    run(f"%%glm\nAgain: {{In[{number}]}}")
    assert sent(place)["messages"][0]["content"] == "Again: %%glm -q\nHi"
    run("%%glm\n{Err}")
    assert sent(place)["messages"][0]["content"] == "{Err}"
    run("1 / 0")
    run("%%glm\nWhy {Err}?")
    content = sent(place)["messages"][0]["content"]
    assert content.endswith("ZeroDivisionError: division by zero?")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("-m glm-asr", "glm-asr does not chat"),
        ("-m glm-4-plus --max-tokens 4096", "at most 4,095 tokens"),
    ],
)
def test_dry_run_refuses_what_the_call_would(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: str, said: str
) -> None:
    monkeypatch.setenv("GLMKIT_ENDPOINT", "local")
    for dry in ("--dry-run", ""):
        result, out = run(f"%%glm {dry} {options}\nHi")
        assert isinstance(result.error_in_exec, glmkit.ConfigError)
        assert said in out


@pytest.mark.parametrize(
    "text", ["{__builtins__.open('PWN', 'w')}", "{__name__}", "{__doc__}", "{__spec__}"]
)
def test_what_python_puts_into_a_module_is_not_filled_in(
    run: Run, place: Paced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run(f"%%glm\n{text}")
    assert sent(place)["messages"][0]["content"] == text
    assert not (tmp_path / "PWN").exists()
