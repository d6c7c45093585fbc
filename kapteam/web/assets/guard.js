// Watches over one open tab: tells the server that somebody is active, locks on F9, and hides the
// page when the sign-in is over or the server is gone. It keeps nothing in the browser's storage.
"use strict";

const TOUCH_MS = 10_000;
const LOOK_MS = 1_000;
const PATIENCE_LOOKS = 8;
const ANSWER_MS = 3_000;
const PAUSE_MS = 1_000;
const SENDING_MS = 500;
const SENT_MS = 5_000;
const AGEING_MS = 60_000;
const AGAIN_MS = 10_000;
const HELD_MS = 5_000;
const ON_THE_WAY_MS = 1_000;
const SLOW_MS = 30_000;
const LEAVING_MS = 500;

// Hiding: nothing is removed, so what was typed is still there when the page comes back.

const notice = document.createElement("div");
notice.id = "kapteam-notice";
notice.setAttribute("role", "alert");

const hidden = new Set();

function hide(words = "") {
  notice.textContent = words;
  if (!notice.isConnected) document.body.append(notice);
  for (const part of document.body.children) {
    if (part === notice || part.inert) continue;
    part.inert = true;
    hidden.add(part);
  }
  document.documentElement.classList.add("kapteam-hidden");
}

function show() {
  document.documentElement.classList.remove("kapteam-hidden");
  for (const part of hidden) part.inert = false;
  hidden.clear();
  notice.remove();
}

function post(path) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = path;
  document.body.append(form);
  form.submit();
}

const isOurs = (path) => /^\/(?![\/\\])/.test(path ?? "");

// Heartbeat: the server says every three seconds that all is well, and at once what is new. The page is
// left when the sign-in is over, and hidden while nothing is heard.

let heart = null;
let news = "";
let silence = 0; // looks in a row since anything was heard
let leaving = false;

function listen() {
  heart?.close();
  const mine = new WebSocket(`${location.origin.replace("http", "ws")}/session/heartbeat`);
  heart = mine;
  mine.addEventListener("message", ({ data }) => {
    silence = 0;
    news = data;
    if (!leaving) show();
    refresh();
  });
  mine.addEventListener("close", () => mine === heart && ask());
}

