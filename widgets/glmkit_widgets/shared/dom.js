// Elements, and messages to the kernel, for every widget.

let count = 0;
const salt = Math.random().toString(36).slice(2);
const newId = (name) => `glmkit-${name}-${salt}-${++count}`;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A button; `act` is called when it is pressed. A press counts where a growing answer
 * moves the button from under the pointer before it is released. */
function button(text, act, attributes = {}) {
  const node = make("button", { type: "button", ...attributes }, text);
  node.addEventListener("click", act);
  node.addEventListener("pointerdown", (event) => node.setPointerCapture(event.pointerId));
  return node;
}

/** The root of a panel: ground.css styles it, static_picture.css hides its picture. */
function panel(name, label, ...children) {
  const attributes = { role: "group", "aria-label": label };
  return make("div", { class: `glmkit-ground glmkit-live ${name}`, ...attributes }, ...children);
}

/** The label of a control. */
function label(text, control) {
  control.id ||= newId("control");
  return make("label", { class: "name", for: control.id }, text);
}

/** A control below its label; `nodes` replace the control, where it is not alone. */
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

// Milliseconds without a key after which a typed text is set.
const REST = 300;

/** Let a text be typed: `write` gets it after a pause. `show` takes a value that was set
 * elsewhere, unless the user is typing. */
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

/** Listen to events of a model, pairs of name and function; return what ends it. */
function listening(model, pairs) {
  for (const [name, hear] of pairs) model.on(name, hear);
  return () => {
    for (const [name, hear] of pairs) model.off(name, hear);
  };
}

/** The traits that parts of a panel listen to: `on` has a function for each. */
function changes(parts) {
  const pairs = parts.flatMap(({ on }) => Object.entries(on));
  return pairs.map(([name, hear]) => [`change:${name}`, hear]);
}

/** Return a function that sets a trait where it differs, and sends it to the kernel. */
function committing(model, line) {
  return (name, value) => {
    if (JSON.stringify(model.get(name)) === JSON.stringify(value)) return;
    model.set(name, value);
    model.save_changes();
    line?.do("set");
  };
}

/** Keep the notebook's keyboard shortcuts away from a widget's controls. */
function deaf(root) {
  for (const field of root.querySelectorAll("select, input, textarea, button, [tabindex]")) {
    field.dataset.lmSuppressShortcuts = "true";
  }
  // JupyterLab takes the line break of Shift+Enter back at the field itself.
  const keep = (event) => event.inputType === "insertLineBreak" && event.stopPropagation();
  root.addEventListener("beforeinput", keep, true);
}

// Milliseconds without a reply after which a note says so.
const PATIENCE = 700;
// The same for an idle kernel, which then seems lost; a large file takes its time.
const LONG_PATIENCE = 4000;
const BUSY = "The kernel is busy. This runs when the current cell ends.";
const LOST = "The kernel does not respond. Run the cell again; what you typed is kept.";

/** Sends what the user did to the kernel, and says so where it does not reply. */
class Line {
  /** `note` is an element with role="status"; it shows errors too. */
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

  /** Say why there is no reply, and look again: a kernel that was restarted while it was
   * busy, or has been idle all the time, never replies. */
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
