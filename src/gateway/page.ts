import { randomBytes } from "node:crypto";
import { type Account, chatKey, type ChatRef, type Viewer } from "../core/chats.ts";
import type { Failure } from "../core/failures.ts";
import type { Outbound } from "../core/outbound.ts";
import type { Db } from "../store/hold.ts";
import { findRoute } from "../store/inbox.ts";
import { keepPageFile, type PageFile, pageFile, pageFiles } from "../store/page-files.ts";
import { getSetting, putSetting } from "../store/settings.ts";
import { backlog, type Newcomer, saidIn, type SaidItem } from "../store/status.ts";
import type { StandingFacts } from "./parts.ts";

/** What the local page asks of the service. */
export interface PageFacts {
  readonly db: Db;
  readonly version: string;
  facts(): Promise<StandingFacts>;
  platforms(): readonly string[];
  health(): Promise<{ readonly queue: Failure | null; readonly platforms: readonly string[] }>;
  metrics(): Promise<string>;
  /** An outbox entry as Markdown. */
  wording(body: Outbound): string;
}

/** As much of the conversation as the page shows when it opens. */
const shownItems = 200;
const tokenKey = "page.token";

/** The page's secret, made at the first start and kept, so that the address stays good. */
export async function pageToken(db: Db): Promise<string> {
  const kept = await getSetting(db, tokenKey);
  if (kept !== null) return kept;
  const token = randomBytes(24).toString("base64url");
  await putSetting(db, tokenKey, token);
  return token;
}

/** The page's ports: its history (the viewer's own), the service's state, and the probes. */
export function pagePorts(page: PageFacts) {
  return {
    async history(chat: ChatRef, viewer: Account) {
      const who = await viewerOf(page.db, chat, viewer);
      if (who === null) return [];
      return (await saidIn(page.db, who, chat, chatKey(chat), shownItems)).map((item) => historyItem(page, item));
    },
    files: {
      keep: (file: Omit<PageFile, "size">, bytes: Uint8Array) => keepPageFile(page.db, file, bytes),
      of: (ids: readonly string[]) => pageFiles(page.db, ids),
      read: (id: string) => pageFile(page.db, id),
    },
    async status() {
      return { ...(await page.facts()), version: page.version, platforms: page.platforms() };
    },
    probes: {
      async health() {
        return { ok: true, details: { version: page.version, uptimeSeconds: Math.round(process.uptime()) } };
      },
      async ready() {
        const [work, { queue, platforms }] = await Promise.all([backlog(page.db), page.health()]);
        return { ok: queue === null, details: { queue: queue?.message ?? "ok", platforms, ...work } };
      },
      metrics: () => page.metrics(),
    },
  };
}

/** Who looks into a private chat. A command needs no conversation: what was answered is shown also before there is one. */
export async function viewerOf(db: Db, chat: ChatRef, account: Account): Promise<Viewer | Newcomer | null> {
  const { person, conversation } = await findRoute(db, chat, account);
  if (conversation === null) return { kind: "newcomer", platform: account.platform, id: account.id };
  return person === null ? null : { kind: "person", person: person.id, conversation };
}

function historyItem(page: PageFacts, item: SaidItem) {
  if (item.inbound?.type === "message") {
    const { messageId, text, files = [] } = item.inbound;
    const sent = files.map(({ ref: id, kind, name, size }) => ({ id, kind, name, size: size ?? 0 }));
    return { id: messageId ?? item.id, at: item.at, role: "person" as const, markdown: text, files: sent };
  }
  const file = item.outbound?.file;
  // What could not be kept or sent was said in words, which are not in the record.
  const files = file ? [{ id: item.id, kind: file.kind, name: file.name, size: file.size }] : [];
  const markdown = item.outbound ? page.wording(item.outbound) : "";
  const footer = item.outbound?.footer === undefined ? {} : { footer: item.outbound.footer };
  return {
    id: item.id,
    at: item.at,
    role: "agent" as const,
    markdown,
    ...footer,
    files,
    tools: item.tools,
    buttons: item.outbound?.buttons ?? [],
  };
}
