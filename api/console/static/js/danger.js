// A dangerous act asks first: the focus is on the way back, and Esc takes it.
const no = document.querySelector("a[data-no]");
if (!document.querySelector("[data-focus]")) no.focus();
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  event.preventDefault();
  location.assign(no.href);
});
