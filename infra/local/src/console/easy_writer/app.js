// The app: routing, session and header.

import { finishSignIn, showProfile, showSignIn } from "./account.js";
import { get, restore, signOut, whenSignedOut } from "./api.js";
import { el, raits } from "./dom.js";
import { showImage, showImages } from "./images.js";
import { showPaid, showTopUp, showTransactions } from "./money.js";
import { showSession, showSessions } from "./sessions.js";
import { showTool, showTools } from "./tools.js";

const HOME = "/easy-writer";

/** Views by the first part of the fragment; they get the rest. */
const VIEWS = {
  "": showTools,
  tools: showTools,
  tool: showTool,
  sessions: showSessions,
  session: showSession,
  images: showImages,
  image: showImage,
  "top-up": showTopUp,
  transactions: showTransactions,
  profile: showProfile,
};

const view = document.getElementById("view");
const sections = document.getElementById("sections");
const account = document.getElementById("account");

/** Aborts the current view's connections and polling. */
let leave = new AbortController();
let someone = false;

function show(nodes) {
  view.replaceChildren(...[nodes].flat());
}

function title(text) {
  document.title = `${text} — Easy Writer`;
}

function go(fragment) {
  if (location.hash === fragment) route();
  else location.hash = fragment;
}

function header() {
  sections.hidden = !someone;
  account.hidden = !someone;
  for (const link of sections.querySelectorAll("a")) {
    const current = location.pathname === HOME && link.hash.slice(2) === place()[0];
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function refreshBalance() {
  if (!someone) return;
  try {
    const user = await get("/auth/me");
    document.getElementById("balance").textContent = raits(user.balance);
    document.getElementById("who").textContent = user.name || user.email || "Профиль";
  } catch {
    // The header stays as it is; the next call reports the error.
  }
}

function place() {
  const [name = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decode);
  return [name || "tools", ...rest];
}

/** A malformed fragment leads nowhere instead of failing. */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function route(problem) {
  leave.abort();
  const here = new AbortController();
  leave = here;
  header();
  const context = { title, go, refreshBalance, signal: here.signal, signedIn };
  if (!someone) {
    show(showSignIn(context, problem));
    return;
  }
  const [name, parameter] = place();
  const draw = location.pathname === `${HOME}/paid` ? showPaid : VIEWS[name];
  view.setAttribute("aria-busy", "true");
  try {
    const nodes = draw ? await draw(context, parameter) : [el("h1", {}, "Такой страницы нет")];
    // A view that loads slower than the next click is not shown.
    if (here.signal.aborted) return;
    show(problem ? [el("div", { class: "message bad", role: "alert" }, problem), nodes].flat() : nodes);
  } catch (error) {
    if (here.signal.aborted) return;
    const retry = el("button", { type: "button", onclick: () => route() }, "Повторить");
    show([el("div", { class: "message bad", role: "alert" }, error.message), el("div", { class: "actions" }, retry)]);
  } finally {
    if (!here.signal.aborted) view.removeAttribute("aria-busy");
  }
  const heading = view.querySelector("h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  window.scrollTo(0, 0);
}

async function signedIn() {
  someone = true;
  await Promise.all([refreshBalance(), route()]);
}

whenSignedOut(() => {
  if (!someone) return;
  someone = false;
  route("Вход устарел, войдите снова.");
});

document.getElementById("sign-out").addEventListener("click", async () => {
  someone = false;
  try {
    await signOut();
  } catch {
    // Signed out here in any case; the cookie expires.
  }
  location.hash = "";
  route();
});

// Not by its fragment: fragments are routes of the app.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  view.focus();
});

// The other pages of the app are one view each; a fragment there is a link to the app itself.
window.addEventListener("hashchange", () => {
  if (location.pathname === HOME) route();
  else location.assign(`${HOME}${location.hash}`);
});

async function start() {
  if (location.pathname === `${HOME}/signed-in`) {
    const { error } = finishSignIn();
    if (!error) {
      location.replace(HOME);
      return;
    }
    history.replaceState(null, "", HOME);
    someone = await restore();
    await Promise.all([refreshBalance(), route(error)]);
    return;
  }
  someone = await restore();
  await Promise.all([refreshBalance(), route()]);
}

start();
