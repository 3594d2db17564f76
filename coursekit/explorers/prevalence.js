// Where an accuracy comes from. Three numbers set, everything else follows from them at once.
const SVG = "http://www.w3.org/2000/svg";
const CELLS = 10000, WIDTH = 680, BAR = 26, ROW = 66;
const NAMES = {
  prevalence: "Prevalence", recall: "Recall", false_alarms: "False-alarm rate", accuracy: "Accuracy claimed",
};
// Stops of the slider: close together where classes are rare. The box beside it takes any number.
const RARE = [0, 0.1, 0.2, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100];
const EVEN = Array.from({ length: 101 }, (_, n) => n);
const NEAR_ONE = [...EVEN.slice(0, 90), ...Array.from({ length: 101 }, (_, n) => Number((90 + n / 10).toFixed(1)))];
const STOPS = { prevalence: RARE, recall: EVEN, false_alarms: [...RARE], accuracy: NEAR_ONE };

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

const count = (number) => Math.round(number).toLocaleString("en");
const percent = (number) => `${number.toFixed(1)} %`;
const nearest = (stops, value) =>
  stops.reduce((best, stop, place) => (Math.abs(stop - value) < Math.abs(stops[best] - value) ? place : best), 0);

// The same as mixture() in prevalence.py; a problem instead of an error.
export function mix({ prevalence, recall, false_alarms, accuracy, setting }) {
  const infected = (CELLS * prevalence) / 100, healthy = CELLS - infected;
  const found = (infected * recall) / 100, missed = infected - found;
  let alarms = (healthy * false_alarms) / 100;
  if (setting === "accuracy") {
    alarms = (CELLS * (100 - accuracy)) / 100 - missed;
    if (alarms < -1e-6)
      return { problem: `Impossible: ${count(missed)} of ${count(CELLS)} cells are missed, so the accuracy is at most `
        + `${percent((100 * (CELLS - missed)) / CELLS)}, whatever else the model does. ${accuracy} % cannot be true at `
        + "this prevalence and recall." };
    if (alarms > healthy + 1e-6)
      return { problem: `Impossible: the ${count(found)} infected cells that are found are right answers, so the accuracy `
        + `is at least ${percent((100 * found) / CELLS)}, even if every healthy cell is flagged. ${accuracy} % cannot be `
        + "true here." };
    alarms = Math.min(Math.max(alarms, 0), healthy);
  }
  return { infected, healthy, found, missed, alarms, passed: healthy - alarms };
}

