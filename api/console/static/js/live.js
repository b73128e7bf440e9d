// A stream of events that comes back by itself, and says when it is away.

const AGAIN_MS = [500, 1000, 2000, 4000, 8000];
// The server sends something every 15 seconds, but browsers hide its comments: a connection is held
// to be good until it fails, and looked at anew when the tab is shown or the network comes back.
const UNAUTHORISED = 401;

export function watch(address, mark, { onEvent, onState, whileHidden = true }) {
  let source = null;
  let failures = 0;
  let timer = 0;
  let last = mark;
  let ended = false;

  function open() {
    close();
    if (ended || (!whileHidden && document.hidden)) return;
    const url = new URL(address, location.href);
    url.searchParams.set("since", last);
    source = new EventSource(url);
    source.addEventListener("ready", (event) => {
      failures = 0;
      onState("on");
      // What happened meanwhile cannot be told any more: the page has to be read afresh.
      if (!JSON.parse(event.data).resumed) onEvent("reload", {});
    });
    for (const name of ["alerts", "referrals"]) {
      source.addEventListener(name, (event) => {
        last = event.lastEventId || last;
        onEvent(name, JSON.parse(event.data));
      });
    }
    source.addEventListener("ended", end);
    // Whatever the reason, this module decides when to come again: browsers give up on some.
    source.onerror = again;
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  async function again() {
    close();
    if (ended) return;
    onState("off");
    timer = setTimeout(open, AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]);
    failures += 1;
    try {
      const answer = await fetch("/session", { headers: { Accept: "application/json" } });
      if (answer.status === UNAUTHORISED) end();
    } catch {
      // the service is away: the timer comes again
    }
  }

  function end() {
    ended = true;
    close();
    onState("ended");
  }

  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  window.addEventListener("online", open);
  if (!whileHidden) document.addEventListener("visibilitychange", open);
  open();
}
