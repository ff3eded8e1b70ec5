"""Sound, documents, knowledge bases, agents, assistants, fine-tuning."""

import asyncio
import io
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import glmkit
from glmkit.types.money import Money
from tests.client.test_resources_texts import client_of, rows
from tests.conftest import Paced
from tests.support.resource_server import WAV

Factory = Callable[..., Paced]


def sound(seconds: float, rate: int = 8000) -> bytes:
    """Return a silent WAV file of some length."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\0\0" * int(seconds * rate))
    return data.getvalue()


def test_sound_is_written_down_at_its_price_a_minute(resources: Factory) -> None:
    place = resources()
    client = client_of(place)
    said = client.audio.transcribe(sound(15), model="glm-asr", hotwords=["GLM", "智谱"])
    assert str(said) == "Hello there"
    assert said.list_cost == Money.of("0.015", "CNY")  # 0.06 yuan a minute
    asked = place.seen["asked"][0]
    assert asked["files"]["file"][0] == "sound.wav"
    assert asked["body"]["hotwords"] == ["GLM", "智谱"]
    assert rows("operation, list_cost") == [("transcription", 15 * 10**9)]


def test_length_of_an_mp3_is_not_known_and_so_its_price(resources: Factory) -> None:
    said = client_of(resources()).audio.transcribe(("a.mp3", b"ID3..."))
    assert said.list_cost is None


def test_transcript_streams(resources: Factory) -> None:
    client = client_of(resources())
    with client.audio.stream_transcription(sound(1)) as stream:
        kinds = [type(event).__name__ for event in stream]
    assert kinds == ["Start", "Text", "Text", "Finish"]
    assert stream.reply.text == "Hello there"
    assert stream.reply.complete
    assert rows("operation, state, stream, text") == [
        ("transcription", "done", 1, "Hello there")
    ]


def test_text_is_said(resources: Factory, tmp_path: Path) -> None:
    spoken = client_of(resources()).audio.speak("Hello.", speed=1.5)
    assert (spoken.data, spoken.mime, spoken.list_cost) == (WAV, "audio/wav", None)
    assert spoken.save(tmp_path / "a.wav").read_bytes() == WAV
    (tmp_path / "b.txt").write_text("a file like any other")
    rights = [(tmp_path / name).stat().st_mode for name in ("a.wav", "b.txt")]
    assert rights[0] == rights[1]  # others may read it where they may read files
    assert rows("operation, model, state") == [("speech", "glm-tts", "done")]


def test_voices_are_cloned_listed_and_deleted(resources: Factory) -> None:
    client = client_of(resources())
    sample = client.files.upload(("me.wav", sound(3)), "voice-clone-input")
    voice = client.voices.clone(sample, "me", "Hello, it is me.")
    assert voice.voice == "voice-1"
    assert [one.voice_name for one in client.voices.list(voice_type="PRIVATE")] == [
        "Me"
    ]
    assert client.voices.delete("voice-1").voice == "voice-1"


@pytest.mark.parametrize(
    "call",
    [
        lambda audio: audio.transcribe("missing.wav"),
        lambda audio: audio.transcribe(("a.ogg", b"x")),
        lambda audio: audio.transcribe(sound(31)),
        lambda audio: audio.transcribe(sound(1), hotwords=["x"] * 101),
        lambda audio: audio.transcribe(b"x" * (25 * 2**20 + 1)),
        lambda audio: audio.speak(""),
        lambda audio: audio.speak("x" * 1025),
        lambda audio: audio.speak("x", speed=3),
        lambda audio: audio.speak("x", volume=0),
        lambda audio: audio.speak("x", response_format="mp3"),
    ],
)
def test_sounds_are_held_to_the_limits(
    resources: Factory, call: Callable[[Any], Any]
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError) as caught:
        call(client_of(place).audio)
    assert caught.value.hint
    assert place.seen["asked"] == []


def test_document_is_parsed_to_markdown_and_regions(resources: Factory) -> None:
    parsed = client_of(resources()).documents.parse(("a.pdf", b"%PDF-1.7"))
    assert parsed.text == "# Paper"
    assert parsed.layout_details[0][0].bbox_2d == (0, 0, 9, 9.5)
    assert parsed.usage == glmkit.Usage(9, 4, 13)


def test_handwriting_is_read(resources: Factory) -> None:
    found = client_of(resources()).documents.ocr(b"\x89PNG", probability=True)
    assert found.text == "Dear"
    assert found.list_cost == Money.of("0.01", "CNY")


def test_parser_is_a_task_that_stays_submitted(resources: Factory) -> None:
    client = client_of(resources())
    task = client.documents.submit(("a.docx", b"PK"), tool_type="lite")
    assert rows("state, task_id") == [("submitted", task.task_id)]
    assert client.documents.wait(task, poll_s=0.01).text == "Text."
    assert rows("state, cost") == [("done", None)]


def test_parser_answers_in_one_request_too(resources: Factory) -> None:
    place = resources()
    assert client_of(place).documents.convert(("a.pdf", b"%PDF")).text == "Text."
    assert place.seen["asked"][0]["body"] == {
        "tool_type": "prime-sync",
        "file_type": "PDF",
    }


def test_text_is_extracted_and_the_file_does_not_stay(
    resources: Factory, tmp_path: Path
) -> None:
    place = resources()
    (tmp_path / "a.txt").write_text("What was found.")
    text = client_of(place).documents.extract(tmp_path / "a.txt")
    assert text == "What was found."
    assert place.seen["files"] == []


@pytest.mark.parametrize(
    "call",
    [
        lambda documents: documents.parse("missing.pdf"),
        lambda documents: documents.parse(("a.tiff", b"x")),
        lambda documents: documents.parse(("a.png", b"x" * (10 * 2**20 + 1))),
        lambda documents: documents.ocr(b"x" * (8 * 2**20 + 1)),
        lambda documents: documents.submit(("a.pdf", b"x"), tool_type="best"),
        lambda documents: documents.fetch(""),
    ],
)
def test_documents_are_held_to_the_limits(
    resources: Factory, call: Callable[[Any], Any]
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError) as caught:
        call(client_of(place).documents)
    assert caught.value.hint
    assert place.seen["asked"] == []


def test_knowledge_base_lives_from_its_making_to_its_end(resources: Factory) -> None:
    place = resources()
    knowledge = client_of(place).knowledge
    base = knowledge.create("Sky", background="blue", contextual=True)
    assert base.embedding_id == 11
    assert [one.name for one in knowledge.list()] == ["Sky"]
    knowledge.update(base, name="Sea")
    assert knowledge.get(base).name == "Sea"
    assert knowledge.capacity().used.word_num == 10
    taken = knowledge.upload(
        base, [("a.txt", b"x"), ("b.txt", b"y")], sentence_size=300
    )
    assert [one.filename for one in taken.taken] == ["a.txt", "b.txt"]
    assert len(knowledge.upload(base, ("c.txt", b"z")).taken) == 1
    assert knowledge.upload_urls(base, ["https://example.org"]).refused == ()
    assert [one.name for one in knowledge.documents(base, word="a")] == ["a.txt"]
    document = knowledge.document("d1")
    assert document.fail_info is not None
    assert document.fail_info.embedding_msg == "too large"
    knowledge.embed(document)
    assert knowledge.images(document) == {"images": [{"cos_url": "u"}]}
    (passage,) = knowledge.retrieve("Why?", [base], top_k=3)
    assert (passage.text, passage.metadata["doc_name"]) == ("Sky.", "a.txt")
    knowledge.delete_document(document)
    knowledge.delete(base)
    assert knowledge.list() == ()
    paths = {asked["path"].split("/open/")[0] for asked in place.seen["asked"]}
    assert paths == {"/api/llm-application"}
    assert {row[0] for row in rows("operation")} == {"knowledge"}


def test_failure_with_status_200_is_a_typed_error(resources: Factory) -> None:
    knowledge = client_of(resources()).knowledge
    with pytest.raises(glmkit.InvalidRequestError, match="no such") as caught:
        knowledge.get("none")
    assert (caught.value.status, caught.value.code) == (200, "400")


@pytest.mark.parametrize(
    "call",
    [
        lambda knowledge: knowledge.create(""),
        lambda knowledge: knowledge.create("x", embedding="other"),
        lambda knowledge: knowledge.update("1"),
        lambda knowledge: knowledge.upload("1", "missing.txt"),
        lambda knowledge: knowledge.upload("1", b"x", sentence_size=10),
        lambda knowledge: knowledge.upload("1", b"x", knowledge_type=4),
        lambda knowledge: knowledge.upload_urls("1", []),
        lambda knowledge: knowledge.retrieve("x" * 1001, ["1"]),
        lambda knowledge: knowledge.retrieve("x", ["1"], top_k=21),
        lambda knowledge: knowledge.get(""),
    ],
)
def test_knowledge_is_held_to_the_limits(
    resources: Factory, call: Callable[[Any], Any]
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError) as caught:
        call(client_of(place).knowledge)
    assert caught.value.hint
    assert place.seen["asked"] == []


@pytest.mark.parametrize(
    ("path", "asked"),
    [("docs", "/api/v1/agents"), ("sdk", "/api/paas/v4/v1/agents")],
)
def test_agent_answers_under_both_paths(
    resources: Factory, path: Any, asked: str
) -> None:
    place = resources()
    variables = {"source_lang": "de", "target_lang": "en"}
    answer = client_of(place).agents.invoke(
        "general_translation", "Guten Tag", custom_variables=variables, path=path
    )
    assert (answer.text, answer.done) == ("Good day", True)
    assert answer.usage == glmkit.Usage(5, 3, 8)
    assert place.seen["asked"][0]["path"] == asked
    assert rows("operation, model, state") == [("agent", "general_translation", "done")]


def test_agent_with_one_message_a_choice_is_read_too(resources: Factory) -> None:
    answer = client_of(resources()).agents.invoke("doc_translation_agent", "Hallo")
    assert answer.text == "Good day"


def test_agent_that_answers_later_is_a_task(resources: Factory) -> None:
    agents = client_of(resources()).agents
    answer = agents.invoke("slides_glm_agent", "On the sky")
    assert not answer.done
    assert rows("state, task_id") == [("submitted", answer.async_id)]
    assert not agents.fetch(answer).done
    answer = agents.wait(answer, poll_s=0.01)
    assert answer.text == "Good day"
    assert rows("state, total_tokens") == [("done", 8)]


def test_agent_streams(resources: Factory) -> None:
    with client_of(resources()).agents.stream("general_translation", "Hi") as stream:
        for _ in stream:
            pass
    assert stream.reply.text == "Good"
    assert stream.reply.usage == glmkit.Usage(5, 3, 8)


def test_agent_tells_its_conversation(resources: Factory) -> None:
    found = client_of(resources()).agents.conversation("slides_glm_agent", "c1")
    assert found["conversation_id"] == "c1"


def test_assistant_answers_at_its_price(resources: Factory) -> None:
    assistants = client_of(resources()).assistants
    reply = assistants.ask("a1", "Draw a fox", attachments=["f1"])
    assert (reply.text, reply.complete) == ("A fox", True)
    assert reply.list_cost == Money.of("0.0005", "CNY")  # 5 yuan a million tokens
    assert [one.name for one in assistants.list()] == ["Drawer"]
    assert [one.id for one in assistants.conversations("a1")] == ["c1"]


def test_assistant_that_fails_raises_and_keeps_what_came(resources: Factory) -> None:
    with (
        client_of(resources()).assistants.stream("fails", "Draw") as stream,
        pytest.raises(glmkit.ContentFilterError),
    ):
        list(stream)
    assert stream.reply.text == "A fox"
    assert rows("state, error_code") == [("failed", "1301")]


def test_fine_tuning_job_runs_to_its_end(resources: Factory) -> None:
    tuning = client_of(resources()).fine_tuning
    job = tuning.create("glm-4-flash", "file-1", n_epochs=3, suffix="mine")
    assert rows("state, task_id") == [("submitted", job.id)]
    assert [one.id for one in tuning.list()] == [job.id]
    assert tuning.events(job)[0].data == {"epoch": 1}
    while not job.done:
        job = tuning.get(job)
    assert job.fine_tuned_model == "glm-4-flash:mine"
    assert rows("state, total_tokens, cost") == [("done", 1000, None)]
    assert tuning.cancel(job).status == "cancelled"
    assert tuning.delete(job).id == job.id
    assert tuning.delete_model("glm-4-flash:mine").delete_status == "deleting"


@pytest.mark.parametrize(
    "options",
    [{"n_epochs": 51}, {"batch_size": 0}, {"suffix": "x" * 41}],
)
def test_fine_tuning_is_held_to_the_limits(
    resources: Factory, options: dict[str, Any]
) -> None:
    place = resources()
    with pytest.raises(glmkit.ConfigError):
        client_of(place).fine_tuning.create("glm-4-flash", "file-1", **options)
    assert place.seen["asked"] == []


def test_async_face_streams_and_asks(resources: Factory) -> None:
    place = resources()

    async def main() -> None:
        async with glmkit.AsyncClient(place.url, place.key) as client:
            async with client.audio.stream_transcription(sound(1)) as stream:
                events = [event async for event in stream]
            assert isinstance(events[-1], glmkit.Finish)
            assert (await client.assistants.ask("a1", "Draw")).text == "A fox"
            base = await client.knowledge.create("Sky")
            assert (await client.knowledge.get(base)).name == "Sky"

    asyncio.run(main())
