"""How a widget looks: light, dark, narrow, and what axe-core finds wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.notebook import Notebook

#: Pixels of an output beside a phone's or a slide's other half.
_SLIM = 320

#: The panel beside the notebook that JupyterLab opens with, the list of files.
_SIDE = "close => window.jupyterapp.shell[(close ? 'collapse' : 'expand') + 'Left']()"
#: Elements that stick out of the widget, and are not meant to scroll.
_OUT = """(root, slim) => {
    const output = root.closest('.jp-OutputArea-output');
    output.style.width = slim ? slim + 'px' : '';
    const edge = root.getBoundingClientRect().right + 1;
    const scrolls = node => getComputedStyle(node).overflowX === 'auto';
    const scrolled = node => node !== root && node.parentElement
        && (scrolls(node) || scrolled(node.parentElement));
    return [...root.querySelectorAll('*')]
        .filter(node => node.checkVisibility() && !scrolled(node))
        .filter(node => node.getBoundingClientRect().right > edge)
        .map(node => node.outerHTML.slice(0, 120));
}"""

#: Controls whose border is less than 3:1 against what is round them; a border that can
#: not be seen at all is meant so, and a control that is off may be faint.
_FAINT = """root => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    const seen = colours => {
        for (const colour of colours) {
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
        }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const linear = part =>
        part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const light = colour => {
        const [r, g, b] = colour.map(part => linear(part / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    };
    const behind = node => node
        ? [...behind(node.parentElement), getComputedStyle(node).backgroundColor]
        : ['white'];
    const own = 'button, select, textarea, input:not([type=radio], [type=range])';
    return [...root.querySelectorAll(own)].filter(node => {
        const style = getComputedStyle(node);
        const native = node.type === 'checkbox' && style.appearance !== 'none';
        const none = style.borderTopWidth === '0px' || !node.checkVisibility();
        if (native || none || node.disabled) return false;
        const ground = behind(node.parentElement);
        const fill = [...ground, style.backgroundColor];
        const edge = [...fill, style.borderTopColor];
        const [a, b, c] = [ground, fill, edge].map(colours => light(seen(colours)));
        return b !== c && Math.max(a, c) / Math.min(a, c) < 3;
    }).map(node => node.outerHTML.slice(0, 120));
}"""


@contextmanager
def narrow(page: Page, width: int = 620) -> Iterator[None]:
    """Make the window small and close the panel at its side, for a while."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(_SIDE, True)
    try:
        yield
    finally:
        page.evaluate(_SIDE, False)
        page.set_viewport_size({"width": 1280, "height": 900})


def check_looks(
    book: Notebook, theme: Callable[[str], None], name: str, selector: str
) -> None:
    """Take pictures of a widget in light, dark and narrow; assert no faults."""
    for which in ("Light", "Dark"):
        theme(f"JupyterLab {which}")
        book.screenshot(f"{name}-{which.lower()}")
        check_faults(book.page, selector)
    with narrow(book.page):
        book.screenshot(f"{name}-narrow")
        check_faults(book.page, selector)
        out = sticks_out(book.page, selector)
        assert out == [], out
        slim = sticks_out(book.page, selector, _SLIM)
        assert slim == [], slim
        book.screenshot(f"{name}-slim")
        check_faults(book.page, selector)
        sticks_out(book.page, selector)


def check_faults(page: Page, selector: str) -> None:
    """Assert that axe-core finds nothing wrong, and that it looked at something."""
    found = Axe().run(page, context=selector)
    assert found.response["violations"] == []
    assert found.response["passes"], "nothing was looked at"
    assert faint_controls(page, selector) == []


def faint_controls(page: Page, selector: str) -> list[str]:
    """Return the controls whose border is hard to see, which axe-core passes over."""
    faint: list[str] = page.locator(selector).first.evaluate(_FAINT)
    return faint


def sticks_out(page: Page, selector: str, slim: int = 0) -> list[str]:
    """Return what is wider than the widget, in an output of `slim` pixels or as is."""
    out: list[str] = page.locator(selector).evaluate(_OUT, slim)
    return out
