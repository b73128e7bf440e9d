// Two photos under one glass: zoom, pan, blink, grid, brightness and contrast go for both at once.
// The photos come framed alike (same scale, same place of the eyes), so one transform fits both.

const BLINK_MS = 600;
const MOST = 8;

export const KEYS = { "+": "in", "=": "in", "-": "out", b: "blink", g: "grid", 0: "reset", "[": "darker", "]": "brighter" };

// What the keys do to the faces of this page: nothing where there are none.
export let commands = {};

// Takes the faces of the page as it is now; a page holds one pair.
export function equipFaces() {
  const box = document.getElementById("compare");
  if (box && !box.classList.contains("live-tools")) commands = glass(box);
}

function glass(box) {
  const tools = document.getElementById("tools");
  const frames = [...box.querySelectorAll(".frame")];
  const images = frames.map((frame) => frame.querySelector("img")).filter(Boolean);
  const brightness = document.getElementById("brightness");
  const contrast = document.getElementById("contrast");
  const view = { zoom: 1, x: 0, y: 0 }; // x and y in widths of the frame
  let blinking = 0;

  tools.hidden = false;
  box.classList.add("live-tools");

  function draw() {
    const least = 1 - view.zoom;
    view.x = Math.min(0, Math.max(least, view.x));
    view.y = Math.min(0, Math.max(least, view.y));
    for (const image of images) {
      image.style.transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.zoom})`;
      image.style.filter = `brightness(${brightness.value}%) contrast(${contrast.value}%)`;
    }
  }

  // Zoom about a point, given in widths of the frame; the middle of the face by default.
  function zoom(factor, x = 0.5, y = 0.5) {
    const next = Math.min(MOST, Math.max(1, view.zoom * factor));
    const ratio = next / view.zoom;
    view.x = x - (x - view.x) * ratio;
    view.y = y - (y - view.y) * ratio;
    view.zoom = next;
    draw();
  }

  function pan(x, y) {
    view.x += x;
    view.y += y;
    draw();
  }

  function blink(on = !blinking) {
    clearInterval(blinking);
    blinking = 0;
    box.dataset.mode = on ? "blink" : "beside";
    box.dataset.over = "probe";
    if (on) {
      blinking = setInterval(() => {
        box.dataset.over = box.dataset.over === "probe" ? "enrolled" : "probe";
      }, BLINK_MS);
    }
    press("blink", on);
  }

  function grid(on = !box.classList.contains("grid-on")) {
    box.classList.toggle("grid-on", on);
    press("grid", on);
  }

  function press(name, on) {
    tools.querySelector(`[data-do=${name}]`).setAttribute("aria-pressed", String(on));
  }

  function reset() {
    Object.assign(view, { zoom: 1, x: 0, y: 0 });
    brightness.value = 100;
    contrast.value = 100;
    blink(false);
    grid(false);
    draw();
  }

  function brighten(step) {
    brightness.value = Number(brightness.value) + step;
    draw();
  }

  const own = {
    in: () => zoom(1.25),
    out: () => zoom(0.8),
    blink: () => blink(),
    grid: () => grid(),
    darker: () => brighten(-10),
    brighter: () => brighten(10),
    reset,
  };

  tools.addEventListener("click", (event) => {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name) own[name]();
  });
  brightness.addEventListener("input", draw);
  contrast.addEventListener("input", draw);

  for (const frame of frames) {
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", frame.querySelector("img")?.alt ?? frame.textContent);
    frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && view.zoom === 1 && event.deltaY > 0) return; // the page scrolls
      event.preventDefault();
      const area = frame.getBoundingClientRect();
      zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, (event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height);
    }, { passive: false });
    frame.addEventListener("dblclick", () => zoom(view.zoom > 1 ? 0 : 2));
    frame.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [0.05, 0], ArrowRight: [-0.05, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] }[event.key];
      if (!step || view.zoom === 1) return;
      event.preventDefault();
      pan(...step);
    });
    dragging(frame);
  }

  // One finger or the mouse moves, two fingers zoom.
  function dragging(frame) {
    const fingers = new Map();
    frame.addEventListener("pointerdown", (event) => {
      frame.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
    });
    frame.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const area = frame.getBoundingClientRect();
      if (fingers.size === 2) {
        const [other] = [...fingers.values()].filter((each) => each.pointerId !== event.pointerId);
        const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
        const middle = [(event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2];
        zoom(apart(event) / apart(before), (middle[0] - area.left) / area.width, (middle[1] - area.top) / area.height);
      } else {
        pan((event.clientX - before.clientX) / area.width, (event.clientY - before.clientY) / area.height);
      }
      fingers.set(event.pointerId, event);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      frame.addEventListener(name, (event) => fingers.delete(event.pointerId));
    }
  }

  for (const image of images) {
    image.draggable = false;
    const gone = () => image.parentElement.querySelector(".missing")?.remove();
    const missing = () => {
      gone();
      const words = document.createElement("p");
      words.className = "missing";
      words.textContent = image.dataset.missing;
      image.parentElement.append(words);
    };
    image.addEventListener("load", gone);
    image.addEventListener("error", missing);
    if (image.complete && image.getAttribute("src") && !image.naturalWidth) missing();
  }
  return own;
}

equipFaces();
