// What was typed is not lost when a form comes back with an error, the line breaks or the session ends: it stays in this tab until the
// form has been taken. Never for passwords, codes or files.
const PREFIX = "draft ";
const KEPT = "textarea[name], input[type=text][name]:not([autocomplete=one-time-code]), input:not([type])[name]";

export function drafts() {
  if (document.querySelector(".message[data-tone=success]")) forget();
  if (!document.body.classList.contains("signed-in")) return;
  for (const form of document.querySelectorAll("main form[method=post]")) {
    const restored = [...form.querySelectorAll(KEPT)].filter((field) => isField(field) && restore(field));
    if (restored.length) say(form);
  }
  document.addEventListener("input", (event) => {
    const field = /** @type {Element} */ (event.target);
    if (isField(field) && field.matches(KEPT) && field.form?.method === "post" && field.closest("main")) sessionStorage.setItem(key(field), field.value);
  });
}

/** @param {HTMLInputElement | HTMLTextAreaElement} field @returns {boolean} whether there was something to put back */
function restore(field) {
  const kept = sessionStorage.getItem(key(field));
  if (!kept || kept === field.value) return false;
  field.value = kept;
  return true;
}

/** Say that something was put back, and offer to let it go. @param {Element} form */
function say(form) {
  const note = /** @type {HTMLTemplateElement | null} */ (document.getElementById("draft-note"))?.content.cloneNode(true);
  if (!(note instanceof DocumentFragment)) return;
  note.querySelector("button")?.addEventListener("click", () => {
    forget();
    location.reload();
  });
  form.prepend(note);
}

function forget() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
}

/** @param {HTMLInputElement | HTMLTextAreaElement} field */
function key(field) {
  return `${PREFIX}${location.pathname} ${field.form?.getAttribute("action") ?? ""} ${field.name}`;
}

/** @param {Element} element @returns {element is HTMLInputElement | HTMLTextAreaElement} */
function isField(element) {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
}
