const STEP = 40;

// Radio buttons that look like tabs: arrow keys move between them by themselves.
function pages(model, commit) {
  const name = newId("page");
  const buttons = model.get("pages").map((page) => {
    const button = make("input", { type: "radio", name, value: page });
    button.addEventListener("change", () => commit("page", page));
    return button;
  });
  const labels = buttons.map((button) =>
    make("label", {}, button, make("span", {}, button.value)),
  );
  function show() {
    for (const button of buttons) button.checked = button.value === model.get("page");
  }
  show();
  const legend = make("legend", {}, "Page");
  return {
    node: make("fieldset", { class: "pages" }, legend, ...labels),
    on: { page: show },
  };
}

// Options are [value, text]; a value may be null, which an option's own can not.
function list(model, commit, name, text, options, sources = []) {
  const id = newId(name);
  const select = make("select", { id });
  let values = [];
  select.addEventListener("change", () => commit(name, values[select.selectedIndex]));
  function fill() {
    const now = model.get(name);
    const offered = options();
    // What is chosen stays on the list, also where no call has it any more.
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
  const label = make("label", { for: id }, text);
  return { node: make("div", { class: "field" }, label, select), on };
}

function choice(model, commit, name, text, all, none) {
  const options = () => [
    [null, all],
    ...(model.get("choices")[name] ?? []).map((value) => [value, value || none]),
  ];
  return list(model, commit, name, text, options, ["choices"]);
}

function day(model, commit, name, text) {
  const id = newId(name);
  const input = make("input", { type: "date", id });
  input.addEventListener("change", () => commit(name, input.value));
  function show() {
    if (input.value !== model.get(name)) input.value = model.get(name);
  }
  show();
  const label = make("label", { for: id }, text);
  return { node: make("div", { class: "field" }, label, input), on: { [name]: show } };
}

// The stand for what only some pages or logs need.
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
  const node = make("p", { class: "status", role: "status" });
  const show = () => {
    node.textContent = model.get("status");
  };
  show();
  return { node, on: { status: show } };
}

function render({ model, el }) {
  function commit(name, value) {
    if (model.get(name) === value) return;
    model.set(name, value);
    model.save_changes();
  }
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
      list(model, commit, "other", "What if all had been", priced, ["choices"]),
      model,
      ["page"],
      () => model.get("page") === "Budget",
    ),
  ];
  const parts = [pages(model, commit), ...fields, status(model)];
  const [tabs, told] = [parts[0].node, parts.at(-1).node];
  const root = make(
    "div",
    { class: "glmkit-filters", role: "group", "aria-label": "Page and calls" },
    make("div", { class: "line" }, tabs, told),
    make("div", { class: "fields" }, ...fields.map((part) => part.node)),
  );
  deaf(root);
  el.append(root);

  const listeners = parts.flatMap((part) => Object.entries(part.on));
  for (const [name, show] of listeners) model.on(`change:${name}`, show);
  // In steps: the picture is laid out anew with each.
  const width = new ResizeObserver(([entry]) => {
    const pixels = Math.floor(entry.contentRect.width / STEP) * STEP;
    if (pixels) commit("width", pixels);
  });
  width.observe(root);
  return () => {
    width.disconnect();
    for (const [name, show] of listeners) model.off(`change:${name}`, show);
  };
}

export default { render };
