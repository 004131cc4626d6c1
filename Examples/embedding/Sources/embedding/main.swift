import Sampling

let three = SamplingRequest(seed: 7, classes: [.name("3")])
for image in try DiffusionModel.embedded.images(for: three) {
  try image.writePNG(to: "three.png", scale: 4)
}
let model = try DiffusionModel(path: CommandLine.arguments[1])
for image in try model.images(for: SamplingRequest(count: 2, steps: 20, seed: 7)) {
  try image.writePNG(to: "image-\(image.index).png")
}
