// The microphone, as a WAV file: every server can read that, whatever the browser records.

const RATE = 44100; // Hz
const MOST_SECONDS = 60;

/** Begin to record; `onTick(seconds)` each second. Gives `stop()`, which resolves to a Blob of WAV. */
export async function record(onTick, onFull) {
  if (!navigator.mediaDevices) throw new Error("The browser lets only pages of this machine, or with https, use the microphone.");
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }; // these take music for noise
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const recorder = new MediaRecorder(stream);
  const chunks = [];
  recorder.ondataavailable = (event) => chunks.push(event.data);
  const ended = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  let seconds = 0;
  const timer = setInterval(() => {
    onTick(++seconds);
    if (seconds >= MOST_SECONDS) onFull();
  }, 1000);
  return async () => {
    clearInterval(timer);
    recorder.stop();
    await ended;
    stream.getTracks().forEach((track) => track.stop());
    const context = new OfflineAudioContext(1, 1, RATE);
    return wav(await context.decodeAudioData(await new Blob(chunks).arrayBuffer()));
  };
}

/** 16 bit mono. */
function wav(buffer) {
  const samples = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++)
    buffer.getChannelData(channel).forEach((value, i) => (samples[i] += value / buffer.numberOfChannels));
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => [...word].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF"), view.setUint32(4, 36 + 2 * samples.length, true), text(8, "WAVEfmt ");
  view.setUint32(16, 16, true), view.setUint16(20, 1, true), view.setUint16(22, 1, true);
  view.setUint32(24, buffer.sampleRate, true), view.setUint32(28, 2 * buffer.sampleRate, true);
  view.setUint16(32, 2, true), view.setUint16(34, 16, true);
  text(36, "data"), view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, 32767 * Math.max(-1, Math.min(1, value)), true));
  return new Blob([view], { type: "audio/wav" });
}
