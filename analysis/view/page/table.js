// The table of trials: sorted, filtered, grouped, and drawn only where it is in view, so that 10,000 rows are fine.
import { clock, count, el, number, result, state } from "./format.js";

const HEIGHT = 30;
const FIXED = [
  ["trial", (row) => row.number], ["state", (row) => row.state], ["method", (row) => row.method], ["replicate", (row) => row.replicate],
  ["value", (row) => row.value], ["last", (row) => row.last], ["steps", (row) => row.steps], ["seconds", (row) => row.seconds],
];
const LATE = [["started", (row) => row.started], ["run", (row) => row.run], ["reason", (row) => row.reason]];
const HIDDEN = new Set(["last", "started", "run"]);

function shown(name, value) {
  if (name === "state") return state(value);
  if (name === "value" || name === "last") return result(value);
  if (name === "started") return clock(value);
  if (name === "seconds") return value === null ? "–" : value.toFixed(1);
  if (name === "run" || name === "method" || name === "reason") return value ?? "";
  return number(value);
}

export class TrialTable {
  constructor(metric, goal, several) {
    this.metric = metric;
    this.rows = new Map();
    this.columns = [];
    this.hidden = new Set(several ? HIDDEN : [...HIDDEN, "method", "replicate"]);
    this.sort = { name: metric ? "value" : "trial", sign: goal === "maximize" ? -1 : 1 };
    this.methods = null;
    this.build(several);
  }

  build(several) {
    this.text = el("input", { type: "search", autocomplete: "off", placeholder: "run, state, lr>0.001 …", oninput: () => this.update() });
    this.state = el("select", { onchange: () => this.update() },
      ...["all", "running", "finished", "stopped", "failed"].map((name) => el("option", { value: name === "all" ? "" : name }, name)));
    this.group = el("select", { onchange: () => this.update() },
      ...["none", "state", ...(several ? ["method", "replicate"] : [])].map((name) => el("option", { value: name }, name)));
    this.output = el("output", { "aria-live": "polite" });
    this.choices = el("div", {});
    const columns = el("details", { class: "columns" }, el("summary", {}, "Columns"), this.choices);
    const filters = el("div", { class: "filters" },
      el("label", {}, "Search ", this.text), el("label", {}, "State ", this.state),
      el("label", {}, "Group by ", this.group), columns, this.output);
    this.head = el("tr");
    this.body = el("tbody");
    this.scroll = el("div", { class: "trials", tabindex: "0", role: "region", "aria-label": "Trials: table", onscroll: () => this.paint() },
      el("table", {}, el("thead", {}, this.head), this.body));
    this.element = el("div", {}, filters, this.scroll);
  }

  all(parameters, rows) {
    this.columns = [...FIXED, ...parameters.map((name) => [name, (row) => row.config[name]]), ...LATE];
    this.parameters = parameters;
    this.choices.replaceChildren(...this.columns.map(([name]) => el("label", {},
      el("input", { type: "checkbox", checked: !this.hidden.has(name), onchange: (event) => { event.target.checked ? this.hidden.delete(name) : this.hidden.add(name); this.heads(); this.update(); } }), ` ${this.title(name)}`)));
    this.rows = new Map(rows.map((row) => [row.sweep + row.run, row]));
    this.heads();
    this.update();
  }

  change(rows) {
    for (const row of rows) this.rows.set(row.sweep + row.run, row);
    this.update();
  }

  title(name) {
    return name === "value" ? `best ${this.metric ?? "value"}` : name === "last" ? `last ${this.metric ?? "value"}` : name;
  }

  get seen() {
    return this.columns.filter(([name]) => !this.hidden.has(name));
  }

  heads() {
    this.head.replaceChildren(...this.seen.map(([name]) => el("th", {
      scope: "col", class: ["state", "method", "reason", "run"].includes(name) ? "text" : "",
      "aria-sort": this.sort.name === name ? (this.sort.sign > 0 ? "ascending" : "descending") : null,
    }, el("button", { type: "button", onclick: () => this.sortBy(name) }, this.title(name)))));
  }

