// Buttons that copy what the kernel writes.

/** Buttons that copy a text of the kernel; `kinds` are pairs of its name and a label.
 * `more` adds to the message. Where the page cannot copy, the text is offered for
 * copying by hand. */
function copyButtons(line, note, flush, kinds, more = () => ({})) {
  const place = make("div", { class: "copied" });
  const waiting = new Map();
  const buttons = kinds.map(([kind, text]) =>
    button(text, () => {
      flush();
      waiting.set(line.do("copy", { ...more(), as: kind }), text);
    }),
  );
  async function take({ copied, text }) {
    if (!waiting.has(copied)) return;
    const what = waiting.get(copied).replace("Copy as ", "");
    waiting.delete(copied);
    const done = await copy(text);
    line.say(done ? `Copied as ${what}.` : "Press Ctrl+C to copy this text.");
    place.replaceChildren();
    if (!done) offer(text);
  }
  function offer(text) {
    const area = make("textarea", { class: "code", readonly: "", "aria-label": "Text to copy" });
    area.value = text;
    place.append(area);
    deaf(place);
    area.select();
  }
  const nodes = [make("div", { class: "line ruled" }, ...buttons, note), place];
  return { nodes, take };
}
