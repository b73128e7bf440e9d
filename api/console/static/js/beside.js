// Sends a form with photos by itself (`data-beside`) and puts the answer into this page, with the
// photos that were sent beside it: the server keeps none, so only this page can show them.
import { equip } from "./camera.js";
import { equipPairs } from "./faces.js";
import { look } from "./look.js";

const main = document.getElementById("main");
let shown = location.pathname;

function listen() {
  for (const form of document.querySelectorAll("form[data-beside]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
}

async function send(form) {
  const button = form.querySelector("button.primary:not([data-camera])");
  const plain = button.textContent;
  const photos = new Map(
    [...form.querySelectorAll('input[type="file"]')].map((each) => [each.name, each.files[0]]),
  );
  button.disabled = true;
  button.textContent = form.dataset.busy;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "text/html" },
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // Signed out meanwhile, or another page altogether: go there as a browser would.
    if (answer.redirected && !page.querySelector("[data-chosen]")) location.assign(answer.url);
    else put(page, answer, photos);
  } catch {
    say(form.dataset.failed, form);
  }
  delete form.dataset.sent;
  button.disabled = false;
  button.textContent = plain;
}

function put(page, answer, photos) {
  const found = page.getElementById("main");
  if (!answer.ok && !found.querySelector("form[data-beside]")) {
    say(found.querySelector("h1, p")?.textContent ?? "", main.querySelector("form[data-beside]"));
    return;
  }
  document.title = page.title;
  if (answer.redirected) history.pushState(null, "", answer.url);
  shown = location.pathname;
  main.replaceChildren(...found.childNodes);
  for (const place of main.querySelectorAll("[data-chosen]")) {
    const photo = photos.get(place.dataset.chosen);
    if (!photo) continue;
    place.hidden = false;
    frame(place.querySelector("img"), photo);
  }
  if (!answer.ok) keep(photos);
  equip(main);
  equipPairs();
  listen();
  (main.querySelector("[data-focus]") ?? main).focus();
  scrollTo(0, 0);
}

// A photo that meets another is framed as that is; one by itself is shown whole.
async function frame(image, photo) {
  const told = image.closest("#compare") ? await look(photo).catch(() => ({})) : {};
  image.src = told.face ?? URL.createObjectURL(photo);
}

// The form came back: what was chosen stays chosen, but for what was refused.
function keep(photos) {
  for (const field of main.querySelectorAll('input[type="file"]:not([aria-invalid])')) {
    const photo = photos.get(field.name);
    if (!photo) continue;
    const held = new DataTransfer();
    held.items.add(photo);
    field.files = held.files;
  }
}

function say(text, form) {
  const said = form.previousElementSibling;
  const box = said?.matches("[data-said]") ? said : document.createElement("p");
  box.className = "notice bad";
  box.setAttribute("role", "alert");
  box.dataset.said = "";
  box.textContent = text;
  form.before(box);
}

// The page that was left is asked for again; a jump within the page is none.
addEventListener("popstate", () => {
  if (location.pathname !== shown) location.reload();
});

listen();
