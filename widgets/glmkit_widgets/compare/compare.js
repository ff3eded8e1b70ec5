// Two to six models answer one prompt, and the user votes for the best answer.

const FEWEST = 2;
const MOST = 6;

/** The models to ask: a field for each; any name may be typed. */
class Models {
  constructor(model) {
    this.model = model;
    this.list = make("datalist", { id: newId("models") });
    this.fields = make("div", { class: "line" });
    this.add = button("Add a model", () => {
      this.lay([...this.names, ""]);
      this.inputs.at(-1).focus();
    });
    const legend = make("legend", { class: "name" }, "Models");
    this.root = make("fieldset", { class: "field" }, legend, this.fields, this.list);
    this.known = model.get("models");
    this.lay(this.known);
    this.suggest();
  }

  suggest() {
    const names = this.model.get("known");
    this.list.replaceChildren(...options(names.map((name) => [name, ""])));
  }

  /** Follow the kernel, unless the user has changed them since. */
  follow() {
    if (this.names.join("\n") === this.known.join("\n")) this.lay(this.model.get("models"));
    this.known = this.model.get("models");
  }

  get inputs() {
    return [...this.fields.querySelectorAll("input")];
  }

  get names() {
    return this.inputs.map((input) => input.value.trim());
  }

  lay(names) {
    const fields = names.map((name, place) => this.field(name, place, names.length));
    this.add.hidden = names.length >= MOST;
    this.fields.replaceChildren(...fields, this.add);
    deaf(this.fields);
  }

  field(name, place, count) {
    const title = `Model ${place + 1}`;
    const input = make("input", {
      type: "text",
      list: this.list.id,
      "aria-label": title,
      placeholder: "model",
      spellcheck: "false",
      autocomplete: "off",
    });
    input.value = name;
    input.addEventListener("change", () => this.keep());
    const take = () => {
      this.lay(this.names.filter((_, other) => other !== place));
      this.inputs[Math.min(place, count - 2)].focus();
      this.keep();
    };
    const drop = button("\u00d7", take, { class: "drop", "aria-label": `Remove ${title}` });
    drop.hidden = count <= FEWEST;
    return make("span", { class: "model" }, input, drop);
  }

  /** Send the names to the kernel, once there are enough. */
  keep() {
    const names = this.names.filter(Boolean);
    if (names.length >= FEWEST) keep(this.model, "models", names);
  }
}

/** The vote: a button for each answer, and one for a tie. */
class Vote {
  constructor(line) {
    this.line = line;
    this.label = make("span", { class: "name", id: newId("vote") }, "Which is best?");
    const labelled = { role: "group", "aria-labelledby": this.label.id };
    this.buttons = make("div", { class: "line", ...labelled });
    this.status = make("span", { class: "help", role: "status" });
    this.root = make("div", { class: "vote line" }, this.label, this.buttons, this.status);
  }

  update(rows, voted) {
    const voters = rows.filter((row) => row.votes);
    this.root.hidden = voters.length < FEWEST;
    const choices = [...voters.map(({ key, title }) => [key, title]), ["tie", "Tie"]];
    const focused = document.activeElement?.dataset.best;
    this.buttons.replaceChildren(
      ...choices.map(([key, title]) => this.button(key, title, key === voted)),
    );
    deaf(this.buttons);
    if (focused && this.held) this.buttons.querySelector(`[data-best="${focused}"]`)?.focus();
    this.status.textContent = voted ? "Vote saved." : "";
  }

  /** Whether the focus was here before the buttons were replaced. */
  get held() {
    return document.activeElement === document.body || this.root.contains(document.activeElement);
  }

  button(key, title, chosen) {
    const pressed = { "data-best": key, "aria-pressed": String(chosen) };
    return button(title, () => this.line.do("vote", { best: key }), pressed);
  }
}

/** The differences between the answers, compared with one of them. */
class Differences {
  constructor(line) {
    this.select = make("select");
    this.select.addEventListener("change", () =>
      line.do("against", { key: this.select.value }),
    );
    this.legend = make("span", { class: "legend" });
    this.legend.append(make("ins", {}, "only in this answer"), " ", make("del", {}, "only in the other"));
    const name = label("Differences", this.select);
    this.root = make("div", { class: "line" }, name, this.select, this.legend);
  }

  update(rows, reference) {
    const choices = [["", "off"], ...rows.map(({ key, title }) => [key, `compared with ${title}`])];
    const now = choices.flat().join("\n");
    if (now !== this.now) this.select.replaceChildren(...options(choices));
    this.now = now;
    this.select.value = reference;
    this.legend.hidden = !reference;
    this.root.hidden = rows.every((row) => row.state === "idle");
  }
}

/** The text with marked differences, in the place of an answer. */
class Marks {
  constructor(answers) {
    this.answers = answers;
    this.shown = new Map();
  }

  update(rows, columns, reference) {
    for (const row of rows) {
      const column = columns.get(row.key);
      const marked = Boolean(reference && row.changes);
      if (marked) this.mark(column, row);
      column.answer.root.hidden = marked;
      const mark = this.shown.get(column);
      if (mark) mark.root.hidden = !marked;
    }
    for (const column of this.shown.keys()) {
      if (columns.get(column.row.key) !== column) this.drop(column);
    }
  }

  mark(column, row) {
    if (!this.shown.has(column)) {
      const view = this.answers.show(`changes ${row.key}`);
      view.root.setAttribute("aria-live", "off");
      const note = make("p", { class: "changed help" });
      const root = make("div", {}, note, view.root);
      column.place.append(root);
      this.shown.set(column, { root, note, view });
    }
    const { note, view } = this.shown.get(column);
    note.textContent = row.changes;
    view.root.setAttribute("aria-label", `Differences of ${row.title}`);
  }

  drop(column) {
    this.shown.get(column).view.leave();
    this.shown.delete(column);
  }

  leave() {
    for (const column of [...this.shown.keys()]) this.drop(column);
  }
}

function blindness(model) {
  const box = make("input", { type: "checkbox" });
  box.addEventListener("change", () => keep(model, "blind", box.checked));
  const words = "Hide model names until I vote";
  return { box, root: make("div", { class: "field" }, make("label", {}, box, words)) };
}

function render({ model, el, answers }) {
  const models = new Models(model);
  const blind = blindness(model);
  const marks = new Marks(answers);
  let vote, differences;
  const update = () => {
    blind.box.checked = model.get("blind");
    if (!vote) return;
    const rows = page.rows;
    vote.update(rows, model.get("voted"));
    differences.update(rows, model.get("reference"));
    marks.update(rows, page.columns, model.get("reference"));
  };
  const page = new Columns({
    model,
    el,
    answers,
    name: "glmkit-compare",
    title: "Model comparison",
    asked: () => ({ models: models.names.filter(Boolean), blind: blind.box.checked }),
    shown: update,
  });
  vote = new Vote(page.line);
  differences = new Differences(page.line);
  page.settings.append(models.root, blind.root);
  page.below.append(vote.root, differences.root);
  update();
  return page.hear({
    models: () => models.follow(),
    known: () => models.suggest(),
    blind: update,
    voted: update,
    reference: update,
  }, marks);
}

export default answering(render);
