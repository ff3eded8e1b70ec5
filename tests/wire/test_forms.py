"""Forms and paths: what another reader makes of them."""

import email.parser
import email.policy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import glmkit
from glmkit.wire.forms import Upload, form_body, given as sent, json_body, path_of


@given(
    st.dictionaries(st.text("abc_", min_size=1), st.text() | st.booleans(), max_size=4),
    st.binary(max_size=200),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
)
def test_form_is_read_by_another_reader(
    fields: dict[str, Any], data: bytes, name: str
) -> None:
    body = form_body(fields, [("file", Upload("x.bin", data))])
    head = f"content-type: {body.content_type}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        head + body.content
    )
    parts = {
        part.get_param("name", header="content-disposition"): part.get_payload(
            decode=True
        )
        for part in form.iter_parts()
    }
    expected = {
        key: (str(value).lower() if isinstance(value, bool) else value).encode()
        for key, value in fields.items()
    }
    assert parts == expected | {"file": data}
    assert name.replace('"', "%22").encode() in (
        form_body({}, [("file", Upload(name, b""))]).content
    )


def test_name_of_a_file_cannot_write_a_header() -> None:
    body = form_body({}, [("file", Upload('a"\r\nx-evil: 1\r\n\r\n', b""))])
    assert b"\r\nx-evil" not in body.content
    assert b"a%22%0D%0Ax-evil" in body.content


@given(st.text(min_size=1))
def test_id_never_leaves_its_step_of_the_path(step: str) -> None:
    try:
        path = path_of("/files", step, "content")
    except (glmkit.ConfigError, UnicodeEncodeError):
        return
    assert path.startswith("/files/")
    assert path.endswith("/content")
    assert path.count("/") == 3
    assert "?" not in path


def test_numbers_of_any_library_are_sent_and_ids_as_texts() -> None:
    fields = {"speed": np.float64(1.5), "volume": 0.1 + 0.2, "request_id": 1234567890.5}
    assert json_body(sent(fields)).content == (
        b'{"speed":1.5,"volume":0.3,"request_id":"1234567890.5"}'
    )
    assert json_body({"texts": [np.str_("a")]}).content == b'{"texts":["a"]}'


def test_what_json_does_not_have_is_a_typed_error() -> None:
    with pytest.raises(glmkit.ConfigError, match="object"):
        json_body({"a": object()})
