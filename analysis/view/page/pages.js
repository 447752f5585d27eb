// The parts of the overview, of a sweep, of a group and of a trial that are made from data.
import { bytes, clock, config, count, duration, el, number, result, spark, state } from "./format.js";
import { simpleCurve } from "./figures.js";
import { store } from "./data.js";

const STATES = ["running", "finished", "stopped", "failed"];

export function href(kind, ...parts) {
  return `#/${[kind, ...parts].map(encodeURIComponent).join("/")}`;
}

function fact(name, value, small = "") {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value, small ? el("small", {}, small) : null));
}

export function short(name) {
  const parts = name.split("/").filter(Boolean);
  return parts.slice(-2).join("/");
}

function better(a, b, goal) {
  return a && (!b || (goal === "maximize" ? a.value > b.value : a.value < b.value)) ? a : b;
}

// How much was done and found, of one sweep or several.
export function facts(sweeps, secondsLeft) {
  const counts = {};
  let trials = 0, cap = 0, steps = 0, unread = 0, best = null;
  for (const one of sweeps) {
    for (const [name, n] of Object.entries(one.counts)) counts[name] = (counts[name] ?? 0) + n;
    trials += one.trials; unread += one.unread; steps += one.steps;
    cap = one.cap === null ? NaN : cap + one.cap;
    best = better(one.best, best, one.goal);
  }
  const running = sweeps.some((one) => one.running), ended = trials - unread - (counts.running ?? 0);
  const status = running ? "running" : counts.running ? "interrupted" : sweeps.some((one) => one.running === null) ? "ended" : ended >= cap ? "complete" : "not running";
  const metric = sweeps.find((one) => one.metric)?.metric;
  const updated = Math.max(...sweeps.map((one) => one.updated ?? 0));
  return el("dl", { class: "facts" },
    fact("status", status, updated ? `last value ${clock(updated)}` : ""),
    fact("trials", Number.isFinite(cap) && cap ? `${ended.toLocaleString("en")} of ${cap.toLocaleString("en")}` : ended.toLocaleString("en"),
      unread ? `${unread.toLocaleString("en")} not read yet` : STATES.filter((name) => counts[name]).map((name) => `${counts[name]} ${name}`).join(", ")),
    metric ? fact(`best ${metric}`, best ? result(best.value) : "–", best ? config(best.config) : "no finished trial yet") : null,
    fact("logged values", steps.toLocaleString("en")),
    fact("time left", running && secondsLeft !== null && secondsLeft !== undefined ? `~${duration(secondsLeft)}` : "–"));
}

export function runningCards(rows) {
  if (!rows.length) return el("p", { class: "note" }, "Nothing runs at the moment.");
  return el("div", { class: "cards" }, ...rows.map((row) => {
    const sweep = store.sweeps.get(row.sweep), name = row.interrupted ? "interrupted" : "running";
    return el("div", { class: "card", "data-run": row.run },
      el("p", {}, el("a", { href: href("trial", row.sweep, row.run) }, `${sweep?.name ?? row.method} ${row.number}`), " ", state(name)),
      spark(row.curve, `${sweep?.metric ?? "value"} so far, ${row.curve.length} values`),
      row.longest ? el("progress", { max: row.longest, value: Math.min(row.steps, row.longest), "aria-label": `${row.steps} of ${row.longest} values` }) : null,
      el("p", {}, `${count(row.steps, "value")} logged`, row.last === null ? "" : `, ${sweep?.metric ?? "last"} ${result(row.last)}`,
        row.seconds_left !== null && !row.interrupted ? `, ~${duration(row.seconds_left)} left` : ""),
      el("p", { class: "note" }, config(row.config)));
  }));
}

export function endedList(rows) {
  if (!rows.length) return null;
  return el("section", {}, el("h2", {}, "Stopped or failed last"), el("ul", { class: "events" }, ...rows.map((row) => el("li", {},
    el("a", { href: href("trial", row.sweep, row.run) }, `${store.sweeps.get(row.sweep)?.name ?? row.method} ${row.number}`), " ", state(row.state), " ", row.reason))));
}

