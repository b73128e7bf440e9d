// Keys that are typed before the page's modules run are kept for them. Not a module: modules wait.
// They have run when the page is ready: where none of them asked, nothing is kept any longer.
"use strict";

(() => {
  const kept = [];
  const keep = (event) => kept.push(event);
  const taken = () => {
    document.removeEventListener("keydown", keep);
    return kept.splice(0);
  };
  document.addEventListener("keydown", keep);
  document.addEventListener("DOMContentLoaded", taken);
  globalThis.keysTypedEarly = taken;
})();
