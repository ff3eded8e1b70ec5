"""What looks like a key, and what does not."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from glmkit.config import key_patterns

_TOKEN = "Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6kL9n"
_BASE64 = base64.b64encode(random.Random(5).randbytes(300)).decode()

KEYS = {
    "a GLM key": "0123456789abcdef0123456789abcdef.AbCdEfGh12345678",
    "an API key": f"sk-proj-{_TOKEN}",
    "an AWS key": "AKIAIOSFODNN7EXAMPLE",
    "a GitHub token": f"ghp_{_TOKEN[:36]}",
    "a GitLab token": "glpat-Ab3dE6gH9jK2mN5pQ8sT",
    "a Slack token": "xoxb-123456789012-Ab3dE6gH9jK2mN5pQ8sT",
    "a Google key": f"AIza{_TOKEN[:35]}",
    "a Hugging Face token": f"hf_{_TOKEN[:34]}",
    "a Stripe key": f"sk_live_{_TOKEN[:24]}",
    "a web token": f"eyJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiMSJ9.{_TOKEN}",
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\n"
    f"{_BASE64}\n-----END RSA PRIVATE KEY-----",
    "a secret": 'api_key="123e4567-e89b-12d3-a456-426614174000"',
}
MORE = [
    "sk-0123456789abcdef0123456789abcdef",
    f"sk-ant-api03-{_TOKEN}-{_TOKEN}",
    f"github_pat_{_TOKEN[:22]}_{_TOKEN}",
    "CLIENT_SECRET = 8f14e45fceea167a5a36dedd4bea2543",
    f"access-token: {_TOKEN}",
]

ORDINARY = [
    "Set ZHIPUAI_API_KEY (open.bigmodel.cn) or ZAI_API_KEY (z.ai) in the shell.",
    "api_key=os.environ['OPENAI_API_KEY']; client = Client(api_key=api_key)",
    "api_key = load_the_key_from_vault_v2('prod')  # access_token: see below",
    "api_key='your-api-key-goes-here-please', api_key=<YOUR_API_KEY_123456789>",
    "OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sk-estimator-doc-link-fitted-container-toggleable-content-2",
    "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----\n" + _BASE64,
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "git checkout 0123456789abcdef0123456789abcdef01234567",
    "d41d8cd98f00b204e9800998ecf8427e.txt and d41d8cd98f00b204e9800998ecf8427e.parquet",
    "data:image/png;base64," + _BASE64,
    "the id 123e4567-e89b-12d3-a456-426614174000 of a row",
    "primary_key=customer_id, foreign_key=2024_order_2025_line_2026",
    "token: 12,345 tokens; max_tokens=4096; key: value; secret: nobody knows",
]


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_is_known_by_its_shape_wherever_it_stands(kind: str) -> None:
    for text in (KEYS[kind], f"Use {KEYS[kind]}\nplease", f'{{"k": "{KEYS[kind]}"}}'):
        assert key_patterns.find(text) == kind
        assert KEYS[kind].split("=")[-1].strip('"') not in key_patterns.masked(text)
        assert key_patterns.find(key_patterns.masked(text)) == ""


@pytest.mark.parametrize("text", MORE)
def test_other_forms_of_the_same_are_known(text: str) -> None:
    assert key_patterns.find(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_a_text_that_speaks_of_keys_is_none(text: str) -> None:
    assert key_patterns.find(text) == ""
    assert key_patterns.masked(text) == text


_TEXT = """the key api_key token secret password of a model to sk- sk_learn pk_ AKIA
ghp_ access_token client_secret primary_key keyboard monkey eyJ xox hf_ BEGIN PRIVATE
KEY ----- = : , . { } ' " None import os.environ 钥匙 密钥 clé"""
_WORDS = _TEXT.split()
_ALPHABETS = (string.hexdigits.lower(), string.ascii_letters, string.digits + ".,-")
#: Makers of what stands in prompts, by chance.
MAKERS: list[Callable[[random.Random], str]] = [
    lambda r: r.choice(_WORDS),
    lambda r: "".join(r.choices(r.choice(_ALPHABETS), k=r.randint(1, 80))),
    lambda r: base64.b64encode(r.randbytes(r.randint(1, 60))).decode(),
    lambda r: json.dumps({r.choice(_WORDS): r.random(), "id": r.getrandbits(60)}),
    lambda r: f"{r.choice(_WORDS)}={r.choice(_WORDS)}_{r.choice(_WORDS)}",
    lambda r: "_".join(r.choices(("load", "key", "v2", "api", "token"), k=5)),
    lambda r: "".join(chr(r.randint(32, 0x2FFF)) for _ in range(r.randint(1, 30))),
]


@pytest.mark.parametrize(
    "count", [20_000, pytest.param(100_000, marks=pytest.mark.slow)]
)
def test_no_ordinary_text_is_refused(count: int) -> None:
    """Texts by chance: a false refusal stops somebody's work."""
    random_ = random.Random(20261121)
    refused = []
    for _ in range(count):
        made = (random_.choice(MAKERS)(random_) for _ in range(random_.randint(1, 12)))
        text = " | ".join(made)  # what follows `api_key =` by chance would be one
        if key_patterns.find(text):
            refused.append((key_patterns.find(text), text))
    assert refused == []


def test_no_text_of_the_corpora_and_of_this_project_is_refused() -> None:
    root = Path(__file__).parents[2]
    files = [
        *root.glob("tests/data/corpora/*.json"),
        *root.glob("glmkit/**/*.py"),
        *root.glob("widgets/**/*.js"),
        *root.glob("notebooks/*.ipynb"),
        root / "README.md",
    ]
    assert len(files) > 100
    assert [f.name for f in files if key_patterns.find(f.read_text("utf-8"))] == []
