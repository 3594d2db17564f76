// Two boxes to drag, and what they share. All of it is arithmetic on eight numbers.
const SVG = "http://www.w3.org/2000/svg";
const SCALE = 7; // units of the drawing for a pixel
const EDGES = ["left", "top", "right", "bottom"];

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

function render({ model, el }) {
  const [width, height] = model.get("area"), least = model.get("least");
  const id = Math.random().toString(36).slice(2);
  const boxes = { true: [...model.get("true")], predicted: [...model.get("predicted")] };
  let chosen = "predicted", held = null;

  const svg = make("svg", { viewBox: `-2 -16 ${width * SCALE + 4} ${height * SCALE + 32}`, role: "img", class: "ck-boxes" });
  const hatch = make("pattern", { id: `hatch-${id}`, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  hatch.append(make("rect", { width: 8, height: 8, class: "ck-hatch-ground" }), make("line", { y2: 8, class: "ck-hatch-line" }));
  const defs = make("defs");
  defs.append(hatch);
  const shared = make("rect", { fill: `url(#hatch-${id})`, class: "ck-shared" });
  const marks = {};
  for (const name of ["true", "predicted"]) marks[name] = {
    box: make("rect", { class: `ck-box ck-${name}` }),
    corner: make("rect", { width: 14, height: 14, class: `ck-corner ck-${name}` }),
    label: make("text", { class: "ck-halo" }, name),
  };
  svg.append(defs, make("rect", { width: width * SCALE, height: height * SCALE, class: "ck-frame" }), shared,
    marks.true.box, marks.predicted.box, marks.true.corner, marks.predicted.corner, marks.true.label, marks.predicted.label);

  const answer = html("p", { className: "ck-answer" });
  answer.setAttribute("role", "status");
  const which = html("fieldset", {}, html("legend", { textContent: "The sliders move" }));
  for (const name of ["predicted", "true"]) {
    const radio = html("input", { type: "radio", name: `box-${id}`, value: name, checked: name === chosen });
    radio.addEventListener("change", () => { chosen = name; update(); });
    which.append(html("label", {}, radio, `the ${name} box`));
  }
  const sliders = EDGES.map((edge, index) => {
    const input = html("input", { type: "range", min: 0, max: index % 2 ? height : width, step: 1, id: `${edge}-${id}` });
    const number = html("span", { className: "ck-number" });
    input.addEventListener("input", () => { set(chosen, index, Number(input.value)); update(); });
    return { input, number, row: html("div", { className: "ck-slider" },
      html("label", { htmlFor: input.id, textContent: `its ${edge} edge` }), input, number) };
  });
  const presets = html("div", { className: "ck-presets" });
  for (const [text, box] of Object.entries({
    "half a width off": (t) => shift(t, Math.round((t[2] - t[0]) / 2), 0),
    "2 pixels off": (t) => shift(t, 2, 0),
    "inside": (t) => [t[0] + quarter(t, 0), t[1] + quarter(t, 1), t[2] - quarter(t, 0), t[3] - quarter(t, 1)],
    "the same": (t) => [...t],
  })) {
    const button = html("button", { type: "button", textContent: text });
    button.addEventListener("click", () => { boxes.predicted = fit(box(boxes.true)); chosen = "predicted"; update(); });
    presets.append(button);
  }
  const root = html("div", { className: "ck-explorer ck-on-boxes" },
    html("h3", { textContent: "Drag a box, or its corner" }), answer, svg,
    html("div", { className: "ck-presets-row" }, html("span", { textContent: "Put the predicted box:" }), presets),
    which, ...sliders.map((one) => one.row));
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  const quarter = (box, axis) => Math.max(0, Math.min(Math.floor((box[axis + 2] - box[axis]) / 4),
    Math.floor((box[axis + 2] - box[axis] - least) / 2)));
  function shift(box, x, y) { return [box[0] + x, box[1] + y, box[2] + x, box[3] + y]; }

  function fit(box) { // moved back into the area, with its size
    const x = Math.max(-box[0], Math.min(0, width - box[2])), y = Math.max(-box[1], Math.min(0, height - box[3]));
    return shift(box, x, y);
  }

  function set(name, index, value) { // an edge stays inside, and away from the opposite one
    const box = boxes[name], end = index % 2 ? height : width;
    box[index] = index < 2
      ? Math.max(0, Math.min(value, box[index + 2] - least))
      : Math.min(end, Math.max(value, box[index - 2] + least));
  }

  function update() {
    const [t, p] = [boxes.true, boxes.predicted];
    const start = [Math.max(t[0], p[0]), Math.max(t[1], p[1])];
    const size = [0, 1].map((axis) => Math.max(0, Math.min(t[axis + 2], p[axis + 2]) - start[axis]));
    const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
    const both = size[0] * size[1], union = area(t) + area(p) - both, iou = both / union;
    for (const [name, mark] of Object.entries(marks)) {
      const [x, y, right, bottom] = boxes[name].map((value) => value * SCALE);
      for (const [key, value] of Object.entries({ x, y, width: right - x, height: bottom - y })) mark.box.setAttribute(key, value);
      mark.corner.setAttribute("x", right - 14);
      mark.corner.setAttribute("y", bottom - 14);
      mark.label.setAttribute("x", name === "true" ? x + 2 : right - 2);
      mark.label.setAttribute("text-anchor", name === "true" ? "start" : "end");
      mark.label.setAttribute("y", name === "true" ? y - 4 : bottom + 13);
    }
    shared.setAttribute("x", start[0] * SCALE);
    shared.setAttribute("y", start[1] * SCALE);
    shared.setAttribute("width", size[0] * SCALE);
    shared.setAttribute("height", size[1] * SCALE);
    sliders.forEach(({ input, number }, index) => {
      input.value = boxes[chosen][index];
      number.textContent = `${boxes[chosen][index]} px`;
      input.setAttribute("aria-valuetext", `${chosen} box, ${EDGES[index]} edge at ${boxes[chosen][index]} pixels`);
    });
    for (const radio of which.querySelectorAll("input")) radio.checked = radio.value === chosen;
    answer.replaceChildren(
      `Intersection ${size[0]} x ${size[1]} = ${both}. Union ${area(t)} + ${area(p)} - ${both} = ${union}. `,
      html("strong", { textContent: `IoU ${iou.toFixed(2)}` }),
      `, Dice ${((2 * both) / (area(t) + area(p))).toFixed(2)}: ${iou >= 0.5 ? "a match" : "no match"} at 0.5`
      + `, ${iou >= 0.75 ? "a match" : "no match"} at 0.75.`);
    svg.setAttribute("aria-label", `Two boxes. True: ${t.join(", ")}. Predicted: ${p.join(", ")}. ${answer.textContent}`);
  }

  function place(event) {
    const frame = svg.getScreenCTM();
    return [(event.clientX - frame.e) / frame.a / SCALE, (event.clientY - frame.f) / frame.d / SCALE];
  }

  svg.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    const order = chosen === "true" ? ["true", "predicted"] : ["predicted", "true"];
    for (const name of order) {
      const [left, top, right, bottom] = boxes[name], corner = Math.hypot(x - right, y - bottom) < 4;
      if (!corner && !(x >= left && x <= right && y >= top && y <= bottom)) continue;
      chosen = name;
      held = { corner, from: [x, y], box: [...boxes[name]] };
      svg.setPointerCapture(event.pointerId);
      update();
      return;
    }
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held || !svg.hasPointerCapture(event.pointerId)) return;
    const [x, y] = place(event), move = [x - held.from[0], y - held.from[1]].map(Math.round);
    if (held.corner) {
      set(chosen, 2, held.box[2] + move[0]);
      set(chosen, 3, held.box[3] + move[1]);
    } else boxes[chosen] = fit(shift(held.box, ...move));
    update();
  });
  svg.addEventListener("pointerup", () => { held = null; });
  svg.addEventListener("pointercancel", () => { held = null; });
  update();
  el.append(root);
}

export default { render };
