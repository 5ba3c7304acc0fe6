// Elements are made from text and attributes only: nothing that a model or an author wrote is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Icons as paths on a grid of 20, drawn with a line. */
const ICONS = {
  send: "M10 16V4m0 0L4.500 9.500M10 4l5.500 5.500",
  stop: "M6 6h8v8H6z",
  up: "M6.500 9v7.500H4V9zm0 0 3.200-6c1.200 0 2 .9 1.800 2.100L11 8h4.100c1 0 1.700.9 1.500 1.900l-1.100 5.200c-.2.800-.8 1.400-1.700 1.400H6.500",
  down: "M13.500 11V3.500H16V11zm0 0-3.200 6c-1.200 0-2-.9-1.800-2.100L9 12H4.900c-1 0-1.700-.9-1.500-1.900l1.100-5.200c.2-.8.8-1.400 1.700-1.400h7.300",
  edit: "M4 16l.7-3.200 8.600-8.600a1.500 1.500 0 0 1 2.100 0l.4.4a1.500 1.500 0 0 1 0 2.100l-8.600 8.600zM11.800 5.700l2.500 2.500",
  copy: "M8 7.500h7.500V16H8zM5 12.500h-.5V4H12v.5",
  done: "M4.500 10.500l3.700 3.700 7.300-8",
  retry: "M15.500 8.500A6 6 0 1 0 16 11.500M15.800 4v4.500h-4.500",
};

/** An element. `set` holds properties, "on…" handlers and attributes ("aria-…", "data-…", "for"); children are text or nodes. */
export function el(tag, set = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(set)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name.includes("-") || name === "for" || name === "role" || name === "popover") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon and is called `label`. */
export function iconButton(name, label, onclick, set = {}) {
  return el("button", { type: "button", class: "tool", title: label, "aria-label": label, onclick, ...set }, icon(name));
}

/** A number of things in words: count(1, "source") is "1 source". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
