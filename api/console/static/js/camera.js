// Choosing a photo: shows what was chosen, and takes one with the camera where there is one. A photo
// that is taken is put into the form's own file field, so that the form is sent as ever; it lives in
// this page alone.

import { look } from "./look.js";

const SIDE = 1280;
const QUALITY = 0.92;

export function equip(root) {
  for (const box of root.querySelectorAll("[data-photo]")) new Chooser(box);
}

class Chooser {
  constructor(box) {
    this.input = box.querySelector('input[type="file"]');
    this.shot = box.querySelector(".shot");
    this.video = box.querySelector("video");
    this.image = box.querySelector("img");
    this.says = box.querySelector("[data-refused]");
    this.buttons = Object.fromEntries(
      [...box.querySelectorAll("[data-camera]")].map((each) => [each.dataset.camera, each]),
    );
    this.stream = null;
    this.input.addEventListener("change", () => this.show());
    this.image.addEventListener("error", () => this.showFace());
    if (navigator.mediaDevices?.getUserMedia) {
      box.querySelector("[data-tools]").hidden = false;
      this.buttons.start.addEventListener("click", () => this.start());
      this.buttons.take.addEventListener("click", () => this.take());
      this.buttons.stop.addEventListener("click", () => this.stop());
      addEventListener("pagehide", () => this.stop());
    }
    this.show();
  }

  // What the field holds now.
  show() {
    URL.revokeObjectURL(this.image.src);
    const file = this.input.files[0];
    this.image.hidden = !file;
    if (file) this.image.src = URL.createObjectURL(file);
    this.shot.hidden = !file && this.video.hidden;
  }

  // A photo of a kind that this browser does not show: the face that the service sees in it.
  async showFace() {
    const file = this.input.files[0];
    if (!file || this.image.src === this.face) return;
    const told = await look(file).catch(() => ({}));
    if (!told.face || file !== this.input.files[0]) return;
    this.face = told.face;
    this.image.src = told.face;
  }

  async start() {
    this.says.hidden = true;
    try {
      const video = { width: { ideal: SIDE }, facingMode: "environment" };
      this.stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch {
      this.says.textContent = this.says.dataset.refused;
      this.says.hidden = false;
      return;
    }
    this.video.srcObject = this.stream;
    this.running(true);
    await this.video.play();
  }

  async take() {
    const canvas = document.createElement("canvas");
    canvas.width = this.video.videoWidth;
    canvas.height = this.video.videoHeight;
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!blob) return;
    const held = new DataTransfer();
    held.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
    this.input.files = held.files;
    this.stop();
    this.show();
  }

  stop() {
    const was = this.stream;
    for (const track of was?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.running(false);
    if (was) this.buttons.start.focus();
  }

  running(on) {
    this.video.hidden = !on;
    this.image.hidden = on || !this.input.files[0];
    this.shot.hidden = this.video.hidden && this.image.hidden;
    this.buttons.start.hidden = on;
    this.buttons.take.hidden = !on;
    this.buttons.stop.hidden = !on;
    if (on) this.buttons.take.focus();
  }
}

equip(document);
