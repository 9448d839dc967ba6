import { randomUUID } from "node:crypto";
import { asFailure } from "../../../src/core/failures.ts";
import { answerTo } from "../../../src/core/question.ts";
import {
  type TalkOptions,
  type TerminalCommand,
  type TerminalConnection,
  type TerminalFile,
  type TerminalHears,
  type TerminalLink,
  type TerminalPost,
  type TerminalState,
  asksNow,
  mostSaid,
} from "../../../src/core/terminal.ts";
import { attach, type AttachedFiles, createAttached, fileWords, isCommand } from "./attached.ts";
import { type Choices, createChoices } from "./choices.ts";
import { greetingRows, questionRows, rule } from "./frames.ts";
import { hangUp } from "./leaving.ts";
import { listenToKeys, listenToLines } from "./keyboard.ts";
import { type OwnCommand, ownCommand, ownCommands, takesPath } from "./own-commands.ts";
import { pathsFrom } from "./paths.ts";
import { canvasOf, createPainter, type Painter } from "./painter.ts";
import { createPrompt, type Prompt } from "./prompt.ts";
import { type History, openHistory } from "./history.ts";
import { piece, type Row, wrapped } from "./rows.ts";
import { statusRow } from "./status.ts";
import { createTurnView, type TurnView } from "./turn-view.ts";
import { optionRows } from "./asking.ts";

/** Two frames of a film: what comes faster is drawn together. */
const frameMs = 80;
const secondMs = 1_000;
const againMs = 500;
interface Talk {
  readonly options: TalkOptions;
  readonly painter: Painter;
  width(): number;
  /** Says something of the terminal's own, for good. */
  remark(text: string, look: "dim" | "bad"): void;
  readonly view: TurnView;
  readonly prompt: Prompt;
  readonly still: boolean;
  connection: TerminalConnection | null;
  /** Those of the service that was reached last; null: none has been. */
  commands: readonly TerminalCommand[] | null;
  state: TerminalState | null;
  /** What was said and is not known to be stored. */
  readonly unsaid: Map<string, { readonly text: string; readonly files: readonly TerminalFile[] }>;
  readonly attached: AttachedFiles;
  /** Posts that have been shown, so that none is shown twice. */
  readonly shown: Set<string>;
  readonly choices: Choices;
  hint: string;
  /** Whether anything has been said here yet. */
  spoken: boolean;
  leaving: boolean;
  timer: NodeJS.Timeout | null;
  readonly left: PromiseWithResolvers<number>;
  /** Aborted when the person leaves. */
  readonly away: AbortController;
}

