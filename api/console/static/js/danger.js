// A dangerous act asks first: the focus is on the way back, and Esc takes it.
import { focusFirst } from "./focus.js";
import { onKeys } from "./keys.js";

const no = document.querySelector("a[data-no]");
if (!document.querySelector("[data-focus]")) focusFirst(no);
onKeys((event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  event.preventDefault();
  location.assign(no.href);
});
