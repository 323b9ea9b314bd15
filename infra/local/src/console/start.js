// Updates the start page's figures.

const PAUSE = 2000;

const freshness = document.getElementById("freshness");
const alarm = document.getElementById("alarm");

/** Puts figures into the row called `name`; `bad` is the index of the one to mark, if any. */
function fill(table, name, figures, bad) {
  const row = document.querySelector(`#${table} tr[data-name="${CSS.escape(name)}"]`);
  if (!row) return;
  figures.forEach((figure, index) => {
    const cell = row.cells[index + 1];
    const text = String(figure ?? "");
    if (cell.textContent !== text) cell.textContent = text;
    cell.classList.toggle("bad", index === bad);
  });
}

function warn(text) {
  // A screen reader would repeat the same text.
  if (alarm.textContent !== text) alarm.textContent = text;
  alarm.hidden = !text;
}

function draw(state) {
  for (const { name, connections } of state.products) {
    const cell = document.querySelector(`[data-connections="${CSS.escape(name)}"]`);
    if (cell) cell.textContent = String(connections ?? 0);
  }
  for (const { name, invocations, failures, latest_milliseconds: latest } of state.functions) {
    fill("functions", name, [invocations, failures, latest], failures > 0 ? 1 : -1);
  }
  for (const { name, waiting, in_flight: inFlight, delayed, dead_letters: dead } of state.queues) {
    fill("queues", name, [waiting, inFlight, delayed], dead && waiting > 0 ? 0 : -1);
  }
  const dead = state.queues.filter((queue) => queue.dead_letters && queue.waiting > 0);
  warn(dead.length ? `Dead letters in ${dead.map((queue) => queue.name).join(", ")}: their messages failed too often.` : "");
}

async function refresh() {
  try {
    const answer = await fetch("/state.json");
    if (!answer.ok) throw new Error(`${answer.status}`);
    draw(await answer.json());
    freshness.textContent = "";
  } catch {
    freshness.textContent = "It does not answer: the figures are old.";
  }
}

async function run() {
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
run();
