// Draws every figure, redraws the curves over the chosen axis, and shows the methods that are ticked.
"use strict";
(() => {
  const specs = JSON.parse(document.getElementById("figures").textContent);
  const boxes = [...document.querySelectorAll(".legend input")];
  const views = new Map();
  const options = { renderer: "svg", actions: false, defaultStyle: false, tooltip: { disableDefaultStyle: true } };

  const shown = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const selects = (name) => (specs[name].params || []).some((param) => param.name === "shown");

  async function draw(place) {
    const name = place.dataset.figure;
    views.get(place)?.finalize();
    const result = await vegaEmbed(place, specs[name], options);
    views.set(place, result);
    // One image with one description: Vega gives every group of marks a role, but no name.
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", specs[name].description);
    place.querySelector("svg").setAttribute("aria-hidden", "true");
    if (boxes.length && selects(name)) await result.view.signal("shown", shown()).runAsync();
    place.dataset.drawn = name;
  }

  async function select() {
    const methods = shown();
    for (const [place, result] of views) {
      if (selects(place.dataset.figure)) await result.view.signal("shown", methods).runAsync();
    }
    for (const panel of document.querySelectorAll(".panel[data-method]")) {
      panel.hidden = !methods.includes(panel.dataset.method);
    }
    document.dispatchEvent(new CustomEvent("methods", { detail: methods }));
  }

  for (const box of boxes) box.addEventListener("change", select);
  for (const radio of document.querySelectorAll(".choice input")) {
    radio.addEventListener("change", () => {
      const place = document.getElementById("curves-plot");
      place.dataset.figure = radio.value;
      draw(place);
    });
  }
  // A browser may restore the choices after a reload.
  const chosen = document.querySelector(".choice input:checked");
  if (chosen) document.getElementById("curves-plot").dataset.figure = chosen.value;
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  Promise.all([...document.querySelectorAll(".plot")].map(draw)).then(() => {
    document.documentElement.dataset.figures = "drawn";
    if (boxes.some((box) => !box.checked)) select();
  });
})();
