// One image in a batch of others. Python has passed every batch through the model; this only looks up.
function html(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function render({ model, el }) {
  const sizes = model.get("sizes"), names = model.get("names"), pictures = model.get("pictures");
  const answers = model.get("answers"), truth = model.get("truth"), stranger = model.get("stranger");
  const id = Math.random().toString(36).slice(2);

  const slider = html("input", { type: "range", min: 0, max: sizes.length - 1, step: 1, id: `size-${id}` });
  const number = html("span", { className: "ck-number" });
  const company = html("fieldset", {}, html("legend", { textContent: "Company:" }));
  names.forEach((name, place) => {
    const radio = html("input", { type: "radio", name: `group-${id}`, value: place });
    radio.addEventListener("change", () => { model.set("group", place); model.save_changes(); });
    company.append(html("label", {}, radio, name));
  });
  const swap = html("input", { type: "checkbox" });
  if (stranger.name)
    company.append(html("label", {}, swap, `exchange the first neighbour for ${stranger.name}`));

  const seats = html("div", { className: "ckb-seats" });
  const seat = pictures[0].map((_, place) => {
    const image = html("img", { width: 48, height: 48 });
    seats.append(html("span", { className: place ? "ckb-seat" : "ckb-seat ckb-first" }, image));
    return image;
  });
  seats.setAttribute("role", "img");

  const columns = ["train", "eval"].map((mode) => {
    const rows = [0, 1, 2].map(() => {
      const name = html("span", { className: "ckb-name" }), share = html("span", { className: "ckb-share" });
      const fill = html("span", { className: "ckb-fill" });
      return { name, share, fill, row: html("li", {}, name, share, html("span", { className: "ckb-bar" }, fill)) };
    });
    const list = html("ol", {}, ...rows.map((one) => one.row));
    return { mode, rows, box: html("section", { className: `ckb-mode ckb-${mode}` },
      html("h4", { textContent: `${mode[0].toUpperCase()}${mode.slice(1)} mode` }), list) };
  });
  const words = html("p", { className: "ck-answer" });
  words.setAttribute("role", "status"); // said aloud when the slider rests

  const root = html("div", { className: "ck-explorer" },
    html("h3", { textContent: `What does the model say of the first image, a ${truth}?` }),
    company,
    html("div", { className: "ck-slider ckb-size" },
      html("label", { htmlFor: slider.id, textContent: "Images in the batch" }), slider, number),
    seats, html("div", { className: "ckb-modes" }, ...columns.map((one) => one.box)), words);
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // arrows move the slider, not the notebook
  for (const kind of ["keydown", "keypress", "keyup"]) root.addEventListener(kind, (event) => event.stopPropagation());

  const lookup = (size, mode) => answers[`${model.get("group")}/${size}/${Number(model.get("swapped") && size > 1)}/${mode}`];
  const verdict = (name) => (name === truth ? "right" : "wrong");

  function update() {
    const group = model.get("group"), size = sizes[Number(slider.value)], swapped = model.get("swapped") && size > 1;
    number.textContent = size === 1 ? "1 image" : `${size} images`;
    slider.setAttribute("aria-valuetext", number.textContent);
    seat.forEach((image, place) => {
      image.src = place === 1 && swapped ? stranger.picture : pictures[group][place];
      image.alt = "";
      image.parentElement.classList.toggle("ckb-out", place >= size);
    });
    seats.setAttribute("aria-label", `The batch: the image in question and ${size - 1} others, ${names[group]}`
      + (swapped ? `, the first of them exchanged for ${stranger.name}` : ""));
    const firsts = columns.map(({ mode, rows }) => {
      const said = lookup(size, mode);
      rows.forEach((one, rank) => {
        one.row.hidden = rank >= said.length;
        if (one.row.hidden) return;
        const [name, share] = said[rank];
        one.name.textContent = rank ? name : `${name} (${verdict(name)})`;
        one.share.textContent = share.toFixed(2);
        one.fill.style.width = `${100 * share}%`;
      });
      return said[0];
    });
    const [train, calm] = firsts;
    const alone = size === 1
      ? "Alone in its batch: train mode takes every mean and spread from the pixels of this one image, which is a poor sample. "
        + (model.get("swapped") ? "There is no neighbour to exchange. " : "") : "";
    words.textContent = `${alone}Train mode says ${train[0]} (${train[1].toFixed(2)}, ${verdict(train[0])}). `
      + `Eval mode says ${calm[0]} (${calm[1].toFixed(2)}, ${verdict(calm[0])}).`;
  }
  slider.addEventListener("input", () => {
    update();
    model.set("place", Number(slider.value));
    model.save_changes();
  });
  swap.addEventListener("change", () => { model.set("swapped", swap.checked); model.save_changes(); });
  const follow = () => {
    slider.value = model.get("place");
    swap.checked = model.get("swapped");
    for (const radio of company.querySelectorAll('input[type="radio"]'))
      radio.checked = Number(radio.value) === model.get("group");
    update();
  };
  const fields = ["change:place", "change:group", "change:swapped"];
  for (const field of fields) model.on(field, follow);
  follow();
  el.append(root);
  return () => { for (const field of fields) model.off(field, follow); };
}

export default { render };
