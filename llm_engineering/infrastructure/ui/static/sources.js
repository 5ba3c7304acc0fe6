// The sources of an answer: links with the quoted sentence, and the passage around it on hover, tap or focus.

import { el } from "./dom.js";

const SHOW_AFTER = 150;
const HIDE_AFTER = 250;
const EDGE = 12;

const DATES = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" });

/** The list of sources; its items have the numbers by which sentences refer to them. */
export function sourceList(sources) {
  const items = sources.map((source, at) => {
    const peek = el("button", { type: "button", class: "quote", "aria-label": `Show source ${at + 1} in its passage` },
      el("q", { textContent: flat(source.quote || source.text) }));
    showsPassage(peek, source, at + 1);
    return el("li", { class: "source" }, el("span", { class: "number", "aria-hidden": "true" }, String(at + 1)),
      el("div", {}, titleOf(source), meta(source), peek));
  });
  return el("ol", { class: "source-list" }, ...items);
}

/** The small number behind a sentence that a source bears out. */
export function reference(source, number, span = null) {
  const button = el("button", { type: "button", class: "ref", "aria-label": `Source ${number}: ${source.title || source.link}` }, String(number));
  showsPassage(button, source, number, span);
  return el("sup", {}, button);
}

/** A link that opens the page at the quoted words, where the browser knows how (text fragments). */
function titleOf(source) {
  const title = source.title || hostOf(source.link);
  if (!/^https?:\/\//i.test(source.link)) return el("span", { class: "title" }, title);
  return el("a", { class: "title", href: source.link + fragment(source), target: "_blank", rel: "noopener noreferrer" }, title);
}

function fragment(source) {
  const words = flat(source.quote ?? "").split(" ").filter(Boolean);
  if (words.length < 3) return "";
  const encoded = (some) => encodeURIComponent(some.join(" ")).replaceAll("-", "%2D");
  const text = words.length < 12 ? encoded(words) : `${encoded(words.slice(0, 5))},${encoded(words.slice(-5))}`;
  return `${source.link.includes("#") ? "" : "#"}:~:text=${text}`;
}

function meta(source) {
  const date = source.published_at ? new Date(source.published_at) : null;
  const parts = [hostOf(source.link), date && !Number.isNaN(date.getTime()) ? DATES.format(date) : ""];
  return el("span", { class: "meta" }, parts.filter(Boolean).join(" · "));
}

function hostOf(link) {
  try {
    return new URL(link).host.replace(/^www\./, "");
  } catch {
    return link;
  }
}

function flat(text) {
  return plain(text).replace(/\s+/g, " ").trim();
}

/** Markdown's links, emphasis and quotation marks read away; everything else is left, for it may be code. */
function plain(text) {
  return text
    .replace(/!?\[([^\]\n]*)\]\([^()\s]*\)/g, "$1")
    .replace(/^[ \t]*>[ \t]?/gm, "")
    .replace(/(^|[^\w*])(\*{1,2})(?=\S)([^*\n]*[^*\s])\2(?![\w*])/g, "$1$3");
}

// ------------------------------------------------------------------ the passage, shown beside what asks for it

const card = el("div", { class: "passage", popover: "manual", role: "note" });
document.body.append(card);
let shownBy = null;
let timer = 0;

card.addEventListener("pointerenter", () => clearTimeout(timer));
card.addEventListener("pointerleave", () => hideSoon());
document.addEventListener("pointerdown", (event) => {
  if (shownBy && !card.contains(event.target) && !shownBy.contains(event.target)) hidePassage();
});
addEventListener("scroll", (event) => event.target !== card && moved(), { capture: true, passive: true });
addEventListener("resize", () => hidePassage());

/** Hide the passage; false when none is shown. */
export function hidePassage() {
  clearTimeout(timer);
  if (!shownBy) return false;
  shownBy.setAttribute("aria-expanded", "false");
  shownBy = null;
  card.hidePopover();
  return true;
}

function hideSoon() {
  clearTimeout(timer);
  timer = setTimeout(hidePassage, HIDE_AFTER);
}

function showsPassage(trigger, source, number, span = null) {
  const show = () => shownBy !== trigger && showPassage(trigger, source, number, span);
  trigger.setAttribute("aria-expanded", "false");
  trigger.addEventListener("pointerenter", (event) => {
    if (event.pointerType !== "mouse") return;
    clearTimeout(timer);
    timer = setTimeout(show, SHOW_AFTER);
  });
  trigger.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hideSoon());
  trigger.addEventListener("focus", () => trigger.matches(":focus-visible") && show());
  trigger.addEventListener("blur", hideSoon);
  trigger.addEventListener("click", () => {
    clearTimeout(timer);
    show();
  });
}

function showPassage(trigger, source, number, span) {
  hidePassage();
  shownBy = trigger;
  trigger.setAttribute("aria-expanded", "true");
  const marked = el("mark");
  const [before, quoted, after] = around(source, span);
  marked.textContent = plain(quoted);
  card.replaceChildren(
    el("p", { class: "passage-head" }, el("span", { class: "number" }, String(number)), titleOf(source), meta(source)),
    el("p", { class: "passage-text" }, plain(before), marked, plain(after)),
  );
  card.showPopover();
  place(trigger);
  card.scrollTop = Math.max(0, marked.offsetTop - card.clientHeight / 2);
}

/** The passage's text as [before, quoted, after]. Spans count characters, not the browser's UTF-16 units. */
function around(source, span) {
  const text = Array.from(source.text);
  const [start, end] = span ?? [source.quote_start - source.start, source.quote_end - source.start];
  if (!(start >= 0 && end > start && end <= text.length)) return ["", source.quote || source.text, ""];
  return [text.slice(0, start), text.slice(start, end), text.slice(end)].map((some) => some.join(""));
}

/** Keep the passage beside what shows it while the page scrolls, and hide it when that is out of sight. */
function moved() {
  if (!shownBy) return;
  const box = shownBy.getBoundingClientRect();
  if (box.bottom < 0 || box.top > innerHeight) hidePassage();
  else place(shownBy);
}

function place(trigger) {
  const box = trigger.getBoundingClientRect();
  const width = card.offsetWidth;
  const left = Math.min(Math.max(EDGE, box.left + box.width / 2 - width / 2), document.documentElement.clientWidth - width - EDGE);
  const below = innerHeight - box.bottom > card.offsetHeight + EDGE || box.top < card.offsetHeight + EDGE;
  card.style.left = `${Math.max(EDGE, left)}px`;
  card.style.top = below ? `${Math.min(box.bottom + 6, innerHeight - card.offsetHeight - EDGE)}px` : `${box.top - card.offsetHeight - 6}px`;
}
