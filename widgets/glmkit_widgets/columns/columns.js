// A prompt, and several answers to it side by side.

const UNDER_WAY = new Set(["waiting", "running", "stopping"]);
const STATES = {
  idle: "",
  waiting: "waiting",
  running: "streaming",
  stopping: "stopping",
  done: "",
  failed: "failed",
  interrupted: "stopped",
};

/** Let a field follow a trait, unless the user has typed something newer. */
function follow(model, name, field) {
  let known = (field.value = model.get(name));
  return () => {
    if (field.value === known) field.value = model.get(name);
    known = model.get(name);
  };
}

/** Set a trait; where the kernel is gone, the next run says so. */
function keep(model, name, value) {
  model.set(name, value);
  try {
    model.save_changes();
  } catch (error) {
    console.debug(error);
  }
}

/** One answer: its title, the answer as it streams, and the facts below it. */
class Column {
  constructor(row, answers, line) {
    this.row = row;
    this.title = make("span", { class: "title" });
    this.state = make("span", { class: "state" });
    const stop = () => line.do("stop", { key: this.row.key });
    this.stop = button("Stop", stop, { class: "small" });
    this.answer = answers.show(row.key);
    this.answer.root.setAttribute("aria-live", "off"); // several would talk at once
    this.place = make("div", { class: "answer" }, this.answer.root);
    this.facts = make("dl", { class: "facts" });
    const head = make("div", { class: "head" }, this.title, this.state, this.stop);
    this.root = make("div", { class: "column", role: "group" }, head, this.place, this.facts);
    deaf(this.root);
  }

  /** Show the state; true where a focused button disappears. */
  update(row) {
    this.row = row;
    const running = UNDER_WAY.has(row.state);
    this.root.dataset.state = row.state;
    this.title.textContent = row.title;
    const name = [row.heading, row.title].filter(Boolean).join(", ");
    this.root.setAttribute("aria-label", name);
    this.answer.root.setAttribute("aria-label", `Answer: ${name}`);
    this.stop.setAttribute("aria-label", `Stop: ${name}`);
    this.state.textContent = STATES[row.state];
    this.place.hidden = row.state === "idle";
    const lost = document.activeElement === this.stop && !running;
    this.stop.hidden = !running;
    this.facts.replaceChildren(
      ...row.facts.map(([name, text]) =>
        make("div", {}, make("dt", {}, name), make("dd", {}, text)),
      ),
    );
    return lost;
  }
}

/** The prompt with its button, and the columns; a widget adds its own controls. */
class Columns {
  /** `asked()` returns what is sent with a run; `shown(rows)` is called on changes. */
  constructor({ model, el, answers, name, title, asked = () => ({}), shown = () => {} }) {
    this.model = model;
    this.answers = answers;
    this.asked = asked;
    this.shown = shown;
    this.columns = new Map();
    this.note = make("p", { class: "note", role: "status" });
    this.line = new Line(model, this.note);
    this.root = panel(`glmkit-columns ${name}`, title);
    this.settings = make("div", { class: "settings" });
    this.above = make("div", { class: "above" });
    this.grid = make("div", { class: "grid" });
    this.below = make("div", { class: "below" });
    this.root.append(...this.composer(), this.above, this.grid, this.below);
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.running) this.line.do("stop");
    });
    el.append(this.root);
    this.show();
    const on = { columns: () => this.show(), prompt: follow(model, "prompt", this.prompt) };
    const leave = listening(model, changes([{ on }]));
    this.leave = () => {
      leave();
      this.line.leave();
      for (const column of this.columns.values()) column.answer.leave();
    };
  }

  /** Listen to traits; return what ends it, together with a part of the widget. */
  hear(on, part) {
    deaf(this.root);
    const leave = listening(this.model, changes([{ on }]));
    return () => {
      leave();
      part.leave();
      this.leave();
    };
  }

  composer() {
    this.prompt = make("textarea", { placeholder: "Write a prompt" });
    this.prompt.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.running) this.run();
    });
    this.prompt.addEventListener("change", () =>
      keep(this.model, "prompt", this.prompt.value),
    );
    const act = () => (this.running ? this.line.do("stop") : this.run());
    this.button = button("Run", act, { class: "main" });
    this.progress = make("p", { class: "counts help", "aria-live": "polite" });
    return [
      field("Prompt", this.prompt),
      this.settings,
      make("div", { class: "line" }, this.button, this.progress, this.note),
    ];
  }

  run() {
    this.line.do("run", { prompt: this.prompt.value, ...this.asked() });
  }

  get rows() {
    return this.model.get("columns");
  }

  get running() {
    return this.rows.some((row) => UNDER_WAY.has(row.state));
  }

  show() {
    const rows = this.rows;
    const known = [...this.columns.keys()];
    if (known.join() !== rows.map((row) => row.key).join()) this.lay(rows);
    const lost = rows.filter((row) => this.columns.get(row.key).update(row));
    this.button.textContent = this.running ? "Stop all" : "Run";
    this.button.classList.toggle("stops", this.running);
    this.progress.textContent = progress(rows);
    if (lost.length) this.button.focus();
    this.shown(rows);
  }

  /** Lay out the columns again: those of one group stand below one another. */
  lay(rows) {
    for (const column of this.columns.values()) column.answer.leave();
    this.columns.clear();
    const groups = new Map();
    for (const row of rows) {
      const column = new Column(row, this.answers, this.line);
      this.columns.set(row.key, column);
      if (!groups.has(row.group)) groups.set(row.group, group(row));
      groups.get(row.group).append(column.root);
    }
    this.grid.replaceChildren(...groups.values());
    this.grid.dataset.count = groups.size;
  }
}

/** A group of columns, with a heading where the rows have one. */
function group({ heading }) {
  const head = heading ? [make("p", { class: "heading" }, heading)] : [];
  return make("div", { class: "group" }, ...head);
}

/** Say how many answers there are. */
function progress(rows) {
  if (rows.every((row) => row.state === "idle")) return "";
  const growing = rows.filter((row) => UNDER_WAY.has(row.state)).length;
  const whole = rows.filter((row) => row.state === "done").length;
  if (growing) return `${rows.length - growing} of ${rows.length} answers`;
  if (whole === rows.length) return `${whole} of ${rows.length} answers`;
  return `${whole} of ${rows.length} answers complete`;
}
