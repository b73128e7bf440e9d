// Modules may run late: whoever has begun to fill in a field by then keeps the focus there.

// Focuses what has to be read first, if there is such a thing.
export function focusFirst(element) {
  if (document.activeElement?.matches("input:not([autofocus]), select, textarea")) return;
  element?.focus();
}
