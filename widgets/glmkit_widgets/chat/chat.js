// A chat: its turns, a field for the next question, and a line with the sums.

const NOTHING = {
  path: [],
  running: "",
  asks: "",
  total: "",
  pending: [],
  confirming: [],
  forks: [],
  title: "",
};
const FORMS = [
  [".md", "Markdown"],
  [".json", "JSON"],
  [".ipynb", "Notebook"],
];

/** What the kernel has sent, for all views of one chat. */
class ChatStore {
  constructor(model) {
    this.turns = new Map();
    this.picture = new SavedPicture(model, () => this.draw());
    this.state = NOTHING;
    this.draft = "";
    this.views = new Set();
    model.on("msg:custom", (message) => {
      if (message.turn) this.turns.set(message.turn.key, message.turn);
      else if (message.state) this.state = message.state;
      else if (message.frame) this.frame = message.frame;
      if (!message.turn && !message.state) return;
      for (const view of this.views) view.update(message.turn);
    });
  }

  /** The picture for the saved notebook: its mark, HTML and plain text. */
  draw() {
    const saved = this.state.path.map(({ key }) => this.turns.get(key)?.saved);
    const turns = saved.filter(Boolean);
    if (!this.frame || !turns.length) return null;
    const [mark, before, after] = this.frame;
    const html = turns.map(([html]) => html).join("");
    return [mark, before + html + after, turns.map(([, plain]) => plain).join("\n\n")];
  }

  leave() {
    this.picture.leave();
  }
}

class Chat {
  constructor({ model, el, answers, store }) {
    this.model = model;
    this.answers = answers;
    this.store = store;
    this.turns = new Map();
    this.waiting = new Map();
    this.forks = [];
    this.note = make("p", { class: "note", role: "status" });
    this.line = new Line(model, this.note);
    this.composer = new Composer(this);
    this.title = make("span", { class: "title" });
    this.total = make("span", { class: "total" });
    this.list = make("div", { class: "turns" });
    const scrolls = { class: "log", role: "region", "aria-label": "Conversation", tabindex: "0" };
    this.log = make("div", scrolls, this.list);
    this.below = make("div", { class: "forks" });
    this.root = panel(
      "glmkit-chat",
      "Chat",
      make("div", { class: "head" }, this.title, this.total, this.makeExport()),
      this.log,
      this.composer.root,
      this.note,
      this.below,
    );
    this.listen();
    deaf(this.root);
    el.append(this.root);
    this.update();
  }

  makeExport() {
    const name = { "aria-label": "Save chat as file" };
    this.save = make("select", name, ...options([["", "Save as\u2026"], ...FORMS]));
    this.save.addEventListener("change", () => {
      const form = this.save.value;
      this.save.value = "";
      if (!form) return;
      const id = this.line.do("export", { form });
      this.when(id, ({ file, kind, text }) => download(file, kind, text));
    });
    return this.save;
  }

  listen() {
    this.heard = (message) => this.take(message);
    this.model.on("msg:custom", this.heard);
    this.picture = new Picture(this.model, this.root);
    this.grows = new ResizeObserver(() => {
      this.picture.watch();
      this.stay();
    });
    this.grows.observe(this.log);
    this.root.addEventListener("keydown", (event) => this.escape(event));
    this.root.addEventListener("dragover", (event) => {
      if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
    });
    this.root.addEventListener("drop", (event) => this.composer.dropped(event, event.dataTransfer));
  }

  /** While the user writes, keep the text field in sight as the log grows. */
  stay() {
    const writes = document.activeElement === this.composer.field;
    if (writes) this.composer.root.scrollIntoView({ block: "nearest" });
  }

