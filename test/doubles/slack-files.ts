import type { IncomingMessage, ServerResponse } from "node:http";
import type { SlackFaults } from "./slack-faults.ts";
import { answer, type Params, readBytes, record, type SlackCall } from "./slack-wire.ts";

/** What of the server these paths need. */
interface Shelf {
  readonly calls: SlackCall[];
  readonly faults: SlackFaults;
  readonly watchers: ReadonlySet<() => void>;
  readonly responses: { channel: string; body: Params }[];
  readonly responseUrls: Map<string, { readonly channel: string; left: number }>;
  readonly uploads: Map<string, { name: string; bytes: Buffer }>;
  readonly botToken: string;
}

/** A slash command's address takes five answers. */
export async function respond(state: Shelf, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = record((await readBytes(request)).toString("utf8"));
  const known = state.responseUrls.get(path);
  const call: SlackCall = {
    method: "response_url",
    params: body,
    at: Date.now(),
    result: known && known.left > 0 ? "ok" : "expired_url",
  };
  state.calls.push(call);
  const fault = state.faults.next("response_url", { channel: known?.channel });
  if (fault?.kind === "garble") return await answer(response, fault.status, fault.body);
  if (!known || known.left === 0) return await answer(response, 404, JSON.stringify({ ok: false, error: "expired_url" }));
  known.left -= 1;
  state.responses.push({ channel: known.channel, body });
  for (const watch of state.watchers) watch();
  await answer(response, 200, "ok");
}

export async function upload(state: Shelf, id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bytes = await readBytes(request);
  const known = state.uploads.get(id);
  if (!known) return await answer(response, 404, "no such upload");
  state.uploads.set(id, { ...known, bytes });
  await answer(response, 200, `OK - ${bytes.length}`);
}

/** A private file: without the bot's token a page to sign in comes, as Slack does it. */
export async function download(state: Shelf, id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = state.uploads.get(id.split("/")[0] ?? "");
  if (request.headers.authorization !== `Bearer ${state.botToken}`) {
    return await answer(response, 200, "<html>Sign in to Slack</html>", { "content-type": "text/html" });
  }
  if (!file) return await answer(response, 404, "not found");
  await answer(response, 200, file.bytes, { "content-type": "application/octet-stream" });
}
