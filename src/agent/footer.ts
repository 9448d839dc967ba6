import type { FooterField } from "../config/footer-keys.ts";
import { bar, duration, thousands } from "../core/figures.ts";
import type { ModelUsage } from "../core/model.ts";
import { shownModel } from "../model/address.ts";
import type { FooterFacts } from "../store/footers.ts";

/** The line below a turn's answer, in chats that want one. */
export interface Footer {
  /** Asks the record for what it needs, so that the answer does not wait for it. */
  prepare(): void;
  /** The line, plain text, after the turn's last model call; null where none is wanted or nothing is known. Never rejects. */
  line(usage: ModelUsage): Promise<string | null>;
}

export interface FooterParts {
  facts(): Promise<FooterFacts | null>;
  readonly fields: readonly FooterField[];
  readonly model: string;
  /** Tokens that the model's window holds. */
  readonly window: number;
}

export function createFooter(parts: FooterParts): Footer {
  let asked: Promise<(FooterFacts & { readonly at: number }) | null> | null = null;
  const known = () => {
    asked ??= parts.facts().then(
      (facts) => facts && { ...facts, at: performance.now() },
      () => null,
    );
    return asked;
  };
  return {
    prepare: () => void known(),
    async line(usage) {
      const facts = await known();
      if (facts?.wanted !== true) return null;
      const since = performance.now() - facts.at;
      return footerLine(parts, usage, { turnMs: facts.turnMs + since, sessionMs: facts.sessionMs + since });
    },
  };
}

/** Model names in full would push the rest out of sight. */
const nameChars = 26;

/** The fields that are known, in the order asked for; null when none is. */
export function footerLine(
  { fields, model, window }: Pick<FooterParts, "fields" | "model" | "window">,
  { promptTokens, completionTokens }: Pick<ModelUsage, "promptTokens" | "completionTokens">,
  { turnMs, sessionMs }: Pick<FooterFacts, "turnMs" | "sessionMs">,
): string | null {
  const used = promptTokens === null ? null : promptTokens + (completionTokens ?? 0);
  const part = (field: FooterField): string | null => {
    switch (field) {
      case "model":
        return shortName(model);
      case "tokens":
        return used === null ? null : `${thousands(used)}/${thousands(window)}`;
      case "context_pct":
        return used === null ? null : bar(used / window);
      case "session_time":
        return duration(sessionMs);
      case "turn_time":
        return `⏲ ${duration(turnMs)}`;
    }
  };
  const parts = [...new Set(fields)].map(part).filter((each) => each !== null);
  return parts.length === 0 ? null : parts.join(" │ ");
}

function shortName(model: string): string {
  const name = (shownModel(model).split(/[\\/]/).findLast(Boolean) ?? model).replace(/\.gguf$/i, "").replaceAll(/\s+/g, " ");
  return name.length <= nameChars ? name : `${name.slice(0, nameChars - 1).toWellFormed()}…`;
}
