"""The chat without a browser: turns, branches, attachments, tools, what stays."""

from __future__ import annotations

import base64
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import PIL.Image
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher

import glmkit
from glmkit.config import keys
from glmkit.notebook.settings import GLM
from glmkit.types.attached_text import packed
from glmkit.types.errors import ConfigError
from glmkit.widgets import Chat
from glmkit_widgets.shared.throttled_worker import ThrottledWorker
from tests.client.test_clients import rows
from tests.client.test_conversation import says, scripted, sent, wants
from tests.conftest import Paced, Run, wait_for
from tests.widgets.test_widget import threads

Factory = Callable[..., Paced]
#: The shape of a key, and no real one.
KEY = "0123456789abcdef" * 2 + "." + "ABCDEFGHijklmnop"


class Watched(Chat):
    """A chat that keeps what it tells its page."""

    def __init__(self, *given: Any, **options: Any) -> None:
        self.told: list[dict[str, Any]] = []
        super().__init__(*given, **options)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.told.append(content)

    def page(self, _do: str, /, **content: Any) -> list[dict[str, Any]]:
        """Do what a page asks for, and return what it is told."""
        before = len(self.told)
        self._heard(None, {"do": _do, "id": "1", **content}, [])
        return self.told[before:]

    @property
    def state(self) -> dict[str, Any]:
        return [message["state"] for message in self.told if "state" in message][-1]

    def rest(self) -> None:
        """Wait until nothing is under way."""
        wait_for(lambda: self._runs, lambda runs: not runs)


Make = Callable[..., Watched]


@pytest.fixture
def chat() -> Iterator[Make]:
    made: list[Watched] = []

    def of(place: Paced, **options: Any) -> Watched:
        made.append(Watched(glmkit.Client(place.url, place.key), **options))
        return made[-1]

    yield of
    for widget in made:
        widget.close()
    wait_for(threads, lambda names: "glmkit widget" not in names)


def refused(told: list[dict[str, Any]]) -> str:
    return next((m["refused"] for m in told if "refused" in m), "")


def test_a_question_from_python_is_a_turn_with_its_reply(
    paced: Factory, chat: Make
) -> None:
    talk = chat(scripted(paced, says("Blue."), says("Red.")))
    values: list[str] = []
    talk.observe(lambda change: values.append(change["new"]), "value")
    assert talk.ask("The sky?").text == "Blue."
    assert talk.ask("And Mars?").text == "Red."
    assert values == ["Blue.", "Red."]
    assert [turn.question for turn in talk.transcript] == ["The sky?", "And Mars?"]
    assert len(talk.conversation.messages) == 4
    frame = talk.transcript.to_frame()
    assert list(frame["answer"]) == ["Blue.", "Red."]
    assert frame["prompt_tokens"].dtype == "Int64"
    assert talk.state["total"].startswith("2 answers")


def test_an_empty_transcript_is_an_empty_frame(paced: Factory, chat: Make) -> None:
    frame = chat(paced()).transcript.to_frame()
    assert len(frame) == 0
    assert "cost" in frame


def test_the_page_asks_and_keeps_what_is_not_taken(paced: Factory, chat: Make) -> None:
    talk = chat(paced(tokens=100_000, rate=100))
    assert "empty" in refused(talk.page("ask", text=" "))
    assert {"took": "1"} in talk.page("ask", text="Why?")
    second = talk.page("ask", text="And?")
    assert "not finished" in refused(second)
    assert {"took": "1"} not in second
    talk.page("stop")
    talk.rest()
    (turn,) = talk.transcript
    assert turn.error == "interrupted"
    assert talk.state["running"] == ""


def test_a_stop_closes_the_connection(paced: Factory, chat: Make) -> None:
    place = paced(tokens=100_000, rate=200)
    talk = chat(place)
    talk.page("ask", text="Why?")
    wait_for(lambda: any("Part 1" in str(message.get("body")) for message in talk.told))
    talk.page("stop")
    place.until(lambda seen: seen["left"] == 1)
    talk.rest()
    assert talk.transcript[0].answer.startswith("## Part 1")
    assert talk.conversation.messages[-1].role == "assistant"