  sortBy(name) {
    this.sort = { name, sign: this.sort.name === name ? -this.sort.sign : 1 };
    const at = this.seen.findIndex(([one]) => one === name);
    this.heads();
    this.head.children[at]?.querySelector("button").focus();
    this.update();
  }

  // A word such as lr>0.001 compares a column; any other is searched in all.
  test(word) {
    const found = /^([^<>=]+)(<=|>=|<|>|=)(.+)$/.exec(word);
    const column = found && this.columns.find(([name]) => name === found[1] || this.title(name) === found[1]);
    if (!column) return (row) => `${row.run} ${row.number} ${row.state} ${row.method} ${row.reason} ${JSON.stringify(row.config)}`.toLowerCase().includes(word);
    const [, , sign, text] = found;
    const limit = Number(text);
    return (row) => {
      const value = column[1](row);
      if (value === null || value === undefined) return false;
      if (sign === "=") return String(value).toLowerCase() === text || (text !== "" && value === limit);
      return { "<": value < limit, ">": value > limit, "<=": value <= limit, ">=": value >= limit }[sign];
    };
  }

  update() {
    const tests = this.text.value.toLowerCase().split(/\s+/).filter(Boolean).map((word) => this.test(word));
    const column = this.columns.find(([name]) => name === this.sort.name) ?? this.columns[0];
    const keep = [...this.rows.values()].filter((row) =>
      (!this.state.value || row.state === this.state.value) && (!this.methods || this.methods.includes(row.method)) && tests.every((test) => test(row)));
    const value = column[1], sign = this.sort.sign, absent = (one) => one === null || one === undefined || one === "";
    keep.sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      if (absent(one) || absent(other)) return absent(one) - absent(other) || a.number - b.number;
      const order = typeof one === "string" || typeof other === "string" ? String(one).localeCompare(String(other)) : one - other;
      return sign * order || a.number - b.number;
    });
    this.lines = this.grouped(keep);
    this.output.textContent = `${keep.length.toLocaleString("en")} of ${count(this.rows.size, "trial")}`;
    this.paint();
  }

  grouped(rows) {
    const by = this.group.value;
    if (by === "none") return rows;
    const groups = new Map();
    for (const row of rows) groups.set(row[by], [...(groups.get(row[by]) ?? []), row]);
    return [...groups].sort(([a], [b]) => (a > b) - (a < b)).flatMap(([name, own]) => [{ group: `${by} ${name}: ${count(own.length, "trial")}` }, ...own]);
  }

  paint() {
    const lines = this.lines ?? [], height = this.scroll.clientHeight || 500;
    const first = Math.max(0, Math.min(Math.floor(this.scroll.scrollTop / HEIGHT) - 10, lines.length));
    const last = Math.min(lines.length, first + Math.ceil(height / HEIGHT) + 20);
    const pad = (rows) => { const cell = el("td", { colspan: this.seen.length }); cell.style.height = `${rows * HEIGHT}px`; return el("tr", { class: "pad", "aria-hidden": "true" }, cell); };
    const had = document.activeElement?.dataset?.trial;
    this.body.replaceChildren(pad(first), ...lines.slice(first, last).map((line) => this.line(line)), pad(lines.length - last));
    if (had) this.body.querySelector(`[data-trial="${CSS.escape(had)}"]`)?.focus({ preventScroll: true });
  }

  line(row) {
    if (row.group) return el("tr", { class: "group" }, el("td", { colspan: this.seen.length }, row.group));
    return el("tr", {}, ...this.seen.map(([name, get]) => {
      const value = get(row);
      if (name === "trial") return el("th", { scope: "row" }, el("a", { href: `#/trial/${row.sweep}/${encodeURIComponent(row.run)}`, "data-trial": row.sweep + row.run }, String(value)));
      const text = ["state", "method", "reason", "run"].includes(name) || typeof value === "string";
      return el("td", { class: text ? "text" : "", title: name === "reason" ? value : null }, shown(name, value));
    }));
  }
}
