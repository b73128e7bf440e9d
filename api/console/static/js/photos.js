// Shows each chosen photo, and says how good it is, while the form is still being filled in.
import { show } from "./faces.js";
import { look } from "./look.js";

const input = document.querySelector("input[data-check]");
const list = document.getElementById("photo-verdicts");
const chosen = document.querySelector("#pair [data-first-chosen]");

async function check(file, line) {
  try {
    const told = await look(file);
    line.className = `verdict quality-${told.verdict ?? "marginal"}`;
    line.textContent = [file.name, told.word, told.said].filter(Boolean).join(": ");
    if (!told.face) return;
    const face = document.createElement("img");
    Object.assign(face, { src: told.face, alt: file.name, width: 180, height: 180 });
    line.prepend(face);
    if (chosen && document.getElementById("pair").hidden) {
      show(chosen, told.face, file.name);
      document.getElementById("pair").hidden = false;
    }
  } catch {
    line.remove(); // the server says the same when the form is sent
  }
}

async function checkAll() {
  list.replaceChildren();
  if (chosen) document.getElementById("pair").hidden = true;
  for (const file of input.files) {
    const line = document.createElement("li");
    line.textContent = `${file.name}: ${input.dataset.checking}`;
    list.append(line);
    await check(file, line); // one after the other: travellers come first
  }
}

input?.addEventListener("change", checkAll);
if (input?.files.length) checkAll(); // chosen before this module ran
