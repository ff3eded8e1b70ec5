const UNSET = "service\u2019s default";
const EFFORTS = {
  on: "on",
  off: "off",
  none: "effort: none",
  minimal: "effort: minimal",
  low: "effort: low",
  medium: "effort: medium",
  high: "effort: high",
  xhigh: "effort: extra high",
  max: "effort: maximum",
};

function chosen(model) {
  return model.get("choices").find((choice) => choice.id === model.get("model"));
}

// Sign and words: colour alone must not say what a model cannot do.
function ability([name, able]) {
  return make(
    "li",
    { class: `chip ${able ? "able" : "unable"}` },
    make("span", { class: "sign", "aria-hidden": "true" }, able ? "\u2713" : "\u2013"),
    make("span", { class: "unseen" }, able ? "" : "no "),
    name,
  );
}

function modelRow(model, commit) {
  const facts = make("p", { class: "facts", id: newId("facts"), "aria-live": "polite" });
  const able = make("ul", { class: "chips", "aria-label": "Capabilities" });
  const select = make("select", { "aria-describedby": facts.id });
  select.addEventListener("change", () => commit("model", select.value || null));
  function list() {
    const unset = options([["", "Default model"]]);
    select.replaceChildren(...unset, ...grouped(model.get("choices")));
    show();
  }
  function show() {
    select.value = model.get("model") ?? "";
    const found = chosen(model);
    const texts = found?.facts ?? ["the free model of the endpoint, or GLMKIT_MODEL"];
    facts.replaceChildren(...texts.map((text) => make("span", {}, text)));
    able.replaceChildren(...(found?.able ?? []).map(ability));
    able.hidden = !able.childNodes.length;
  }
  list();
  return {
    node: field("Model", select, select, facts, able),
    on: { choices: list, model: show },
  };
}

/** A slider beside its number; empty is the service's default. */
function sliderRow(model, commit, name, text, low, start) {
  const bounds = { min: String(low), max: "1", step: "0.01" };
  const range = make("input", { type: "range", ...bounds });
  const number = make("input", {
    type: "number",
    placeholder: "default",
    "aria-label": `${text} as a number, empty for the service's default`,
    ...bounds,
  });
  const reset = button("Service\u2019s default", () => commit(name, null));
  if (name !== "temperature") reset.setAttribute("aria-label", `Service\u2019s default for ${text}`);

  const slide = () => commit(name, range.valueAsNumber);
  range.addEventListener("input", slide);
  // A press on the handle where it rests moves nothing, yet it is a choice.
  range.addEventListener("pointerup", slide);
  number.addEventListener("change", () => {
    const typed = number.valueAsNumber;
    const value = Math.round(Math.min(1, Math.max(low, typed)) * 100) / 100;
    commit(name, Number.isNaN(typed) ? null : value);
    show();
  });

  function show() {
    const value = model.get(name);
    const unset = value === null;
    range.value = String(value ?? start);
    const share = (range.value - low) / (1 - low);
    range.style.setProperty("--filled", `${unset ? 0 : share * 100}%`);
    range.classList.toggle("unset", unset);
    if (unset) range.setAttribute("aria-valuetext", UNSET);
    else range.removeAttribute("aria-valuetext");
    number.value = unset ? "" : value.toFixed(2);
    reset.setAttribute("aria-pressed", String(unset));
  }
  show();
  const line = make("div", { class: "line" }, range, number, reset);
  return { node: field(text, range, line), on: { [name]: show } };
}

function thinkRow(model, commit) {
  const help = make("span", { class: "help", id: newId("help") });
  const select = make("select", { "aria-describedby": help.id });
  select.addEventListener("change", () => commit("think", select.value || null));
  function show() {
    const value = model.get("think");
    const found = chosen(model);
    const takes = found?.efforts ?? Object.keys(EFFORTS);
    const odd = value !== null && !takes.includes(value);
    const listed = odd ? [...takes, value] : takes;
    select.replaceChildren(
      ...options([["", "Service\u2019s default"]]),
      ...options(listed.map((name) => [name, EFFORTS[name] ?? name])),
    );
    select.value = value ?? "";
    // A value that is set can always be unset.
    select.disabled = !takes.length && !odd;
    help.textContent = reason(found, takes, odd);
  }
  function reason(found, takes, odd) {
    if (!found) return "depends on the model";
    if (!takes.length) return `${found.label} does not think${odd ? "; this is ignored" : ""}`;
    if (odd) return `${found.label} does not accept this`;
    if (!takes.includes("off")) return `${found.label} always thinks`;
    return `accepted: ${takes.join(", ")}`;
  }
  show();
  const line = make("div", { class: "line" }, select, help);
  return { node: field("Thinking", select, line), on: { think: show, model: show, choices: show } };
}

