import type { Viewer } from "../src/core/chats.ts";
import type { Model, ModelMessage, Models, ToolSpec } from "../src/core/model.ts";
import type { Tool } from "../src/core/tool.ts";
import { type History, readHistory } from "../src/store/journal.ts";
import type { Db } from "../src/store/hold.ts";
import type { TurnIds } from "../src/store/turns.ts";
import type { Asker } from "../src/tools/toolsets.ts";
import type { Place } from "./places.ts";

interface ReadingParts {
  readonly db: Db;
  readonly models: Models;
  readonly offer: { tools(asker: Asker, frozen: readonly ToolSpec[]): Promise<ReadonlyMap<string, Tool>> };
}

/** What a turn needs before its first step, asked for at once: it comes while the turn's beginning is journalled. */
export interface Readings {
  readonly model: Promise<Model>;
  readonly tools: Promise<ReadonlyMap<string, Tool>>;
  readonly history: Promise<History>;
}

/** A session's readings, once its prompt is frozen: the tools depend on it. Whoever never looks at one does not hear of its failure. */
export function beginReadings(
  { db, models, offer }: ReadingParts,
  info: Place,
  person: Asker["person"],
  viewer: Viewer,
): Readings {
  const readings = {
    model: models.current({ id: info.session, choice: info.choice }),
    tools: offer.tools({ ...info, person }, info.prompt?.tools ?? []),
    history: readHistory(db, viewer, info.session),
  };
  for (const reading of Object.values(readings)) reading.catch(() => undefined);
  return readings;
}

/** A history with the request of the turn that begins: nobody else writes to the journal of a session that is held. */
export function withRequest(history: History, { turn, entry: id }: TurnIds, message: ModelMessage): History | null {
  if (id === null) return null;
  return { ...history, entries: [...history.entries.filter((each) => each.id < id), { id, turn, message }] };
}
