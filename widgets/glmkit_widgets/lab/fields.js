// The fields of a prompt lab: template, inputs, models and temperatures.

const QUIET = { "data-lm-suppress-shortcuts": "true" };
const many = (number) => number.toLocaleString("en");
const plural = (number, word) => `${many(number)} ${word}${number === 1 ? "" : "s"}`;

function templateField(model, commit) {
  const notes = make("p", { class: "help", id: newId("notes"), "aria-live": "polite" });
  const area = make("textarea", {
    "aria-describedby": notes.id,
    placeholder: "A prompt in which {column} is replaced by the value of an input",
  });
  const read = () => model.get("template");
  const { show, flush } = typed(area, read, (text) => commit("template", text));
  function note() {
    notes.textContent = (model.get("plan").notes ?? []).join("; ");
  }
  note();
  const node = field("Template", area, area, notes);
  return { node, on: { template: show, plan: note }, flush };
}

function inputsField(store, line) {
  const summary = make("span", { class: "count" });
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
    field("Paste from a spreadsheet, or as CSV; the first line names the columns", area),
    make("div", { class: "line" }, take, leave),
  );
  editor.hidden = true;
  const edit = button("Edit or paste\u2026", () => line.do("edit"));
  editor.addEventListener("keydown", (event) => event.key === "Escape" && close());
  function close() {
    const had = editor.contains(document.activeElement);
    editor.hidden = true;
    if (had) edit.focus(); // the user may be elsewhere by now
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
    const { columns, rows, count: all } = store.inputs;
    summary.textContent = columns.length
      ? `${plural(all, "row")} of ${columns.join(", ")}`
      : "no table: the template is sent as it is";
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
  const head = make("div", { class: "line" }, make("span", { class: "name" }, "Inputs"), summary, edit);
  return { node: make("div", { class: "field" }, head, few, editor), show, hear };
}

function modelsField(model, commit) {
  const chips = make("ul", { class: "chips", "aria-label": "Chosen models" });
  const add = make("select");
  const title = (name) => model.get("choices").find((choice) => choice.id === name)?.label ?? name;
  // A separate button: arrow keys pass through the list before the choice.
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
    const at = add.value;
    add.replaceChildren(...options([["", "Add a model\u2026"]]), ...grouped(others));
    add.value = others.some(({ id }) => id === at) ? at : "";
  }
  show();
  return {
    node: field("Models", add, chips, make("div", { class: "line" }, add, put)),
    on: { models: show, choices: show, plan: show },
  };
}

function triedField(model, commit) {
  const input = make("input", { type: "number", min: "0", step: "1", placeholder: "all" });
  input.addEventListener("change", () => {
    const number = Math.max(0, Math.trunc(Number(input.value) || 0));
    commit("tried", number);
    show();
  });
  function show() {
    input.value = model.get("tried") || "";
  }
  show();
  return { node: field("Try the first rows", input), on: { tried: show } };
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
    help.textContent = wrong ? "each must be a number from 0 to 1" : "0 to 1, separated by commas";
    if (!wrong) commit("temperatures", [...new Set(numbers)]);
  });
  function show() {
    input.value = model.get("temperatures").join(", ");
    help.textContent = "0 to 1, separated by commas";
  }
  show();
  return {
    node: field("Temperatures", input, make("div", { class: "line" }, input, help)),
    on: { temperatures: show },
  };
}
