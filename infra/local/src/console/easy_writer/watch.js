// Watches a job over its WebSocket until its last event. The server replays all events to each new connection.

import { refresh, socketOrigin, token } from "./api.js";

const ATTEMPTS = 8;
const LONGEST_PAUSE = 8000;
const LAST = ["completed", "error"];

/**
 * Calls `onEvent` with each event; every `connected` starts a replay. Calls `onLost` if it cannot connect. Ends with the last event or with
 * `signal`.
 */
export async function watch(path, { onEvent, onLost, signal }) {
  for (let attempt = 0; attempt < ATTEMPTS && !signal.aborted; attempt += 1) {
    if (attempt > 0) await pause(Math.min(250 * 2 ** attempt, LONGEST_PAUSE), signal);
    if (signal.aborted) return;
    const { opened, ended } = await connection(path, onEvent, signal);
    if (ended || signal.aborted) return;
    // A refused handshake has no reason; mostly the token has expired.
    if (!opened) await refresh();
    else attempt = 0;
  }
  if (!signal.aborted) onLost();
}

function connection(path, onEvent, signal) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${socketOrigin}${path}?token=${encodeURIComponent(token() || "")}`);
    let opened = false;
    // Not on close: the other side may take its time to confirm it.
    const finish = (ended) => {
      signal.removeEventListener("abort", abort);
      socket.close();
      resolve({ opened, ended });
    };
    const abort = () => finish(false);
    signal.addEventListener("abort", abort, { once: true });
    socket.addEventListener("open", () => {
      opened = true;
    });
    socket.addEventListener("message", (message) => {
      let event;
      try {
        event = JSON.parse(message.data);
      } catch {
        return;
      }
      if (signal.aborted) return;
      onEvent(event);
      if (LAST.includes(event.event)) finish(true);
    });
    socket.addEventListener("close", () => finish(false));
  });
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
