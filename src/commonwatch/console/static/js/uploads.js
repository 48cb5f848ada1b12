// A large file on its way: how far it is, and a word before it sets out where it is too large. Without scripts the browser says it.

export function uploads() {
  for (const form of document.querySelectorAll("form[data-most]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
    const wrong = /** @type {HTMLElement} */ (form.querySelector("[data-too-large]"));
    const shown = /** @type {HTMLElement} */ (form.querySelector("[data-progress]"));
    const progress = /** @type {HTMLProgressElement} */ (form.querySelector("progress"));
    input.addEventListener("change", () => {
      const large = (input.files?.[0]?.size ?? 0) > Number(form.dataset.most);
      wrong.hidden = !large;
      input.setCustomValidity(large ? (wrong.textContent ?? "") : "");
    });
    form.addEventListener("htmx:xhr:progress", (event) => {
      const { loaded, total } = /** @type {CustomEvent} */ (event).detail;
      shown.hidden = false;
      if (total) progress.value = loaded / total;
    });
  }
}
