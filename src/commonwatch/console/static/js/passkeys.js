// Passkeys: forms with `data-passkey` ask the device, put its answer into the field `credential`, and go on.

export function passkeys() {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (form instanceof HTMLFormElement) form.addEventListener("submit", (event) => ask(event, form));
  }
}

/** @param {SubmitEvent} event @param {HTMLFormElement} form */
async function ask(event, form) {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("credential"));
  try {
    const credential = await (form.dataset.passkey === "create" ? created(form) : found(form));
    field.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    // Refused, cancelled or timed out: the browser has said so itself.
    if (!(error instanceof DOMException)) throw error;
  }
}

/** @param {HTMLFormElement} form */
async function created(form) {
  const options = written().creation_options.publicKey;
  const alone = form.elements.namedItem("passwordless");
  if (alone instanceof HTMLInputElement && alone.checked) {
    options.authenticatorSelection = { ...options.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
  }
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
}

/** @param {HTMLFormElement} form */
async function found(form) {
  const options = form.dataset.passkey === "sign-in" ? (await asked(form.action)).request_options : written().request_options;
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) });
}

/** @param {string} address */
async function asked(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
  return answer.json();
}

function written() {
  return JSON.parse(document.getElementById("passkey-options")?.textContent ?? "{}");
}
