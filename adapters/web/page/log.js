import { fileList } from "./files.js";
import { make } from "./make.js";
import { toolRows } from "./turn.js";

/** A message of a person, exactly as written. */
export function personMessage({ id, text, files = [] }) {
  const element = make("article", "message person");
  element.dataset.id = id;
  if (text || files.length === 0) element.append(make("div", "body", text));
  if (files.length > 0) element.append(fileList(files));
  return element;
}

/** A finished message of the agent. `html` comes from the server, which has made it safe. */
export function agentMessage({ id, html, buttons = [], files = [], tools = [], repeated = false }, press) {
  const element = make("article", "message agent");
  element.dataset.id = id;
  if (tools.length > 0) element.append(usedTools(tools));
  fill(element, { html, buttons, files, repeated }, press);
  return element;
}

/** What was run for an answer that is read from the history. */
function usedTools(tools) {
  const steps = make("div", "steps");
  const rows = toolRows(steps);
  for (const { call, tool, ok, ms } of tools) {
    rows.row(call, tool, "");
    if (ok !== null) rows.finish({ call, tool, ok, ms });
  }
  rows.abandon();
  return steps;
}

/** Puts the final text into a message, in place of its preview. */
export function fill(element, { html, buttons, files = [], repeated }, press) {
  const body = make("div", "body");
  body.innerHTML = html;
  element.html = html;
  for (const block of body.querySelectorAll("pre")) block.append(copyButton(block));
  if (repeated) body.prepend(make("p", "note", "This may be a repetition: an earlier attempt to send it may have arrived."));
  element
    .querySelectorAll(":scope > .body, :scope > .preview, :scope > .buttons, :scope > .files, :scope > .progress")
    .forEach((old) => old.remove());
  if (html !== "" || repeated) element.append(body);
  if (files.length > 0) element.append(fileList(files));
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
