// Accuracies along measured positions, with a mark to drag, and the answers on a few images at that position.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 680, HEIGHT = 260, LEFT = 44, RIGHT = 150, TOP = 26, BOTTOM = 44;
const COLORS = ["var(--ck-fits)", "var(--ck-best)", "var(--ck-third)", "var(--ck-muted)"];

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

// Lines differ by the form of their marks as well as by colour.
function mark(kind, x, y, r, color) {
  const look = { fill: color, class: "ck-mark" };
  if (kind === 0) return make("circle", { cx: x, cy: y, r, ...look });
  if (kind === 1) return make("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, ...look });
  if (kind === 2) return make("path", { d: `M${x},${y - r * 1.2}L${x + r * 1.2},${y + r}H${x - r * 1.2}Z`, ...look });
  return make("path", { d: `M${x},${y - r * 1.3}L${x + r * 1.3},${y}L${x},${y + r * 1.3}L${x - r * 1.3},${y}Z`, ...look });
}

function render({ model, el }) {
  const positions = model.get("positions"), lines = model.get("lines"), examples = model.get("examples");
  const answers = model.get("answers"), unit = model.get("unit"), named = Object.keys(answers);
  const id = Math.random().toString(36).slice(2), last = positions.length - 1;

  const slider = html("input", { type: "range", min: 0, max: last, step: 1, id: `place-${id}` });
  const number = html("span", { className: "ck-number" });
  const said = html("p", { className: "ck-answer" });
  said.setAttribute("role", "status");
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const choices = html("fieldset", {}, html("legend", { textContent: "Answers of:" }));
  for (const name of named) {
    const radio = html("input", { type: "radio", name: `line-${id}`, value: name });
    radio.addEventListener("change", () => { model.set("line", name); model.save_changes(); update(); });
    choices.append(html("label", {}, radio, name));
  }
  choices.hidden = named.length < 2;
  const tiles = html("ul", { className: "ck-tiles" });
  const table = html("div");
  const root = html("div", { className: "ck-explorer ck-answers" },
    html("h3", { textContent: model.get("title") }),
    html("div", { className: "ck-slider" },
      html("label", { htmlFor: slider.id, textContent: unit[0].toUpperCase() + unit.slice(1) }), slider, number),
    svg, said, choices, tiles,
    html("details", {}, html("summary", { textContent: "All measured accuracies as a table" }), table));
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  const x = (place) => LEFT + 14 + (place / last) * (WIDTH - LEFT - RIGHT - 28);
  const y = (value) => HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM);
  const words = (line, place) => {
    const mean = line.mean[place], spread = line.high[place] - mean;
    return mean.toFixed(2) + (spread > 0 ? ` ± ${spread.toFixed(2)}` : "");
  };

  function frame() {
    for (let value = 0; value <= 1.001; value += 0.2)
      svg.append(make("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "ck-grid" }),
        make("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1)));
    const every = Math.ceil(positions.length / 12); // no more ticks than can be read
    positions.forEach((position, place) => {
      if (place % every === 0 || place === last)
        svg.append(make("text", { x: x(place), y: HEIGHT - BOTTOM + 17, "text-anchor": "middle" }, String(position)));
    });
    svg.append(make("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, unit),
      make("text", { x: 4, y: 12 }, "accuracy"));
    const labels = lines.map((line, kind) => ({ kind, name: line.name, y: y(line.mean[last]) + 4 })).sort((a, b) => a.y - b.y);
    for (let place = 1; place < labels.length; place++) labels[place].y = Math.max(labels[place].y, labels[place - 1].y + 15);
    for (const one of labels)
      svg.append(mark(one.kind, WIDTH - RIGHT + 10, one.y - 4, 4, COLORS[one.kind]),
        make("text", { x: WIDTH - RIGHT + 20, y: one.y }, one.name));
    lines.forEach((line, kind) => {
      const path = line.mean.map((value, place) => `${place ? "L" : "M"}${x(place)},${y(value)}`).join("");
      svg.append(make("path", { d: path, class: "ck-line", stroke: COLORS[kind] }));
      line.mean.forEach((value, place) => {
        if (line.high[place] > value)
          svg.append(make("line", { x1: x(place), x2: x(place), y1: y(line.low[place]), y2: y(Math.min(1, line.high[place])),
            class: "ck-line", stroke: COLORS[kind] }));
        svg.append(mark(kind, x(place), y(value), 4, COLORS[kind]));
      });
    });
    svg.append(make("line", { y1: TOP - 6, y2: HEIGHT - BOTTOM, class: "ck-budget" }));
    for (const [place, example] of examples.entries()) {
      const tile = html("li", {}, html("img", { src: example.picture, alt: `Cell ${place + 1}, truly: ${example.truth}` }),
        html("span", { className: "ck-verdict" }), html("span", { className: "ck-said" }));
      tiles.append(tile);
    }
    const head = html("tr", {}, ...[unit, ...lines.map((line) => line.name)].map((text) => {
      const cell = html("th", { textContent: text });
      cell.scope = "col";
      return cell;
    }));
    const rows = positions.map((position, place) => html("tr", {}, html("td", { textContent: position }),
      ...lines.map((line) => html("td", { textContent: words(line, place) }))));
    table.append(html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows)));
  }

  function update() {
    const place = Number(slider.value), chosen = model.get("line"), given = answers[chosen][place];
    for (const radio of choices.querySelectorAll("input")) radio.checked = radio.value === chosen;
    const rule = svg.querySelector(".ck-budget");
    rule.setAttribute("x1", x(place));
    rule.setAttribute("x2", x(place));
    let right = 0;
    [...tiles.children].forEach((tile, index) => {
      const truth = examples[index].truth, hit = given[index] === truth;
      right += hit;
      tile.className = hit ? "ck-hit" : "ck-miss";
      tile.querySelector(".ck-verdict").textContent = hit ? "✓ right" : "✗ wrong";
      tile.querySelector(".ck-said").textContent = hit ? truth : `${given[index]}, is ${truth}`;
    });
    number.textContent = String(positions[place]);
    slider.setAttribute("aria-valuetext", `${positions[place]} ${unit}`);
    const parts = lines.map((line) => `${line.name} ${words(line, place)}`).join(", ");
    said.textContent = `At ${positions[place]} (${unit}): accuracy ${parts}. Right among the ${examples.length} images `
      + `below: ${right}${named.length > 1 ? ` (${chosen})` : ""}.`;
    svg.setAttribute("aria-label", `Line chart, accuracy against ${unit}, ${lines.length} lines. ${said.textContent}`);
  }

  function move(place) {
    slider.value = Math.max(0, Math.min(last, place));
    update();
    if (model.get("place") !== Number(slider.value)) {
      model.set("place", Number(slider.value));
      model.save_changes();
    }
  }
  function drag(event) {
    const box = svg.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * WIDTH;
    move(Math.round(((at - LEFT - 14) / (WIDTH - LEFT - RIGHT - 28)) * last));
  }
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); drag(event); });
  svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) drag(event); });
  slider.addEventListener("input", () => move(Number(slider.value)));
  const follow = () => { slider.value = model.get("place"); update(); };
  model.on("change:place change:line", follow);
  frame();
  follow();
  el.append(root);
  return () => model.off("change:place change:line", follow);
}

export default { render };
