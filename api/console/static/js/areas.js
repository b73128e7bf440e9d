// Districts of the regency that is chosen, without showing the whole form again.
for (const field of document.querySelectorAll("[data-area]")) {
  const [area, rest] = [field.querySelector("select"), field.querySelector("[data-districts]")];
  const more = field.querySelector("[data-more]");
  if (!rest || !more) continue;
  more.hidden = true;
  area.addEventListener("change", async () => {
    const chosen = area.value;
    const list = rest.querySelector("select");
    list.replaceChildren();
    rest.hidden = true;
    const answer = await fetch(`/teams/areas/districts?in=${encodeURIComponent(chosen)}`);
    // Who chooses on while it is on its way has chosen something else.
    if (!answer.ok || area.value !== chosen) return;
    list.innerHTML = await answer.text();
    rest.hidden = list.options.length < 2;
  });
}
