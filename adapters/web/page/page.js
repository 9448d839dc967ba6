import { attachments, recorder, sizeWords, takeDropsAndPastes } from "./files.js";
import { agentMessage, fill, personMessage } from "./log.js";
import { make } from "./make.js";
import { turnView } from "./turn.js";

const $ = (id) => document.getElementById(id);
const log = $("log");
const scroller = $("scroll");
const input = $("text");
const turns = new Map();
const attached = attachments($("attached"), attaching);
const retryMs = [300, 1_000, 2_000, 5_000];
/** A hidden tab lets go of its connection: a browser keeps only six for one address. */
const hiddenMs = 20_000;

let source = null;
let lastId = null;
let failures = 0;
let timer = 0;
let loading = null;
let stuck = true;

// The token has become a cookie with this very answer; it need not stay in sight.
if (location.search) history.replaceState(null, "", location.pathname);

// --- talking to the server ---

async function call(path, body) {
  const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, init || undefined);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok)
    throw Object.assign(new Error(answer.error?.message ?? "Hermes does not answer."), { status: response.status });
  return answer;
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function connect() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(`/api/events${lastId ? `?last=${encodeURIComponent(lastId)}` : ""}`);
  source.onerror = lost;
  for (const [type, take] of Object.entries(takers)) {
    source.addEventListener(type, (event) => {
      const data = JSON.parse(event.data);
      if (event.lastEventId) lastId = event.lastEventId;
      // What comes while the history is being read waits for it.
      if (loading) loading = loading.then(() => take(data));
      else take(data);
    });
  }
}

async function lost() {
  source?.close();
  source = null;
  const wait = retryMs[Math.min(failures, retryMs.length - 1)];
  failures += 1;
  notify("Connection lost. Trying again…");
  timer = setTimeout(connect, wait);
  if (await refused()) {
    clearTimeout(timer);
    notify("This page is no longer let in. Open the address that was printed at the start (it ends in ?token=…).");
  }
}

async function refused() {
  return call("/api/status").then(
    () => false,
    (error) => error.status === 401,
  );
}

function notify(text) {
  $("connection").textContent = text;
  $("connection").hidden = text === "";
}

function connected() {
  failures = 0;
  notify("");
  void showStatus();
}

async function showStatus() {
  const status = await call("/api/status").catch(() => null);
  if (!status) return;
  $("model").textContent = status.demonstration ? "demonstration script" : status.model;
  $("model").title =
    `${status.model} at ${status.server}\nHermes Team ${status.version}\nConnected: ${status.platforms.join(", ")}`;
  attached.limit(status.files);
  $("attach").title = `Attach files: at most ${status.files.most} at once, each up to ${sizeWords(status.files.largest)}`;
  $("banner").hidden = !status.demonstration;
  // The name; why it is this one is for whoever wants to know.
  $("sandbox").textContent = `Commands run in the ${status.sandbox.split(":", 1)[0]} sandbox.`;
  $("sandbox").title = status.sandbox;
}

// --- what the server tells ---

const takers = {
  fresh(data) {
    connected();
    loading = load(data)
      .catch(() => lost())
      .finally(() => (loading = null));
  },
  resumed: connected,
  turn: takeTurn,
  post: takePost,
  person({ id, text, files }) {
    if (text.trim() === "/new") return clear();
    const known = find(id);
    if (known) sent(known);
    else addPerson(personMessage({ id, text, files }));
    return undefined;
  },
  edit({ id, html, buttons }) {
    // After a restart the service knows the message by another name than the history does.
    const known = find(id) ?? pressed;
    if (known) fill(known, { html, buttons, repeated: false }, press);
    pressed = null;
  },
  full: () => notify("Too many pages are open. Close some of them."),
};

async function load({ turns: running, asking }) {
  const { items, answered } = await call("/api/history");
  const unsent = [...log.querySelectorAll(".person.unsent, .person.sending")].filter(
    ({ dataset }) => !items.some(({ id }) => id === dataset.id),
  );
  turns.clear();
  const lines = items.map((item) => (item.role === "person" ? personMessage(item) : agentMessage(item, press)));
  for (const line of lines) line.fromHistory = true;
  log.replaceChildren(...lines, ...unsent);
  for (const post of asking) {
    const known = lines.find((line) => line.html === post.html && line.querySelector(".buttons")) ?? shown(post.html);
    if (known) known.dataset.id = post.id;
    else log.append(agentMessage(post, press));
  }
  for (const { events, ...address } of running) {
    takeTurn({ ...address, events });
    if (answered.includes(address.turn)) turns.get(address.turn)?.dropText();
  }
  stuck = true;
  changed();
}

