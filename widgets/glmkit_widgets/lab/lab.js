// A prompt that is tried on a table of inputs, with several models and temperatures.

/** What the kernel has sent, for all views: inputs, cells, results. */
class LabStore {
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

/** A row before any result: a second try drops the first. */
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

/** The estimate of a run, the buttons, and the progress. */
function runner(model, line, flush) {
  const begin = () => {
    flush();
    line.do("run");
  };
  const run = button("Run", begin, { class: "main" });
  const stop = button("Stop", () => line.do("stop"));
  const retry = button("Retry", () => line.do("retry"));
  const plan = make("span", { class: "help" });
  const bar = make("progress", { max: "1", value: "0", "aria-label": "Finished cells" });
  const status = make("p", { class: "help", role: "status" });

  function show() {
    const { cells: planned = 0, tokens, cost } = model.get("plan");
    const { cells: all = 0, running, stopping, ...states } = model.get("progress");
    run.textContent = `${all ? "Run again" : "Run"}: ${plural(planned, "cell")}`;
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
    status.textContent = all ? words(all, states) : "";
  }
  function words(all, { done, failed, stopped, spent, left }) {
    const parts = [`${many(done)} of ${many(all)} done`];
    if (failed) parts.push(`${many(failed)} failed`);
    if (stopped) parts.push(`${many(stopped)} stopped`);
    if (spent) parts.push(spent);
    if (left) parts.push(left);
    return parts.join(" \u00b7 ");
  }
  show();
  const nodes = [make("div", { class: "line ruled" }, run, stop, retry, plan), bar, status];
  return { nodes, on: { plan: show, progress: show }, stop };
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

function render({ model, el, answers, kept: store }) {
  const note = make("p", { class: "note", role: "status" });
  const line = new Line(model, note);
  const commit = committing(model, line);
  const template = templateField(model, commit);
  const inputs = inputsField(store, line);
  const models = modelsField(model, commit);
  const warm = temperaturesField(model, commit);
  const tried = triedField(model, commit);
  const running = runner(model, line, template.flush);
  const all = allRows(model, line, note, template.flush);
  const one = detail(answers, line, (n) => results.focus(n));
  const results = new Results(store, (n) => one.open(n));
  const fields = [template, inputs, models, warm, tried].map(({ node }) => node);
  const below = [...running.nodes, results.node, one.node, ...all.nodes];
  const root = panel("glmkit-lab", "Prompt lab", ...fields, ...below);
  deaf(root);
  el.append(root);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !running.stop.hidden) line.do("stop");
  });
  const hear = (message) => {
    inputs.hear(message);
    one.hear(message);
    all.take(message);
  };
  const parts = [template, models, warm, tried, running, all, all.combo];
  const heard = [...changes(parts), ["msg:custom", hear]];
  const leave = listening(model, heard);
  const news = ({ inputs: table, grid, rows }) => {
    if (table) inputs.show();
    if (grid || rows) results.show();
  };
  store.listeners.add(news);
  line.do("show");
  return () => {
    template.flush();
    one.leave();
    line.leave();
    leave();
    store.listeners.delete(news);
  };
}

export default answering(render, (model) => new LabStore(model));
