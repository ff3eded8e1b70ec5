// Rows of the result that stand in the page at one time.
const WINDOW = 25;
const QUIET = { "data-lm-suppress-shortcuts": "true" };
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

const many = (number) => number.toLocaleString("en");
const plural = (number, word) => `${many(number)} ${word}${number === 1 ? "" : "s"}`;

/** What is known of an experiment here, for all views: inputs, cells, what came. */
class Book {
  constructor(model) {
    this.model = model;
    this.rows = [];
    this.inputs = { columns: [], rows: [], count: 0 };
    this.listeners = new Set();
    model.on("msg:custom", (message) => this.take(message));
  }

  take({ inputs, grid, rows }) {
    if (inputs) this.inputs = inputs;
    if (grid) this.rows = cells(grid);
    for (const row of rows ?? []) this.rows[row.n] = { ...blank(this.rows[row.n]), ...row };
    if (inputs || grid || rows) for (const job of this.listeners) job({ inputs, grid, rows });
  }
}

/** A row as it was before anything came: a second try forgets the first. */
function blank({ n, input, model, temperature }) {
  return { n, input, model, temperature };
}

// The last one changes fastest, as in the kernel.
function cells({ inputs, models, temperatures }) {
  const rows = [];
  for (const input of inputs) {
    for (const model of models) {
      for (const temperature of temperatures) {
        rows.push({ n: rows.length, input, model: model || "default", temperature, state: "waiting" });
      }
    }
  }
  return rows;
}

function templateField(model, commit) {
  const notes = make("p", { class: "help", id: newId("notes"), "aria-live": "polite" });
  const area = make("textarea", {
    "aria-describedby": notes.id,
    placeholder: "A prompt; {column} stands for the value of an input",
  });
  const read = () => model.get("template");
  const { show, flush } = typed(area, read, (text) => commit("template", text));
  function tell() {
    notes.textContent = (model.get("plan").notes ?? []).join("; ");
  }
  tell();
  const node = field("Template", area, area, notes);
  return { node, on: { template: show, plan: tell }, flush };
}

function inputsField(book, line) {
  const told = make("span", { class: "count" });
  const few = make("div", { class: "few" });
  const area = make("textarea", {
    class: "code",
    spellcheck: "false",
    placeholder: "city,year\nBonn,1990",
  });
  const take = button("Use this table", () => line.do("table", { text: area.value }));
  const leave = button("Cancel", close);
  const editor = make(
    "div",
    { class: "editor" },
    field("Inputs, from a spreadsheet or as CSV; the first line names the columns", area),
    make("div", { class: "line" }, take, leave),
  );
  editor.hidden = true;
  const edit = button("Edit or paste\u2026", () => line.do("edit"));
  editor.addEventListener("keydown", (event) => event.key === "Escape" && close());
  function close() {
    editor.hidden = true;
    edit.focus();
  }
  function hear({ table, taken }) {
    if (table !== undefined) {
      area.value = table;
      editor.hidden = false;
      area.focus();
    }
    if (taken) close();
  }
  function show() {
    const { columns, rows, count: all } = book.inputs;
    told.textContent = columns.length
      ? `${plural(all, "row")} of ${columns.join(", ")}`
      : "no table: the template is asked as it is";
    few.replaceChildren();
    if (!columns.length) return;
    const head = columns.map((name) => make("th", { scope: "col" }, name));
    const body = rows.map((row) => make("tr", {}, ...row.map((text) => make("td", {}, text))));
    few.append(
      make("table", { class: "rows" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)),
    );
    if (all > rows.length) few.append(make("p", { class: "help" }, `and ${plural(all - rows.length, "row")} more`));
  }
  show();
  const head = make("div", { class: "line" }, make("span", { class: "name" }, "Inputs"), told, edit);
  return { node: make("div", { class: "field" }, head, few, editor), show, hear };
}

