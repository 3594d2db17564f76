// The quiz card: shows the screen that Python sends, sends what the learner does. No answer is judged here.

const WORDS = { right: "Right.", wrong: "Not right.", partial: "Partly right.", kept: "Kept.", note: "" };
const SIGNS = { right: "\u2713", wrong: "\u2717", partial: "\u2248", answered: "\u2022", open: "" };
const LEGENDS = { one: "Pick one.", several: "Pick every one that is right.", text: "Your answer" };
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
    this.feedback = make("div", { class: "ck-feedback" });
    this.live = make("div", { class: "ck-unseen", role: "status", "aria-live": "polite", "aria-atomic": "true" });
    this.panels = make("div", { class: "ck-panels" });
    this.buttons = make("div", { class: "ck-buttons" });
    this.wait = make("p", { class: "ck-wait", hidden: true });
    this.form = make("form", { novalidate: true }, this.stem, this.field, this.feedback, this.panels, this.buttons, this.wait);
    this.root = make(
      "div",
      { class: "ck-card", role: "group", "aria-labelledby": `${this.id}-heading`, tabindex: "-1", "data-lm-suppress-shortcuts": "true" },
      make("div", { class: "ck-head" }, this.heading, this.place, this.clock),
      this.marks, this.body, this.form, this.live,
    );
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.primary(); });
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["keyup", "keypress", "copy", "cut", "paste", "contextmenu"]) {
      this.root.addEventListener(name, (event) => event.stopPropagation());
    }
  }

  // --- what the learner does ---

  key(event) {
    event.stopPropagation(); // JupyterLab's own listeners come first: they obey data-lm-suppress-shortcuts
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") this.passOn(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.classList.contains("ck-input");
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

  // Saving belongs to the notebook also while the card has the focus; else the browser would save the page.
  passOn(event) {
    event.preventDefault();
    const { key, code, keyCode, ctrlKey, metaKey } = event;
    this.root.closest(".jp-Notebook")?.dispatchEvent(new KeyboardEvent("keydown", { key, code, keyCode, ctrlKey, metaKey, bubbles: true }));
  }

  answer() {
    const input = this.field.querySelector(".ck-input");
    if (input) return input.value;
    const picked = [...this.field.querySelectorAll(".ck-option input:checked")].map((one) => Number(one.value));
    if (this.screen.question?.control === "several") return picked;
    return picked.length ? picked[0] : null;
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
    const { stem, control, options, placeholder } = screen.question;
    const kept = fresh || screen.locked ? null : this.answer();
    const given = screen.given ?? kept;
    if (fresh) this.stem.innerHTML = stem;
    const legend = make("legend", { text: LEGENDS[control] });
    if (control === "text") {
      const label = make("label", { class: "ck-unseen", for: `${this.id}-input`, text: `Your answer: ${placeholder}` });
      const input = make("input", {
        class: "ck-input", id: `${this.id}-input`, type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off",
        placeholder, "data-ck": "input", readonly: screen.locked,
      });
      input.value = given ?? "";
      this.field.replaceChildren(legend, label, input);
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

  judge(screen) {
    const judged = ["right", "wrong", "partial"].includes(screen.outcome);
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
    } else if (same && !(this.screen.locked && held === "input")) {
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
