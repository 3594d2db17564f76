// One threshold to drag. Python counted hits and false alarms at every stop; this only looks up and draws.
const SVG = "http://www.w3.org/2000/svg";
const WIDE = 680, LOW = 190, SIDE = 330, HIGH = 270, LEFT = 44, RIGHT = 14, TOP = 22, BOTTOM = 40;
const LIMIT = 9; // log-odds at the ends of the axis of scores
const TICKS = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999];
const logit = (p) => Math.log(p / (1 - p));
const SHARES = [0.1, 0.2, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90]; // percent infected

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

const amount = (number) => number.toLocaleString("en", { maximumFractionDigits: number < 100 ? 1 : 0 });
const short = (number) => number < 10_000 ? amount(number)
  : number.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });
const percent = (share) => `${(100 * share).toFixed(1)} %`;

function render({ model, el }) {
  const problem = model.get("problem");
  if (problem) {
    const note = html("p", { textContent: problem });
    note.setAttribute("role", "alert");
    el.append(html("div", { className: "ck-explorer" }, html("h3", { textContent: "Threshold explorer" }), note));
    return;
  }
  const thresholds = model.get("thresholds"), recall = model.get("recall"), alarms = model.get("alarms");
  const bars = model.get("bars"), counts = model.get("counts"), last = thresholds.length - 1;
  const id = Math.random().toString(36).slice(2);
  const measured = model.get("prevalence"), shares = [...new Set([...SHARES, 100 * measured])].sort((a, b) => a - b);

  const slider = html("input", { type: "range", min: 0, max: last, step: 1, id: `threshold-${id}` });
  const number = html("span", { className: "ck-number" });
  const share = html("input", { type: "range", min: 0, max: shares.length - 1, step: 1, id: `share-${id}` });
  const shareNumber = html("span", { className: "ck-number" });
  const price = (name) => html("input", { type: "number", min: 0, max: 1e6, step: "any", id: `${name}-${id}`, value: model.get(name) });
  const prices = { miss: price("miss"), alarm: price("alarm") };
  const complaint = html("p", { className: "ck-complaint" });
  complaint.setAttribute("role", "alert");
  const jump = html("button", { type: "button", textContent: "Go to the cheapest threshold" });
  const answer = html("p", { className: "ck-answer" });
  answer.setAttribute("role", "status"); // said aloud when the slider rests

  const picture = (width, height) => make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const scores = picture(WIDE, LOW), curve = picture(SIDE, HIGH), bill = picture(SIDE, HIGH);
  const cells = Object.fromEntries(["tn", "fp", "fn", "tp"].map((name) => [name, html("td", {})]));
  const head = (text, scope) => { const one = html("th", { textContent: text }); one.scope = scope; return one; };
  const table = html("table", { className: "ck-matrix" },
    html("caption", { textContent: "Expected of 1,000 cells" }),
    html("thead", {}, html("tr", {}, html("td", {}), head("passed", "col"), head("flagged", "col"))),
    html("tbody", {},
      html("tr", {}, head("healthy", "row"), cells.tn, cells.fp),
      html("tr", {}, head("infected", "row"), cells.fn, cells.tp)));
  const kinds = html("fieldset", {}, html("legend", { textContent: "Curve:" }));
  for (const [name, text] of [["pr", "precision and recall"], ["roc", "ROC"]]) {
    const radio = html("input", { type: "radio", name: `curve-${id}`, value: name });
    radio.addEventListener("change", () => { model.set("curve", name); model.save_changes(); });
    kinds.append(html("label", {}, radio, text));
  }
  const root = html("div", { className: "ck-explorer ck-threshold" },
    html("h3", { textContent: "One threshold moves everything" }),
    html("div", { className: "ck-slider" },
      html("label", { htmlFor: slider.id, textContent: "Threshold" }), slider, number,
      html("label", { htmlFor: share.id, textContent: "Infected" }), share, shareNumber),
    html("div", { className: "ck-prices" },
      html("label", { htmlFor: prices.miss.id }, "A miss costs", prices.miss),
      html("label", { htmlFor: prices.alarm.id }, "A false alarm costs", prices.alarm), jump),
    complaint, scores, answer, table, kinds,
    html("div", { className: "ck-pair" }, curve, bill));
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  const across = (odds) => LEFT + ((Math.max(-LIMIT, Math.min(LIMIT, odds)) + LIMIT) / (2 * LIMIT)) * (WIDE - LEFT - RIGHT);
  const xOf = (place) => place === 0 ? LEFT : place === last ? WIDE - RIGHT : across(logit(thresholds[place]));
  const sideX = (value) => LEFT + value * (SIDE - LEFT - RIGHT);
  const sideY = (value) => HIGH - BOTTOM - value * (HIGH - TOP - BOTTOM);

  const named = (place) => place === 0 ? "0: all flagged" : place === last ? "above 1: none flagged"
    : thresholds[place].toFixed(thresholds[place] < 0.01 || thresholds[place] > 0.99 ? 4 : 3);

  function expected(place) {
    const p = model.get("prevalence"), miss = model.get("miss"), alarm = model.get("alarm");
    const tp = 1000 * p * recall[place], fn = 1000 * p * (1 - recall[place]);
    const fp = 1000 * (1 - p) * alarms[place], tn = 1000 * (1 - p) * (1 - alarms[place]);
    return { tp, fn, fp, tn, cost: miss * fn + alarm * fp, precision: tp + fp > 0 ? tp / (tp + fp) : NaN };
  }
  function cheapest() {
    let best = 0;
    for (let place = 1; place <= last; place++) if (expected(place).cost < expected(best).cost - 1e-9) best = place;
    return best;
  }

  function histogram() {
    const middle = (LOW - BOTTOM + TOP) / 2, half = (LOW - BOTTOM - TOP) / 2;
    const most = Math.max(...bars.infected, ...bars.healthy), width = (WIDE - LEFT - RIGHT) / bars.infected.length;
    scores.replaceChildren(make("text", { x: LEFT, y: 16 }, `${counts.infected} infected cells (heights: square roots)`),
      make("text", { x: LEFT, y: LOW - BOTTOM - 4, class: "ck-halo" }, `${counts.healthy} healthy cells`));
    for (const [name, sign] of [["infected", -1], ["healthy", 1]])
      bars[name].forEach((value, index) => {
        const height = Math.sqrt(value / most) * half; // a root, so that single cells are seen beside hundreds
        scores.append(make("rect", { x: LEFT + index * width + 0.5, width: width - 1, height,
          y: sign < 0 ? middle - height : middle, class: `ck-${name}` }));
      });
    scores.append(make("line", { x1: LEFT, x2: WIDE - RIGHT, y1: middle, y2: middle, class: "ck-axis" }));
    for (const tick of TICKS)
      scores.append(make("text", { x: across(logit(tick)), y: LOW - BOTTOM + 16, "text-anchor": "middle" }, String(tick)));
    scores.append(make("text", { x: (LEFT + WIDE) / 2, y: LOW - 6, "text-anchor": "middle" },
      "score (stretched near 0 and 1)"),
      make("line", { y1: TOP - 6, y2: LOW - BOTTOM, class: "ck-budget" }));
  }

  function axes(svg, title, bottom, ticks) {
    svg.replaceChildren(make("text", { x: 6, y: 12 }, title),
      make("text", { x: (LEFT + SIDE) / 2, y: HIGH - 6, "text-anchor": "middle" }, bottom));
    for (const [value, text] of ticks)
      svg.append(make("line", { x1: LEFT, x2: SIDE - RIGHT, y1: sideY(value), y2: sideY(value), class: "ck-grid" }),
        make("text", { x: LEFT - 6, y: sideY(value) + 4, "text-anchor": "end" }, text));
    svg.append(make("line", { x1: LEFT, x2: SIDE - RIGHT, y1: sideY(0), y2: sideY(0), class: "ck-axis" }));
  }
  const line = (points, name) => make("path", { d: points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join(""), class: name });
  const point = () => make("circle", { r: 6, class: "ck-best" });
  const tenths = [[0, "0"], [0.25, "0.25"], [0.5, "0.5"], [0.75, "0.75"], [1, "1"]];

  function spot(place) { // where the operating point lies on the curve that is shown
    if (model.get("curve") === "roc") return [sideX(alarms[place]), sideY(recall[place])];
    const { precision } = expected(place);
    return Number.isNaN(precision) ? null : [sideX(recall[place]), sideY(precision)];
  }
  function drawCurve() {
    const roc = model.get("curve") === "roc", p = model.get("prevalence");
    axes(curve, roc ? "recall" : "precision", roc ? "false positive rate" : "recall", tenths);
    for (const value of [0, 0.5, 1])
      curve.append(make("text", { x: sideX(value), y: HIGH - BOTTOM + 16, "text-anchor": "middle" }, String(value)));
    const chance = roc ? [[sideX(0), sideY(0)], [sideX(1), sideY(1)]] : [[sideX(0), sideY(p)], [sideX(1), sideY(p)]];
    curve.append(line(chance, "ck-chance"),
      make("text", { x: sideX(0.5), y: roc ? sideY(0.5) + 18 : sideY(p) + (p > 0.15 ? 16 : -6), class: "ck-halo" }, "no skill"),
      line(thresholds.map((_, place) => spot(place)).filter(Boolean), "ck-front"), point());
  }
  function drawBill() {
    const costs = thresholds.map((_, place) => expected(place).cost), inner = costs.slice(1, -1);
    const top = 1.1 * Math.max(...inner) || 1; // flagging all or none may cost far more: it then lies at the rim
    axes(bill, "cost of 1,000 cells", "threshold", [[0, "0"], [0.5, short(top / 2)], [1, short(top)]]);
    const x = (place) => sideX((xOf(place) - LEFT) / (WIDE - LEFT - RIGHT));
    for (const tick of [0.001, 0.1, 0.5, 0.9, 0.999])
      bill.append(make("text", { x: sideX((across(logit(tick)) - LEFT) / (WIDE - LEFT - RIGHT)), y: HIGH - BOTTOM + 16,
        "text-anchor": "middle" }, String(tick)));
    bill.append(line(inner.map((cost, place) => [x(place + 1), sideY(cost / top)]), "ck-front"), point());
    return { x, top };
  }

  let scale;
  function frame() { histogram(); drawCurve(); scale = drawBill(); update(); }

  function update() {
    const place = model.get("place"), now = expected(place), p = model.get("prevalence"), text = named(place);
    slider.value = place;
    number.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    share.value = shares.findIndex((one) => Math.abs(one - 100 * p) < 1e-9);
    shareNumber.textContent = `${amount(100 * p)} % of cells`;
    share.setAttribute("aria-valuetext", shareNumber.textContent);
    const mark = scores.lastChild;
    mark.setAttribute("x1", xOf(place));
    mark.setAttribute("x2", xOf(place));
    const here = spot(place), ring = curve.lastChild;
    ring.style.display = here ? "" : "none";
    if (here) { ring.setAttribute("cx", here[0]); ring.setAttribute("cy", here[1]); }
    bill.lastChild.setAttribute("cx", scale.x(place));
    bill.lastChild.setAttribute("cy", sideY(Math.min(1, now.cost / scale.top)));
    const words = { tn: "rightly passed", fp: "false alarms", fn: "misses", tp: "hits" };
    for (const [name, cell] of Object.entries(cells))
      cell.replaceChildren(html("b", { textContent: amount(now[name]) }), ` ${words[name]}`);
    const best = cheapest(), same = Math.abs(expected(best).cost - now.cost) < 1e-9;
    answer.textContent = `Recall ${percent(recall[place])}, precision `
      + `${Number.isNaN(now.precision) ? "undefined (nothing is flagged)" : percent(now.precision)}, false positive rate `
      + `${percent(alarms[place])}. The errors cost ${amount(now.cost)}; `
      + (same ? "no threshold costs less." : `the cheapest threshold (${named(best)}) costs ${amount(expected(best).cost)}.`);
    jump.disabled = same;
    scores.setAttribute("aria-label", `Histogram of scores, infected above the line, healthy below it. Threshold ${text}.`);
    curve.setAttribute("aria-label", `${model.get("curve") === "roc" ? "ROC curve" : "Precision against recall"} with the operating point. ${answer.textContent}`);
    bill.setAttribute("aria-label", `Cost against threshold. At ${text} the errors cost ${amount(now.cost)}.`);
    for (const radio of kinds.querySelectorAll("input")) radio.checked = radio.value === model.get("curve");
  }

  function move(place) {
    model.set("place", Math.max(0, Math.min(last, place)));
    model.save_changes();
  }
  slider.addEventListener("input", () => move(Number(slider.value)));
  share.addEventListener("input", () => { model.set("prevalence", shares[Number(share.value)] / 100); model.save_changes(); });
  jump.addEventListener("click", () => { move(cheapest()); slider.focus(); });
  for (const [name, field] of Object.entries(prices))
    field.addEventListener("input", () => {
      const [miss, alarm] = [prices.miss, prices.alarm].map((one) => one.value.trim() === "" ? NaN : Number(one.value));
      const bad = (one) => !(one >= 0 && one <= 1e6), wrong = bad(miss) || bad(alarm), none = miss === 0 && alarm === 0;
      complaint.textContent = wrong ? "A cost is a number from 0 to 1,000,000. The last good one stays in use."
        : none ? "With both costs 0 every threshold is as cheap as any other. Give one of them a cost." : "";
      prices.miss.setAttribute("aria-invalid", String(bad(miss) || none));
      prices.alarm.setAttribute("aria-invalid", String(bad(alarm) || none));
      if (!complaint.textContent) { model.set("miss", miss); model.set("alarm", alarm); model.save_changes(); }
    });
  function drag(event) {
    const box = scores.getBoundingClientRect();
    const part = (((event.clientX - box.left) / box.width) * WIDE - LEFT) / (WIDE - LEFT - RIGHT);
    move(Math.round(1 + Math.max(0, Math.min(1, part)) * (last - 2)));
  }
  scores.addEventListener("pointerdown", (event) => { scores.setPointerCapture(event.pointerId); drag(event); });
  scores.addEventListener("pointermove", (event) => { if (scores.hasPointerCapture(event.pointerId)) drag(event); });

  const follow = { "change:place": update, "change:prevalence": frame, "change:miss": frame, "change:alarm": frame, "change:curve": frame };
  for (const [name, react] of Object.entries(follow)) model.on(name, react);
  frame();
  el.append(root);
  return () => { for (const [name, react] of Object.entries(follow)) model.off(name, react); };
}

export default { render };
