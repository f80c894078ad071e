import { Problem, ask, cancel, clock, element, follow, percent } from "./earmark.js";
import { LEAST_SEEN, coloured, drawCourse, drawSpectrogram, drawWaveform, marks } from "./track.js";
import { record } from "./recorder.js";

const LEAST_SHOWN = 0.005; // what would read 0 %
const MOST_GENRES = 8;
const STEP = 5; // seconds that an arrow key moves
const $ = (id) => document.getElementById(id);
const audio = $("audio");
const most = Number($("drop").dataset.most);
let current = 0; // which song is looked at: answers for earlier ones are dropped
let job = null;
let upload = null;
let drawn = null; // picture, stretches and genres as they are drawn
let address = null; // of a file in memory, to be released

// ---------------------------------------------------------------- songs come in

function begin(name, doing) {
  current++;
  abandon();
  audio.pause();
  $("error").hidden = true;
  $("answer").hidden = true;
  $("drop").classList.add("done");
  $("at-work").hidden = false;
  $("name").textContent = name;
  tell(doing);
  return current;
}

function tell(text, share) {
  $("doing").textContent = text;
  if (share === undefined) $("bar").removeAttribute("value");
  else $("bar").value = share;
}

function play_from(source) {
  if (address) URL.revokeObjectURL(address);
  address = source instanceof Blob ? URL.createObjectURL(source) : null;
  $("silent").hidden = true;
  $("play").disabled = false;
  audio.src = address ?? source;
}

function fail(problem) {
  $("at-work").hidden = true;
  if (problem.name === "AbortError") return;
  $("error").textContent = problem.message;
  $("error").hidden = false;
}

async function listenToUpload(file, name) {
  const mine = begin(name, `Sending ${name}`);
  try {
    if (!file.size) throw new Problem(`${name} is empty.`);
    if (file.size > most) throw new Problem(`${name} is larger than ${Math.floor(most / 1048576)} MiB, which is the most this server takes.`);
    play_from(file);
    await watch(await send(file, name), mine);
  } catch (problem) {
    if (mine === current) fail(problem);
  }
}

async function listenToFile(entry) {
  const mine = begin(entry.shown, "Listening");
  try {
    play_from(`/api/v1/sound?file=${encodeURIComponent(entry.file)}`);
    await watch(await ask("POST", "/listen/file", { file: entry.file }), mine);
  } catch (problem) {
    if (mine === current) fail(problem);
  }
}

