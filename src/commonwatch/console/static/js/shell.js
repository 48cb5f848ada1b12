// What every page does beyond HTML: keys, the search box, copying, ticking. Pages work without any of it.
import { drafts } from "./drafts.js";
import { keys } from "./keys.js";
import { palette } from "./palette.js";
import { copying, rows, ticking } from "./lists.js";

drafts();
keys();
palette();
copying();
ticking();
rows();

// What few pages need is fetched when one does; drawings last, so that on a bad line the page itself is there first.
if (document.querySelector("form[data-most]")) import("./uploads.js").then((module) => module.uploads());
if (document.querySelector("[data-passkey]")) import("./passkeys.js").then((module) => module.passkeys());
addEventListener("load", () => {
  if (document.querySelector("cw-chart")) import("./chart.js");
  if (document.querySelector("cw-map")) import("./map.js");
  if (document.querySelector("cw-graph")) import("./graph.js");
});
/** @type {HTMLElement | null} */ (document.querySelector(".problem"))?.focus();
document.querySelector(".tasks [aria-current]")?.scrollIntoView({ block: "nearest" });

// A part of a page that could not be had anew: the page itself says why better than silence does.
document.addEventListener("htmx:responseError", (event) => {
  const { status } = /** @type {CustomEvent} */ (event).detail.xhr;
  if (status === 401 || status === 403 || status >= 500) location.reload();
});
