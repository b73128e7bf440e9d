// Single keys: handled from anywhere on the page, those too that were typed while it was loading.

const SWITCH = "siaga-keys";

// `handle` takes the event, and whether it was typed before the page could be seen whole.
export function onKeys(handle) {
  document.addEventListener("keydown", (event) => handle(event, false));
  for (const event of globalThis.keysTypedEarly()) handle(event, true);
}

export function singleKeys() {
  return localStorage.getItem(SWITCH) !== "off";
}

export function switchSingleKeys(on) {
  localStorage.setItem(SWITCH, on ? "on" : "off");
}

// Whether a key goes into a field, or to the browser.
export function isTyped(event) {
  const into = "textarea, select, input:not([type=radio], [type=checkbox], [type=range])";
  return event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.(into);
}
