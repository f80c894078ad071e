// Draws a track: spectrogram, waveform and the genres along it, in the colours of the page.

const COLOURS = 4; // genres that have one of their own
export const LEAST_SEEN = 0.02; // of a stretch: less is not to be seen on a screen
const MARKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const MOST_MARKS = 6; // that a phone has room for

/** The genres that have most of the track, the named one first: the order of their colours. */
export function coloured(stretches, first) {
  const weight = {};
  for (const { probabilities } of stretches)
    for (const [genre, p] of Object.entries(probabilities)) weight[genre] = (weight[genre] ?? 0) + p * p;
  const seen = (genre) => stretches.some(({ probabilities }) => probabilities[genre] >= LEAST_SEEN);
  const others = Object.keys(weight).filter((genre) => genre !== first && seen(genre)).sort((a, b) => weight[b] - weight[a]);
  return [first, ...others].slice(0, COLOURS);
}

/** Round times for the axis. */
export function marks(seconds) {
  const step = MARKS.find((each) => seconds / each <= MOST_MARKS) ?? MARKS.at(-1);
  const times = [];
  for (let time = 0; time < 0.95 * seconds; time += step) times.push(time);
  return times;
}

const styled = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function rgb(colour) {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/** 256 colours from the ground through the accent to the ink. */
function ramp() {
  const stops = ["--cell", "--accent", "--ink"].map((name) => rgb(styled(name)));
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * 2;
    const [low, high] = place < 1 ? [stops[0], stops[1]] : [stops[1], stops[2]];
    const share = place < 1 ? place : place - 1;
    return low.map((value, channel) => value + (high[channel] - value) * share);
  });
}

function sized(canvas) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * scale));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * scale));
  return canvas.getContext("2d");
}

export function drawSpectrogram(canvas, picture) {
  const bytes = Uint8Array.from(atob(picture.spectrogram), (c) => c.charCodeAt(0));
  const columns = bytes.length / picture.bands;
  const colours = ramp();
  const image = new ImageData(columns, picture.bands);
  for (let band = 0; band < picture.bands; band++)
    for (let column = 0; column < columns; column++) {
      const at = 4 * ((picture.bands - 1 - band) * columns + column);
      const [r, g, b] = colours[bytes[band * columns + column]];
      image.data.set([r, g, b, 255], at);
    }
  const whole = new OffscreenCanvas(columns, picture.bands);
  whole.getContext("2d").putImageData(image, 0, 0);
  const context = sized(canvas);
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, canvas.width, canvas.height);
}

export function drawWaveform(canvas, picture) {
  const context = sized(canvas);
  const { width, height } = canvas;
  context.fillStyle = styled("--quiet");
  const columns = picture.peaks.length;
  for (let x = 0; x < width; x++) {
    const begin = Math.floor((x * columns) / width);
    const end = Math.max(begin + 1, Math.floor(((x + 1) * columns) / width));
    const peak = Math.max(...picture.peaks.slice(begin, end)) / 255;
    const high = Math.max(1, peak * height * 0.92);
    context.fillRect(x, (height - high) / 2, 1, high);
  }
}

export function drawCourse(canvas, stretches, seconds, genres) {
  const context = sized(canvas);
  const { width, height } = canvas;
  context.fillStyle = styled("--line");
  context.fillRect(0, 0, width, height);
  for (const stretch of stretches) {
    const left = Math.round((width * stretch.from) / seconds);
    const right = Math.round((width * Math.min(stretch.to, seconds)) / seconds);
    let top = 0;
    genres.forEach((genre, place) => {
      const high = stretch.probabilities[genre] * height;
      context.fillStyle = styled(`--s${place + 1}`);
      context.fillRect(left, top, right - left, high);
      top += high;
    });
    if (stretch.verdict === "not music") {
      context.fillStyle = styled("--surface");
      context.globalAlpha = 0.75;
      context.fillRect(left, 0, right - left, height);
      context.globalAlpha = 1;
    }
  }
}
