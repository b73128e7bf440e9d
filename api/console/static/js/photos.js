// Says how good each chosen photo is while the form is still being filled in.
const input = document.querySelector("input[data-check]");
const list = document.getElementById("photo-verdicts");

async function check(file, line) {
  const form = new FormData();
  form.append("photos", file);
  try {
    const answer = await fetch(input.dataset.check, {
      method: "POST",
      body: form,
      headers: { "X-CSRF-Token": document.body.dataset.csrf },
    });
    const told = await answer.json();
    line.className = `verdict quality-${told.verdict ?? "marginal"}`;
    line.textContent = [file.name, told.word, told.said].filter(Boolean).join(": ");
  } catch {
    line.remove(); // the server says the same when the form is sent
  }
}

input?.addEventListener("change", async () => {
  list.replaceChildren();
  for (const file of input.files) {
    const line = document.createElement("li");
    line.textContent = `${file.name}: ${input.dataset.checking}`;
    list.append(line);
    await check(file, line); // one after the other: travellers come first
  }
});
