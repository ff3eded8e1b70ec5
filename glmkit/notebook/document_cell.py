"""Runs `%%glm --document PATH`: the cell is a question about one document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from glmkit.client.prompts import values as digests
from glmkit.notebook import interpolation, surfaces
from glmkit.notebook.dataframe_verbs import html_of

if TYPE_CHECKING:
    from glmkit.documents.answers import DocumentAnswer
    from glmkit.notebook.question import Question
    from glmkit.notebook.session import Session


def ask(
    session: Session, question: Question, names: Mapping[str, Any]
) -> DocumentAnswer | None:
    """Ask about the document, and return the answer; also as `-o NAME`.

    A dry run shows the plan and returns None.
    """
    from glmkit.documents.questions import ask_document

    prompt = question.prompt
    if not question.literal:
        prompt = interpolation.fill(prompt, names, digests.tell).text
    options: dict[str, Any] = {
        **question.options,
        "client": session.client(),
        "fresh": question.fresh,
    }
    document = _document(question.document or "", names)
    if question.dry_run:
        plan = ask_document(document, prompt, run=False, **options)
        surfaces.show_text(repr(plan), html_of(plan))
        return None
    with session.here(question.tag):
        answer: DocumentAnswer = ask_document(document, prompt, **options)
    if question.out is not None:
        session.shell.user_ns[question.out] = answer
    return None if question.quiet else answer


def _document(name: str, names: Mapping[str, Any]) -> str:
    """Return the text of that name in the notebook, else the name: it is a path."""
    value = names.get(name)
    return value if isinstance(value, str) else name