def test_an_edit_forks_there_and_the_old_branch_can_be_chosen(
    paced: Factory, chat: Make
) -> None:
    place = scripted(paced, *map(says, ("one", "two", "three", "four")))
    talk = chat(place)
    talk.ask("first")
    talk.ask("second")
    talk.page("edit", key="t1", text="another first")
    talk.rest()
    assert [m["content"] for m in sent(place)] == ["another first"]
    assert [turn.answer for turn in talk.transcript] == ["three"]
    assert talk.state["path"] == [{"key": "t3", "beside": ["t1", "t3"]}]
    talk.page("choose", key="t1")
    assert [turn.answer for turn in talk.transcript] == ["one", "two"]
    assert talk.value == "two"
    talk.ask("third")
    assert [m["content"] for m in sent(place)] == [
        *("first", "one", "second", "two", "third")
    ]


def test_asking_again_sends_the_same_and_keeps_both(paced: Factory, chat: Make) -> None:
    place = scripted(paced, says("one"), says("two"), says("three"))
    talk = chat(place)
    talk.attach([1, 2], "numbers")
    talk.ask("sum?")
    first = sent(place)
    talk.page("retry", key="t1")
    talk.rest()
    assert sent(place) == first
    assert talk.value == "two"
    assert len(talk.state["path"][0]["beside"]) == 2


def test_a_failed_turn_says_why_and_can_be_asked_again(
    paced: Factory, chat: Make
) -> None:
    place = paced(status=401, code="1002", fails=1, tokens=3)
    talk = chat(place)
    with pytest.raises(glmkit.AuthError):
        talk.ask("Why?")
    (turn,) = talk.transcript
    assert turn.error
    assert 'role="alert"' in turn.html
    assert talk.conversation.messages == ()
    assert talk.state["total"] == "", "a refusal costs nothing"
    talk.page("retry", key="t1")
    talk.rest()
    assert talk.transcript[0].error == ""
    assert len(talk.conversation.messages) == 2


def test_a_fork_has_the_same_past_and_a_future_of_its_own(
    paced: Factory, chat: Make
) -> None:
    talk = chat(scripted(paced, *map(says, ("one", "two", "three"))))
    talk.ask("first")
    talk.ask("second")
    fork = talk.fork(talk.transcript[0])
    assert [turn.reply for turn in fork.transcript] == [talk.transcript[0].reply]
    fork.ask("other")
    assert [turn.answer for turn in fork.transcript] == ["one", "three"]
    assert [turn.answer for turn in talk.transcript] == ["one", "two"]
    fork.close()
    talk.page("fork", key="t2")
    assert len(talk.state["forks"]) == 1


def test_a_history_is_shown_as_turns(paced: Factory, chat: Make) -> None:
    history = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "The sky?"},
        {"role": "assistant", "content": "**Blue.**"},
    ]
    place = scripted(paced, says("Red."))
    talk = chat(place, history=history)
    assert [turn.answer for turn in talk.transcript] == ["**Blue.**"]
    assert "<strong>Blue.</strong>" in talk.transcript[0].html
    assert talk.value == "**Blue.**"
    talk.page("edit", key="t1", text="Mars?")
    talk.rest()
    assert [m["content"] for m in sent(place)] == ["Be brief.", "Mars?"]


def test_what_is_said_elsewhere_is_taken_in(paced: Factory, chat: Make) -> None:
    place = scripted(paced, *map(says, ("one", "two", "three", "four")))
    talk = chat(place)
    talk.ask("first")
    talk.conversation.ask("in a cell")
    talk.page("hello")
    assert [turn.answer for turn in talk.transcript] == ["one", "two"]
    talk.conversation.undo()
    talk.conversation.undo()
    talk.page("hello")
    assert len(talk.transcript) == 0
    talk.ask("anew")
    assert [m["content"] for m in sent(place)] == ["anew"]


@glmkit.tool(confirm=True)
def delete(name: str) -> str:
    """Delete a file."""
    DELETED.append(name)
    return f"{name} is gone"


DELETED: list[str] = []


