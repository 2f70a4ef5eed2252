// Reads a QR code with the camera: loaded by door.js when somebody presses "Scan".
const camera = document.getElementById("camera"), video = camera.querySelector("video");

export async function scan(take) {
  let stream;
  try {
    video.srcObject = stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    camera.showModal();
    await video.play();
    const reader = new BarcodeDetector({ formats: ["qr_code"] });
    while (camera.open) {
      const [found] = await reader.detect(video);
      if (found) {
        camera.close();
        take(found.rawValue);
      }
      await new Promise((done) => setTimeout(done, 200));
    }
  } catch {
    camera.close();
    document.getElementById("say").textContent = document.getElementById("door").dataset.noCamera;
    document.getElementById("by-code").open = true;
  }
  for (const track of stream?.getTracks() ?? []) track.stop();
}
