// The current value: its quote, what was decided, and what can be done.

const WORDS = { confirmed: "Confirmed", corrected: "Corrected", rejected: "Rejected", none: "Note" };

/** A button that shows the key which does the same. */
function keyed(text, key, act) {
  const node = button(text, act, { class: "small", "aria-keyshortcuts": key });
  node.append(" ", make("kbd", { "aria-hidden": "true" }, key));
  return node;
}

/** The current value in full, with its buttons and its fields. */
class ItemCard {
  /** `decide(content)` sends a decision; `back()` puts the focus on the list. */
  constructor(decide, back) {
    this.decide = decide;
    this.back = back;
    this.item = null;
    this.later = "";
    this.name = make("span", { class: "of" });
    this.found = make("span", { class: "chip found" });
    this.value = make("p", { class: "what" });
    this.quote = make("blockquote");
    this.made = make("ul", { class: "made" });
    this.buttons = [
      keyed("Confirm", "c", () => this.act("confirmed")),
      keyed("Correct", "e", () => this.edit("corrected")),
      keyed("Reject", "r", () => this.act("rejected")),
      keyed("Note", "n", () => this.edit("note")),
      keyed("Undo", "u", () => this.act("none")),
    ];
    this.area = make("textarea", { rows: "1" });
    this.caption = label("Correct value", this.area);
    const keep = button("Keep", () => this.keep(), { class: "small" });
    const drop = button("Cancel", () => this.close(), { class: "small plain" });
    const hint = make("span", { class: "help" }, "Enter keeps, Escape leaves");
    this.field = make("div", { class: "field", hidden: "" }, this.caption, this.area, make("div", { class: "line" }, keep, drop, hint));
    this.area.addEventListener("keydown", (event) => this.typed(event));
    this.root = make(
      "div",
      { class: "card", role: "group", "aria-label": "Current value" },
      make("div", { class: "line" }, this.name, this.found),
      this.value,
      this.quote,
      make("div", { class: "line acts" }, ...this.buttons),
      this.field,
      this.made,
    );
  }

  /** Show what the list knows of an item until all of it has come. */
  begin(line) {
    if (this.item?.n !== line?.n) this.close(false);
    this.item = null;
    this.root.hidden = !line;
    if (line) this.write({ quote: "", page: null, decisions: [], ...line }, line.n);
  }

  show(item) {
    this.item = item;
    this.root.hidden = false;
    this.write(item);
    const later = this.later;
    this.later = "";
    if (later) this.edit(later);
  }

  write(item) {
    this.name.textContent = `${item.field} \u00b7 row ${item.row}`;
    this.found.textContent = item.found || "no value";
    this.found.dataset.found = item.found;
    this.value.textContent = item.value || "\u2014";
    this.quote.textContent = item.quote;
    this.quote.hidden = !item.quote;
    this.made.replaceChildren(...item.decisions.map(decided));
    this.buttons[4].disabled = !item.mine;
  }

  get editing() {
    return this.field.hidden ? "" : this.kind;
  }

  act(decision) {
    this.decide({ decision });
  }

  /** Open a field for a value or a note; one that has not come yet is waited for. */
  edit(kind, typed) {
    if (!this.item) {
      this.later = kind;
      return;
    }
    const own = this.item.decisions.find(({ mine }) => mine);
    const noted = kind === "note";
    this.kind = kind;
    this.number = this.item.n;
    this.caption.textContent = noted ? "Note" : "Correct value (empty: there is none)";
    const before = own?.decision === "corrected" ? own.corrected : this.item.value;
    this.area.value = typed ?? (noted ? (own?.note ?? "") : before);
    this.field.hidden = false;
    this.area.focus();
    this.area.select();
  }

  typed(event) {
    event.stopPropagation();
    if (event.key === "Escape") this.close();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.keep();
  }

  keep() {
    const text = this.area.value;
    const noted = this.kind === "note";
    this.close();
    this.decide(noted ? { decision: "same", note: text } : { decision: "corrected", corrected: text });
  }

  close(focus = true) {
    this.later = "";
    if (this.field.hidden) return;
    this.field.hidden = true;
    if (focus) this.back();
  }
}

/** A decision in words: what, who, when, and the note. */
function decided({ decision, corrected, note, reviewer, at, mine }) {
  const what = decision === "corrected" ? `Corrected to ${corrected || "no value"}` : WORDS[decision];
  const when = at.replace("T", " ").replace(/(:\d\d)(:.*)$/, "$1 UTC");
  const who = mine ? `${reviewer} (you)` : reviewer;
  const text = make("span", { class: "note-text" }, note);
  return make("li", {}, make("strong", {}, what), ` \u00b7 ${who} \u00b7 ${when}`, ...(note ? [make("br"), text] : []));
}