@pytest.mark.parametrize("yes", [True, False])
def test_a_tool_waits_for_a_button(paced: Factory, chat: Make, yes: bool) -> None:
    DELETED.clear()
    place = scripted(paced, wants(("delete", {"name": "a.txt"})), says("Done."))
    talk = chat(place, tools=[delete])
    talk.page("ask", text="Tidy up.")
    (asked,) = wait_for(lambda: talk.state["confirming"])
    assert (asked["tool"], asked["arguments"]) == ("delete", '{"name":"a.txt"}')
    assert DELETED == []
    talk.page("confirm", mark=asked["mark"], yes=yes)
    talk.rest()
    assert (["a.txt"] if yes else []) == DELETED
    assert talk.state["confirming"] == []
    assert ("did not allow" in sent(place)[-1]["content"]) is not yes
    assert "Calls delete" in talk.transcript[0].html


@pytest.mark.parametrize("end", ["stop", "close"])
def test_a_stop_and_a_close_answer_no(paced: Factory, chat: Make, end: str) -> None:
    DELETED.clear()
    place = scripted(paced, wants(("delete", {"name": "a.txt"})), says("Done."))
    talk = chat(place, tools=[delete])
    talk.page("ask", text="Tidy up.")
    wait_for(lambda: talk.state["confirming"])
    getattr(talk, end)()
    wait_for(threads, lambda names: "glmkit widget" not in names)
    assert DELETED == []
    assert place.seen["requests"] == 1


def test_a_tool_that_nobody_can_allow_is_not_used(paced: Factory, chat: Make) -> None:
    DELETED.clear()
    place = scripted(paced, wants(("delete", {"name": "a.txt"})), says("Then not."))
    talk = chat(place, tools=[delete])
    assert talk.ask("Tidy up.").text == "Then not."
    assert DELETED == []


def test_ctrl_c_stops_a_question_from_python(paced: Factory, chat: Make) -> None:
    place = paced(tokens=100_000, rate=200)
    talk = chat(place)

    def interrupt() -> None:
        wait_for(lambda: any("Part 1" in str(m.get("body")) for m in talk.told))
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=interrupt)
    presser.start()
    with pytest.raises(glmkit.Interrupted) as caught:
        talk.ask("Why?")
    presser.join()
    place.until(lambda seen: seen["left"] == 1)
    assert caught.value.reply is not None
    assert talk.transcript[0].error == "interrupted"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/api/paas/v4", "http://no-such-host.invalid/v4"]
)
def test_a_service_that_is_not_there_is_told_with_a_hint(url: str) -> None:
    talk = Watched(glmkit.Client(url, "id.secret"))
    talk.page("ask", text="Why?")
    talk.rest()
    (turn,) = talk.transcript
    assert 'class="glmkit-hint"' in turn.html
    assert turn.question == "Why?"
    talk.close()


def test_thinking_and_tools_are_folded(paced: Factory, chat: Make) -> None:
    talk = chat(paced(tokens=5, thinking=20))
    talk.ask("Why?")
    assert '<details class="glmkit-fold"><summary>Thinking' in talk.transcript[0].html


def test_closing_in_mid_stream_leaves_nothing(paced: Factory, chat: Make) -> None:
    place = paced(tokens=100_000, rate=200)
    settings = GLM()
    talk = chat(place, settings=settings)
    talk.page("ask", text="Why?")
    place.until(lambda seen: seen["active"] == 1)
    talk.close()
    place.until(lambda seen: seen["active"] == 0)
    wait_for(threads, lambda names: "glmkit widget" not in names)
    settings.temperature = 0.5
    assert "temperature" not in talk.state["asks"]


def test_settings_hold_for_the_next_question(paced: Factory, chat: Make) -> None:
    settings = GLM()
    place = paced(tokens=3)
    talk = chat(place, settings=settings, max_tokens=9)
    settings.temperature = 0.3
    settings.system = "not for a talk that has begun"
    assert talk.state["asks"] == "temperature 0.3"
    talk.ask("Why?")
    body = place.seen["bodies"][-1]
    assert (body["temperature"], body["max_tokens"]) == (0.3, 9)
    assert len(body["messages"]) == 1


