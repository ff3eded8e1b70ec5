// The table of results: a window of rows, sorted and filtered in the page.

// Rows that are in the page at one time.
const WINDOW = 25;
const STATES = {
  waiting: "waiting",
  running: "running\u2026",
  done: "done",
  failed: "failed",
  stopped: "stopped",
};
const COLUMNS = [
  ["n", "#", (row) => row.n],
  ["input", "Input", (row) => row.input],
  ["model", "Model", (row) => row.model],
  ["temperature", "Temp.", (row) => row.temperature ?? -1],
  ["text", "Answer", (row) => row.text ?? ""],
  ["tokens", "Tokens", (row) => row.tokens ?? -1],
  ["cost", "Cost", (row) => row.amount ?? -1],
  ["seconds", "Time", (row) => row.seconds ?? -1],
];

/** The result: a window of rows, sorted and filtered here. */
class Results {
  constructor(store, open) {
    this.store = store;
    this.open = open;
    this.sort = "n";
    this.down = false;
    this.start = 0;
    this.lines = new Map();
    this.build();
    this.show();
  }

  build() {
    this.words = make("input", { type: "search" });
    const names = Object.keys(STATES).map((name) => [name, name]);
    this.state = make("select", {}, ...options([["", "all"], ...names]));
    for (const node of [this.words, this.state]) {
      node.addEventListener("input", () => this.from(0));
    }
    this.words.title = "Searches inputs, models and the beginning of answers";
    const step = (by) => () => this.from(this.start + by);
    this.before = button("\u2039", step(-WINDOW), { "aria-label": "Previous rows" });
    this.after = button("\u203a", step(WINDOW), { "aria-label": "Next rows" });
    this.place = make("span", { class: "help", "aria-live": "polite" });
    const filters = make(
      "div",
      { class: "line filters" },
      make("span", { class: "line" }, label("Filter", this.words), this.words),
      make("span", { class: "line" }, label("State", this.state), this.state),
      make("span", { class: "line pages" }, this.place, this.before, this.after),
    );
    this.heads = COLUMNS.map(([name, text]) => this.head(name, text));
    this.body = make("tbody");
    this.table = make(
      "table",
      { class: "rows", "aria-label": "Results" },
      make("thead", {}, make("tr", {}, ...this.heads)),
      this.body,
    );
    this.body.addEventListener("keydown", (event) => this.move(event));
    const scrolls = { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of results" };
    const scroll = make("div", scrolls, this.table);
    this.node = make("div", { class: "results" }, filters, scroll);
  }

  head(name, text) {
    const sort = () => {
      this.down = this.sort === name && !this.down;
      this.sort = name;
      this.from(0);
    };
    return make("th", { scope: "col", class: name }, button(text, sort, { class: "plain small" }));
  }

  from(start) {
    this.start = start;
    this.show();
  }

  chosen() {
    const words = this.words.value.trim().toLowerCase();
    const state = this.state.value;
    const [, , value] = COLUMNS.find(([name]) => name === this.sort);
    const found = this.store.rows.filter(
      (row) =>
        (!state || row.state === state) &&
        (!words || `${row.input}\n${row.model}\n${row.text ?? ""}`.toLowerCase().includes(words)),
    );
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)];
      return (x < y ? -1 : x > y ? 1 : 0) || a.n - b.n;
    };
    if (this.sort !== "n") found.sort(order);
    return this.down ? found.reverse() : found;
  }

  show() {
    this.node.hidden = !this.store.rows.length;
    const found = this.chosen();
    this.start = Math.max(0, Math.min(this.start, Math.ceil(found.length / WINDOW - 1) * WINDOW));
    const window = found.slice(this.start, this.start + WINDOW);
    const end = this.start + window.length;
    this.place.textContent = found.length
      ? `${many(this.start + 1)}\u2013${many(end)} of ${many(found.length)}`
      : "none";
    this.before.disabled = !this.start;
    this.after.disabled = end >= found.length;
    this.table.setAttribute("aria-rowcount", String(found.length + 1));
    for (const [place, [name]] of COLUMNS.entries()) {
      const way = this.sort !== name ? "none" : this.down ? "descending" : "ascending";
      this.heads[place].setAttribute("aria-sort", way);
    }
    this.fill(window);
  }

  /** Rows that stay keep their elements, and the focus. */
  fill(window) {
    const lines = new Map(window.map((row) => [row.n, this.lines.get(row.n) ?? this.line(row.n)]));
    this.lines = lines;
    for (const [place, row] of window.entries()) {
      const line = lines.get(row.n);
      line.setAttribute("aria-rowindex", String(this.start + place + 2));
      write(line, row);
    }
    const [now, then] = [[...this.body.children], [...lines.values()]];
    if (now.length === then.length && now.every((node, place) => node === then[place])) return;
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    this.body.replaceChildren(...then);
    if (focused?.isConnected) focused.focus();
  }

  line(n) {
    const attributes = { class: "small", "aria-label": `Open cell ${n + 1}`, ...QUIET };
    const press = button(String(n + 1), () => this.open(n), attributes);
    const rest = COLUMNS.slice(1).map(([name]) => make("td", { class: name }, make("div")));
    return make("tr", {}, make("th", { scope: "row" }, press), ...rest);
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const line = event.target.closest("tr");
    if (!step || !line) return;
    event.preventDefault();
    const next = step > 0 ? line.nextElementSibling : line.previousElementSibling;
    next?.querySelector("button").focus();
  }

  focus(n) {
    this.lines.get(n)?.querySelector("button").focus();
  }
}

function write(line, row) {
  const [, input, model, warm, answer, tokens, cost, seconds] = line.children;
  const texts = [
    [input, row.input],
    [model, row.model],
    [warm, row.temperature === null ? "default" : String(row.temperature)],
    [answer, answerText(row)],
    [tokens, row.tokens == null ? "" : many(row.tokens)],
    [cost, row.cost ?? ""],
    [seconds, row.seconds == null ? "" : `${row.seconds.toFixed(1)} s`],
  ];
  for (const [{ firstChild: node }, text] of texts) {
    if (node.textContent !== text) node.textContent = text;
  }
  line.className = row.state;
}

/** The answer, after the state in words where it is not done. */
function answerText(row) {
  if (row.state === "done") {
    const cut = row.finish && row.finish !== "stop" ? `(${row.finish}) ` : "";
    return `${cut}${row.text ?? ""}`;
  }
  const mark = row.state === "failed" ? "\u26a0\ufe0e failed: " : STATES[row.state];
  return row.text ? `${mark}${row.state === "failed" ? "" : ": "}${row.text}` : mark;
}
