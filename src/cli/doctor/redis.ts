import { type CheckInput, type CheckResult, fail, ok, warn } from "./check.ts";
import { askRedis, type RedisAbout } from "./redis-ping.ts";

const answerMs = 5_000;
/** BullMQ recommends it: from here on it needs no fallbacks. */
const least = [6, 2] as const;

/** Redis, where it is used: there, new enough, and no place that jobs are lost in. */
export async function checkRedis({ loaded: { config } }: CheckInput): Promise<CheckResult[]> {
  if (config.redisUrl === null) return [ok("redis.answers", "Not used: the queue is embedded.")];
  const about = await askRedis(config.redisUrl, AbortSignal.timeout(answerMs));
  const name = about.has("valkey_version") ? `Valkey ${about.get("valkey_version")}` : `Redis ${about.get("redis_version")}`;
  return [ok("redis.answers", `${name} answers.`), ...version(about), eviction(about), ...writes(about)];
}

function version(about: RedisAbout): CheckResult[] {
  const [major = 0, minor = 0] = (about.get("redis_version") ?? "").split(".").map(Number);
  if (major > least[0] || (major === least[0] && minor >= least[1])) return [];
  return [warn("redis.version", `It is older than ${least.join(".")}.`, `Bring it up to Redis ${least.join(".")} or later.`)];
}

function eviction(about: RedisAbout): CheckResult {
  const policy = about.get("maxmemory_policy") ?? "unknown";
  if (policy === "noeviction") return ok("redis.eviction", "It drops no jobs (maxmemory-policy noeviction).");
  const when = about.get("maxmemory") === "0" ? "It has no limit of memory yet; with one, it" : "When its memory is full, it";
  const text = `${when} drops jobs (maxmemory-policy ${policy}). The record brings them back, late.`;
  return warn("redis.eviction", text, "`redis-cli config set maxmemory-policy noeviction`, and the same in redis.conf.");
}

/** Whether it saves is no matter: what it forgets is brought back from the record. That it refuses writes is one. */
function writes(about: RedisAbout): CheckResult[] {
  if (about.get("role") === "slave")
    return [fail("redis.writes", "It is a copy that takes no writes.", "Point REDIS_URL at the primary.")];
  if (about.get("loading") === "1") return [warn("redis.writes", "It is still reading its data from disk.", "Wait a moment.")];
  const unsaved = about.get("rdb_last_bgsave_status") === "err" || about.get("aof_last_write_status") === "err";
  if (!unsaved) return [];
  return [fail("redis.writes", "It can't save its data, and may refuse writes.", "See its log; make room on its disk.")];
}
