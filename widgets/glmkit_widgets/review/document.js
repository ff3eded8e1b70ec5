// The page of a document, as a picture or as text, with the quote marked.

const UNITS = { page: "Page", sheet: "Sheet", slide: "Slide", section: "Section" };
// Pixels of a picture where its place in the page is not known yet.
const USUAL_WIDTH = 600;

/** A page of the current item's document. */
class DocumentPage {
  /** `ask({ page, pixels })` has a page sent; page 0 is that of the quote. */
  constructor(ask) {
    this.ask = ask;
    this.page = null;
    this.place = 0;
    this.asText = false;
    this.url = this.key = "";
    this.title = make("span", { class: "title" });
    this.state = make("span", { class: "help", "aria-live": "polite" });
    this.before = button("\u2039", () => this.turn(-1), { class: "small", "aria-label": "Previous page" });
    this.after = button("\u203a", () => this.turn(1), { class: "small", "aria-label": "Next page" });
    this.toggle = button("Text", () => this.change(), { class: "small", "aria-pressed": "false" });
    const head = make("div", { class: "line head" }, this.title, this.before, this.after, this.toggle);
    const region = { class: "paper", tabindex: "0", role: "region", "aria-label": "Page" };
    this.paper = make("div", region);
    this.root = make("div", { class: "document" }, head, this.paper, this.state);
    this.clear();
  }

  get pixels() {
    const width = this.paper.clientWidth || USUAL_WIDTH;
    const wanted = width * Math.min(3, window.devicePixelRatio || 1);
    // In steps, so that the kernel finds a picture that it has drawn.
    return this.asText ? 0 : Math.ceil(wanted / 100) * 100;
  }

  /** Ask for the page of a quote. */
  open() {
    this.go(0);
  }

  /** Ask for a page; the next key may come before it is there. */
  go(place) {
    this.place = place;
    this.ask({ page: place, pixels: this.pixels, have: this.key });
  }

  /** Another item's page is on its way: what is marked belongs to the last one. */
  wait() {
    this.paper.classList.add("stale");
    this.state.textContent = "";
  }

  turn(by) {
    if (!this.page?.count) return;
    const place = (this.place || this.page.own || 1) + by;
    if (place >= 1 && place <= this.page.count) this.go(place);
  }

  /** Show text in place of the picture, or the picture again. */
  change() {
    if (!this.page?.drawable) return;
    this.asText = !this.asText;
    this.go(this.place);
  }

  clear(text = "") {
    this.page = null;
    this.free();
    this.title.textContent = text;
    this.state.textContent = "";
    this.paper.replaceChildren();
    this.paper.hidden = true;
    for (const node of [this.before, this.after, this.toggle]) node.hidden = true;
  }

  show(page, buffers) {
    if (page.kind === "none") return this.clear("The table has no document for this value.");
    this.page = page;
    this.place ||= page.place;
    this.paper.hidden = false;
    const name = this.name(page);
    this.title.textContent = name;
    this.title.title = name;
    this.paper.setAttribute("aria-label", name || "Document");
    for (const node of [this.before, this.after]) node.hidden = page.count < 2;
    this.before.disabled = page.place <= 1;
    this.after.disabled = page.place >= page.count;
    this.toggle.hidden = !page.drawable;
    this.toggle.setAttribute("aria-pressed", String(this.asText));
    this.state.textContent = this.words(page);
    if (page.kind === "picture") return this.picture(page, name, buffers[0]);
    this.free();
    this.text(page);
  }

  name({ name, unit, number, count, title }) {
    const place = count > 1 || unit !== "section" ? `${UNITS[unit] ?? "Page"} ${number} of ${count}` : "";
    return [name, place, title].filter(Boolean).join(" \u00b7 ");
  }

  words({ marked, own, place, kind }) {
    if (marked) return "The quote is marked.";
    if (own && own !== place) return "The quote is on another page.";
    if (!own) return "The quote was not found in the document.";
    return kind === "picture" ? "The quote is not located on the picture; its text may show it." : "The quote is not located on this page.";
  }

  /** Show a picture; one that is there already comes without its data. */
  picture(page, name, data) {
    if (data) this.draw(page, data);
    // Another picture came in between: now the kernel hears which one is there.
    if (page.key !== this.key) return this.go(this.place);
    const [image] = this.leaf.children;
    image.alt = name;
    const boxes = page.boxes.map(([left, top, width, height]) => {
      const box = make("span", { class: "box", "aria-hidden": "true" });
      Object.assign(box.style, {
        left: `${left / 10}%`,
        top: `${top / 10}%`,
        width: `${width / 10}%`,
        height: `${height / 10}%`,
      });
      return box;
    });
    this.leaf.replaceChildren(image, ...boxes);
    this.paper.className = "paper drawn";
    this.reveal(boxes[0]);
  }

  draw({ key, width, height }, data) {
    this.free();
    this.key = key;
    this.url = URL.createObjectURL(new Blob([data], { type: "image/png" }));
    const image = make("img", { alt: "", src: this.url, class: "picture" });
    image.style.aspectRatio = `${width} / ${height}`;
    this.leaf = make("div", { class: "leaf" }, image);
    this.paper.replaceChildren(this.leaf);
  }

  text({ parts: [before, quote, after] }) {
    const mark = quote ? [make("mark", {}, quote)] : [];
    this.paper.className = "paper typed";
    this.paper.replaceChildren(before, ...mark, after);
    if (!before && !quote && !after) this.paper.replaceChildren("(This page has no text.)");
    this.reveal(mark[0]);
  }

  /** Scroll the paper, and nothing round it, to the mark. */
  reveal(node) {
    if (!node) {
      this.paper.scrollTop = 0;
      return;
    }
    const [inner, outer] = [node, this.paper].map((each) => each.getBoundingClientRect());
    this.paper.scrollTop += inner.top - outer.top - this.paper.clientHeight / 3;
  }

  free() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = this.key = "";
  }
}
