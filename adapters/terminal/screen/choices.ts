import { asksNow, type TerminalPost } from "../../../src/core/terminal.ts";

/** What a number that is written chooses from. */
export interface Choices {
  /** The oldest question, or else what was offered last; null: a number is only a number. */
  current(): TerminalPost | null;
  take(post: TerminalPost): void;
  /** Something was said: what was offered before, such as to undo something, is not meant by a number any more. */
  said(): void;
  /** A post says something else now, and asks no more; true where its choices had been shown. */
  edited(post: string): boolean;
  /** What was answered while nobody was told of it asks no more. */
  keep(open: readonly TerminalPost[]): void;
}

export function createChoices(): Choices {
  /** Questions that wait for an answer, the oldest first. */
  const asked = new Map<string, TerminalPost>();
  let offered: TerminalPost | null = null;
  const offers = new Set<string>();
  return {
    current() {
      const [question] = asked.values();
      return question ?? offered;
    },
    take(post) {
      if (post.id === null || post.buttons.length === 0) return;
      if (asksNow(post)) return void asked.set(post.id, post);
      offered = post;
      offers.add(post.id);
    },
    said() {
      offered = null;
    },
    edited(post) {
      if (offered?.id === post) offered = null;
      return asked.delete(post) || offers.has(post);
    },
    keep(open) {
      const still = new Set(open.filter(asksNow).map(({ id }) => id));
      for (const id of asked.keys()) if (!still.has(id)) asked.delete(id);
    },
  };
}
