// One answer in a cell while it streams; a static output replaces it at the end.

const STATIC = ".glmkit-answer:not(.glmkit-live)";

/** Milliseconds to wait for the static output. */
const PATIENCE_MS = 60_000;

/** Passes what a view has typeset and measured to the static output that replaces it,
 * so that the page does not lay out the whole answer again in one go. */
class Successor {
  constructor(view) {
    this.view = view;
    this.heights = [];
  }

  /** Measure, and wait for the output, which comes next. */
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
  const successors = new Set();
  return {
    initialize({ model }) {
      answers = new Answers(model);
      model.on("msg:custom", (message) => {
        if (message.ends) for (const successor of successors) successor.expect();
      });
    },
    render({ el }) {
      const { root, view, leave } = answers.show("");
      const successor = new Successor(view);
      successors.add(successor);
      el.append(root);
      return () => {
        successors.delete(successor);
        leave();
      };
    },
  };
};
