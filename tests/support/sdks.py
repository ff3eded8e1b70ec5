"""The clients that others wrote: the service's own two, and OpenAI's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

#: Each of the service's clients sends its key as it is, and as a signed token.
OFFICIAL = ("zhipuai", "zhipuai signed", "zai", "zai signed")
ALL = (*OFFICIAL, "openai")


def client(name: str, url: str, key: str, **more: Any) -> Any:
    """Return a client by its name, with one try for each request."""
    how = {"api_key": key, "base_url": url, "max_retries": 0, "timeout": 60, **more}
    if name == "openai":
        import openai

        return openai.OpenAI(**how)
    how["disable_token_cache"] = not name.endswith("signed")
    if name.startswith("zai"):
        import zai

        return zai.ZhipuAiClient(**how)
    return zhipuai().ZhipuAI(**how)


def errors(name: str) -> Any:
    """Return the module that holds a client's exceptions."""
    if name.startswith("zai"):
        import zai.core

        return zai.core
    return zhipuai().core._errors


def zhipuai() -> Any:
    """Import zhipuai from its folder: it asks for an older pyjwt than zai-sdk."""
    folder = str(Path(sys.prefix) / "zhipuai")
    if folder not in sys.path:
        sys.path.append(folder)
    import zhipuai
    import zhipuai.core._errors

    return zhipuai
