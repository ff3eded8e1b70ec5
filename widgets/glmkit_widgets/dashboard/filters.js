const STEP = 40;

// Radio buttons that look like tabs: arrow keys move between them by themselves.
function pages(model, commit) {
  const name = newId("page");
  const buttons = model.get("pages").map((page) => {
    const radio = make("input", { type: "radio", class: "unseen", name, value: page });
    radio.addEventListener("change", () => commit("page", page));
    return radio;
  });
  const labels = buttons.map((button) =>
    make("label", {}, button, make("span", {}, button.value)),
  );
  function show() {
    for (const button of buttons) button.checked = button.value === model.get("page");
  }
  show();
  const legend = make("legend", { class: "unseen" }, "Page");
  return {
    node: make("fieldset", { class: "pages" }, legend, ...labels),
    on: { page: show },
  };
}

// Options are [value, text]; a value may be null, unlike that of an option element.
function list(model, commit, name, text, choices, sources = []) {
  const select = make("select");
  let values = [];
  select.addEventListener("change", () => commit(name, values[select.selectedIndex]));
  function fill() {
    const now = model.get(name);
    const offered = choices();
    // The chosen value stays on the list, even if no call has it any more.
    if (!offered.some(([value]) => value === now)) offered.push([now, String(now)]);
    values = offered.map(([value]) => value);
    select.replaceChildren(...offered.map(([, words]) => make("option", {}, words)));
    show();
  }
  function show() {
    const place = values.indexOf(model.get(name));
    if (place < 0) fill();
    else select.selectedIndex = place;
  }
  fill();
  const on = { [name]: show };
  for (const source of sources) on[source] = fill;
  return { node: field(text, select), on };
}

function choice(model, commit, name, text, all, none) {
  const choices = () => [
    [null, all],
    ...(model.get("choices")[name] ?? []).map((value) => [value, value || none]),
  ];
  return list(model, commit, name, text, choices, ["choices"]);
}

function day(model, commit, name, text) {
  const input = make("input", { type: "date" });
  input.addEventListener("change", () => commit(name, input.value));
  function show() {
    if (input.value !== model.get(name)) input.value = model.get(name);
  }
  show();
  return { node: field(text, input), on: { [name]: show } };
}

// A part that is shown only where it applies.
function only(part, model, sources, wanted) {
  const show = () => part.node.toggleAttribute("hidden", !wanted());
  show();
  for (const source of sources) {
    const before = part.on[source];
    part.on[source] = () => {
      before?.();
      show();
    };
  }
  return part;
}

function status(model) {
  const node = make("p", { class: "status help", role: "status" });
  const show = () => {
    node.textContent = model.get("status");
  };
  show();
  return { node, on: { status: show } };
}

function render({ model, el }) {
  const commit = committing(model);
  const own = (name) => () => model.get(name).map((value) => [value, value]);
  const priced = () => (model.get("choices").other ?? []).map((value) => [value, value]);
  const fields = [
    list(model, commit, "period", "Period", own("periods")),
    day(model, commit, "first", "From"),
    day(model, commit, "last", "To"),
    choice(model, commit, "model", "Model", "All models", "no model"),
    choice(model, commit, "notebook", "Notebook", "All notebooks", "outside notebooks"),
    choice(model, commit, "tag", "Tag", "All tags", "no tag"),
    only(
      list(
        model,
        commit,
        "currency",
        "Currency",
        () => (model.get("choices").currency ?? []).map((value) => [value, value || "automatic"]),
        ["choices"],
      ),
      model,
      ["choices"],
      () => (model.get("choices").currency ?? []).length > 2,
    ),
    only(
      list(model, commit, "other", "If all calls had used", priced, ["choices"]),
      model,
      ["page"],
      () => model.get("page") === "Budget",
    ),
  ];
  const parts = [pages(model, commit), ...fields, status(model)];
  const [tabs, counts] = [parts[0].node, parts.at(-1).node];
  const root = panel(
    "glmkit-filters",
    "Dashboard filters",
    make("div", { class: "line" }, tabs, counts),
    make("div", { class: "fields" }, ...fields.map((part) => part.node)),
  );
  deaf(root);
  el.append(root);

  const leave = listening(model, changes(parts));
  // In steps: each lays the figure out again.
  const width = new ResizeObserver(([entry]) => {
    const pixels = Math.floor(entry.contentRect.width / STEP) * STEP;
    if (pixels) commit("width", pixels);
  });
  width.observe(root);
  return () => {
    width.disconnect();
    leave();
  };
}

export default { render };
