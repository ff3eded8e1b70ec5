// One prompt at several temperatures, and a chart of how much the answers differ.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 190;
const EDGE = { left: 44, right: 16, top: 26, bottom: 40 };
const percent = (share) => `${Math.round(share * 100)}%`;

function draw(tag, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}

/** The chart: bars within a temperature, a line for the distance from the first. */
class Plot {
  constructor() {
    this.svg = draw("svg", { class: "plot", role: "img", height: HEIGHT });
    this.legend = make("p", { class: "keys" });
    this.root = make("div", { class: "picture" }, this.svg, this.legend);
    this.measures = [];
    this.watch = new ResizeObserver(() => this.update(this.measures));
    this.watch.observe(this.root);
  }

  update(measures) {
    this.measures = measures;
    const width = this.root.clientWidth;
    if (!width) return;
    this.svg.setAttribute("width", width);
    this.svg.classList.toggle("slim", width < 340);
    this.svg.setAttribute("aria-label", spoken(measures));
    const step = (width - EDGE.left - EDGE.right) / Math.max(measures.length, 1);
    const x = (place) => EDGE.left + (place + 0.5) * step;
    const y = (share) => EDGE.top + (1 - share) * (HEIGHT - EDGE.top - EDGE.bottom);
    this.svg.replaceChildren(
      ...grid(width, y),
      ...bars(measures, x, y, Math.min(step * 0.5, 64)),
      ...line(measures, x, y),
      ...measures.map((each, place) =>
        draw("text", { x: x(place), y: HEIGHT - 22, class: "tick" }, String(each.temperature)),
      ),
      draw("text", { x: EDGE.left, y: 12, class: "axis start" }, "Different words"),
      draw("text", { x: (width + EDGE.left) / 2, y: HEIGHT - 4, class: "axis" }, "Temperature"),
    );
    const bar = measures.some((each) => each.within !== null);
    const dots = measures.some((each) => each.from_first !== null);
    this.legend.replaceChildren(
      ...(bar ? [key("within", "between answers at the same temperature")] : []),
      ...(dots ? [key("from", `compared with temperature ${measures[0].temperature}`)] : []),
    );
  }

  leave() {
    this.watch.disconnect();
  }
}

function key(kind, text) {
  return make("span", { class: `key ${kind}` }, text);
}

function grid(width, y) {
  return [0, 0.5, 1].flatMap((share) => [
    draw("line", {
      x1: EDGE.left,
      x2: width - EDGE.right,
      y1: y(share),
      y2: y(share),
      class: "rule",
    }),
    draw("text", { x: EDGE.left - 6, y: y(share) + 4, class: "scale" }, percent(share)),
  ]);
}

function bars(measures, x, y, wide) {
  return measures.flatMap(({ within }, place) => {
    if (within === null) return [];
    const top = Math.min(y(within), y(0) - 2);
    const bar = { x: x(place) - wide / 2, y: top, width: wide, height: y(0) - top };
    return [
      draw("rect", { ...bar, rx: 2, class: "bar" }),
      draw("text", { x: x(place), y: y(0) - 6, class: "inside" }, percent(within)),
    ];
  });
}

function line(measures, x, y) {
  const dots = measures
    .map(({ from_first: share }, place) => ({ share, place }))
    .filter(({ share }) => share !== null);
  const alone = measures.every(({ within }) => within === null);
  const points = dots.map(({ share, place }) => `${x(place)},${y(share)}`).join(" ");
  return [
    draw("polyline", { points, class: "path" }),
    ...dots.flatMap(({ share, place }) => [
      draw("circle", { cx: x(place), cy: y(share), r: 4.5, class: "dot" }),
      ...(alone
        ? [draw("text", { x: x(place), y: y(share) - 9, class: "value" }, percent(share))]
        : []),
    ]),
  ];
}

function spoken(measures) {
  const parts = measures.map(({ temperature, within, from_first: first }) => {
    const shares = [
      within === null ? "" : `${percent(within)} between answers at the same temperature`,
      first === null ? "" : `${percent(first)} compared with the first temperature`,
    ].filter(Boolean);
    return `temperature ${temperature}: ${shares.join(", ") || "no answers yet"}`;
  });
  return `Different words. ${parts.join("; ")}.`;
}

function repeated(model) {
  const counts = [1, 2, 3, 4].map((count) => [count, String(count)]);
  const select = make("select", {}, ...options(counts));
  select.addEventListener("change", () => keep(model, "repeats", Number(select.value)));
  const name = label("Answers per temperature", select);
  return { select, root: make("div", { class: "line field" }, name, select) };
}

function render({ model, el, answers }) {
  const plot = new Plot();
  const summary = make("p", { class: "sentence", role: "status" });
  const repeats = repeated(model);
  const update = () => {
    repeats.select.value = String(model.get("repeats"));
    summary.textContent = model.get("summary");
    const measures = model.get("measures");
    const begun = measures.some((each) => each.within !== null || each.from_first !== null);
    plot.root.hidden = !begun;
    plot.update(measures);
  };
  const page = new Columns({
    model,
    el,
    answers,
    name: "glmkit-theatre",
    title: "Temperature theatre",
    asked: () => ({ repeats: Number(repeats.select.value) }),
  });
  page.settings.append(repeats.root);
  page.above.append(summary, plot.root);
  update();
  return page.hear({ repeats: update, measures: update, summary: update }, plot);
}

export default answering(render);
