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
const WRITING_MS = 3000; // so long after the last key somebody still writes
const HELD_MS = 5_000;
const ON_THE_WAY_MS = 1_000;
const SLOW_MS = 30_000;
const LEAVING_MS = 500;
const REST_MS = 500;
const AT_LATEST_MS = 1_500;
const KEPT_MS = 5_000;
const ONCE_MORE_MS = 1_000;
const MIND_MS = 30_000;
const KEEPALIVE_LETTERS = 20_000; // each takes three bytes at most

// Hiding: nothing is removed, so what was typed is still there when the page comes back.

const THEIRS =
  "Somebody else acts at this screen now. What you typed here is not saved yet, and is still here when you act again.";
const HELD =
  "Locked. Unlock kapteam in another tab: what you typed here is not saved yet, and is still here.";

const LOST = "The connection to kapteam is lost. This page comes back by itself.";
const KEPT_HERE = "What you typed here is still here.";

const notice = document.createElement("div");
notice.id = "kapteam-notice";
notice.setAttribute("role", "alert");
const sentence = element("p", "");
// The page that asks for the password, which this tab cannot go to without losing what it holds.
const unlock = element("a", "Unlock in a new tab");
unlock.href = "/session/locked?next=%2F";
unlock.target = "_blank";
unlock.rel = "noopener";
notice.append(sentence);

const hidden = new Set();

function hide(words = "") {
  say(sentence, words);
  if (words !== HELD) unlock.remove();
  else if (!unlock.isConnected) notice.append(unlock);
  if (!notice.isConnected) document.body.append(notice);
  for (const part of document.body.children) {
    if (part === notice || part.inert) continue;
    part.inert = true;
    hidden.add(part);
  }
  document.documentElement.classList.add("kapteam-hidden");
}

// Of a page that waits behind a lock nothing stays in the document, neither words nor title; it is kept
// aside, with what was typed in it, until its person is back.

const aside = document.createDocumentFragment();
let title = "";

function takeAway() {
  if (aside.hasChildNodes()) return;
  title = document.title;
  document.title = "kapteam";
  for (const part of [...document.body.children]) {
    if (part !== notice && !part.matches("script")) aside.append(part);
  }
}

function putBack() {
  if (!aside.hasChildNodes()) return;
  document.body.prepend(aside);
  document.title = title;
  sendAgain();
}

const isKept = (field) => field.isConnected || aside.contains(field);

const isHidden = () => document.documentElement.classList.contains("kapteam-hidden");

function show() {
  if (!isHidden()) return;
  document.documentElement.classList.remove("kapteam-hidden");
  for (const part of hidden) part.inert = false;
  hidden.clear();
  notice.remove();
  putBack();
  focusAgain();
}

function hideAside(words) {
  hide(words);
  takeAway();
}

function post(path) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = path;
  document.body.append(form);
  form.submit();
}

const isOurs = (path) => /^\/(?![\/\\])/.test(path ?? "");

// Heartbeat: the server says every three seconds that all is well, at once what is new, and to whose
// sign-in. The page is left when that is over, and hidden while nothing is heard. When it is locked while
// something is not saved, the page waits for it, hidden: a reload would throw the words away.

let heart = null;
let news = "";
let ours = ""; // the sign-in and the person acting that the page was first told of
let acts = ""; // the same of who acts by now
let silence = 0; // looks in a row since anything was heard
let leaving = false;
let locking = false; // leaving, but what was typed goes first
const isOnTheWay = () => leaving && !locking;

function listen() {
  heart?.close();
  const mine = new WebSocket(`${location.origin.replace("http", "ws")}/session/heartbeat`);
  heart = mine;
  mine.addEventListener("message", ({ data }) => {
    silence = 0;
    if (!isStillOurs(data.split(" ").at(-1))) return;
    news = data;
    if (!leaving) show();
    refresh();
  });
  mine.addEventListener("close", () => mine === heart && ask());
}

