// Answers while they stream. All HTML here was made by glmkit.render in the kernel: a parser of
// Markdown in the browser would be a second way for a model's text into the page.

const FRESH = ".glmkit-formula:not(.glmkit-set)";

/** The classes by which a page's typesetter finds a formula. */
const FOUND = ["mathjax_process", "tex2jax_process"];

/** Characters of HTML that a page lays out at once without blocking. */
const LONG = 20_000;

/** Milliseconds of an idle period that are left to the page. */
const SPARED_MS = 6;

/** Milliseconds after which a formula no longer waits for an idle page. */
const PATIENT_MS = 1_000;

/** Typesets formulas one by one while the page is idle: those of a whole answer at once
 * would block it for a third of a second. */
class Setter {
  constructor(typeset) {
    this.typeset = typeset;
    this.waiting = [];
    this.sources = new WeakMap(); // a typeset formula no longer shows its source
    this.busy = false;
  }

  add(formula) {
    formula.classList.add("glmkit-set");
    formula.classList.remove(...FOUND); // not for the page's own typesetter
    this.sources.set(formula, formula.textContent);
    this.waiting.push(formula);
    if (!this.busy) this.soon();
  }

  soon() {
    this.busy = true;
    const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
    idle((moment) => this.work(moment), { timeout: PATIENT_MS });
  }

  async work(moment) {
    do {
      const formula = this.waiting.shift();
      formula.classList.add(...FOUND);
      await this.typeset(formula)?.catch(() => {}); // then its source stays
      formula.classList.remove(...FOUND);
    } while (this.waiting.length && moment?.timeRemaining() > SPARED_MS);
    this.busy = false;
    if (this.waiting.length) this.soon();
  }

  /** Return the typeset formulas in a node, by their sources. */
  done(root) {
    const found = new Map();
    for (const formula of root.querySelectorAll(".glmkit-set:has(mjx-container)")) {
      const source = this.sources.get(formula);
      found.set(source, [...(found.get(source) ?? []), formula]);
    }
    return found;
  }

  /** Typeset the formulas in a node; the `done` ones are reused. */
  adopt(root, done) {
    for (const formula of root.querySelectorAll(FRESH)) {
      const twin = done.get(formula.textContent)?.shift();
      if (twin) formula.replaceWith(twin);
      else this.add(formula);
    }
  }
}

/** One part of an answer (body, thinking) in one view. */
class Part {
  constructor(box, setter) {
    this.box = box;
    this.setter = setter;
    this.clear();
  }

  clear() {
    this.box.replaceChildren();
    this.inner = this.box; // where the last block continues
    this.marks = []; // nodes after which the tail begins
  }

  update({ add, tail }) {
    this.dropTail();
    for (const piece of add) this.add(piece);
    this.addTail(tail);
  }

  add([open, html]) {
    if (open) {
      this.box.insertAdjacentHTML("beforeend", open);
      this.inner = innermost(this.box.lastElementChild ?? this.box);
    }
    if (html) this.inner.insertAdjacentHTML("beforeend", html);
    if ((open + html).includes("glmkit-formula")) this.setFormulas();
  }

  /** Typeset the formulas alone: around them `$` is a price. */
  setFormulas() {
    for (const formula of this.box.querySelectorAll(FRESH)) this.setter.add(formula);
  }

  addTail(pieces) {
    if (!pieces.length) return;
    this.marks = [this.box, this.inner].map((node) => [node, node.lastChild]);
    let inner = this.inner;
    for (const [open, html] of pieces) {
      if (open) {
        this.box.insertAdjacentHTML("beforeend", open);
        inner = innermost(this.box.lastElementChild ?? this.box);
      }
      if (html) inner.insertAdjacentHTML("beforeend", html);
    }
  }

  dropTail() {
    for (const [node, last] of this.marks) {
      while (node.lastChild && node.lastChild !== last) node.lastChild.remove();
    }
    this.marks = [];
  }
}

function innermost(node) {
  while (node.lastElementChild) node = node.lastElementChild;
  return node;
}

/** One view of the answer on the page. */
class View {
  constructor(root, setter) {
    root.className = "glmkit-answer glmkit-live mathjax_ignore tex2jax_ignore";
    root.setAttribute("role", "log");
    root.setAttribute("aria-live", "polite");
    root.setAttribute("aria-busy", "true");
    root.setAttribute("aria-label", "Answer");
    this.fold = document.createElement("details");
    this.fold.className = "glmkit-fold";
    this.fold.hidden = true;
    const summary = document.createElement("summary");
    summary.textContent = "Thinking";
    const folded = document.createElement("div");
    folded.className = "glmkit-folded";
    this.fold.append(summary, folded);
    const body = document.createElement("div");
    body.className = "glmkit-body";
    this.notes = document.createElement("div");
    root.append(this.fold, body, this.notes);
    this.parts = { thinking: new Part(folded, setter), body: new Part(body, setter) };
    this.root = root;
    this.setter = setter;
    this.growing = [...root.childNodes];
  }