function modelsField(model, commit) {
  const chips = make("ul", { class: "chips", "aria-label": "Chosen models" });
  const add = make("select");
  const title = (name) => model.get("choices").find((choice) => choice.id === name)?.label ?? name;
  // A button of its own: keys walk through the list before they choose.
  const put = button("Add", () => {
    if (add.value) commit("models", [...model.get("models"), add.value]);
  });
  function chip(name) {
    const drop = () => {
      commit("models", model.get("models").filter((other) => other !== name));
      add.focus();
    };
    const away = button("\u00d7", drop, { class: "plain", "aria-label": `Remove ${title(name)}`, ...QUIET });
    return make("li", { class: "chip" }, title(name), away);
  }
  function show() {
    const chosen = model.get("models");
    const fallback = model.get("plan").default ?? "";
    chips.replaceChildren(
      ...(chosen.length ? chosen.map(chip) : [make("li", { class: "chip unset" }, `default: ${fallback}`)]),
    );
    const others = model.get("choices").filter(({ id }) => !chosen.includes(id));
    add.replaceChildren(...options([["", "Add a model\u2026"]]), ...grouped(others));
  }
  show();
  return {
    node: field("Models", add, chips, make("div", { class: "line" }, add, put)),
    on: { models: show, choices: show, plan: show },
  };
}

function temperaturesField(model, commit) {
  const help = make("span", { class: "help", id: newId("help") });
  const input = make("input", {
    type: "text",
    inputmode: "decimal",
    "aria-describedby": help.id,
    placeholder: "service\u2019s default",
  });
  input.addEventListener("change", () => {
    const words = input.value.split(/[\s,;]+/).filter(Boolean);
    const numbers = words.map(Number);
    const wrong = numbers.some((value) => !(value >= 0 && value <= 1));
    input.setAttribute("aria-invalid", String(wrong));
    help.classList.toggle("wrong", wrong);
    help.textContent = wrong ? "each a number from 0 to 1" : "0 to 1, with commas between";
    if (!wrong) commit("temperatures", [...new Set(numbers)]);
  });
  function show() {
    input.value = model.get("temperatures").join(", ");
    help.textContent = "0 to 1, with commas between";
  }
  show();
  return {
    node: field("Temperatures", input, make("div", { class: "line" }, input, help)),
    on: { temperatures: show },
  };
}

/** What a run would take, the buttons, and how far it is. */
function runner(model, line, flush) {
  const begin = () => {
    flush();
    line.do("run");
  };
  const run = button("Run", begin, { class: "main" });
  const stop = button("Stop", () => line.do("stop"));
  const retry = button("Retry", () => line.do("retry"));
  const plan = make("span", { class: "help" });
  const bar = make("progress", { max: "1", value: "0", "aria-label": "Cells that have ended" });
  const told = make("p", { class: "help", role: "status" });

  function show() {
    const { cells: planned = 0, tokens, cost } = model.get("plan");
    const { cells: all = 0, running, stopping, ...states } = model.get("progress");
    run.textContent = `${all ? "Run anew" : "Run"}: ${plural(planned, "cell")}`;
    plan.textContent = tokens ? `${tokens}, ${cost}` : "";
    run.disabled = Boolean(running);
    stop.hidden = !running;
    stop.disabled = Boolean(stopping);
    stop.textContent = stopping ? "Stopping\u2026" : "Stop";
    const left = all - (states.done ?? 0);
    retry.hidden = Boolean(running) || !all || !left;
    retry.textContent = `Retry ${plural(left, "cell")}`;
    bar.hidden = !all;
    bar.max = all || 1;
    bar.value = (states.done ?? 0) + (states.failed ?? 0) + (states.stopped ?? 0);
    told.textContent = all ? words(all, states) : "";
  }
  function words(all, { done, failed, stopped, spent, left }) {
    const parts = [`${many(done)} of ${many(all)} done`];
    if (failed) parts.push(`${many(failed)} failed`);
    if (stopped) parts.push(`${many(stopped)} stopped`);
    if (spent) parts.push(`${spent} so far`);
    if (left) parts.push(left);
    return parts.join(" \u00b7 ");
  }
  show();
  const nodes = [make("div", { class: "line ruled" }, run, stop, retry, plan), bar, told];
  return { nodes, on: { plan: show, progress: show }, stop };
}

