// A field's detections under two thresholds. Python matched the boxes at each IoU; this only looks up and draws.
const SVG = "http://www.w3.org/2000/svg";
const STEPS = 100;
const CURVE = { width: 260, height: 250, left: 40, right: 12, top: 28, bottom: 40 };

function make(tag, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

function html(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// A rectangle on a pale line, so that it shows on any image, with its mark: dot, cross or triangle.
function mark(kind, [left, top, right, bottom]) {
  const group = make("g"), x = (left + right) / 2, y = (top + bottom) / 2;
  const frame = { x: left, y: top, width: right - left, height: bottom - top };
  const path = { hit: `M${x - 3},${y}a3,3 0 1 0 6,0a3,3 0 1 0 -6,0`, alarm: `M${x - 4},${y - 4}l8,8m0,-8l-8,8`,
    miss: `M${x},${y - 5}l5,9h-10z` }[kind];
  group.append(make("rect", { ...frame, class: "ck-under" }), make("path", { d: path, class: "ck-under" }),
    make("rect", { ...frame, class: `ck-${kind}` }), make("path", { d: path, class: `ck-${kind}`, style: "stroke-dasharray: none" }));
  return group;
}

const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

function render({ model, el }) {
  const [width, height] = model.get("size"), boxes = model.get("boxes"), scores = model.get("scores");
  const truth = model.get("true"), ious = model.get("ious"), partners = model.get("partners"), aps = model.get("aps");
  const id = Math.random().toString(36).slice(2);

  function slider(name, text, max, value) {
    const input = html("input", { type: "range", min: 0, max, step: 1, value, id: `${name}-${id}` });
    const number = html("span", { className: "ck-number" });
    input.addEventListener("input", update);
    return { input, number, row: html("div", { className: "ck-slider" }, html("label", { htmlFor: input.id, textContent: text }), input, number) };
  }
  const score = slider("score", "Keep boxes from a score of", STEPS, 50);
  const iou = slider("iou", "Match from an IoU of", ious.length - 1, Math.max(0, ious.indexOf(0.5)));
  const answer = html("p", { className: "ck-answer" });
  answer.setAttribute("role", "status");
  const field = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const layer = make("g");
  field.append(make("image", { href: model.get("picture"), width, height }), layer);
  const curve = make("svg", { viewBox: `0 0 ${CURVE.width} ${CURVE.height}`, role: "img", class: "ck-curve" });
  const key = html("div", { className: "ck-key" });
  for (const [kind, text] of Object.entries({ hit: "hit: solid, dot", alarm: "false alarm: dashed, cross", miss: "missed cell: dotted, triangle" })) {
    const sign = make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
    sign.append(mark(kind, [3, 3, 21, 21]));
    key.append(html("span", {}, sign, text));
  }
  const root = html("div", { className: "ck-explorer ck-on-boxes" },
    html("h3", { textContent: "Two thresholds, one field" }), score.row, iou.row, answer, key,
    html("div", { className: "ck-side" }, field, curve));
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  const px = (recall) => CURVE.left + recall * (CURVE.width - CURVE.left - CURVE.right);
  const py = (precision) => CURVE.height - CURVE.bottom - precision * (CURVE.height - CURVE.top - CURVE.bottom);

  function draw(row, point) {
    curve.replaceChildren();
    for (const tick of [0, 0.5, 1]) curve.append(
      make("line", { x1: px(0), x2: px(1), y1: py(tick), y2: py(tick), class: "ck-grid" }),
      make("text", { x: px(0) - 6, y: py(tick) + 4, "text-anchor": "end" }, String(tick)),
      make("text", { x: px(tick), y: py(0) + 15, "text-anchor": "middle" }, String(tick)));
    let hits = 0;
    const steps = row.map((partner, place) => {
      hits += partner >= 0;
      return `${place ? "L" : "M"}${px(hits / truth.length)},${py(hits / (place + 1))}`;
    });
    curve.append(make("line", { x1: px(0), x2: px(1), y1: py(0), y2: py(0), class: "ck-axis" }),
      make("text", { x: px(0.5), y: CURVE.height - 6, "text-anchor": "middle" }, "recall"),
      make("text", { x: 4, y: 14 }, "precision"));
    if (steps.length) curve.append(make("path", { d: steps.join(""), class: "ck-front" }));
    if (point) curve.append(make("circle", { cx: px(point[1]), cy: py(point[0]), r: 7, class: "ck-best" }));
  }

  function update() {
    const least = Number(score.input.value) / STEPS, place = Number(iou.input.value), row = partners[place];
    const kept = scores.filter((value) => value >= least).length; // the best score comes first
    const found = new Set(row.slice(0, kept).filter((partner) => partner >= 0));
    const hits = found.size, alarms = kept - hits, misses = truth.length - hits, recall = hits / truth.length;
    layer.replaceChildren(
      ...truth.flatMap((box, index) => (found.has(index) ? [] : [mark("miss", box)])),
      ...boxes.slice(0, kept).map((box, index) => mark(row[index] >= 0 ? "hit" : "alarm", box)));
    score.number.textContent = least.toFixed(2);
    iou.number.textContent = ious[place].toFixed(2);
    score.input.setAttribute("aria-valuetext", `score ${least.toFixed(2)}`);
    iou.input.setAttribute("aria-valuetext", `IoU ${ious[place].toFixed(2)}`);
    const precision = kept ? `precision ${(hits / kept).toFixed(2)}` : "no box is kept, so there is no precision";
    answer.replaceChildren(
      html("strong", { textContent: `${many(hits, "hit")}, ${many(alarms, "false alarm")}, ${many(misses, "miss", "misses")}` }),
      `: ${precision}, recall ${recall.toFixed(2)}. Average precision at this IoU, over all scores: ${aps[place].toFixed(2)}.`);
    draw(row, kept ? [hits / kept, recall] : null);
    field.setAttribute("aria-label", `A simulated field with ${truth.length} cells and ${kept} boxes. ${answer.textContent}`);
    curve.setAttribute("aria-label", `Precision against recall. ${answer.textContent}`);
  }
  update();
  el.append(root);
}

export default { render };
