// Accuracy against cost, with a budget to drag. Python computed the fronts; this only looks up and draws.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 680, HEIGHT = 340, LEFT = 46, RIGHT = 16, TOP = 28, BOTTOM = 44;
const STEPS = 200; // slider positions across the axis, which is logarithmic

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

const short = (number) =>
  number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);

function render({ model, el }) {
  const entries = model.get("entries"), axes = model.get("axes"), fronts = model.get("fronts");
  const id = Math.random().toString(36).slice(2);
  let axis = model.get("axis"), scale, points = [];

  const slider = html("input", { type: "range", min: 0, max: STEPS, step: 1, value: 100, id: `budget-${id}` });
  const number = html("span", { className: "ck-number" });
  const answer = html("p", { className: "ck-answer" });
  answer.setAttribute("role", "status"); // said aloud when the slider rests
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const choices = html("fieldset", {}, html("legend", { textContent: "Cost:" }));
  for (const [name, about] of Object.entries(axes)) {
    const radio = html("input", { type: "radio", name: `axis-${id}`, value: name, checked: name === axis });
    radio.addEventListener("change", () => { model.set("axis", name); model.save_changes(); });
    choices.append(html("label", {}, radio, `${about.label} (${about.unit})`));
  }
  const table = html("div");
  const root = html("div", { className: "ck-explorer" },
    html("h3", { textContent: "The most accurate weights within your budget" }),
    choices,
    html("div", { className: "ck-slider" },
      html("label", { htmlFor: slider.id, textContent: "Budget" }), slider, number),
    answer, svg,
    html("details", {}, html("summary", { textContent: "The front as a table" }), table));
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  function rescale() {
    const costs = entries.map((entry) => entry[axis]), values = entries.map((entry) => entry.acc1);
    const low = Math.log(Math.min(...costs) * 0.9), high = Math.log(Math.max(...costs) * 1.1);
    const bottom = Math.floor(Math.min(...values) / 5) * 5, top = Math.ceil(Math.max(...values) / 5) * 5;
    scale = {
      bottom, top,
      x: (cost) => LEFT + ((Math.log(cost) - low) / (high - low)) * (WIDTH - LEFT - RIGHT),
      y: (value) => HEIGHT - BOTTOM - ((value - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM),
      cost: (step) => Math.exp(low + (step / STEPS) * (high - low)),
      step: (x) => Math.round(((x - LEFT) / (WIDTH - LEFT - RIGHT)) * STEPS),
      ticks: [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000].filter((t) => Math.log(t) > low && Math.log(t) < high),
    };
  }

  function frame() {
    const about = axes[axis];
    svg.replaceChildren();
    for (let value = scale.bottom; value <= scale.top; value += 5) {
      const y = scale.y(value);
      svg.append(make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y, class: "ck-grid" }),
        make("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, String(value)));
    }
    for (const tick of scale.ticks)
      svg.append(make("text", { x: scale.x(tick), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(tick)));
    svg.append(
      make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM, class: "ck-axis" }),
      make("text", { x: (LEFT + WIDTH) / 2, y: HEIGHT - 8, "text-anchor": "middle" },
        `${about.label}: ${about.long} (${about.unit}, log scale)`),
      make("text", { x: 4, y: 12 }, "Top-1 accuracy on ImageNet-1K, %"));
    const steps = fronts[axis].map((index, place) => {
      const x = scale.x(entries[index][axis]), y = scale.y(entries[index].acc1);
      return place ? `H${x}V${y}` : `M${x},${y}`;
    });
    svg.append(make("path", { d: steps.join("") + `H${WIDTH - RIGHT}`, class: "ck-front" }));
    points = entries.map((entry) => {
      const circle = make("circle", { cx: scale.x(entry[axis]), cy: scale.y(entry.acc1), r: 3.5, class: "ck-point" });
      circle.append(make("title", {}, `${entry.weights}: ${entry.acc1.toFixed(1)} %, ${short(entry[axis])} ${about.unit}`));
      svg.append(circle);
      return circle;
    });
    svg.append(make("line", { y1: TOP, y2: HEIGHT - BOTTOM, class: "ck-budget" }),
      make("circle", { r: 7, class: "ck-best" }), make("text", { class: "ck-halo" }));
    const rows = fronts[axis].map((index) => html("tr", {},
      html("td", {}, html("code", { textContent: entries[index].weights })),
      html("td", { textContent: entries[index].acc1.toFixed(1) }),
      html("td", { textContent: short(entries[index][axis]) })));
    const head = html("tr", {}, ...["weights", "top-1, %", about.unit].map((t) => {
      const cell = html("th", { textContent: t });
      cell.scope = "col";
      return cell;
    }));
    table.replaceChildren(html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows)));
  }

  function update() {
    const about = axes[axis], budget = scale.cost(Number(slider.value));
    const within = entries.map((entry) => entry[axis] <= budget);
    points.forEach((point, index) => point.classList.toggle("ck-in", within[index]));
    const best = entries[fronts[axis].filter((index) => within[index]).at(-1)];
    const [line, ring, label] = [...svg.children].slice(-3);
    const x = scale.x(budget);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    for (const mark of [ring, label]) mark.style.display = best ? "" : "none";
    const count = within.filter(Boolean).length;
    number.textContent = `${short(budget)} ${about.unit}`;
    slider.setAttribute("aria-valuetext", number.textContent);
    if (!best) {
      answer.replaceChildren(`Within ${number.textContent} nothing fits. Move the budget to the right.`);
    } else {
      const bx = scale.x(best[axis]), by = scale.y(best.acc1), after = bx < LEFT + 130; // above the front and to its left there is nothing
      ring.setAttribute("cx", bx);
      ring.setAttribute("cy", by);
      label.setAttribute("x", bx + (after ? 11 : -11));
      label.setAttribute("y", Math.max(by - 9, TOP - 4));
      label.setAttribute("text-anchor", after ? "start" : "end");
      label.textContent = `${best.model} ${best.acc1.toFixed(1)} %`;
      answer.replaceChildren(`Within ${number.textContent}, ${count} of ${entries.length} weights fit. Best: `,
        html("code", { textContent: best.weights }),
        `, top-1 ${best.acc1.toFixed(1)} %, top-5 ${best.acc5.toFixed(1)} %, ${short(best.gflops)} GFLOPs, `
        + `${short(best.params)} million parameters, ${short(best.mb)} MB.`);
    }
    svg.setAttribute("aria-label", `Scatter plot of ${entries.length} weights, accuracy against ${about.long}. `
      + answer.textContent);
  }

  function drag(event) {
    const box = svg.getBoundingClientRect();
    const step = scale.step(((event.clientX - box.left) / box.width) * WIDTH);
    slider.value = Math.max(0, Math.min(STEPS, step));
    update();
  }
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); drag(event); });
  svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) drag(event); });
  slider.addEventListener("input", update);
  const redraw = () => {
    axis = model.get("axis");
    for (const radio of choices.querySelectorAll("input")) radio.checked = radio.value === axis;
    rescale(); frame(); update();
  };
  model.on("change:axis", redraw);
  redraw();
  el.append(root);
  return () => model.off("change:axis", redraw);
}

export default { render };
