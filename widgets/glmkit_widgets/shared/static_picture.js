// The picture of a widget for a saved notebook, while the live view hides it.

/** Keeps the page from typesetting a picture that nobody sees: that would hold it up. */
class Picture {
  constructor(model, root) {
    this.typeset = typesetter(model);
    this.root = root;
  }

  /** Find the picture, once the view stands in the page. */
  watch() {
    if (this.watcher) return;
    const output = this.root.closest(".jp-OutputArea-child")?.previousElementSibling;
    if (!output?.querySelector(".glmkit-still")) return;
    this.output = output;
    // Runs before the page's own typesetting.
    this.watcher = new MutationObserver(() => {
      for (const formula of this.formulas()) formula.classList.remove(...FOUND);
    });
    this.watcher.observe(output, { childList: true, subtree: true });
  }

  formulas() {
    return this.output.querySelectorAll(".glmkit-formula:not(:has(mjx-container))");
  }

  /** Without the view it is seen again. */
  leave() {
    this.watcher?.disconnect();
    if (!this.output?.isConnected) return;
    for (const formula of this.formulas()) formula.classList.add(...FOUND);
    this.typeset(this.output);
  }
}
