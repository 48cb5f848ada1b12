// The search box over any page. htmx fetches what is found; here are only opening, choosing and closing.

export function palette() {
  const found = document.getElementById("palette");
  if (found instanceof HTMLDialogElement) search(found);
}

/** @param {HTMLDialogElement} dialog */
function search(dialog) {
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));

  document.addEventListener("click", (event) => {
    const opener = /** @type {Element} */ (event.target).closest("[data-opens=palette]");
    if (!opener) return;
    event.preventDefault();
    /** @type {HTMLElement & { hidePopover?: () => void } | null} */ (document.querySelector(".sidebar:popover-open"))?.hidePopover?.();
    dialog.showModal();
    input.select();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const here = dialog.querySelector(".found a.here") ?? dialog.querySelector(".found a");
      if (here instanceof HTMLAnchorElement) {
        event.preventDefault();
        location.assign(here.href);
      }
    }
  });

  /** @param {number} by */
  function step(by) {
    const links = [...dialog.querySelectorAll(".found a")];
    if (!links.length) return;
    const now = links.findIndex((link) => link.classList.contains("here"));
    const next = links[(now + by + links.length + (now < 0 && by < 0 ? 1 : 0)) % links.length];
    links[now]?.classList.remove("here");
    next.classList.add("here");
    next.scrollIntoView({ block: "nearest" });
  }
}
