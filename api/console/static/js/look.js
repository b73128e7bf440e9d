// What the service sees in a photo that is being chosen: how good it is, and its face, framed for
// comparing. Nothing of it is kept; the photo may be of a kind that no browser shows.

const asked = new WeakMap();

export function look(photo) {
  if (!asked.has(photo)) asked.set(photo, ask(photo));
  return asked.get(photo);
}

// Returns `verdict`, `word`, `said`, and `face`: an address of the framed face, or of nothing.
async function ask(photo) {
  const form = new FormData();
  form.append("photos", photo);
  const answer = await fetch("/photos/check", {
    method: "POST",
    body: form,
    headers: { "X-CSRF-Token": document.body.dataset.csrf },
  });
  const told = await answer.json();
  if (told.face) {
    const bytes = Uint8Array.from(atob(told.face), (each) => each.charCodeAt(0));
    told.face = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  }
  return told;
}
