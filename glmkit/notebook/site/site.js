// Draws the figures of a page, and tells glmkit's outputs and the figures whether the
// page is dark, now and whenever it changes.
const dark = window.matchMedia("(prefers-color-scheme: dark)");

const ink = () =>
  getComputedStyle(document.body).getPropertyValue("--jp-content-font-color1").trim();
const GRID = "rgba(128, 128, 128, 0.3)";
const CLEAR = "rgba(0, 0, 0, 0)";

/** Have a figure's words and grid be seen on the page's own ground. */
function onPage(layout) {
  const made = { ...layout, autosize: true, paper_bgcolor: CLEAR, plot_bgcolor: CLEAR };
  delete made.width;
  made.font = { ...made.font, color: ink() };
  made.template = structuredClone(made.template ?? {});
  made.template.layout ??= {};
  for (const axis of ["xaxis", "yaxis"]) {
    made.template.layout[axis] = {
      ...made.template.layout[axis],
      automargin: true,
      gridcolor: GRID,
      linecolor: GRID,
      zerolinecolor: GRID,
    };
  }
  return made;
}

function draw(place) {
  const { data, layout } = JSON.parse(place.nextElementSibling.textContent);
  // Maps would be asked of another server.
  const how = { displaylogo: false, responsive: true, topojsonURL: "./" };
  const title = layout?.title?.text ?? layout?.title ?? "figure";
  place.setAttribute("aria-label", String(title).replace(/<[^>]*>/g, " "));
  return Plotly.react(place, data, onPage(layout ?? {}), how);
}

async function paint() {
  document.body.dataset.jpThemeLight = String(!dark.matches);
  await Promise.all([...document.querySelectorAll(".figure")].map(draw));
  document.body.dataset.drawn = dark.matches ? "dark" : "light";
}

dark.addEventListener("change", paint);
paint();