/** The result: a window of rows, sorted and filtered here. */
class Results {
  constructor(book, open) {
    this.book = book;
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
    this.words.title = "In inputs, models and the beginnings of answers";
    const step = (by) => () => this.from(this.start + by);
    this.before = button("\u2039", step(-WINDOW), { "aria-label": "Rows before" });
    this.after = button("\u203a", step(WINDOW), { "aria-label": "Rows after" });
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
    const found = this.book.rows.filter(
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
    this.node.hidden = !this.book.rows.length;
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

  /** Rows that stay keep their elements, and with them the focus. */
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
    [answer, said(row)],
    [tokens, row.tokens == null ? "" : many(row.tokens)],
    [cost, row.cost ?? ""],
    [seconds, row.seconds == null ? "" : `${row.seconds.toFixed(1)} s`],
  ];
  for (const [{ firstChild: node }, text] of texts) {
    if (node.textContent !== text) node.textContent = text;
  }
  line.className = row.state;
}

/** State in words before the answer, where it is not simply done. */
function said(row) {
  if (row.state === "done") {
    const cut = row.finish && row.finish !== "stop" ? `(${row.finish}) ` : "";
    return `${cut}${row.text ?? ""}`;
  }
  const mark = row.state === "failed" ? "\u26a0\ufe0e failed: " : STATES[row.state];
  return row.text ? `${mark}${row.state === "failed" ? "" : ": "}${row.text}` : mark;
}

/** One cell in full, below the table. */
function detail(answers, line, back) {
  const place = make("div", { class: "whole" });
  let wanted = -1;
  let leave = () => {};
  function close() {
    leave();
    leave = () => {};
    place.replaceChildren();
    if (wanted >= 0) back(wanted);
    wanted = -1;
  }
  place.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  function open(n) {
    wanted = n;
    line.do("open", { n });
  }
  function hear({ opened }) {
    if (opened === undefined || opened !== wanted) return;
    leave();
    const shown = answers.show(`cell-${opened}`, `Cell ${opened + 1}`);
    leave = shown.leave;
    const away = button("Close", close, QUIET);
    const title = make("h3", { tabindex: "-1", ...QUIET }, `Cell ${opened + 1}`);
    place.replaceChildren(make("div", { class: "line" }, title, away), shown.root);
    title.focus();
  }
  return { node: place, open, hear, leave: () => leave() };
}

function render({ model, el, answers, kept: book }) {
  const note = make("p", { class: "note", role: "status" });
  const line = new Line(model, note);
  const commit = committing(model, line);
  const template = templateField(model, commit);
  const inputs = inputsField(book, line);
  const models = modelsField(model, commit);
  const warm = temperaturesField(model, commit);
  const running = runner(model, line, template.flush);
  const one = detail(answers, line, (n) => results.focus(n));
  const results = new Results(book, (n) => one.open(n));
  const fields = [template, inputs, models, warm].map(({ node }) => node);
  const below = [...running.nodes, note, results.node, one.node];
  const root = panel("glmkit-lab", "Prompt lab", ...fields, ...below);
  deaf(root);
  el.append(root);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !running.stop.hidden) line.do("stop");
  });
  const hear = (message) => {
    inputs.hear(message);
    one.hear(message);
  };
  const heard = [...changes([template, models, warm, running]), ["msg:custom", hear]];
  const leave = listening(model, heard);
  const news = ({ inputs: table, grid, rows }) => {
    if (table) inputs.show();
    if (grid || rows) results.show();
  };
  book.listeners.add(news);
  line.do("show");
  return () => {
    template.flush();
    one.leave();
    line.leave();
    leave();
    book.listeners.delete(news);
  };
}

export default answering(render, (model) => new Book(model));
