// Where the handle stands while no temperature is set: an arrow key starts from here.
const START = 0.75;

function row(text, id, ...fields) {
  return [
    make("label", { class: "name", for: id }, text),
    make("div", { class: "field" }, ...fields),
  ];
}

// Groups keep the order in which they first appear.
function options(choices) {
  const groups = new Map();
  for (const choice of choices) {
    if (!groups.has(choice.group)) {
      groups.set(choice.group, make("optgroup", { label: choice.group }));
    }
    groups.get(choice.group).append(make("option", { value: choice.id }, choice.label));
  }
  return [make("option", { value: "" }, "Default model"), ...groups.values()];
}

function modelRow(model, commit) {
  const id = newId("model");
  const facts = make("p", { class: "facts", id: newId("facts"), "aria-live": "polite" });
  const select = make("select", { id, "aria-describedby": facts.id });
  select.addEventListener("change", () => commit("model", select.value || null));
  function list() {
    select.replaceChildren(...options(model.get("choices")));
    show();
  }
  function show() {
    select.value = model.get("model") ?? "";
    const chosen = model.get("choices").find((choice) => choice.id === select.value);
    const texts = chosen?.facts ?? ["the endpoint's free one, or GLMKIT_MODEL"];
    facts.replaceChildren(...texts.map((text) => make("span", {}, text)));
  }
  list();
  return { nodes: row("Model", id, select, facts), on: { choices: list, model: show } };
}

function temperatureRow(model, commit) {
  const id = newId("temperature");
  const bounds = { min: "0", max: "1", step: "0.01" };
  const range = make("input", { type: "range", id, ...bounds });
  const number = make("input", {
    type: "number",
    placeholder: "default",
    "aria-label": "Temperature as a number, empty for the service's default",
    ...bounds,
  });
  const reset = make("button", { type: "button" }, "Service\u2019s default");

  const slide = () => commit("temperature", range.valueAsNumber);
  range.addEventListener("input", slide);
  // A press on the very place of the resting handle moves nothing, yet it is a choice.
  range.addEventListener("pointerup", slide);
  number.addEventListener("change", () => {
    const typed = number.valueAsNumber;
    const value = Math.round(Math.min(1, Math.max(0, typed)) * 100) / 100;
    commit("temperature", Number.isNaN(typed) ? null : value);
    show();
  });
  reset.addEventListener("click", () => commit("temperature", null));

  function show() {
    const value = model.get("temperature");
    const unset = value === null;
    range.value = String(value ?? START);
    range.style.setProperty("--filled", `${unset ? 0 : range.value * 100}%`);
    range.classList.toggle("unset", unset);
    if (unset) range.setAttribute("aria-valuetext", "service\u2019s default");
    else range.removeAttribute("aria-valuetext");
    number.value = unset ? "" : value.toFixed(2);
    reset.setAttribute("aria-pressed", String(unset));
  }
  show();
  const fields = make("div", { class: "line" }, range, number, reset);
  return { nodes: row("Temperature", id, fields), on: { temperature: show } };
}

function streamRow(model, commit) {
  const id = newId("stream");
  const help = make("span", { class: "help", id: newId("help") });
  const toggle = make("input", {
    type: "checkbox",
    role: "switch",
    id,
    "aria-describedby": help.id,
  });
  toggle.addEventListener("change", () => commit("stream", toggle.checked));
  function show() {
    toggle.checked = model.get("stream");
    help.textContent = toggle.checked
      ? "the answer appears as it is written"
      : "the answer appears when it is whole";
  }
  show();
  const fields = make("div", { class: "line" }, toggle, help);
  return { nodes: row("Streaming", id, fields), on: { stream: show } };
}

function render({ model, el }) {
  function commit(name, value) {
    if (model.get(name) === value) return;
    model.set(name, value);
    model.save_changes();
  }
  const rows = [modelRow, temperatureRow, streamRow].map((part) => part(model, commit));
  const root = make(
    "div",
    { class: "glmkit-controls glmkit-live", role: "group", "aria-label": "GLM settings" },
    ...rows.flatMap((part) => part.nodes),
  );
  deaf(root);
  el.append(root);

  const listeners = rows.flatMap((part) => Object.entries(part.on));
  for (const [name, show] of listeners) model.on(`change:${name}`, show);
  return () => {
    for (const [name, show] of listeners) model.off(`change:${name}`, show);
  };
}

export default { render };
