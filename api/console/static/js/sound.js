// Sounds, for officers who switch them on. Made of tones here: no file is loaded.

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
  play(box, [[0, 880], [0.18, 1175]], 0.25);
}

// Louder and longer, for what nobody has taken in time.
export function alarm(box) {
  play(box, [0, 0.5, 1].flatMap((start) => [[start, 1175], [start + 0.16, 880], [start + 0.32, 1175]]), 0.6);
}

function play(box, tones, loudness) {
  if (!box.checked) return;
  context ??= new AudioContext();
  context.resume();
  for (const [start, pitch] of tones) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const at = context.currentTime + start;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(loudness, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.17);
  }
}
