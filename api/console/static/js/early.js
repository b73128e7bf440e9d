// Keys that are typed before the page's modules run are kept for them. Not a module: modules wait.
"use strict";

(() => {
  const kept = [];
  const keep = (event) => kept.push(event);
  document.addEventListener("keydown", keep);
  globalThis.keysTypedEarly = () => {
    document.removeEventListener("keydown", keep);
    return kept.splice(0);
  };
})();
