// What charts and maps share: the drawing's place, colours of the page, drawing anew when the page looks otherwise.

/** Colours of the page as they are now: a variable may hold one for light and one for dark. @param {Element} at @param {string[]} names */
export function colours(at, names) {
  const probe = document.createElement("span");
  at.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}

/** An element that draws what its table says. The table stays, for whoever wants it. */
export class Figure extends HTMLElement {
  /** @type {HTMLElement | undefined} */
  drawing;
  looks = matchMedia("(prefers-color-scheme: dark)");
  again = () => this.draw();

  connectedCallback() {
    if (this.drawing) return;
    this.drawing = document.createElement("div");
    this.drawing.className = "drawing";
    this.drawing.setAttribute("role", "img");
    this.drawing.setAttribute("aria-label", this.getAttribute("said") ?? "");
    this.prepend(this.drawing);
    this.looks.addEventListener("change", this.again);
    this.draw();
  }

  disconnectedCallback() {
    this.looks.removeEventListener("change", this.again);
    this.end();
    this.drawing?.remove();
    this.drawing = undefined;
  }

  /** @returns {string[][]} */
  rows() {
    return [...this.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => (cell.textContent ?? "").trim()));
  }

  draw() {}

  end() {}
}

/** @param {string} text */
export function numberOf(text) {
  return Number(text.replace(/[^\d.eE-]/g, ""));
}
