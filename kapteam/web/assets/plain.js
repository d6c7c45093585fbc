// A second press of a button sends nothing: the first answer is on its way.
addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// A new password or PIN can be looked at until it is sent, or the page is left: never again after Back.
const buttons = document.querySelectorAll("[data-shows]");

function show(button, shown) {
  document.getElementById(button.dataset.shows).type = shown ? "text" : "password";
  button.textContent = `${shown ? "Hide" : "Show"} ${button.dataset.shown}`;
}

for (const button of buttons) {
  button.hidden = false;
  button.addEventListener("click", () => show(button, button.textContent.startsWith("Show")));
}
for (const moment of ["submit", "pagehide"]) {
  addEventListener(moment, () => buttons.forEach((button) => show(button, false)));
}

// A form that comes back begins at its first wrong field.
document.querySelector(":is(input, select)[aria-invalid], fieldset[aria-invalid] input")?.focus();

// Unlocked in another tab: once it is looked at again, this one goes on as well.
const locked = document.querySelector("[data-locked]");

async function goOn() {
  const answer = await fetch("/session/alive", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.replace(locked.dataset.locked);
}

// While somebody is under medicine it says what is due, and goes on to be right; what is typed stays.
const AGEING_MS = 20_000;
const rightNow = document.querySelector("[data-right-now]");

async function goOnSaying() {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  const said = new DOMParser().parseFromString((await answer?.text()) ?? "", "text/html");
  const lines = said.querySelectorAll("[data-right-now] > li");
  if (answer?.ok) rightNow.replaceChildren(...lines);
}

if (rightNow) setInterval(goOnSaying, AGEING_MS);

if (locked) {
  addEventListener("focus", goOn);
  document.addEventListener("visibilitychange", () => document.hidden || goOn());
}
