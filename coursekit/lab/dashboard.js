// The dashboard: Python draws the page, this file makes its links and buttons work inside JupyterLab.

function configuration() {
  const node = document.getElementById("jupyter-config-data");
  try {
    return node ? JSON.parse(node.textContent) : {};
  } catch {
    return {};
  }
}

/** Folder of the start notebook as JupyterLab names it: told by Python, else read from the address. */
function prefix(model) {
  const told = model.get("folder");
  if (told !== null) return told;
  const found = decodeURIComponent(window.location.pathname).match(/\/(?:tree|notebooks)\/(.*\/)?00_start_here\.ipynb$/);
  return (found && found[1]) || "";
}

/** JupyterLab opens a click on such a link in a tab of its own; elsewhere it is an ordinary link. */
function lead(link, path) {
  const base = configuration().baseUrl || "/";
  const place = window.location.pathname.includes("/notebooks/") ? "notebooks/" : "lab/tree/";
  link.href = base + place + path.split("/").map(encodeURIComponent).join("/");
  link.setAttribute("data-commandlinker-command", "docmanager:open");
  link.setAttribute("data-commandlinker-args", JSON.stringify({ path }));
}

function render({ model, el }) {
  function draw() {
    const held = el.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    const folds = new Map([...el.querySelectorAll("details")].map((one) => [one.dataset.key, one.open]));
    const said = el.querySelector(".ckd-say")?.textContent || "";
    el.innerHTML = model.get("html");
    for (const one of el.querySelectorAll("details")) {
      if (folds.has(one.dataset.key)) one.open = folds.get(one.dataset.key);
    }
    for (const link of el.querySelectorAll("a[data-open]")) lead(link, prefix(model) + link.dataset.open);
    if (said) say(said);
    if (held) el.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
  }

  function say(text) {
    const line = el.querySelector(".ckd-say");
    if (line) line.textContent = text;
  }

  function click(event) {
    const button = event.target.closest("button[data-mode]");
    if (!button || button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    say("");
    model.send({ do: "open", lesson: button.dataset.lesson, mode: button.dataset.mode, key: button.dataset.key });
  }

  function answered(message) {
    for (const one of el.querySelectorAll('button[aria-busy="true"]')) {
      if (one.dataset.key === message.key) one.removeAttribute("aria-busy");
    }
    say(message.say || "");
    if (!message.path || !el.isConnected) return;
    const link = document.createElement("a");
    lead(link, prefix(model) + message.path);
    link.hidden = true;
    el.append(link);
    link.click();
    link.remove();
  }

  const keep = (event) => event.stopPropagation(); // JupyterLab would take Enter and letters as its own
  // Each time it comes into sight, after a reload too: what was drawn may be older than what was done since.
  const seen = new IntersectionObserver((entries) => {
    if (entries.at(-1).isIntersecting) model.send({ do: "refresh" });
  });

  el.addEventListener("click", click);
  el.addEventListener("keydown", keep);
  model.on("change:html", draw);
  model.on("msg:custom", answered);
  seen.observe(el);
  draw();
  return () => {
    seen.disconnect();
    model.off("change:html", draw);
    model.off("msg:custom", answered);
    el.removeEventListener("click", click);
    el.removeEventListener("keydown", keep);
  };
}

export default { render };
