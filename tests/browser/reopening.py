"""A saved notebook opened again, by someone who starts no kernel."""

from __future__ import annotations

from tests.browser.notebook import Notebook, settle


def reopen_without_kernel(book: Notebook) -> None:
    """Close the notebook, its kernel too, and open the saved file by itself."""
    book.close()
    settle(
        book.page,
        """async path => {
            const panel = await window.jupyterapp.commands.execute('docmanager:open', {
                path, kernelPreference: { shouldStart: false, canStart: true }
            });
            await panel.context.ready;
            await panel.revealed;
            window.glmkitPanels[path] = panel;
        }""",
        book.path,
    )
    assert not book.page.evaluate(
        "path => window.glmkitPanels[path].sessionContext.session", book.path
    )