function streamRow(model, commit) {
  const help = make("span", { class: "help", id: newId("help") });
  const toggle = make("input", {
    type: "checkbox",
    role: "switch",
    "aria-describedby": help.id,
  });
  toggle.addEventListener("change", () => commit("stream", toggle.checked));
  function show() {
    toggle.checked = model.get("stream");
    help.textContent = toggle.checked
      ? "show the answer while it is generated"
      : "show the answer when it is complete";
  }
  show();
  const line = make("div", { class: "line" }, toggle, help);
  return { node: field("Streaming", toggle, line), on: { stream: show } };
}

function lengthRow(model, commit) {
  const help = make("span", { class: "help", id: newId("help") });
  const number = make("input", {
    type: "number",
    min: "1",
    step: "1",
    placeholder: "default",
    "aria-describedby": help.id,
  });
  number.addEventListener("change", () => {
    const typed = Math.round(number.valueAsNumber);
    commit("max_tokens", Number.isNaN(typed) ? null : Math.max(1, typed));
    show();
  });
  function show() {
    const value = model.get("max_tokens");
    const found = chosen(model);
    const cap = found?.cap ?? null;
    number.value = value === null ? "" : String(value);
    if (cap) number.max = String(cap);
    else number.removeAttribute("max");
    const above = cap !== null && value > cap;
    number.setAttribute("aria-invalid", String(above));
    help.classList.toggle("wrong", above);
    const most = cap?.toLocaleString("en");
    if (above) help.textContent = `${found.label} accepts at most ${most}`;
    else help.textContent = cap ? `per answer, up to ${most}` : "per answer";
  }
  show();
  const line = make("div", { class: "line" }, number, help);
  return {
    node: field("Max tokens", number, line),
    on: { max_tokens: show, model: show, choices: show },
  };
}

function systemRow(model, commit) {
  const area = make("textarea", {
    placeholder: "Instructions that apply to every question",
  });
  const read = () => model.get("system") ?? "";
  const { show, flush } = typed(area, read, (text) => commit("system", text || null));
  return { node: field("System prompt", area), on: { system: show }, flush };
}

/** The rare options, folded; the fold says how many are set. */
function fold(model, names, rows) {
  const count = make("span", { class: "help" });
  const node = make(
    "details",
    { class: "ruled" },
    make("summary", { tabindex: "0" }, "More", count),
    ...rows.map((part) => part.node),
  );
  const set = () => names.filter((name) => model.get(name) !== null).length;
  node.open = set() > 0;
  function show() {
    count.textContent = set() ? ` ${set()} set` : " top-p, max tokens, system prompt";
  }
  show();
  return { node, on: Object.fromEntries(names.map((name) => [name, show])) };
}

function render({ model, el }) {
  const note = make("span", { class: "note", role: "status" });
  const line = new Line(model, note);
  const commit = committing(model, line);
  const rare = [
    sliderRow(model, commit, "top_p", "Top-p", 0.01, 0.95),
    lengthRow(model, commit),
    systemRow(model, commit),
  ];
  const copying = copyButtons(line, note, rare[2].flush, [
    ["magic", "Copy as %%glm"],
    ["python", "Copy as Python"],
  ]);
  const rows = [
    modelRow(model, commit),
    sliderRow(model, commit, "temperature", "Temperature", 0, 0.75),
    thinkRow(model, commit),
    streamRow(model, commit),
    fold(model, ["top_p", "max_tokens", "system"], rare),
  ];
  const nodes = rows.map((part) => part.node);
  const root = panel("glmkit-controls", "GLM settings", ...nodes, ...copying.nodes);
  deaf(root);
  el.append(root);

  const heard = [...changes([...rows, ...rare]), ["msg:custom", copying.take]];
  const leave = listening(model, heard);
  return () => {
    rare[2].flush();
    line.leave();
    leave();
  };
}

export default { render };
