// Draws the figures of a sweep or group, and again when they have changed and nobody touches them.

const OPTIONS = { renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: { disableDefaultStyle: true } };
const drawn = new WeakMap();

function methods(place) {
  const boxes = [...place.querySelectorAll(".legend input")];
  return boxes.length ? boxes.filter((box) => box.checked).map((box) => box.value) : null;
}

async function draw(plot, spec, shown) {
  const text = JSON.stringify(spec);
  const before = drawn.get(plot);
  if (before?.text === text) return;
  // A figure that someone points at or brushes stays as it is until they leave.
  if (before && plot.matches(":hover")) return;
  before?.result?.finalize();
  drawn.set(plot, { text });
  try {
    const result = await vegaEmbed(plot, spec, OPTIONS);
    drawn.set(plot, { text, result });
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", spec.description || "");
    plot.querySelector("svg")?.setAttribute("aria-hidden", "true");
    if (shown && (spec.params || []).some((one) => one.name === "shown")) await result.view.signal("shown", shown).runAsync();
    plot.dataset.drawn = plot.dataset.figure;
  } catch (error) {
    console.error(plot.dataset.figure, error);
  }
}

export async function drawAll(place, figures) {
  const shown = methods(place);
  for (const plot of place.querySelectorAll(".plot")) {
    const spec = figures[plot.dataset.figure];
    if (spec) await draw(plot, spec, shown);
  }
  place.dataset.figures = "drawn";
}

export async function showMethods(place) {
  const shown = methods(place);
  for (const plot of place.querySelectorAll(".plot")) {
    const view = drawn.get(plot)?.result?.view;
    if (view && shown && view.getState().signals && "shown" in view.getState().signals) await view.signal("shown", shown).runAsync();
  }
  place.dispatchEvent(new CustomEvent("methods", { detail: shown }));
}

// Puts new text and tables in place; the figures keep their places, so that they are not drawn anew.
export function replaceParts(place, html) {
  const made = document.createElement("div");
  made.innerHTML = html;
  const names = (root) => [...root.querySelectorAll("[data-part], [data-figure], .legend input")]
    .map((one) => one.dataset.part || one.dataset.figure || one.value).join("|");
  if (place.childElementCount === 0 || names(place) !== names(made)) {
    place.replaceChildren(...made.childNodes);
    for (const box of place.querySelectorAll(".legend input")) box.addEventListener("change", () => showMethods(place));
    return;
  }
  for (const part of place.querySelectorAll("[data-part]")) {
    const other = made.querySelector(`[data-part="${part.dataset.part}"]`);
    if (other && other.innerHTML !== part.innerHTML) part.replaceChildren(...other.childNodes);
  }
  const captions = made.querySelectorAll("figcaption");
  place.querySelectorAll("figcaption").forEach((one, at) => { if (captions[at]) one.textContent = captions[at].textContent; });
}

export async function simpleCurve(plot, name, points) {
  await draw(plot, {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: "container",
    height: 160,
    background: "transparent",
    description: `${name}, ${points.length} values.`,
    autosize: { type: "fit-x", contains: "padding" },
    data: { values: points.map(([x, y]) => ({ x, y })) },
    mark: { type: "line", point: points.length < 40 ? { filled: true, size: 24 } : false, strokeWidth: 1.8 },
    encoding: {
      x: { field: "x", type: "quantitative", title: "logged row", axis: { format: "d", tickMinStep: 1 } },
      y: { field: "y", type: "quantitative", title: null, scale: { zero: false } },
      color: { value: "#0072B2" },
      tooltip: [{ field: "x", type: "quantitative", title: "row" }, { field: "y", type: "quantitative", title: "value" }],
    },
    config: {
      font: "system-ui, sans-serif", view: { stroke: null }, aria: false,
      axis: { labelColor: "currentColor", titleColor: "currentColor", domainColor: "currentColor", tickColor: "currentColor", gridColor: "currentColor", gridOpacity: 0.13, domainOpacity: 0.5, tickOpacity: 0.5, titleFontWeight: "normal" },
    },
  }, null);
}
