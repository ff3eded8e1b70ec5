const ROOM = Symbol.for("glmkit.plotly");
// Named one by one: plotly has buttons that send a figure to a company's server.
const BUTTONS = [["toImage"], ["zoom2d", "pan2d", "resetScale2d"]];
const CONFIG = { displaylogo: false, modeBarButtons: BUTTONS, showSendToCloud: false };

/** plotly, which a page runs once for all its figures; the kernel sends it packed. */
function plotly(packed) {
  globalThis[ROOM] ??= unpacked(packed).catch((error) => {
    delete globalThis[ROOM];
    throw error;
  });
  return globalThis[ROOM];
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
      script.onerror = () => failed(new Error("plotly could not be run here"));
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
    library ??= await plotly(model.get("library"));
    if (gone) return;
    // plotly writes into what it is given.
    const { data, layout } = structuredClone(model.get("picture"));
    await library.react(place, data, layout, CONFIG);
  }
  const show = () =>
    draw().catch((error) => {
      note.textContent = `The figure can not be drawn here: ${error.message}.`;
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
