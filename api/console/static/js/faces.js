// Two faces wherever they meet, outside an alert: the same glass and keys, and which two are shown.
// A button `data-against` puts its photo beside the one that stands there, and shows the pair.
import { commands, equipFaces, KEYS } from "./compare.js";
import { isTyped, onKeys, singleKeys } from "./keys.js";

export function equipPairs() {
  equipFaces();
  // Of a search that is opened again, the photo is gone: there is nothing to compare with.
  const probe = document.querySelector("#pair .probe");
  for (const button of document.querySelectorAll("button[data-against]")) button.hidden = !probe || probe.hidden;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-against]");
  if (button) put(button);
});

function put(button) {
  const pair = document.getElementById("pair");
  show(pair.querySelector(".enrolled"), button.dataset.against, button.dataset.called);
  pair.hidden = false;
  pair.scrollIntoView({ block: "start" });
  pair.querySelector(".enrolled .frame").focus({ preventScroll: true });
}

// Shows a photo in a place of the pair, by its address.
export function show(place, address, called) {
  const image = place.querySelector("img");
  image.src = address;
  if (!called) return;
  image.alt = called;
  place.querySelector(".frame").setAttribute("aria-label", called);
  place.querySelector("figcaption strong").textContent = called;
}

onKeys((event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const name = KEYS[key];
  if (!name || isTyped(event) || !singleKeys()) return;
  if (!document.getElementById("compare")?.checkVisibility()) return;
  commands[name]();
  event.preventDefault();
});

equipPairs();
