"""Finds texts for the prompt, in the folder of documents or in knowledge bases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from glmkit.local.platform.answering.requests import (
    ChatRequest,
    OfferedTool,
    RetrievalTool,
    SearchTool,
)
from glmkit.local.platform.server.errors import DOCUMENTS, LackError
from glmkit.local.platform.storage.full_text_index import Folder, Hit

#: Tools of the service that a stand-in cannot run.
_NOT_HERE = {"drawing_tool", "mcp"}
_MOST = 50
_FEW = 3
_TEMPLATE = "Use these texts for the answer:\n{{knowledge}}"


#: Finds pieces of an account's knowledge bases: the account, their ids, the question,
#: and how many.
Lookup = Callable[[str, Sequence[str], str, int], list[Hit]]


class Ground(msgspec.Struct, frozen=True):
    """Texts for the prompt, and the sources to show before or `after` the answer."""

    texts: list[str] = []
    sources: list[dict[str, Any]] = []
    after: bool = True


class Grounds:
    """Searches before an answer, where a tool of the request asks for it."""

    def __init__(self, folder: Folder | None, knowledge: Lookup) -> None:
        self._folder = folder
        self._knowledge = knowledge

    def of(self, ask: ChatRequest, account: str) -> Ground:
        """Return what was found: functions, retrieval, search exclude each other.

        The first of them counts. Raises a Refusal for tools that cannot run here.
        """
        tools = ask.tools or []
        for tool in tools:
            if tool.type in _NOT_HERE:
                raise LackError(f"run {tool.type}", code="1210")
        if ask.functions:
            return Ground()
        retrieval = next((t.retrieval for t in tools if t.retrieval), None)
        if retrieval:
            return self._retrieved(retrieval, ask.question, account)
        search = next((_search_of(t) for t in tools if t.type == "web_search"), None)
        if search and truth(search.enable, True):
            return self._searched(search, ask.question)
        return Ground()

    def _retrieved(self, tool: RetrievalTool, question: str, account: str) -> Ground:
        """Search a knowledge base; as on the service, a wrong id finds nothing."""
        hits = self._knowledge(account, [tool.knowledge_id or ""], question, _FEW)
        if not hits:
            return Ground()
        known = "\n\n".join(hit.text for hit in hits)
        text = (tool.prompt_template or _TEMPLATE).replace("{{knowledge}}", known)
        return Ground([text.replace("{{question}}", question)])

    def _searched(self, tool: SearchTool, question: str) -> Ground:
        count = min(_MOST, int(tool.count or _FEW))
        found = searched(self._folder, tool.search_query or question, count)
        if not found:
            return Ground()
        # The stand-in's window is small: the best few go into the prompt.
        texts = "\n\n".join(
            f"[{one['refer']}] {one['content']}" for one in found[:_FEW]
        )
        prompt = tool.search_prompt or "Use these search results for the answer:"
        shown = found if truth(tool.search_result, False) else []
        return Ground([f"{prompt}\n{texts}"], shown, tool.result_sequence != "before")


def _search_of(tool: OfferedTool) -> SearchTool:
    return tool.web_search or SearchTool()


def truth(value: bool | str | None, absent: bool) -> bool:
    """Return the value of a switch, which the service's samples write as text."""
    if isinstance(value, str):
        return value.strip().lower() in {"true", "1"}
    return absent if value is None else value


def searched(folder: Folder | None, query: str, count: int) -> list[dict[str, Any]]:
    """Return the results of a search; Refusal (1702) where there is no folder."""
    if folder is None:
        raise LackError(
            "search the web",
            f"{DOCUMENTS}, lets it search a folder of documents",
            code="1702",
        )
    return folder.find(query, count)
