// Keys of the alert's page, and word of what other officers do to it meanwhile.
import { startClocks } from "./clocks.js";
import { commands, KEYS } from "./compare.js";
import { isTyped, onKeys, singleKeys, switchSingleKeys } from "./keys.js";
import { watch } from "./live.js";
import { tellReferrals } from "./referral-news.js";

const help = document.getElementById("help");
const opener = document.getElementById("help-open");
const keysOn = document.getElementById("keys-on");
const changed = document.getElementById("watch");

startClocks(changed.dataset.now);
opener.hidden = false;
opener.addEventListener("click", () => help.showModal());
keysOn.checked = singleKeys();
keysOn.addEventListener("change", () => switchSingleKeys(keysOn.checked));

onKeys((event, early) => {
  if (help.open) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    // Meant for the page before: held down since then, or pressed before this one was seen.
    if (early || event.repeat) return;
    const form = document.activeElement?.closest("form") ?? document.querySelector("form.finding");
    form?.requestSubmit(event.shiftKey ? form.querySelector("[data-next]") : null);
    return;
  }
  if (isTyped(event)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "?") {
    help.showModal();
  } else if (!keysOn.checked) {
    return;
  } else if (KEYS[key]) {
    commands[KEYS[key]]();
  } else if (key === "r") {
    document.querySelector(".reasons input")?.focus();
  } else if (key === "n") {
    document.querySelector(".finding textarea")?.focus();
  } else if (key === "q") {
    document.querySelector("[data-back]").click();
  } else if (!choose(key)) {
    return;
  }
  event.preventDefault();
});

// Nobody gives an opinion on faces that are still on their way, or that could not be shown.
const faces = [...document.querySelectorAll("#compare img")];
const opinion = document.querySelector("form.finding[data-keys]");
const unseen = document.getElementById("faces-unseen");
const facesShown = () => faces.every((face) => face.complete && face.naturalWidth > 0);

document.addEventListener(
  "submit",
  (event) => {
    if (event.target !== opinion || facesShown()) return;
    event.preventDefault();
    event.stopPropagation(); // nothing was sent: drafts stay
    unseen.hidden = false;
  },
  { capture: true },
);
for (const face of faces) {
  face.addEventListener("load", () => {
    if (unseen && facesShown()) unseen.hidden = true;
  });
}

// With an opinion its usual reason is ticked, unless the officer has ticked any.
let ticked = null;
for (const opinion of document.querySelectorAll("[data-usual]")) {
  opinion.addEventListener("change", () => {
    const chosen = [...opinion.form.querySelectorAll("[name=reasons]:checked")];
    if (chosen.some((each) => each !== ticked)) return;
    if (ticked) ticked.checked = false;
    ticked = opinion.form.querySelector(`[name=reasons][value="${CSS.escape(opinion.dataset.usual)}"]`);
    ticked.checked = true;
  });
}

function choose(key) {
  const target = document.querySelector(`:is(form[data-keys], nav) [data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  target.focus();
  target.click();
  return true;
}

watch(changed.dataset.events, changed.dataset.mark, {
  whileHidden: false, // officers keep many alerts open: only the one in view holds a connection
  onState() {},
  onEvent(name, data) {
    const version = Number(changed.dataset.version);
    if (name === "referrals") tellReferrals(data);
    else if (name === "reload" || data.rows.some((row) => row.version > version)) changed.hidden = false;
  },
});
