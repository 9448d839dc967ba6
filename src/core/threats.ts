import { leakPatterns } from "./leak-patterns.ts";
import { foldedPatterns, plainPatterns, type ThreatKind, type ThreatPattern } from "./threat-patterns.ts";

export type { ThreatKind } from "./threat-patterns.ts";

/** Something in a text that works against whoever has it read to a model. */
export interface Threat {
  readonly kind: ThreatKind;
  /** `high`: no honest note or skill says so. `low`: honest ones may, so a person looks. */
  readonly grade: "high" | "low";
  /** What it is, in a few words for a person. */
  readonly what: string;
  /** Where it is, for a person to find it: plain, short, nothing hidden in it. Empty for hidden characters. */
  readonly excerpt: string;
}

/**
 * What is hostile in text that a model is to read as its own: a memory, a skill. Never throws, and takes time in proportion to the text.
 * No detector finds everything: it is one guard of several.
 */
export function threatsIn(text: string): readonly Threat[] {
  const hidden = hiddenIn(text);
  const plain = plainly(text);
  const found = [...hidden, ...matches(plain), ...decoded(text).flatMap(matches)];
  return found.filter((each, index) => found.findIndex(({ what }) => what === each.what) === index);
}

/** A text without what it hides: for a person to look at. */
export function withoutHidden(text: string): string {
  return text.replaceAll(alwaysHidden, "").replaceAll(oftenHonest, "");
}

/** Hide text, turn its order round, or stand for nothing. Joiners, variation selectors and direction marks have honest uses. */
const alwaysHidden =
  /[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e007f}]/gu;
/** Where a word may be broken, and which form of a Chinese sign is meant. */
const oftenHonest = /[\u00ad\u{e0100}-\u{e01ef}]/gu;
/** Bits can be written in these too, one after another or where no sign has forms. */
const oftenMisused = /\u00ad{2,}|(?<!\p{Script=Han})[\u{e0100}-\u{e01ef}]/u;
/** Bits can be written in runs of these; and between Latin letters they only cut a word in two. */
const joinersMisused = /[\u200c\u200d\ufe00-\ufe0f]{3,}|[A-Za-z][\u200c-\u200f\ufe00-\ufe0f]{1,2}[A-Za-z]/u;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;
/** The flags of England, Scotland and Wales are written in tags. */
const flags = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f}/gu;

function hiddenIn(text: string): readonly Threat[] {
  const honest = text.replaceAll(flags, "");
  const marks = /[\u200e\u200f]/u.test(honest) && !rightToLeft.test(honest);
  const hides = honest.search(alwaysHidden) !== -1 || joinersMisused.test(honest) || oftenMisused.test(honest) || marks;
  return hides ? [{ kind: "invisible", grade: "high", what: "holds invisible characters", excerpt: "" }] : [];
}

/** One case, one kind of blank, no hidden characters; lines stay. */
function plainly(text: string): string {
  return text
    .toWellFormed()
    .normalize("NFKC")
    .replaceAll(alwaysHidden, "")
    .replaceAll(oftenHonest, "")
    .replaceAll(/[\u200c-\u200f\ufe00-\ufe0f]/g, "")
    .toLowerCase()
    .replaceAll(/[‘’ʼ´`]/g, (mark) => (mark === "`" ? mark : "'"))
    .replaceAll(/[^\S\n]+/g, " ");
}

/** Letters of other alphabets that look like Latin ones. */
const lookAlikes: Readonly<Record<string, string>> = {
  а: "a",
  е: "e",
  о: "o",
  р: "p",
  с: "c",
  у: "y",
  х: "x",
  і: "i",
  ј: "j",
  ѕ: "s",
  ԁ: "d",
  ɡ: "g",
  ո: "n",
  α: "a",
  ε: "e",
  ι: "i",
  ο: "o",
  ρ: "p",
  ν: "v",
  υ: "u",
  ı: "i",
};

function matches(plain: string): readonly Threat[] {
  const latin = plain.replaceAll(/[аеорсухіјѕԁɡոαειορνυı]/g, (letter) => lookAlikes[letter] ?? letter);
  // Words may be on two lines; commands are on one. Both are looked at.
  const joined = latin.replaceAll("\n", " ");
  const unwrapped = latin.replaceAll(wrap, " ");
  return [
    ...foldedPatterns.flatMap((each) => matched(each, each.kind === "injection" ? joined : latin)),
    ...leakPatterns.flatMap((each) => matched(each, unwrapped)),
    ...plainPatterns.flatMap((each) => matched(each, plain.replaceAll("\n", " "))),
  ];
}

/** A line's end within a sentence: not before an item, a heading, a fence or an empty line. */
const wrap = /(?<![.!?:;。\n])\n(?! ?(?:[-*+#>|`~\n]|\d{1,3}[.)] ))/gu;

const excerptChars = 80;

function matched({ kind, grade, what, pattern }: ThreatPattern, text: string): readonly Threat[] {
  const found = pattern.exec(text)?.[0];
  if (found === undefined) return [];
  const line = found.replaceAll(/\s+/g, " ").trim();
  return [{ kind, grade, what, excerpt: line.length > excerptChars ? `${line.slice(0, excerptChars).toWellFormed()}…` : line }];
}

/** The most that is decoded of a text: a hostile one must not be able to make work. */
const mostBlobs = 20;
const blobChars = 4_000;

/** What the text says in base64, where that is text. */
function decoded(text: string): readonly string[] {
  return text
    .matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)
    .take(mostBlobs)
    .flatMap(([blob]) => textIn(blob.slice(0, blobChars)))
    .toArray();
}

function textIn(blob: string): readonly string[] {
  const whole = blob.replaceAll("=", "");
  // Atob refuses a length that no bytes have.
  const bytes = atob(whole.slice(0, whole.length - (whole.length % 4)));
  return /^[\x20-\x7e\s]{12,}$/.test(bytes) ? [plainly(bytes)] : [];
}
