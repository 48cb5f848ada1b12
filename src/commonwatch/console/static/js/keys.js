// Keys: `/` searches, `?` lists keys, `g` and a letter go to a page of the navigation.
const PATIENCE_MS = 1200;

/** @param {Event} event */
export function isTyping(event) {
  const at = /** @type {HTMLElement} */ (event.target);
  return at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
}

export function keys() {
  let wentAt = 0;
  document.addEventListener("keydown", (event) => {
    const opener = /** @type {HTMLElement | null} */ (document.querySelector("[data-opens=palette]"));
    if ((event.ctrlKey || event.metaKey) && event.key === "k" && opener) {
      event.preventDefault();
      opener.click();
      return;
    }
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "/" && opener) {
      event.preventDefault();
      opener.click();
    } else if (event.key === "?" && opener) {
      location.assign(/** @type {HTMLAnchorElement} */ (document.querySelector(".hint a")).href);
    } else if (event.key === "g") {
      wentAt = event.timeStamp;
    } else if (event.timeStamp - wentAt < PATIENCE_MS && /^[a-z]$/.test(event.key)) {
      wentAt = 0;
      const link = document.querySelector(`a[data-key="${event.key}"]`);
      if (link instanceof HTMLAnchorElement) location.assign(link.href);
    }
  });
}
