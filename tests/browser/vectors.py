"""Texts that try to reach out of their place, and what shows that none has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_CORPUS = Path(__file__).parents[1] / "data/corpora/notebook_exfil_vectors.json"
_VECTORS = json.loads(_CORPUS.read_text("utf-8"))["vectors"]

#: Vectors that run a script, beside those of the corpus that fetch.
_SCRIPTS = [
    "<img src=x onerror=\"window.glmkitHit='img'\">",
    "<script>window.glmkitHit='script'</script>",
    "[x](javascript:window.glmkitHit='link')",
    "<details open ontoggle=\"window.glmkitHit='toggle'\">x</details>",
]

WATCH = """() => {
    window.glmkitHit = undefined;
    window.alert = () => { window.glmkitHit = 'alert' };
}"""
#: JupyterLab itself makes links of the paths in a traceback.
FOUND = """() => {
    const own = '[data-commandlinker-command="rendermime:handle-local-link"]';
    const all = s => [...document.querySelectorAll('.jp-OutputArea ' + s)];
    return {
        hit: window.glmkitHit ?? null,
        answers: all('.glmkit-answer').length,
        linked: all(`[data-commandlinker-command]:not(pre ${own})`).length,
        fixed: all('.glmkit-answer *')
            .filter(e => getComputedStyle(e).position === 'fixed').length,
        styles: all('style').filter(e =>
            !e.textContent.includes('div.glmkit-answer.glmkit-answer {')).length,
        loading: all(':is(img, iframe, video, audio, object, embed, link, image)')
            .filter(e => !e.closest('mjx-container')).length,
        links: all('.glmkit-answer a').map(e => e.getAttribute('href')),
    };
}"""


def attacks(origin: str) -> list[str]:
    """Return the vectors, aimed at the listener."""
    relative = origin.removeprefix("http:")
    aimed = [
        vector.replace("{HOST}", origin).replace("{HOSTREL}", relative)
        for vector in _VECTORS
    ]
    return [*aimed, *_SCRIPTS]


def settled(page: Page) -> dict[str, Any]:
    """Return what the page holds once typesetting and loading have come to rest."""
    page.wait_for_load_state("networkidle")
    found: dict[str, Any] = page.evaluate(FOUND)
    return found


def harmless(page: Page, asked: list[str]) -> dict[str, Any]:
    """Assert that nothing of what was shown had an effect; return what was found."""
    found = settled(page)
    assert found["hit"] is None
    assert asked == []
    for what in ("linked", "fixed", "loading"):
        assert found[what] == 0, what
    return found