// A handshake that is refused does not say why.
async function ask() {
  const answer = await fetch("/session/alive", {
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch(() => null);
  // Who is on the way to the lock already is not sent anew: that would lose this page's address.
  if (answer?.status === 401) return leaving || leave();
  setTimeout(listen, LOOK_MS);
}

// Looks are counted rather than seconds: who comes back from sleep has heard nothing for hours.
function look() {
  silence += 1;
  if (silence >= PATIENCE_LOOKS) {
    hide("The connection to kapteam is lost. This page comes back by itself.");
  }
  if (silence % PATIENCE_LOOKS === 0) listen();
  refresh();
}

function leave() {
  leaving = true;
  hide();
  location.reload(); // the gate sends the tab to the page that asks for the password
}

document.addEventListener("visibilitychange", refresh);
addEventListener("online", listen);
addEventListener("pageshow", (event) => {
  if (event.persisted) leave();
});

// A page that is live says by which change token it was drawn. When the heartbeat tells
// another, something was saved, and the page draws its lists again; once a minute it does so anyway,
// since "in 30 min" ages. Every page says for whom it was drawn ("Who can see this screen?"), which
// another tab may have answered anew. Nobody is disturbed: not while a button of the mouse is down, or a dialog
// or a list to choose from lies over the page, and the focus stays on the link it was on, wherever that moves to. Nor is anybody
// called back: for a moment after a press Streamlit has asked for the next page, and a Refresh pressed on
// this one would be the later word. The address of a link stands in the bar once the server has begun its
// page, however long that takes.

let drawnFor = ""; // the news for which the page was last asked to draw itself
let drawnAt = performance.now();
let pressedAt = -Infinity; // when a button went down that is not known to be up again
let wentAt = -Infinity; // when something was pressed, or Back
let wentTo = ""; // where a pressed link leads that is not there yet

function refresh() {
  const drawn = document.querySelector("[data-kapteam-token]")?.dataset;
  if (!drawn || !news || document.hidden || leaving || isRunning()) return;
  const now = performance.now();
  if (now - pressedAt < HELD_MS || now - wentAt < ON_THE_WAY_MS) return;
  if (wentTo !== "" && location.pathname !== wentTo && now - wentAt < SLOW_MS) return;
  wentTo = "";
  if (document.querySelector("[role=dialog], [role=listbox]")) return;
  const [token, audience] = news.split(" ");
  const isLive = drawn.kapteamToken !== "";
  const isOld = isLive && token !== drawn.kapteamToken || audience !== drawn.kapteamAudience;
  const since = now - drawnAt;
  const isAsked = isOld && (news !== drawnFor || since >= AGAIN_MS);
  if (!isAsked && !(isLive && since >= AGEING_MS)) return;
  drawnFor = news;
  drawnAt = now;
  keepFocus();
  document.querySelector(".st-key-watched button")?.click();
}

async function keepFocus() {
  const focused = document.activeElement;
  const address = focused?.href;
  if (!address) return;
  await until(isRunning, SENDING_MS);
  await until(() => !isRunning(), SENT_MS);
  if (document.activeElement !== focused && document.activeElement !== document.body) return;
  if (focused.isConnected && focused.href === address) return;
  const same = [...document.querySelectorAll("a[href]")].find((one) => one.href === address);
  if (same) same.focus({ preventScroll: true });
  else focused.blur();
}

addEventListener("pointerdown", () => (pressedAt = performance.now()), { capture: true });
for (const kind of ["pointerup", "pointercancel"]) {
  addEventListener(kind, () => (pressedAt = -Infinity), { capture: true });
}

function goes(event) {
  wentAt = performance.now();
  const link = event.target.closest?.("a[href]");
  const isHere = !link || link.pathname === location.pathname || event.ctrlKey || event.metaKey;
  wentTo = isHere ? "" : link.pathname;
}

// Before Streamlit leaves for another page after a Save it writes that page's question mark into the
// address of this one, and Back would lead to an address that never was.
const push = history.pushState.bind(history);
let before = { address: "", at: -Infinity }; // what stood in the bar before its question mark changed

// The id of a form that was just begun (`?new=`) is no other place: Back would lead to the same form.
function place(address) {
  const { pathname, searchParams } = new URL(address, location.href);
  searchParams.delete("new");
  return `${pathname}?${searchParams}`;
}

history.pushState = (state, unused, url) => {
  const now = performance.now();
  if (place(url) === place(location.href)) {
    history.replaceState(state, unused, url);
    return;
  }
  if (new URL(url, location.href).pathname === location.pathname) {
    before = { address: location.href, at: now };
  } else if (now - before.at < LEAVING_MS && wentTo === "") {
    history.replaceState(history.state, unused, before.address);
  }
  push(state, unused, url);
};

addEventListener("click", goes, { capture: true });
addEventListener("popstate", () => (wentAt = performance.now()), { capture: true });

// Activity: typing, pointing and scrolling keep the sign-in from locking.

let touchedAt = -Infinity;

function touch() {
  if (performance.now() - touchedAt < TOUCH_MS) return;
  touchedAt = performance.now();
  fetch("/session/touch", { method: "POST" }).catch(() => {});
}

for (const kind of ["keydown", "pointerdown", "wheel"]) {
  addEventListener(kind, touch, { capture: true, passive: true });
}

// Typed text. Streamlit sends a field only when it is left, and a moment later than the press that
// left it: a link pressed then would overtake the text, and empty every other field of the page.

let unsent = null; // the field that was typed in and is not known to have reached the server
let sending = false; // it was left, or its text was sent: the next run that ends has taken it
let pause = null;
let passing = false; // a press that was held back is let through

addEventListener(
  "input",
  (event) => {
    if (!event.target.matches?.("textarea, input:not([type=checkbox], [type=radio])")) return;
    unsent = event.target;
    sending = false;
    clearTimeout(pause);
    if (unsent.matches("textarea")) pause = setTimeout(send, PAUSE_MS, unsent);
  },
  { capture: true },
);

addEventListener("focusout", (event) => (sending ||= event.target === unsent), { capture: true });

// What Ctrl+Enter does in a text area; the focus and the cursor stay where they are.
function send(area) {
  sending = true;
  area.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true }),
  );
}

