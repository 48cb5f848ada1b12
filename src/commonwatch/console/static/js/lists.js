// Lists: copying a value as it is, ticking all rows, going through rows with j and k.
import { isTyping } from "./keys.js";

const SAID_MS = 1500;

export function copying() {
  document.addEventListener("click", async (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-copy]");
    if (!(button instanceof HTMLElement)) return;
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), SAID_MS);
  });
}

export function ticking() {
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement)) return;
    if (box.name === "chosen" && !box.checked) {
      const all = box.form?.querySelector("input[data-ticks=all]");
      if (all instanceof HTMLInputElement) all.checked = false;
    }
    if (box.dataset.ticks !== "all") return;
    for (const one of box.form?.querySelectorAll("input[name=chosen]") ?? []) /** @type {HTMLInputElement} */ (one).checked = box.checked;
  });
}

export function rows() {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const all = [...document.querySelectorAll(".listing tbody tr")];
    const now = all.findIndex((row) => row.classList.contains("here"));
    if (event.key === "j" || event.key === "k") {
      const next = all[Math.min(Math.max(now + (event.key === "j" ? 1 : -1), 0), all.length - 1)];
      all[now]?.classList.remove("here");
      next?.classList.add("here");
      next?.scrollIntoView({ block: "nearest" });
    } else if (now >= 0 && event.key === "x") {
      /** @type {HTMLInputElement | null} */ (all[now].querySelector("input[name=chosen]"))?.click();
    } else if (now >= 0 && event.key === "Enter") {
      /** @type {HTMLAnchorElement | null} */ (all[now].querySelector("td a"))?.click();
    }
  });
}
