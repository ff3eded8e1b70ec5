// One turn of a chat: the question, its attachments, the answer, and the actions.

// Characters of a question that are shown before the user asks for all of it.
const SHOWN = 1500;

function action(text, title, act) {
  return button(text, act, { class: "plain small", "aria-label": title });
}

/** The attachments of a question, one chip each; `drop(place)` removes one. */
function chips(attached, drop) {
  return attached.map(([kind, title, about], place) => {
    const chip = make("span", { class: "chip", title: `${kind}: ${about}` });
    chip.append(make("span", { class: "kind" }, kind), make("span", { class: "title" }, title));
    if (drop) chip.append(action("\u00d7", `Remove ${title}`, () => drop(place)));
    return chip;
  });
}

/** The buttons that allow or decline one tool call. */
function confirmation({ mark, tool, arguments: values }, line) {
  const answer = (yes) => () => line.do("confirm", { mark, yes });
  const allow = button("Allow", answer(true), { class: "main" });
  const decline = button("Decline", answer(false));
  const asked = make("p", {}, "The model wants to call ", make("code", {}, tool));
  const box = make(
    "div",
    { class: "confirm", role: "group", "aria-label": `Allow ${tool}?`, "data-mark": mark },
    asked,
    make("pre", { class: "code", tabindex: "0", "aria-label": "Arguments" }, values),
    make("div", { class: "line" }, allow, decline),
  );
  deaf(box);
  return box;
}

class TurnView {
  constructor(chat, turn) {
    this.chat = chat;
    this.key = turn.key;
    this.words = make("div", { class: "words" });
    this.beside = make("div", { class: "chips" });
    this.edit = action("Edit", "Edit this question", () => this.open());
    this.asked = make("div", { class: "asked" }, this.words, this.beside, this.edit);
    this.waiting = make("div", { class: "waiting" });
    this.answer = chat.answers.show(this.key, "Answer");
    this.actions = this.makeActions();
    this.root = make(
      "article",
      { class: "turn" },
      this.asked,
      this.answer.root,
      this.waiting,
      this.actions,
    );
    deaf(this.root);
    this.take(turn);
  }

  makeActions() {
    const { chat, key } = this;
    this.place = make("span", { class: "place" });
    this.back = action("\u2039", "Previous version", () => this.step(-1));
    this.on = action("\u203a", "Next version", () => this.step(1));
    this.versions = make("span", { class: "versions" }, this.back, this.place, this.on);
    this.copy = action("Copy", "Copy the answer", () => chat.copy(key));
    this.cell = action("To cell", "Put the answer into a new cell below", () => chat.toCell(key));
    this.again = action("Ask again", "Ask this question again", () => chat.line.do("retry", { key }));
    this.fork = action("Fork", "Continue from here in a second chat", () => chat.line.do("fork", { key }));
    const label = { role: "group", "aria-label": "Actions for this answer" };
    return make(
      "div",
      { class: "actions", ...label },
      this.versions,
      this.copy,
      this.cell,
      this.again,
      this.fork,
    );
  }

  /** Show the turn itself. */
  take(turn) {
    this.turn = turn;
    this.showWords(turn.question.length <= SHOWN);
    this.beside.replaceChildren(...chips(turn.attached));
    this.copy.disabled = this.cell.disabled = turn.empty;
    this.cell.textContent = turn.code ? "Code to cell" : "To cell";
  }

  showWords(all) {
    const { question } = this.turn;
    this.words.textContent = all ? question : `${question.slice(0, SHOWN)}\u2026`;
    if (all) return;
    const size = question.length.toLocaleString("en");
    const more = action(`Show all ${size} characters`, "Show the whole question", () =>
      this.showWords(true),
    );
    deaf(this.words.appendChild(make("div", {}, more)));
  }

  /** Show the place of the turn on the path. */
  update({ beside, running, busy, confirming }) {
    this.versionsOf = beside;
    const place = beside.indexOf(this.key);
    this.versions.hidden = beside.length < 2;
    this.place.textContent = `${place + 1} / ${beside.length}`;
    this.back.disabled = busy || place === 0;
    this.on.disabled = busy || place === beside.length - 1;
    this.edit.hidden = this.again.disabled = this.fork.disabled = busy;
    this.actions.hidden = running;
    this.root.classList.toggle("running", running);
    this.showWaiting(running ? confirming : []);
  }

  showWaiting(confirming) {
    const shown = [...this.waiting.children].map((box) => box.dataset.mark).join();
    if (shown === confirming.map(({ mark }) => mark).join()) return;
    const had = this.waiting.contains(document.activeElement);
    const boxes = confirming.map((asked) => confirmation(asked, this.chat.line));
    this.waiting.replaceChildren(...boxes);
    if (had) this.chat.composer.focus();
  }

  step(by) {
    const key = this.versionsOf[this.versionsOf.indexOf(this.key) + by];
    this.chat.stepped = { key, by };
    this.chat.line.do("choose", { key });
  }

  /** Edit the question in place. */
  open() {
    const area = make("textarea", { "aria-label": "Edited question" });
    area.value = this.turn.question;
    const close = () => {
      box.replaceWith(this.asked);
      this.edit.focus();
    };
    const send = () => this.chat.when(
      this.chat.line.do("edit", { key: this.key, text: area.value }),
      () => box.replaceWith(this.asked),
    );
    const buttons = [button("Cancel", close), button("Ask", send, { class: "main" })];
    const box = make("div", { class: "editing" }, area, make("div", { class: "line" }, ...buttons));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      else if (entered(event) && event.target === area) send();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    deaf(box);
    this.asked.replaceWith(box);
    area.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
  }

  leave() {
    this.answer.leave();
  }
}

/** Whether a key sends: Enter alone, and not while an input method composes. */
function entered(event) {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing;
}
