"""Both faces of every verb come from one coroutine."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import glmkit
from glmkit.client.resources.namespaces import Endpoints
from glmkit.client.resources.sync_async import (
    Blocking,
    Namespace,
    live,
    tell,
    verb,
    wait,
)
from tests.client.test_resources_texts import client_of
from tests.conftest import Paced
from tests.support.resource_server import PNG

Factory = Callable[..., Paced]
HOME = "http://127.0.0.1:9/api/paas/v4"


def namespaces(client: Any) -> Iterator[Any]:
    """Yield the client and every namespace on it."""
    yield client
    for name, value in vars(Endpoints).items():
        if isinstance(value, property):
            yield getattr(client, name)


def verbs() -> list[tuple[str, str]]:
    client = Endpoints[Blocking](None, blocking=True)  # type: ignore[arg-type]
    return [
        (type(place).__name__, name)
        for place in namespaces(client)
        for kind in type(place).__mro__
        for name, value in vars(kind).items()
        if isinstance(value, verb | live)
    ]


def both(place: str, name: str) -> tuple[Any, Any]:
    faces = []
    for kind in (glmkit.Client, glmkit.AsyncClient):
        client = kind(HOME, "a.b")
        home = next(
            space
            for space in namespaces(client)
            if type(space).__name__ == place
            or (place == "Endpoints" and isinstance(space, kind))
        )
        faces.append(getattr(home, name))
    return faces[0], faces[1]


@pytest.mark.parametrize(("place", "name"), verbs())
def test_verb_has_one_signature_and_one_text_in_both_faces(
    place: str, name: str
) -> None:
    plain, awaited = both(place, name)
    assert inspect.signature(plain) == inspect.signature(awaited)
    assert "self" not in inspect.signature(plain).parameters
    assert plain.__doc__ == awaited.__doc__
    assert plain.__doc__.split("\n")[0].endswith((".", ":"))
    assert plain.__name__ == name


def test_every_part_of_the_api_has_verbs() -> None:
    counted = {place: 0 for place, _ in verbs()}
    for place, _ in verbs():
        counted[place] += 1
    assert {"Endpoints", "Tasks", "Images", "Videos", "Files", "Batches", "Audio"} <= (
        counted.keys()
    )
    assert sum(counted.values()) >= 60


def test_namespaces_name_their_endpoint_and_no_key() -> None:
    client = glmkit.Client(HOME, "id.secret")
    assert repr(client.images) == f"<images of {HOME!r}>"


def test_blocking_verb_works_inside_a_running_loop(resources: Factory) -> None:
    client = client_of(resources())

    async def cell() -> str:
        return client.models()[0].id

    assert asyncio.run(cell()) == "glm-4.5"


def test_what_is_told_is_called_on_the_waiting_thread_in_order() -> None:
    seen: list[tuple[int, str]] = []

    async def job() -> str:
        for number in range(3):
            tell(lambda n=number: seen.append((n, threading.current_thread().name)))
        return threading.current_thread().name

    there = wait(job())
    here = threading.current_thread().name
    assert seen == [(0, here), (1, here), (2, here)]
    assert there != here


def test_what_is_told_without_a_waiting_thread_is_called_at_once() -> None:
    seen: list[int] = []

    async def job() -> list[int]:
        tell(lambda: seen.append(1))
        return list(seen)

    assert asyncio.run(job()) == [1]


def test_interrupt_cancels_and_settles_what_was_under_way() -> None:
    settled = threading.Event()

    def interrupt() -> None:
        raise KeyboardInterrupt

    async def job() -> None:
        try:
            tell(interrupt)
            await asyncio.sleep(60)
        finally:
            settled.set()

    with pytest.raises(glmkit.Interrupted):
        wait(job())
    assert settled.is_set()


def test_many_threads_use_one_client(resources: Factory) -> None:
    client = client_of(resources())
    found: dict[int, float] = {}

    def embed(number: int) -> None:
        vectors = client.embeddings("x" * number, dimensions=256)
        found[number] = vectors[0][0]

    threads = [threading.Thread(target=embed, args=(n,)) for n in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: number + 0.5 for number in range(1, 21)}


def test_large_file_is_sent_whole(resources: Factory) -> None:
    client = client_of(resources())
    lines = b'{"custom_id":"request-1"}\n' * 200_000
    stored = client.files.upload(("large.jsonl", lines), "batch")
    assert stored.bytes == len(lines)
    assert client.files.content(stored) == lines


def test_namespace_of_a_namespace_is_the_same_face(resources: Factory) -> None:
    place = resources()

    async def main() -> None:
        async with glmkit.AsyncClient(place.url, place.key) as client:
            assert isinstance(client.images, Namespace)
            picture = await client.images.generate("A fox")
            assert (await client.download(picture)).data == PNG

    asyncio.run(main())
