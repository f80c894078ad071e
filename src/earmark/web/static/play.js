// One song of the library played at a time, from a button in its row.
import { element } from "./earmark.js";

const player = new Audio();
let playing = null; // the file

function mark() {
  for (const button of document.querySelectorAll(".play")) {
    const on = button.dataset.file === playing;
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "◼" : "▶";
  }
}

function stop() {
  player.pause();
  playing = null;
  mark();
}

player.addEventListener("ended", stop);
player.addEventListener("error", () => {
  for (const button of document.querySelectorAll(".play")) if (button.dataset.file === playing) button.title = "This browser cannot play it.";
  stop();
});

/** A button that plays the file of that name for the API, and stops what is played. */
export function playButton(file, name) {
  const on = file === playing;
  return element(
    "button",
    {
      type: "button", class: "play", "data-file": file, "aria-pressed": String(on), "aria-label": `Play ${name}`,
      onclick: async () => {
        if (playing === file) return stop();
        playing = file;
        mark();
        player.src = `/api/v1/sound?${new URLSearchParams({ file })}`;
        await player.play().catch(() => {}); // the error event says so too
      },
    },
    on ? "◼" : "▶",
  );
}