function render({ model, el }) {
  const id = Math.random().toString(36).slice(2);
  const values = {}; // what stands in the boxes, also where it is no number
  const fields = {};
  const answer = html("p", { className: "ck-answer" });
  answer.setAttribute("role", "status"); // said aloud when a number changes
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${3 * ROW}`, role: "img", class: "ck-bars" });

  function dial(name) {
    const stops = STOPS[name];
    const slider = html("input", { type: "range", min: 0, max: stops.length - 1, step: 1, id: `${name}-${id}` });
    const box = html("input", { type: "number", min: 0, max: 100, step: "any" });
    box.setAttribute("aria-label", `${NAMES[name]} in percent`);
    slider.addEventListener("input", () => set(name, String(stops[Number(slider.value)])));
    box.addEventListener("input", () => set(name, box.value));
    const row = html("div", { className: "ck-dial" },
      html("label", { htmlFor: slider.id, textContent: NAMES[name] }), slider, box, html("span", { textContent: "%" }));
    fields[name] = { row, slider, box, stops };
    return row;
  }

  const choices = html("fieldset", {}, html("legend", { textContent: "Set:" }));
  for (const [name, words] of [["false_alarms", "the false-alarm rate"], ["accuracy", "an accuracy that a report claims"]]) {
    const radio = html("input", { type: "radio", name: `setting-${id}`, value: name });
    radio.addEventListener("change", () => { model.set("setting", name); model.save_changes(); });
    choices.append(html("label", {}, radio, words));
  }
  const root = html("div", { className: "ck-explorer" },
    html("h3", { textContent: "Where an accuracy comes from" }),
    choices, ...Object.keys(NAMES).map(dial), answer, svg);
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  function set(name, text) {
    values[name] = text;
    const number = Number(text);
    if (text.trim() !== "" && number >= 0 && number <= 100) {
      model.set(name, number);
      model.save_changes();
    }
    update(name);
  }

  function wrong(name) {
    const text = values[name].trim(), number = Number(text);
    if (text !== "" && number >= 0 && number <= 100) return "";
    const seen = text === "" ? "nothing, or no number" : text;
    return `${NAMES[name]} must be a number from 0 to 100 %; seen ${seen}.`;
  }

  function bar(row, heading, parts, total) {
    const y = row * ROW + 20;
    svg.append(make("text", { x: 0, y: y - 6, class: "ck-heading" }, heading));
    svg.append(make("rect", { x: 0.5, y, width: WIDTH - 1, height: BAR, class: "ck-frame" }));
    let x = 0;
    for (const [kind, words, number] of parts) {
      const width = total > 1e-9 ? (number / total) * WIDTH : 0;
      if (width > 0.2) {
        const fill = { missed: `url(#missed-${id})`, alarms: `url(#alarms-${id})` }[kind];
        const rect = make("rect", { x, y, width, height: BAR, class: `ck-${kind}`, ...(fill ? { fill } : {}) });
        rect.append(make("title", {}, `${words}: ${count(number)}`));
        svg.append(rect);
      }
      const label = `${words} ${count(number)}`;
      if (width > 7 * label.length) svg.append(make("text", { x: x + 3, y: y + BAR + 14 }, label));
      x += width;
    }
  }

  function pattern(name, color, turn) {
    const one = make("pattern", { id: `${name}-${id}`, width: 6, height: 6, patternUnits: "userSpaceOnUse",
      patternTransform: `rotate(${turn})` });
    one.append(make("line", { x1: 0, y1: 0, x2: 0, y2: 6, stroke: color, "stroke-width": 3 }));
    return one;
  }

  function update(edited) {
    const setting = model.get("setting");
    for (const radio of choices.querySelectorAll("input")) radio.checked = radio.value === setting;
    fields.false_alarms.row.hidden = setting !== "false_alarms";
    fields.accuracy.row.hidden = setting !== "accuracy";
    for (const [name, { row, slider, box, stops }] of Object.entries(fields)) {
      row.style.display = row.hidden ? "none" : "";
      if (document.activeElement !== box || edited !== name) box.value = values[name];
      box.setAttribute("aria-invalid", String(Boolean(wrong(name))));
      if (!wrong(name)) {
        if (stops[Number(slider.value)] !== Number(values[name])) slider.value = nearest(stops, Number(values[name]));
        slider.setAttribute("aria-valuetext", `${Number(values[name])} %`);
      }
    }
    const used = ["prevalence", "recall", setting];
    const problem = used.map(wrong).find(Boolean);
    const numbers = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]));
    const one = problem ? { problem } : mix({ ...numbers, setting });
    answer.classList.toggle("ck-problem", Boolean(one.problem));
    svg.replaceChildren();
    svg.style.display = one.problem ? "none" : "";
    if (one.problem) {
      answer.textContent = one.problem;
      return;
    }
    const { infected, healthy, found, missed, alarms, passed } = one, flagged = found + alarms;
    const accuracy = percent((100 * (found + passed)) / CELLS);
    const precision = flagged > 1e-9 ? percent((100 * found) / flagged) : "not defined, as nothing is flagged";
    const recall = infected > 1e-9 ? "" : " No cell is infected, so there is nothing to find, and recall means nothing.";
    const spared = healthy > 1e-9 ? "" : " No cell is healthy, so there can be no false alarm.";
    answer.textContent = `Of ${count(CELLS)} cells ${count(infected)} are infected: ${count(found)} found, `
      + `${count(missed)} missed, and ${count(alarms)} of ${count(healthy)} healthy ones are flagged. Accuracy ${accuracy}, `
      + `precision ${precision}; one and the same answer for every cell scores `
      + `${percent((100 * Math.max(infected, healthy)) / CELLS)}.${recall}${spared}`;
    const definitions = make("defs");
    definitions.append(pattern("missed", "var(--ck-best)", 45), pattern("alarms", "var(--ck-muted)", -45));
    svg.append(definitions);
    bar(0, `All cells: accuracy ${accuracy}`,
      [["passed", "healthy, passed", passed], ["found", "found", found], ["missed", "missed", missed],
        ["alarms", "false alarms", alarms]], CELLS);
    bar(1, `Infected cells only: recall ${infected > 1e-9 ? percent((100 * found) / infected) : "not defined"}`,
      [["found", "found", found], ["missed", "missed", missed]], infected);
    bar(2, `Flagged cells only: precision ${flagged > 1e-9 ? precision : "not defined"}`,
      [["found", "infected", found], ["alarms", "false alarms", alarms]], flagged);
    svg.setAttribute("aria-label", `Three bars. ${answer.textContent}`);
  }

  const names = Object.keys(NAMES);
  const follow = () => {
    for (const name of names) {
      const value = model.get(name);
      if (!(name in values) || (!wrong(name) && Number(values[name]) !== value)) values[name] = String(value);
    }
    update();
  };
  const events = [...names, "setting"].map((name) => `change:${name}`);
  for (const event of events) model.on(event, follow);
  follow();
  el.append(root);
  return () => { for (const event of events) model.off(event, follow); };
}

export default { render };
