// Files for the server in groups that it takes at once: of a folder that is dropped there may be more.

const MOST_FILES = 200; // of a request: api/http/documents.py
const MOST_BYTES = 250_000_000; // a little below what a request may have: api/http/body.py

// [[file, ...], ...] in their order, none empty. A file that is too large by itself is alone: the server says so.
export function groupsOf(files) {
  const groups = [];
  let bytes = 0;
  for (const file of files) {
    const last = groups.at(-1);
    if (!last || last.length === MOST_FILES || bytes + file.size > MOST_BYTES) {
      groups.push([file]);
      bytes = file.size;
    } else {
      last.push(file);
      bytes += file.size;
    }
  }
  return groups;
}
