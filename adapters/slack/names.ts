import type { SlackApi } from "./api.ts";
import type { Budget } from "./budget.ts";
import { fields, text } from "./fields.ts";

/** What people are called. */
export interface Names {
  /** A name for an account; its id where Slack does not say in time. */
  of(user: string): Promise<string>;
  /** The language of their client as a BCP 47 tag, as far as it is known by now. */
  languageOf(user: string): string | null;
}

/** People rename themselves: after this they are asked for again, in the background. */
const freshMs = 600_000;
const most = 5_000;

export function createNames(api: SlackApi, budget: Budget, patienceMs: number): Names {
  const known = new Map<string, { readonly name: string; readonly language: string | null; readonly at: number }>();
  const asked = new Map<string, Promise<string | null>>();
  const ask = async (user: string): Promise<string | null> => {
    if (!budget.take("users.info")) return null;
    try {
      const found = fields((await api.aside("users.info", { user, include_locale: true }))["user"]);
      const profile = fields(found["profile"]);
      const name = text(profile["display_name"]) ?? text(profile["real_name"]) ?? text(found["real_name"]) ?? text(found["name"]);
      if (name === null) return null;
      if (known.size >= most) known.clear();
      known.set(user, { name, language: text(found["locale"]), at: performance.now() });
      return name;
    } catch {
      return null;
    }
  };
  const once = (user: string): Promise<string | null> => {
    const running = asked.get(user) ?? ask(user).finally(() => asked.delete(user));
    asked.set(user, running);
    return running;
  };
  return {
    async of(user) {
      const found = known.get(user);
      if (found) {
        if (performance.now() - found.at > freshMs) void once(user);
        return found.name;
      }
      const late = Promise.withResolvers<null>();
      const timer = setTimeout(() => late.resolve(null), patienceMs);
      const name = await Promise.race([once(user), late.promise]);
      clearTimeout(timer);
      return name ?? user;
    },
    languageOf: (user) => known.get(user)?.language ?? null,
  };
}
