// One prediction, stage by stage. The pictures were made in Python; the slider only swaps them.
function html(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function render({ model, el }) {
  const stages = model.get("stages");
  const id = `stage-${Math.random().toString(36).slice(2)}`;
  const slider = html("input", { type: "range", min: 0, max: stages.length - 1, step: 1, id });
  const number = html("span", { className: "ck-number" });
  const shape = html("p", { className: "ck-shape" });
  const note = html("p", { className: "ck-answer" });
  const words = html("div", {}, shape, note);
  words.setAttribute("role", "status");
  const picture = html("img");
  const root = html("div", { className: "ck-explorer" },
    html("h3", { textContent: "One prediction, stage by stage" }),
    html("div", { className: "ck-slider" }, html("label", { htmlFor: id, textContent: "Stage" }), slider, number),
    html("div", { className: "ck-picture" }, picture), words);
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  function update() {
    const stage = stages[Number(slider.value)];
    number.textContent = `${Number(slider.value) + 1} of ${stages.length}: ${stage.name}`;
    slider.setAttribute("aria-valuetext", number.textContent);
    picture.src = stage.picture;
    picture.alt = stage.alt;
    shape.textContent = `${stage.shape} = ${stage.count.toLocaleString("en")} numbers`;
    note.textContent = stage.note;
  }
  slider.addEventListener("input", () => {
    update();
    model.set("place", Number(slider.value));
    model.save_changes();
  });
  const follow = () => { slider.value = model.get("place"); update(); };
  model.on("change:place", follow);
  follow();
  el.append(root);
  return () => model.off("change:place", follow);
}

export default { render };
