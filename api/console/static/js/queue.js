// The queue, live. New rows come in at their place without moving what the officer is on: while the
// list is scrolled, pointed at or in focus, they wait behind a button.
import { startClocks } from "./clocks.js";
import { isTyped, onKeys, singleKeys } from "./keys.js";
import { watch } from "./live.js";
import { tellReferrals } from "./referral-news.js";
import { alarm, beep, soundSwitch } from "./sound.js";

const list = document.getElementById("queue");
const live = document.getElementById("live");
const news = document.getElementById("news");
const sound = document.getElementById("sound");
// Whether one row comes after another. In any other order that is known to the service alone.
const ORDERS = {
  urgency: (one, other) => {
    const [place, otherPlace] = [one.dataset.place, other.dataset.place];
    return place === otherPlace ? one.dataset.id < other.dataset.id : place > otherPlace;
  },
  latest: (one, other) => one.dataset.id < other.dataset.id,
  oldest: (one, other) => one.dataset.id > other.dataset.id,
};
const comesAfter = ORDERS[list.dataset.order];
// What nobody has taken in time rings again and again for those who are called.
const RING_MS = 20_000;
// The list grows through a shift; what falls off its end is on the next page.
const MOST_ROWS = 250;
const plainTitle = document.title;
const held = new Map();
let calling = countOf("calling");
const heard = new Set([...list.children].map((row) => row.dataset.id));

live.hidden = false;
document.getElementById("sound-switch").hidden = false;
soundSwitch(sound);
startClocks(live.dataset.now);
count("waiting", countOf("waiting"));
say("off");
setInterval(() => calling && alarm(sound), RING_MS);

watch(live.dataset.events, live.dataset.mark, {
  onState: say,
  onEvent(name, data) {
    if (name === "reload") location.reload();
    else if (name === "referrals") tellReferrals(data);
    else take(data);
  },
});

function say(state) {
  live.dataset.state = state;
  live.querySelector(".text").textContent = live.dataset[{ on: "textOn", off: "textOff", ended: "textEnded" }[state]];
  live.querySelector("a").hidden = state !== "ended";
  if (state === "ended") beep(sound);
}

function take(data) {
  let loud = false;
  for (const row of data.rows) {
    if (row.loud && row.html && !heard.has(row.id)) loud = true;
    heard.add(row.id);
    put(row);
  }
  count("waiting", data.waiting);
  count("overdue", data.overdue);
  const called = data.calling > calling;
  calling = data.calling;
  count("calling", calling);
  document.querySelector(".calling").hidden = calling === 0;
  if (called) alarm(sound);
  else if (loud) beep(sound);
}

function put(row) {
  const present = document.getElementById(row.id);
  if (present) {
    const version = Number(present.dataset.version);
    const same = present.dataset.company === row.company && present.dataset.step === row.step;
    const known = version > row.version || (version === row.version && same);
    if (row.html && known && !present.classList.contains("gone")) return;
    if (row.html) replace(present, made(row.html));
    else present.classList.add("gone");
  } else if (row.html && list.dataset.first === "yes" && belongs(row)) {
    if (busy() || !comesAfter) hold(row);
    else insert(made(row.html), true);
  }
  if (!row.html) held.delete(row.id);
  tellNews();
  tidy();
}

// What is gone keeps its place while somebody may be about to choose: nothing moves up under them.
function tidy() {
  const gone = list.querySelectorAll(":scope > .gone");
  if (gone.length && !busy()) for (const row of gone) row.remove();
  const empty = list.children.length === 0;
  // What was on the next page is the first there is now.
  if (empty && list.dataset.more === "yes") location.reload();
  document.getElementById("empty").hidden = !empty;
}

// Whether a new row is one of this page, not of those after it.
function belongs(row) {
  const last = list.lastElementChild;
  return !comesAfter || !last || list.dataset.more === "no" || !comesAfter(made(row.html), last);
}

for (const left of ["mouseleave", "focusout"]) list.addEventListener(left, () => setTimeout(tidy));
addEventListener("scroll", tidy, { passive: true });

function busy() {
  const scrolled = list.getBoundingClientRect().top < 0;
  return scrolled || list.contains(document.activeElement) || list.matches(":hover");
}

function hold(row) {
  held.set(row.id, row);
}

function tellNews() {
  news.hidden = held.size === 0;
  news.textContent = held.size === 1 ? news.dataset.one : news.dataset.many.replace("{n}", held.size);
}

news.addEventListener("click", () => {
  if (!comesAfter) {
    location.reload();
    return;
  }
  for (const row of held.values()) insert(made(row.html), true);
  held.clear();
  tellNews();
  window.scrollTo({ top: 0 });
  list.querySelector(".fresh a")?.focus();
});

function made(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.querySelector("li");
}

function replace(old, row) {
  const focused = old.contains(document.activeElement);
  // Its place stays while somebody may be about to choose it; the next reading of the page sorts.
  row.classList.toggle("here", old === here);
  if (old === here) here = row;
  old.replaceWith(row);
  if (focused) row.querySelector("a").focus({ preventScroll: true });
}

function insert(row, fresh) {
  row.classList.toggle("fresh", fresh);
  const before = [...list.children].find((other) => comesAfter(other, row));
  list.insertBefore(row, before ?? null);
  while (list.children.length > MOST_ROWS) {
    list.lastElementChild.remove();
    list.dataset.more = "yes";
  }
}

function countOf(name) {
  return Number(document.querySelector(`[data-count=${name}]`).textContent.replace(/\D/g, ""));
}

function count(name, number) {
  const element = document.querySelector(`[data-count=${name}]`);
  element.textContent = number.toLocaleString(document.documentElement.lang);
  element.parentElement.classList.toggle(name === "waiting" ? "warm" : "hot", number > 0);
  if (name === "waiting") document.title = number ? `(${number}) ${plainTitle}` : plainTitle;
}

// J and K move from row to row, from anywhere; Enter opens the one that was last looked at.
let here = document.getElementById(location.hash.slice(1))?.closest("#queue > li");
here?.classList.add("here");
here?.scrollIntoView({ block: "center" });
list.addEventListener("focusin", (event) => stayAt(event.target.closest("li")));

function stayAt(row) {
  list.querySelector(":scope > .here")?.classList.remove("here");
  here = row;
  row.classList.add("here");
}

function neighbour(step) {
  const row = list.contains(here) ? here : list.querySelector(":scope > .here");
  if (!row) return step > 0 ? list.firstElementChild : null;
  return step > 0 ? row.nextElementSibling : row.previousElementSibling;
}

onKeys((event) => {
  if (isTyped(event)) return;
  const within = list.contains(document.activeElement);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[key];
  const single = key.length === 1;
  if (step && (single ? singleKeys() : within)) {
    const row = neighbour(step);
    if (!row) return;
    event.preventDefault();
    row.querySelector("a").focus();
  } else if (key === "Enter" && event.target.matches?.("body, main, [data-focus]") && list.contains(here)) {
    here.querySelector("a").click();
  } else if (key === "u" && singleKeys()) {
    document.querySelector("[data-lasts] button")?.click();
  }
});
