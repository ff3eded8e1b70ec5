// Elements, and the line to the kernel, for every widget.

let count = 0;
const salt = Math.random().toString(36).slice(2);
const newId = (name) => `glmkit-${name}-${salt}-${++count}`;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A button; `act` is called when it is pressed. */
function button(text, act, attributes = {}) {
  const node = make("button", { type: "button", ...attributes }, text);
  node.addEventListener("click", act);
  return node;
}

/** The root of a panel: it stands on ground.css, and hides its picture (still.css). */
function panel(name, label, ...children) {
  const attributes = { role: "group", "aria-label": label };
  return make("div", { class: `glmkit-ground glmkit-live ${name}`, ...attributes }, ...children);
}

/** The label of a control. */
function label(text, control) {
  control.id ||= newId("control");
  return make("label", { class: "name", for: control.id }, text);
}

/** A control below its label, or what it stands in and what goes along with it. */
function field(text, control, ...nodes) {
  return make("div", { class: "field" }, label(text, control), ...(nodes.length ? nodes : [control]));
}

/** Options of a list, from pairs of value and text. */
const options = (pairs) => pairs.map(([value, text]) => make("option", { value }, text));

/** Models for a list, by group; groups keep the order in which they first appear. */
function grouped(choices) {
  const groups = new Map();
  for (const { id, group, label: text } of choices) {
    if (!groups.has(group)) groups.set(group, make("optgroup", { label: group }));
    groups.get(group).append(...options([[id, text]]));
  }
  return [...groups.values()];
}

// Milliseconds of rest after which a text that is being typed is set.
const REST = 300;

/** Let a text be typed: `write` takes it after a rest. What others set takes its place
 * by `show`; what is being typed stays. */
function typed(area, read, write) {
  let sent = (area.value = read());
  let timer = 0;
  function flush() {
    clearTimeout(timer);
    sent = area.value;
    write(sent);
  }
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(flush, REST);
  });
  area.addEventListener("change", flush);
  function show() {
    if (read() !== sent) sent = area.value = read();
  }
  return { flush, show };
}

/** Hear events of a model, as pairs of name and function; what is returned ends it. */
function listening(model, pairs) {
  for (const [name, hear] of pairs) model.on(name, hear);
  return () => {
    for (const [name, hear] of pairs) model.off(name, hear);
  };
}

/** What parts of a panel hear of traits: `on` has a function for each. */
function changes(parts) {
  const pairs = parts.flatMap(({ on }) => Object.entries(on));
  return pairs.map(([name, hear]) => [`change:${name}`, hear]);
}

/** What sets a trait where it is not so already; a line tells the kernel at once. */
function committing(model, line) {
  return (name, value) => {
    if (JSON.stringify(model.get(name)) === JSON.stringify(value)) return;
    model.set(name, value);
    model.save_changes();
    line?.do("set");
  };
}

/** Keep a widget's keys from the notebook, which looks at the focused element first. */
function deaf(root) {
  for (const field of root.querySelectorAll("select, input, textarea, button, [tabindex]")) {
    field.dataset.lmSuppressShortcuts = "true";
  }
  // JupyterLab takes the line break of Shift+Enter back at the field itself.
  const keep = (event) => event.inputType === "insertLineBreak" && event.stopPropagation();
  root.addEventListener("beforeinput", keep, true);
}

// Milliseconds after which a person is told that the kernel has not heard them yet.
const PATIENCE = 700;
// And after which an idle kernel is thought lost: a large file takes its time.
const LONG_PATIENCE = 4000;
const BUSY = "The kernel is busy: this waits until the running cell ends.";
const LOST = "The kernel does not hear this: run the cell again. What you typed stays here.";

/** The line to the kernel: what was done is sent, and what is not heard yet is said. */
class Line {
  /** `note` is an element with role="status"; refusals stand there too. */
  constructor(model, note) {
    this.model = model;
    this.note = note;
    this.waiting = new Map();
    this.listen = (message) => this.take(message);
    model.on("msg:custom", this.listen);
  }

  do(name, content = {}) {
    const id = newId("done");
    this.say("");
    this.waiting.set(id, setTimeout(() => this.wonder(id), PATIENCE));
    this.model.send({ ...content, do: name, id });
    return id;
  }

  take(message) {
    if (this.waiting.has(message.heard)) {
      clearTimeout(this.waiting.get(message.heard));
      this.waiting.delete(message.heard);
      if (!this.waiting.size && [BUSY, LOST].includes(this.note.textContent)) this.say("");
    }
    if (message.refused) this.say([message.refused, message.hint].filter(Boolean).join(" "), true);
  }

  /** Say why nothing was heard, and look again: a kernel that was busy as it started
   * anew, or was idle all the time, never hears this. */
  wonder(id, idle = false) {
    const kernel = this.model.widget_manager?.kernel;
    const busy = kernel === undefined || kernel?.status === "busy";
    if (!busy && (idle || kernel?.connectionStatus !== "connected")) return this.say(LOST);
    if (busy && this.note.textContent !== BUSY) this.say(BUSY);
    const again = () => this.wonder(id, !busy);
    if (kernel) this.waiting.set(id, setTimeout(again, LONG_PATIENCE));
  }

  say(text, refused = false) {
    this.note.textContent = text;
    this.note.classList.toggle("refused", refused);
  }

  leave() {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.model.off("msg:custom", this.listen);
  }
}
