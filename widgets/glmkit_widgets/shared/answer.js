// One answer in a cell, while it streams; then a static output takes its place.

const STATIC = ".glmkit-answer:not(.glmkit-live)";

/** Milliseconds in which the static output comes, or never. */
const PATIENCE_MS = 60_000;

/** Hands what is done in a view on to the static output that replaces it. Without
 * that the page would typeset and lay out the whole answer in one go once more. */
class Heir {
  constructor(view) {
    this.view = view;
    this.heights = [];
  }

  /** Measure, and wait for the output: it comes next. */
  expect() {
    this.heights = heightsOf(this.view.root);
    const output = this.view.root.closest(".jp-OutputArea-child");
    const area = output?.parentElement;
    if (!area) return; // no JupyterLab
    // Runs before the page's own typesetting and before the next frame.
    const watch = new MutationObserver(() => {
      if (this.view.root.isConnected) return;
      watch.disconnect();
      for (const answer of area.querySelectorAll(STATIC)) this.take(answer);
    });
    for (const node of [output, area]) watch.observe(node, { childList: true });
    setTimeout(() => watch.disconnect(), PATIENCE_MS);
  }

  take(answer) {
    const { root, setter } = this.view;
    setter.adopt(answer, setter.done(root));
    keepHeights(answer, this.heights);
  }
}

export default () => {
  let answers;
  const heirs = new Set();
  return {
    initialize({ model }) {
      answers = new Answers(model);
      model.on("msg:custom", (message) => {
        if (message.ends) for (const heir of heirs) heir.expect();
      });
    },
    render({ el }) {
      const { root, view, leave } = answers.show("");
      const heir = new Heir(view);
      heirs.add(heir);
      el.append(root);
      return () => {
        heirs.delete(heir);
        leave();
      };
    },
  };
};
