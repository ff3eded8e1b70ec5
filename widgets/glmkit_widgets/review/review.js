// Extracted values beside their pages, looked through by keyboard.

// Milliseconds that an item is current before all of it is asked for.
const PAUSE = 40;
// A corrected value may be refused, so the next item waits for the kernel.
const FORWARD = new Set(["confirmed", "rejected"]);

/** The filters, with the number of items of each. */
function filtersOf(model, choose, back) {
  const name = newId("filter");
  const counts = new Map();
  const root = make("fieldset", { class: "filters" }, make("legend", { class: "unseen" }, "Filter"));
  for (const [value, text] of Object.entries(model.get("labels"))) {
    const radio = make("input", { type: "radio", name, value, class: "unseen" });
    radio.addEventListener("change", () => choose(value));
    const count = make("span", { class: "count" });
    counts.set(value, count);
    root.append(make("label", { class: "chip" }, radio, text, " ", count));
  }
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    back();
  });
  const radios = [...root.querySelectorAll("input")];
  function show() {
    for (const [value, node] of counts) node.textContent = many(model.get("counts")[value] ?? 0);
  }
  function set(value) {
    for (const radio of radios) radio.checked = radio.value === value;
  }
  const focus = () => radios.find(({ checked }) => checked)?.focus();
  show();
  return { node: root, set, focus, show };
}

const many = (count) => count.toLocaleString("en");

/** How many of all values were reviewed. */
function progressOf(model) {
  const bar = make("progress", { "aria-label": "Reviewed values" });
  const text = make("span", { class: "sum" });
  function show() {
    const { all = 0, untouched = 0 } = model.get("counts");
    bar.max = all || 1;
    bar.value = all - untouched;
    text.textContent = `${many(all - untouched)} of ${many(all)} reviewed`;
  }
  show();
  return { node: make("div", { class: "line share" }, bar, text), show };
}

/** One view of a review. */
class ReviewPanel {
  constructor(model, el, store) {
    this.model = model;
    this.store = store;
    this.view = newId("view");
    this.filter = "all";
    this.timer = 0;
    this.typed = null;
    this.note = make("p", { class: "note", role: "status" });
    this.hint = make("p", { class: "help", role: "status" });
    this.damaged = make("p", { class: "help", role: "status" });
    this.line = new Line(model, this.note);
    const focus = () => this.list.root.focus();
    this.filters = filtersOf(model, (name) => this.choose(name), focus);
    this.progress = progressOf(model);
    this.list = new ItemList(store, (items) => this.read("lines", { items }), (n) => this.open(n));
    this.card = new ItemCard((content) => this.decide(content), focus);
    this.document = new DocumentPage((wish) => this.want(wish));
    this.build(el);
    this.hear = (message, buffers) => this.take(message, buffers);
    store.listeners.add(this.hear);
    const shown = () => {
      this.filters.show();
      this.progress.show();
    };
    this.stop = listening(model, [["change:counts", shown]]);
    this.line.do("show");
    this.choose("all");
  }

  build(el) {
    const who = make("span", { class: "help who" }, `Reviewing as ${this.model.get("reviewer")}`);
    who.title = `Decisions are kept in ${this.model.get("file")}`;
    const above = make("div", { class: "line above" }, this.filters.node, this.progress.node);
    const left = make("div", { class: "left" }, this.list.root, this.list.none, this.card.root);
    const both = make("div", { class: "both" }, left, this.document.root);
    const below = make("div", { class: "line below" }, who, keysHelp());
    this.root = panel("glmkit-review", "Review", above, both, this.note, this.hint, this.damaged, below);
    this.root.addEventListener("keydown", (event) => this.press(event));
    deaf(this.root);
    el.append(this.root);
  }

  /** Ask for what is to be shown; what was refused before stays in sight. */
  read(name, content) {
    const { textContent: text, classList: classes } = this.note;
    const refused = classes.contains("refused");
    this.line.do(name, content);
    this.line.say(text, refused);
  }

  choose(filter) {
    this.filter = filter;
    this.filters.set(filter);
    this.line.do("filter", { filter, view: this.view });
  }

  /** An item has become the current one. */
  open(n) {
    clearTimeout(this.timer);
    this.say("");
    this.card.begin(n === undefined ? null : (this.store.of(n) ?? { n, row: "", field: "", value: "", found: "" }));
    if (n === undefined) return this.document.clear();
    this.document.wait();
    this.timer = setTimeout(() => {
      this.read("open", { item: n, view: this.view });
      this.document.open();
    }, PAUSE);
  }

