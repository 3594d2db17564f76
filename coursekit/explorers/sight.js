// A preprocessing mistake of a chosen strength. Python computed every picture and number; this only looks up and draws.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320, HEIGHT = 190, LEFT = 34, RIGHT = 12, TOP = 22, BOTTOM = 40, INSET = 10;

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
  const mistakes = model.get("mistakes"), original = model.get("original");
  const id = Math.random().toString(36).slice(2);
  const slider = html("input", { type: "range", min: 0, step: 1, id: `strength-${id}` });
  const number = html("span", { className: "ck-number" });
  const answer = html("p", { className: "ck-answer" });
  answer.setAttribute("role", "status"); // said aloud when the slider rests
  const choices = html("fieldset", {}, html("legend", { textContent: "Mistake:" }));
  mistakes.forEach((mistake, index) => {
    const radio = html("input", { type: "radio", name: `mistake-${id}`, value: String(index) });
    radio.addEventListener("change", () => { model.set("place", index); model.set("step", 0); model.save_changes(); });
    choices.append(html("label", {}, radio, mistake.name));
  });
  const before = html("img", { src: original.picture, alt: `The picture as it is: ${original.label}` });
  const after = html("img");
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const root = html("div", { className: "ck-explorer ck-sight" },
    html("h3", { textContent: "What the model sees" }), choices,
    html("div", { className: "ck-slider" },
      html("label", { htmlFor: slider.id, textContent: "Strength" }), slider, number),
    html("div", { className: "ck-pair" },
      html("figure", {}, before, html("figcaption", { textContent: `the picture: ${original.label}` })),
      html("figure", {}, after, html("figcaption", { textContent: "what the model sees, normalisation undone" })),
      html("div", { className: "ck-chart" }, svg)),
    answer);
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  const steps = () => mistakes[model.get("place")].steps;
  const at = () => Math.max(0, Math.min(steps().length - 1, model.get("step")));
  const x = (index) => LEFT + INSET + (steps().length > 1 ? index / (steps().length - 1) : 0.5) * (WIDTH - LEFT - RIGHT - 2 * INSET);
  const y = (percent) => HEIGHT - BOTTOM - (percent / 100) * (HEIGHT - TOP - BOTTOM);

  function frame() {
    svg.replaceChildren(make("text", { x: 2, y: 12 }, `Right answers, % of ${original.count}, with 95 % interval`));
    for (const percent of [0, 50, 100])
      svg.append(make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(percent), y2: y(percent), class: "ck-grid" }),
        make("text", { x: LEFT - 6, y: y(percent) + 4, "text-anchor": "end" }, String(percent)));
    steps().forEach((step, index) => {
      svg.append(
        make("line", { x1: x(index), x2: x(index), y1: y(step.low), y2: y(step.high), class: "ck-interval" }),
        make("circle", { cx: x(index), cy: y(step.accuracy), r: 4, class: "ck-point" }),
        make("text", { x: x(index), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, step.setting));
    });
    svg.append(make("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, "strength"),
      make("circle", { r: 6.5, class: "ck-now" }));
  }

  function update() {
    const mistake = mistakes[model.get("place")], step = steps()[at()];
    slider.value = String(at());
    number.textContent = `${step.setting} (${at() + 1} of ${steps().length})`;
    slider.setAttribute("aria-valuetext", number.textContent);
    after.src = step.picture;
    after.alt = `What the model sees with ${mistake.name}, strength ${step.setting}`;
    const clipped = step.clipped ? ` ${step.clipped} % of its values lie outside of what a screen can show.` : "";
    answer.textContent = `${mistake.name}, ${step.setting}: the model says ${step.answer}, `
      + `${step.right ? "right" : "wrong"}, with probability ${step.probability.toFixed(2)}. `
      + `Of all ${original.count} pictures ${step.hits} are right, ${step.accuracy.toFixed(0)} % `
      + `(95 % interval ${step.low.toFixed(0)} to ${step.high.toFixed(0)} %), at a mean probability of `
      + `${step.sure.toFixed(2)}. What enters the model has mean ${step.mean} and spread ${step.spread}.${clipped}`;
    const mark = svg.lastElementChild;
    mark.setAttribute("cx", x(at()));
    mark.setAttribute("cy", y(step.accuracy));
    svg.setAttribute("aria-label", `Accuracy against strength, ${steps().length} points. ${answer.textContent}`);
  }

  function move(step) {
    model.set("step", Math.max(0, Math.min(steps().length - 1, step)));
    model.save_changes();
    update();
  }
  function drag(event) {
    const box = svg.getBoundingClientRect(), reach = Math.max(1, steps().length - 1);
    const place = ((event.clientX - box.left) / box.width) * WIDTH;
    move(Math.round(((place - LEFT - INSET) / (WIDTH - LEFT - RIGHT - 2 * INSET)) * reach));
  }
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); drag(event); });
  svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) drag(event); });
  slider.addEventListener("input", () => move(Number(slider.value)));
  const redraw = () => {
    slider.max = String(steps().length - 1);
    for (const radio of choices.querySelectorAll("input")) radio.checked = Number(radio.value) === model.get("place");
    frame();
    update();
  };
  model.on("change:place", redraw);
  model.on("change:step", update);
  redraw();
  el.append(root);
  return () => { model.off("change:place", redraw); model.off("change:step", update); };
}

export default { render };
