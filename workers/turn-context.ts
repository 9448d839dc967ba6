import { type CallContext, toolContext } from "../src/agent/call-context.ts";
import { rememberIn } from "../src/agent/memory.ts";
import { modelSpeed } from "../src/agent/model-speed.ts";
import { pastPorts } from "../src/agent/past.ts";
import { schedulePorts } from "../src/agent/scheduling.ts";
import { turnSkills } from "../src/agent/skills.ts";
import type { TurnSetting } from "../src/agent/turn-setting.ts";
import type { Person, Viewer } from "../src/core/chats.ts";
import type { Errand } from "../src/core/errand.ts";
import type { TurnEvent } from "../src/core/events.ts";
import type { SandboxOwner } from "../src/core/sandbox.ts";
import { lastingChat } from "../src/core/terminal.ts";
import type { ToolContext, ToolLimits } from "../src/core/tool.ts";
import type { Hold } from "../src/store/hold.ts";
import type { History } from "../src/store/journal.ts";
import type { SessionInfo } from "../src/store/sessions.ts";
import type { Turn } from "../src/store/turns.ts";
import { toolsetsOf } from "../src/tools/index.ts";
import { tellMemories } from "./memories.ts";
import { type Place, viewerOf } from "./places.ts";
import { watchingFor } from "./processes.ts";
import type { Readings } from "./readings.ts";
import type { TurnParts } from "./turn-parts.ts";

/** One turn while it runs. */
export interface OneTurn extends Pick<Readings, "model" | "tools"> {
  readonly hold: Hold;
  readonly info: SessionInfo;
  readonly errand: Errand | null;
  readonly turn: Turn;
  readonly opening: History | null;
  readonly begun: Promise<void>;
  readonly viewer: Viewer;
  readonly person: Person;
  readonly signal: AbortSignal;
  readonly incoming: TurnSetting["incoming"];
  emit(event: TurnEvent): void;
  afterwards(task: () => Promise<void>): void;
}

/** Who asks, as skills know them. */
export function askerOf({ info, errand, turn, person }: OneTurn, place: Place) {
  return {
    session: info.session,
    person,
    chat: place.chat,
    kind: place.kind,
    replyTo: errand === null ? turn.request.messageId : null,
    has: toolsetsOf(info.prompt?.tools ?? []),
  };
}

interface Where {
  readonly place: Place;
  readonly owner: SandboxOwner;
  readonly asker: ReturnType<typeof askerOf>;
  readonly window: number;
}

/** What all calls of a turn may touch. */
export function contextOf(parts: TurnParts, one: OneTurn, { place, owner, asker, window }: Where): CallContext {
  const { info, errand, turn, person, signal } = one;
  const skills = turnSkills(parts.skills, { ...asker, signal });
  const shared: Parameters<typeof toolContext>[0] = {
    session: info.session,
    person,
    shared: info.kind === "shared",
    signal,
    limits: fittingLimits(parts.settings.limits, window),
    configuration: parts.configuration,
    pictures: parts.pictures({ session: info.session, choice: info.choice, person: person.id, signal }),
    past: pastPorts(
      parts.db,
      viewerOf(place, person),
      info.session,
      parts.digest({ session: info.session, person: person.id, signal }),
    ),
    watching: watchingFor(parts.db, { owner, session: info.session, turn: turn.id }),
    web: parts.web,
    skills,
    schedules: schedulePorts(parts.schedules, {
      person,
      chat: lastingChat(place.chat),
      kind: place.kind,
      inRun: errand?.type === "run",
    }),
    attended: errand?.terms.attended ?? true,
    modelSpeed: async (fresh, say) => {
      const model = await parts.models.current({ id: info.session, choice: info.choice });
      return await modelSpeed(parts.db, model, person.id, fresh, say, signal);
    },
    remember: remembering(parts, one, place),
  };
  return toolContext(shared, async () => await skills.prepare(await parts.sandboxes.open(owner, info.session)));
}

/** What is saved is told once the answer is on its way. */
function remembering(parts: TurnParts, { turn, person, afterwards }: OneTurn, place: Place): ToolContext["remember"] {
  let telling = false;
  const changed = () => {
    if (telling) return;
    telling = true;
    afterwards(() => tellMemories({ ...parts, ...parts.settings }, { turn: turn.id }));
  };
  return rememberIn({ db: parts.db, reader: { ...place, person }, rules: parts.settings.memory, turn, changed });
}

/** One tool result takes a quarter of the window at most. */
function fittingLimits(limits: ToolLimits, window: number): ToolLimits {
  return { ...limits, resultChars: Math.min(limits.resultChars, Math.floor((window / 4) * resultDensity)) };
}

/** Characters of a token in a command's output: digits and marks make it denser than prose. */
const resultDensity = 2.5;