// Somebody else signed in at this browser, or acts at it now: nothing of this page is for them. What was
// typed and is not saved waits, hidden, for the one who typed it, as long as the sign-in is the same.
function isStillOurs(key) {
  ours ||= key;
  const isNew = key !== acts;
  acts = key;
  // A field that is not drawn again yet is sent once it is: it would be drawn without what it holds.
  if (isNew) waiting().forEach((draft) => isKept(draft.area) && sendDraft(draft));
  if (key === ours) return true;
  if (isOnTheWay()) return false;
  if (!isSameBrowser(key) || !isAnyUnsaved()) leave();
  else hideAside(THEIRS);
  return false;
}

const isSameBrowser = (key) => key.split(".").slice(0, 2).join() === ours.split(".").slice(0, 2).join();

// A handshake that is refused does not say why, nor whose page this is until the first beat.
async function ask(pause = LOOK_MS) {
  const [answer, signIn] = await fetch("/session/alive", {
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_MS),
  })
    .then(async (said) => [said, await said.text()])
    .catch(() => [null, ""]);
  if (answer?.status === 401) {
    silence = 0;
    // Who is on the way to the lock already is not sent anew: that would lose this page's address.
    if (isOnTheWay()) return;
    const isLocked = ours !== "" && signIn !== "" && isSameBrowser(signIn);
    if (!isLocked || !isAnyUnsaved()) return leave();
    leaving = locking = false;
    hideAside(HELD);
  }
  if (answer?.ok && !isStillOurs(signIn) && leaving) return;
  setTimeout(listen, pause);
}

// Looks are counted rather than seconds: who comes back from sleep has heard nothing for hours.
function look() {
  silence += 1;
  if (silence >= PATIENCE_LOOKS) {
    hide(isAnyUnsaved() ? `${LOST} ${KEPT_HERE}` : LOST);
  }
  if (silence % PATIENCE_LOOKS === 0) listen();
  refresh();
}

