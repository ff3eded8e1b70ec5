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

  /** Say why nothing was heard; after a restart, or without a kernel, nothing ever is. */
  wonder(id) {
    const kernel = this.model.widget_manager?.kernel;
    if (kernel === undefined || kernel?.status === "busy") return this.say(BUSY);
    if (kernel?.connectionStatus !== "connected") return this.say(LOST);
    const again = () => this.say(kernel.status === "busy" ? BUSY : LOST);
    this.waiting.set(id, setTimeout(again, LONG_PATIENCE));
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
