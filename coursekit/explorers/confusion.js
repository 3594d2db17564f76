// A confusion matrix whose four cells are dragged. The ratios are divisions of a few counts, so the browser does them.
const CELLS = ["tp", "fn", "fp", "tn"]; // row by row
const REACH = 200; // a slider's end, unless the count is larger
const PIXELS = 3; // to the side for one image more

function html(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
const count = (number) => number.toLocaleString("en");

function render({ model, el }) {
  const id = Math.random().toString(36).slice(2);
  const one = model.get("positive"), other = model.get("negative"), largest = model.get("largest");
  const about = {
    tp: ["TP", `${one} called ${one}`, "True positives"],
    fn: ["FN", `${one} called ${other}`, "False negatives"],
    fp: ["FP", `${other} called ${one}`, "False positives"],
    tn: ["TN", `${other} called ${other}`, "True negatives"],
  };
  const metrics = {
    accuracy: { above: ["tp", "tn"], below: CELLS, times: 1, says: (a, b) => `${a} of ${b} images were called what they are`,
      empty: "there are no images, so there is nothing to be right about" },
    precision: { above: ["tp"], below: ["tp", "fp"], times: 1, says: (a, b) => `of ${b} images called ${one}, ${a} are ${one}`,
      empty: `nothing was called ${one}, so there is nothing to be right about` },
    recall: { above: ["tp"], below: ["tp", "fn"], times: 1, says: (a, b) => `of ${b} images that are ${one}, ${a} were called so`,
      empty: `no image is a ${one}, so there is nothing to find` },
    F1: { above: ["tp"], below: ["tp", "fp", "fn"], times: 2, says: (a, b) => `twice the hits, ${a}, over ${b}, which adds both kinds of error`,
      empty: `no image is a ${one} and nothing was called so` },
  };
  let counts = { ...model.get("counts") }, shown = "precision", refused = "";
  const part = {}; // the elements of each cell and each metric

  function cell(name) {
    const [short, words, long] = about[name];
    const number = html("input", { type: "text", inputMode: "numeric", id: `${name}-${id}`, autocomplete: "off" });
    const range = html("input", { type: "range", min: 0, step: 1 });
    range.setAttribute("aria-label", `${long}: ${words}`);
    const label = html("label", { htmlFor: number.id }, html("b", { textContent: short }));
    const place = html("span", { className: "cm-place" }), fill = html("div", { className: "cm-fill" });
    const box = html("div", { className: `cm-cell ${name[0] === "f" ? "cm-wrong" : "cm-right"}` },
      html("div", { className: "cm-head" }, label, number, html("span", { textContent: words })), place, range, fill);
    box.dataset.cell = name;
    number.addEventListener("change", () => typed(name, number));
    range.addEventListener("input", () => set({ [name]: Number(range.value) }));
    let from = null;
    box.addEventListener("pointerdown", (event) => {
      if (event.target === number || event.target === range) return; // they have a drag of their own
      from = { x: event.clientX, value: counts[name] };
      box.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    box.addEventListener("pointermove", (event) => {
      if (from === null || !box.hasPointerCapture(event.pointerId)) return;
      const value = from.value + Math.round((event.clientX - from.x) / PIXELS);
      set({ [name]: Math.max(0, Math.min(largest, value)) });
    });
    for (const kind of ["pointerup", "pointercancel"]) box.addEventListener(kind, () => { from = null; });
    part[name] = { number, range, box, place, fill };
    return box;
  }

  function typed(name, number) {
    const text = number.value.trim().replace(/,/g, "");
    if (!/^\d+$/.test(text) || Number(text) > largest) {
      const why = /^-/.test(text) ? "There cannot be fewer than no images."
        : /^\d+[.]\d*$/.test(text) ? "There are no parts of images."
        : /^\d+$/.test(text) ? "That is more than this page counts."
        : "That is no number.";
      refused = `Not counted: ${number.value.trim() || "nothing"}. ${why} A cell holds a whole number from 0 to ${count(largest)}; ${about[name][0]} stays ${count(counts[name])}.`;
      number.setAttribute("aria-invalid", "true");
      tell();
      return;
    }
    set({ [name]: Number(text) });
  }

  function set(change) {
    refused = "";
    counts = { ...counts, ...change };
    update();
    model.set("counts", counts);
    model.save_changes();
  }

  const side = (text, of = "") => html("div", { className: `cm-side ${of}`, textContent: text });
  const sums = Object.fromEntries(["row1", "row2", "col1", "col2", "all"].map((key) => [key, html("div", { className: "cm-sum" })]));
  const matrix = html("div", { className: "cm-matrix" },
    html("div", { className: "cm-corner" }), side(`called ${one}`), side(`called ${other}`), html("div", { className: "cm-sum" }),
    side(one, "cm-row"), cell("tp"), cell("fn"), sums.row1,
    side(other, "cm-row"), cell("fp"), cell("tn"), sums.row2,
    html("div", { className: "cm-sum" }), sums.col1, sums.col2, sums.all);
  const ratios = html("div", { className: "cm-ratios" });
  for (const name of Object.keys(metrics)) {
    const button = html("button", { type: "button", textContent: name });
    button.addEventListener("click", () => { shown = name; refused = ""; update(); });
    const fraction = html("span", { className: "cm-fraction" }), value = html("span", { className: "cm-value" });
    const inner = html("div"), bar = html("div", { className: "cm-bar" }, inner);
    bar.setAttribute("aria-hidden", "true"); // the value stands beside it
    part[name] = { button, fraction, bar, inner, value };
    ratios.append(button, fraction, bar, value);
  }
  const answer = html("p", { className: "ck-answer" });
  answer.setAttribute("role", "status");
  const tries = html("div", { className: "cm-tries" });
  const attempts = {
    "Back to the start": () => model.get("start"),
    "Ten times the images": () => Object.fromEntries(CELLS.map((name) => [name, counts[name] * 10])),
    [`Nothing is called ${one}`]: () => ({ tp: 0, fn: counts.tp + counts.fn, fp: 0, tn: counts.fp + counts.tn }),
    [`No ${one} among the images`]: () => ({ tp: 0, fn: 0 }),
  };
  for (const [text, make] of Object.entries(attempts)) {
    const button = html("button", { type: "button", textContent: text });
    button.addEventListener("click", () => {
      const next = make();
      const over = CELLS.find((name) => (next[name] ?? 0) > largest);
      if (over) {
        refused = `Not done: ${about[over][0]} would be ${count(next[over])}, and a cell holds at most ${count(largest)}.`;
        tell();
      } else set(next);
    });
    tries.append(button);
  }
  const root = html("div", { className: "ck-explorer ck-confusion" },
    html("h3", { textContent: "Drag a cell to the side, move its slider, or type a count" }),
    matrix, ratios, answer, tries);
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the sliders, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  const add = (names) => names.reduce((sum, name) => sum + counts[name], 0);

  function reading(name) {
    const { above, below, times } = metrics[name];
    const a = times * add(above), b = add(below) + (times - 1) * add(above);
    return { a, b, text: b ? (a / b).toFixed(2) : "no value" };
  }

  function tell() {
    const { a, b, text } = reading(shown), about = metrics[shown];
    const missing = Object.keys(metrics).filter((name) => name !== shown && reading(name).b === 0);
    const said = b ? `${shown} ${count(a)} / ${count(b)} = ${text}: ${about.says(count(a), count(b))}.`
      : `${shown} is 0 / 0, which is no number: ${about.empty}. A library that prints 0 here has made a choice for you.`;
    const others = missing.map((name) => ` ${capital(name)} has no value: ${metrics[name].empty}.`).join("");
    answer.textContent = refused || capital(said) + others;
  }

  function update() {
    const top = Math.max(...CELLS.map((name) => counts[name]), 1);
    for (const name of CELLS) {
      const { number, range, box, place, fill } = part[name];
      number.value = String(counts[name]);
      number.removeAttribute("aria-invalid");
      range.max = Math.max(REACH, counts[name]);
      range.value = counts[name];
      fill.style.width = `${(100 * counts[name]) / top}%`;
      const above = metrics[shown].above.includes(name), below = metrics[shown].below.includes(name);
      box.classList.toggle("cm-above", above);
      box.classList.toggle("cm-below", below && !above);
      place.textContent = above ? "above and below the line" : below ? "below the line" : "not in it";
    }
    for (const name of Object.keys(metrics)) {
      const { button, fraction, bar, inner, value } = part[name], { a, b, text } = reading(name);
      button.setAttribute("aria-pressed", String(name === shown));
      fraction.textContent = `${count(a)} / ${count(b)}`;
      inner.style.width = b ? `${(100 * a) / b}%` : "0";
      bar.classList.toggle("cm-none", !b);
      value.textContent = text;
    }
    sums.row1.textContent = `${one}: ${count(counts.tp + counts.fn)}`;
    sums.row2.textContent = `${other}: ${count(counts.fp + counts.tn)}`;
    sums.col1.textContent = `called ${one}: ${count(counts.tp + counts.fp)}`;
    sums.col2.textContent = `called ${other}: ${count(counts.fn + counts.tn)}`;
    sums.all.textContent = `in all: ${count(add(CELLS))}`;
    tell();
  }

  const follow = () => { counts = { ...model.get("counts") }; refused = ""; update(); };
  model.on("change:counts", follow);
  update();
  el.append(root);
  return () => model.off("change:counts", follow);
}

export default { render };
