// The prompt over the whole table: plan, price, and the run once it is confirmed.

/** Which model and temperature all rows are asked with, one of those tried. */
function combination(model) {
  const list = make("select", { "aria-label": "Model and temperature for all rows" });
  let pairs = [];
  function show() {
    const warm = model.get("temperatures").length ? model.get("temperatures") : [null];
    const names = model.get("models").length ? model.get("models") : [""];
    pairs = names.flatMap((name) => warm.map((temperature) => ({ model: name, temperature })));
    const text = ({ model: name, temperature }) =>
      [name || "default model", temperature === null ? "" : `temperature ${temperature}`]
        .filter(Boolean)
        .join(", ");
    const before = list.value;
    list.replaceChildren(...options(pairs.map((pair, n) => [String(n), text(pair)])));
    if (before && pairs[before]) list.value = before;
    list.hidden = pairs.length < 2;
  }
  show();
  return { node: list, chosen: () => pairs[list.value] ?? pairs[0], on: { models: show, temperatures: show } };
}

function allRows(model, line, note, flush) {
  const combo = combination(model);
  const copying = copyButtons(line, note, flush, [["verb", "Copy as df.glm"]], () => combo.chosen());
  const count = button("Run on all rows\u2026", () => {
    flush();
    line.do("count", combo.chosen());
  });
  const confirm = button("", () => line.do("confirm"), { class: "main" });
  const drop = button("Cancel", () => line.do("drop"));
  const table = make("tbody");
  const bar = make("progress", { max: "1", value: "0", "aria-label": "Answered rows" });
  const status = make("p", { class: "help", role: "status" });
  const title = make("h3", { tabindex: "-1" }, "All rows");
  const plan = make("table", { class: "rows plan" }, table);
  const place = make("div", { class: "all-rows" }, title, plan, bar, status, make("div", { class: "line" }, confirm, drop));
  let before = "";

  function show() {
    const { state = "", lines = [], asked = 0, rows = 0, done = 0, spent, stopping, ended } = model.get("whole");
    place.hidden = !state;
    count.disabled = state === "counting" || state === "running";
    plan.hidden = confirm.hidden = state !== "planned";
    bar.hidden = state !== "running";
    drop.textContent = { running: stopping ? "Stopping\u2026" : "Stop", done: "Close" }[state] ?? "Cancel";
    drop.disabled = Boolean(stopping);
    confirm.textContent = `Ask ${plural(asked, "prompt")}`;
    if (state === "planned" && state !== before) {
      const row = ([name, text]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, text));
      table.replaceChildren(...lines.map(row));
      title.focus();
    }
    bar.max = rows || 1;
    bar.value = done;
    status.textContent =
      {
        counting: "Counting\u2026",
        running: [`${many(done)} of ${many(rows)} rows answered`, spent].filter(Boolean).join(" \u00b7 "),
        done: `${ended} The new frame is lab.result.`,
      }[state] ?? "";
    before = state;
  }
  show();
  const [actions, offered] = copying.nodes;
  actions.prepend(count, combo.node);
  return { nodes: [actions, offered, place], on: { whole: show }, combo, take: copying.take };
}
