// The quiz card: shows the screen that Python sends, sends what the learner does. No answer is judged here.

const WORDS = { right: "Right.", wrong: "Not right.", partial: "Partly right.", kept: "Kept.", note: "" };
const SIGNS = { right: "\u2713", wrong: "\u2717", partial: "\u2248", answered: "\u2022", open: "" };
const LEGENDS = {
  one: "Pick one.",
  several: "Pick every one that is right.",
  text: "Your answer",
  lines: "Your answer. Enter sends it, Shift+Enter begins a new line.",
  order: "Put the steps into order: drag a step, press its arrows, or use the \u2191 and \u2193 keys on them.",
  line: "Pick the line with the bug.",
  matrix: "Fill in the open cells. Rows are the truth, columns the prediction.",
};
const EDITING = new Set(["a", "c", "v", "x", "y", "z"]); // with Ctrl or Cmd: these stay with the card's own text
const SLOW_MS = 600;
const LOST_MS = 8000;
let cards = 0;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "html") node.innerHTML = value; // sanitized by Python (nh3)
    else if (name === "text") node.textContent = value;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

class Card {
  constructor(model, el) {
    this.model = model;
    this.id = `ck-${++cards}`;
    this.shownKey = null;
    this.timers = new Set();
    this.build();
    el.classList.add("ck-room"); // the card's width decides its layout, not the window's
    el.append(this.root);
    this.listener = () => this.show();
    model.on("change:screen", this.listener);
    this.show();
    if (typeof model.get("screen").seconds_left === "number") this.send("refresh");
  }