  want(wish) {
    this.read("page", { item: this.list.current, view: this.view, ...wish });
  }

  /** Send a decision on the current item, and go on to the next. */
  decide(content) {
    const n = this.list.current;
    if (n === undefined) return;
    if (!this.store.of(n)) return this.say("This value is not loaded yet.");
    this.typed = content.decision === "corrected" ? { n, text: content.corrected } : null;
    this.store.wait(n, content.decision);
    this.line.do("decide", { item: n, ...content });
    if (FORWARD.has(content.decision)) this.next();
  }

  say(text) {
    this.hint.textContent = text;
  }

  next() {
    if (!this.list.step(1)) this.say("This is the last value of the list.");
  }

  /** A decision is in the file, or was refused: then its item's `line` comes with it. */
  settled({ kept, line }) {
    if (kept !== this.list.current) return;
    const typed = this.typed?.n === kept ? this.typed.text : null;
    this.typed = null;
    if (typed !== null && !line) return this.next();
    if (typed !== null) this.card.edit("corrected", typed);
    this.model.send({ do: "open", id: newId("done"), item: kept, view: this.view });
  }

  take(message, buffers) {
    this.list.hear(message);
    const mine = message.view === this.view;
    if (message.order?.view === this.view && message.order.filter === this.filter) {
      const { buffer, byteOffset, byteLength } = buffers[0];
      const order = new Int32Array(buffer.slice(byteOffset, byteOffset + byteLength));
      this.list.show(order, message.order.first);
    }
    if (mine && message.opened?.n === this.list.current) this.card.show(message.opened);
    if (message.page?.view === this.view && message.page.item === this.list.current) {
      this.document.show(message.page, buffers);
    }
    if (message.kept !== undefined) this.settled(message);
    if (message.damaged) this.damaged.textContent = message.damaged;
  }

  press(event) {
    const typing = event.target.closest("textarea, input");
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.closest(".paper") && SCROLLS.has(event.key)) return;
    if (this.card.later) return this.early(event);
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = typing?.type === "radio" && event.key.startsWith("Arrow") ? null : this.keys[key];
    if (!act || (typing && typing.type !== "radio")) return;
    event.preventDefault();
    event.stopPropagation();
    // A key that is held down decides once.
    if (!event.repeat || MOVES.has(key)) act();
  }

  /** A field is about to open: what is typed too early is not a command. */
  early(event) {
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") this.card.close();
  }

  get keys() {
    const { list, card, document: shown } = this;
    return {
      ArrowDown: () => list.step(1),
      ArrowUp: () => list.step(-1),
      j: () => list.step(1),
      k: () => list.step(-1),
      PageDown: () => list.step(list.screen),
      PageUp: () => list.step(-list.screen),
      Home: () => list.choose(0),
      End: () => list.choose(list.order.length - 1),
      ArrowRight: () => shown.turn(1),
      ArrowLeft: () => shown.turn(-1),
      t: () => shown.change(),
      c: () => card.act("confirmed"),
      e: () => card.edit("corrected"),
      r: () => card.act("rejected"),
      n: () => card.edit("note"),
      u: () => card.act("none"),
      f: () => this.filters.focus(),
    };
  }

  leave() {
    clearTimeout(this.timer);
    this.store.listeners.delete(this.hear);
    this.list.leave();
    this.document.free();
    this.line.leave();
    this.stop();
  }
}

const MOVES = new Set(["ArrowDown", "ArrowUp", "j", "k", "PageDown", "PageUp", "ArrowLeft", "ArrowRight"]);
const SCROLLS = new Set(["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"]);

/** The keys that no button shows. */
function keysHelp() {
  const pairs = [["j k", "next, previous"], ["\u2190 \u2192", "pages"], ["t", "text or picture"], ["f", "filter"]];
  const parts = pairs.map(([keys, text]) => make("span", {}, make("kbd", {}, keys), ` ${text}`));
  return make("span", { class: "line help legend" }, ...parts);
}

export default () => {
  let store;
  return {
    initialize({ model }) {
      store = new ReviewLines(model);
    },
    render({ model, el }) {
      const shown = new ReviewPanel(model, el, store);
      return () => shown.leave();
    },
  };
};
