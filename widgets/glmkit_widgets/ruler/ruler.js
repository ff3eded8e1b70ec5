// Milliseconds without a key after which a text goes to the kernel; more for a long one.
const SHORT_REST = 80;
const CHARACTERS = 2000; // for one millisecond more

const number = (count) => count.toLocaleString("en");

function range({ tokens, low, high }) {
  if (low === high) return [number(tokens)];
  const band = make("span", { class: "band" }, `(${number(low)} to ${number(high)})`);
  return [`${number(tokens)} `, band];
}

function percent(share) {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function modelField(model, commit) {
  const select = make("select");
  select.addEventListener("change", () => commit("model", select.value || null));
  let listed = "";
  function show() {
    const current = model.get("reading").model ?? "";
    if (listed !== current) {
      listed = current;
      const unset = options([["", `Default model: ${current}`]]);
      select.replaceChildren(...unset, ...grouped(model.get("choices")));
    }
    select.value = model.get("model") ?? "";
  }
  show();
  return { node: field("Model", select), on: { model: show, reading: show } };
}

/** The text; all views of a widget show the same. */
class Draft {
  constructor() {
    this.text = null;
    this.areas = new Set();
  }

  set(text, but = null) {
    this.text = text;
    for (const area of this.areas) if (area !== but) area.value = text;
  }
}

function promptField(draft, line) {
  const area = make("textarea", {
    spellcheck: "false",
    placeholder: "Write or paste a prompt; it is not sent",
  });
  area.value = draft.text ?? "";
  draft.areas.add(area);
  let timer = 0;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(write, SHORT_REST + area.value.length / CHARACTERS);
  }
  // One text at a time is sent: a busy kernel gets only the newest.
  function write() {
    if (line.waiting.size) later();
    else line.do("write", { text: draft.text });
  }
  area.addEventListener("input", () => {
    draft.set(area.value, area);
    later();
  });
  function leave() {
    clearTimeout(timer);
    draft.areas.delete(area);
  }
  return { node: field("Prompt", area), leave };
}

/** The bar; the table below has its parts in words and numbers. */
function bar(reading) {
  const total = Math.max(reading.window ?? 0, reading.sent.tokens);
  const parts = reading.shares.map(({ label, tokens }) => `${label} ${number(tokens)}`);
  const node = make("div", {
    class: "bar",
    role: "img",
    "aria-label": `Context window: ${[...parts, free(reading)].filter(Boolean).join(", ")}`,
  });
  for (const { name, tokens } of reading.shares) {
    const part = make("span", { class: `part ${name}` });
    part.style.flexGrow = String(total ? tokens / total : 0);
    node.append(part);
  }
  const rest = make("span", { class: "part free" });
  rest.style.flexGrow = String(total ? (reading.free ?? 0) / total : 1);
  node.append(rest);
  return node;
}

function free(reading) {
  return reading.free === null ? "" : `free ${number(reading.free)}`;
}

function table(reading) {
  const rows = reading.shares.map((share) => row(share.name, share.label, share, reading));
  if (reading.free !== null) {
    const { free: tokens } = reading;
    rows.push(row("free", "Free", { tokens, low: tokens, high: tokens }, reading));
  }
  const heads = [["", "Part"], ["number", "Tokens"], ["number", "Share of window"]].map(
    ([kind, text]) => make("th", { scope: "col", class: kind }, text),
  );
  return make("table", { class: "rows" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
}

function row(name, label, share, { window: size }) {
  const swatch = make("span", { class: `swatch ${name}`, "aria-hidden": "true" });
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, swatch, label),
    make("td", { class: "number" }, ...range(share)),
    make("td", { class: "number" }, size ? percent(share.tokens / size) : ""),
  );
}

function headline(reading) {
  const { sent, window: size, over } = reading;
  const strong = make("strong", {}, `${number(sent.tokens)} tokens`);
  const band = sent.low === sent.high ? "" : ` (${number(sent.low)} to ${number(sent.high)})`;
  const of = size ? ` of a context window of ${number(size)}` : ", context window unknown";
  const line = make("p", { class: "sum" }, strong, band, of);
  if (!over) return [line];
  const wrong = make("p", { class: "wrong" }, `${number(over)} tokens too many: shorten the prompt, or use a model with a larger context window.`);
  return [line, wrong];
}

function showing(model, root) {
  return () => {
    const reading = model.get("reading");
    if (!reading.shares) return;
    root.replaceChildren(
      ...headline(reading),
      bar(reading),
      table(reading),
      make("p", { class: "cost" }, make("span", {}, "Cost: "), reading.cost),
      make("p", { class: "help" }, reading.how),
    );
  };
}

export default () => {
  const draft = new Draft();
  return {
    initialize({ model }) {
      model.on("msg:custom", ({ text }) => {
        if (text !== undefined) draft.set(text);
      });
    },
    render({ model, el }) {
      const note = make("p", { class: "note", role: "status" });
      const line = new Line(model, note);
      const commit = committing(model, line);
      const chosen = modelField(model, commit);
      const prompt = promptField(draft, line);
      const read = make("div", { class: "reading" });
      const root = panel("glmkit-ruler", "Token ruler", prompt.node, chosen.node, read, note);
      deaf(root);
      el.append(root);
      const show = showing(model, read);
      show();
      if (draft.text === null) line.do("show");
      const leave = listening(model, changes([chosen, { on: { reading: show } }]));
      return () => {
        prompt.leave();
        line.leave();
        leave();
      };
    },
  };
};
