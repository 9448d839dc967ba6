/** A skill, or `NAME/FILE` for a file of it. */
export function placeIn(name: string, file: string): { readonly name: string; readonly file: string } {
  const [skill = "", ...within] = name.trim().replace(/^\/+/, "").split("/");
  return { name: skill, file: file.trim() === "" ? within.join("/") : file.trim() };
}
