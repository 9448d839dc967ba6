import { showPreview } from "./preview.js";

const outputChars = 8_000;
const counts = new Intl.NumberFormat("en");

/** An element with classes and text; text is never read as HTML. */
export function make(tag, classes = "", text = "") {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  if (text) element.textContent = text;
  return element;
}

/** A message of a person; `unsent` marks it with a way to send it again. */
export function personMessage({ id, text }) {
  const element = make("article", "message person");
  element.dataset.id = id;
  element.append(make("div", "body", text));
  return element;
}

/** A finished message of the agent. `html` comes from the server, which has made it safe. */
export function agentMessage({ id, html, buttons = [], repeated = false }, press) {
  const element = make("article", "message agent");
  element.dataset.id = id;
  fill(element, { html, buttons, repeated }, press);
  return element;
}

/** Puts the final text into a message, in place of its preview. */
export function fill(element, { html, buttons, repeated }, press) {
  const body = make("div", "body");
  body.innerHTML = html;
  element.html = html;
  for (const block of body.querySelectorAll("pre")) block.append(copyButton(block));
  if (repeated) body.prepend(make("p", "note", "This may be a repetition: an earlier attempt to send it may have arrived."));
  element
    .querySelectorAll(":scope > .body, :scope > .preview, :scope > .buttons, :scope > .progress")
    .forEach((old) => old.remove());
  element.append(body);
  if (buttons.length === 0) return;
  const row = make("div", "buttons");
  for (const { label, data } of buttons) {
    const button = make("button", "", label);
    button.type = "button";
    button.addEventListener("click", () => press(data, row));
    row.append(button);
  }
  element.append(row);
}

function copyButton(block) {
  const button = make("button", "copy", "Copy");
  button.type = "button";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code")?.textContent ?? "");
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1_500);
  });
  return button;
}

/** A turn while it runs: its steps, what it says, and how far it has come. */
export function turnView({ turn, replyTo }) {
  const element = make("article", "message agent turn");
  element.dataset.turn = turn;
  element.setAttribute("aria-busy", "true");
  const steps = make("div", "steps");
  const progress = make("p", "progress", "Thinking");
  element.append(steps, progress);
  const tools = new Map();
  let preview = null;
  let text = "";
  let thought = null;
  let drawing = 0;
  let fence = 0;
  const view = { element, turn, replyTo, running: true, apply, settle, dropText };

  function draw() {
    drawing = 0;
    if (!preview) element.insertBefore((preview = make("div", "preview")), progress);
    showPreview(preview, text);
    element.dispatchEvent(new Event("grown", { bubbles: true }));
  }

  /** What was said before a tool call or a new step was a remark: it keeps its place among the steps. */
  function freeze() {
    if (drawing) cancelAnimationFrame(drawing);
    if (text.trim()) draw();
    drawing = 0;
    if (preview) {
      preview.className = "remark";
      steps.append(preview);
    }
    preview = null;
    text = "";
    thought = null;
  }

  function dropText() {
    if (drawing) cancelAnimationFrame(drawing);
    drawing = 0;
    preview?.remove();
    preview = null;
    text = "";
  }

  function say(words) {
    progress.textContent = words;
    progress.hidden = words === "";
  }

  function settle() {
    dropText();
    view.running = false;
    progress.remove();
    element.removeAttribute("aria-busy");
    for (const tool of tools.values()) if (tool.row.classList.contains("running")) tool.row.className = "tool unknown";
  }

  function tool(call, name, words) {
    const known = tools.get(call);
    if (known) return known;
    const row = make("details", "tool running");
    const summary = make("summary");
    const mark = make("span", "mark");
    const time = make("span", "time");
    summary.append(mark, make("span", "name", name), make("span", "words", words), time);
    const output = make("pre");
    row.append(summary, output);
    steps.append(row);
    tools.set(call, { row, mark, time, output });
    return tools.get(call);
  }

  function apply(event, attempt) {
    if (attempt > fence && fence > 0) {
      dropText();
      steps.querySelectorAll(".remark, .thought, .note").forEach((old) => old.remove());
    }
    fence = attempt;
    actions[event.type]?.(event);
  }

  const actions = {
    started: () => say("Thinking"),
    step() {
      freeze();
      say("Thinking");
    },
    text({ delta }) {
      text += delta;
      say("");
      drawing ||= requestAnimationFrame(draw);
    },
    reasoning({ delta }) {
      if (!thought) {
        const fold = make("details", "thought");
        thought = make("pre");
        fold.append(make("summary", "", "Thoughts"), thought);
        steps.append(fold);
      }
      thought.append(delta);
    },
    reading: ({ done, total }) => say(`Reading ${counts.format(done)}/${counts.format(total)}`),
    "tool.started"({ call, tool: name, preview: words }) {
      freeze();
      tool(call, name, words);
      say("");
    },
    "tool.output"({ call, chunk }) {
      const { output } = tool(call, "", "");
      output.textContent = (output.textContent + chunk).slice(-outputChars);
    },
    "tool.finished"({ call, tool: name, ok, ms }) {
      const { row, mark, time } = tool(call, name, "");
      row.className = `tool ${ok ? "done" : "failed"}`;
      mark.textContent = ok ? "✓" : "✗";
      mark.setAttribute("aria-label", ok ? "done" : "failed");
      time.textContent = ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
      if (view.running) say("Thinking");
    },
    notice: ({ text: words }) => steps.append(make("p", "note", words)),
    finished({ end }) {
      if (end === "handed_over") return say("Going on in another worker");
      view.running = false;
      element.removeAttribute("aria-busy");
      say("");
      if (end === "stopped") steps.append(make("p", "note", "Stopped."));
      return undefined;
    },
  };
  return view;
}
