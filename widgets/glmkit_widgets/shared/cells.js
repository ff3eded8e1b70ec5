// New cells, the clipboard and files.

/** Put a source into a new cell below the one that shows a node; return whether it
 * could. `model` is the widget's, whose manager knows the notebook in JupyterLab. */
function addCell(model, node, kind, source) {
  const notebook = model.widget_manager?.context?.model;
  const cell = node.closest("[data-windowed-list-index]");
  if (!notebook?.sharedModel?.insertCell || !cell) return false;
  const place = Number(cell.dataset.windowedListIndex) + 1;
  // A raw cell without a type would be let through by nbconvert, as HTML.
  const metadata = kind === "raw" ? { raw_mimetype: "text/plain" } : {};
  notebook.sharedModel.insertCell(place, { cell_type: kind, source, metadata });
  return true;
}

/** Copy a text; return whether it could. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelecting(text); // a page without https has no clipboard
  }
}

function copyBySelecting(text) {
  const before = document.activeElement;
  const area = make("textarea", { "aria-hidden": "true", tabindex: "-1" });
  area.value = text;
  area.style.position = "fixed";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}

/** Save a text as a file on the user's computer. */
function download(name, kind, text) {
  const url = URL.createObjectURL(new Blob([text], { type: kind }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Return a file's bytes in base64. */
function inBase64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}
