// Tracks dragged, or put by keys and buttons, into one's own genres; these learned, judged and saved.
import { ask, cancel, element, follow, percent } from "./earmark.js";
import { playButton } from "./play.js";

const $ = (id) => document.getElementById(id);
const PAGE = 100;
const DRAGGED = "application/x-earmark-tracks";

let teaching = null; // as GET /teach said
let shown = new Map(); // track → as listed
let selected = new Set();
let asked = 0;

const many = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

async function attempt(action) {
  $("failed").hidden = true;
  try {
    return await action();
  } catch (error) {
    $("failed").textContent = error.message;
    $("failed").hidden = false;
    $("failed").scrollIntoView({ block: "nearest" });
  }
}

// What there is

async function load() {
  teaching = await ask("GET", "/teach");
  const show = $("show").value;
  $("show").replaceChildren(
    element("option", { value: "" }, "all"),
    element("option", { value: "none" }, "in no genre"),
    ...teaching.genres.map(({ name }) => element("option", { value: `in ${name}` }, `in ${name}`)),
  );
  $("show").value = [...$("show").options].some((option) => option.value === show) ? show : "";
  $("genres").replaceChildren(...teaching.genres.map(bin));
  tellSelected();
  const enough = teaching.genres.filter(({ tracks }) => tracks >= teaching.least);
  $("learn").disabled = enough.length < 2;
  $("ready").textContent =
    enough.length < 2
      ? `Two genres of ${teaching.least} tracks or more are needed; there ${enough.length === 1 ? "is one" : "is none"} yet.`
      : `${enough.map(({ name, tracks }) => `${name} (${tracks})`).join(", ")}. Half a minute of each track is heard.`;
  showLesson(teaching.lesson);
}

function query(start, count) {
  const show = $("show").value;
  const genre = show === "none" ? { genre: "" } : show ? { genre: show.slice(3) } : {};
  return new URLSearchParams({ text: $("text").value.trim(), ...genre, start, count });
}

async function fetchTracks(count = PAGE, start = 0) {
  const question = ++asked;
  const answer = await ask("GET", `/teach/tracks?${query(start, count)}`);
  if (question !== asked) return;
  if (!start) shown = new Map();
  for (const track of answer.tracks) shown.set(track.track, track);
  $("total").textContent = many(answer.total, "track");
  $("more").hidden = shown.size >= answer.total;
  draw();
}

const again = () => fetchTracks(Math.max(PAGE, Math.min(500, shown.size)));

function draw() {
  const focused = document.activeElement?.closest?.(".pupil")?.dataset.track;
  $("tracks").replaceChildren(...[...shown.values()].map(row));
  if (focused !== undefined) [...$("tracks").children].find((li) => li.dataset.track === focused)?.querySelector("input").focus();
}

function row(track, i) {
  const id = `track-${i}`;
  const box = element("input", { type: "checkbox", id, onchange: () => select(track.track, box.checked) });
  box.checked = selected.has(track.track);
  const label = element("label", { for: id }, track.name, track.album ? element("small", {}, track.album) : null);
  const li = element("li", { class: "pupil", draggable: "true", "data-track": track.track }, box, playButton(track.file, track.name), label, track.genre ? element("span", { class: "in" }, element("span", { class: "unseen" }, "in "), track.genre) : null);
  li.addEventListener("dragstart", (event) => {
    const dragged = selected.has(track.track) ? [...selected] : [track.track];
    event.dataTransfer.setData(DRAGGED, JSON.stringify(dragged));
    event.dataTransfer.effectAllowed = "move";
  });
  return li;
}

