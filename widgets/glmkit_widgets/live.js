// Answers while they stream. All HTML here was made by glmkit.render in the kernel: a parser of
// Markdown in the browser would be a second way for a model's text to the page.

const FRESH = ".glmkit-formula:not(.glmkit-set)";

/** One part of an answer (body, thinking) in one view. */
class Part {
  constructor(box, typeset) {
    this.box = box;
    this.typeset = typeset;
    this.clear();
  }

  clear() {
    this.box.replaceChildren();
    this.inner = this.box; // where the last block goes on
    this.marks = []; // nodes behind which the tail stands
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
    for (const formula of this.box.querySelectorAll(FRESH)) {
      formula.classList.add("glmkit-set");
      this.typeset(formula);
    }
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
  constructor(root, typeset) {
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
    this.parts = { thinking: new Part(folded, typeset), body: new Part(body, typeset) };
    this.root = root;
    this.typeset = typeset;
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
    for (const part of Object.values(this.parts)) part.clear();
    this.fold.hidden = true;
    this.root.setAttribute("aria-busy", String(!whole.end));
    if (whole.end) return this.finish(whole.end);
    this.root.replaceChildren(...this.growing);
    this.update(whole);
  }

  /** Show the finished answer in the place of the growing one. */
  finish(html) {
    this.root.innerHTML = html;
    for (const formula of this.root.querySelectorAll(FRESH)) {
      formula.classList.add("glmkit-set");
      this.typeset(formula);
    }
  }
}

/** What arrived of one answer, so that a second view of it starts complete. */
class Store {
  constructor() {
    this.n = 0;
    this.whole = empty();
    this.views = new Set();
  }

  /** Take a message; false where one before it is missing. */
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

/** Whether a message adds to what is shown; else it stands for all of it. */
function follows(message) {
  return (
    !message.anew && (message.body || message.thinking || message.notes !== undefined)
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

  /** Say how far an answer has come here; the kernel sends what is missing. */
  ask(key) {
    this.model.send({ answer: key, n: this.store(key).n });
  }

  /** Show an answer in an element of its own; returns what takes the view away. */
  show(key, label = "Answer") {
    const root = document.createElement("div");
    const store = this.store(key);
    const view = new View(root, typesetter(this.model));
    root.setAttribute("aria-label", label);
    view.replace(store.whole);
    store.views.add(view);
    this.ask(key);
    return { root, leave: () => store.views.delete(view) };
  }
}

/** JupyterLab's typesetter, where the page has one; else the source stays. */
function typesetter(model) {
  return (node) => model.widget_manager?._rendermime?.latexTypesetter?.typeset(node);
}
