// What the server knows, and news of it.

export const store = { overview: null, sweeps: new Map(), groups: new Map() };

export async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${answer.status}: ${(await answer.text()).trim() || answer.statusText}`);
  return answer.json();
}

export function keep(overview) {
  store.overview = overview;
  store.received = Date.now() / 1000;
  store.sweeps = new Map(overview.sweeps.map((one) => [one.key, one]));
  store.groups = new Map(overview.groups.map((one) => [one.key, one]));
}

let source = null;

// Calls `news` with every event. `shown` is the sweep or group whose trials are wanted.
export function listen(shown, news) {
  source?.close();
  const since = store.overview ? store.overview.version : 0;
  source = new EventSource(`api/events?shown=${encodeURIComponent(shown)}&since=${since}`);
  const status = document.getElementById("connection");
  source.onopen = () => { status.className = ""; status.textContent = "live"; };
  source.onerror = () => {
    status.className = "lost";
    status.textContent = "connection lost; start fashion-wb view again, and open its new address";
  };
  source.onmessage = (event) => {
    const said = JSON.parse(event.data);
    keep(said.overview);
    news(said);
  };
}