def test_variables_files_and_pictures_go_along(
    paced: Factory, chat: Make, tmp_path: Path
) -> None:
    file = tmp_path / "notes.md"
    file.write_text("# Notes\n")
    picture = PIL.Image.new("RGB", (4, 4), "red")
    names = {"df": pd.DataFrame({"a": [1, 2]}), "dot": picture, "key": KEY, "_x": 1}
    place = paced(tokens=3)
    talk = chat(place, names=names, model="glm-4v-plus")
    for word in ("df", str(file), "dot"):
        assert {"took": "1"} in talk.page("attach", word=word)
    assert [row[:2] for row in talk.state["pending"]] == [
        *(["variable", "df"], ["file", "notes.md"], ["image", "dot"])
    ]
    talk.page("detach", place=1)
    talk.ask("What is it?")
    image, text = sent(place)[-1]["content"]
    assert image["type"] == "image_url"
    assert "DataFrame: 2 rows x 1 columns" in text["text"]
    assert text["text"].endswith("What is it?")
    assert talk.state["pending"] == []
    assert [a.title for a in talk.transcript[0].attached] == ["df", "dot"]


def test_what_cannot_be_attached_is_refused(paced: Factory, chat: Make) -> None:
    talk = chat(paced(), names={"key": KEY})
    for word, why in (("key", "API key"), ("nothing", "no variable or file")):
        told = talk.page("attach", word=word)
        assert why in refused(told)
        assert KEY not in str(told)
    assert "API key" in refused(talk.page("ask", text=f"use {KEY}"))
    data = base64.b64encode(KEY.encode()).decode()
    assert "API key" in refused(talk.page("file", name="k.txt", data=data))
    assert "incomplete" in refused(talk.page("file", name="k.txt", data="%"))


def test_a_file_of_the_browser_is_read_here(paced: Factory, chat: Make) -> None:
    place = paced(tokens=3)
    talk = chat(place)
    data = base64.b64encode("天空".encode()).decode()
    talk.page("file", name="C:\\fakepath\\../sky <b>.txt", data=data)
    assert talk.state["pending"] == [["file", "sky <b>.txt", "2 characters"]]
    talk.ask("")
    assert "天空" in sent(place)[-1]["content"]
    assert "sky &lt;b&gt;.txt" in sent(place)[-1]["content"]


def test_names_are_offered_with_what_they_hold(paced: Factory, chat: Make) -> None:
    names = {"df": pd.DataFrame({"a": [1]}), "_x": 1, "json": json, "print": print}
    (told,) = [m for m in chat(paced(), names=names).page("names") if "names" in m]
    assert told["names"] == [("df", "DataFrame, 1 rows x 1 columns")]


def test_code_goes_to_a_code_cell_and_text_to_a_raw_one(
    paced: Factory, chat: Make
) -> None:
    talk = chat(scripted(paced, says("So:\n```python\nx = 1\n```"), says("![x](y)")))
    talk.ask("code?")
    talk.ask("text?")
    assert talk.page("cell", key="t1")[-1] == {
        "cell": "code",
        "source": "x = 1",
        "to": "1",
    }
    assert talk.page("cell", key="t2")[-1]["cell"] == "raw"


@pytest.mark.parametrize("form", [".md", ".json", ".ipynb"])
def test_a_chat_is_exported(
    paced: Factory, chat: Make, tmp_path: Path, form: str
) -> None:
    talk = chat(scripted(paced, says("Blue.")), title="sky")
    talk.ask("Why?")
    told = talk.page("export", form=form)[-1]
    assert told["file"] == f"sky{form}"
    assert "Blue." in told["text"]
    talk.export(tmp_path / f"sky{form}")
    assert (tmp_path / f"sky{form}").read_text("utf-8") == told["text"]
    with pytest.raises(ConfigError, match="cannot write"):
        talk.export(tmp_path / f"sky{form}")


def test_the_picture_holds_all_turns_and_no_script(paced: Factory, chat: Make) -> None:
    talk = chat(paced(text="echo"))
    assert "no questions yet" in talk._draw()[1]
    talk.ask("<script>alert(1)</script> one")
    talk.ask("two")
    html, plain = talk._draw()
    assert "<script" not in html
    assert html.count("glmkit-asked") == 2
    assert plain.startswith("You: <script>alert(1)</script> one")


def saved_by_page(talk: Watched) -> tuple[str, str]:
    """Return the picture that a page writes into the notebook, as its script does."""
    frame = next(m["frame"] for m in talk.told if "frame" in m)
    turns = {m["turn"]["key"]: m["turn"] for m in talk.told if "turn" in m}
    shown = [turns[one["key"]].get("saved") for one in talk.state["path"]]
    kept = [one for one in shown if one]
    html = "".join(html for html, _ in kept)
    return frame[1] + html + frame[2], "\n\n".join(plain for _, plain in kept)


