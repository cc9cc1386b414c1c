// How many questions a run is asked, by the field beside the offers.

// What goes into the request. A file keeps the limit that it names unless a number was written into the field.
export function limitOf({ value, written, isFile }) {
  if (isFile && (!written || value.trim() === "")) return {};
  return { limit: Math.max(0, Math.trunc(Number(value) || 0)) };
}
