/** How a command that runs another reads the words before it. */
export interface Leading {
  /** Options that take the next word, as `-u` and `--user`. */
  readonly valued: string;
  /** Letters of options that take none. Any other option may take the next word or not: both are looked at. */
  readonly flags?: string;
  /** How many words an option that isn't known may take, where that is more than one. */
  readonly most?: number;
  /** Words before the command, such as the time of `timeout`. */
  readonly skip?: number;
  /** `NAME=value` may stand before the command. */
  readonly assigns?: true;
}

/**
 * Where the command may begin: the likely place at index `skip`, others where an option that isn't known may have taken a word.
 * Long options may be cut short and letters may stand together, as everywhere.
 */
export function commandStarts(args: readonly string[], leading: Leading): readonly number[] {
  const starts: number[] = [];
  let open = 1 + (leading.skip ?? 0);
  for (let at = 0; at < args.length && open > 0; at += 1) {
    const arg = args[at] ?? "";
    if (leading.assigns === true && /^[A-Za-z_]\w*=/.test(arg)) continue;
    if (arg.startsWith("-")) {
      const takes = taking(arg, leading);
      if (takes === "next") at += 1;
      else if (takes === "perhaps") open += leading.most ?? 1;
    } else {
      starts.push(at);
      open -= 1;
    }
  }
  return starts;
}

function taking(arg: string, { valued, flags = "" }: Leading): "next" | "none" | "perhaps" {
  const names = valued.split(" ");
  if (arg.startsWith("--")) {
    if (arg === "--" || arg.includes("=")) return "none";
    return names.some((name) => name.startsWith(arg)) ? "next" : "perhaps";
  }
  const letters = arg.slice(1).split("");
  const first = letters.findIndex((letter) => names.includes(`-${letter}`));
  if (first !== -1) return first === letters.length - 1 ? "next" : "none";
  return letters.every((letter) => flags.includes(letter) || /\d/.test(letter)) ? "none" : "perhaps";
}

/** What is given to an option, by its letters or its long name: in the next word, glued to it, or behind `=`. */
export function valuesOf(args: readonly string[], letters: string, long: RegExp): readonly string[] {
  return args.flatMap((arg, index) => {
    const next = args[index + 1];
    if (arg.startsWith("--")) {
      const cut = arg.indexOf("=");
      if (!long.test(cut === -1 ? arg : arg.slice(0, cut))) return [];
      return cut === -1 ? [next ?? ""] : [arg.slice(cut + 1)];
    }
    const at = arg.startsWith("-") ? [...arg].findIndex((letter) => letters.includes(letter)) : -1;
    if (at === -1) return [];
    // What is glued to it may be its value, or further letters.
    return [arg.slice(at + 1), ...(/^\w*$/.test(arg.slice(at + 1)) ? [next ?? ""] : [])].filter((each) => each !== "");
  });
}

/** Commands that a reading is worth following for. */
const telling =
  /^(?:rm|sh|dash|bash|zsh|ksh|ash|fish|dd|mkfs\S*|chmod|chown|find|shred|curl|wget|python[\d.]*|perl|ruby|node|kill|killall5?|pkill|reboot|shutdown|sudo|doas|env|eval|exec|xargs|command|time|nice|ionice|nohup|setsid|stdbuf|timeout|busybox|wipefs|blkdiscard|mv|tar)$/;

/** Those of `starts` that are worth following, as long as there is fuel: there may be thousands. */
export function* worthFollowing(
  args: readonly string[],
  starts: readonly number[],
  left: { readonly fuel: number },
): Generator<number> {
  for (const start of starts) if (left.fuel >= 0 && telling.test((args[start] ?? "").replace(/^.*\//s, ""))) yield start;
}
