// Builds what is on the screen out of elements and text; data never becomes markup.

import { paths } from "./icons.js";

/** An element. Properties: `class`, `on…` listeners, `style` as an object, everything else an attribute. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** One of our icons; silent to screen readers unless it has a label. */
export function icon(name, label) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  for (const shape of paths[name] ?? paths.dot) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", shape.d ?? shape);
    if (shape.fill) path.setAttribute("class", "filled");
    svg.append(path);
  }
  return svg;
}

const drawn = new WeakMap();

/**
 * Makes `parent` show `items` in order. What has not changed stays the same element, so that scroll, focus and open
 * panels stay too. Returns the elements that are new.
 */
export function reconcile(parent, items, keyOf, make) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focused = document.activeElement;
  const fresh = [];
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const print = JSON.stringify(item);
    let node = known.get(key);
    known.delete(key);
    if (!node || drawn.get(node) !== print) {
      const made = make(item);
      made.dataset.key = key;
      drawn.set(made, print);
      if (node) {
        const hadFocus = node.contains(focused);
        if (at === node) at = made;
        node.replaceWith(made);
        if (hadFocus) focusIn(made);
      } else fresh.push(made);
      node = made;
    }
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
  for (const node of known.values()) node.remove();
  // A moved element loses its focus.
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  return fresh;
}

function focusIn(node) {
  const goal = node.matches("a, button") ? node : node.querySelector("a, button");
  goal?.focus({ preventScroll: true });
}

/** Replaces what is in `parent`. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
}