function takeTurn({ turn, replyTo, fence, events }) {
  if (!turns.has(turn)) {
    const view = turnView({ turn, replyTo });
    turns.set(turn, view);
    log.append(view.element);
    $("announce").textContent = "Hermes is answering.";
  }
  const view = turns.get(turn);
  for (const event of events) view.apply(event, fence);
  if (!view.running) void showStatus();
  changed();
}

function takePost({ turn, post }) {
  if (find(post.id)) return;
  const view = turns.get(turn);
  turns.delete(turn);
  view?.settle();
  const known = post.files.length > 0 ? null : shown(post.html, view);
  if (known) {
    // It was read from the history with what was run for it.
    if (known.querySelector(".steps")) view?.element.remove();
    known.dataset.id = post.id;
    known.fromHistory = false;
  } else if (view) {
    view.element.dataset.id = post.id;
    fill(view.element, post, press);
  } else log.append(agentMessage(post, press));
  $("announce").textContent = (find(post.id)?.querySelector(".body")?.textContent ?? "").slice(0, 1_000);
  changed();
}

/** The newest line, when it is this very answer read from the history: it came both ways while the page loaded. */
function shown(html, view) {
  const last = [...log.children].findLast((line) => line !== view?.element && !line.classList.contains("person"));
  return last?.fromHistory && last.html === html ? last : null;
}

function find(id) {
  return log.querySelector(`.message[data-id="${CSS.escape(id)}"]`);
}

function clear() {
  turns.clear();
  log.replaceChildren();
  changed();
}

// --- what the person does ---

/** While a turn runs, what is written goes above it, so that the answer comes last. */
function addPerson(element) {
  const running = [...turns.values()].find((view) => view.running);
  if (running) running.element.before(element);
  else log.append(element);
  stuck = true;
  changed();
}

function send(text, files = []) {
  const element = personMessage({ id: newId(), text, files });
  addPerson(element);
  void deliver(element, text, files);
}

async function deliver(element, text, files) {
  element.classList.remove("unsent");
  element.classList.add("sending");
  element.querySelector(".unsent")?.remove();
  try {
    await call("/api/messages", { id: element.dataset.id, text, files: files.map(({ id }) => id) });
    sent(element);
  } catch (error) {
    element.classList.replace("sending", "unsent");
    const note = make("p", "unsent", `${error.status ? error.message : "Not sent: Hermes does not answer."} `);
    note.setAttribute("role", "alert");
    const again = make("button", "quiet", "Send again");
    again.addEventListener("click", () => deliver(element, text, files));
    note.append(again);
    element.append(note);
    changed();
  }
}

function sent(element) {
  element.classList.remove("sending", "unsent");
  element.querySelector("p.unsent")?.remove();
}

/** The message whose button was pressed last, until it has been edited. */
let pressed = null;

async function press(data, row) {
  pressed = row.closest(".message");
  const buttons = [...row.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  await call("/api/press", { id: newId(), data }).catch((error) => {
    for (const button of buttons) button.disabled = false;
    notify(error.message);
  });
}

async function stop() {
  const running = [...turns.values()].find((view) => view.running);
  $("stop").disabled = true;
  await call("/api/stop", { id: newId(), turn: running?.turn ?? null }).catch((error) => notify(error.message));
  $("stop").disabled = false;
}

function submit() {
  // What is still on its way goes with this message: it is not left behind.
  if (attached.busy()) return;
  const text = input.value;
  const files = attached.take();
  if (!text.trim() && files.length === 0) return;
  input.value = "";
  grow();
  attaching();
  send(text, files);
}

function attaching() {
  $("send").disabled = attached.busy();
  $("send").textContent = attached.busy() ? "Uploading…" : "Send";
  if (stuck) scroller.scrollTop = scroller.scrollHeight;
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight}px`;
}

function changed() {
  $("empty").hidden = log.childElementCount > 0;
  $("stop").hidden = ![...turns.values()].some((view) => view.running);
  if (stuck) scroller.scrollTop = scroller.scrollHeight;
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
input.addEventListener("input", grow);
$("attach").addEventListener("click", () => $("pick").click());
$("pick").addEventListener("change", () => {
  attached.addAll($("pick").files);
  $("pick").value = "";
});
takeDropsAndPastes(document.body, attached.addAll);
recorder($("record"), attached.add, notify);
$("stop").addEventListener("click", stop);
$("new").addEventListener("click", () => {
  send("/new");
  input.focus();
});
$("suggestions").addEventListener("click", ({ target }) => {
  if (target instanceof HTMLButtonElement) send(target.textContent.trim());
});
scroller.addEventListener("scroll", () => {
  stuck = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
});
log.addEventListener("grown", changed);
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden && !source) connect();
  else if (document.hidden) {
    timer = setTimeout(() => {
      source?.close();
      source = null;
    }, hiddenMs);
  }
});

connect();
input.focus();
