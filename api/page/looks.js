// When the view "Experiments" looks again: soon while something moves, seldom otherwise, since runs are started elsewhere
// too; not at all while nobody sees it, or where the server wants a key that was not given.

const SOON_MS = 1000;
const SELDOM_MS = 5000;
const MOVING = ["queued", "running", "stopping"];

export const isMoving = (run) => MOVING.includes(run.state);

// Milliseconds until the next look, or null for none. status: of the look that failed, else undefined.
export function nextLook({ open, hidden, runs, status }) {
  if (!open || hidden || status === 401) return null;
  return status === undefined && runs.some(isMoving) ? SOON_MS : SELDOM_MS;
}