function bin({ name, tracks }, i) {
  const key = i < 9 ? element("kbd", { "aria-label": `key ${i + 1}` }, String(i + 1)) : element("span");
  const lacking = teaching.least - tracks;
  const remove = element("button", { type: "button", "aria-label": `Remove the genre ${name}`, onclick: () => unmake(name, tracks) }, "Remove");
  const li = element("li", { "data-genre": name }, key, element("strong", {}, name, element("small", {}, many(tracks, "track") + (lacking > 0 ? `, ${lacking} more needed` : ""))), remove);
  li.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes(DRAGGED)) return;
    event.preventDefault();
    li.classList.add("over");
  });
  li.addEventListener("dragleave", () => li.classList.remove("over"));
  li.addEventListener("drop", (event) => {
    event.preventDefault();
    li.classList.remove("over");
    put(JSON.parse(event.dataTransfer.getData(DRAGGED)), name);
  });
  return li;
}

// What is chosen

function select(track, on) {
  if (on) selected.add(track);
  else selected.delete(track);
  tellSelected();
}

function tellSelected() {
  $("putting").hidden = !selected.size;
  $("selected").textContent = `${many(selected.size, "track")} selected`;
  const into = $("into").length > 1 ? $("into").value : null; // where there is no genre yet, none was chosen
  $("into").replaceChildren(...teaching.genres.map(({ name }) => element("option", { value: `in ${name}` }, name)), element("option", { value: "none" }, "no genre"));
  if ([...$("into").options].some((option) => option.value === into)) $("into").value = into;
}

const put = (tracks, genre) =>
  attempt(async () => {
    await ask("POST", "/teach/put", { tracks, genre });
    selected = new Set();
    $("told").textContent = `${many(tracks.length, "track")} put into ${genre ?? "no genre"}.`;
    await Promise.all([load(), again()]);
  });

const unmake = (name, tracks) =>
  attempt(async () => {
    if (tracks && !(await confirmed(`Remove ${name}?`, `Its ${many(tracks, "track")} will be in no genre. The files stay as they are.`, "Remove"))) return;
    await ask("DELETE", `/teach/genres?${new URLSearchParams({ name })}`);
    await Promise.all([load(), again()]);
  });

function confirmed(title, text, yes) {
  $("confirm-title").textContent = title;
  $("confirm-text").textContent = text;
  $("confirm-yes").textContent = yes;
  const dialog = $("confirm");
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

// Learning

function working(on) {
  $("work").hidden = !on;
  for (const part of [document.querySelector(".tracks"), $("genres"), $("make")]) part.inert = on;
  for (const id of ["learn", "tags"]) $(id).disabled = on;
}

function tellJob({ ahead, said, done, total }) {
  const line = ahead ? `${ahead} before it` : said ?? "looking at the tracks";
  $("doing").textContent = total ? `${line}: ${done} of ${total}` : line;
  if (total) [$("progress").max, $("progress").value] = [total, done];
  else $("progress").removeAttribute("value");
}

async function through(job) {
  working(true);
  $("lesson").hidden = true;
  $("stop").onclick = () => attempt(() => cancel(job.id));
  tellJob(job);
  try {
    const ended = await follow(job.id, tellJob);
    if (ended.state === "failed") throw new Error(ended.error);
  } finally {
    working(false);
    await Promise.all([load(), again()]);
  }
  if (!$("lesson").hidden) $("lesson-title").focus();
}

function showLesson(lesson) {
  $("lesson").hidden = !lesson;
  if (!lesson) return;
  const { accuracy, level } = lesson;
  $("score").textContent = percent(accuracy.value);
  $("interval").textContent = `of ${many(lesson.tracks, "track")} are recognised while they are held out; ${percent(level)} interval ${percent(accuracy.low)} to ${percent(accuracy.high)}.`;
  $("baseline").textContent = `Always the commonest genre: ${percent(lesson.majority)}.`;
  $("unknown").hidden = !lesson.artists_unknown;
  $("unknown").textContent = `${lesson.artists_unknown} of ${many(lesson.tracks, "track")} name no artist: other tracks by the same artist may have been learned from, which makes the score too kind.`;
  $("note").hidden = !lesson.note;
  $("note").textContent = lesson.note ?? "";
  $("recognised").replaceChildren(
    ...lesson.genres.map(({ name, tracks, recognised }) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "number" }, String(tracks)),
        element("td", { class: "recognised" }, percent(recognised), element("span", { class: "bar", "aria-hidden": "true" }, element("i", { style: { "--share": 100 * recognised } })))),
    ),
  );
  $("doubts").hidden = !lesson.doubtful.length;
  $("doubtful").replaceChildren(...lesson.doubtful.map(doubt));
  const aside = [...Object.entries(lesson.left_out).map(([why, n]) => `Left out: ${n} ${why}.`), ...lesson.faults.map(([track, why]) => `${track}: ${why}`)];
  $("aside").replaceChildren(...aside.map((text) => element("li", {}, text)));
  $("keep").hidden = Boolean(lesson.kept);
  $("kept").hidden = !lesson.kept;
  if (lesson.kept) {
    $("kept").replaceChildren("Saved. ", element("a", { href: "/library" }, "Library"), ` can ask it, and `, element("code", {}, `earmark tag --model ${lesson.kept} FOLDER`), ".");
  }
}

