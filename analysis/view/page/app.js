// Which page is shown, and what happens when there is news.
import { ask, keep, listen, store } from "./data.js";
import { drawAll, replaceParts } from "./figures.js";
import { el } from "./format.js";
import { endedList, facts, href, overviewPage, runningCards, short, sweepTable, trialPage } from "./pages.js";
import { TrialTable } from "./table.js";

const main = document.getElementById("main");
const crumbs = document.getElementById("crumbs");
let page = null;

function setCrumbs(...links) {
  crumbs.replaceChildren(...links.flatMap(([text, target], at) => [at ? " › " : null, target ? el("a", { href: target }, text) : el("span", { "aria-current": "page" }, text)]).filter(Boolean));
}

// A sweep that stands alone is not compared, so its folder has no page.
function groupCrumb(group) {
  return group && group.sweeps.length > 1 ? [[short(group.name), href("group", group.key)]] : [];
}

// Replaces the contents of `place`, but keeps the focus on the same link.
function fill(place, children) {
  const had = document.activeElement?.getAttribute?.("href");
  const inside = place.contains(document.activeElement);
  place.replaceChildren(...children.filter(Boolean));
  if (inside && had) place.querySelector(`a[href="${CSS.escape(had)}"]`)?.focus({ preventScroll: true });
}

function overview() {
  setCrumbs(["Overview"]);
  const show = () => fill(main, overviewPage(store.overview));
  show();
  return { shown: "", news: show };
}

function sweepsOf(key) {
  const group = store.groups.get(key);
  return (group ? group.sweeps : [key]).map((one) => store.sweeps.get(one)).filter(Boolean);
}

async function comparison(key) {
  const sweeps = sweepsOf(key);
  if (!sweeps.length) throw new Error("This sweep is not watched any more.");
  const several = store.groups.has(key), first = sweeps[0], group = store.groups.get(several ? key : first.group);
  setCrumbs(["Overview", "#/"], ...(several ? [] : groupCrumb(group)), [several ? short(group.name) : first.name]);
  const [head, now, parts, list] = [el("div"), el("div"), el("div", { class: "scope" }), el("div")];
  const table = new TrialTable(first.metric, first.goal, several);
  main.replaceChildren(el("h1", {}, several ? short(group.name) : first.name), head, now, parts,
    el("section", {}, el("h2", {}, "Trials"), table.element), list);
  parts.addEventListener("methods", (event) => { table.methods = event.detail; table.update(); });

  const glance = () => {
    const own = sweepsOf(key), keys = new Set(own.map((one) => one.key)), { overview } = store;
    fill(head, [...own.flatMap((one) => one.troubles).map((text) => el("p", { class: "trouble" }, text)), facts(own, store.groups.get(own[0].group)?.seconds_left)]);
    const running = overview.running.filter((row) => keys.has(row.sweep));
    fill(now, [running.length ? el("section", {}, el("h2", {}, "Running now"), runningCards(running)) : null, endedList(overview.ended.filter((row) => keys.has(row.sweep)).slice(0, 4))]);
    fill(list, several ? [el("section", {}, el("h2", {}, "Sweeps"), sweepTable(own))] : []);
  };
  glance();

  let made = null, timer = null, gone = false;
  const figures = async () => {
    timer = null;
    if (document.hidden) return later(2);
    const found = await ask(`api/scope/${key}`);
    if (gone) return;
    made = found;
    replaceParts(parts, found.html);
    await drawAll(parts, found.figures);
    if (found.version < store.overview.version && sweepsOf(key).some((one) => one.running || one.unread)) later(found.again_after);
  };
  const later = (seconds) => { if (timer === null && !gone) timer = setTimeout(() => figures().catch(report), 1000 * seconds); };
  const rows = async () => { const all = await ask(`api/trials/${key}`); if (!gone) table.all(all.parameters, all.rows); };
  await rows();
  figures().catch(report);
  return {
    shown: key,
    news: (said) => {
      glance();
      if (said.rows === null) rows().catch(report);
      else if (said.rows.length) table.change(said.rows);
      if (said.changed) later(made?.again_after ?? 3);
    },
    leave: () => { gone = true; clearTimeout(timer); },
  };
}

async function trial(key, run) {
  const sweep = store.sweeps.get(key), group = store.groups.get(sweep?.group);
  if (!sweep) throw new Error("This sweep is not watched any more.");
  setCrumbs(["Overview", "#/"], ...groupCrumb(group), [sweep.name, href("sweep", key)], [run]);
  let asking = false;
  const show = async () => {
    asking = true;
    const found = await ask(`api/trial/${key}/${encodeURIComponent(run)}`);
    const { sections, draw } = await trialPage(found);
    const at = window.scrollY;
    fill(main, sections);
    await draw();
    window.scrollTo(0, at);
    main.dataset.figures = "drawn";
    asking = false;
  };
  await show();
  return { shown: key, news: (said) => { if (!asking && said.rows?.some((row) => row.run === run)) show().catch(report); } };
}

function report(error) {
  main.prepend(el("p", { class: "trouble", role: "alert" }, String(error.message ?? error)));
}

let turn = 0;

async function route() {
  const mine = ++turn;
  page?.leave?.();
  page = null;
  delete main.dataset.figures;
  const [kind, ...parts] = location.hash.slice(2).split("/").map(decodeURIComponent);
  try {
    let next;
    if (kind === "sweep" || kind === "group") next = await comparison(parts[0]);
    else if (kind === "trial") next = await trial(parts[0], parts[1]);
    else next = overview();
    if (mine !== turn) return next.leave?.();
    page = next;
    document.title = `${crumbs.lastElementChild?.textContent ?? "fashion-wb"} · fashion-wb`;
    listen(next.shown, (said) => page === next && next.news(said));
  } catch (error) {
    main.replaceChildren();
    report(error);
    listen("", () => {});
  }
}

window.addEventListener("hashchange", () => { route(); main.focus({ preventScroll: true }); window.scrollTo(0, 0); });
ask("api/overview").then((found) => { keep(found); return route(); }).catch(report);