  build() {
    this.heading = make("p", { class: "ck-heading", id: `${this.id}-heading` });
    this.place = make("p", { class: "ck-place" });
    this.clock = make("p", { class: "ck-clock", role: "timer", "aria-live": "off", hidden: true });
    this.marks = make("ul", { class: "ck-marks", "aria-label": "Questions" });
    this.body = make("div", { class: "ck-body" });
    this.stem = make("div", { class: "ck-stem", id: `${this.id}-stem`, tabindex: "-1" });
    this.field = make("fieldset", { class: "ck-field", "aria-describedby": `${this.id}-stem` });
    this.after = make("div", { class: "ck-after" });
    this.feedback = make("div", { class: "ck-feedback" });
    this.live = make("div", { class: "ck-unseen", role: "status", "aria-live": "polite", "aria-atomic": "true" });
    this.panels = make("div", { class: "ck-panels" });
    this.buttons = make("div", { class: "ck-buttons" });
    this.wait = make("p", { class: "ck-wait", hidden: true });
    this.form = make("form", { novalidate: true }, this.stem, this.field, this.after, this.feedback, this.panels, this.buttons, this.wait);
    this.root = make(
      "div",
      { class: "ck-card", role: "group", "aria-labelledby": `${this.id}-heading`, tabindex: "-1", "data-lm-suppress-shortcuts": "true" },
      make("div", { class: "ck-head" }, this.heading, this.place, this.clock),
      this.marks, this.body, this.form, this.live,
    );
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.primary(); });
    // Notebook 7 looks for this mark on the focused node itself before it looks around it.
    this.root.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["keyup", "keypress", "copy", "cut", "paste", "contextmenu"]) {
      this.root.addEventListener(name, (event) => event.stopPropagation());
    }
  }

  // --- what the learner does ---

  key(event) {
    event.stopPropagation(); // JupyterLab's own listeners come first: they obey data-lm-suppress-shortcuts
    if ((event.ctrlKey || event.metaKey) && !event.altKey) this.passOn(event); // with Alt it is AltGr, which types
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(".ck-step") && this.stepKey(event)) return;
    const typing = event.target.matches(".ck-input, .ck-cell");
    if (event.key === "Enter" && event.shiftKey && event.target.type === "textarea") {
      event.preventDefault(); // JupyterLab takes a line break inside a cell for its own "run" and drops it
      event.target.setRangeText("\n", event.target.selectionStart, event.target.selectionEnd, "end");
      return;
    }
    const picking = event.target.type === "radio" || event.target.type === "checkbox";
    if (event.key === "Enter" && (typing || picking || event.target === this.stem || event.target === this.root)) {
      event.preventDefault();
      this.primary();
      return;
    }
    if (typing || event.key.length !== 1) return;
    const letter = "abcdefgh".indexOf(event.key.toLowerCase());
    const position = letter >= 0 ? letter : Number.parseInt(event.key, 10) - 1;
    const input = this.field.querySelectorAll(".ck-option input")[position];
    if (!input || input.disabled) return;
    event.preventDefault();
    input.checked = input.type === "radio" ? true : !input.checked;
    input.focus();
  }

  // Saving, searching and the like belong to JupyterLab also while the card has the focus. They are handed to the
  // panel around the notebook, so that the shortcuts of cells stay away. What nobody takes is left to the browser.
  passOn(event) {
    const editing = EDITING.has(event.key.toLowerCase()) && !event.shiftKey;
    if (editing || /^(Enter|Backspace|Delete|Home|End|Arrow.*|Control|Meta|Shift)$/.test(event.key)) return;
    const { key, code, keyCode, ctrlKey, metaKey, shiftKey } = event;
    const same = { key, code, keyCode, ctrlKey, metaKey, shiftKey, bubbles: true, cancelable: true };
    const panel = this.root.closest(".jp-NotebookPanel");
    if (panel && !panel.dispatchEvent(new KeyboardEvent("keydown", same))) event.preventDefault();
  }

  answer() {
    const input = this.field.querySelector(".ck-input");
    if (input) return input.value;
    if (this.field.querySelector(".ck-steps")) {
      return this.touched ? this.steps().map((step) => Number(step.dataset.step)) : null;
    }
    const rows = [...this.field.querySelectorAll(".ck-matrix tbody tr")];
    if (rows.length) {
      const cells = rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.querySelector("input")?.value ?? cell.textContent));
      return [...this.field.querySelectorAll(".ck-cell")].some((one) => one.value.trim()) ? cells : null;
    }
    const line = this.field.querySelector(".ck-line input:checked");
    if (line) return Number(line.value);
    const picked = [...this.field.querySelectorAll(".ck-option input:checked")].map((one) => Number(one.value));
    if (this.screen.question?.control === "several") return picked;
    return picked.length ? picked[0] : null;
  }

  // --- steps to put into order ---

  steps() {
    return [...this.field.querySelectorAll(".ck-step")];
  }

  stepKey(event) {
    const step = event.target.closest(".ck-step");
    const places = { ArrowUp: -1, ArrowDown: 1, Home: -9, End: 9 };
    if (!(event.key in places) || this.screen.locked) return false;
    event.preventDefault();
    this.moveStep(step, places[event.key], event.target);
    return true;
  }

  moveStep(step, by, held = null) {
    const steps = this.steps();
    const from = steps.indexOf(step);
    const to = Math.max(0, Math.min(steps.length - 1, from + by));
    if (to !== from) {
      if (to < from) steps[to].before(step);
      else steps[to].after(step);
    }
    this.placed(step);
    held?.focus(); // moving a node takes the focus from it
  }

  placed(moved) {
    const steps = this.steps();
    steps.forEach((step, place) => {
      step.querySelector(".ck-number").textContent = `${place + 1}.`;
      const text = step.querySelector(".ck-text").textContent.trim();
      const [up, down] = step.querySelectorAll(".ck-move");
      up?.setAttribute("aria-label", `Move up, now ${place + 1} of ${steps.length}: ${text}`);
      down?.setAttribute("aria-label", `Move down, now ${place + 1} of ${steps.length}: ${text}`);
      up?.setAttribute("aria-disabled", String(place === 0)); // not disabled, which would lose the focus
      down?.setAttribute("aria-disabled", String(place === steps.length - 1));
    });
    if (!moved) return;
    this.touched = true;
    this.say(`Place ${steps.indexOf(moved) + 1} of ${steps.length}: ${moved.querySelector(".ck-text").textContent.trim()}`);
  }

  drag(list, event) {
    const step = event.target.closest(".ck-step");
    const grip = event.target.closest(".ck-grip");
    const mouse = event.pointerType === "mouse" && event.button === 0 && !event.target.closest("button");
    if (!step || this.screen.locked || !(grip || mouse)) return; // a finger scrolls, except on the grip
    event.preventDefault();
    list.setPointerCapture(event.pointerId);
    step.classList.add("ck-held");
    const began = this.steps().indexOf(step);
    const move = ({ clientY }) => {
      const others = this.steps().filter((one) => one !== step);
      const next = others.find((one) => { const box = one.getBoundingClientRect(); return clientY < box.top + box.height / 2; });
      if (next) { if (step.nextElementSibling !== next) next.before(step); }
      else if (step.nextElementSibling) list.append(step);
    };
    const drop = () => {
      list.removeEventListener("pointermove", move);
      step.classList.remove("ck-held");
      this.placed(this.steps().indexOf(step) === began ? null : step);
    };
    list.addEventListener("pointermove", move);
    list.addEventListener("lostpointercapture", drop, { once: true });
  }

  primary() {
    const first = this.screen.buttons.find((one) => one.primary);
    if (first) this.send(first.action);
  }

  send(action, answer = this.answer()) {
    this.stopWaiting();
    const waiting = [
      [SLOW_MS, "Waiting for the kernel. It answers when the running cell is done."],
      [LOST_MS, "Still no answer from the kernel. If it was restarted or stopped, run this cell again."],
    ];
    for (const [delay, text] of waiting) {
      this.timers.add(setTimeout(() => { this.wait.textContent = text; this.wait.hidden = false; this.say(text); }, delay));
    }
    this.model.send({ action, answer });
  }

  stopWaiting() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.wait.hidden = true;
  }

  say(text) {
    this.live.textContent = "";
    requestAnimationFrame(() => { this.live.textContent = text; });
  }

  // --- what is shown ---

  show() {
    this.stopWaiting();
    const screen = (this.screen = this.model.get("screen"));
    const active = document.activeElement;
    const inside = this.root.contains(active);
    const held = inside ? active.getAttribute("data-ck") : null;
    const key = screen.question ? screen.question.key : `${screen.heading}/${screen.at}`;
    const fresh = key !== this.shownKey;
    this.shownKey = key;
    this.heading.textContent = screen.heading;
    this.place.textContent = [screen.place, screen.question?.level].filter(Boolean).join(" \u00b7 ");
    this.showMarks(screen);
    this.body.innerHTML = screen.body;
    this.stem.hidden = this.field.hidden = !screen.question;
    this.after.hidden = !screen.question?.after;
    if (screen.question && (fresh || screen.locked || screen.given === null)) this.showQuestion(screen, fresh);
    this.judge(screen);
    this.showFeedback(screen, fresh);
    this.showPanels(screen);
    this.showButtons(screen);
    this.startClock(screen.seconds_left);
    if (inside) this.focus(held, fresh);
  }

  showMarks(screen) {
    this.marks.hidden = screen.marks.length < 2;
    const words = { right: "right", wrong: "not right", partial: "partly right", answered: "answered", open: "not answered yet" };
    this.marks.replaceChildren(...screen.marks.map((mark, index) => {
      const here = index === screen.at;
      const button = make("button", {
        type: "button", "data-mark": mark, "data-ck": `mark-${index}`, "aria-current": here ? "true" : null,
        "aria-label": `Question ${index + 1}, ${words[mark]}`, text: `${index + 1} ${SIGNS[mark]}`.trim(),
      });
      button.addEventListener("click", () => this.send("go", index));
      return make("li", {}, button);
    }));
  }

  showQuestion(screen, fresh) {
    const { stem, control, options, placeholder, rows, after } = screen.question;
    const kept = fresh || screen.locked ? null : this.answer();
    const given = screen.given ?? kept;
    this.touched = given !== null;
    if (fresh) this.stem.innerHTML = stem;
    if (fresh) this.after.innerHTML = after;
    const legend = make("legend", { text: LEGENDS[rows > 1 ? "lines" : control] });
    if (control === "text") {
      const label = make("label", { class: "ck-unseen", for: `${this.id}-input`, text: `Your answer: ${placeholder}` });
      const input = make(rows > 1 ? "textarea" : "input", {
        class: "ck-input", id: `${this.id}-input`, type: rows > 1 ? null : "text", rows: rows > 1 ? rows : null,
        autocomplete: "off", spellcheck: "false", autocapitalize: "off", placeholder, "data-ck": "input", readonly: screen.locked,
      });
      input.value = given ?? "";
      this.field.replaceChildren(legend, label, input);
    } else if (control === "order") {
      this.field.replaceChildren(legend, this.makeSteps(screen, given));
      this.placed(null);
    } else if (control === "line") {
      this.field.replaceChildren(legend, this.makeProgram(screen, given));
    } else if (control === "matrix") {
      this.field.replaceChildren(legend, this.makeMatrix(screen, given));
    } else {
      const picked = [given ?? []].flat();
      const type = control === "one" ? "radio" : "checkbox";
      this.field.replaceChildren(legend, ...options.map((html, index) => {
        const input = make("input", { type, name: `${this.id}-option`, value: index, "data-ck": `option-${index}`, disabled: screen.locked });
        input.checked = picked.includes(index);
        return make(
          "label", { class: "ck-option" }, input, make("span", { class: "ck-letter", text: "ABCDEFGH"[index] }),
          make("span", { class: "ck-text", html }), make("span", { class: "ck-verdict" }),
        );
      }));
    }
    this.field.setAttribute("data-locked", String(screen.locked));
  }

  makeSteps(screen, given) {
    const { options } = screen.question;
    const steps = (given ?? options.map((_, index) => index)).map((index) => {
      const step = make(
        "li", { class: "ck-step", "data-step": index }, make("span", { class: "ck-grip", "aria-hidden": "true", text: screen.locked ? "" : "\u2807" }),
        make("span", { class: "ck-number", "aria-hidden": "true" }), make("span", { class: "ck-text", html: options[index] }),
      );
      if (screen.locked) return step;
      for (const [name, sign, by] of [["up", "\u2191", -1], ["down", "\u2193", 1]]) {
        const button = make("button", { type: "button", class: "ck-move", "data-ck": `${name}-${index}`, text: sign });
        button.addEventListener("click", () => this.moveStep(step, by, button));
        step.append(button);
      }
      return step;
    });
    const list = make("ol", { class: "ck-steps", "aria-label": "Steps" }, ...steps);
    list.addEventListener("pointerdown", (event) => this.drag(list, event));
    return list;
  }

  makeProgram(screen, given) {
    const { lines, idle } = screen.question;
    return make("div", { class: "ck-program" }, ...lines.map((html, index) => {
      const number = index + 1;
      const text = make("code", { class: "ck-code", html });
      const label = make("span", { class: "ck-number" }, make("span", { class: "ck-unseen", text: "line " }), String(number));
      if (idle.includes(number)) return make("div", { class: "ck-line" }, make("span"), label, text, make("span"));
      const input = make("input", { type: "radio", name: `${this.id}-line`, value: number, "data-ck": `line-${number}`, disabled: screen.locked });
      input.checked = given === number;
      return make("label", { class: "ck-line", "data-line": number }, input, label, text, make("span", { class: "ck-verdict" }));
    }));
  }

  makeMatrix(screen, given) {
    const { classes, cells } = screen.question;
    const rows = classes.map((truth, row) => make("tr", {}, make("th", { scope: "row", text: truth }), ...classes.map((guess, column) => {
      if (cells[row][column] !== "") return make("td", { class: "ck-known", text: cells[row][column] });
      const input = make("input", {
        class: "ck-cell", type: "text", inputmode: "decimal", autocomplete: "off", "data-ck": `cell-${row}-${column}`,
        "aria-label": `Truth ${truth}, predicted ${guess}`, readonly: screen.locked,
      });
      input.value = given?.[row]?.[column] ?? "";
      return make("td", {}, input);
    })));
    const head = make(
      "thead", {},
      make("tr", {}, make("td"), make("th", { scope: "colgroup", colspan: classes.length, text: "Prediction" })),
      make("tr", {}, make("th", { scope: "col", text: "Truth" }), ...classes.map((name) => make("th", { scope: "col", text: name }))),
    );
    return make("div", { class: "ck-wide" }, make("table", { class: "ck-matrix" }, head, make("tbody", {}, ...rows)));
  }

  judge(screen) {
    const judged = ["right", "wrong", "partial"].includes(screen.outcome);
    for (const line of this.field.querySelectorAll("label.ck-line")) {
      const marked = judged && Number(line.dataset.line) === screen.given;
      if (marked) line.setAttribute("data-mark", screen.outcome);
      else line.removeAttribute("data-mark");
      line.querySelector(".ck-verdict").textContent = marked ? SIGNS[screen.outcome] : "";
    }
    const given = [screen.given ?? []].flat();
    this.field.querySelectorAll(".ck-option").forEach((option, index) => {
      const marked = judged && given.includes(index);
      const several = screen.question?.control === "several" && screen.outcome !== "right";
      if (marked && !several) option.setAttribute("data-mark", screen.outcome);
      else option.removeAttribute("data-mark");
      option.querySelector(".ck-verdict").textContent = marked && !several ? SIGNS[screen.outcome] : "";
    });
  }

  showFeedback(screen, fresh) {
    const word = WORDS[screen.outcome] ?? "";
    const said = [];
    if (word && screen.outcome !== "kept") said.push(make("p", { class: "ck-outcome", text: `${SIGNS[screen.outcome] ?? ""} ${word}`.trim() }));
    if (screen.said) said.push(make("div", { html: screen.said }));
    this.feedback.replaceChildren(...said);
    this.feedback.setAttribute("data-outcome", screen.outcome ?? "");
    const newest = screen.panels.at(-1);
    const help = newest && screen.panels.length !== this.panelCount && !fresh ? `${newest.title} is shown below the question.` : "";
    this.panelCount = screen.panels.length;
    if (screen.turn > 0) this.say([word, this.feedback.lastChild?.textContent ?? "", help].join(" ").trim() || `${screen.heading}. ${screen.place}`);
  }

  showPanels(screen) {
    this.panels.replaceChildren(...screen.panels.map(({ title, entries, ordered }) => {
      const box = make("div", { class: "ck-panel" }, make("p", { class: "ck-panel-title", text: title }));
      if (entries.length === 1 && !ordered) box.append(make("div", { html: entries[0] }));
      else box.append(make(ordered ? "ol" : "ul", {}, ...entries.map((html) => make("li", { html }))));
      return box;
    }));
  }

  showButtons(screen) {
    this.buttons.replaceChildren(...screen.buttons.map(({ action, label, primary }) => {
      const button = make("button", { type: "button", class: "ck-button", "data-primary": String(primary), "data-ck": `button-${action}`, text: label });
      button.addEventListener("click", () => this.send(action));
      return button;
    }));
  }

  focus(held, fresh) {
    const same = held && this.root.querySelector(`[data-ck="${held}"]:not(:disabled)`);
    if (fresh && !held?.startsWith("mark-")) {
      const start = this.stem.hidden ? this.buttons.querySelector('[data-primary="true"]') : this.stem;
      (start ?? this.root).focus();
    } else if (same && !same.readOnly) {
      same.focus();
    } else {
      (this.buttons.querySelector('[data-primary="true"]') ?? this.buttons.firstChild ?? this.root).focus();
    }
  }

  startClock(seconds) {
    clearInterval(this.ticking);
    this.clock.hidden = typeof seconds !== "number";
    if (this.clock.hidden) return;
    const end = performance.now() + seconds * 1000;
    const said = new Set();
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      this.clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
      for (const mark of [30, 10]) {
        if (left === mark && !said.has(mark)) { said.add(mark); this.say(`${mark} seconds left.`); }
      }
      if (left === 0) {
        clearInterval(this.ticking);
        setTimeout(() => this.send("refresh"), 2100); // after the grace that Python gives to an answer on its way
      }
    };
    tick();
    if (seconds > 0) this.ticking = setInterval(tick, 1000);
  }

  close() {
    this.stopWaiting();
    clearInterval(this.ticking);
    this.model.off("change:screen", this.listener);
  }
}

export default {
  render({ model, el }) {
    const card = new Card(model, el);
    return () => card.close();
  },
};
