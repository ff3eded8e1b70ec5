// The field for the next question and its attachments.

// Bytes of a file that fit into one message to the kernel.
const LARGEST = 7_000_000;

class Composer {
  constructor(chat) {
    this.chat = chat;
    this.field = make("textarea", {
      rows: "1",
      "aria-label": "Question",
      placeholder: "Ask a question (Shift+Enter for a new line)",
    });
    this.field.value = chat.store.draft;
    this.field.addEventListener("input", () => (chat.store.draft = this.field.value));
    this.chips = make("div", { class: "chips" });
    const toggle = () => this.toggle(this.panel.hidden);
    this.plus = button("Attach", toggle, { class: "plain", "aria-expanded": "false" });
    const send = () => (this.running ? this.chat.stop() : this.ask());
    this.send = button("Send", send, { class: "main" });
    this.asks = make("span", { class: "asks" });
    this.panel = this.makePanel();
    const bar = make("div", { class: "bar line" }, this.plus, this.asks, this.send);
    this.root = make("div", { class: "composer" }, this.chips, this.field, bar, this.panel);
    this.listen();
    deaf(this.root);
  }

  listen() {
    this.field.addEventListener("keydown", (event) => {
      if (!entered(event)) return;
      event.preventDefault();
      this.ask();
    });
    this.field.addEventListener("paste", (event) => this.dropped(event, event.clipboardData));
  }

  makePanel() {
    const list = make("datalist", { id: newId("names") });
    this.word = make("input", {
      type: "text",
      list: list.id,
      "aria-label": "Name of a variable, or path of a file",
      placeholder: "variable name or file path",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.names = list;
    this.files = make("input", { type: "file", multiple: "", hidden: "", tabindex: "-1" });
    const add = button("Add", () => this.attach());
    const browse = button("Upload\u2026", () => this.files.click());
    this.files.addEventListener("change", () => {
      this.upload(this.files.files);
      this.files.value = "";
    });
    this.word.addEventListener("keydown", (event) => {
      if (!entered(event)) return;
      event.preventDefault();
      this.attach();
    });
    const inside = [this.word, add, browse, list, this.files];
    const named = { role: "group", "aria-label": "Attach" };
    const box = make("div", { class: "attach line", ...named }, ...inside);
    box.hidden = true;
    return box;
  }

  ask() {
    const text = this.field.value;
    if (this.running) {
      this.chat.line.say("The last answer is not finished. Wait until it ends, or stop it.", true);
    } else if (!text.trim() && !this.chips.childElementCount) {
      this.chat.line.say("Write a question first.", true);
    } else {
      this.chat.when(this.chat.line.do("ask", { text }), () => this.took(text));
    }
    this.field.focus();
  }

  /** The kernel has the question; what was typed since is kept. */
  took(text) {
    if (this.field.value === text) this.field.value = "";
    this.chat.store.draft = this.field.value;
    if (!this.panel.hidden) this.toggle(false);
    this.field.focus();
    this.chat.toEnd();
  }

  toggle(open) {
    this.panel.hidden = !open;
    this.plus.setAttribute("aria-expanded", String(open));
    if (!open) return this.plus.focus();
    this.chat.when(this.chat.line.do("names"), ({ names }) => this.names.replaceChildren(
      ...(names ?? []).map(([name, about]) => make("option", { value: name, label: `${name}: ${about}` })),
    ));
    this.word.focus();
  }

  attach() {
    const word = this.word.value.trim();
    if (!word) return;
    this.chat.when(this.chat.line.do("attach", { word }), () => {
      if (this.word.value.trim() === word) this.word.value = "";
    });
  }

  async upload(files) {
    for (const file of files) {
      if (file.size > LARGEST) {
        const most = LARGEST / 1_000_000;
        this.chat.line.say(
          `${file.name} is larger than ${most} MB. Copy it to the kernel's computer and attach its path.`,
          true,
        );
      } else {
        this.chat.line.do("file", { name: file.name, data: await inBase64(file) });
      }
    }
  }

  /** Attach files that were dropped or pasted; the field takes text itself. */
  dropped(event, data) {
    if (!data?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.upload(data.files);
  }

  update({ running, pending, asks }) {
    this.running = running;
    this.asks.textContent = asks;
    const stops = Boolean(running);
    if (this.send.classList.contains("stops") !== stops) {
      this.send.textContent = stops ? "Stop" : "Send";
      this.send.classList.toggle("stops", stops);
    }
    const drop = (place) => {
      this.chat.line.do("detach", { place });
      this.field.focus();
    };
    this.chips.replaceChildren(...chips(pending, drop));
    deaf(this.chips);
  }

  focus() {
    this.field.focus();
  }
}
