/** A call as its text says it, before its name and values are matched with the offered tools. */
export interface WrittenCall {
  readonly name: string;
  /** JSON text as it stands, which may be broken; or values as text, whose types only the tool's schema knows. */
  readonly args: string | readonly (readonly [key: string, value: string])[];
}

/** How one family of models writes a tool call as text when its server does not recognise it. */
export interface TextFamily {
  readonly name: string;
  /** What begins the calls; may be written in several ways. */
  readonly opens: readonly string[];
  /** What ends them. The end of the answer does so too. */
  readonly closes: readonly string[];
  /** Its marks are ordinary words too: what holds no call of an offered tool is text. */
  readonly word?: boolean;
  /** The calls in what stood between the two (with the opening, which may say something); none when it is not this family's form. */
  read(body: string, open: string): readonly WrittenCall[];
}