/** With XMLHttpRequest, because fetch does not tell how much has been sent. */
function send(file, name) {
  return new Promise((resolve, reject) => {
    const request = (upload = new XMLHttpRequest());
    request.open("POST", `/api/v1/listen?name=${encodeURIComponent(name)}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && tell(`Sending ${name}`, event.loaded / event.total);
    request.onload = () =>
      request.status === 202 ? resolve(request.response) : reject(new Problem(request.response?.error ?? `The server answered ${request.status}.`));
    request.onerror = () => reject(new Problem("The upload broke off. Is earmark serve still running?"));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.send(file);
  });
}

function abandon() {
  upload?.abort();
  if (job) cancel(job).catch(() => {}); // it may have ended meanwhile
  upload = job = null;
}

async function watch(begun, mine) {
  if (mine !== current) return;
  upload = null;
  job = begun.id;
  const ended = await follow(begun.id, (view) => {
    if (mine !== current) return;
    if (view.state === "waiting") tell(view.ahead ? `In line: ${view.ahead} before this one` : "In line");
    else if (view.part) showGlance(view.part);
    else if (view.state === "running") tell("Listening");
  });
  if (mine !== current) return;
  job = null;
  $("at-work").hidden = true;
  if (ended.state === "failed") throw new Problem(ended.error);
  if (ended.state === "cancelled") throw new Problem("The server has stopped, and with it what it was listening to.");
  showAnswer(ended.result);
}

// ---------------------------------------------------------------- the answer

function showGlance(glance) {
  tell("This is from the middle of the track. Listening to all of it");
  showVerdict(glance);
  $("figures").hidden = true;
  $("course").hidden = glance.verdict === "not music";
  $("why").replaceChildren();
  show(glance.picture, []);
}

function showAnswer({ picture, told, why }) {
  showVerdict(told);
  $("said").textContent = `${$("verdict").textContent}. ${$("likely").textContent} ${$("reason").textContent}`;
  document.title = `${$("verdict").textContent} · earmark`;
  $("why").innerHTML = told.verdict === "not music" ? "" : why; // made by the server's own template, which escapes names
  const stretches = told.verdict === "not music" ? [] : told.stretches; // whose genres would mean nothing
  show(picture, stretches, told.genre);
  $("course").hidden = !stretches.length;
  $("figures").hidden = stretches.length < 2;
  $("figures").querySelector("tbody").replaceChildren(
    ...told.stretches.map((stretch) =>
      element("tr", {}, element("th", { scope: "row" }, `${clock(stretch.from)}–${clock(stretch.to)}`), element("td", {}, inWords(stretch, 3))),
    ),
  );
}

function showVerdict({ genre, verdict, reason, probabilities, min_confidence }) {
  const ranked = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
  const [[, p], [second, q]] = ranked;
  const asked = percent(min_confidence);
  // Never as much as is asked for, where it was not enough.
  const nearly = Math.round(100 * p) < 100 * min_confidence ? p : Math.floor(100 * p) / 100;
  $("verdict").textContent = verdict === "music" ? genre : verdict === "unsure" ? "Unsure" : "Not music";
  if (verdict === "music") $("likely").replaceChildren(element("strong", {}, percent(p)), ` likely, before ${second} with ${percent(q)}.`);
  else if (verdict === "unsure") $("likely").replaceChildren("Perhaps ", element("strong", {}, genre), ` (${percent(nearly)}), perhaps ${second} (${percent(q)}).`);
  else $("likely").replaceChildren(`It ${reason}.`);
  $("reason").textContent = {
    music: `A genre is named from ${asked} on.`,
    unsure: `None is likely enough to be named, which takes ${asked}.`,
    "not music": "So no genre is named.",
  }[verdict];
  $("genres").hidden = verdict === "not music";
  const shown = ranked.slice(0, MOST_GENRES).filter(([, each]) => each >= LEAST_SHOWN);
  $("genres").tBodies[0].replaceChildren(
    ...shown.map(([name, each]) => {
      const strip = element("span", { class: "strip", "aria-hidden": "true" }, element("i", { class: "between", style: { "--low": 0, "--high": 100 * each } }));
      return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, strip), element("td", { class: "number" }, percent(each)));
    }),
  );
  $("answer").hidden = false;
}

function inWords({ verdict, probabilities }, count) {
  const ranked = Object.entries(probabilities).sort((a, b) => b[1] - a[1]).slice(0, count).filter(([, p]) => p >= LEAST_SHOWN);
  const said = ranked.map(([genre, p]) => `${genre} ${percent(p)}`).join(", ");
  return verdict === "music" ? said : verdict === "unsure" ? `unsure: ${said}` : verdict;
}

// ---------------------------------------------------------------- along the track

function show(picture, stretches, first) {
  drawn = { picture, stretches, genres: stretches.length ? coloured(stretches, first) : [] };
  $("length").textContent = clock(picture.seconds);
  $("seek").max = picture.seconds;
  $("axis").replaceChildren(...marks(picture.seconds).map((time) => element("li", { style: { "--at": (100 * time) / picture.seconds } }, clock(time))));
  const rest = ({ probabilities }) => 1 - drawn.genres.reduce((sum, genre) => sum + probabilities[genre], 0);
  $("legend").replaceChildren(
    ...drawn.genres.map((genre, place) => swatch(`g${place + 1}`, genre)),
    ...(stretches.some((each) => rest(each) >= LEAST_SEEN) ? [swatch("rest", "others")] : []),
  );
  draw();
  place();
}

const swatch = (colour, text) =>
  element("span", {}, element("span", { class: "swatch" }, element("i", { class: colour })), text);

function draw() {
  if (!drawn) return;
  drawSpectrogram($("spectrogram"), drawn.picture);
  drawWaveform($("waveform"), drawn.picture);
  drawCourse($("course"), drawn.stretches, drawn.picture.seconds, drawn.genres);
}

function place() {
  if (!drawn) return;
  const at = Number($("seek").value);
  $("head").style.left = `${(100 * at) / drawn.picture.seconds}%`;
  $("now").textContent = clock(at);
  const stretch = drawn.stretches.find((each) => at < each.to) ?? drawn.stretches.at(-1);
  $("here").textContent = stretch ? inWords(stretch, 2) : "";
  $("seek").setAttribute("aria-valuetext", `${clock(at)} of ${clock(drawn.picture.seconds)}${stretch ? `, ${inWords(stretch, 1)}` : ""}`);
}

function frame() {
  $("seek").value = audio.currentTime;
  place();
  if (!audio.paused) requestAnimationFrame(frame);
}

function toggle() {
  if ($("play").disabled) return;
  if (audio.paused) audio.play().catch(() => unplayable());
  else audio.pause();
}

function unplayable() {
  $("silent").hidden = false;
  $("play").disabled = true;
}

$("play").addEventListener("click", toggle);
for (const event of ["play", "pause", "ended"])
  audio.addEventListener(event, () => {
    $("play").classList.toggle("on", !audio.paused);
    $("play").setAttribute("aria-label", audio.paused ? "Play" : "Pause");
    frame();
  });
audio.addEventListener("error", unplayable);
$("seek").addEventListener("input", () => {
  if (!$("play").disabled) audio.currentTime = Number($("seek").value);
  place();
});
$("seek").addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP }[event.key];
  if (event.key === " ") toggle();
  else if (by) {
    $("seek").value = Number($("seek").value) + by;
    $("seek").dispatchEvent(new Event("input"));
  } else return;
  event.preventDefault();
});
new ResizeObserver(draw).observe($("stage"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

// ---------------------------------------------------------------- ways in

$("choose").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  const [file] = $("file").files;
  if (file) listenToUpload(file, file.name);
  $("file").value = ""; // so that the same file may be chosen again
});
$("cancel").addEventListener("click", () => {
  current++;
  $("name").append(", its middle"); // which is what is shown, where anything is yet
  abandon();
  $("at-work").hidden = true;
  $("choose").focus();
});

const carries = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  $("drop").classList.add("over");
});
document.addEventListener("dragleave", (event) => event.relatedTarget === null && $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  $("drop").classList.remove("over");
  const [file, ...others] = event.dataTransfer.files;
  if (!file) return;
  if (event.dataTransfer.items[0].webkitGetAsEntry()?.isDirectory) {
    begin(file.name, "");
    return fail(new Problem(`${file.name} is a folder. Drop one song; a folder is what the server is started with: earmark serve FOLDER`));
  }
  listenToUpload(file, file.name);
  if (others.length) $("name").textContent = `${file.name}, the first of ${others.length + 1} that were dropped`;
});

let stop = null;
async function stopRecording() {
  const stopped = stop;
  stop = null;
  $("record").setAttribute("aria-pressed", "false");
  $("record").textContent = "Record";
  try {
    await listenToUpload(await stopped(), "Recording");
  } catch {
    fail(new Problem("The recording cannot be used: there is nothing in it."));
  }
}
$("record").addEventListener("click", async () => {
  if (stop) return stopRecording();
  $("error").hidden = true;
  try {
    stop = await record((seconds) => ($("record").textContent = `Stop ${clock(seconds)}`), stopRecording);
    $("record").setAttribute("aria-pressed", "true");
    $("record").textContent = "Stop 0:00";
  } catch (error) {
    const why = { NotAllowedError: "The browser was not allowed to use the microphone.", NotFoundError: "No microphone was found." };
    fail(new Problem(why[error.name] ?? error.message));
  }
});

// ---------------------------------------------------------------- the library

async function look(folder) {
  let listed;
  try {
    listed = await ask("GET", `/files?folder=${encodeURIComponent(folder)}`);
  } catch (problem) {
    $("library").close();
    return fail(problem);
  }
  const parts = folder ? folder.split("/") : [];
  const crumb = (text, to) => element("button", { type: "button", onclick: () => look(to) }, text);
  $("crumbs").replaceChildren(
    crumb("Library", ""),
    ...parts.flatMap((part, i) => [" / ", crumb(decodeURIComponent(part), parts.slice(0, i + 1).join("/"))]),
  );
  const row = (entry, kind, act) => element("li", {}, element("button", { type: "button", class: kind, onclick: act }, entry.shown));
  $("entries").replaceChildren(
    ...listed.folders.map((entry) => row(entry, "folder", () => look(entry.file))),
    ...listed.files.map((entry) => row(entry, "file", () => ($("library").close(), listenToFile(entry)))),
    ...(listed.more ? [element("li", { class: "muted" }, `and ${listed.more} more`)] : []),
    ...(listed.folders.length + listed.files.length ? [] : [element("li", { class: "muted" }, "no sound files here")]),
  );
  $("filter").value = "";
}

$("browse")?.addEventListener("click", async () => {
  $("library").showModal();
  await look("");
});
$("close")?.addEventListener("click", () => $("library").close());
$("filter")?.addEventListener("input", () => {
  const wanted = $("filter").value.toLowerCase();
  for (const row of $("entries").children) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});

// A page may send one here to listen to a file of the library: /?file=NAME
const asked = new URLSearchParams(location.search).get("file");
if (asked) {
  let shown = asked;
  try {
    shown = decodeURIComponent(asked);
  } catch {
    // a name whose bytes are no text is shown as it is encoded
  }
  listenToFile({ file: asked, shown: shown.split("/").at(-1) });
}