def test_the_page_saves_the_picture_that_the_kernel_would_send(
    paced: Factory, chat: Make
) -> None:
    talk = chat(paced(text="echo"), title="sky & sea")
    talk.ask("before")
    talk.page("hello", saves=True)
    talk.attach([1, 2], "numbers")
    talk.ask("<b>Why</b>?\x1b[31m")
    talk.page("retry", key="t1")
    talk.rest()
    talk.page("choose", key="t1")
    bundle = talk._still._bundle()
    html, plain = saved_by_page(talk)
    assert html == bundle["text/html"]
    assert plain == bundle["text/plain"]
    assert talk._still.mark in html
    assert "Attached: numbers" in html
    assert html.count("before") == 2, "question and answer"
    assert "\x1b" not in html + plain
    talk.page("hello", saves=False)
    assert not talk._still.saved_by_page


class Published(CapturingDisplayPublisher):
    """Keeps each update of what is displayed."""

    def __init__(self) -> None:
        super().__init__()
        self.updates: list[dict[str, str]] = []

    def publish(self, data: Any, *args: Any, update: bool = False, **more: Any) -> None:
        if update:
            self.updates.append(data)


def many_turns(paced: Factory, chat: Make, count: int) -> Watched:
    """Return a chat with answers of some 4.6 KB."""
    talk = chat(paced(tokens=1_150))
    for number in range(count):
        talk.ask(f"What of {number}?")
    return talk


def test_a_picture_grows_with_the_turns_and_not_with_their_square(
    paced: Factory, chat: Make
) -> None:
    few, many = (
        sum(map(len, many_turns(paced, chat, count)._still._bundle().values()))
        for count in (10, 40)
    )
    assert many < 4.1 * few
    assert many < 450_000
    assert many_turns(paced, chat, 1)._draw()[0].count("curl") == 0


@pytest.mark.parametrize("saves", [False, True])
def test_a_picture_is_sent_at_the_end_of_a_cell_or_never(
    paced: Factory, chat: Make, run: Run, shell: Any, saves: bool
) -> None:
    published = shell.display_pub = Published()
    talk = chat(paced(tokens=1_150))
    talk._still._worker = ThrottledWorker(talk._still._send_if_stale, 600.0)
    shell.user_ns["talk"] = talk
    run("talk")
    if saves:
        talk.page("hello", saves=True)
    result, _ = run("for n in range(30): talk.ask(f'What of {n}?')")
    assert result.success
    if saves:
        assert published.updates == []
        talk.close()
    else:
        assert len(published.updates) <= 2
    assert "What of 29?" in published.updates[-1]["text/html"]


CANARY = "canary-5f1c"


