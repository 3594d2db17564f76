// A budget for labels. Python measured every plan; this only prices them, looks up and draws.
const SVG = "http://www.w3.org/2000/svg";
const LEFT = 96, TOP = 44, WIDTH = 680, ROW = 58;

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
  const plans = model.get("plans"), level = model.get("level");
  const columns = [...new Set(plans.map((plan) => plan.slides))].sort((a, b) => a - b);
  const rows = [...new Set(plans.map((plan) => plan.cells))].sort((a, b) => a - b);
  const costs = plans.map((plan) => plan.cost);
  const least = Math.min(...costs), most = Math.max(...costs, least + 1);
  const id = Math.random().toString(36).slice(2);
  const dearest = (price) => Math.max(...plans.map((plan) => plan.labels + price * plan.slides));

  const budget = html("input", { type: "range", min: 0, max: dearest(20), step: 1, id: `plan-budget-${id}` });
  const price = html("input", { type: "range", min: 0, max: 20, step: 1, id: `plan-price-${id}` });
  const budgetSays = html("span", { className: "ck-number" }), priceSays = html("span", { className: "ck-number" });
  for (const slider of [budget, price]) slider.style.minWidth = "60px"; // two long labels, and a narrow window
  for (const number of [budgetSays, priceSays]) number.style.minWidth = "5.5em";
  const answer = html("p", { className: "ck-answer" });
  answer.setAttribute("role", "status"); // said aloud when a slider rests
  const height = TOP + rows.length * ROW + 34;
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img" });
  svg.style.cursor = "pointer";
  const table = html("div");
  const root = html("div", { className: "ck-explorer" },
    html("h3", { textContent: "Where should the labels go?" }),
    html("div", { className: "ck-slider" },
      html("label", { htmlFor: budget.id, textContent: "Budget" }), budget, budgetSays),
    html("div", { className: "ck-slider" },
      html("label", { htmlFor: price.id, textContent: "A slide costs" }), price, priceSays),
    answer, svg,
    html("details", {}, html("summary", { textContent: "All plans as a table" }), table));
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  const wide = (WIDTH - LEFT - 8) / columns.length;
  const paid = (plan) => plan.labels + Number(price.value) * plan.slides;
  const words = (plan) => `${plan.slides} slide${plan.slides > 1 ? "s" : ""} with ${plan.cells} cell${plan.cells > 1 ? "s" : ""} each`;

  const cells = plans.map((plan) => {
    const x = LEFT + columns.indexOf(plan.slides) * wide, y = TOP + rows.indexOf(plan.cells) * ROW;
    const box = make("rect", { x: x + 3, y: y + 3, width: wide - 6, height: ROW - 6, rx: 3 });
    const cost = make("text", { x: x + wide / 2, y: y + ROW / 2 - 2, "text-anchor": "middle" });
    const note = make("text", { x: x + wide / 2, y: y + ROW / 2 + 15, "text-anchor": "middle" });
    note.style.fontSize = "11px";
    svg.append(box, cost, note);
    return { plan, box, cost, note };
  });
  columns.forEach((slides, place) => svg.append(make("text",
    { x: LEFT + (place + 0.5) * wide, y: TOP - 8, "text-anchor": "middle" }, String(slides))));
  rows.forEach((count, place) => svg.append(make("text",
    { x: LEFT - 12, y: TOP + (place + 0.5) * ROW + 4, "text-anchor": "end" }, String(count))));
  svg.append(make("text", { x: LEFT, y: 14 }, "Slides"),
    make("text", { x: 4, y: TOP - 8 }, "Cells a slide"),
    make("text", { x: LEFT, y: height - 10 },
      `In each field: mean cost per 1,000 cells of the models trained so. Without a model: ${level.toFixed(0)}.`));

  function update() {
    const affordable = plans.filter((plan) => paid(plan) <= Number(budget.value));
    const best = affordable.reduce((one, other) => (!one || other.cost < one.cost ? other : one), null);
    budgetSays.textContent = `${budget.value} labels`;
    priceSays.textContent = `${price.value} label${price.value === "1" ? "" : "s"}`;
    budget.setAttribute("aria-valuetext", budgetSays.textContent);
    price.setAttribute("aria-valuetext", `a slide costs as much as ${priceSays.textContent}`);
    for (const { plan, box, cost, note } of cells) {
      const fits = paid(plan) <= Number(budget.value), chosen = plan === best;
      const good = (most - plan.cost) / (most - least);
      box.setAttribute("fill", fits ? "var(--ck-fits)" : "none");
      box.setAttribute("fill-opacity", fits ? (0.04 + 0.18 * good).toFixed(2) : "0");
      box.setAttribute("stroke", chosen ? "var(--ck-best)" : fits ? "var(--ck-fits)" : "var(--ck-rule)");
      box.setAttribute("stroke-width", chosen ? 3 : 1);
      box.setAttribute("stroke-dasharray", fits ? "none" : "4 3");
      cost.textContent = plan.cost.toFixed(0);
      cost.style.fontWeight = chosen ? "700" : "400";
      note.textContent = chosen ? `best, ${paid(plan)} paid` : fits ? `${paid(plan)} paid` : `needs ${paid(plan)}`;
    }
    if (best) {
      answer.textContent = `You can afford ${affordable.length} of ${plans.length} plans. Best: ${words(best)}, `
        + `${best.labels} labels. Such models cost ${best.cost.toFixed(0)} per 1,000 cells on average, from `
        + `${best.low.toFixed(0)} to ${best.high.toFixed(0)} in ${best.runs} runs.`;
    } else {
      const cheapest = Math.min(...plans.map(paid));
      answer.textContent = `You can afford none of ${plans.length} plans. The cheapest needs ${cheapest}: move the budget to the right.`;
    }
    svg.setAttribute("aria-label", `Plans by slides and cells a slide. ${answer.textContent}`);
    const head = html("tr", {}, ...["slides", "cells a slide", "labels", "paid", "mean cost", "from", "to"].map((text) => {
      const cell = html("th", { textContent: text });
      cell.scope = "col";
      return cell;
    }));
    const body = plans.map((plan) => html("tr", {}, ...[plan.slides, plan.cells, plan.labels, paid(plan),
      plan.cost.toFixed(0), plan.low.toFixed(0), plan.high.toFixed(0)].map((value) => html("td", { textContent: String(value) }))));
    table.replaceChildren(html("table", {}, html("thead", {}, head), html("tbody", {}, ...body)));
  }

  function pick(event) {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH, y = ((event.clientY - box.top) / box.height) * height;
    const slides = columns[Math.floor((x - LEFT) / wide)], count = rows[Math.floor((y - TOP) / ROW)];
    const plan = plans.find((one) => one.slides === slides && one.cells === count);
    if (plan) { // as much as this plan takes
      budget.value = paid(plan);
      keep();
    }
  }
  function keep() {
    update();
    model.set("budget", Number(budget.value));
    model.set("slide_price", Number(price.value));
    model.save_changes();
  }
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); pick(event); });
  svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) pick(event); });
  budget.addEventListener("input", keep);
  price.addEventListener("input", keep);
  const follow = () => { budget.value = model.get("budget"); price.value = model.get("slide_price"); update(); };
  model.on("change:budget change:slide_price", follow);
  follow();
  el.append(root);
  return () => model.off("change:budget change:slide_price", follow);
}

export default { render };
