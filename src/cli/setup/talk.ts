/** One of several answers. */
export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** A person at the terminal. Ctrl-C at any question leaves with the error that ends a command. */
export interface Talk {
  choose<Value extends string>(question: string, choices: readonly Choice<Value>[], first: Value): Promise<Value>;
  yes(question: string, first: boolean): Promise<boolean>;
  /** Enter alone gives `usual`. */
  text(question: string, usual: string): Promise<string>;
  /** Not shown as it is typed. */
  secret(question: string): Promise<string>;
}
