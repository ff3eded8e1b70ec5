// Two to six models answer one prompt, and a person says which answer is best.

const FEWEST = 2;
const MOST = 6;

/** The models to ask: a field each, any name may be typed. */
class Models {
  constructor(model) {
    this.model = model;
    this.list = make("datalist", { id: newId("models") });
    this.fields = make("div", { class: "fields" });
    this.add = make("button", { type: "button" }, "Add a model");
    this.add.addEventListener("click", () => {
      const names = this.names;
      this.lay([...names, ""]);
      this.fields.querySelector(".model:last-of-type input").focus();
    });
    const legend = make("legend", { class: "name" }, "Models");
    this.root = make("fieldset", { class: "models" }, legend, this.fields, this.list);
    this.known = model.get("models");
    this.lay(this.known);
    this.suggest();
  }

  suggest() {
    const names = this.model.get("known");
    this.list.replaceChildren(...names.map((value) => make("option", { value })));
  }

  /** Follow the kernel, unless a person has changed them since. */
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
    const label = `Model ${place + 1}`;
    const input = make("input", {
      type: "text",
      list: this.list.id,
      "aria-label": label,
      placeholder: "model",
      spellcheck: "false",
      autocomplete: "off",
    });
    input.value = name;
    input.addEventListener("change", () => this.keep());
    const drop = make(
      "button",
      { type: "button", class: "drop", "aria-label": `Remove ${label}` },
      "\u00d7",
    );
    drop.hidden = count <= FEWEST;
    drop.addEventListener("click", () => {
      this.lay(this.names.filter((_, other) => other !== place));
      this.inputs[Math.min(place, count - 2)].focus();
      this.keep();
    });
    return make("span", { class: "model" }, input, drop);
  }

  /** Tell the kernel, once there are enough names. */
  keep() {
    const names = this.names.filter(Boolean);
    if (names.length >= FEWEST) keep(this.model, "models", names);
  }
}

/** Which answer is best: a button for each, and one for none. */
class Vote {
  constructor(line) {
    this.line = line;
    this.label = make("span", { class: "name", id: newId("vote") }, "Which is best?");
    this.buttons = make("div", {
      class: "fields",
      role: "group",
      "aria-labelledby": this.label.id,
    });
    this.said = make("span", { class: "said-vote", role: "status" });
    this.root = make("div", { class: "vote bar" }, this.label, this.buttons, this.said);
  }

  update(rows, voted) {
    const voters = rows.filter((row) => row.votes);
    this.root.hidden = voters.length < FEWEST;
    const choices = [...voters.map(({ key, title }) => [key, title]), ["tie", "No difference"]];
    const focused = document.activeElement?.dataset.best;
    this.buttons.replaceChildren(
      ...choices.map(([key, title]) => this.button(key, title, key === voted)),
    );
    deaf(this.buttons);
    if (focused && this.held) this.buttons.querySelector(`[data-best="${focused}"]`)?.focus();
    this.said.textContent = voted ? "Your vote is in the ledger." : "";
  }

  /** Whether the focus was here before the buttons were made anew. */
  get held() {
    return document.activeElement === document.body || this.root.contains(document.activeElement);
  }

  button(key, title, chosen) {
    const button = make(
      "button",
      { type: "button", "data-best": key, "aria-pressed": String(chosen) },
      title,
    );
    button.addEventListener("click", () => this.line.do("vote", { best: key }));
    return button;
  }
}

/** What differs between the answers: against which one they are shown. */
class Differences {
  constructor(line) {
    const id = newId("differences");
    this.select = make("select", { id });
    this.select.addEventListener("change", () =>
      line.do("against", { key: this.select.value }),
    );
    this.legend = make("span", { class: "legend" });
    this.legend.append(make("ins", {}, "only here"), " ", make("del", {}, "only there"));
    this.root = make(
      "div",
      { class: "differences bar" },
      make("label", { class: "name", for: id }, "Differences"),
      this.select,
      this.legend,
    );
  }

  update(rows, reference) {
    const options = [["", "off"], ...rows.map(({ key, title }) => [key, `against ${title}`])];
    const now = options.flat().join("\n");
    if (now !== this.now) {
      this.now = now;
      this.select.replaceChildren(
        ...options.map(([value, text]) => make("option", { value }, text)),
      );
    }
    this.select.value = reference;
    this.legend.hidden = !reference;
    this.root.hidden = rows.every((row) => row.state === "idle");
  }
}

/** In a column the marked text stands in the answer's place. */
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
      column.said.root.hidden = marked;
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
      const note = make("p", { class: "changed" });
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
  const id = newId("blind");
  const box = make("input", { type: "checkbox", id });
  box.addEventListener("change", () => keep(model, "blind", box.checked));
  const label = make("label", { for: id }, "Blind: hide the names until I have voted");
  return { box, root: make("span", { class: "blind" }, box, label) };
}

export default () => {
  let answers;
  return {
    initialize({ model }) {
      answers = new Answers(model);
    },
    render({ model, el }) {
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
        label: "Comparison of models",
        asked: () => ({ models: models.names.filter(Boolean), blind: blind.box.checked }),
        shown: update,
      });
      vote = new Vote(page.line);
      differences = new Differences(page.line);
      page.settings.append(models.root, blind.root);
      page.below.append(vote.root, differences.root);
      update();
      page.deafen();
      const leave = listening(model, {
        "change:models": () => models.follow(),
        "change:known": () => models.suggest(),
        "change:blind": update,
        "change:voted": update,
        "change:reference": update,
      });
      return () => {
        leave();
        marks.leave();
        page.leave();
      };
    },
  };
};