export function sweepTable(sweeps) {
  const heads = ["sweep", "status", "trials", "best", "stopped", "failed", "last value"];
  const body = sweeps.map((one) => {
    const ended = one.trials - one.unread - (one.counts.running ?? 0);
    return el("tr", {},
      el("th", { scope: "row" }, el("a", { href: href("sweep", one.key) }, one.name)),
      el("td", { class: "text" }, one.running ? state("running") : one.counts.running ? state("interrupted") : one.running === null || ended < (one.cap ?? 0) ? "" : state("finished")),
      el("td", {}, one.cap === null ? String(one.trials) : `${ended} / ${one.cap}`),
      el("td", {}, result(one.best?.value)),
      el("td", {}, String(one.counts.stopped ?? 0)), el("td", {}, String(one.counts.failed ?? 0)), el("td", {}, clock(one.updated)));
  });
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Sweeps: table" },
    el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((name, at) => el("th", { scope: "col", class: at < 2 ? "text" : "" }, name)))), el("tbody", {}, ...body)));
}

export function overviewPage(overview) {
  const groups = overview.groups.map((group) => {
    const sweeps = group.sweeps.map((key) => store.sweeps.get(key)).filter(Boolean);
    const title = sweeps.length > 1 ? el("a", { href: href("group", group.key) }, short(group.name)) : short(group.name);
    return el("section", {}, el("h2", {}, title, " ", el("small", { class: "note" }, group.study ? "study" : "")),
      el("p", { class: "note" }, group.name), facts(sweeps, group.seconds_left), sweepTable(sweeps));
  });
  const troubles = [...overview.troubles, ...overview.sweeps.flatMap((one) => one.troubles)];
  return [
    el("h1", {}, count(overview.sweeps.length, "sweep"), overview.ready ? "" : ", reading …"),
    ...troubles.map((text) => el("p", { class: "trouble" }, text)),
    overview.sweeps.length ? null : el("p", { class: "note" }, "No sweep is here yet. One that starts appears by itself."),
    el("section", {}, el("h2", {}, "Running now"), runningCards(overview.running)),
    endedList(overview.ended),
    ...groups,
  ].filter(Boolean);
}

export async function trialPage(one) {
  const shown = Object.entries(one.config);
  const values = el("dl", {}, ...shown.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, number(value, 6)))));
  const curves = Object.entries(one.curves).sort(([a], [b]) => (b === one.metric) - (a === one.metric));
  const plots = curves.filter(([, points]) => points.length > 1).map(([name, points]) => [el("div", { class: "plot", "data-figure": name }), name, points]);
  const single = curves.filter(([, points]) => points.length === 1);
  const sections = [
    el("h1", {}, `Trial ${one.number} `, state(one.state)),
    el("p", { class: "note" }, `run ${one.run} of ${store.sweeps.get(one.sweep)?.name ?? ""}`),
    one.trouble ? el("p", { class: "trouble" }, one.trouble) : null,
    one.reason ? el("p", { class: "verdict" }, one.reason) : null,
    one.state === "stopped" && one.audit !== null ? el("p", {}, `Trained to the end, it reached ${result(one.audit)} (audit of the study).`) : null,
    el("dl", { class: "facts" }, fact(`best ${one.metric ?? "value"}`, result(one.value)), fact("logged values", number(one.steps)),
      fact("seconds", duration(one.seconds)), fact("started", clock(one.started))),
    el("section", {}, el("h2", {}, "Configuration"), values),
    el("section", {}, el("h2", {}, "Logged values"),
      single.length ? el("dl", {}, ...single.map(([name, points]) => el("div", {}, el("dt", {}, name), el("dd", {}, number(points[0][1], 6))))) : null,
      plots.length ? el("div", { class: "panels" }, ...plots.map(([plot, name]) => el("div", { class: "panel" }, el("h3", {}, name), plot))) : single.length ? null : el("p", { class: "note" }, "Nothing yet.")),
    one.command ? el("section", {}, el("h2", {}, "Run it again"),
      el("p", { class: "note" }, "In the directory where the sweep was started. It makes a run of its own; the sweep stays as it is."),
      el("pre", { tabindex: "0" }, one.command), el("button", { class: "copy", type: "button", onclick: () => navigator.clipboard?.writeText(one.command) }, "Copy")) : null,
    el("section", {}, el("h2", {}, "Console output"), one.output ? el("pre", { tabindex: "0", class: "output" }, one.output) : el("p", { class: "note" }, "None.")),
    one.folder ? el("section", {}, el("h2", {}, "Files"), el("p", { class: "note" }, one.folder),
      el("ul", { class: "files" }, ...one.files.map((file) => el("li", {},
        el("a", { href: `api/file/${one.sweep}/${encodeURIComponent(one.run)}?name=${encodeURIComponent(file.name)}`, download: "" }, file.name), ` ${bytes(file.bytes)}`)))) : null,
  ].filter(Boolean);
  return { sections, draw: async () => { for (const [plot, name, points] of plots) await simpleCurve(plot, name, points); } };
}
