import { sql } from "kysely";
import type { MemoryTarget } from "../core/tool.ts";
import type { Db } from "./hold.ts";

/** Whose memory: a person's own, or a shared chat's. */
export interface MemoryOwner {
  readonly scope: "person" | "conversation";
  readonly owner: string;
}

/** Both texts of one owner; empty where nothing is kept. */
export async function readMemories(db: Db, owner: MemoryOwner): Promise<Readonly<Record<MemoryTarget, string>>> {
  const rows = await db
    .selectFrom("memories")
    .select(["target", "text"])
    .where("scope", "=", owner.scope)
    .where("owner", "=", owner.owner)
    .execute();
  const text = (target: MemoryTarget) => rows.find((row) => row.target === target)?.text ?? "";
  return { memory: text("memory"), user: text("user") };
}

/** Changes one text under a lock, so that two sessions of one person never overwrite each other. `change` gets the text that stands. */
export async function changeMemory<Result extends { text: string }>(
  db: Db,
  owner: MemoryOwner,
  target: MemoryTarget,
  change: (text: string) => Result,
): Promise<Result> {
  return await db.transaction().execute(async (trx) => {
    const key = { scope: owner.scope, owner: owner.owner, target };
    await trx
      .insertInto("memories")
      .values({ ...key, text: "" })
      .onConflict((conflict) => conflict.columns(["scope", "owner", "target"]).doNothing())
      .execute();
    const row = await trx
      .selectFrom("memories")
      .select("text")
      .where("scope", "=", owner.scope)
      .where("owner", "=", owner.owner)
      .where("target", "=", target)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const result = change(row.text);
    await trx
      .updateTable("memories")
      .set({ text: result.text, updated_at: sql<Date>`now()` })
      .where("scope", "=", owner.scope)
      .where("owner", "=", owner.owner)
      .where("target", "=", target)
      .execute();
    return result;
  });
}
