/** What a person has chosen for themselves, for the commands that show and change it. */
export interface PersonalPorts {
  /**
   * The language picked (null: as their client has it), the one their client has (null: none that it told and that ships), and the time zone
   * (null: the configured one).
   */
  settings(): Promise<{ readonly language: string | null; readonly client: string | null; readonly timezone: string | null }>;
  /** Null forgets it. */
  choose(setting: "language" | "timezone", value: string | null): Promise<void>;
  /** The languages that ship. */
  readonly languages: readonly { readonly code: string; readonly name: string }[];
}
