import { sql } from "kysely";
import type {
  SkillBundle,
  SkillEntry,
  SkillFile,
  SkillMeta,
  SkillOrigin,
  SkillOwner,
  SkillVerdict,
  SkillViewer,
} from "../core/skill.ts";
import type { Db } from "./hold.ts";
import { jsonText } from "./storable.ts";

/** A skill that is to be in use from now on. */
export interface NewSkill {
  readonly owner: SkillOwner;
  readonly name: string;
  readonly bundle: string;
  readonly origin: SkillOrigin;
  readonly verdict: SkillVerdict;
  /** Null: whoever runs the service. */
  readonly by: string | null;
}

/** Keeps a bundle; nothing reads it until a skill or a proposal names it. */
export async function keepBundle(db: Db, { hash, meta, files }: SkillBundle): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const kept = await trx
      .insertInto("skill_bundles")
      .values({ hash, meta: jsonText(meta) })
      .onConflict((conflict) => conflict.doNothing())
      .returning("hash")
      .executeTakeFirst();
    if (kept === undefined) {
      // Somebody is about to name it again: it is no stray for another while.
      await trx
        .updateTable("skill_bundles")
        .set({ created_at: sql<Date>`now()` })
        .where("hash", "=", hash)
        .execute();
      return;
    }
    for (const { path, bytes, executable } of files)
      await trx.insertInto("skill_files").values({ bundle: hash, path, bytes, executable }).execute();
  });
}

/** Puts a skill into use, in the place of one with its name. */
export async function putSkill(db: Db, { owner, name, bundle, origin, verdict, by }: NewSkill): Promise<void> {
  const values = { bundle, origin: jsonText(origin), verdict, added_by: by };
  await db
    .insertInto("skills")
    .values({ ...rowOf(owner), name, ...values })
    .onConflict((conflict) =>
      conflict.columns(["scope", "owner", "name"]).doUpdateSet({ ...values, updated_at: sql<Date>`now()` }),
    )
    .execute();
}

/** Takes a skill out of use; false when there was none. */
export async function dropSkill(db: Db, owner: SkillOwner, name: string): Promise<boolean> {
  const { scope, owner: whose } = rowOf(owner);
  const gone = await db
    .deleteFrom("skills")
    .where("scope", "=", scope)
    .where("owner", "=", whose)
    .where("name", "=", name)
    .returning("id")
    .execute();
  return gone.length > 0;
}

/** The skills that a viewer may see, by name; a person's own goes before the team's of the same name. */
export async function listSkills(db: Db, { person }: SkillViewer): Promise<readonly SkillEntry[]> {
  const found = await sql<EntryRow>`
    select distinct on (s.name) ${entryColumns}
    from skills s join skill_bundles b on b.hash = s.bundle
    where s.scope = 'team' or (s.scope = 'person' and s.owner = ${person})
    order by s.name, s.scope`.execute(db);
  return found.rows.map(toEntry);
}

/** One of them. */
export async function findSkill(db: Db, { person }: SkillViewer, name: string): Promise<SkillEntry | null> {
  const found = await sql<EntryRow>`
    select ${entryColumns}
    from skills s join skill_bundles b on b.hash = s.bundle
    where s.name = ${name} and (s.scope = 'team' or (s.scope = 'person' and s.owner = ${person}))
    order by s.scope limit 1`.execute(db);
  const row = found.rows[0];
  return row ? toEntry(row) : null;
}

/** One owner's skill of that name, whatever else there is. */
export async function ownedSkill(db: Db, owner: SkillOwner, name: string): Promise<SkillEntry | null> {
  const { scope, owner: whose } = rowOf(owner);
  const found = await sql<EntryRow>`
    select ${entryColumns} from skills s join skill_bundles b on b.hash = s.bundle
    where s.scope = ${scope} and s.owner = ${whose} and s.name = ${name}`.execute(db);
  const row = found.rows[0];
  return row ? toEntry(row) : null;
}

