/**
 * Shows Markdown while it is still being written. Only what is unmistakable is formatted; the server's own rendering replaces it at
 * the end. Text gets in as text nodes only.
 */
export function showPreview(target, text) {
  const blocks = split(text);
  const shown = target.shown ?? [];
  const same = blocks.findIndex((block, index) => block !== shown[index]);
  const from = same === -1 ? Math.min(blocks.length, shown.length) : same;
  while (target.childNodes.length > from) target.lastChild.remove();
  for (const block of blocks.slice(from)) target.append(build(block));
  target.shown = blocks;
}

/** Longer blocks are shown as they are: they are drawn anew with every frame. */
const inlineChars = 10_000;
/** Code, strong, emphasis, link. Every part has a longest length, or hostile text could keep the browser busy for minutes. */
const parts = /(`{1,3})([^`]{1,500})\1|\*\*([^*\n]{1,500})\*\*|\*([^*\s][^*\n]{0,500})\*|\[([^\]\n]{1,300})\]\([^()\s]{0,500}\)/g;

/** Blocks are divided by empty lines, but not inside a fence; a heading stands alone. */
function split(text) {
  const blocks = [];
  let lines = [];
  let fence = "";
  const end = () => {
    if (lines.length > 0) blocks.push(lines.join("\n"));
    lines = [];
  };
  for (const line of text.split("\n")) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    if (fence) {
      lines.push(line);
      if (mark.startsWith(fence) && line.trim() === mark) {
        fence = "";
        end();
      }
    } else if (mark) {
      end();
      fence = mark;
      lines.push(line);
    } else if (line.trim() === "") end();
    else {
      const list = isItem(line);
      const wasList = lines.length > 0 && isItem(lines[0]);
      if (/^#{1,6} /.test(line) || (list && !wasList) || /^#{1,6} /.test(lines[0] ?? "")) end();
      lines.push(line);
    }
  }
  end();
  return blocks;
}

function isItem(line) {
  return /^\s*([-*+]|\d{1,9}[.)]) /.test(line);
}

function build(block) {
  const lines = block.split("\n");
  if (/^ {0,3}(`{3,}|~{3,})/.test(block)) return code(lines);
  const heading = /^(#{1,6}) (.*)$/.exec(block);
  if (heading) return inline(document.createElement(`h${Math.min(heading[1].length + 1, 6)}`), heading[2]);
  if (isItem(block)) return list(lines);
  if (/^\s*\|/.test(block)) return Object.assign(document.createElement("pre"), { textContent: block });
  return inline(document.createElement("p"), block);
}

function code(lines) {
  const closed = lines.length > 1 && /^\s*(`{3,}|~{3,})\s*$/.test(lines.at(-1));
  const pre = document.createElement("pre");
  const inner = document.createElement("code");
  pre.dataset.language = lines[0].replace(/^[\s`~]+/, "").split(/\s/)[0];
  inner.textContent = lines.slice(1, closed ? -1 : undefined).join("\n");
  pre.append(inner);
  return pre;
}

function list(lines) {
  const first = /^\s*(\d{1,9})[.)]/.exec(lines[0]);
  const element = document.createElement(first ? "ol" : "ul");
  if (first) element.start = Number(first[1]);
  for (const line of lines) {
    if (isItem(line)) element.append(inline(document.createElement("li"), line.replace(/^\s*([-*+]|\d{1,9}[.)]) /, "")));
    else element.lastChild.append(` ${line.trim()}`);
  }
  return element;
}

function inline(element, text) {
  if (text.length > inlineChars) {
    element.append(text);
    return element;
  }
  let from = 0;
  for (const match of text.matchAll(parts)) {
    element.append(text.slice(from, match.index));
    const [whole, , codeText, strong, emphasis, label] = match;
    const tag = codeText ? "code" : strong ? "strong" : emphasis ? "em" : "span";
    element.append(Object.assign(document.createElement(tag), { textContent: codeText ?? strong ?? emphasis ?? label }));
    from = match.index + whole.length;
  }
  element.append(text.slice(from));
  return element;
}
