/** One server-sent event. `name` is empty where the server gave none. */
export interface SentEvent {
  readonly name: string;
  readonly data: string;
}

/** Cuts a body of server-sent events into them, however its bytes are split. */
export interface EventReader {
  /** The events that these bytes complete. */
  push(bytes: Uint8Array): SentEvent[];
  /** What the body's end completes: servers forget the last blank line. */
  end(): SentEvent[];
}

/** A line longer than this is no token of anything. */
const longestLine = 16_777_216;

/** A reader for one body. */
export function readEvents(): EventReader {
  const decoder = new TextDecoder();
  const state: State = { rest: "", afterReturn: false, name: "", data: null, events: [] };
  const take = (text: string): SentEvent[] => {
    if (text !== "") cutLines(state, unified(state, text));
    if (state.events.length === 0) return none;
    const { events } = state;
    state.events = [];
    return events;
  };
  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end: () => take(`${decoder.decode()}\n\n`),
  };
}

interface State {
  /** The beginning of a line. */
  rest: string;
  /** The text so far ended with a carriage return, so a line feed that comes next belongs to it. */
  afterReturn: boolean;
  name: string;
  data: string | null;
  events: SentEvent[];
}

const none: SentEvent[] = [];

/** The text with `\n` for every line end. JSON has no bare `\r`, so this costs nothing with nearly all servers. */
function unified(state: State, text: string): string {
  if (!state.afterReturn && !text.includes("\r")) return text;
  const rest = state.afterReturn && text.startsWith("\n") ? text.slice(1) : text;
  state.afterReturn = text.endsWith("\r");
  return rest.replaceAll(/\r\n?/g, "\n");
}

function cutLines(state: State, text: string): void {
  let from = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
    const line = state.rest === "" ? text.slice(from, at) : state.rest + text.slice(from, at);
    state.rest = "";
    from = at + 1;
    takeLine(state, line);
  }
  state.rest += text.slice(from);
  if (state.rest.length > longestLine) throw new Error("the server sent a line without end");
}

function takeLine(state: State, line: string): void {
  if (line === "") return endEvent(state);
  const colon = line.indexOf(":");
  if (colon === 0) return; // a comment
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
  if (field === "data") addData(state, value);
  else if (field === "event") state.name = value;
  else if (field === "error") {
    // Older llama-server's way to say what went wrong.
    state.name = "error";
    addData(state, value);
  }
}

function addData(state: State, value: string): void {
  state.data = state.data === null ? value : `${state.data}\n${value}`;
}

function endEvent(state: State): void {
  if (state.data !== null) state.events.push({ name: state.name, data: state.data });
  state.name = "";
  state.data = null;
}