const app = () => document.querySelector("[data-testid=stApp]")?.dataset;
const isRunning = () => app()?.testScriptState !== "notRunning";
const isConnected = () => app()?.testConnectionState === "CONNECTED";

function until(holds, within) {
  return new Promise((done) => {
    const givenUp = performance.now() + within;
    const look = () =>
      holds() || performance.now() >= givenUp ? done() : setTimeout(look, 20);
    look();
  });
}

// Leave the field, and wait until the server has what was typed in it.
async function sent() {
  if (!unsent) return;
  clearTimeout(pause);
  unsent.blur();
  await until(() => isRunning() || !unsent, SENDING_MS);
  await until(() => !isRunning(), SENT_MS);
  unsent = null;
}

function whenRun() {
  if (sending && isConnected() && !isRunning()) unsent = null;
}

// Streamlit switches every field off while its connection is gone. The one that was being typed in
// is then never left: its text would stand there, and the next Save would be one without it.
async function sendAgain() {
  const field = unsent;
  if (!field || !isConnected()) return;
  await until(() => !field.disabled, SENT_MS);
  field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
}

addEventListener(
  "click",
  async (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || !unsent || passing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.dataset.kapteamPost === "/session/lock") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await sent();
    const same = [...document.querySelectorAll("a[href]")].find((one) => one.href === link.href);
    passing = true;
    (link.isConnected ? link : same)?.click();
    passing = false;
  },
  { capture: true },
);

// Lock at once.

async function lock() {
  leaving = true;
  const allSent = sent();
  hide();
  await allSent;
  post(`/session/lock?next=${encodeURIComponent(location.pathname + location.search)}`);
}

addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "F9") return;
    event.preventDefault();
    lock();
  },
  { capture: true },
);

// What the page asks for: data-kapteam-post (a press sends a POST), data-kapteam-go (go there now).

document.addEventListener(
  "click",
  (event) => {
    const path = event.target.closest?.("[data-kapteam-post]")?.dataset.kapteamPost;
    if (path === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (path === "/session/lock") lock();
    else if (isOurs(path)) post(path);
  },
  { capture: true },
);

// On a phone the menu lies over the page: whoever chose from it wants to see the page.

document.addEventListener("click", (event) => {
  const menu = event.target.closest?.("[data-testid=stSidebar]");
  if (menu && event.target.closest("a[href]")) menu.querySelector("[aria-controls=stSidebar]")?.click();
});

// A dialog takes the focus into its first field; a letter typed meanwhile would be a shortcut.

const opened = new WeakSet();

function lookAround() {
  const path = document.querySelector("[data-kapteam-go]")?.dataset.kapteamGo;
  if (isOurs(path) && !leaving) {
    leaving = true;
    location.assign(path);
  }
  for (const dialog of document.querySelectorAll("[role=dialog]")) {
    const field = dialog.querySelector("input:not([type=hidden]), textarea, select");
    if (!field || opened.has(dialog)) continue;
    opened.add(dialog);
    if (!dialog.contains(document.activeElement?.closest("input, textarea"))) field.focus();
  }
}

new MutationObserver(lookAround).observe(document.documentElement, {
  childList: true,
  subtree: true,
});
new MutationObserver(whenRun).observe(document.documentElement, {
  attributeFilter: ["data-test-script-state"],
  subtree: true,
});
new MutationObserver(sendAgain).observe(document.documentElement, {
  attributeFilter: ["data-test-connection-state"],
  subtree: true,
});
listen();
setInterval(look, LOOK_MS);