function doubt({ track, carries, sounds_like: other, probability }) {
  const move = element("button", { type: "button", "aria-label": `Move ${track} to ${other}`, onclick: () => put([track], other) }, `Move to ${other}`);
  return element("li", {}, element("span", {}, track, element("small", {}, `is in ${carries}, sounds like ${other} ${percent(probability)}`)), move);
}

async function keep(name, replace = false) {
  try {
    await ask("POST", "/teach/keep", { name, replace });
  } catch (error) {
    const there = !replace && teaching.names.includes(name) && name !== "default";
    if (!there || !(await confirmed(`Replace ${name}?`, "There is a classifier of this name; it will be gone.", "Replace"))) throw error;
    await ask("POST", "/teach/keep", { name, replace: true });
  }
  await load();
  $("told").textContent = "Saved.";
}

// Hands and keys

$("tracks")?.addEventListener("keydown", (event) => {
  const li = event.target.closest(".pupil");
  if (!li || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...$("tracks").children];
  const next = all[all.indexOf(li) + { ArrowDown: 1, ArrowUp: -1 }[event.key]];
  const genre = /^[1-9]$/.test(event.key) ? teaching.genres[Number(event.key) - 1]?.name : event.key === "0" ? null : undefined;
  if (next) next.querySelector("input").focus();
  else if (genre !== undefined) put(selected.size ? [...selected] : [li.dataset.track], genre);
  else return;
  event.preventDefault();
});

if ($("make")) {
  let pause;
  $("text").addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => attempt(() => fetchTracks()), 200);
  });
  $("sieve").addEventListener("submit", (event) => event.preventDefault());
  $("show").addEventListener("change", () => attempt(() => fetchTracks()));
  $("more").addEventListener("click", () => attempt(() => fetchTracks(PAGE, shown.size)));
  $("select-shown").addEventListener("click", () => {
    for (const track of shown.keys()) selected.add(track);
    tellSelected();
    draw();
  });
  $("select-none").addEventListener("click", () => {
    selected = new Set();
    tellSelected();
    draw();
  });
  $("put").addEventListener("submit", (event) => {
    event.preventDefault();
    const into = $("into").value;
    put([...selected], into === "none" ? null : into.slice(3));
  });
  $("make").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      await ask("POST", "/teach/genres", { name: $("name").value });
      $("name").value = "";
      await load();
    });
  });
  $("tags").addEventListener("click", () => attempt(async () => through(await ask("POST", "/teach/tags"))));
  $("learn").addEventListener("click", () => attempt(async () => through(await ask("POST", "/teach/learn"))));
  $("keep").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => keep($("called").value.trim()));
  });
  attempt(async () => {
    await load();
    await fetchTracks();
    const { job } = teaching;
    if (job && ["waiting", "running"].includes(job.state)) await through(job);
  });
}