  update(change) {
    for (const [name, part] of Object.entries(this.parts)) {
      if (change[name]) part.update(change[name]);
    }
    if (change.thinking) {
      const { add, tail } = change.thinking;
      if (add.length || tail.length) this.fold.hidden = false;
    }
    if (change.notes !== undefined) this.notes.innerHTML = change.notes;
  }

  replace(whole) {
    this.root.setAttribute("aria-busy", String(!whole.end));
    if (whole.end) return this.finish(whole.end);
    for (const part of Object.values(this.parts)) part.clear();
    this.fold.hidden = true;
    this.root.replaceChildren(...this.growing);
    this.update(whole);
  }

  /** Replace the growing answer by the finished one. */
  finish(html) {
    const done = this.setter.done(this.root);
    const heights = heightsOf(this.root);
    this.root.classList.toggle("glmkit-long", html.length > LONG);
    this.root.innerHTML = html;
    keepHeights(this.root, heights);
    this.setter.adopt(this.root, done);
  }
}

/** Return the heights of an answer's blocks, for those that replace them. */
function heightsOf(answer) {
  const blocks = answer.querySelector(".glmkit-body")?.children ?? [];
  return Array.from(blocks, (block) => {
    const { paddingTop, paddingBottom } = getComputedStyle(block);
    const height = block.getBoundingClientRect().height;
    return height - parseFloat(paddingTop) - parseFloat(paddingBottom);
  });
}

/** Give blocks that are out of sight the heights of those before: nothing jumps. */
function keepHeights(answer, heights) {
  if (!answer.matches(".glmkit-long")) return;
  const blocks = answer.querySelector(".glmkit-body").children;
  heights.slice(0, blocks.length).forEach((height, n) => {
    if (height) blocks[n].style.containIntrinsicBlockSize = `auto ${height}px`;
  });
}

/** What has arrived of one answer, so that a second view starts complete. */
class Store {
  constructor() {
    this.n = 0;
    this.whole = empty();
    this.views = new Set();
  }

  /** Take a message; false where an earlier one is missing. */
  take(message) {
    if (message.n <= this.n) return true;
    if (message.n !== this.n + 1 || !follows(message)) {
      if (!message.whole) return false;
      this.n = message.n;
      this.whole = message.whole;
      for (const view of this.views) view.replace(this.whole);
      return true;
    }
    this.n = message.n;
    for (const name of ["thinking", "body"]) {
      if (!message[name]) continue;
      this.whole[name].add.push(...message[name].add);
      this.whole[name].tail = message[name].tail;
    }
    if (message.notes !== undefined) this.whole.notes = message.notes;
    for (const view of this.views) view.update(message);
    return true;
  }
}

/** Whether a message adds to what is shown; otherwise it replaces all of it. */
function follows(message) {
  return (
    !message.reset && (message.body || message.thinking || message.notes !== undefined)
  );
}

function empty() {
  const part = () => ({ add: [], tail: [] });
  return { thinking: part(), body: part(), notes: "", end: "" };
}

/** The answers of one widget, by key, for all its views. */
class Answers {
  constructor(model) {
    this.model = model;
    this.stores = new Map();
    model.on("msg:custom", (message) => {
      if (message.answer === undefined) return;
      if (!this.store(message.answer).take(message)) this.ask(message.answer);
    });
  }

  store(key) {
    if (!this.stores.has(key)) this.stores.set(key, new Store());
    return this.stores.get(key);
  }

  /** Report the last change seen here; the kernel sends what is missing. */
  ask(key) {
    this.model.send({ answer: key, n: this.store(key).n });
  }

  /** Show an answer in an element of its own; `leave` removes the view. */
  show(key, label = "Answer") {
    const root = document.createElement("div");
    const store = this.store(key);
    const view = new View(root, new Setter(typesetter(this.model)));
    root.setAttribute("aria-label", label);
    view.replace(store.whole);
    store.views.add(view);
    this.ask(key);
    return { root, view, leave: () => store.views.delete(view) };
  }
}

/** A widget with answers, which all its views share; `start(model)` returns `kept`, what
 * else they share. */
function answering(render, start = () => {}) {
  return () => {
    let shared;
    return {
      initialize({ model }) {
        shared = { answers: new Answers(model), kept: start(model) };
        return () => shared.kept?.leave?.();
      },
      render: ({ model, el }) => render({ model, el, ...shared }),
    };
  };
}

/** JupyterLab's typesetter, where the page has one; otherwise the source is shown. */
function typesetter(model) {
  return (node) => model.widget_manager?._rendermime?.latexTypesetter?.typeset(node);
}