  /** Escape closes what is open; otherwise it stops the answer. */
  escape(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    if (event.target.closest(".glmkit-chat") !== this.root) return; // in a fork
    if (this.composer.panel.contains(event.target)) this.composer.toggle(false);
    else if (this.store.state.running) this.stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Call `done` when the kernel replies to the message with an id. */
  when(id, done) {
    this.waiting.set(id, done);
  }

  take(message) {
    const id = message.took ?? message.to;
    this.waiting.get(id)?.(message);
    this.waiting.delete(id);
  }

  stop() {
    this.line.do("stop");
    this.composer.focus();
  }

  copy(key) {
    this.when(this.line.do("text", { key }), async ({ text }) => {
      const done = await copy(text);
      this.line.say(done ? "Copied." : "The browser blocks access to the clipboard.", !done);
    });
  }

  toCell(key) {
    this.when(this.line.do("cell", { key }), async ({ cell, source }) => {
      if (addCell(this.model, this.root, cell, source)) {
        this.line.say("Added in a new cell below.");
      } else if (await copy(source)) {
        this.line.say("Copied: paste it into a cell. No cell can be added from here.");
      } else {
        this.line.say("No cell can be added from here, and the clipboard is blocked.", true);
      }
    });
  }

  toEnd() {
    this.log.scrollTop = 0; // the log is reversed: its end is its origin
  }

  /** Show the state, or one turn that has changed. */
  update(turn) {
    if (turn) return this.turns.get(turn.key)?.take(turn);
    const { path, running, total, title, confirming, forks } = this.store.state;
    const had = this.list.contains(document.activeElement);
    this.showPath(path.filter(({ key }) => this.store.turns.has(key)));
    for (const { key, beside } of path) {
      const where = { beside, running: key === running, busy: Boolean(running), confirming };
      this.turns.get(key)?.update(where);
    }
    if (had && !this.list.contains(document.activeElement)) this.refocus();
    this.composer.update(this.store.state);
    this.title.textContent = title;
    this.total.textContent = total;
    this.log.hidden = this.save.hidden = !path.length;
    this.showForks(forks);
  }

  /** Put the turns of the path into the log, and remove the others. */
  showPath(path) {
    const keys = path.map(({ key }) => key);
    const shown = [...this.turns.keys()];
    if (keys.join() === shown.join()) return;
    for (const key of shown.filter((key) => !keys.includes(key))) {
      this.turns.get(key).leave();
      this.turns.delete(key);
    }
    const old = this.turns;
    this.turns = new Map(
      keys.map((key) => [key, old.get(key) ?? new TurnView(this, this.store.turns.get(key))]),
    );
    this.list.replaceChildren(...[...this.turns.values()].map((view) => view.root));
  }

  /** Focus the arrow that the user pressed, or else the field of the next question. */
  refocus() {
    const { key, by } = this.stepped ?? {};
    const come = this.turns.get(key);
    this.stepped = null;
    if (!come) return this.composer.focus();
    const arrow = by < 0 ? come.back : come.on;
    (arrow.disabled ? (by < 0 ? come.on : come.back) : arrow).focus();
  }

  showForks(ids) {
    for (const id of ids.slice(this.below.childElementCount)) {
      const place = make("div", { class: "fork" });
      this.below.append(place);
      this.showFork(place, id);
    }
  }

  async showFork(place, id) {
    const manager = this.model.widget_manager;
    const view = await manager.create_view(await manager.get_model(id));
    this.forks.push(view);
    place.append(view.el);
  }

  leave() {
    this.line.leave();
    this.grows.disconnect();
    this.picture.leave();
    this.model.off("msg:custom", this.heard);
    for (const view of this.turns.values()) view.leave();
    for (const view of this.forks) view.remove();
  }
}

/** Ask the kernel for the turns so far. */
function start(model) {
  const store = new ChatStore(model);
  model.send({ do: "hello", id: newId("hello"), saves: store.picture.works });
  return store;
}

function render({ model, el, answers, kept: store }) {
  const view = new Chat({ model, el, answers, store });
  store.views.add(view);
  return () => {
    store.views.delete(view);
    view.leave();
  };
}

export default answering(render, start);
