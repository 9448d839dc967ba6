import { incomingMessage, type IncomingParts } from "../src/agent/incoming.ts";
import type { SkillWork } from "../src/agent/skill-asker.ts";
import { askedSkills } from "../src/agent/skills.ts";
import type { Looker } from "../src/agent/pictures.ts";
import type { TurnSetting } from "../src/agent/turn-setting.ts";
import type { Person } from "../src/core/chats.ts";
import type { TurnEvent } from "../src/core/events.ts";
import type { SandboxBackend } from "../src/core/sandbox.ts";
import type { PicturePorts } from "../src/core/tool.ts";
import type { Db } from "../src/store/hold.ts";
import type { SessionInfo } from "../src/store/sessions.ts";
import { sandboxOwnerOf } from "./places.ts";

interface ReadingParts {
  readonly db: Db;
  pictures(looker: Looker): PicturePorts;
  readonly sandboxes: Pick<SandboxBackend, "open">;
  readonly skills: SkillWork;
  readonly web: Pick<IncomingParts, "pdfText">;
  readonly hear: IncomingParts["hear"];
}

/** Who sends, and where. */
interface Asking {
  readonly info: SessionInfo;
  readonly person: Person;
  readonly signal: AbortSignal;
  emit(event: TurnEvent): void;
}

/** How messages and their files come to the model. */
export function incomingFor(parts: ReadingParts, { info, person, signal, emit }: Asking): TurnSetting["incoming"] {
  const { db } = parts;
  const pictures = parts.pictures({ session: info.session, choice: info.choice, person: person.id, signal });
  const sandbox = () => parts.sandboxes.open(sandboxOwnerOf(info, person), info.session);
  const asker = { session: info.session, person, kind: info.kind, signal };
  const skillTexts = (names: readonly string[]) => askedSkills(parts.skills, asker, names, sandbox);
  const reading = { db, pictures, sandbox, skillTexts, pdfText: parts.web.pdfText, hear: parts.hear, signal, emit };
  return (inbox, inbound) => incomingMessage(reading, inbox, inbound, info.kind);
}
