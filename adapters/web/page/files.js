import { make } from "./make.js";

/** A number of bytes as people say it. */
export function sizeWords(bytes) {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Files of a message: pictures are shown, everything else is there to be downloaded. */
export function fileList(files) {
  const list = make("div", "files");
  for (const { id, kind, name, size } of files) {
    const link = make("a", "file");
    link.href = `/api/files/${encodeURIComponent(id)}`;
    link.download = name;
    if (kind === "picture") {
      const picture = make("img");
      Object.assign(picture, { src: link.href, alt: name, loading: "lazy" });
      // What can't be shown any more is named.
      picture.addEventListener("error", () => picture.replaceWith(name));
      link.append(picture);
    } else link.append(make("span", "name", name), make("span", "size", sizeWords(size)));
    list.append(link);
  }
  return list;
}

/**
 * The files that will go with the next message: chosen, dropped, pasted or spoken. Each is on its way as soon as it is there; `changed` is
 * called when one more is, has arrived, or is taken off.
 */
export function attachments(row, changed) {
  const held = new Map();
  let limits = { largest: 0, most: 0 };

  function refuse(chip, why) {
    chip.classList.add("refused");
    chip.querySelector("progress")?.remove();
    chip.querySelector(".size").textContent = why;
    chip.setAttribute("role", "alert");
  }

  function add(file, voice = false) {
    const chip = make("div", "chip");
    const off = make("button", "quiet", "✕");
    off.type = "button";
    off.setAttribute("aria-label", `Take off ${file.name}`);
    chip.append(make("span", "name", file.name), make("span", "size", sizeWords(file.size)), off);
    const entry = { file: null, request: null };
    held.set(chip, entry);
    off.addEventListener("click", () => {
      entry.request?.abort();
      held.delete(chip);
      chip.remove();
      changed();
    });
    row.append(chip);
    if (limits.largest > 0 && file.size > limits.largest) refuse(chip, `too large: at most ${sizeWords(limits.largest)}`);
    else if (file.size === 0) refuse(chip, "empty");
    else if (limits.most > 0 && held.size > limits.most) refuse(chip, `too many: at most ${limits.most} at once`);
    else upload(file, voice, chip, entry);
    changed();
  }

  function upload(file, voice, chip, entry) {
    const bar = make("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Sending ${file.name}`);
    chip.querySelector(".size").after(bar);
    const request = new XMLHttpRequest();
    entry.request = request;
    request.upload.addEventListener("progress", ({ loaded, total }) => (bar.value = total > 0 ? loaded / total : 0));
    request.addEventListener("loadend", () => {
      entry.request = null;
      if (!held.has(chip)) return;
      const answer = parsed(request.responseText);
      if (request.status === 200) {
        entry.file = answer;
        bar.remove();
      } else refuse(chip, answer.error?.message ?? "not sent: Hermes does not answer");
      changed();
    });
    const query = new URLSearchParams({ name: file.name || "file", type: file.type, ...(voice ? { voice: "1" } : {}) });
    request.open("POST", `/api/files?${query}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.send(file);
  }

  return {
    add,
    addAll: (files) => [...files].forEach((file) => add(file)),
    limit: (told) => (limits = told),
    busy: () => [...held.values()].some(({ request }) => request !== null),
    /** Those that have arrived, which are no longer held; refused ones stay to be seen. */
    take() {
      const taken = [...held].filter(([, { file }]) => file !== null);
      for (const [chip] of taken) {
        held.delete(chip);
        chip.remove();
      }
      return taken.map(([, { file }]) => file);
    },
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Files may be dropped anywhere on the page, and pasted into it. */
export function takeDropsAndPastes(area, add) {
  const carriesFiles = ({ dataTransfer }) => [...(dataTransfer?.types ?? [])].includes("Files");
  area.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    area.classList.add("dropping");
  });
  for (const type of ["dragleave", "drop"]) area.addEventListener(type, () => area.classList.remove("dropping"));
  area.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  area.addEventListener("paste", ({ clipboardData }) => {
    // Copied words may come with a picture of themselves.
    if (clipboardData?.files.length > 0 && !clipboardData.types.includes("text/plain")) add(clipboardData.files);
  });
}

/** A button that records what is said until it is pressed again. Hidden where the browser has no microphone to give. */
export function recorder(button, add, complain) {
  let running = null;
  /** While the browser asks for its microphone, a second click would begin a second recording. */
  let asking = false;
  button.hidden = !navigator.mediaDevices || typeof MediaRecorder === "undefined";
  const show = (recording) => {
    button.setAttribute("aria-pressed", String(recording));
    button.title = recording ? "Stop recording" : "Record a voice message";
  };
  show(false);
  button.addEventListener("click", async () => {
    if (running) return running.state === "recording" ? running.stop() : undefined;
    if (asking) return undefined;
    asking = true;
    const sound = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
    asking = false;
    if (!sound) return complain("The browser gives no microphone. Allow it for this page, or attach a recording.");
    const pieces = [];
    running = new MediaRecorder(sound);
    running.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    running.addEventListener("stop", () => {
      const type = running.mimeType.split(";", 1)[0];
      running = null;
      for (const track of sound.getTracks()) track.stop();
      show(false);
      add(new File(pieces, `voice.${type.split("/")[1] ?? "webm"}`, { type }), true);
    });
    running.start();
    show(true);
    return undefined;
  });
}
