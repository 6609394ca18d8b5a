// Puts parts of the page in the place of those that they follow, and leaves alone what somebody is using.

const waiting = new Map<string, string>();

/** By the id of the element that they stand in: HTML as the server has escaped it. */
export function replaceParts(parts: Readonly<Record<string, string>>): void {
  for (const [id, html] of Object.entries(parts)) waiting.set(id, html);
  replaceWaiting();
}

function replaceWaiting(): void {
  for (const [id, html] of waiting) {
    const element = document.querySelector(`[data-live="${id}"]`);
    if (element !== null && isInUse(element)) continue;
    waiting.delete(id);
    if (element !== null && element.innerHTML !== html) replace(element, html);
  }
}

/** What somebody has opened stays open. */
function replace(element: Element, html: string): void {
  const details = (): HTMLDetailsElement[] => [...element.querySelectorAll("details")];
  const wereOpen = details().map(({ open }) => open);
  element.innerHTML = html;
  for (const [index, one] of details().entries()) one.open = wereOpen[index] ?? one.open;
}

/** Replaced, it would take the focus or the selection with it. */
function isInUse(element: Element): boolean {
  const selection = document.getSelection();
  const isSelected = selection !== null && !selection.isCollapsed && selection.containsNode(element, true);
  return isSelected || element.contains(document.activeElement);
}

document.addEventListener("focusout", () => requestAnimationFrame(replaceWaiting));
