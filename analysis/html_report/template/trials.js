// Sorts the table of trials by a column, and shows the rows that match.
"use strict";
(() => {
  const table = document.getElementById("trial-table");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, place) => ({
    row,
    place,
    cells: [...row.cells].map((cell) => cell.textContent),
  }));
  rows.forEach((one) => { one.text = one.cells.join(" ").toLowerCase(); });
  const heads = [...table.tHead.rows[0].cells];
  const column = (name) => heads.findIndex((head) => head.textContent === name);
  const [methodAt, stateAt] = [column("method"), column("state")];
  const text = document.getElementById("trial-text");
  const state = document.getElementById("trial-state");
  const count = document.getElementById("trial-count");
  let methods = null;

  // Cells without a value come last in both directions.
  function order(at, isText, sign) {
    return (one, other) => {
      const [a, b] = [one.cells[at], other.cells[at]];
      if (a === "" || b === "") return (a === "") - (b === "") || one.place - other.place;
      const compared = isText ? a.localeCompare(b) : Number(a) - Number(b);
      return sign * compared || one.place - other.place;
    };
  }

  function sort(head, at) {
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    rows.sort(order(at, head.classList.contains("text"), sign));
    body.append(...rows.map((one) => one.row));
  }

  function filter() {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const { row, cells, text: all } of rows) {
      row.hidden =
        !wanted.every((word) => all.includes(word)) ||
        (state.value !== "" && cells[stateAt] !== state.value) ||
        (methods !== null && !methods.includes(cells[methodAt]));
      left += !row.hidden;
    }
    count.textContent = `${left.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
  }

  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, at));
  });
  text.addEventListener("input", filter);
  state.addEventListener("change", filter);
  document.addEventListener("methods", (event) => { methods = event.detail; filter(); });
  filter();
})();
