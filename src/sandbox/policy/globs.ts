/** Whether a text fits a shell pattern (`*`, `?`, `[…]`); time grows with text times pattern at most, whatever either holds. */
export function likeGlob(glob: string): (text: string) => boolean {
  const tokens = glob.match(/\*+|\[!?[^\]]+\]|\\[^]|[^]/gu) ?? [];
  const tests = tokens.map(tokenTest);
  return (text) => fits([...text], tests);
}

type Test = ((letter: string) => boolean) | null;

/** Null stands for a star. */
function tokenTest(token: string): Test {
  if (token.startsWith("*")) return null;
  if (token === "?") return () => true;
  if (token.startsWith("[") && token.length > 2) return setTest(token);
  const plain = token.startsWith("\\") ? token.slice(1) : token;
  return (letter) => letter === plain;
}

function setTest(token: string): Test {
  const negated = token[1] === "!";
  const letters = Array.from(token.slice(negated ? 2 : 1, -1));
  return (letter) => {
    const inside = letters.some((each, index) => {
      const [dash, high] = [letters[index + 1], letters[index + 2]];
      return each === letter || (dash === "-" && high !== undefined && each <= letter && letter <= high);
    });
    return inside !== negated;
  };
}

/** Goes back to the last star only, which is enough. */
function fits(letters: readonly string[], tests: readonly Test[]): boolean {
  let [at, test, star, mark] = [0, 0, -1, 0];
  while (at < letters.length) {
    const current = tests[test];
    if (current === null) {
      star = test;
      mark = at;
      test += 1;
    } else if (current?.(letters[at] ?? "") === true) {
      at += 1;
      test += 1;
    } else if (star !== -1) {
      test = star + 1;
      mark += 1;
      at = mark;
    } else return false;
  }
  return tests.slice(test).every((each) => each === null);
}
