const ROOM = Symbol.for("glmkit.plotly");
// Listed one by one: plotly also has buttons that upload a figure.
const BUTTONS = [["toImage"], ["zoom2d", "pan2d", "resetScale2d"]];
const CONFIG = { displaylogo: false, modeBarButtons: BUTTONS, showSendToCloud: false };

/** plotly, which a page loads once for all its figures. */
async function plotly(model) {
  if (!globalThis[ROOM]) {
    const packed = await requested(model);
    globalThis[ROOM] ??= unpacked(packed).catch((error) => {
      delete globalThis[ROOM];
      throw error;
    });
  }
  return globalThis[ROOM];
}

/** Ask the kernel for plotly, which it sends packed; no widget state holds it. */
function requested(model) {
  return new Promise((done) => {
    const take = (message, buffers) => {
      if (message.library !== "plotly") return;
      model.off("msg:custom", take);
      done(buffers[0]);
    };
    model.on("msg:custom", take);
    model.send({ library: "wanted" });
  });
}

async function unpacked(packed) {
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(plain).blob();
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const others = window.Plotly;
  const script = make("script", { src: url });
  try {
    await new Promise((done, failed) => {
      script.onload = done;
      script.onerror = () => failed(new Error("plotly could not be loaded"));
      document.head.append(script);
    });
    return window.Plotly;
  } finally {
    window.Plotly = others;
    script.remove();
    URL.revokeObjectURL(url);
  }
}

function render({ model, el }) {
  const place = make("div", { class: "glmkit-plot" });
  const note = make("p", { class: "glmkit-plot-note", role: "status" });
  el.append(place, note);
  let gone = false;
  let library;
  async function draw() {
    library ??= await plotly(model);
    if (gone) return;
    note.textContent = "";
    // plotly modifies its arguments.
    const { data, layout } = structuredClone(model.get("picture"));
    await library.react(place, data, layout, CONFIG);
  }
  note.textContent = "Loading the chart\u2026";
  const show = () =>
    draw().catch((error) => {
      note.textContent = `The figure cannot be drawn here: ${error.message}.`;
    });
  show();
  model.on("change:picture", show);
  return () => {
    gone = true;
    model.off("change:picture", show);
    library?.purge(place);
  };
}

export default { render };