def test_privacy_keeps_all_texts_out_of_the_picture(
    paced: Factory, chat: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLMKIT_PRIVACY", "1")
    file = tmp_path / "notes.txt"
    file.write_text(f"{CANARY} in a file")
    talk = chat(paced(text="echo"))
    talk.page("hello", saves=True)
    talk.attach(str(file))
    talk.ask(f"What is {CANARY}?")
    assert CANARY in talk.value
    html, plain = saved_by_page(talk)
    bundle = talk._still._bundle()
    assert CANARY not in html + plain + str(bundle)
    assert "GLMKIT_PRIVACY" in html
    assert CANARY not in str(talk.get_state())


@pytest.mark.parametrize("form", [".md", ".json", ".ipynb"])
def test_privacy_exports_sizes_and_hashes_of_what_was_attached(
    paced: Factory,
    chat: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    file, image = tmp_path / "notes.txt", tmp_path / "red.png"
    file.write_text(f"{CANARY} in a file")
    PIL.Image.new("RGB", (2, 2), "red").save(image)
    talk = chat(scripted(paced, says("Fine."), says("Red.")))
    talk.attach(str(file))
    talk.attach({"k": CANARY}, "table")
    talk.ask("Sum it up")
    talk.attach(str(image))
    talk.ask("Which colour?")
    open_text = talk.page("export", form=form)[-1]["text"]
    assert CANARY in open_text
    monkeypatch.setenv("GLMKIT_PRIVACY", "1")
    text = talk.page("export", form=form)[-1]["text"]
    assert CANARY not in text
    assert "base64" not in text
    for kept in ("notes.txt: 21 bytes, SHA-256", "table: ", "Sum it up", "Red."):
        assert kept in text


def test_files_of_an_earlier_question_are_chips_and_go_out_again(
    paced: Factory, chat: Make
) -> None:
    place = scripted(paced, says("one"))
    text = packed("document", "a & b.txt", "Line\nline") + "Sum it up"
    talk = chat(place, history=[{"role": "user", "content": text}])
    talk.page("hello")
    (shown,) = [m["turn"] for m in talk.told if "turn" in m]
    assert shown["question"] == "Sum it up"
    assert shown["attached"] == [["file", "a & b.txt", "9 characters"]]
    talk.page("retry", key="t1")
    talk.rest()
    assert sent(place)[-1]["content"] == text


def test_no_text_and_no_key_is_in_the_state(paced: Factory, chat: Make) -> None:
    place = paced(text="echo")
    talk = chat(place, system="a secret word")
    talk.ask("another secret word")
    state = str({**talk.get_state(), "_esm": "", "_css": ""})
    assert "secret" not in state
    assert all(place.key.partition(".")[2] not in str(message) for message in talk.told)


def test_a_megabyte_of_a_question_goes_through(paced: Factory, chat: Make) -> None:
    place = paced(tokens=3)
    talk = chat(place)
    question = "word " * 200_000
    assert {"took": "1"} in talk.page("ask", text=question)
    talk.rest()
    assert sent(place)[-1]["content"] == question
    assert len(talk._draw()[0]) < 100_000


def test_a_talk_of_a_name_goes_on_in_the_widget(
    run: Run, place: Paced, shell: Any
) -> None:
    run("%%glm --chat sky\nWhy?")
    result, _ = run('talk = get_ipython().run_line_magic("glm", "talk sky")')
    assert result.success
    talk = shell.user_ns["talk"]
    assert [turn.question for turn in talk.transcript] == ["Why?"]
    talk.ask("And Mars?")
    _, said = run("%glm chats")
    assert "sky: 2 turns" in said
    run("%%glm --chat sky\nAnd Venus?")
    talk._heard(None, {"do": "hello", "id": "1"}, [])
    assert talk.transcript[-1].question == "And Venus?"
    assert rows("cell") == ["In[1]", "In[2]", "In[4]"]
    talk.close()


def test_a_missing_key_is_a_plain_line_below_the_cell(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keys, "_warned", set())
    result, out = run("from glmkit.widgets import Chat\nchat = Chat()\nchat.close()")
    assert result.success
    assert out.startswith("No key was found")
    assert "StandInWarning" not in out + capsys.readouterr().err


def test_a_new_chat_has_the_system_prompt_of_its_settings(
    paced: Factory, chat: Make
) -> None:
    place = scripted(paced, says("Blue."))
    talk = chat(place, settings=GLM(system="Be brief."))
    talk.ask("The sky?")
    assert [m["content"] for m in sent(place)] == ["Be brief.", "The sky?"]


def test_a_talk_takes_one_name(run: Run, place: Paced) -> None:
    result, _ = run("%glm talk one two")
    assert isinstance(result.error_in_exec, ConfigError)


@pytest.mark.parametrize("name", ["", " sky"])
def test_a_talk_follows_the_endpoint_of_its_notebook(
    run: Run, place: Paced, paced: Factory, shell: Any, name: str
) -> None:
    other = paced(tokens=3)
    run(f'talk = get_ipython().run_line_magic("glm", "talk{name}")')
    talk = shell.user_ns["talk"]
    talk.ask("Why?")
    run(f"%glm config endpoint {other.url}")
    fork = talk.fork()
    assert talk.ask("And now?").complete
    assert fork.ask("And here?").complete
    assert (place.seen["requests"], other.seen["requests"]) == (1, 2)
    talk.close()


def test_a_chat_with_a_client_of_its_own_stays_with_it(
    run: Run, place: Paced, paced: Factory
) -> None:
    own = paced(tokens=3)
    client = glmkit.Client(own.url, own.key)
    chats = Chat(client), Chat(conversation=glmkit.Conversation(client))
    run(f"%glm config endpoint {place.url}")
    for chat in chats:
        chat.ask("Why?")
        chat.close()
    assert (place.seen["requests"], own.seen["requests"]) == (0, 2)
