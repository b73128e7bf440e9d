// What is being typed is kept in this tab, so that a session that ends takes nothing with it.
// A form with `data-draft="NAME"` is kept under the officer's id and that name; it is forgotten once
// the server says that it was recorded (`data-done`), at sign-out, and when another officer signs in.

const PREFIX = "siaga-draft:";
const SENT = "siaga-sent";

const officer = document.body.dataset.officer;

export function clearDrafts(prefix = PREFIX) {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(prefix)) sessionStorage.removeItem(key);
  }
}

export function keepDrafts() {
  if (!officer) return; // signing in: whose drafts they are is not known yet
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}${officer}:`)) {
      sessionStorage.removeItem(key);
    }
  }
  const sent = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  if (sent && document.querySelector("[data-done]")) sessionStorage.removeItem(sent);
  for (const form of document.querySelectorAll("form[data-draft]")) keep(form);
}

function keep(form) {
  const key = `${PREFIX}${officer}:${form.dataset.draft}`;
  restore(form, sessionStorage.getItem(key));
  const save = () => sessionStorage.setItem(key, JSON.stringify(values(form)));
  form.addEventListener("input", save);
  form.addEventListener("submit", () => {
    save();
    sessionStorage.setItem(SENT, key);
  });
}

// Every field that says something; `typed` leaves out those that say it of themselves.
function values(form, typed = false) {
  const kept = [];
  for (const field of form.elements) {
    if (typed && "preset" in field.dataset) continue;
    if (!field.name || ["hidden", "password", "file", "submit"].includes(field.type)) continue;
    if (["checkbox", "radio"].includes(field.type)) {
      if (field.checked) kept.push([field.name, field.value]);
    } else if (field.value) {
      kept.push([field.name, field.value]);
    }
  }
  return kept;
}

function restore(form, saved) {
  if (!saved || values(form, true).length) return; // what the server kept is newer
  for (const [name, value] of JSON.parse(saved)) {
    for (const field of form.elements) {
      if (field.name !== name) continue;
      if (["checkbox", "radio"].includes(field.type)) field.checked ||= field.value === value;
      else field.value = value;
    }
  }
}
