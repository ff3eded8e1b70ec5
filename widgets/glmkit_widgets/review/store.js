// What the kernel has sent of a review, for all its views.

// Lines that are kept; the kernel sends them again.
const KEPT_LINES = 4000;
const CHANGE = { confirmed: "confirmed", corrected: "corrected", rejected: "rejected" };

/** The lines of the list by number of the item, and what is on its way to the file. */
class ReviewLines {
  constructor(model) {
    this.lines = new Map();
    this.pending = new Map();
    this.listeners = new Set();
    model.on("msg:custom", (message, buffers) => this.take(message, buffers));
  }

  take(message, buffers) {
    for (const line of message.lines ?? []) this.keep(line);
    if (message.line) this.lines.set(message.line.n, message.line);
    if (message.kept !== undefined) this.settle(message.kept);
    for (const hear of this.listeners) hear(message, buffers);
  }

  keep(line) {
    this.lines.delete(line.n);
    this.lines.set(line.n, line);
    if (this.lines.size > KEPT_LINES) this.lines.delete(this.lines.keys().next().value);
  }

  /** A line as it will be once what was decided is in the file. */
  of(n) {
    const line = this.lines.get(n);
    const waits = this.pending.get(n);
    return line && waits ? { ...line, ...waits[waits.length - 1], waits: true } : line;
  }

  wait(n, decision) {
    const mine = CHANGE[decision] ?? (decision === "none" ? "" : this.of(n)?.mine ?? "");
    const state = mine || "untouched";
    this.pending.set(n, [...(this.pending.get(n) ?? []), { mine, state }]);
    for (const hear of this.listeners) hear({ lines: [] });
  }

  settle(n) {
    const rest = (this.pending.get(n) ?? []).slice(1);
    if (rest.length) this.pending.set(n, rest);
    else this.pending.delete(n);
  }
}