/** A talk at this process's terminal, until its person leaves; gives the exit status. */
export async function talk(options: TalkOptions): Promise<number> {
  const { stdin, stdout } = process;
  const still = options.env["TERM"] === "dumb";
  const plain = still || (options.env["NO_COLOR"] ?? "") !== "";
  const canvas = canvasOf(stdout);
  const painter = createPainter(canvas, { plain, still });
  // The last column stays free: terminals differ in what they do after it.
  const width = () => Math.max(20, canvas.columns - 1);
  const view = createTurnView({ commit: (rows) => painter.commit(rows), width, now: Date.now });
  const history = await openHistory(options.home);
  const prompt = promptFor(
    () => talking,
    history,
    () => draw(),
  );
  const left = Promise.withResolvers<number>();
  const talking: Talk = {
    options,
    painter,
    width,
    remark(text, look) {
      view.interrupt();
      painter.commit(wrapped([piece(text, look)], width()));
    },
    view,
    prompt,
    still,
    connection: null,
    commands: null,
    state: null,
    unsaid: new Map(),
    attached: createAttached(options.files, options.fileAt),
    shown: new Set(),
    choices: createChoices(),
    hint: "Connecting …",
    spoken: false,
    leaving: false,
    timer: null,
    left,
    away: new AbortController(),
  };
  const draw = () => {
    if (talking.timer) clearTimeout(talking.timer);
    talking.timer = null;
    if (!talking.leaving) compose(talking, canvas.rows);
  };
  const soon = () => void (talking.timer ??= setTimeout(draw, frameMs));
  const ended = () => leave(talking);
  const line = (text: string) => (text.trim() === "" && talking.attached.count() === 0 ? undefined : send(talking, text));
  const stop = still
    ? listenToLines(stdin, { line, interrupt: () => interrupt(talking), end: ended })
    : listenToKeys(stdin, canvas.write, { ...prompt, end: ended });
  const resized = () => {
    painter.resized();
    draw();
  };
  stdout.on("resize", resized);
  const ticking = setInterval(draw, secondMs);
  const signals = ["SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, ended);
  try {
    draw();
    void keepConnected(talking, soon);
    return await left.promise;
  } finally {
    clearInterval(ticking);
    if (talking.timer) clearTimeout(talking.timer);
    stdout.removeListener("resize", resized);
    for (const signal of signals) process.removeListener(signal, ended);
    painter.end();
    stop();
    await history.saved();
    if (talking.connection !== null) await hangUp(talking.connection.link, () => view.running() !== null);
  }
}

/** Where one writes, for a talk that is made with it. */
function promptFor(talking: () => Talk, history: History, changed: () => void): Prompt {
  return createPrompt({
    history,
    commands: () => [...(talking().commands ?? []), ...ownCommands],
    paths: (command, typed) => (takesPath(command) ? pathsFrom(typed) : null),
    holds: () => talking().attached.count() > 0,
    drop: (text) => attach(talking(), () => talking().attached.drop(text)),
    suggest: (id, command, typed) => talking().connection?.link.say({ type: "suggest", id, command, typed }),
    send: (text) => send(talking(), text),
    interrupt: () => interrupt(talking()),
    leave: () => leave(talking()),
    clear: () => clear(talking()),
    changed,
  });
}

async function keepConnected(talking: Talk, soon: () => void): Promise<void> {
  let seat: string | null = null;
  while (!talking.leaving) {
    try {
      const mayOpen = (): boolean => seat === null || talking.unsaid.size > 0;
      const connection: TerminalConnection = await talking.options.connect({ seat, mayOpen, signal: talking.away.signal });
      if (talking.leaving) return await connection.link.leave();
      talking.connection = connection;
      talking.commands = connection.hello.commands;
      talking.hint = "";
      await converse(talking, connection, seat === null, soon);
      seat = connection.hello.seat;
      talking.connection = null;
      talking.hint = "The service has gone away; waiting for it to come back. Say something to go on without it.";
      soon();
    } catch (thrown) {
      if (talking.leaving) return;
      const { message, advice } = asFailure(thrown);
      talking.remark(`hermes: ${message} ${advice ?? ""}`, "bad");
      talking.left.resolve(1);
      return;
    }
  }
}

/** Shows what was missed, says what could not be said, and listens until the service goes away. */
async function converse(talking: Talk, { link, hello }: TerminalConnection, first: boolean, soon: () => void): Promise<void> {
  const { view, painter, choices } = talking;
  const gone = Promise.withResolvers<void>();
  if (first) painter.commit(greetingRows(hello.version, hello.seat, talking.width()));
  if (first && talking.still) painter.commit(talking.attached.rows(talking.width()));
  choices.keep(hello.missed);
  view.show(hello.toolProgress);
  for (const event of hello.events) view.take(event);
  link.listen((said) => {
    hear(talking, link, said);
    soon();
  }, gone.resolve);
  const missed = hello.missed.filter(({ id }) => id === null || !talking.shown.has(id));
  if (missed.some((post) => !asksNow(post)) && first) talking.remark("While you were away:", "dim");
  for (const post of missed) take(talking, link, post);
  if (first && talking.options.fresh) link.say({ type: "say", id: randomUUID(), text: "/new" });
  for (const id of talking.unsaid.keys()) tell(talking, link, id);
  link.say({ type: "look", message: null });
  soon();
  await gone.promise;
}

function hear(talking: Talk, link: TerminalLink, said: TerminalHears): void {
  const { view } = talking;
  switch (said.type) {
    case "event":
      view.take(said);
      if (said.event.type === "finished") link.say({ type: "look", message: null });
      return;
    case "post":
      return take(talking, link, said);
    case "edit":
      if (talking.choices.edited(said.post))
        talking.remark(`✓ ${said.markdown.trim().split("\n").at(-1)?.replaceAll("*", "") ?? ""}`, "dim");
      return;
    case "state":
      if (talking.state === null && !talking.spoken && said.title !== null) talking.remark(`We go on with: ${said.title}`, "dim");
      talking.state = said;
      return view.show(said.toolProgress);
    case "taken":
      return void talking.unsaid.delete(said.id);
    case "refused": {
      const { id } = said;
      if (said.again && id !== null && talking.unsaid.has(id)) return void setTimeout(() => tell(talking, link, id), againMs);
      if (id !== null) talking.unsaid.delete(id);
      return talking.remark(said.why, "bad");
    }
    case "suggestions":
      return talking.prompt.suggested(said.id, said.list);
    case "hello":
      return;
  }
}

function take(talking: Talk, link: TerminalLink, post: TerminalPost): void {
  const { view, shown, choices, still, painter, state } = talking;
  if (post.id !== null) {
    if (shown.has(post.id)) return;
    shown.add(post.id);
    link.say({ type: "seen", post: post.id });
    choices.take(post);
  }
  view.post(post);
  // What comes next is told in a moment; until then Ctrl-C must not take it for work that goes on.
  if (state !== null && view.running() === null) talking.state = { ...state, busy: false };
  // Where nothing moves, the choices stay above what is written.
  if (still && (asksNow(post) || choices.current() === post)) painter.commit(optionRows(post.buttons, talking.width()));
  link.say({ type: "look", message: null });
}

/** Says what is not known to be stored, with its files. */
function tell({ unsaid }: Talk, link: TerminalLink, id: string): void {
  const said = unsaid.get(id);
  if (said === undefined) return;
  const { text, files } = said;
  link.say({ type: "say", id, text, ...(files.length === 0 ? {} : { files: files.map((file) => file.id) }) }, files);
}

/** What was written is said: as an answer, where a choice waits for one. */
function send(talking: Talk, text: string): void {
  talking.hint = "";
  const own = ownCommand(text);
  if (own !== null) return obey(talking, own);
  if (text.length > mostSaid) return talking.remark("That is too long. Save it to a file, and attach that: /attach PATH", "bad");
  const waiting = talking.choices.current();
  const chosen = waiting === null || text.trim() === "" ? null : answerTo(waiting.buttons, text);
  // A message waits for the service to come back; what was chosen of something else by then must not count for it.
  if (chosen !== null && talking.connection === null) return void (talking.hint = "Not connected; choose again in a moment.");
  talking.spoken = true;
  talking.choices.said();
  const alone = chosen !== null || isCommand(text, talking.commands);
  const files = alone ? [] : talking.attached.take();
  talking.view.interrupt();
  // A terminal that knows no keys has echoed it.
  if (!talking.still) talking.painter.commit(questionRows(text, talking.width(), files.map(fileWords)));
  if (chosen !== null) return talking.connection?.link.say({ type: "press", id: randomUUID(), data: chosen.data });
  const id = randomUUID();
  talking.unsaid.set(id, { text, files });
  if (talking.connection !== null) tell(talking, talking.connection.link, id);
  else talking.hint = "Not connected; this is said as soon as somebody is there.";
}

function obey(talking: Talk, own: OwnCommand): void {
  switch (own.type) {
    case "leave":
      return leave(talking);
    case "clear":
      return clear(talking);
    case "attach":
      if (own.path === "") talking.hint = "Which file? /attach PATH, and Tab completes it.";
      else attach(talking, () => talking.attached.add(own.path, own.wanted));
  }
}

function clear({ still, painter }: Talk): void {
  if (!still) process.stdout.write("\u001b[2J\u001b[H");
  // What was drawn is not there any more.
  painter.resized();
}

/** Ctrl-C: takes attached files away; else stops what runs; where nothing does, the second one leaves. */
function interrupt(talking: Talk): void {
  const { view, state, connection } = talking;
  if (talking.attached.count() > 0) {
    talking.attached.take();
    return void (talking.hint = "Nothing is attached any more.");
  }
  if (connection !== null && (view.running() !== null || state?.busy === true)) {
    talking.hint = "Stopping …";
    connection.link.say({ type: "stop", id: randomUUID() });
    connection.link.say({ type: "look", message: null });
    return;
  }
  if (talking.hint === leaveHint) return leave(talking);
  talking.hint = leaveHint;
}

const leaveHint = "Ctrl-C once more, or Ctrl-D, leaves.";

function leave(talking: Talk): void {
  if (talking.leaving) process.exit(0);
  talking.leaving = true;
  talking.away.abort();
  talking.left.resolve(0);
}

/** The part of the screen that changes: what comes in, what is asked, the status, and what is written. */
function compose(talking: Talk, height: number): void {
  const width = talking.width();
  const { view, prompt, painter, state, hint } = talking;
  const running = view.running();
  if (running === null && hint === "Stopping …") talking.hint = "";
  const now = Date.now();
  const turnMs = running === null ? view.lastMs() : now - running.since;
  const choice = talking.choices.current();
  const below: Row[] = [
    ...(choice === null ? [] : optionRows(choice.buttons, width)),
    ...talking.attached.rows(width),
    ...(talking.hint === "" ? [] : wrapped([piece(talking.hint, "dim")], width)),
    statusRow({ state, now, turnMs }, width),
    rule(width),
  ];
  const written = prompt.rows(width, Math.max(3, Math.floor(height / 3)));
  const above = view.rows(height - 1 - below.length - written.rows.length);
  const rows = [...above, ...below, ...written.rows];
  painter.draw(rows, { row: above.length + below.length + written.cursor.row, column: written.cursor.column });
}
