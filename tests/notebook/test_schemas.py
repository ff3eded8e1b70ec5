"""`--schema`: fields become a type that can be used, and pickled."""

import pickle
import subprocess
import sys
from types import GenericAlias
from typing import Any

import msgspec
import pytest

from glmkit.notebook.schemas import schema
from glmkit.types.errors import ConfigError


def test_equal_fields_are_one_type() -> None:
    one, other = schema("name, age int", {}), schema("name str,  age:int", {})
    assert one is other
    assert one.__name__ == "Answer"


@pytest.mark.parametrize("text", ["name, age int", "tags list[str], ok bool", "a"])
def test_an_answer_of_written_fields_is_pickled(text: str) -> None:
    kind: Any = schema(text, {})
    fields = {name: _value(type_) for name, type_ in kind.__annotations__.items()}
    answer = msgspec.convert(fields, kind)
    again = pickle.loads(pickle.dumps((answer, kind, GenericAlias(list, kind))))
    assert again == (answer, kind, GenericAlias(list, kind))


def _value(kind: object) -> object:
    return {str: "x", int: 1, bool: True}.get(kind, [])  # type: ignore[call-overload]


def test_another_process_unpickles_it() -> None:
    kind = schema("name, age int", {})
    data = pickle.dumps(kind("Ada", 36))
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "Answer(name='Ada', age=36)"


@pytest.mark.parametrize("text", ["name what", "a, a", "Nobody("])
def test_what_does_not_parse_names_the_fields_it_takes(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        schema(text, {})
    assert '--schema "name, age int"' in caught.value.hint
