// What every page does: drafts that survive a lost session, focus on what has to be read.
import { clearDrafts, keepDrafts } from "./drafts.js";
import { focusFirst } from "./focus.js";

keepDrafts();

const said = document.querySelector("[data-done]");
if (said) {
  // The notice belongs to this one showing: a reload says nothing again.
  const address = new URL(location.href);
  for (const name of ["done", "undo"]) address.searchParams.delete(name);
  history.replaceState(null, "", address);
}
focusFirst(document.querySelector("[data-focus]"));

// What can be done for some seconds alone.
for (const brief of document.querySelectorAll("[data-lasts]")) {
  setTimeout(() => {
    if (brief.contains(document.activeElement)) brief.closest("[tabindex]").focus();
    brief.remove();
  }, 1000 * brief.dataset.lasts);
}

for (const form of document.querySelectorAll("form[data-forgets]")) {
  form.addEventListener("submit", () => clearDrafts());
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