/** The files of a bundle. Whoever asks has found its hash by what may be seen. */
export async function filesOf(db: Db, bundle: string): Promise<readonly SkillFile[]> {
  const rows = await db
    .selectFrom("skill_files")
    .select(["path", "bytes", "executable"])
    .where("bundle", "=", bundle)
    .orderBy(sql`path collate "C"`)
    .execute();
  return rows.map(({ path, bytes, executable }) => ({ path, bytes: new Uint8Array(bytes), executable }));
}

/** Drops proposals decided long ago, and bundles that nothing names any more; a proposal names its own until it goes. */
export async function dropStrayBundles(db: Db): Promise<void> {
  await sql`delete from skill_proposals where status <> 'open' and decided_at < now() - interval '30 days'`.execute(db);
  await sql`
    delete from skill_bundles b where b.created_at < now() - interval '1 hour'
      and not exists (select 1 from skills s where s.bundle = b.hash)
      and not exists (select 1 from skill_proposals p where p.bundle = b.hash)`.execute(db);
}

/** Notes that a session has read a skill. */
export async function noteRead(db: Db, session: string, name: string, bundle: string): Promise<void> {
  await db
    .insertInto("skill_reads")
    .values({ session_id: session, name, bundle })
    .onConflict((conflict) => conflict.columns(["session_id", "name"]).doUpdateSet({ bundle, read_at: sql<Date>`now()` }))
    .execute();
}

/** The skill that a session has read last; its entry is null where it is gone, or not as it was then. Null where the session never read one. */
export async function lastRead(
  db: Db,
  session: string,
  viewer: SkillViewer,
): Promise<{ readonly name: string; readonly entry: SkillEntry | null } | null> {
  const row = await db
    .selectFrom("skill_reads")
    .select(["name", "bundle"])
    .where("session_id", "=", session)
    .orderBy("read_at", "desc")
    .orderBy("name")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const all = await listSkills(db, viewer);
  return { name: row.name, entry: all.find(({ name, hash }) => name === row.name && hash === row.bundle) ?? null };
}

/** How many steps of a turn called tools, and which. */
export async function workOf(db: Db, turn: string): Promise<{ readonly steps: number; readonly calls: readonly string[] }> {
  const found = await sql<{ steps: number; calls: readonly string[] | null }>`
    select count(distinct step)::int as steps, json_agg(distinct name) as calls from tool_calls where turn_id = ${turn}`.execute(
    db,
  );
  const row = found.rows[0];
  return { steps: row?.steps ?? 0, calls: row?.calls ?? [] };
}

/** What was last taken from these places, by path. */
export async function importsOf(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom("skill_imports").select(["path", "hash"]).execute();
  return new Map(rows.map(({ path, hash }) => [path, hash]));
}

export async function noteImport(db: Db, path: string, hash: string): Promise<void> {
  await db
    .insertInto("skill_imports")
    .values({ path, hash })
    .onConflict((conflict) => conflict.column("path").doUpdateSet({ hash, taken_at: sql<Date>`now()` }))
    .execute();
}

/** Within a transaction: nobody else decides over this owner's skills until it ends. */
export async function lockSkills(trx: Db, owner: SkillOwner): Promise<void> {
  const { scope, owner: whose } = rowOf(owner);
  await sql`select pg_advisory_xact_lock(hashtext(${`skills ${scope} ${whose}`}))`.execute(trx);
}

/** How an owner stands in the tables. */
export function rowOf(owner: SkillOwner): { scope: "team" | "person"; owner: string } {
  return { scope: owner.scope, owner: owner.scope === "team" ? "" : owner.person };
}

/** The reverse. */
export function ownerOf(scope: "team" | "person", owner: string): SkillOwner {
  return scope === "team" ? { scope } : { scope, person: owner };
}

interface EntryRow {
  readonly name: string;
  readonly scope: "team" | "person";
  readonly owner: string;
  readonly bundle: string;
  readonly origin: SkillOrigin;
  readonly meta: SkillMeta;
}

const entryColumns = sql`s.name, s.scope, s.owner, s.bundle, s.origin, b.meta`;

function toEntry({ name, scope, owner, bundle, origin, meta }: EntryRow): SkillEntry {
  return {
    name,
    description: meta.description,
    version: meta.version,
    owner: ownerOf(scope, owner),
    hash: bundle,
    origin,
    meta,
  };
}
