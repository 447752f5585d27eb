// Numbers, times and elements. Text from runs goes into pages as text, never as HTML.

export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function number(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(digits - 1);
  return value.toPrecision(Math.max(digits, Math.floor(Math.log10(size || 1)) + 1)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

export function result(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(4) : value.toPrecision(5);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : `${Math.round(hours / 24)} days`;
}

export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  return new Date(seconds * 1000).toLocaleString("en-GB", { dateStyle: "short", timeStyle: "medium" });
}

const SIGNS = { finished: "✓", running: "▶", stopped: "✕", failed: "!", interrupted: "‖" };

export function state(name) {
  return el("span", { class: `state ${name}`, "data-sign": SIGNS[name] || "" }, name);
}

export function config(values) {
  return Object.entries(values).filter(([, value]) => value !== null).map(([name, value]) => `${name}=${number(value)}`).join("  ");
}

export function count(n, noun) {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

export function bytes(n) {
  return n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

// A curve as a small picture, for a glance.
export function spark(points, label) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "spark");
  svg.setAttribute("viewBox", "0 0 100 30");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  const shown = points.length ? points : [[0, 0]];
  const xs = shown.map(([x]) => x), ys = shown.map(([, y]) => y);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const at = ([x, y]) => [right > left ? (100 * (x - left)) / (right - left) : 0, high > low ? 28 - (26 * (y - low)) / (high - low) : 15];
  if (points.length) {
    const path = document.createElementNS(space, "path");
    const places = points.map(at);
    // A single point is drawn as a short line.
    if (places.length === 1) places.push([places[0][0] + 2, places[0][1]]);
    path.setAttribute("d", "M" + places.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join("L"));
    svg.append(path);
  }
  return svg;
}
