import type { CommandWords, Language } from "../../core/language.ts";
import type * as all from "../index.ts";

type Defined = (typeof all)[keyof typeof all];

/** A command that takes something has words for it, another one none. */
type WordsOf<D> = D extends { readonly argument: object } ? Required<CommandWords> : Pick<CommandWords, "line">;

/** A language with its words for every command of the registry: one without its line does not pass the type check. */
export interface WholeLanguage extends Language {
  readonly commands: { readonly [D in Defined as D["name"]]: WordsOf<D> };
}
