import { type ChatRef, chatKey } from "../core/chats.ts";
import type { ProgressMode } from "../core/chat-settings.ts";
import type { Outbound } from "../core/outbound.ts";
import { asksNow, homeAccount, type TerminalState } from "../core/terminal.ts";
import { shownModel } from "../model/address.ts";
import type { Db } from "../store/hold.ts";
import { findRoute } from "../store/inbox.ts";
import { ownSessions, resumeSession } from "../store/own-sessions.ts";
import { sessionsMeant } from "../store/session-list.ts";
import { openSession, sessionChoice } from "../store/sessions.ts";
import { saidIn, sessionState } from "../store/status.ts";
import { askingIn, outcomeOfMessage, windowUse } from "../store/turn-outcomes.ts";
import { viewerOf } from "./page.ts";
import type { StandingFacts } from "./parts.ts";

interface TerminalFacts {
  readonly db: Db;
  facts(): Promise<StandingFacts>;
  /** An outbox entry as Markdown. */
  wording(body: Outbound): string;
  toolProgress(chat: ChatRef): Promise<ProgressMode>;
}

/** As much as is told to one who comes back: what is older is found with `/sessions`. */
const mostMissed = 40;

/** What terminals ask of the record, each in the home owner's name. */
export function terminalPorts({ db, facts, wording, toolProgress }: TerminalFacts) {
  const viewerIn = (chat: ChatRef) => viewerOf(db, chat, homeAccount);
  return {
    async missed(chat: ChatRef, after: number) {
      const viewer = await viewerIn(chat);
      if (viewer === null) return [];
      const items = await saidIn(db, viewer, chat, chatKey(chat), mostMissed);
      return items.flatMap(({ id, outbound }) => {
        if (outbound === null) return [];
        const buttons = outbound.buttons ?? [];
        const isNew = Number(id.replace("out-", "")) > after;
        if (!isNew && !asksNow({ buttons })) return [];
        const file = outbound.file?.name ?? null;
        const markdown = file === null ? wording(outbound) : "";
        const { replyTo: answers, footer = null } = outbound;
        return [{ id, answers, markdown, footer, buttons, asks: asksNow({ buttons }), repeated: false, fileName: file }];
      });
    },
    async state(chat: ChatRef, message: string | null): Promise<TerminalState> {
      const [viewer, { session }] = await Promise.all([viewerIn(chat), findRoute(db, chat, homeAccount)]);
      const own = viewer?.kind === "person" ? viewer : null;
      const outcome = message === null || own === null ? null : await outcomeOfMessage(db, own, chat, message);
      // Who asks after a message waits for that alone: neither a server's facts nor a line below must hold it up.
      if (message === null)
        return { session, ...(await figuresOf(db, session, facts)), toolProgress: await toolProgress(chat), asking: [], outcome };
      const general = { session, toolProgress: "all", outcome } as const;
      // What it asks is read first: an answer that comes in between leaves a question that is not asked any more.
      if (outcome === null) return { asking: await askingIn(db, chat), ...(await figuresOf(db, session, null)), ...general };
      const use = session === null ? null : await windowUse(db, session);
      return { ...nothingKnown, asking: [], model: shownModel(use?.model ?? ""), ...general };
    },
    toolProgress,
    async resume(chat: ChatRef, which: string): Promise<boolean> {
      const { person, session } = await findRoute(db, chat, homeAccount);
      if (person === null) return false;
      const { conversation } = await openSession(db, chat, "private");
      const viewer = { kind: "person", person: person.id, conversation } as const;
      const wanted =
        which === "last" ? ((await ownSessions(db, viewer, session, 1))[0]?.id ?? null) : await meant(db, person.id, which);
      return wanted !== null && (await resumeSession(db, viewer, wanted, conversation));
    },
  };
}

/** By its id, the beginning of it, or its title, as `hermes sessions` takes it; null: none, or several. */
async function meant(db: Db, person: string, which: string): Promise<string | null> {
  const [one, another] = await sessionsMeant(db, { kind: "person", person, shared: false }, which);
  return one === undefined || another !== undefined ? null : one.id;
}

type Figures = Omit<TerminalState, "session" | "outcome" | "asking" | "toolProgress">;

const nothingKnown: Figures = { title: null, since: 0, model: "", demonstration: false, used: null, window: null, busy: false };

/** What the status line shows of a session. */
async function figuresOf(db: Db, session: string | null, facts: (() => Promise<StandingFacts>) | null): Promise<Figures> {
  const [standing, own] = await Promise.all([facts?.() ?? null, session === null ? null : ownFigures(db, session)]);
  const general = {
    demonstration: standing?.demonstration ?? false,
    model: shownModel(standing?.model ?? ""),
    window: standing?.window ?? null,
  };
  if (own === null) return { ...general, title: null, since: Date.now(), used: null, busy: false };
  const { picked, wrote, ...figures } = own;
  // Another model's window is not known here.
  if (picked !== null) return { ...general, ...figures, model: shownModel(picked), window: null };
  return { ...general, ...figures, model: general.model || shownModel(wrote) };
}

async function ownFigures(db: Db, session: string) {
  const [state, use, choice] = await Promise.all([sessionState(db, session), windowUse(db, session), sessionChoice(db, session)]);
  return {
    title: state?.title ?? null,
    since: state?.startedAt ?? Date.now(),
    busy: state !== null && (state.running !== null || state.waiting > 0),
    used: use?.used ?? null,
    wrote: use?.model ?? "",
    picked: choice?.model ?? null,
  };
}