function leave() {
  leaving = true;
  locking = false;
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
// since "in 30 min" ages. Every page says for which room it was drawn ("Who can see this screen?", and who is
// at it), which another tab may have changed; the one in front of both in a case review also up to which of a
// colleague's words. Nobody is disturbed: not while a button of the mouse is down, or a dialog
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
  if (!drawn || !news || acts !== ours || document.hidden || leaving || composing || isRunning()) return;
  const now = performance.now();
  if (now - pressedAt < HELD_MS || now - wentAt < ON_THE_WAY_MS) return;
  if (wentTo !== "" && location.pathname !== wentTo && now - wentAt < SLOW_MS) return;
  wentTo = "";
  if (document.querySelector("[role=dialog], [role=listbox]") || isWriting()) return;
  const [token, room, words] = news.split(" ");
  const isLive = drawn.kapteamToken !== "";
  const isBehind = drawn.kapteamWords !== undefined && words !== drawn.kapteamWords;
  const isOld = isLive && token !== drawn.kapteamToken || room !== drawn.kapteamRoom || isBehind;
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
  const isHere = !link || link === unlock || link.pathname === location.pathname || event.ctrlKey || event.metaKey;
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
let composing = null; // the field in which an input method is putting a character together

function typedIn(field) {
  if (!field.matches?.("textarea, input:not([type=checkbox], [type=radio])")) return;
  const draft = draftIn(field);
  if (draft) return typedDraft(draft);
  unsent = field;
  // What is typed to find something in a list is sent by choosing it, with the focus still there.
  sending = field.matches("[role=combobox]");
  clearTimeout(pause);
  if (field.matches("textarea") && !composing) pause = setTimeout(send, PAUSE_MS, field);
}

addEventListener("input", (event) => typedIn(event.target), { capture: true });

// Several lines of a form that is not saved: an amendment, a question, an answer. No draft is kept of them, so
// that a lock or a reload would throw them away. Once the form is saved its fields are drawn anew, empty
// or from what is kept.

const begun = new Map(); // each such field that was typed in, and what stood in it before

addEventListener(
  "beforeinput",
  ({ target }) => {
    if (target.matches?.("textarea") && !draftIn(target) && !begun.has(target)) {
      begun.set(target, target.value);
    }
  },
  { capture: true },
);

function isHalfTyped() {
  for (const area of begun.keys()) if (!isKept(area)) begun.delete(area);
  return [...begun].some(([area, before]) => area.value.trim() !== "" && area.value !== before);
}

// Nothing is sent and nothing drawn in the middle of a character.
addEventListener(
  "compositionstart",
  (event) => {
    composing = event.target;
    clearTimeout(pause);
    clearTimeout(draftIn(composing)?.timer);
  },
  { capture: true },
);

addEventListener(
  "compositionend",
  (event) => {
    composing = null;
    typedIn(event.target);
  },
  { capture: true },
);

addEventListener(
  "focusout",
  (event) => {
    sending ||= event.target === unsent;
    const draft = draftIn(event.target);
    if (draft && isWaiting(draft)) sendDraft(draft);
  },
  { capture: true },
);

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

const LEAVE = "What you typed here is not saved. Leave this page without it?";

// A link to another page of ours in this tab. Plain pages are gone to as any other address, which asks by itself.
function leads(pressed) {
  const { origin, pathname, target, dataset } = pressed;
  if (!pressed.matches("a[href]") || origin !== location.origin || target || dataset.kapteamPost) return false;
  return !pathname.startsWith("/session/") && place(pressed.href) !== place(location.href);
}

// A press waits for what was typed before it: a link for everything, a button for the notes.
addEventListener(
  "click",
  async (event) => {
    const pressed = event.target.closest?.("a[href], button");
    if (!pressed || passing || pressed === unlock || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (pressed.dataset.kapteamPost === "/session/lock" || pressed.closest(".kapteam-both")) return;
    if (leads(pressed) && isHalfTyped() && !confirm(LEAVE)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      wentTo = "";
      return;
    }
    const isSigning = pressed.closest(".st-key-sign_note, .st-key-decide") !== null;
    const isAhead = waiting().length > 0 || (unsent && pressed.matches("a"));
    if (!isAhead && !(isSigning && unsavedDraft())) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await Promise.all([pressed.matches("a") && sent(), allKept()]);
    if (isSigning && unsavedDraft()) return unsavedDraft().area.focus();
    const same = [...document.querySelectorAll("a[href]")].find((one) => one.href === pressed.href);
    passing = true;
    (pressed.isConnected ? pressed : same)?.click();
    passing = false;
  },
  { capture: true },
);

// In a case review, who decides by keys goes on by keys: with the next client the focus is where the
// decision is. Left and Right go on from everywhere but there.

let decided = ""; // the client about whom it was decided

const inFront = () =>
  document.querySelector(".st-key-presenter [data-kapteam-note]")?.dataset.kapteamNote ?? "";

// The key would be there before the words that were typed last.
async function decideByKeys(event) {
  if (event.key !== "Enter" || !event.ctrlKey || !event.isTrusted) return;
  if (!event.target.closest?.(".st-key-presenter")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  decided = inFront();
  await Promise.all([sent(), allKept()]);
  if (unsavedDraft()) return unsavedDraft().area.focus();
  // Meanwhile the screen may have followed the colleague to somebody else.
  if (inFront() === decided) document.querySelector(".st-key-decide button")?.click();
}

addEventListener("keydown", decideByKeys, { capture: true });

// What the colleague does takes nobody's page away while they write on it.

let wroteAt = -Infinity;

const isWriting = () =>
  inFront() !== "" && (unsent !== null || performance.now() - wroteAt < WRITING_MS);

addEventListener("input", () => (wroteAt = performance.now()), { capture: true });

function toDecision() {
  if (decided === "" || inFront() === "" || inFront() === decided) return;
  decided = "";
  document.querySelector(".st-key-presenter [role=combobox]")?.focus({ preventScroll: true });
}

// Notes. What is typed in one is sent as it stands, field by field: soon after the last key, and while
// typing goes on without a pause every second and a half. Nobody else saves these fields (Streamlit is
// told of them and asked for nothing), so that this script alone knows over which version a text was
// typed. It has the text until the server says that it is committed, and sends it until then.

const drafts = new Map(); // every field of a note that was on this page, by its note and name

const draftIn = (area) => [...drafts.values()].find((one) => one.area === area);
const isUnsaved = (draft) => draft.text !== null && draft.text !== draft.kept;
const isStuck = (draft) => draft.theirs !== null || draft.refused === draft.text;
const isWaiting = (draft) => isUnsaved(draft) && !isStuck(draft) && ours !== "" && acts === ours;
const isAnyUnsaved = () => isHalfTyped() || [...drafts.values()].some(isUnsaved);
const waiting = () => [...drafts.values()].filter(isWaiting);
const unsavedDraft = () =>
  [...drafts.values()].find((one) => one.area.isConnected && isUnsaved(one));

// A field is known by its mark, which stands below it and says over which version it was drawn.
function adopt(mark) {
  const { kapteamNote: note, kapteamField: name, kapteamVersion: version } = mark.dataset;
  const area = document.querySelector(`.st-key-note-${note}-${name} textarea`);
  if (!area) return;
  const key = `${note}/${name}`;
  if (!drafts.has(key)) {
    drafts.set(key, {
      note,
      name,
      area: null,
      mark: null,
      label: area.ariaLabel,
      version: Number(version),
      text: null, // what stands in it, null until something was typed
      kept: null, // what the server is known to have
      tried: new Set(), // what was sent without an answer
      since: null, // when something was typed that was not sent
      timer: null,
      sending: null,
      savedAt: -Infinity,
      refused: null, // the text that the server did not take
      theirs: null, // what another tab saved meanwhile
      left: [], // what was not taken of two texts
      saved: "",
      trouble: "",
    });
  }
  const draft = drafts.get(key);
  draft.mark = mark;
  if (draft.area !== area) {
    draft.area = area;
    const isNewer = version !== "" && Number(version) > draft.version;
    if (draft.text !== null && (isUnsaved(draft) || !isNewer)) write(area, draft.text);
    else Object.assign(draft, { version: Number(version), text: null, kept: null, saved: "" });
  } else if (!isUnsaved(draft) && Number(version) > draft.version && area.value !== draft.text) {
    // A colleague's words, drawn over what was kept of ours; where they are not, the next save shows
    // both texts.
    Object.assign(draft, { version: Number(version), text: null, kept: null, saved: "" });
  }
  drawDraft(draft);
}

// As if it were typed, so that Streamlit has it too.
function write(area, text) {
  if (area.value === text) return;
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, text);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function typedDraft(draft) {
  draft.text = draft.area.value;
  if (!composing) sendSoon(draft);
}

function sendSoon(draft) {
  clearTimeout(draft.timer);
  if (!isUnsaved(draft)) draft.trouble = "";
  drawDraft(draft);
  if (!isWaiting(draft)) return;
  const now = performance.now();
  draft.since ??= now;
  const rest = Math.max(0, Math.min(REST_MS, draft.since + AT_LATEST_MS - now));
  draft.timer = setTimeout(sendDraft, rest, draft);
}

function sendDraft(draft) {
  clearTimeout(draft.timer);
  if (composing === draft.area && !document.hidden) return null;
  draft.sending ??= deliver(draft, draft.text).finally(() => {
    draft.sending = null;
    if (draft.trouble && isWaiting(draft)) {
      draft.timer = setTimeout(sendDraft, ONCE_MORE_MS, draft);
      drawDraft(draft);
    } else {
      sendSoon(draft);
    }
  });
  return draft.sending;
}

function request(draft, text, isLast = document.hidden) {
  const body = JSON.stringify({
    note: draft.note,
    field: draft.name,
    text,
    by: ours,
    version: draft.version,
    unanswered: [...draft.tried].at(-1) ?? null,
  });
  // What is kept alive is sent although the page is gone; a browser keeps 64 kB alive, not more.
  return fetch("/session/draft", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
    keepalive: isLast && body.length < KEEPALIVE_LETTERS,
    signal: AbortSignal.timeout(KEPT_MS),
  });
}

async function deliver(draft, text) {
  draft.since = null;
  const asked = request(draft, text);
  draft.tried.delete(text);
  draft.tried.add(text);
  const answer = await asked.catch(() => null);
  const said = (await answer?.json().catch(() => null)) ?? {};
  draft.trouble = "";
  if (answer?.ok && said.version) {
    draft.tried.clear();
    const savedAt = performance.now();
    Object.assign(draft, { kept: text, version: said.version, saved: said.saved, savedAt });
  } else if (answer?.status === 409 && said.version) {
    draft.tried.delete(text);
    // What this tab sent before, without hearing that it was kept.
    if (draft.tried.has(said.text)) Object.assign(draft, { kept: said.text, version: said.version });
    else draft.theirs = said;
    draft.tried.clear();
  } else if ([403, 404, 409, 413, 422].includes(answer?.status)) {
    draft.tried.delete(text);
    draft.refused = text;
    draft.trouble = said.sentence ?? "This is too long to be saved. Shorten it.";
  } else {
    draft.trouble = said.sentence ?? "Not saved yet: kapteam does not answer. It is tried again.";
  }
}

async function allKept() {
  const givenUp = performance.now() + KEPT_MS;
  while (waiting().length && performance.now() < givenUp) {
    await Promise.all(waiting().map(sendDraft));
    if (waiting().length) await new Promise((done) => setTimeout(done, 100));
  }
}

// The tab is closed, loaded anew, or out of sight: what is under way may be lost with it.
addEventListener("pagehide", () => {
  for (const draft of waiting()) request(draft, draft.text, true).catch(() => {});
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) waiting().forEach(sendDraft);
});

addEventListener("beforeunload", (event) => {
  waiting().forEach(sendDraft);
  if (!isOnTheWay() && isAnyUnsaved()) event.preventDefault();
});

function element(tag, text, name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

// Whatever is drawn is looked around for once more, so that nothing is drawn that stands there.
function say(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

function drawDraft(draft) {
  const isUnderWay = waiting().some((one) => !one.trouble);
  document.documentElement.toggleAttribute("data-kapteam-sending", isUnderWay);
  const line = draft.mark?.querySelector("p");
  if (!line || composing === draft.area) return;
  const words = draft.trouble || draft.saved;
  if (words) say(line, words);
  line.classList.toggle("kapteam-trouble", draft.trouble !== "");
  drawBoth(draft);
  drawLeft(draft);
}

function drawBoth(draft) {
  const { mark, theirs } = draft;
  const drawn = mark.querySelector(".kapteam-both");
  if (!theirs) return drawn?.remove();
  if (drawn) return say(drawn.querySelector(".kapteam-words"), draft.text);
  const both = element("div", "", "kapteam-both");
  const sentence = element("p", theirs.sentence, "kapteam-trouble");
  sentence.setAttribute("role", "alert");
  both.append(sentence);
  const sides = [
    ["Yours, not saved", draft.text, "Keep mine", true],
    [theirs.saved, theirs.text || "Nothing: it was emptied.", "Take the other", false],
  ];
  for (const [heading, text, label, isMine] of sides) {
    const side = element("div", "");
    const button = element("button", label);
    button.type = "button";
    button.addEventListener("click", () => settle(draft, isMine));
    side.append(element("strong", heading), element("p", text, "kapteam-words"), button);
    both.append(side);
  }
  mark.append(both);
}

function drawLeft(draft) {
  const drawn = draft.mark.querySelectorAll(".kapteam-left");
  for (const { heading, text } of draft.left.slice(drawn.length)) {
    const left = element("div", "", "kapteam-left");
    left.append(element("strong", heading), element("p", text, "kapteam-words"));
    draft.mark.append(left);
  }
}

// Nothing of either is thrown away: the one that is not taken stays below the field.
function settle(draft, isMine) {
  const { theirs, text } = draft;
  const notTaken = isMine ? theirs.text : text;
  const heading = "Not taken. It stays here to be copied until you leave this page:";
  if (notTaken) draft.left.push({ heading, text: notTaken });
  Object.assign(draft, { theirs: null, version: theirs.version, kept: theirs.text });
  if (!isMine) {
    draft.saved = theirs.saved;
    write(draft.area, theirs.text);
  }
  draft.area.focus();
  if (isWaiting(draft)) sendDraft(draft);
  drawDraft(draft);
}

// A note that was signed in another tab, or a case review that has ended, has no fields any more: what was
// typed too late, below a sentence that says why.
function drawLate(place) {
  const late = [...drafts.values()].filter(
    (one) => one.note === place.dataset.kapteamLate && isUnsaved(one),
  );
  if (!late.length || place.childElementCount) return;
  place.append(element("p", place.dataset.kapteamWhy, "kapteam-trouble"));
  for (const draft of late) {
    place.append(element("strong", draft.label), element("p", draft.text, "kapteam-words"));
  }
}

function lookForNotes() {
  document.querySelectorAll("[data-kapteam-note]").forEach(adopt);
  document.querySelectorAll("[data-kapteam-late]").forEach(drawLate);
  toDecision();
  for (const [key, draft] of drafts) {
    if (isUnsaved(draft) || draft.area.isConnected) continue;
    // A run that began before the text was saved may still draw the field without it.
    if (performance.now() - draft.savedAt < MIND_MS) continue;
    if (!document.querySelector(`[data-kapteam-note="${draft.note}"]`)) drafts.delete(key);
  }
}

// A field that was switched off while the connection was gone, or hidden, has lost the cursor.
let cursorIn = null;
const isThere = () => isConnected() && !isHidden();

addEventListener("focusin", ({ target }) => isThere() && (cursorIn = target), { capture: true });

addEventListener(
  "focusout",
  ({ target }) => {
    if (target === cursorIn && isThere()) cursorIn = null;
  },
  { capture: true },
);

async function focusAgain() {
  const field = cursorIn;
  if (!field?.matches("textarea, input") || !isThere()) return;
  const isFree = () => !field.disabled && document.activeElement === document.body;
  await until(isFree, SENT_MS);
  if (field.isConnected && isFree()) field.focus({ preventScroll: true });
}

// Lock at once. Hidden it is at once; what was typed goes first, also where the server has to come back
// for it, or to have room for it. The screen may rest so long meanwhile that it locks by itself. What
// waits for a word of the person (two versions of a text, one that is too long, a form) cannot go first: then the
// sign-in is locked and the page stays, hidden, as at a lock by itself.

async function lock() {
  leaving = locking = true;
  const allSent = sent();
  hide();
  do {
    await Promise.all([allSent, allKept()]);
    if (!locking) return;
    if (waiting().length) hide("This page is hidden. It locks as soon as what you typed is saved.");
  } while (waiting().length);
  if (isAnyUnsaved()) return lockHere();
  locking = false;
  post(`/session/lock?next=${encodeURIComponent(location.pathname + location.search)}`);
}

async function lockHere() {
  const answer = await fetch("/session/lock", {
    method: "POST",
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch(() => null);
  if (answer) heart?.close(); // whose end asks how it stands
  else setTimeout(lockHere, ONCE_MORE_MS);
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

// What the page asks for: data-kapteam-post (a press sends a POST), data-kapteam-go (go there now),
// data-kapteam-back (the plain page there leads back here).

document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("[data-kapteam-back]");
    if (link) link.search = `?next=${encodeURIComponent(location.pathname + location.search)}`;
  },
  { capture: true },
);

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

// A dialog takes the focus into its first field; a letter typed meanwhile would be a shortcut. So does the
// field that a page is for (data-kapteam-begin, by its label), each time its form begins: where nothing else
// has the focus, and not on a phone, where the keys would cover whose form it is.

const opened = new WeakSet();

function lookAround() {
  if (aside.hasChildNodes()) return;
  lookForNotes();
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
  for (const mark of document.querySelectorAll("[data-kapteam-begin]")) {
    const field = document.querySelector(`input[aria-label="${mark.dataset.kapteamBegin}"]`);
    if (!field || opened.has(mark)) continue;
    opened.add(mark);
    const hasKeys = matchMedia("(pointer: fine)").matches;
    if (hasKeys && document.activeElement === document.body) field.focus();
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
new MutationObserver(() => {
  sendAgain();
  focusAgain();
}).observe(document.documentElement, {
  attributeFilter: ["data-test-connection-state"],
  subtree: true,
});
ask(0);
setInterval(look, LOOK_MS);
