// The picture of a widget for a saved notebook, while the live view hides it.

/** Keeps the page from typesetting a picture that is hidden, which would block it. */
class Picture {
  constructor(model, root) {
    this.typeset = typesetter(model);
    this.root = root;
  }

  /** Find the picture once the view is in the page. */
  watch() {
    if (this.watcher) return;
    const output = this.root.closest(".jp-OutputArea-child")?.previousElementSibling;
    if (!output?.querySelector(".glmkit-still")) return;
    this.output = output;
    // Runs before the page's typesetter.
    this.watcher = new MutationObserver(() => {
      for (const formula of this.formulas()) formula.classList.remove(...FOUND);
    });
    this.watcher.observe(output, { childList: true, subtree: true });
  }

  formulas() {
    return this.output.querySelectorAll(".glmkit-formula:not(:has(mjx-container))");
  }

  /** Without the view the picture is visible again. */
  leave() {
    this.watcher?.disconnect();
    if (!this.output?.isConnected) return;
    for (const formula of this.formulas()) formula.classList.add(...FOUND);
    this.typeset(this.output);
  }
}

/** Writes the picture of a widget into the notebook when the notebook is saved.
 *
 * `draw()` returns mark, HTML and plain text, or null where there is nothing to save.
 * Before JupyterLab turns a notebook into text it says so, and waits for no kernel. */
class SavedPicture {
  constructor(model, draw) {
    const context = model.widget_manager?.context;
    this.draw = draw;
    this.works = Boolean(context?.saveState?.connect && context.model?.cells);
    if (!this.works) return;
    this.context = context;
    this.written = "";
    this.heard = (_, state) => state === "started" && this.write();
    context.saveState.connect(this.heard);
  }

  write() {
    const [mark, html, plain] = this.draw() ?? [];
    if (!html || html === this.written || this.context.isDisposed) return;
    for (const outputs of this.outputs()) {
      for (let place = 0; place < outputs.length; place++) {
        const output = outputs.get(place).toJSON();
        const before = output.data?.["text/html"];
        if (!before || ![before].flat().join("").includes(mark)) continue;
        const data = { ...output.data, "text/html": html, "text/plain": plain };
        outputs.set(place, { ...output, data });
        this.written = html;
      }
    }
  }

  *outputs() {
    const { cells } = this.context.model;
    for (let place = 0; place < cells.length; place++) {
      const { outputs } = cells.get(place);
      if (outputs?.set) yield outputs;
    }
  }

  leave() {
    this.context?.saveState.disconnect(this.heard);
  }
}
