// The list of values: those in sight are in the page, the kernel sends them in portions.

// Pixels of a line, as in review.css; lines beyond the edges that are kept ready.
const LINE_HEIGHT = 32;
const SPARE = 8;
// Milliseconds after which lines that are missing are asked for; lines at one time, which
// are more than fit into the list.
const GATHER = 30;
const PORTION = 200;
const MARKS = { confirmed: "\u2713", corrected: "\u270e", rejected: "\u2715", differs: "\u2260" };
const DECIDED = {
  confirmed: "confirmed",
  corrected: "corrected",
  rejected: "rejected",
  differs: "reviewers differ",
  untouched: "",
};

/** A list of items in an order, one of which is the current one. */
class ItemList {
  /** `ask(numbers)` has lines sent; `chosen(n)` is called with the current item. */
  constructor(store, ask, chosen) {
    this.store = store;
    this.ask = ask;
    this.chosen = chosen;
    this.order = [];
    this.at = -1;
    this.nodes = new Map();
    this.asked = new Set();
    this.timer = 0;
    this.sheet = make("div", { class: "sheet", role: "presentation" });
    const attributes = { class: "list", role: "listbox", tabindex: "0" };
    this.root = make("div", { ...attributes, "aria-label": "Values to review" }, this.sheet);
    this.none = make("p", { class: "none help" }, "No values here.");
    this.root.addEventListener("scroll", () => this.draw());
    this.root.addEventListener("click", (event) => {
      const node = event.target.closest("[role=option]");
      if (node) this.choose(Number(node.dataset.at));
    });
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.root);
  }

  get current() {
    return this.order[this.at];
  }

  /** Show these items, and make the one at a place the current one. */
  show(order, at) {
    this.order = order;
    this.root.hidden = !order.length;
    this.none.hidden = Boolean(order.length);
    this.sheet.style.height = `${order.length * LINE_HEIGHT}px`;
    for (const node of this.nodes.values()) node.remove();
    this.nodes.clear();
    this.at = -1;
    this.choose(Math.min(at, order.length - 1));
  }

  choose(at) {
    if (at < 0 || at >= this.order.length) {
      if (!this.order.length) this.chosen();
      return false;
    }
    const moved = at !== this.at;
    this.at = at;
    this.reveal();
    this.draw();
    if (moved) this.chosen(this.current);
    return moved;
  }

  step(by) {
    const last = this.order.length - 1;
    return this.choose(Math.max(0, Math.min(last, this.at + by)));
  }

  /** Lines that are in sight at one time. */
  get screen() {
    return Math.max(1, Math.floor(this.root.clientHeight / LINE_HEIGHT) - 1);
  }

  reveal() {
    const top = this.at * LINE_HEIGHT;
    const { scrollTop, clientHeight } = this.root;
    if (top < scrollTop) this.root.scrollTop = Math.max(0, top - LINE_HEIGHT);
    const over = top + 2 * LINE_HEIGHT - clientHeight;
    if (over > scrollTop) this.root.scrollTop = over;
  }

  draw() {
    const { scrollTop, clientHeight } = this.root;
    const first = Math.max(0, Math.floor(scrollTop / LINE_HEIGHT) - SPARE);
    const end = Math.min(this.order.length, Math.ceil((scrollTop + clientHeight) / LINE_HEIGHT) + SPARE);
    for (const [at, node] of this.nodes) {
      if (at >= first && at < end) continue;
      node.remove();
      this.nodes.delete(at);
    }
    let missing = false;
    for (let at = first; at < end; at++) missing = !this.write(at) || missing;
    this.arrange();
    const ahead = this.order[Math.min(end + PORTION / 4, this.order.length - 1)];
    if (missing || !this.store.lines.has(ahead)) this.gather();
  }

  /** Nodes stand in the order of the list, as a screen reader goes through them. */
  arrange() {
    const wanted = [...this.nodes.keys()].sort((a, b) => a - b);
    const strays = wanted.some((at, place) => this.sheet.children[place] !== this.nodes.get(at));
    if (strays) this.sheet.replaceChildren(...wanted.map((at) => this.nodes.get(at)));
    const node = this.nodes.get(this.at);
    if (node) this.root.setAttribute("aria-activedescendant", node.id);
    else this.root.removeAttribute("aria-activedescendant");
  }

  /** Write the line at a place; false where the kernel has not sent it. */
  write(at) {
    const line = this.store.of(this.order[at]);
    let node = this.nodes.get(at);
    if (!node) {
      node = this.line(at);
      this.nodes.set(at, node);
    }
    node.setAttribute("aria-selected", String(at === this.at));
    const texts = line
      ? [String(line.row), line.field, line.value || "\u2014", line.found || "no value", MARKS[line.state] ?? ""]
      : ["", "", "\u2026", "", ""];
    const label = [texts[4] && DECIDED[line.state], line?.note && "has a note"].filter(Boolean).join(", ");
    for (const [place, text] of texts.entries()) {
      const part = node.children[place];
      if (part.textContent !== text) part.textContent = text;
    }
    node.lastChild.textContent = label;
    node.dataset.state = line?.state ?? "";
    node.dataset.found = line?.found ?? "";
    node.toggleAttribute("data-note", Boolean(line?.note));
    node.toggleAttribute("data-waits", Boolean(line?.waits));
    return Boolean(line);
  }

  line(at) {
    const names = ["row", "field", "value", "found", "mark"];
    const parts = names.map((name) => make("span", { class: name }));
    parts[4].setAttribute("aria-hidden", "true");
    const attributes = {
      id: newId("item"),
      role: "option",
      class: "item",
      "aria-setsize": String(this.order.length),
      "aria-posinset": String(at + 1),
      "data-at": String(at),
    };
    const node = make("div", attributes, ...parts, make("span", { class: "unseen" }));
    node.style.top = `${at * LINE_HEIGHT}px`;
    return node;
  }

  /** Ask for lines in sight and those behind them, a little later for all together. */
  gather() {
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      const first = Math.floor(this.root.scrollTop / LINE_HEIGHT) - SPARE;
      const end = Math.min(first + PORTION, this.order.length);
      const wanted = [];
      for (let at = Math.max(0, first); at < end; at++) {
        const n = this.order[at];
        if (!this.store.lines.has(n) && !this.asked.has(n)) wanted.push(n);
      }
      for (const n of wanted) this.asked.add(n);
      if (wanted.length) this.ask(wanted);
    }, GATHER);
  }

  /** Lines have come. */
  hear({ lines, line }) {
    for (const { n } of lines ?? []) this.asked.delete(n);
    if (lines || line) this.draw();
  }

  leave() {
    clearTimeout(this.timer);
    this.watcher.disconnect();
  }
}
