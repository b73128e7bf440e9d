// A short sound, for officers who switch it on. Two tones, made here: no file is loaded.

const KEY = "siaga-sound";
let context = null;

export function soundSwitch(box) {
  box.checked = localStorage.getItem(KEY) === "on";
  box.addEventListener("change", () => {
    localStorage.setItem(KEY, box.checked ? "on" : "off");
    if (box.checked) beep(box); // heard at once, so that it is known to work
  });
  // Browsers let a page sound only after somebody has touched it.
  document.addEventListener("pointerdown", () => context?.resume(), { passive: true });
}

export function beep(box) {
  if (!box.checked) return;
  context ??= new AudioContext();
  context.resume();
  for (const [start, pitch] of [[0, 880], [0.18, 1175]]) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const at = context.currentTime + start;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.17);
  }
}
