// One spectrum as SVG at the width it will have: curves, axes with units, and named hairlines that keep apart.

const space = "http://www.w3.org/2000/svg";
const rowHeight = 15;
const ruler = document.createElement("canvas").getContext("2d");
ruler.font = "700 12px system-ui, sans-serif";

function s(tag, attributes, ...children) {
  const node = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** `scene`: traces [{name, points: [[hz, height]…]}], marks [{hz, name}], strong names, top in Hz, the unit. */
export function plot(scene, width) {
  const highest = Math.max(...scene.traces.flatMap((trace) => trace.points.map((point) => point[1])));
  const heights = ticks(highest * 1.04 || 1, 5);
  const ceiling = Math.max(highest * 1.04, Number.MIN_VALUE);
  const decimals = Math.max(0, Math.min(6, -Math.floor(Math.log10(heights[1] ?? 1) + 1e-9)));
  const texts = heights.map((value) => value.toFixed(decimals));
  const left = Math.ceil(Math.max(...texts.map((text) => ruler.measureText(text).width))) + 10;
  const right = width - 8;
  const x = (hz) => left + (hz / scene.top) * (right - left);
  const labels = place(scene.marks.filter((mark) => mark.hz <= scene.top), scene.strong, x, left, right);
  const rows = Math.max(0, ...labels.map((label) => (label.row ?? -1) + 1));
  const top = 22 + rows * rowHeight;
  const bottom = top + (width < 480 ? 150 : 190);
  const y = (height) => bottom - (height / ceiling) * (bottom - top);

  const svg = s("svg", { width, height: bottom + 24, viewBox: `0 0 ${width} ${bottom + 24}`, "aria-hidden": "true" });
  for (const [index, value] of heights.entries()) {
    svg.append(s("line", { class: index ? "grid" : "axis", x1: left, x2: right, y1: y(value), y2: y(value) }),
      s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, texts[index]));
  }
  svg.append(s("text", { x: 0, y: 12 }, scene.unit));
  const along = ticks(scene.top, Math.max(2, Math.floor((right - left) / 60)));
  for (const hz of along) {
    const text = hz === along.at(-1) ? `${hz} Hz` : String(hz);
    const half = ruler.measureText(text).width / 2;
    svg.append(s("line", { class: "axis", x1: x(hz), x2: x(hz), y1: bottom, y2: bottom + 4 }),
      s("text", { x: Math.min(x(hz), right - half + 6), y: bottom + 18, "text-anchor": "middle" }, text));
  }
  for (const { mark, row: at, isBeside } of labels) {
    const start = at === undefined ? top : 22 + (isBeside ? at : at + 1) * rowHeight - 3;
    svg.append(s("line", { class: kindOf(mark, scene.strong), x1: x(mark.hz), x2: x(mark.hz), y1: start, y2: bottom }));
  }
  for (const trace of scene.traces) {
    const path = trace.points.filter(([hz]) => hz <= scene.top)
      .map(([hz, height], index) => `${index ? "L" : "M"}${x(hz).toFixed(1)} ${y(height).toFixed(1)}`).join("");
    svg.append(s("path", { class: `trace trace-${trace.name}`, d: path }));
  }
  for (const { mark, row: at, middle } of labels.filter((label) => label.row !== undefined)) {
    svg.append(s("text", { class: `${kindOf(mark, scene.strong)}-name`, x: middle, y: 22 + at * rowHeight + 9,
      "text-anchor": "middle" }, mark.name));
  }
  return svg;
}

const kindOf = (mark, strong) => (strong.has(mark.name) ? "mark strong" : "mark");

/** Round numbers from nothing to the top. */
function ticks(top, atMost) {
  const raw = top / atMost;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999);
  const found = [];
  for (let index = 0; index * step <= top * 1.0001; index += 1) found.push(Number((index * step).toPrecision(6)));
  return found;
}

/**
 * Where names stand: in one of three rows, over their hairline or beside it, touching neither another name nor its
 * hairline. What the diagnosis rests on chooses first; what finds no room has its line only, and is in the table.
 */
function place(marks, strong, x, left, right) {
  const order = [...marks].sort((a, b) => strong.has(b.name) - strong.has(a.name) || a.hz - b.hz);
  const placed = [];
  for (const mark of order) {
    const at = x(mark.hz);
    const half = ruler.measureText(mark.name).width / 2 + 3;
    const over = Math.min(Math.max(at, left + half), right - half);
    const seats = [0, 1, 2].flatMap((row) => [over, at + half, at - half].map((middle) => ({ row, middle })));
    const seat = seats.find(({ row, middle }) => middle - half >= left - 2 && middle + half <= right + 2
      && placed.every((other) => {
        if (other.row === undefined) return true;
        const isApart = Math.abs(other.middle - middle) >= other.half + half;
        if (other.row === row) return isApart;
        // Hairlines run from a name downwards: the one in the upper row passes the lower one's name.
        const [upper, lower] = other.row < row ? [other.at, { middle, half }] : [at, other];
        return Math.abs(upper - lower.middle) >= lower.half;
      }));
    placed.push({ mark, at, half, ...seat, isBeside: seat && seat.middle !== over });
  }
  return placed;
}
