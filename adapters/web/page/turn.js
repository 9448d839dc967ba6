import { make } from "./make.js";
import { showPreview } from "./preview.js";

const outputChars = 8_000;
const counts = new Intl.NumberFormat("en");

/** A turn while it runs: its steps, what it says, and how far it has come. */
export function turnView({ turn, replyTo }) {
  const element = make("article", "message agent turn");
  element.dataset.turn = turn;
  const steps = make("div", "steps");
  const progress = progressLine();
  element.append(steps, progress.element);
  const text = streamedText(element, steps, progress.element);
  const parts = { steps, progress, text, tools: toolRows(steps), agents: agentRows(steps), thoughts: thoughtFold(steps) };
  const view = { element, turn, replyTo, running: false, dropText: text.drop, apply, settle };
  let fence = 0;
  begin();

  /** A higher `attempt` is another worker that begins the step again. */
  function apply(event, attempt) {
    // A subagent's line comes from its own worker.
    if (event.type === "agent") {
      parts.agents.show(event);
      // Its turn rests meanwhile, and can be stopped.
      if (event.state === "working") begin();
      return;
    }
    if (attempt > fence && fence > 0) startOver(parts);
    fence = attempt;
    if (event.type === "started") begin();
    actions[event.type]?.(event, parts);
    if (event.type === "finished" && event.end !== "handed_over") end();
  }

  /** Also once more: a turn that waited for a person goes on. */
  function begin() {
    view.running = true;
    element.setAttribute("aria-busy", "true");
  }

  function end() {
    view.running = false;
    element.removeAttribute("aria-busy");
    progress.say("");
  }

  function settle() {
    text.drop();
    end();
    parts.tools.abandon();
  }

  return view;
}

/** What each event changes in a turn's view. */
const actions = {
  started: (_event, { progress }) => progress.say("Thinking"),
  step(_event, { text, thoughts, progress }) {
    text.freeze();
    thoughts.close();
    progress.say("Thinking");
  },
  text({ delta }, { text, progress }) {
    text.add(delta);
    progress.say("");
  },
  reasoning: ({ delta }, { thoughts }) => thoughts.add(delta),
  reading: ({ done, total }, { progress }) => progress.say(`Reading ${counts.format(done)}/${counts.format(total)}`),
  queued: ({ ahead, waitMs }, { progress }) => progress.say(waitMs === 0 ? "Thinking" : `Waiting: ${place(ahead, waitMs)}`),
  "tool.started"({ call, tool, preview }, { text, thoughts, tools, progress }) {
    text.freeze();
    thoughts.close();
    tools.row(call, tool, preview);
    progress.say("");
  },
  "tool.output": ({ call, chunk }, { tools }) => tools.print(call, chunk),
  "tool.finished"(event, { tools, progress }) {
    tools.finish(event);
    progress.say("Thinking");
  },
  notice: ({ text: words }, { steps }) => steps.append(make("p", "note", words)),
  finished({ end }, { steps, progress }) {
    if (end === "handed_over") progress.say("Going on in another worker");
    if (end === "stopped") steps.append(make("p", "note", "Stopped."));
  },
};

function place(ahead, waitMs) {
  const before = ahead === 0 ? "you are next" : `${counts.format(ahead)} before you`;
  return waitMs === null ? before : `${before}, about ${counts.format(Math.max(1, Math.round(waitMs / 1_000)))} s`;
}

function startOver({ steps, text, thoughts }) {
  text.drop();
  thoughts.close();
  for (const old of steps.querySelectorAll(".remark, .thought, .note")) old.remove();
}

function progressLine() {
  const element = make("p", "progress", "Thinking");
  const say = (words) => {
    element.textContent = words;
    element.hidden = words === "";
  };
  return { element, say };
}

/** Text as it comes, drawn at most once a frame. */
function streamedText(element, steps, before) {
  let preview = null;
  let text = "";
  let drawing = 0;

  function draw() {
    drawing = 0;
    if (!preview) element.insertBefore((preview = make("div", "preview")), before);
    showPreview(preview, text);
    element.dispatchEvent(new Event("grown", { bubbles: true }));
  }

  function take() {
    if (drawing) cancelAnimationFrame(drawing);
    if (drawing && text.trim()) draw();
    drawing = 0;
    const taken = preview;
    preview = null;
    text = "";
    return taken;
  }

  return {
    add(delta) {
      text += delta;
      drawing ||= requestAnimationFrame(draw);
    },
    /** What was said before a tool call or a new step was a remark: it keeps its place among the steps. */
    freeze() {
      const remark = take();
      if (!remark) return;
      remark.className = "remark";
      steps.append(remark);
    },
    drop: () => take()?.remove(),
  };
}

function thoughtFold(steps) {
  let open = null;
  return {
    add(delta) {
      if (!open) {
        const fold = make("details", "thought");
        open = make("pre");
        fold.append(make("summary", "", "Thoughts"), open);
        steps.append(fold);
      }
      open.append(delta);
    },
    close: () => (open = null),
  };
}

/** A line for each tool that a turn runs. */
export function toolRows(steps) {
  const rows = new Map();

  function row(call, tool, words) {
    const known = rows.get(call);
    if (known) return known;
    const element = make("details", "tool running");
    const summary = make("summary");
    const made = { element, mark: make("span", "mark"), time: make("span", "time"), output: make("pre") };
    summary.append(made.mark, make("span", "name", tool), make("span", "words", words), made.time);
    element.append(summary, made.output);
    steps.append(element);
    rows.set(call, made);
    return made;
  }

  return {
    row,
    print(call, chunk) {
      const { output } = row(call, "", "");
      output.textContent = (output.textContent + chunk).slice(-outputChars);
    },
    finish({ call, tool, ok, ms }) {
      const { element, mark, time } = row(call, tool, "");
      element.className = `tool ${ok ? "done" : "failed"}`;
      mark.textContent = ok ? "✓" : "✗";
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", ok ? "done" : "failed");
      time.textContent = ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
    },
    /** The turn is over, and these were never heard of again. */
    abandon() {
      for (const { element } of rows.values()) element.classList.replace("running", "unknown");
    },
  };
}

const agentSigns = { waiting: "⏳", working: "🤖", asking: "✋", answered: "✓", failed: "✗", stopped: "⏹" };
const agentWords = { asking: "waits for an answer", waiting: "waits" };

/** A line for each subagent, changed in place. */
function agentRows(steps) {
  const rows = new Map();

  function row(agent) {
    const known = rows.get(agent);
    if (known) return known;
    const element = make("p", "subagent");
    element.dataset.agent = agent;
    const made = { element, mark: make("span", "mark"), name: make("span", "name"), words: make("span", "words") };
    made.mark.setAttribute("role", "img");
    element.append(made.mark, made.name, made.words);
    steps.append(element);
    rows.set(agent, made);
    return made;
  }

  return {
    show({ agent, name, state, doing, step }) {
      const line = row(agent);
      line.element.dataset.state = state;
      line.mark.textContent = agentSigns[state] ?? "";
      line.mark.setAttribute("aria-label", state);
      line.name.textContent = name;
      const at = state === "working" ? `step ${step + 1}` : (agentWords[state] ?? "");
      line.words.textContent = [at, doing].filter((part) => part !== "").join(" · ");
    },
  };
}
